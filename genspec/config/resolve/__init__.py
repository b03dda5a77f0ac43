"""From a config and the facts to the plan: every precedence is decided here and nowhere else.

The stages run in one order because each needs what the one before decided:
mode -> special tokens -> length -> operations -> beams, stopping, outputs -> what is left is inert.
"""

from typing import NamedTuple

from genspec.config.decision import Decision, Rejected
from genspec.config.plan import DecodingPlan
from genspec.config.resolve.assistance import decide_assistance, decide_contrastive, decide_dola
from genspec.config.resolve.beams import decide_beams
from genspec.config.resolve.facts import Facts
from genspec.config.resolve.inert import decide_inert
from genspec.config.resolve.ledger import Config, Ledger
from genspec.config.resolve.length import decide_length
from genspec.config.resolve.mode import decide_mode, draws
from genspec.config.resolve.operations import decide_operations
from genspec.config.resolve.outputs import decide_outputs
from genspec.config.resolve.situation import Situation
from genspec.config.resolve.stopping import decide_stopping
from genspec.config.resolve.tokens import decide_healing, decide_tokens


class Resolution(NamedTuple):
    """A plan, and why it is what it is."""

    plan: DecodingPlan
    decisions: list[Decision]


def resolve(config: Config, facts: Facts) -> Resolution:
    """Decide every conflict of a config, given the facts. Raises `Rejected` with every reason at once."""
    ledger = Ledger(config, facts)
    mode = decide_mode(ledger)
    tokens = decide_tokens(ledger)
    order = facts.profile.order_in(mode)
    length = decide_length(ledger, order)
    drawing = draws(ledger, mode)
    plan = DecodingPlan(
        mode=mode,
        profile=facts.profile,
        architecture=facts.architecture,
        length=length,
        operations=decide_operations(Situation(ledger, mode, drawing, tokens, length, order)),
        stopping=decide_stopping(ledger, tokens),
        outputs=decide_outputs(ledger),
        tokens=tokens,
        draws=drawing,
        beams=decide_beams(ledger, mode),
        assistance=decide_assistance(ledger, mode),
        contrastive=decide_contrastive(ledger, mode),
        dola_layers=decide_dola(ledger, mode),
        token_healing=decide_healing(ledger),
    )
    decide_inert(ledger, mode, drawing)
    if ledger.reasons:
        raise Rejected(tuple(ledger.reasons))
    return Resolution(plan, ledger.decisions)
