"""The semantics that fit a run: its results are what `genspec.conform.inference` looks at."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.drawn import of_json
from genspec.conform.inference.finding import Semantics
from genspec.conform.inference.semantics import SECONDS, Answered, inferred
from genspec.conform.kit.report import Result
from genspec.conform.verdict import Kind

RIGHT = (Kind.CONFORMS, Kind.REJECTED)


def with_semantics(
    results: Sequence[Result], cases: Mapping[str, Case], who: Who, profile: str, seconds: float = SECONDS
) -> tuple[list[Result], Semantics | None]:
    """Find the semantics that fit the answers, and say of each violation what explains it.

    `cases`: those of the results by id. `seconds`: the most that it takes; with 0 nothing is looked for.
    """
    answered = [answer_of(cases[result.id], result, profile) for result in results
                if result.reply is not None or result.verdict.kind in RIGHT]
    if seconds <= 0 or not answered:
        return list(results), None
    found, explained = inferred(answered, who, profile, seconds)
    return [replace(one, conforms_under=explained.get(one.case, ())) for one in results], found


def answer_of(case: Case, result: Result, profile: str) -> Answered:
    """Give the case and the answer of a result; of one that was made small, the small one."""
    if result.reply is None:
        return Answered(case, None, result.tells)
    return Answered(of_json(json.loads(result.case), profile) if result.shrunk else case, result.reply, ())
