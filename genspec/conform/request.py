"""What the author of a decoder is handed: plain attributes, made of a question. Guide: docs/guide/conform.md."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from genspec.config.fields import FIELDS
from genspec.conform.json import special
from genspec.conform.question import Question
from genspec.conform.vectors.runner import Json, Model, Unsupported, noise_of_seed, number

Noise = Callable[[int, int, int], list[float]]
"""`noise(row, step, size)`: the numbers that the step of a returned row draws with, all counted from 0. SAMPLE-2."""


class ScriptedModel(Model):
    """A scripted model that is called: `model(tokens)` or `model(tokens, source)` gives V logits."""

    def __call__(self, tokens: Sequence[int], source: Sequence[int] = ()) -> list[float]:
        """Give the logits of the token after a row. float[V]."""
        return self.logits(tokens, source)


@dataclass
class ProcessRequest:
    """L0 and L1: apply operations, in order, to scores."""

    id: str
    level: str
    profile: str
    scores: list[float]                     # float[V]
    operations: list[tuple[str, dict[str, Any]]]    # names of pages of the specification, with their arguments
    tokens: list[int] = field(default_factory=list)     # the row so far
    prompt_length: int = 0
    context: dict[str, Any] = field(default_factory=dict)   # what else an operation may read. docs/spec/vectors.md


@dataclass
class SelectRequest:
    """L2: take the highest score or, with noise, the winner of the race. SAMPLE-1."""

    id: str
    level: str
    profile: str
    scores: list[float]                     # float[V]
    noise: list[float] | None = None        # float[V]; None: nothing is drawn
    count: int | None = None                # so many tokens, in the order of the race; None: one. SAMPLE-5


@dataclass
class DecodeRequest:
    """L3 and L4: a config, a scripted model and a prompt, from resolution to the finished rows."""

    id: str
    level: str
    profile: str
    config: Any                             # the fields that are set, by name; the text of a config in a few questions
    model: ScriptedModel
    prompts: list[list[int]]
    noises: list[Noise] | None = None       # one a prompt; None: nothing is drawn, or the decoder has its own chance
    source: list[int] | None = None         # the encoder's tokens, for an encoder-decoder model
    sources: dict[str, Any] | None = None   # instead of a config: the three sources of CONFIG-6
    operations: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # that no field of a config sets
    context_length: int | None = None
    on_overflow: str = "truncate"
    negative_prompt: list[int] | None = None            # GUIDANCE-2
    pieces: list[str] | None = None         # the text of each token
    allowed_tokens: list[list[int]] | None = None       # for each last token of the row, the ids that may follow
    clock: Callable[[], float] | None = None            # seconds. STOPPING-4
    assistant: ScriptedModel | None = None              # ASSISTED-2
    seed: int | None = None                 # L4: for the decoder's own generator, where it has one to seed. SAMPLE-8
    batch: bool = False                     # the question has `prompts`, and wants the arrays of all

    @property
    def prompt(self) -> list[int]:
        """Give the prompt. A question with several is none for a decoder that reads this."""
        if self.batch:
            raise Unsupported("decodes one prompt at a time")
        return self.prompts[0]

    @property
    def noise(self) -> Noise | None:
        """Give the noise of the prompt."""
        return None if self.noises is None else self.noises[0]

    def text(self, tokens: Sequence[int]) -> str:
        """Give the text of a row. STOPPING-3."""
        if self.pieces is None:
            raise Unsupported("the question has no texts")
        return "".join(self.pieces[token] for token in tokens)


Request = ProcessRequest | SelectRequest | DecodeRequest


def request_of(question: Question) -> Request:
    """Make the request of a question. Everything in it is new, so that whoever changes it changes nothing else."""
    makers: dict[str, Callable[[Json, dict[str, Any]], Request]] = {
        "L0": process_request, "L1": process_request, "L2": select_request, "L3": decode_request,
        "L4": decode_request,
    }
    head = {"id": question.id, "level": question.level, "profile": question.profile}
    return makers[question.level](head, fresh(question.input))


def process_request(head: Json, given: dict[str, Any]) -> ProcessRequest:
    """Make a request to apply operations."""
    if "operation" in given:
        operations, scores = named([given]), given["scores"]
    else:
        operations, scores = named(given["operations"]), given["logits"]
    context: dict[str, Any] = {
        name: list(map(number, value)) if name in ARRAYS else value for name, value in given["context"].items()
    }
    return ProcessRequest(
        **head, scores=list(map(number, scores)), operations=operations, context=context,
        tokens=list(context.get("tokens", ())), prompt_length=context.get("prompt_length", 0),
    )


def select_request(head: Json, given: dict[str, Any]) -> SelectRequest:
    """Make a request to take a token."""
    return SelectRequest(**head, scores=list(map(number, given["scores"])), noise=given.get("noise"),
                         count=given.get("count"))


def decode_request(head: Json, given: dict[str, Any]) -> DecodeRequest:
    """Make a request to decode."""
    plain = ("source", "sources", "context_length", "negative_prompt", "pieces", "allowed_tokens")
    times = given.get("clock")
    return DecodeRequest(
        **head,
        config=set_fields(special(given.get("config", {}))),
        model=ScriptedModel(**given["model"]),
        prompts=given["prompts"] if "prompts" in given else [given["prompt"]],
        batch="prompts" in given,
        noises=None if head["level"] == "L4" else noises_of(given),
        seed=given.get("seed") if head["level"] == "L4" else None,
        operations=named(given.get("operations", ())),
        on_overflow=given.get("on_overflow", "truncate"),
        clock=None if times is None else clock(times),
        assistant=ScriptedModel(**given["assistant"]) if "assistant" in given else None,
        **{name: given[name] for name in plain if name in given},
    )


def set_fields(config: Any) -> Any:
    """Leave out the fields that are null: they are not set. CONFIG-5."""
    if not isinstance(config, dict):
        return config
    return {name: value for name, value in config.items() if value is not None or name not in FIELDS}


def noises_of(given: Json) -> list[Noise] | None:
    """Give the noise of each prompt: counted from its seed, or as it is written down. SAMPLE-7, VECTORS-10."""
    if "seed" in given:
        seeds = given["seed"] if isinstance(given["seed"], list) else [given["seed"]] * len(given.get("prompts", [0]))
        return [counted(seed) for seed in seeds]
    if "noise" in given:
        written = given["noise"]
        return [lambda row, step, size: list(written[row][step][:size])]
    return None


def counted(seed: int) -> Noise:
    """Give the noise of a seed. SAMPLE-7."""
    return lambda row, step, size: noise_of_seed(seed, row, step, size)


def clock(times: Sequence[float]) -> Callable[[], float]:
    """Make a clock that shows these times, then the last one for ever."""
    shown = chain(times, repeat(times[-1]))
    return lambda: next(shown)


def named(operations: Sequence[Json]) -> list[tuple[str, dict[str, Any]]]:
    """Give operations as pairs."""
    return [(one["operation"], with_infinities(one["arguments"])) for one in operations]


def with_infinities(value: Any) -> Any:
    """Read minus infinity in the arguments of an operation."""
    if isinstance(value, dict):
        return {name: with_infinities(item) for name, item in value.items()}
    if isinstance(value, list):
        return [with_infinities(item) for item in value]
    return -math.inf if value == "-inf" else value


ARRAYS = ("unconditional_logits", "unfiltered")
"""Members of a context that are scores."""


def fresh(value: Any) -> Any:
    """Copy lists and objects, at any depth."""
    if isinstance(value, dict):
        return {name: fresh(item) for name, item in value.items()}
    return [fresh(item) for item in value] if isinstance(value, list | tuple) else value
