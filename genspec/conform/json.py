"""A call as values that JSON has, and back, nothing lost. The members are those of an L3 input of the vectors.

What a vector has not is named as `Call` names it: `profile`, `seeds`, `sources` and `negative_prompts`.
Text: docs/spec/vectors.md.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.backends.checkpoints.models import EncoderDecoder, History
from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered

Json = dict[str, Any]
Model = Scripted | Layered | Table | History | EncoderDecoder

NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
MADE_OF_A_TABLE: Mapping[str, type[History] | type[EncoderDecoder]] = {
    "attention": History, "encoder-decoder": EncoderDecoder,
}
"""The models of checkpoints that read more than the last token, by their kind in an input."""
SPECIAL, PAIRS = "$number", "$pairs"
"""What stands in a config for a number that JSON has not, and for a mapping whose keys are no text."""


def call_to_json(call: Call) -> Json:
    """Write a call. What is None is left out."""
    written: Json = {"config": plain(call.config), "model": model_to_json(call.model), "prompts": call.prompts}
    for name in ("sources", "seed", "seeds", "pieces", "allowed_tokens", "negative_prompts", "context_length"):
        written[name] = getattr(call, name)
    written["assistant"] = None if call.assistant is None else model_to_json(call.assistant)
    written |= {"profile": call.profile, "note": plain(call.note) or None}
    return {name: as_lists(value) for name, value in written.items() if value is not None}


def call_from_json(written: Mapping[str, Any]) -> Call:
    """Read a call. Raises KeyError, TypeError or ValueError for what is none."""
    readers: dict[str, Callable[[Any], Any]] = {
        "config": special, "note": special, "model": model_from_json, "assistant": model_from_json,
    }
    return Call(**{name: readers.get(name, as_tuples)(value) for name, value in written.items()})


def model_to_json(model: Model) -> Json:
    """Write a scripted model. VECTORS-3, VECTORS-13, VECTORS-14."""
    shared: Json = {"kind": model.kind, "vocab_size": model.vocab_size, "eos": list(model.eos)}
    if isinstance(model, History | EncoderDecoder):
        return {**model_to_json(model.table), "kind": model.kind}
    if isinstance(model, Table):
        return {**shared, "lines": [[shown(logit) for logit in line] for line in model.lines]}
    shared["seed"] = model.seed
    if isinstance(model, Layered):
        shared |= {"layers": model.layers, "width": model.width, "tied": model.tied}
    return shared


def model_from_json(written: Mapping[str, Any]) -> Model:
    """Read a scripted model. Raises KeyError, TypeError or ValueError for what is none."""
    given = {**written, "eos": tuple(written["eos"])}
    if written["kind"] in MADE_OF_A_TABLE:
        table = {**written, "kind": "lines" if "lines" in written else "table"}
        made: Any = model_from_json(table)
        return MADE_OF_A_TABLE[written["kind"]](made)
    if written["kind"] == "lines":
        return Table(tuple(tuple(map(number, line)) for line in written["lines"]), given["eos"])
    return (Layered if written["kind"] == "layers" else Scripted)(**given)


def shown(logit: float) -> float | str:
    """Write a logit. VECTORS-7."""
    return logit if math.isfinite(logit) else str(logit)


def number(written: Any) -> float:
    """Read a logit."""
    return NUMBERS[written] if isinstance(written, str) else float(written)


def plain(value: Any) -> Any:
    """Write the values of a config: special numbers and mappings by tuples are marked."""
    if isinstance(value, float) and not math.isfinite(value):
        return {SPECIAL: str(value)}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: plain(item) for key, item in value.items()}
        return {PAIRS: [[plain(key), plain(item)] for key, item in value.items()]}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def special(written: Any) -> Any:
    """Read the values of a config."""
    if isinstance(written, list):
        return [special(item) for item in written]
    if not isinstance(written, dict):
        return written
    if SPECIAL in written:
        return NUMBERS[written[SPECIAL]]
    if PAIRS in written:
        return {as_tuples(key): special(item) for key, item in written[PAIRS]}
    return {key: special(item) for key, item in written.items()}


def as_lists(value: Any) -> Any:
    """Give tuples as lists, at any depth."""
    return [as_lists(item) for item in value] if isinstance(value, list | tuple) else value


def as_tuples(value: Any) -> Any:
    """Give lists as tuples, at any depth."""
    return tuple(as_tuples(item) for item in value) if isinstance(value, list | tuple) else value
