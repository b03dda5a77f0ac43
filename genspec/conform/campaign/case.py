"""One case: what the reference and a decoder answer to a call, and what is made of the difference."""

import re
from dataclasses import dataclass, replace

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.campaign.features import mode_of
from genspec.conform.campaign.finding import Signature
from genspec.conform.campaign.served import Broken, Overdue, Served, Told
from genspec.conform.deviations import Seen, explaining
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind, Verdict, timed_out

UNEXPLAINED = frozenset({Kind.VIOLATES, Kind.ERRORED, Kind.TIMED_OUT})
"""The verdicts that are findings."""


@dataclass(frozen=True, slots=True)
class Examined:
    """A case with all that is known of it."""

    call: Call
    expected: Answer | Broken
    told: Told
    verdict: Verdict

    @property
    def found(self) -> bool:
        """Tell whether nothing explains what is seen."""
        return self.verdict.kind in UNEXPLAINED

    @property
    def signature(self) -> Signature:
        """Return what this case has in common with others of the same bug."""
        verdict = self.verdict
        return Signature(verdict.kind.value, mode_of(self.call), difference_of(verdict), verdict.clauses)


def examined(call: Call, served: Served) -> Examined:
    """Ask the reference and a decoder, and judge the difference."""
    expected, told = expected_of(call), served.ask(call)
    try:
        verdict = explained(call, expected, told, verdict_on(call, expected, told, served.info), served.info)
    except Exception as error:          # a bug of the oracle's is a finding, and ends no campaign
        verdict = Verdict(Kind.ERRORED, f"the oracle raises {type(error).__name__}: {error}", difference="oracle")
    return Examined(call, expected, told, verdict)


def explained(call: Call, expected: Answer | Broken, told: Told, verdict: Verdict, info: Info) -> Verdict:
    """Give the verdict that holds when known deviations are told from the rest."""
    if verdict.kind not in UNEXPLAINED or isinstance(expected, Broken):
        return verdict
    names = [one.id for one in explaining(Seen(call, expected, told, verdict, info))]
    return replace(verdict, kind=Kind.KNOWN_DEVIATION, deviation=", ".join(names)) if names else verdict


def expected_of(call: Call) -> Answer | Broken:
    """Ask the reference. An exception of it is a bug of ours, and a finding like any other."""
    try:
        return ReferenceDecoder().decode(call)
    except Exception as error:
        return Broken(type(error).__name__, str(error))


def verdict_on(call: Call, expected: Answer | Broken, told: Told, info: Info) -> Verdict:
    """Judge an answer, or the lack of one."""
    if isinstance(expected, Broken):
        return Verdict(Kind.ERRORED, f"the reference raises {expected}", difference=f"reference: {expected.error}")
    if isinstance(told, Overdue):
        return timed_out(told.seconds)
    if isinstance(told, Broken):
        return Verdict(Kind.ERRORED, str(told), difference=told.error, answered=told.message)
    return judge(call, expected, told, info)


def difference_of(verdict: Verdict) -> str:
    """Say what differs; of an exception also how its message begins, without the numbers of the case."""
    if verdict.kind is Kind.ERRORED:
        said = verdict.reason if verdict.answered is None else str(verdict.answered)
        return f"{verdict.difference}: {beginning(said)}"
    if isinstance(verdict.answered, Refusal):
        return f"{verdict.difference}: {verdict.answered.error}: {beginning(verdict.answered.message)}"
    return verdict.difference


NUMBERS = re.compile(r"[-+]?[0-9][0-9.]*(e[-+]?[0-9]+)?([, ]+[-+]?[0-9][0-9.]*(e[-+]?[0-9]+)?)*")


def beginning(message: str) -> str:
    """Give the begin of a message, with N for every number and for every row of numbers."""
    return NUMBERS.sub("N", message.partition("\n")[0])[:80]


def shown(answer: Told) -> str:
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
