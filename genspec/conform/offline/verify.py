"""Judge answers that were given elsewhere, and report as a run does."""

import time
from dataclasses import replace
from datetime import UTC, datetime

from genspec import __version__
from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.select import Selection, known_ids, not_refused, why_not
from genspec.conform.expectations.expected import Expectations, held
from genspec.conform.inference.semantics import SECONDS
from genspec.conform.kit.covered import coverage_of
from genspec.conform.kit.examine import WRONG, Asking, Heard, plain, verdict_on
from genspec.conform.kit.report import Report, Result, Run, capabilities_to_json
from genspec.conform.kit.semantics import with_semantics
from genspec.conform.offline.answers import Answers, BadAnswers, Recorded, faults_of_selection
from genspec.conform.offline.questions import cases_of
from genspec.conform.verdict import Kind, Verdict

ENDLESS = 1e9


def who_answered(answers: Answers, given: dict[str, str]) -> Who:
    """Tell whose answers they are: what the file says, and what was given beside it, which decides."""
    said, can = answers.ready or (Info("decoder", "0", "float64", "hf"), Capabilities())
    return Who(replace(said, **given), can)


def verified(
    answers: Answers, selection: Selection, who: Who, *, name: str | None = None,
    expectations: Expectations | None = None, infer_seconds: float = SECONDS,
) -> Report:
    """Judge the answers to the questions of a selection. Raises `UnknownName` or `BadAnswers`.

    What the decoder says that it cannot is unsupported, whatever it answered; any other answer that is missing failed.
    `infer_seconds`: the most that is spent on finding the semantics that fit the answers.
    """
    cases = cases_of(selection, name)
    for fault in faults_of_selection(answers, [case.question.id for case in cases], selection.profile):
        raise BadAnswers(fault)
    ask = Asking(Recorded(answers.name, answers, who.info, who.can), ENDLESS)
    started = time.monotonic()
    results = [judged(case, ask, who) for case in cases]
    run = Run(__version__, selection.profile, selection.levels, selection.clauses, selection.seed, None,
              selected=len(results), asked=sum(one.asked for one in results),
              seconds=round(time.monotonic() - started, 2), started=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    asked = [(case, one) for case, one in zip(cases, results, strict=True) if one.asked]
    left = [(case, one.verdict.reason) for case, one in zip(cases, results, strict=True) if not one.asked]
    results, semantics = with_semantics(results, {case.question.id: case for case in cases}, who, selection.profile,
                                        0 if name is not None else infer_seconds)
    compared = None if expectations is None else held(expectations, results, ids=known_ids(), drawn="", complete=True)
    return Report(answers.name, who.info, capabilities_to_json(who.can), run, tuple(results), compared,
                  verb=("genspec", "vectors", "verify"), semantics=semantics,
                  coverage=coverage_of(asked, left, selection.profile))


def judged(case: Case, ask: Asking, who: Who) -> Result:
    """Judge one answer."""
    question = case.question
    reason = why_not(question, who.info, who.can) or not_refused(case, who.can)
    if reason is not None:
        return Result(question.id, question.level, case.clauses, Verdict(Kind.UNSUPPORTED, reason), asked=False)
    heard = Heard(ask)
    verdict = plain(verdict_on(case, heard, who))
    return Result(question.id, question.level, case.clauses, verdict, case=question.id,
                  input=question.input if verdict.kind in WRONG else None,
                  reply=heard.wrong(verdict), tells=heard.members(question.level))
