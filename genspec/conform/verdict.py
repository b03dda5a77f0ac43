"""What a decoder's answer is worth, and why."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What became of a case."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    AMBIGUOUS = "ambiguous"                     # right for decisions that the decoder's rounding can turn
    REJECTED = "rejected as specified"
    UNSUPPORTED = "unsupported"
    KNOWN_DEVIATION = "known deviation"
    ERRORED = "errored"
    TIMED_OUT = "timed out"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one call: of the first prompt and row that decide it."""

    kind: Kind
    reason: str = ""                            # one sentence, for a person; empty when there is nothing to say
    clauses: tuple[str, ...] = ()               # those that are violated, or that decide
    difference: str = ""                        # what differs, in a word or two: "tokens", "scores"
    prompt: int | None = None                   # number of the prompt in the call, from 0
    row: int | None = None                      # number of the prompt's row, from 0
    step: int | None = None                     # number of the new token, from 0
    expected: object = None                     # what the reference gives there
    answered: object = None                     # what the decoder gave there
    margin: float | None = None                 # the rounding that explains the difference
    tied: bool = False                          # a tie over real numbers explains it
    deviation: str | None = None                # the id of the known deviation that explains it
    draws: int | None = None                    # L4: so many were made
    log10_e_value: float | None = None          # L4: the greatest evidence against the law, as a power of 10
    error_rate: float | None = None             # L4: the probability, at most, of a violation of a right decoder
    power: float | None = None                  # L4: the probability, at least, with which each other law is found

    def __str__(self) -> str:
        """Write the verdict on one line."""
        places = ((name, getattr(self, name)) for name in ("prompt", "row", "step"))
        where = ", ".join(f"{name} {number}" for name, number in places if number is not None)
        clauses = f" [{', '.join(self.clauses)}]" if self.clauses else ""
        return f"{self.kind}{' at ' + where if where else ''}: {self.reason}{clauses}" if self.reason else self.kind


CONFORMS = Verdict(Kind.CONFORMS)


def errored(error: BaseException) -> Verdict:
    """Say that a decoder raised instead of answering."""
    return Verdict(Kind.ERRORED, f"{type(error).__name__}: {error}", difference=type(error).__name__)


def timed_out(seconds: float) -> Verdict:
    """Say that a decoder gave no answer in time."""
    return Verdict(Kind.TIMED_OUT, f"no answer within {seconds:g} s", difference="no answer")


def worst(verdicts: list[Verdict]) -> Verdict:
    """Give the verdict that decides a call: the first violation, else the first that is not a plain yes."""
    ranked = (Kind.VIOLATES, Kind.AMBIGUOUS)
    return next((one for kind in ranked for one in verdicts if one.kind is kind), CONFORMS)
