"""What the operations of a plan depend on."""

from dataclasses import dataclass

from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import LengthBudget, SpecialTokens
from genspec.config.resolve.ledger import Ledger

Built = tuple[dict[str, object], str] | None
"""An operation's arguments and a sentence on its effect, or None when the plan does not have it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything that is decided before the operations are."""

    ledger: Ledger
    mode: Mode
    draws: bool
    tokens: SpecialTokens
    length: LengthBudget

    @property
    def min_keep(self) -> int:
        """Return the tokens that truncation always keeps: in beam sampling every EOS and one more. TOP-P-4."""
        if self.mode not in BEAMS:
            return 1
        return len(self.tokens.eos) + 1 if self.tokens.eos else 2
