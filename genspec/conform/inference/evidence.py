"""What an answer says of the choice points: whether it is the one that another profile gives."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from genspec.config.choice_points import points
from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import ANY, BEAMS, Mode
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.drawn import Drawn
from genspec.conform.cases.published import Published
from genspec.conform.inference.answers import agrees, reference_reply, told_of
from genspec.conform.json import special
from genspec.conform.question import Json
from genspec_reference.pipeline import functions_of, parameters_of

EVERYTHING = replace(HF, name="everything", version=(4, 50), modes=ANY)
"""A profile under which a config has every operation and every mode that it asks for."""
WHOLE = {"version", "modes", "order", "beam_order", "default_length"}
"""The choice points of a whole call: no operation reads them."""


@dataclass(frozen=True)
class Evidence:
    """A case and the answer to it."""

    case: Case
    declared: Profile
    told: Json | None                   # the decoder's wrong answer, whole; None for one that conforms
    tells: tuple[str, ...] = ()         # the members of an answer of L3 that conforms

    @property
    def failed(self) -> bool:
        """Tell whether the answer is wrong under the declared profile."""
        return self.told is not None

    @cached_property
    def base(self) -> Json:
        """Give what the reference answers under the declared profile."""
        return reference_reply(self.case, self.declared, self.declared)

    @cached_property
    def reply(self) -> Json:
        """Give the answer: the decoder's, or the reference's as far as the decoder told it."""
        if self.told is not None:
            return self.told
        return self.as_told(self.base)

    @cached_property
    def replies(self) -> tuple[Json, ...]:
        """Give each answer that it may have been: one that conforms is not kept, and a vector may have several."""
        if self.told is not None or not isinstance(self.case, Published):
            return (self.reply,)
        answers = self.case.vector["expected"].get("answers", ())
        return (self.reply, *(self.as_told(answer) for answer in answers))

    def as_told(self, answer: Json) -> Json:
        """Give an answer as far as the decoder tells it."""
        return told_of(answer, self.tells) if self.case.question.level == "L3" else answer

    @cached_property
    def plan(self) -> Any:
        """Give the plan of a whole call under a profile that has everything; None when there is none."""
        return planned(self.case.question.input) if self.case.question.level == "L3" else None

    @cached_property
    def operations(self) -> tuple[str, ...]:
        """Name the operations that the case has to do with, whatever the profile."""
        given = self.case.question.input
        named = [given["operation"]] if "operation" in given else [one["operation"] for one in operations_in(given)]
        return tuple(dict.fromkeys((*named, *(one.name for one in (self.plan.operations if self.plan else ())))))

    @cached_property
    def points(self) -> tuple[str, ...]:
        """Name the choice points that may change the answer."""
        level = self.case.question.level
        if self.told is not None and "reject" in self.told:
            return ("version", "modes") if level == "L3" else ()
        found = {name for one in self.operations for name in read_by(one)}
        if len(self.operations) > (level == "L1"):
            found |= {"order"} if level in ("L1", "L3") else set()
        if level == "L3":
            found |= {"version", "modes", "default_length"} | set(BEAM_POINTS if self.searches else ())
            found -= set() if self.plan is None or self.plan.draws else {"drawn_order", "drawn_start"}
        return tuple(point.name for point in points() if point.name in found)

    @property
    def searches(self) -> bool:
        """Tell whether the case may be a beam search."""
        return self.plan is None or self.plan.mode in BEAMS

    def key(self, profile: Profile) -> tuple[object, ...]:
        """Tell what of a profile decides the answer."""
        if self.plan is not None and self.plan.mode not in profile.modes:
            return (self.case.question.id, "refused", profile.version)
        return (self.case.question.id, *(projected(self, name, profile) for name in self.points))


def is_evidence(case: Case) -> bool:
    """Tell whether a case has one question, whose answer the reference gives under any profile."""
    return isinstance(case, Drawn | Published)


def operations_in(given: Json) -> Sequence[Json]:
    """Give the operations that an input lists."""
    return given.get("operations", ())      # type: ignore[no-any-return]  # JSON is Any


def planned(given: Json) -> Any:
    """Give the plan of an input of L3 under a profile that has everything, None when there is none."""
    config = given.get("config")
    prompt = given.get("prompt") or (given.get("prompts") or [[0]])[0]
    try:
        if not isinstance(config, Mapping):
            return None
        return GenerationConfig.from_dict(special(config)).resolve(
            prompt_length=len(prompt), vocab_size=given["model"]["vocab_size"], profile=EVERYTHING,
            architecture="encoder-decoder" if "source" in given else "decoder-only", assistant="assistant" in given,
        ).plan
    except (Rejected, TypeError, ValueError):
        return None


@cache
def read_by(operation: str) -> frozenset[str]:
    """Name the choice points that an operation reads: they are parameters of its function."""
    try:
        return frozenset(parameters_of(functions_of(operation)[0])) & {point.name for point in points()} - WHOLE
    except ValueError:
        return frozenset()


BEAM_POINTS = tuple(
    point.name for point in points()
    if point.name not in WHOLE - {"beam_order"}
    and not any(point.name in read_by(operation) for profile in PROFILES.values() for operation in profile.order)
)
"""The choice points of beam search: those that no operation reads."""


class OutOfTime(Exception):
    """The time for inference is over."""


@dataclass(slots=True)
class Bench:
    """Judges answers under profiles, each once for the options that the case has to do with."""

    who: Who
    declared: Profile
    deadline: float = float("inf")
    modes_with_rows: frozenset[Mode] = frozenset()
    known: dict[object, bool] = field(default_factory=dict)

    def agrees(self, evidence: Evidence, profile: Profile) -> bool:
        """Tell whether an answer is right under a profile. Raises `OutOfTime`.

        An error explains no profile without the mode where the decoder answers other calls of that mode with rows.
        """
        if evidence.failed and evidence.plan is not None and evidence.plan.mode in self.modes_with_rows - profile.modes:
            return False
        key = evidence.key(profile)
        if key not in self.known:
            self.known[key] = self.judged(evidence, profile)
        return self.known[key]

    def judged(self, evidence: Evidence, profile: Profile) -> bool:
        """Compare the answer with that of the reference under a profile. Raises `OutOfTime`."""
        if time.monotonic() > self.deadline:
            raise OutOfTime
        try:
            there = reference_reply(evidence.case, self.declared, profile)
        except ValueError:              # the profile has no place for what the call brings along
            return False
        if there == evidence.base:
            return not evidence.failed
        rounded = None if evidence.searches else profile
        return any(agrees(evidence.case, reply, there, self.who, rounded) for reply in evidence.replies)


def projected(evidence: Evidence, name: str, profile: Profile) -> object:
    """Give the option of a profile, as far as it concerns a case."""
    option = getattr(profile, name)
    if name == "order" or (name == "beam_order" and option is not None):
        return tuple(operation for operation in option if operation in evidence.operations)
    return option
