"""Fields that shape the distribution from which a token is drawn. Text: one page a field in docs/spec."""

from genspec.config.bounds import Bounds, at_least, between
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import SAMPLING
from genspec.config.types import Real


@fields("Sampling")
class SamplingFields(FieldGroup):
    """What is done to the distribution before a draw. Inert unless do_sample is true."""

    temperature: Real | None = field(
        """The number by which every score is divided before the softmax. Below 1 the distribution is sharper, above
        1 flatter; 1 leaves it unchanged. 0 is refused when drawing: greedy decoding is do_sample false.""",
        clause="TEMPERATURE-1",
        unset=1.0,
        bounds=at_least(0),
        modes=SAMPLING,
    )
    top_k: int | None = field(
        """The number of most probable tokens that stay; tokens equal to the last of them stay too. 0 switches it off.
        A config that leaves it unset still samples among 50. With penalty_alpha it is also the number of candidates
        of contrastive search.""",
        clause="TOP-K-1",
        unset=50,
        bounds=at_least(0),
        modes=SAMPLING,
    )
    top_p: Real | None = field(
        """The probability mass of the nucleus: the most probable tokens stay, in order, until their mass reaches it.
        The token that crosses it stays, so 0 keeps one token. 1 switches it off.""",
        clause="TOP-P-1",
        unset=1.0,
        bounds=between(0, 1),
        modes=SAMPLING,
    )
    min_p: Real | None = field(
        """The least probability a token may have, as a fraction of the most probable token's. 0 removes nothing, 1
        keeps only the most probable tokens.""",
        clause="MIN-P-1",
        bounds=between(0, 1),
        modes=SAMPLING,
        since="4.41",
    )
    top_h: Real | None = field(
        """The share of the distribution's entropy that the kept tokens may have: tokens are kept in order of
        probability while the entropy of the kept ones, renormalised, stays within it.""",
        clause="TOP-H-1",
        bounds=Bounds(0, 1, low_included=False),
        modes=SAMPLING,
        since="5.0",
    )
    typical_p: Real | None = field(
        """The probability mass of the locally typical tokens that stay: those whose surprise is nearest to the
        entropy of the distribution. 1 switches it off.""",
        clause="TYPICAL-P-1",
        unset=1.0,
        bounds=Bounds(0, 1, low_included=False),
        modes=SAMPLING,
    )
    epsilon_cutoff: Real | None = field(
        """The probability below which a token is removed. 0 switches it off; values in use lie near 0.0005.""",
        clause="EPSILON-CUTOFF-1",
        unset=0.0,
        bounds=Bounds(0, 1, high_included=False),
        modes=SAMPLING,
    )
    eta_cutoff: Real | None = field(
        """The parameter of a threshold that follows the entropy: tokens are removed below the smaller of eta_cutoff
        and its square root times exp(-entropy). 0 switches it off; values in use lie near 0.001.""",
        clause="ETA-CUTOFF-1",
        unset=0.0,
        bounds=Bounds(0, 1, high_included=False),
        modes=SAMPLING,
    )
