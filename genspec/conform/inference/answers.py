"""The reference's answers to a case under any profile, and whether an answer is one of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genspec.backends.call import Call
from genspec.config.profile import Profile
from genspec.conform.backend import call_of, reply_of_output
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.cases.outputs import Malformed, answer_of
from genspec.conform.cases.published import Published
from genspec.conform.oracle import judge
from genspec.conform.oracle.tolerance import EPSILONS
from genspec.conform.question import Json
from genspec.conform.vectors import runner
from genspec.conform.vectors.reference import Reference
from genspec.conform.verdict import Kind

AGREEING = (Kind.CONFORMS, Kind.REJECTED)


def reference_reply(case: Case, declared: Profile, profile: Profile) -> Json:
    """Give the reference's answer under a profile. Raises ValueError for what the profile has no place for.

    A pipeline whose operations stand in the order of the declared profile has the order of the other one.
    """
    call = as_call(case, profile)
    if call is not None:
        return replies_of(call)
    given = case.question.input
    if case.question.level == "L1":
        given = {**given, "operations": ordered(given["operations"], declared, profile)}
    reply: Json = written(Reference().answer(case.question.level, profile, given))
    return reply


def as_call(case: Case, profile: Profile) -> Drawn | None:
    """Give a case of L3 as a call under a profile, which need not have a name; None when it is none."""
    call: Call | str = "no call"
    if isinstance(case, Drawn):
        call = case.call
    elif case.question.level == "L3":
        call = call_of(case.question.profile, case.question.input)
    if isinstance(call, str):
        return None
    return Drawn("", replace(call, profile=profile))        # type: ignore[arg-type]  # here alone it needs no name


def replies_of(case: Drawn) -> Json:
    """Give the reference's answer to a call as a decoder would write it."""
    if not isinstance(case.expected, tuple):
        return {"reject": list(getattr(case.expected, "clauses", ()))}
    replies = [written(reply_of_output(output)) for output in case.expected]
    return {"prompts": replies} if len(replies) > 1 else replies[0]


def ordered(operations: Sequence[Json], declared: Profile, profile: Profile) -> list[Json]:
    """Give operations in the order of another profile, if they stand in that of the declared one."""
    def place(one: Json, order: tuple[str, ...]) -> int:
        return order.index(one["operation"]) if one["operation"] in order else -1

    places = [place(one, declared.order) for one in operations]
    if -1 in places or places != sorted(places):
        return list(operations)
    kept = [one for one in operations if one["operation"] in profile.order]
    return sorted(kept, key=lambda one: place(one, profile.order))


def told_of(base: Json, tells: Sequence[str]) -> Json:
    """Give a reply without the members that a decoder does not tell."""
    if "prompts" in base:
        return {"prompts": [told_of(one, tells) for one in base["prompts"]]}
    return {name: value for name, value in base.items() if name in tells or name in ("sequences", "reject")}


def agrees(case: Case, reply: Json, there: Json, who: Who, profile: Profile | None) -> bool:
    """Tell whether a reply is the reference's. With a `profile`, a call that is none may be so for rounded scores."""
    if "reject" in reply or "reject" in there:
        return "reject" in there and "reject" in reply and set(reply["reject"]) <= set(there["reject"])
    if "prompts" in there:
        same = len(reply.get("prompts", ())) == len(there["prompts"]) and all(
            close(case, one, other, who) for one, other in zip(reply["prompts"], there["prompts"], strict=True))
    else:
        same = "prompts" not in reply and close(case, reply, there, who)
    return same or (profile is not None and within_rounding(case, reply, who, profile))


def close(case: Case, reply: Json, there: Json, who: Who) -> bool:
    """Compare a reply with another one within the tolerance of the decoder. VECTORS-8."""
    expected: Json = {"kind": "exact", **there}
    if isinstance(case, Published) and case.vector["expected"]["kind"] == "distribution":
        expected = {"kind": "distribution", "probabilities": runner.softmax(there["scores"])}
    vector = {"input": case.question.input, "expected": expected}
    return runner.verdict(case.question.level, vector, reply, EPSILONS[who.info.dtype]) is runner.Verdict.CONFORMS


def within_rounding(case: Case, reply: Json, who: Who, profile: Profile) -> bool:
    """Have the oracle judge the reply to a call."""
    there = as_call(case, profile)
    if there is None:
        return False
    asked = there.asked_of(reply, who.can)
    try:
        return judge(asked, there.expected, answer_of(asked, there.expected, reply), who.info).kind in AGREEING
    except Malformed:
        return False


def written(value: Any) -> Any:
    """Write an answer as a vector has it: minus infinity is text."""
    if isinstance(value, Mapping):
        return {name: written(item) for name, item in value.items()}
    if isinstance(value, list):
        return [written(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
