"""A resolution as a person reads it: mode, budget, pipeline, what has no effect and why."""

from collections.abc import Iterator

from genspec.config.decision import Decision, Rejected, Status
from genspec.config.mode import BEAMS
from genspec.config.plan import DecodingPlan, Operation
from genspec.config.profiles import HF
from genspec.config.resolve import Resolution
from genspec.config.values import shown


def explain_lines(resolution: Resolution) -> Iterator[str]:
    """Yield the lines of an explanation, section by section. Every line that states a decision ends in its clause."""
    plan, decisions = resolution
    effective = [decision for decision in decisions if not without_effect(decision)]
    if plan.profile != HF:
        yield from (f"Profile: {plan.profile.name}", "")
    yield from section(f"Mode: {plan.mode}", under(effective, "MODE", "ASSISTED", "CONTRASTIVE-SEARCH", "DOLA"))
    yield from section(f"Length: {length_sentence(plan)}", under(effective, "LENGTH", "STOPPING-4"))
    yield from section("From logits to scores, in this order", operation_lines(plan, effective))
    yield from section("Beams", under(effective, "BEAMS", "PROFILES-5"))
    yield from section("Special tokens and stopping", under(effective, "TOKENS", "TOKEN-HEALING", "STOPPING-3"))
    yield from section("Outputs", under(effective, "OUTPUTS"))
    yield from section("No effect", [line(decision) for decision in decisions if without_effect(decision)])


def refusal_lines(rejected: Rejected) -> Iterator[str]:
    """Yield every reason for which a config is refused."""
    count = len(rejected.reasons)
    yield f"Refused, for {count} reason{'s' * (count != 1)}"
    for reason in rejected.reasons:
        where = f"{reason.field} = {shown(reason.value)}" if reason.field else "the file"
        yield f"  {where}: {reason.message} {reason.remedy}  [{reason.clause}]"


def section(title: str, lines: list[str]) -> Iterator[str]:
    """Yield a titled block and a blank line, or nothing when the block is empty."""
    if lines:
        yield title
        yield from (f"  {text}" for text in lines)
        yield ""


def under(decisions: list[Decision], *clauses: str) -> list[str]:
    """Return the lines of the decisions that rest on these clauses, given by page or whole."""
    return [line(d) for d in decisions if d.clause in clauses or d.clause.rpartition("-")[0] in clauses]


def line(decision: Decision) -> str:
    """Write one decision: the field, what was given, the reason and the clause."""
    given = f" = {shown(decision.given)}" if decision.given is not None else ""
    warning = "warning: " if decision.status is Status.WARNING else ""
    return f"{decision.field}{given}: {warning}{decision.reason}  [{decision.clause}]"


def without_effect(decision: Decision) -> bool:
    """Tell whether a field that was set changes nothing."""
    return decision.status in (Status.INERT, Status.OVERRIDDEN)


def length_sentence(plan: DecodingPlan) -> str:
    """Say how many new tokens the row may get."""
    least, most = plan.length.min_new_tokens, plan.length.max_new_tokens
    tokens = f"exactly {most}" if least == most else f"{least} to {most}" if least else f"at most {most}"
    before = "the start token" if plan.architecture == "encoder-decoder" else f"{plan.length.prompt_length} of prompt"
    return f"{tokens} new tokens after {before}"


def operation_lines(plan: DecodingPlan, decisions: list[Decision]) -> list[str]:
    """Write the operations in their order, each with what it does."""
    reasons = {decision.clause: decision.reason for decision in decisions}
    lines = [
        f"{position}. {call(operation)}: {reasons[operation.clause]}  [{operation.clause}]"
        for position, operation in enumerate(plan.operations, start=1)
    ]
    start = "the log-softmax of the model's logits" if plan.mode in BEAMS else "the model's logits"
    return lines or [f"none: the scores are {start}"]


def call(operation: Operation) -> str:
    """Write an operation as a call: `top_k(k=50, min_keep=1)`."""
    arguments = ", ".join(f"{name}={shown(value)}" for name, value in operation.arguments.items())
    return f"{operation.name}({arguments})"
