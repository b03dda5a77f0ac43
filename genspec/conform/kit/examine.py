"""One case on one decoder: asked, judged, asked again."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from genspec.conform.address import Address
from genspec.conform.cases.case import Ask, Case, Who
from genspec.conform.kit.report import Result, shown
from genspec.conform.question import Json, Question, Told
from genspec.conform.targets import Target, opened
from genspec.conform.verdict import Kind, Verdict
from genspec.conform.workers.served import ENDED
from genspec.conform.workers.told import Overdue

AGAIN = 10
"""One case of so many that conform is asked a second time."""
PATIENCE = 3
"""Cases that may time out before the others get less time."""
IMPATIENT = 1.0
"""Seconds that are left then."""
UNSTEADY = "Asked twice, it answers otherwise each time."
"""What is said of a decoder that does not answer a question the same way again."""


@dataclass
class Asking:
    """A target that is asked within a time that shrinks when it hangs again and again."""

    target: Target
    seconds: float
    overdue: int = 0

    def __call__(self, question: Question) -> Told:
        """Have a question answered."""
        told = self.target.ask(question, self.seconds if self.overdue < PATIENCE else min(self.seconds, IMPATIENT))
        self.overdue += isinstance(told, Overdue)
        return told


def examined(case: Case, ask: Asking, who: Who, place: int = 0) -> Result:
    """Ask and judge. What fails is asked again, and so is one of `AGAIN` that conform."""
    started = time.monotonic()
    heard = Heard(ask)
    verdict = verdict_on(case, heard, who)
    if is_asked_again(verdict, place):
        first, heard = heard, Heard(ask)
        verdict, before = steady(verdict, verdict_on(case, heard, who)), verdict
        heard = first if before.kind is verdict.kind else heard
    question = case.question
    return Result(
        question.id, question.level, case.clauses, plain(verdict), case=question.id,
        input=question.input if verdict.kind in WRONG else None,
        seconds=time.monotonic() - started, reply=heard.wrong(verdict), tells=heard.members(question.level),
    )


WRONG = (Kind.VIOLATES, Kind.KNOWN_DEVIATION, Kind.ERRORED, Kind.TIMED_OUT)
"""Verdicts on cases whose question is kept."""


@dataclass
class Heard:
    """Has a question answered and keeps the first answer: what comes later is asked to see what was wrong."""

    ask: Ask
    told: Told | None = None

    def __call__(self, question: Question) -> Told:
        """Have a question answered."""
        told = self.ask(question)
        self.told = told if self.told is None else self.told
        return told

    def wrong(self, verdict: Verdict) -> Json | None:
        """Give a wrong answer whole, unless it is too long to keep."""
        told = self.told
        kept = verdict.kind is Kind.VIOLATES and isinstance(told, Mapping) and len(repr(told)) <= LONGEST
        return dict(told) if kept and isinstance(told, Mapping) else None

    def members(self, level: str) -> tuple[str, ...]:
        """Name the members of an answer of L3, which need not have all."""
        told = self.told
        if level != "L3" or not isinstance(told, Mapping):
            return ()
        replies = told.get("prompts", [told])
        first = replies[0] if isinstance(replies, list) and replies else {}
        return tuple(sorted(first)) if isinstance(first, Mapping) else ()


LONGEST = 100_000
"""Letters of an answer that is kept."""


def is_asked_again(verdict: Verdict, place: int) -> bool:
    """Tell whether a case is asked twice. A decoder whose process has ended has to be started first: it is not.

    Nor is a law: it asks as often as it takes, and a second trial would double its error rate.
    """
    if verdict.draws is not None:
        return False
    if verdict.kind is Kind.ERRORED:
        return ENDED not in verdict.reason
    return verdict.kind is Kind.VIOLATES or (verdict.kind is Kind.CONFORMS and place % AGAIN == 0)


def verdict_on(case: Case, ask: Ask, who: Who) -> Verdict:
    """Judge a case. What the judge cannot read is no answer."""
    try:
        return case.examine(ask, who)
    except Exception as error:
        return Verdict(Kind.ERRORED, f"the answer cannot be judged: {type(error).__name__}: {error}",
                       difference=f"unreadable: {type(error).__name__}")


def steady(first: Verdict, second: Verdict) -> Verdict:
    """Give the worse one of two verdicts on the same question, and say so when they differ."""
    if (first.kind, first.answered) == (second.kind, second.answered):
        return first
    if first.kind is second.kind is Kind.CONFORMS:
        return first
    worse = first if first.kind is not Kind.CONFORMS else second
    return replace(worse, reason=f"{worse.reason} {UNSTEADY}".strip())


def plain(verdict: Verdict) -> Verdict:
    """Give a verdict whose values JSON has."""
    return replace(verdict, expected=shown(verdict.expected), answered=shown(verdict.answered))


HERE = threading.local()
"""The target of this thread: it is started once and asked by every chunk that runs here."""


def chunk_here(address: Address, cases: Sequence[Case], place: int) -> list[Result]:
    """Run cases in the process of an executor."""
    if getattr(HERE, "address", None) != address:
        if hasattr(HERE, "ask"):
            HERE.ask.target.stop()
        target = opened(address)
        HERE.ask, HERE.who = Asking(target, address.seconds), Who(target.info, target.capabilities)
        HERE.address = address
    ask, who = HERE.ask, HERE.who
    return [examined(case, ask, who, place + number) for number, case in enumerate(cases)]
