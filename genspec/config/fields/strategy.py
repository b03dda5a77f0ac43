"""Fields that choose the decoding mode. Text: docs/spec/mode.md."""

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields


@fields("Strategy")
class StrategyFields(FieldGroup):
    """How the next token is chosen, and how many rows are returned."""

    do_sample: bool | None = field(
        """Whether the decoder draws the next token from the distribution. When it is not true the most probable
        token, or the best beams, are taken, and every field of the group Sampling is inert.""",
        clause="MODE-2",
        unset=False,
    )
    num_beams: int | None = field(
        """The number of hypotheses that beam search keeps for each prompt. 1 is no beam search, and then every field
        that acts only in beam search is inert.""",
        clause="BEAMS-1",
        unset=1,
        bounds=at_least(1),
    )
    num_return_sequences: int | None = field(
        """The number of rows returned for each prompt: independent draws when sampling, the best hypotheses in beam
        search, where it cannot exceed num_beams. A mode that neither draws nor keeps beams has one row only, and
        refuses more.""",
        clause="OUTPUTS-6",
        unset=1,
        bounds=at_least(1),
    )
