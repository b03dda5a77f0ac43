"""What the messages of a decoder look like: schema.json once more, without a library that reads it."""

from collections.abc import Callable, Mapping
from typing import Any

Json = Mapping[str, Any]
TEXTS = ("-inf", "inf", "nan")
REASONS = ("eos", "stop_string", "length", "max_time")
LISTS = ("levels", "modes", "fields", "operations", "inputs", "outputs", "kinds")
"""Capabilities that are lists of names."""


def is_whole(value: Any) -> bool:
    """Tell whether a value is an integer, as JSON has them: 3.0 is one."""
    return (type(value) is int) or (isinstance(value, float) and value.is_integer())


def is_score(value: Any) -> bool:
    """Tell whether a value is a number, or the text that stands for one."""
    return type(value) in (int, float) or (isinstance(value, str) and value in TEXTS)


def is_text(value: Any) -> bool:
    """Tell whether a value is a text."""
    return isinstance(value, str)


def is_reason(value: Any) -> bool:
    """Tell whether a value is a reason for the end of a row."""
    return isinstance(value, str) and value in REASONS


def listed(one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Tell whether a value is a list of such."""
    return lambda value: isinstance(value, list) and all(map(one, value))


def is_step(value: Any) -> bool:
    """Tell whether a value is what a step keeps: scores of each hypothesis, of a line, or null where it is free."""
    return value is None or listed(is_score)(value) or listed(listed(is_score))(value)


def is_result(value: Any) -> bool:
    """Tell whether a value is the result for one prompt."""
    return isinstance(value, dict) and fault_of_form(value, "sequences") is None


MEMBERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "scores": (listed(is_score), 'a list of numbers, "-inf" among them'),
    "probabilities": (listed(is_score), "a list of numbers"),
    "token": (is_whole, "a token id"),
    "tokens": (listed(is_whole), "a list of token ids"),
    "sequences": (listed(listed(is_whole)), "a list of rows of token ids, prompt included"),
    "finish_reasons": (listed(is_reason), f"a list, one a row, of {', '.join(REASONS)}"),
    "sequences_scores": (listed(is_score), "a list of numbers, one a row"),
    "beam_indices": (listed(listed(is_whole)), "a list of integers for each row"),
    "kept scores": (listed(listed(is_step)), "lists of runs, steps, hypotheses and V numbers"),
    "logits": (listed(listed(is_step)), "lists of runs, steps, hypotheses and V numbers"),
    "prompts": (listed(is_result), "a list of results with `sequences`, one a prompt"),
    "reject": (listed(is_text), "a list of clauses, which may be empty"),
    "error": (is_text, "a text"),
    "unsupported": (is_text, "a text that says why"),
    "failed": (is_text, "a text that says what happened"),
}
"""What each member of an answer is, and how to say it."""

FORMS: Mapping[str, tuple[str, ...]] = {
    "reject": ("error",), "unsupported": (), "failed": (), "token": (), "tokens": (), "probabilities": (),
    "sequences": ("finish_reasons", "sequences_scores", "beam_indices", "scores", "logits"), "prompts": (),
    "scores": (),
}
"""The forms of an answer: the member that makes it, and those that it may have besides."""

WANTED: Mapping[str, tuple[str, ...]] = {
    "L0": ("scores",), "L1": ("scores", "probabilities"), "L2": ("token", "tokens"), "L3": ("sequences", "prompts"),
    "L4": ("sequences", "prompts"),
}
"""The forms of a result, level by level."""
NO_RESULT = ("reject", "unsupported", "failed")


def form_of(reply: Json) -> str | None:
    """Name the form of an answer by the member that makes it."""
    return next((name for name in FORMS if name in reply), None)


def fault_of(level: str, reply: Json) -> str | None:
    """Say what is wrong with an answer to a question of a level, or None. `reply`: without its id."""
    form = form_of(reply)
    if form not in NO_RESULT and form not in WANTED.get(level, FORMS):
        wanted = " or ".join(f"`{name}`" for name in WANTED[level])
        return f"an answer to {level} has {wanted}, or one of {', '.join(NO_RESULT)}; not {sorted(reply)}"
    return fault_of_form(reply, str(form))


def fault_of_form(reply: Json, form: str) -> str | None:
    """Say what is wrong with the members of an answer of this form, or None."""
    if form not in reply:
        return f"`{form}` is missing"
    for name, value in reply.items():
        if name not in (form, *FORMS[form]):
            return f"`{name:.60}` is no member of an answer with `{form}`"
        fits, words = MEMBERS["kept scores" if (name, form) == ("scores", "sequences") else name]
        if not fits(value):
            return f"`{name}` is to be {words}; not {value!r:.80}"
    return None


def fault_of_ready(message: Json) -> str | None:
    """Say what is wrong with the shape of a decoder's first message, or None."""
    unknown = [name for name in message if name not in ("protocol", "info", "capabilities")]
    if unknown:
        return f"`{unknown[0]:.60}` is no member of the answer to start: protocol, info, capabilities"
    info, can = message.get("info"), message.get("capabilities", {})
    if not isinstance(info, dict) or not all(map(is_text, info.values())) or not info.get("name"):
        return f'`info` is to be an object of texts, {{"name": ..., "version": ..., "dtype": ...}}; not {info!r:.80}'
    if not isinstance(can, dict):
        return f"`capabilities` is to be an object; not {can!r:.80}"
    for name, value in can.items():
        if name in LISTS and not listed(is_text)(value):
            return f"the capability `{name}` is to be a list of names; not {value!r:.80}"
    return None


IDS = ("token", "tokens", "sequences", "beam_indices")


def with_whole_ids(reply: Json) -> dict[str, Any]:
    """Give an answer whose ids are integers also where 3.0 was written."""
    given = {name: integers(value) if name in IDS else value for name, value in reply.items()}
    if "prompts" in given:
        given["prompts"] = [with_whole_ids(one) for one in given["prompts"]]
    return given


def integers(value: Any) -> Any:
    """Give integers for whole numbers, in lists of any depth."""
    return [integers(item) for item in value] if isinstance(value, list) else int(value)
