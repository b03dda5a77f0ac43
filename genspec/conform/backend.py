"""Decoders that were not written for the kit: those of genspec.backends, and those of the runner of the vectors."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Arrays, Decoder, Info, Refusal
from genspec.backends.decoder import Unsupported as Lacking
from genspec.conform.adapter import METHODS, Adapter, plain, refusal, refuses
from genspec.conform.capabilities import Capabilities
from genspec.conform.json import as_lists, model_from_json, model_to_json, special
from genspec.conform.json import plain as marked
from genspec.conform.question import Json, Question, Reply
from genspec.conform.vectors.runner import Unsupported
from genspec.conform.workers.told import Broken
from genspec_reference import GenerateOutput

UNKNOWN_TO_CALLS = ("clock", "operations", "sources", "on_overflow")
"""Members of an input that a `Call` has no place for."""
READS = frozenset({
    "noise", "source", "prompts", "context_length", "negative_prompt", "pieces", "allowed_tokens", "assistant",
    "generator_seed",
})
"""Members that it has a place for."""


@dataclass(frozen=True)
class Backend:
    """A decoder of genspec.backends, which answers calls: L3 only."""

    decoder: Decoder
    info: Info
    given: Capabilities = field(default_factory=Capabilities)

    @property
    def capabilities(self) -> Capabilities:
        """Say that whole calls are answered, with the scores that a config asks for."""
        if self.given != Capabilities():
            return self.given
        arrays = {"arrays"} if callable(getattr(self.decoder, "arrays", None)) else set()
        return Capabilities(levels=frozenset({"L3", "L4"}), inputs=READS | arrays,
                            outputs=frozenset({"scores", "logits"}))

    def reply(self, question: Question) -> Reply | Broken:
        """Answer a question of L3 or L4; those of other levels by the methods of the kit, where it has them."""
        if question.level not in ("L3", "L4"):
            return self.elsewhere(question)
        call = call_of(question.profile, question.input if question.level == "L3" else for_own_chance(question.input))
        if isinstance(call, str):
            return {"unsupported": call}
        before = repr(call.config)
        asked: Any = self.decoder
        reply = reply_of(asked.arrays(call) if question.input.get("arrays") else asked.decode(call))
        if repr(call.config) != before:
            return Broken("MutatedInput", "`decode` changes the config of its call; copy what you change")
        return reply if "prompts" in question.input or "prompts" not in reply else reply["prompts"][0]

    def elsewhere(self, question: Question) -> Reply | Broken:
        """Answer a question of another level."""
        if callable(getattr(self.decoder, METHODS.get(question.level, ""), None)):
            return Adapter(self.decoder, self.info, self.capabilities).reply(question)
        return {"unsupported": f"takes whole calls, and no {question.level}"}


@dataclass(frozen=True)
class Vectored:
    """A decoder behind the interface of the runner: `answer(level, profile, input)`."""

    decoder: Any
    info: Info
    capabilities: Capabilities = field(default_factory=Capabilities)

    def reply(self, question: Question) -> Reply | Broken:
        """Answer a question of any level."""
        given = copy.deepcopy(question.input)
        try:
            result = self.decoder.answer(question.level, question.profile, given)
        except Unsupported as reason:
            return {"unsupported": str(reason)}
        except Exception as error:
            if not refuses(error):
                raise
            return refusal(error)
        if repr(given) != repr(question.input):
            return Broken("MutatedInput", "`answer` changes its input; copy what you change")
        return {str(name): plain(value) for name, value in result.items()}


def for_own_chance(given: Json) -> Json:
    """Let a seed be that of the decoder's generator. Beside an assistant there is none whose numbers are specified."""
    if "assistant" in given:
        return given
    return {"generator_seed" if name == "seed" else name: value for name, value in given.items()}


def call_of(profile: str, given: Json) -> Call | str:
    """Read an input of L3 as a call, or say why it is none."""
    unknown = [name for name in UNKNOWN_TO_CALLS if name in given]
    if unknown:
        return f"a call has no {', '.join(unknown)}"
    if not isinstance(given["config"], Mapping):
        return "a call has no text of a config"
    several = "prompts" in given
    prompts = given["prompts"] if several else [given["prompt"]]
    seeds = given.get("seed")
    rest: dict[str, Any] = {name: as_tuples(given[name]) for name in WRITTEN if name in given}
    if "source" in given:
        rest["sources"] = as_tuples(given["source"] if several else [given["source"]])
    if "negative_prompt" in given:
        rest["negative_prompts"] = as_tuples(given["negative_prompt"] if several else [given["negative_prompt"]])
    if "assistant" in given:
        rest["assistant"] = model_from_json(given["assistant"])
    if seeds is not None:
        rest["seeds"] = tuple(seeds) if isinstance(seeds, Sequence) else (seeds,) * len(prompts)
    return Call(
        special(given["config"]), model_from_json(given["model"]), as_tuples(prompts), profile=profile,
        seed=given.get("generator_seed"), context_length=given.get("context_length"), **rest,
    )


WRITTEN = ("noise", "pieces", "allowed_tokens")
"""Members of an input that are in a call as they are."""


def input_of(call: Call) -> dict[str, Any]:
    """Write a call as an input of L3; what is one for each prompt of a batch is a list."""
    several = len(call.prompts) > 1
    given: dict[str, Any] = {"config": marked(call.config), "model": model_to_json(call.model)}
    given |= {"prompts": call.prompts} if several else {"prompt": call.prompts[0]}
    for name, each in (("source", call.sources), ("negative_prompt", call.negative_prompts), ("seed", call.seeds)):
        given[name] = each if several or each is None else each[0]
    given |= {"generator_seed": call.seed, "context_length": call.context_length}
    given |= {name: getattr(call, name) for name in WRITTEN}
    given["assistant"] = None if call.assistant is None else model_to_json(call.assistant)
    return {name: as_lists(value) for name, value in given.items() if value is not None}


def reply_of(answer: Answer | Arrays) -> Reply:
    """Write what a backend answered. Raises TypeError for what is no answer."""
    if isinstance(answer, Lacking):
        return {"unsupported": answer.reason}
    if isinstance(answer, Refusal):
        return {"reject": list(answer.clauses), "error": f"{answer.error}: {answer.message}"}
    if isinstance(answer, Mapping):
        return {name: marked(value) for name, value in answer.items()}
    if not isinstance(answer, tuple) or not all(isinstance(output, GenerateOutput) for output in answer):
        raise TypeError(f"the decoder answered with {type(answer).__name__}, which is no Answer")
    return {"prompts": [reply_of_output(output) for output in answer]}


def reply_of_output(output: GenerateOutput) -> dict[str, Any]:
    """Write what a backend gives for one prompt."""
    rows = output.rows
    reply: dict[str, Any] = {
        "sequences": [list(row.tokens) for row in rows],
        "finish_reasons": [str(row.finish_reason) for row in rows],
    }
    if any(row.score is not None for row in rows):
        reply["sequences_scores"] = [row.score for row in rows]
    if any(row.beam_indices for row in rows):
        reply["beam_indices"] = [list(row.beam_indices) for row in rows]
    for name in ("scores", "logits"):
        if output.runs and all(getattr(step, name) is not None for run in output.runs for step in run):
            reply[name] = [[[plain(one) for one in getattr(step, name)] for step in run] for run in output.runs]
    return reply


def as_tuples(value: Any) -> Any:
    """Give lists as tuples, at any depth."""
    return tuple(as_tuples(item) for item in value) if isinstance(value, list | tuple) else value
