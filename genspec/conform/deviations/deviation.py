"""A known difference between a decoder and the specification, as data."""

from collections.abc import Callable
from dataclasses import dataclass

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info
from genspec.conform.deviations.accepting import Accepts
from genspec.conform.deviations.counterfactual import Change
from genspec.conform.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Versions:
    """The releases that have a deviation: from the first to the last one, both included."""

    run: tuple[str, ...]                # those in which it was seen
    first: str | None = None            # None: as far back as was looked
    last: str | None = None             # None: it is there today
    note: str = ""                      # what the range cannot say

    def cover(self, version: str) -> bool:
        """Tell whether a release is in the range."""
        here = numbers(version)
        return (self.first is None or numbers(self.first) <= here) and (self.last is None or here <= numbers(self.last))

    def __str__(self) -> str:
        """Write the releases as the page does."""
        return ", ".join(self.run) + (f" {self.note}" if self.note else "")


def numbers(version: str) -> tuple[int, ...]:
    """Read the numbers of a release, which compare as releases do."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


@dataclass(frozen=True, slots=True)
class Seen:
    """A case that shows a difference."""

    call: Call
    expected: Answer                    # the reference's
    answer: object                      # the decoder's: an answer, or what stands for none
    verdict: Verdict
    info: Info                          # of the decoder


Explains = Callable[[Seen], bool]
"""Whether a deviation, and nothing else, makes this difference."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """What a decoder does otherwise than the specification says, when, and how that was seen."""

    id: str
    when: str                           # the condition
    does: str                           # what the decoder does then
    specified: str                      # what the specification says
    clauses: tuple[str, ...]
    versions: Versions
    example: str                        # a minimal call
    shows: str                          # what comes of it
    tests: tuple[str, ...]              # each fails when the deviation is gone; in tests/
    decoder: str = "transformers"
    explains: Explains | None = None    # looks at call and answer; without it and those below no run can show it
    changes: tuple[Change, ...] = ()    # what it makes of a request, in one way or another
    accepts: tuple[Accepts, ...] = ()   # what it makes of values that are refused

    def applies(self, info: Info) -> bool:
        """Tell whether a decoder has this deviation."""
        return info.name == self.decoder and self.versions.cover(info.version)

    def makes(self, seen: Seen) -> bool:
        """Tell whether this deviation makes the difference that is seen."""
        return self.explains is not None and self.explains(seen)
