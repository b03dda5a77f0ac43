"""What the operations of a plan depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import LengthBudget, SpecialTokens
from genspec.config.resolve.ledger import Ledger


class Step(NamedTuple):
    """What a builder gives for an operation that the plan has."""

    arguments: Mapping[str, object]
    sentence: str                   # on its effect, for a person
    adjusted: object = None         # the value that the plan uses instead of the given one; None: the given one


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that is decided before the operations are."""

    ledger: Ledger
    mode: Mode
    draws: bool
    tokens: SpecialTokens
    length: LengthBudget
    order: tuple[str, ...]          # the operations that the profile has in this mode. PIPELINE-5

    @property
    def min_keep(self) -> int:
        """Return the tokens that truncation always keeps: in beam sampling every EOS and one more. TOP-P-4."""
        if self.mode not in BEAMS:
            return 1
        return len(self.tokens.eos) + 1 if self.tokens.eos else 2
