"""A decoder that is newly started, asked what it has answered wrongly: what it kept of earlier questions shows."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from genspec.conform.cases.case import Case, Who
from genspec.conform.kit.examine import UNSTEADY, Asking, plain, verdict_on
from genspec.conform.kit.report import Result
from genspec.conform.targets import Inside
from genspec.conform.verdict import Kind

KEPT = ("A decoder that is newly started answers it as specified: it keeps something of earlier questions, and the "
        "command shows nothing.")
RIGHT = (Kind.CONFORMS, Kind.REJECTED, Kind.AMBIGUOUS)


def with_memory_told(
    results: Mapping[str, tuple[Case, Result]], ask: Asking, who: Who, fails: Callable[[Result], bool]
) -> dict[str, tuple[Case, Result]]:
    """Say of the first violation whether it hangs on what was asked before. An object cannot be started anew."""
    found = dict(results)
    first = next((name for name, (_, one) in found.items() if fails(one) and is_told(one)), None)
    if first is None or isinstance(ask.target, Inside):
        return found
    case, wrong = found[first]
    ask.target.stop()
    if verdict_on(case, ask, who).kind in RIGHT:
        said = plain(replace(wrong.verdict, reason=f"{wrong.verdict.reason} {KEPT}"))
        found[first] = case, replace(wrong, verdict=said)
    return found


def is_told(result: Result) -> bool:
    """Tell whether this is a violation of one steady answer, and not of the law of many."""
    said = result.verdict
    return said.kind is Kind.VIOLATES and said.draws is None and UNSTEADY not in said.reason
