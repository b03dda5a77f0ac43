"""When a row ends. Text: docs/spec/stopping.md."""

from typing import cast

from genspec.config.plan import SpecialTokens, Stopping
from genspec.config.resolve.ledger import Ledger


def decide_stopping(ledger: Ledger, tokens: SpecialTokens) -> Stopping:
    """Gather the rules that end a row besides its length. STOPPING-1, STOPPING-3, STOPPING-4."""
    given = ledger.given("stop_strings")
    strings = (given,) if isinstance(given, str) else tuple(cast("list[str]", given or []))
    if strings:
        ledger.decide("stop_strings", strings, "a row ends once its text completes one of them; needs a detokenizer.")
    seconds = ledger.real("max_time") if ledger.is_set("max_time") else None
    if seconds is not None:
        ledger.decide("max_time", seconds, f"no step begins after {seconds:g} seconds; the first always does.")
    return Stopping(tokens.eos, strings, seconds)
