"""Judge a decoder's answer against the reference's. Guide: docs/guide/strategies.md."""

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal, Unsupported
from genspec.config.decision import Rejected
from genspec.conform.oracle.finding import Place
from genspec.conform.oracle.prompts import judge_prompt
from genspec.conform.oracle.requests import requests_of
from genspec.conform.verdict import CONFORMS, Kind, Verdict, worst
from genspec_reference import GenerateOutput

__all__ = ["judge"]


def judge(call: Call, expected: Answer, answer: Answer, info: Info) -> Verdict:
    """Say what an answer is worth. `expected`: the reference's; `info`: of the decoder that answers.

    Tokens, finish reasons and beam indices are compared exactly, numbers within the tolerance of the decoder's dtype
    (VECTORS-8). An answer that differs is ambiguous when it is the exact answer for scores that are rounded within
    that tolerance, and violates the clauses otherwise.
    """
    if isinstance(answer, Unsupported):
        return Verdict(Kind.UNSUPPORTED, answer.reason)
    if isinstance(expected, Unsupported):
        raise ValueError(f"the reference supports every call, and said: {expected.reason}")
    if isinstance(expected, Refusal) or isinstance(answer, Refusal):
        return judge_refusal(expected, answer)
    if len(expected) != len(answer):
        reason = f"there are answers to {len(answer)} prompts instead of {len(expected)}."
        return Verdict(Kind.VIOLATES, reason, ("OUTPUTS-15",), "number of prompts", answered=len(answer),
                       expected=len(expected))
    return judge_outputs(call, expected, answer, info)


def judge_refusal(expected: Answer, answer: Answer) -> Verdict:
    """Judge a call that the reference or the decoder refuses."""
    if isinstance(expected, Refusal) and isinstance(answer, Refusal):
        return Verdict(Kind.REJECTED, clauses=expected.clauses)
    if isinstance(expected, Refusal):
        first = expected.message.strip().splitlines()[-1].strip()
        reason = f"the call is to be refused, and rows came. {first}"
        return Verdict(Kind.VIOLATES, reason, expected.clauses, "refusal", expected=expected, answered=answer)
    assert isinstance(answer, Refusal)
    reason = f"the call is to be decoded, and it was refused: {said_of(answer)}"
    return Verdict(Kind.VIOLATES, reason, answer.clauses, "refusal", expected=expected, answered=answer)


def said_of(refusal: Refusal) -> str:
    """Give what a decoder says to its refusal: its error, else the clauses that it names."""
    said = [part for part in (refusal.error, refusal.message) if part]
    return ": ".join(said) or ", ".join(refusal.clauses) or "no reason given"


def judge_outputs(
    call: Call, expected: tuple[GenerateOutput, ...], answer: tuple[GenerateOutput, ...], info: Info
) -> Verdict:
    """Judge the outputs of every prompt."""
    said: list[Verdict] = []
    for number, (request, right, given) in enumerate(zip(requests_of(call), expected, answer, strict=True)):
        try:
            said += judge_prompt(request, number, right, given, info.dtype)
        except Rejected as rejected:        # while following a decoder's row
            clauses = tuple(reason.clause for reason in rejected.reasons)
            said.append(Place(number).violates("refusal", clauses, "a row came that the specification refuses."))
    return worst(said) if said else CONFORMS
