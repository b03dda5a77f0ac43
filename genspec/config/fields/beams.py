"""Fields that rank and finish the hypotheses of beam search. Text: docs/spec/beams.md."""

from typing import Literal

from genspec.config.bounds import REALS
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import BEAMS
from genspec.config.types import Real


@fields("Beam search")
class BeamFields(FieldGroup):
    """How hypotheses are scored, and when the search ends."""

    early_stopping: bool | Literal["never"] | None = field(
        """When beam search ends. true: as soon as num_beams hypotheses are finished. false: when the best live
        hypothesis, at its present length, no longer beats the worst finished one. "never": only when no live
        hypothesis can still win. The number 1 is not true, and is refused.""",
        clause="BEAMS-2",
        unset=False,
        modes=BEAMS,
    )
    length_penalty: Real | None = field(
        """The exponent of the length by which the score of a hypothesis, a sum of log-probabilities, is divided. The
        sum is negative, so a positive value favours longer hypotheses, a negative one shorter hypotheses, and 0
        leaves the sum as it is.""",
        clause="BEAMS-3",
        unset=1.0,
        bounds=REALS,
        modes=BEAMS,
    )
