"""Run the cases on a decoder and report. `genspec conform` is a thin layer over `run`."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from genspec import __version__
from genspec.conform.address import CASE_SECONDS, Address
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.drawn import Drawn, is_alike, shrunk
from genspec.conform.cases.select import Selected, Selection, case_named, known_ids, selected
from genspec.conform.expectations.expected import Expectations, held
from genspec.conform.inference.semantics import SECONDS
from genspec.conform.kit.covered import coverage_of, without_case
from genspec.conform.kit.examine import Asking, chunk_here, examined
from genspec.conform.kit.fresh import with_memory_told
from genspec.conform.kit.journal import Journal
from genspec.conform.kit.report import Report, Result, Run, capabilities_to_json
from genspec.conform.kit.semantics import with_semantics
from genspec.conform.kit.smoke import smoked
from genspec.conform.kit.stale import stale_deviations
from genspec.conform.question import LEVELS, question_to_json
from genspec.conform.targets import Inside, Target, opened
from genspec.conform.verdict import Kind, Verdict

CHUNK = 20
"""Cases that are handed to an executor together."""
SHRINKING_SECONDS = 20.0
MOST_SHRUNK = 4
"""How long, and how many, violations are made small."""

Progress = Callable[[int, int, int], None]
"""Is told how many cases there are, how many are done, and how many failed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a run is made, beside what is selected."""

    executor: Executor | None = None
    deadline: float | None = None           # of the clock, in seconds
    shrink_seconds: float = SHRINKING_SECONDS
    case_seconds: float = CASE_SECONDS
    max_failures: int | None = None
    fails: Callable[[Result], bool] = lambda result: result.failed      # what ends a run, and is made small


def run(
    decoder: Any, *, levels: Sequence[str] | None = None, clauses: Sequence[str] = (), profile: str | None = None,
    max_cases: int | None = None, max_failures: int | None = None, seed: int = 0, executor: Executor | None = None,
    time_limit: float | None = None, case_seconds: float = CASE_SECONDS, shrink_seconds: float = SHRINKING_SECONDS,
    case: str | None = None, output: str | Path | None = None, resume: bool = False,
    expectations: Expectations | None = None, infer_seconds: float = SECONDS,
    progress: Progress = lambda wanted, done, failed: None,
) -> Report:
    """Run the conformance cases on a decoder and return the report.

    `decoder`: a name as on the command line, what `load_decoder` gave, or an object, which is asked in this process
    without isolation. `levels`: of L0 to L4, all when None. `clauses`: beginnings of clause ids. `max_failures`: end
    after so many. `executor`: runs chunks, each of its processes with a decoder of its own; it needs a name.
    `time_limit`: begin no more cases after so many seconds. `output`: where the report will be written; results are
    kept beside it for `resume`. `infer_seconds`: the most that is spent on finding the semantics that fit the answers.
    `expectations`: what is expected to fail; `genspec.conform.expectations.file` reads it.
    Raises `NoDecoder`, `BrokenAdapter` or ValueError (an unknown level, clause, profile or case) with what to do.
    """
    started = time.monotonic()
    target = target_of(decoder, case_seconds)
    try:
        who = Who(target.info, target.capabilities)
        selection = Selection(profile or who.info.profile, tuple(levels or LEVELS), tuple(clauses), max_cases, seed)
        deadline = None if time_limit is None else started + time_limit
        wish = Wish(executor, deadline, shrink_seconds, case_seconds, max_failures)
        if expectations is not None:
            wish = replace(wish, fails=lambda result: result.failed and not expectations.foresees(result))
        asking = Asking(target, case_seconds)
        chosen = selected(selection, who.info, who.can) if case is None else only(case, selection, who)
        smoke = smoked(asking, selection.profile, who.can) if case is None else ()
        described = Run(__version__, selection.profile, selection.levels, selection.clauses, seed, max_cases,
                        max_failures, smoke=smoke, started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
        journal = None if output is None else Journal(Path(output))
        done = {} if journal is None else journal.begin(identity(target, who, described), resume)
        results, enough = ran(chosen, asking, who, wish, done=done, journal=journal, progress=progress)
        complete = not enough and (deadline is None or time.monotonic() < deadline)
        results = with_memory_told(results, asking, who, wish.fails)
        small = made_small(results, chosen, asking, who, wish)
        small, semantics = with_semantics(small, {name: one for name, (one, _) in results.items()}, who,
                                          selection.profile, 0 if case is not None else infer_seconds)
        if journal is not None and complete:
            journal.end()
        left = left_out(chosen)
        described = replace(described, selected=max(len(results), 0 if complete else chosen.expected),
                            asked=len(results), complete=complete, seconds=round(time.monotonic() - started, 2),
                            drawn="" if case is not None else drawing_of(case for case, _ in results.values()))
        if case is None and complete and max_cases is None:
            cases = [*(one for one, _ in results.values()), *(one for one, _ in chosen.left_out)]
            described = replace(described, without_case=without_case(cases, levels or (), selection.clauses),
                                stale_deviations=gone(small, selection, asking, who))
        compared = None if expectations is None else held(
            expectations, [*(result for _, result in results.values()), *left], ids=known_ids(),
            drawn=described.drawn, complete=complete)
        return Report(target.name, who.info, capabilities_to_json(who.can), described, (*small, *left), compared,
                      semantics=semantics,
                      coverage=coverage_of(results.values(), chosen.left_out, selection.profile))
    finally:
        if target is not decoder:
            target.stop()


def left_out(chosen: Selected) -> list[Result]:
    """Give the results of the cases that a decoder does not take part in."""
    return [Result(one.question.id, one.question.level, one.clauses, Verdict(Kind.UNSUPPORTED, reason), asked=False)
            for one, reason in chosen.left_out]


def gone(results: Sequence[Result], selection: Selection, asking: Asking, who: Who) -> tuple[str, ...]:
    """Name the known deviations that do not show any more, where a run has asked for all that shows them."""
    if "L3" not in selection.levels or selection.clauses:
        return ()
    shown = {name for one in results for name in (one.verdict.deviation or "").split(", ")}
    return tuple(stale_deviations(asking, who, shown, selection.profile))


def target_of(decoder: Any, seconds: float) -> Target:
    """Give what is asked: behind a name, or an object."""
    if isinstance(decoder, str):
        return opened(Address(decoder, seconds))
    if hasattr(decoder, "ask") and hasattr(decoder, "stop"):
        return decoder      # type: ignore[no-any-return]  # it has what a target has
    return Inside(decoder)


def drawing_of(cases: Iterable[Case]) -> str:
    """Give a text that is the same for the same drawn questions, and for no others; empty when none was drawn."""
    questions = [case.question for case in cases if case.question.id.startswith("drawn/")]
    written = json.dumps([question_to_json(one) for one in questions], sort_keys=True, default=str)
    return sha256(written.encode()).hexdigest()[:16] if questions else ""


def only(name: str, selection: Selection, who: Who) -> Selected:
    """Select one case. Raises `UnknownName`."""
    return Selected(iter([case_named(name, selection.profile, who.can)]), 1, ())


def identity(target: Target, who: Who, described: Run) -> dict[str, Any]:
    """Tell what decides the results of a run: one that goes on has the same."""
    return {
        "target": target.name, "decoder": [who.info.name, who.info.version, who.info.dtype],
        "genspec": described.genspec, "profile": described.profile, "levels": list(described.levels),
        "clauses": list(described.clauses), "seed": described.seed, "max_cases": described.max_cases,
    }


def ran(
    chosen: Selected, ask: Asking, who: Who, wish: Wish, *, done: dict[str, Result], journal: Journal | None,
    progress: Progress,
) -> tuple[dict[str, tuple[Case, Result]], bool]:
    """Run what there is to run: the results by their ids, in the order of the cases, and whether enough failed."""
    results: dict[str, tuple[Case, Result]] = {}
    order: list[str] = []
    failed, enough = 0, False
    cases = told_or_asked(chosen, done, results, order)
    batches = by_executor(cases, ask, wish) if wish.executor is not None else one_by_one(cases, ask, who, wish)
    for pairs in batches:
        results |= {result.id: (case, result) for case, result in pairs}
        failed += sum(wish.fails(result) for _, result in pairs)
        if journal is not None:
            journal.add([result for _, result in pairs])
        progress(chosen.expected, len(results), failed)
        if enough := wish.max_failures is not None and failed >= wish.max_failures:
            break
    return {name: results[name] for name in order if name in results}, enough


def told_or_asked(
    chosen: Selected, done: dict[str, Result], results: dict[str, tuple[Case, Result]], order: list[str]
) -> Iterator[tuple[int, Case]]:
    """Give the cases that are still to be asked, with their numbers; the others have their results."""
    for place, case in enumerate(chosen.cases):
        name = case.question.id
        order.append(name)
        if name in done:
            results[name] = case, done[name]
        else:
            yield place, case


def one_by_one(
    cases: Iterator[tuple[int, Case]], ask: Asking, who: Who, wish: Wish
) -> Iterator[list[tuple[Case, Result]]]:
    """Run cases here, on one target."""
    for place, case in cases:
        if wish.deadline is not None and time.monotonic() >= wish.deadline:
            return
        yield [(case, examined(case, ask, who, place))]


def by_executor(cases: Iterator[tuple[int, Case]], ask: Asking, wish: Wish) -> Iterator[list[tuple[Case, Result]]]:
    """Hand chunks to an executor, a few more than it has workers, and give each when it is done.

    A slow chunk holds back no other one: what is done is kept, should the run be interrupted.
    """
    if isinstance(ask.target, Inside):
        raise ValueError("an executor runs decoders by their names: give module:factory instead of an object")
    assert wish.executor is not None
    address = Address(ask.target.name, wish.case_seconds)
    running: dict[Future[list[Result]], list[Case]] = {}
    for chunk in iter(lambda: list(islice(cases, CHUNK)), []):
        if wish.deadline is not None and time.monotonic() >= wish.deadline:
            break
        asked = [case for _, case in chunk]
        running[wish.executor.submit(chunk_here, address, asked, chunk[0][0])] = asked
        if len(running) > QUEUE:
            yield from collected(running)
    while running:
        yield from collected(running)


QUEUE = 16
"""Chunks that wait for an executor."""


def collected(running: dict[Future[list[Result]], list[Case]]) -> Iterator[list[tuple[Case, Result]]]:
    """Wait until a chunk is done, and give the cases and results of all that are."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        yield list(zip(running.pop(future), future.result(), strict=True))


def made_small(
    results: dict[str, tuple[Case, Result]], chosen: Selected, ask: Asking, who: Who, wish: Wish
) -> list[Result]:
    """Give the results; of each kind of violation of a drawn call the first one is shrunk, as far as time allows."""
    ends, seen = time.monotonic() + wish.shrink_seconds, set[object]()
    small: list[Result] = []
    for case, result in results.values():
        alike = (result.verdict.kind, result.verdict.difference, result.verdict.clauses)
        left = ends - time.monotonic()
        fitting = wish.fails(result) and can_be_small(case, result)
        if fitting and alike not in seen and len(seen) < MOST_SHRUNK and left > 0:
            seen.add(alike)
            assert isinstance(case, Drawn)
            small.append(shrunk_result(case, result, ask, who, left / (MOST_SHRUNK + 1 - len(seen))))
        else:
            small.append(result)
    return small


def can_be_small(case: Case, result: Result) -> bool:
    """Tell whether a result is one that Hypothesis can shrink: of a call that it has drawn."""
    return isinstance(case, Drawn) and case.name.startswith("drawn/") and result.verdict.kind in SHRUNK


SHRUNK = (Kind.VIOLATES, Kind.ERRORED)


def shrunk_result(case: Drawn, result: Result, ask: Asking, who: Who, seconds: float) -> Result:
    """Give the result of the smallest case that shows the same."""
    least = shrunk(case, who, ask, result.verdict, seconds)
    again = examined(least, ask, who)
    if not is_alike(again.verdict, result.verdict):
        return result
    return replace(result, verdict=again.verdict, input=again.input, case=least.name, shrunk=least is not case,
                   reply=again.reply)
