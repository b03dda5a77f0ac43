"""Expectations as values, and a run held to them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from genspec.conform.kit.report import FAILING, Held, Result, Stale, word_of

FAILED = tuple(sorted(word_of(kind) for kind in FAILING))
WORDS = (*FAILED, "conforms")
"""What a case may be expected to do. Who expects `conforms` beside a failure expects either."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one case, or of one group of drawn calls."""

    verdicts: tuple[str, ...]               # words of a report; more than one where it is now this and now that
    reason: str = ""                        # why, for people


@dataclass(frozen=True, slots=True)
class Expectations:
    """The content of a file."""

    file: str
    cases: Mapping[str, Expected] = field(default_factory=dict)     # by the ids of published and placed cases
    groups: Mapping[str, Expected] = field(default_factory=dict)    # of drawn calls, by what they violate
    drawn: str = ""                         # which calls were drawn when the groups were last written

    def of(self, result: Result) -> Expected | None:
        """Give what is expected of a result."""
        return self.groups.get(group_of(result)) if is_drawn(result.id) else self.cases.get(result.id)

    def foresees(self, result: Result) -> bool:
        """Tell whether a failure is an expected one, of the expected kind."""
        expected = self.of(result)
        return expected is not None and result.failed and word_of(result.verdict.kind) in expected.verdicts


def is_drawn(name: str) -> bool:
    """Tell whether a case is a call that a seed gives, or one that is written down: its id means nothing tomorrow."""
    return name.startswith(("drawn/", "{"))


def group_of(result: Result) -> str:
    """Name what a drawn call violates: the first clause, and what differs. Seeds and releases do not change that."""
    clause = next(iter(result.verdict.clauses), "no clause")
    return f"{clause}: {result.verdict.difference or 'no answer'}"


def held(
    expectations: Expectations, results: Collection[Result], *, ids: Collection[str], drawn: str, complete: bool
) -> Held:
    """Compare a run with what was expected of it.

    `ids`: of all published and placed cases that there are. `drawn`: which calls were drawn. `complete`: whether all
    that was selected was asked.
    """
    foreseen = [result for result in results if expectations.foresees(result)]
    reasons = {result.id: expected.reason for result in foreseen if (expected := expectations.of(result))}
    gone = [group for group, expected in expectations.groups.items()
            if not any(group_of(one) == group for one in foreseen if is_drawn(one.id)) and must_fail(expected)]
    same_draws = complete and drawn == expectations.drawn != ""
    return Held(
        expectations.file, reasons,
        (*stale_cases(expectations, results, ids),
         *(Stale(group, "none of the drawn calls shows it any more") for group in gone if same_draws)),
        () if same_draws else tuple(gone),
    )


def stale_cases(expectations: Expectations, results: Iterable[Result], ids: Collection[str]) -> Iterable[Stale]:
    """Find expectations of cases that do not fail any more, or that there are not. What was not run says nothing."""
    seen = {result.id: result for result in results}
    for name, expected in expectations.cases.items():
        if name not in seen and name not in ids:
            yield Stale(name, "there is no such case")
        elif name in seen and not seen[name].failed and must_fail(expected):
            yield Stale(name, f"it is {seen[name].verdict.kind} now".replace("is conforms", "conforms"))


def must_fail(expected: Expected) -> bool:
    """Tell whether only failures are expected."""
    return "conforms" not in expected.verdicts
