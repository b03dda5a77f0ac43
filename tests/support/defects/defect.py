"""Decoders of one defect each: the reference, in which one thing goes wrong while it answers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from genspec.backends.decoder import Info
from genspec.config.plan import DecodingPlan
from genspec.config.profile import Profile
from genspec.config.profiles import profile_named
from genspec.conform.vectors.reference import Reference
from genspec_reference import GenerateOutput
from genspec_reference.pipeline import functions_of
from genspec_reference.request import Request

Json = Mapping[str, Any]
Place = tuple[str, str]
"""A module of the reference and a name in it."""


def same(given: Any) -> Any:
    return given


def unspoilt(request: Request, output: GenerateOutput) -> GenerateOutput:
    return output


def said(level: str, given: Json, reply: Json) -> Json:
    return reply


@dataclass(frozen=True)
class Defect:
    """What is wrong with a decoder, and which pages of the specification may be blamed for it."""

    name: str
    pages: tuple[str, ...]  # beginnings of the clauses that it violates
    patches: Mapping[Place, Callable[[Any], Any]] = field(default_factory=dict)  # of what is there, what is wrong
    asks: Callable[[Json], Json] = same  # changes the input of a question
    breaks: Callable[[Request], Request] = same  # changes what a mode reads
    spoils: Callable[[Request, GenerateOutput], GenerateOutput] = unspoilt
    says: Callable[[str, Json, Json], Json] = said  # changes a reply: level, input, reply
    semantics: Callable[[Profile], Profile] = same  # changes the profile that it decodes by
    profile: str = "hf"  # that the decoder declares
    batched: bool = False  # whether it decodes several prompts together

    def __str__(self) -> str:
        return self.name


class Defective:
    """A decoder with a defect, asked level by level, or whole calls alone."""

    def __init__(self, defect: Defect, levels: Sequence[str] | None = None) -> None:
        self.defect = defect
        self.info = Info(defect.name, "0", "float64", defect.profile)
        self.capabilities: dict[str, Any] = {"outputs": ["scores", "logits"]}
        self.right: Any = Batched() if defect.batched else Reference()
        if defect.batched:
            self.capabilities |= {"levels": ["L3"], "inputs": INPUTS}
        if levels is not None:
            self.capabilities["levels"] = list(levels)

    def answer(self, level: str, profile: str, given: Json) -> Json:
        with planted(self.defect):
            semantics = self.defect.semantics(profile_named(profile))
            reply = self.right.answer(level, semantics, self.defect.asks(given))
        return self.defect.says(level, given, reply)


INPUTS = ["noise", "source", "prompts", "negative_prompt", "pieces", "allowed_tokens", "assistant", "context_length"]
"""What a decoder of batches is given."""
EACH = ("source", "negative_prompt", "seed")
"""Members of an input that are lists in a batch."""


class Batched:
    """The reference, which answers batches prompt by prompt."""

    def answer(self, level: str, profile: Profile | str, given: Json) -> Json:
        if "prompts" not in given:
            return Reference().answer(level, profile, given)
        replies = [Reference().answer(level, profile, alone(given, number)) for number in range(len(given["prompts"]))]
        return next((reply for reply in replies if "reject" in reply), {"prompts": replies})


def alone(given: Json, number: int) -> Json:
    """Give the input of one prompt."""
    one = {
        name: value[number] if name in EACH and isinstance(value, list) else value
        for name, value in given.items()
        if name != "prompts"
    }
    return {**one, "prompt": given["prompts"][number]}


@contextmanager
def planted(defect: Defect) -> Iterator[None]:
    """Put a defect into the reference."""
    patches = {**defect.patches, ("genspec_reference.decode", "run"): running(defect)}
    before = {place: getattr(import_module(place[0]), place[1]) for place in patches}
    functions_of.cache_clear()
    try:
        for place, wrong in patches.items():
            setattr(import_module(place[0]), place[1], wrong(before[place]))
        yield
    finally:
        for place, right in before.items():
            setattr(import_module(place[0]), place[1], right)
        functions_of.cache_clear()


def running(defect: Defect) -> Callable[[Any], Any]:
    """Run the mode of a request that is broken, and spoil its output."""

    def wrong(run: Any) -> Any:
        return lambda request: defect.spoils(request, run(defect.breaks(request)))

    return wrong


def with_plan(change: Callable[[DecodingPlan], DecodingPlan]) -> Callable[[Request], Request]:
    from dataclasses import replace

    return lambda request: replace(request, plan=change(request.plan))
