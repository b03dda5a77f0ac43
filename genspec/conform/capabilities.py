"""What a decoder says that it can do. What it does not name is tried. Guide: docs/guide/conform.md."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from genspec.config.fields import FIELDS
from genspec.config.mode import NEVER, Mode
from genspec.conform.question import LEVELS, Json, Question

Names = frozenset[str] | None
"""None: not said, and so everything is tried."""

FREE = frozenset(
    field.name for field in FIELDS.values()
    if field.modes == NEVER or field.name.startswith("output_")
    or field.name in ("return_dict_in_generate", "pad_token_id")
)
"""The fields that change no token of a row alone: nobody must know them."""
NEEDS = {
    "stop_strings": "pieces", "token_healing": "pieces", "guidance_scale": "negative_prompt", "max_time": "clock",
}
"""Fields that need a member of the input: who knows the field knows the member."""
ALWAYS = frozenset({"config", "model", "prompt"})
CALLED = {"seed": "noise"}
"""A seed stands for noise. SAMPLE-7"""
INPUTS = frozenset({
    "noise", "source", "prompts", "operations", "sources", "context_length", "on_overflow", "negative_prompt", "pieces",
    "clock", "allowed_tokens", "assistant", "generator_seed", "arrays",
})
"""Members of the input of L3 that a decoder may not have, beside those that all have."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The words that a decoder may say of itself."""

    levels: Names = None                # L0 to L4
    modes: Names = None                 # of DecodingPlan: "greedy", "beam_search", ...
    fields: Names = None                # of a generation config; those that change no token need not be named
    operations: Names = None            # of L0 and L1: "top_p", "temperature", ...
    inputs: Names = None                # members of the input of L3: "source", "prompts", "pieces", ...
    outputs: frozenset[str] = frozenset()   # "scores", "logits": given whenever a config asks for them
    kinds: Names = None                 # of scripted models: "table", "history", "ties", "lines", "layers"
    models: Names = None                # with which calls are drawn: each a model of an input, as a text of JSON
    refuses: bool = True                # what the specification rejects; False: such cases are left out


KNOWN: Mapping[str, frozenset[str]] = {
    "levels": frozenset(LEVELS), "modes": frozenset(mode.value for mode in Mode), "fields": frozenset(FIELDS),
    "inputs": INPUTS, "outputs": frozenset({"scores", "logits"}),
    "kinds": frozenset({"table", "history", "ties", "lines", "layers", "attention", "encoder-decoder"}),
}


def capabilities_from(given: object) -> Capabilities:
    """Read what a decoder says of itself. Raises ValueError that names the word that means nothing."""
    if isinstance(given, Capabilities):
        return given
    if not isinstance(given, Mapping):
        raise ValueError(f"capabilities are a dict, not {type(given).__name__}")
    known = [field.name for field in fields(Capabilities)]
    for name in given:
        if name not in known:
            raise ValueError(f"no capability is called {name!r:.60}: {near(str(name), known)}")
    return Capabilities(**{name: read(name, value) for name, value in given.items()})


def read(name: str, value: Any) -> Any:
    """Read one of them."""
    if name == "refuses":
        if not isinstance(value, bool):
            raise ValueError(f"the capability `refuses` is true or false, not {value!r:.60}")
        return value
    if isinstance(value, str) or not all(isinstance(word, str) for word in value):
        raise ValueError(f"the capability `{name}` is a list of names, not {value!r:.60}")
    for word in value:
        if name in KNOWN and word not in KNOWN[name]:
            raise ValueError(f"the capability `{name}` has no {word!r:.60}: {near(word, sorted(KNOWN[name]))}")
    return frozenset(value)


def near(word: str, known: list[str]) -> str:
    """Suggest what may have been meant."""
    close = get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}."


def lacking(can: Capabilities, question: Question) -> str | None:
    """Say why a decoder is not asked a question, or None."""
    given = question.input
    if can.levels is not None and question.level not in can.levels:
        return f"does not take part in {question.level}"
    if question.level in ("L0", "L1"):
        names = [given["operation"]] if question.level == "L0" else [one["operation"] for one in given["operations"]]
        return missing("operation", names, can.operations)
    if question.level == "L4":
        if not draws_itself(can):
            return "draws with noise that it is given; name L4 among the levels if it has its own chance, too"
        return lacking_of_loop(can, {name: value for name, value in given.items() if name != "seed"})
    return lacking_of_loop(can, given) if question.level == "L3" else None


def draws_itself(can: Capabilities) -> bool:
    """Tell whether a decoder has chance of its own, for L4: it names the level, or takes no noise."""
    if can.levels is not None:
        return "L4" in can.levels
    known = inputs_of(can)
    return known is not None and "noise" not in known


def lacking_of_loop(can: Capabilities, given: Json) -> str | None:
    """Say what a decoder has not that an input of L3 needs."""
    config = given.get("config")
    if can.fields is not None and not isinstance(config, Mapping):
        return "has not the input sources" if config is None else "reads no text of a config"
    modes = [] if can.modes is None and can.fields is None else mode_of(config)
    return (
        missing("mode", modes, can.modes)
        or missing("field", acting(config, modes), can.fields)
        or missing("kind of model", [given["model"]["kind"]], can.kinds)
        or missing("input", [CALLED.get(name, name) for name in given if name not in ALWAYS], inputs_of(can))
        or missing("operation", [one["operation"] for one in given.get("operations", ())], can.operations)
    )


def inputs_of(can: Capabilities) -> Names:
    """Give the members of an input that a decoder knows: named, or needed by the fields that it names.

    Who names fields and no inputs takes the noise that it is given. Who cannot says `"inputs": []`.
    """
    if can.inputs is None and can.fields is None:
        return None
    implied = {NEEDS[name] for name in can.fields or () if name in NEEDS}
    return (frozenset({"noise"}) if can.inputs is None else can.inputs) | implied


def missing(what: str, wanted: list[str], known: Names) -> str | None:
    """Say what is wanted and not known."""
    lacked = [] if known is None else [name for name in wanted if name not in known]
    return f"has not the {what} {', '.join(sorted(set(lacked)))}" if lacked else None


def acting(config: object, modes: list[str]) -> list[str]:
    """Name the fields of a config that can change a token: not those of other modes, nor what applies anyway."""
    if not isinstance(config, Mapping):
        return []
    return [
        name for name, value in config.items()
        if value is not None and name not in FREE and not (
            name in FIELDS and (value == FIELDS[name].unset or (modes and Mode(modes[0]) not in FIELDS[name].modes))
        )
    ]


def mode_of(config: object) -> list[str]:
    """Name the mode of a config; nothing where the specification has none for it."""
    from genspec.config.decision import Rejected
    from genspec.config.generation_config import GenerationConfig

    if not isinstance(config, Mapping):
        return []
    try:
        return [GenerationConfig.from_dict(dict(config)).resolve(prompt_length=1).plan.mode.value]
    except (Rejected, TypeError, ValueError):
        return []
