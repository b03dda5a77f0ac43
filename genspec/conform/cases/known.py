"""Differences that are known: docs/spec/deviations.md."""

from dataclasses import replace

from genspec.backends.call import Call
from genspec.backends.decoder import Answer
from genspec.conform.cases.case import Who
from genspec.conform.deviations import DEVIATIONS, Seen, explaining
from genspec.conform.verdict import Kind, Verdict

UNEXPLAINED = (Kind.VIOLATES, Kind.ERRORED, Kind.TIMED_OUT)


def has_deviations(who: Who) -> bool:
    """Tell whether anything is known of a decoder."""
    return any(one.applies(who.info) for one in DEVIATIONS.values())


def explained(call: Call, expected: Answer, answer: object, said: Verdict, who: Who) -> Verdict:
    """Tell a known deviation from the rest."""
    if said.kind not in UNEXPLAINED or not has_deviations(who):
        return said
    names = [one.id for one in explaining(Seen(call, expected, answer, said, who.info))]
    return replace(said, kind=Kind.KNOWN_DEVIATION, deviation=", ".join(names)) if names else said
