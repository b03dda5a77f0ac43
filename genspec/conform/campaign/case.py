"""One case: what the reference and a decoder answer to a call, and what is made of the difference."""

import re
from dataclasses import dataclass
from enum import StrEnum

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.campaign.features import mode_of
from genspec.conform.campaign.finding import Signature
from genspec.conform.campaign.served import Broken, Overdue, Served, Told
from genspec.conform.campaign.verdicts import Judged, judged
from genspec.conform.deviations import explaining


class Outcome(StrEnum):
    """What became of a case."""

    CONFORMS = "conforms"
    REJECTED = "rejected as specified"
    AMBIGUOUS = "ambiguous"                 # within what the dtype resolves
    UNSUPPORTED = "unsupported"
    DEVIATION = "known deviation"
    VIOLATES = "violates"
    ERRORED = "errored"                     # an exception, or the end of the process
    TIMED_OUT = "timed out"


EXPLAINED = frozenset(Outcome) - {Outcome.VIOLATES, Outcome.ERRORED, Outcome.TIMED_OUT}
"""The outcomes that are no finding."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A case with all that is known of it."""

    call: Call
    expected: Answer | Broken
    told: Told
    outcome: Outcome
    signature: Signature
    deviations: tuple[str, ...]             # the ids of those that explain it
    message: str


def examined(call: Call, served: Served) -> Examined:
    """Ask the reference and a decoder, and judge the difference."""
    expected = expected_of(call)
    told = served.ask(call)
    outcome, found = outcome_of(call, expected, told, served.info)
    deviations: tuple[str, ...] = ()
    if outcome not in EXPLAINED and not isinstance(expected, Broken):
        deviations = explaining(call, expected, told, found, served.info)
        outcome = Outcome.DEVIATION if deviations else outcome
    signature = Signature(outcome.value, mode_of(call), found.difference, found.clauses)
    return Examined(call, expected, told, outcome, signature, deviations, found.message)


def expected_of(call: Call) -> Answer | Broken:
    """Ask the reference. An exception of it is a bug of ours, and a finding like any other."""
    try:
        return ReferenceDecoder().decode(call)
    except Exception as error:
        return Broken(type(error).__name__, str(error))


def outcome_of(call: Call, expected: Answer | Broken, told: Told, info: Info) -> tuple[Outcome, Judged]:
    """Judge an answer, or the lack of one."""
    if isinstance(expected, Broken):
        said = Judged(f"the reference: {expected.error}", (), f"{expected.error}: {expected.message}")
        return Outcome.ERRORED, said
    if isinstance(told, Overdue):
        return Outcome.TIMED_OUT, Judged("no answer", (), f"no answer within {told.seconds:g} s")
    if isinstance(told, Broken):
        said = Judged(f"{told.error}: {normal(told.message)}", (), f"{told.error}: {told.message}")
        return Outcome.ERRORED, said
    kind, said = judged(call, expected, told, info)
    return Outcome(kind), said


def normal(message: str) -> str:
    """Give what equal errors of different cases have in common: the first line, without numbers."""
    first = message.strip().partition("\n")[0]
    return re.sub(r"\d+(\.\d+)?", "N", first)[:80]


def shown(answer: Told | Broken) -> str:
    """Write an answer for a person: rows without the scores of every step."""
    if not isinstance(answer, tuple):
        return str(answer)
    rows = [
        f"{number}: {list(row.tokens[:row.prompt_length])} | {list(row.new_tokens)} {row.finish_reason}"
        + (f" score {row.score!r}" if row.score is not None else "")
        + (f" beams {list(row.beam_indices)}" if row.beam_indices else "")
        for number, output in enumerate(answer) for row in output.rows
    ]
    return "\n".join(rows)
