"""What every case is, and what becomes of one that was not answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities
from genspec.conform.question import Question, Told
from genspec.conform.verdict import Kind, Verdict, timed_out
from genspec.conform.workers.told import Broken, Overdue

Ask = Callable[[Question], Told]
"""Has a question answered."""


@dataclass(frozen=True, slots=True)
class Who:
    """The decoder that answers, as far as it decides how its answers are judged."""

    info: Info
    can: Capabilities


class Case(Protocol):
    """A question and what is to come of it. The kit alone holds a case; the decoder gets the question."""

    @property
    def question(self) -> Question:
        """Give what is asked, or what is asked first."""

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name what the case shows: clauses, or pages of the specification without a number."""

    @property
    def boundary(self) -> bool:
        """Tell whether the case stands where its clause draws the line: such cases come first."""

    def examine(self, ask: Ask, who: Who) -> Verdict:
        """Ask, as often as it takes, and judge."""


def unanswered(told: Told) -> Verdict | None:
    """Give the verdict on what is no answer; None for an answer, or a refusal."""
    if isinstance(told, Overdue):
        return timed_out(told.seconds)
    if isinstance(told, Broken):
        return Verdict(Kind.ERRORED, str(told), difference=told.error, answered=told.message)
    if not isinstance(told, Mapping):
        return Verdict(Kind.ERRORED, f"the answer is {type(told).__name__}, and no object", difference="answer")
    if "unsupported" in told:
        return Verdict(Kind.UNSUPPORTED, str(told["unsupported"]))
    return None
