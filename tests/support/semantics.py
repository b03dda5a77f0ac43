"""Decoders that are the reference under another profile than the one they declare."""

from typing import Any

from genspec.backends.decoder import Info
from genspec.config.profile import Profile
from genspec.config.profiles import HF
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.published import published
from genspec.conform.inference.answers import ordered
from genspec.conform.inference.semantics import Answered
from genspec.conform.kit.examine import Heard, verdict_on
from genspec.conform.targets import Inside
from genspec.conform.vectors.reference import Reference
from genspec.conform.vectors.runner import Json, Unsupported
from genspec.conform.verdict import Kind


class Disguised(Reference):
    """The reference under a profile, which declares another one. Its operations have one order."""

    def __init__(self, profile: Profile, declared: Profile = HF) -> None:
        self.profile, self.declared = profile, declared
        self.info = Info("disguised", "1", "float64", declared.name)

    def answer(self, level: str, profile: Any, given: Json) -> Json:
        names = [one["operation"] for one in (given, *given.get("operations", ())) if "operation" in one]
        if level in ("L0", "L1") and any(name not in self.profile.order for name in names):
            raise Unsupported("no such operation")
        if level == "L1":
            given = {**given, "operations": ordered(given["operations"], self.declared, self.profile)}
        return super().answer(level, self.profile, given)


def telling_cases(profile: Profile = HF) -> list[Case]:
    """Give the vectors of a profile that tell options apart: of the choice points, of pairs, and of equal scores."""
    return [
        case for case in published(profile.name)
        if case.question.id.startswith(("profiles/", "pipeline/pair-")) or case.question.id in TIED
    ]


TIED = ("top_k/all-equal", "top_k/raised-for-beams-with-ties", "typical_p/all-equal", "xtc/exact-4",
        "presence_penalty/both-signs", "frequency_penalty/both-signs", "xtc/equal-least-choices")


def answers(profile: Profile, cases: list[Case], declared: Profile = HF) -> tuple[list[Answered], Who]:
    """Ask a decoder of a profile, and keep what inference looks at."""
    target = Inside(Disguised(profile, declared))
    who, found = Who(target.info, target.capabilities), []
    for case in cases:
        heard = Heard(target.ask)
        verdict = verdict_on(case, heard, who)
        if verdict.kind in (Kind.CONFORMS, Kind.REJECTED):
            found.append(Answered(case, None, heard.members(case.question.level)))
        elif verdict.kind is Kind.VIOLATES:
            found.append(Answered(case, heard.wrong(verdict), ()))
    return found, who
