"""The reference as a decoder under test: it reads the JSON of a vector and has no other way to know."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import chain, repeat
from typing import Any, ClassVar

import numpy as np

from genspec import GenerationConfig, Rejected, __version__
from genspec.backends.decoder import Info
from genspec.config.plan import DecodingPlan, Operation
from genspec.config.profile import Profile
from genspec.config.profiles import profile_named
from genspec.conform.vectors.runner import Json, Model, noise_of_seed, state_after
from genspec_reference import Context, ModelOutput, decode, generate, given_noise
from genspec_reference.pipeline import TRUNCATIONS

ARRAYS = ("scores", "logits", "unconditional_logits", "unfiltered")


class Reference:
    """`genspec_reference` behind the interface of the runner."""

    info = Info("reference", __version__, "float64", "hf")
    epsilon = 2.0**-52
    capabilities: ClassVar = {"levels": ["L0", "L1", "L2", "L3", "L4"]}

    def answer(self, level: str, profile: Profile | str, given: Json) -> Json:
        """Give the members of the result, or the clauses by which it is refused."""
        try:
            return LEVELS[level](profile, given)
        except Rejected as rejected:
            return {"reject": [reason.clause for reason in rejected.reasons]}


def operation_answer(profile: Profile | str, given: Json) -> Json:
    """Apply one operation."""
    return pipeline_answer(profile, {
        "logits": given["scores"], "context": given["context"],
        "operations": [{"operation": given["operation"], "arguments": given["arguments"]}],
    })


def pipeline_answer(profile: Profile | str, given: Json) -> Json:
    """Apply one operation after the other. NaN and plus infinity are refused, except before they are repaired."""
    scores, context = np.array(given["logits"], dtype=float), read(given["context"])
    names = [operation["operation"] for operation in given["operations"]]
    after = names.index("remove_invalid_values") if "remove_invalid_values" in names else -1
    for place, operation in enumerate(given["operations"]):
        if place > after and not all(scores < math.inf):
            return {"reject": ["SCORES-2"]}
        if operation["operation"] in TRUNCATIONS:
            context.setdefault("unfiltered", scores)
        scores = apply(operation, scores, profile, context)
    return {"scores": scores.tolist()} if all(scores < math.inf) else {"reject": ["SCORES-2"]}


def apply(operation: Json, scores: Any, profile: Profile | str, context: Mapping[str, Any]) -> Any:
    """Call the function of an operation with what its parameters name."""
    name, row = operation["operation"], Context(**{"tokens": (), "prompt_length": 0, **context})
    function = getattr(import_module(f"genspec_reference.operations.{name}"), name)
    wanted = list(inspect.signature(function).parameters)[1:]
    known = {"context": row}
    for source in (profile if isinstance(profile, Profile) else profile_named(profile), row):
        known |= {parameter: getattr(source, parameter) for parameter in wanted if hasattr(source, parameter)}
    return function(scores, **{parameter: known[parameter] for parameter in wanted if parameter in known}
                    | {name: as_number(value) for name, value in operation["arguments"].items()})


def as_number(value: Any) -> Any:
    """Read minus infinity, also in lists."""
    if isinstance(value, list):
        return [as_number(item) for item in value]
    return -math.inf if value == "-inf" else value


def read(context: Json) -> dict[str, Any]:
    """Read what else an operation may read."""
    found: dict[str, Any] = {}
    for name, value in context.items():
        found[name] = np.array(value, dtype=float) if name in ARRAYS else value
    for name in found.keys() & {"tokens", "source", "surprises"}:
        found[name] = tuple(found[name])
    if "allowed_tokens" in found:
        found["allowed_tokens"] = lambda tokens: context["allowed_tokens"]
    return found


def choice_answer(profile: Profile | str, given: Json) -> Json:
    """Take the first of the greatest numbers, of the scores or of the race in logarithms."""
    scores = [float(score) for score in given["scores"]]
    if max(scores) == -math.inf:
        return {"reject": ["SCORES-6"]}
    race = [score - math.log(e) for score, e in zip(scores, given.get("noise", [1.0] * len(scores)), strict=True)]
    if "count" in given:
        return {"tokens": sorted(range(len(race)), key=lambda token: (-race[token], token))[: given["count"]]}
    return {"token": race.index(max(race))}


def loop_answer(profile: Profile | str, given: Json) -> Json:
    """Run a config on the model of the runner, which is written by the text and not by the reference."""
    if "prompts" in given:
        return batch_answer(profile, given)
    model = Model(**given["model"])
    call = {READ.get(name, (name, None))[0]: READ[name][1](value) if name in READ else value
            for name, value in given.items() if name not in ("config", "sources", "model", "prompt", "operations")}
    config = config_of(given)
    if "operations" in given:
        plan = config.resolve(prompt_length=len(given["prompt"]), vocab_size=model.vocab_size, profile=profile).plan
        output = decode(with_operations(plan, given["operations"]), spoken(model), given["prompt"], **call)
    else:
        output = generate(config, spoken(model), given["prompt"], vocab_size=model.vocab_size, profile=profile, **call)
    found: dict[str, Any] = {
        "sequences": [list(row) for row in output.sequences],
        "finish_reasons": [str(row.finish_reason) for row in output.rows],
    }
    if output.rows[0].score is not None:
        found["sequences_scores"] = [row.score for row in output.rows]
        found["beam_indices"] = [list(row.beam_indices) for row in output.rows]
    for name in ("scores", "logits"):
        if all(getattr(step, name) is not None for run in output.runs for step in run):
            found[name] = [[[one.tolist() for one in getattr(step, name)] for step in run] for run in output.runs]
    return found


def batch_answer(profile: Profile | str, given: Json) -> Json:
    """Decode each prompt alone, and write rows of one length, the prompts filled on their left. OUTPUTS-16, 17."""
    alone = [loop_answer(profile, {**without_prompts(given), "prompt": prompt}) for prompt in given["prompts"]]
    pad = config_of(given).resolve(profile=profile).plan.tokens.pad
    rows = [(prompt, row[len(prompt):]) for prompt, one in zip(given["prompts"], alone, strict=True)
            for row in one["sequences"]]
    before, after = (max(len(row[part]) for row in rows) for part in (0, 1))
    found: dict[str, Any] = {
        "sequences": [[pad] * (before - len(prompt)) + prompt + new + [pad] * (after - len(new))
                      for prompt, new in rows],
        "finish_reasons": [reason for one in alone for reason in one["finish_reasons"]],
    }
    if "sequences_scores" in alone[0]:
        beams = given["config"]["num_beams"]
        found["sequences_scores"] = [score for one in alone for score in one["sequences_scores"]]
        found["beam_indices"] = [
            [number * beams + index for index in indices] + [-1] * (after - len(indices))
            for number, one in enumerate(alone) for indices in one["beam_indices"]
        ]
    return found


def with_operations(plan: DecodingPlan, added: Sequence[Json]) -> DecodingPlan:
    """Put operations that no config names into their places of the profile's order. PIPELINE-1."""
    more = [Operation(one["operation"], one["arguments"], "PIPELINE-1") for one in added]
    named = {operation.name: operation for operation in (*plan.operations, *more)}
    return replace(plan, operations=tuple(named[name] for name in plan.profile.order if name in named))


def drawn_answer(profile: Profile | str, given: Json) -> Json:
    """Draw with noise of its own, another one for each prompt. SAMPLE-2."""
    rest = {name: value for name, value in given.items() if name not in ("prompt", "prompts", "seed")}
    alone = [loop_answer(profile, {**rest, "prompt": prompt, "seed": state_after(given["seed"], number)})
             for number, prompt in enumerate(given.get("prompts", [given.get("prompt")]))]
    return {"prompts": alone} if "prompts" in given else alone[0]


def without_prompts(given: Json) -> dict[str, Any]:
    """Give an input without its batch."""
    return {name: value for name, value in given.items() if name != "prompts"}


def config_of(given: Json) -> GenerationConfig:
    """Read the config of an input: an object, a text, or the three sources. CONFIG-6."""
    if "sources" in given:
        sources = given["sources"]
        return GenerationConfig.layered(call=sources["call"], given=sources["given"], model=sources["file"])
    config = given["config"]
    return GenerationConfig.from_json(config) if isinstance(config, str) else GenerationConfig.from_dict(config)


def spoken(model: Model) -> Callable[..., Any]:
    """Give the model as the reference calls it."""
    if model.kind != "layers":
        return lambda tokens, source=(): np.array(model.logits(tokens, source))
    return lambda tokens, source=(): ModelOutput(
        np.array(model.logits(tokens, source)),
        hidden_states=tuple(np.array(states) for states in model.hidden_states(tokens, source)),
        layer_logits=tuple(np.array(logits) for logits in model.layer_logits(tokens, source)),
        tied_embeddings=model.tied,
    )


def noise(rows: Sequence[Any]) -> Callable[[int, int, int], Any]:
    """Read noise that is written down. VECTORS-10."""
    return lambda row, step, size: given_noise(rows[row])(0, step, size)


def seeded(seed: int) -> Callable[[int, int, int], Any]:
    """Make the noise of a seed. SAMPLE-7."""
    return lambda row, step, size: np.array(noise_of_seed(seed, row, step, size))


def clock(times: Sequence[float]) -> Callable[[], float]:
    """Make a clock that shows given times."""
    shown = chain(times, repeat(times[-1]))
    return lambda: next(shown)


READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "noise": ("noise", noise),
    "seed": ("noise", seeded),
    "clock": ("clock", clock),
    "pieces": ("detokenize", lambda pieces: lambda tokens: "".join(pieces[token] for token in tokens)),
    "allowed_tokens": ("allowed_tokens", lambda following: lambda tokens: following[tokens[-1]]),
    "assistant": ("assistant", lambda described: spoken(Model(**described))),
}
"""Members of an input that are no argument of `generate` as they are: which argument they become, and how."""
LEVELS = {
    "L0": operation_answer, "L1": pipeline_answer, "L2": choice_answer, "L3": loop_answer, "L4": drawn_answer,
}
