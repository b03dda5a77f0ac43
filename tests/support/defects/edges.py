"""What goes wrong at the edges alone: rows of one token, rows shorter than what is counted, fields without effect."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

import numpy as np

from genspec.config.resolve.operations import TRUNCATIONS
from genspec_reference.select import first_of
from support.defects.defect import Defect, Json
from support.defects.orders import swapped

R = "genspec_reference"
OPERATIONS = ("genspec.config.resolve.operations", "PENALTIES")


def operation(what: str, name: str, change: Callable[..., Any], *pages: str) -> Defect:
    """Change an operation: of the right function, the scores and its arguments."""

    def wrong(right: Any) -> Any:
        return wraps(right)(lambda scores, *given, **named: change(right, scores, *given, **named))

    return Defect(what, (*pages, name.upper().replace("_", "-")), {(f"{R}.operations.{name}", name): wrong})


def asked(what: str, change: Callable[[dict[str, Any], Json], Any], *pages: str, batched: bool = False) -> Defect:
    """Read a config wrongly: of the config and the input."""

    def asks(given: Json) -> Json:
        if not isinstance(given.get("config"), dict) or (batched and len(given.get("prompts", ())) < 2):
            return given
        config = dict(given["config"])
        change(config, given)
        return {**given, "config": config}

    return Defect(what, pages, asks=asks, batched=batched)


def refused(what: str, wrong: Callable[[Json], bool], clause: str, *pages: str) -> Defect:
    """Refuse what is to be answered: of the config."""

    def says(level: str, given: Json, reply: Json) -> Json:
        config = given.get("config")
        return {"reject": [clause]} if isinstance(config, dict) and wrong(config) else reply

    return Defect(what, pages, says=says)


def number(config: Json, name: str) -> int | None:
    value = config.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def more_for_one(config: dict[str, Any], given: Json) -> None:
    least = number(config, "min_length")
    if least and "prompt" in given and not given.get("source") and len(given["prompt"]) == 1:
        config["min_length"] = least + 1


def source_counts(config: dict[str, Any], given: Json) -> None:
    least = number(config, "min_length")
    if least and isinstance(given.get("source"), list) and "prompt" in given:
        config["min_length"] = max(0, least - len(given["source"]) + 1)


def zero_is_unset(config: dict[str, Any], given: Json) -> None:
    if config.get("min_new_tokens") == 0:
        del config["min_new_tokens"]


def without_a_limit(config: dict[str, Any], given: Json) -> None:
    if config.get("max_length") is None and config.get("max_new_tokens") is None:
        config.pop("forced_eos_token_id", None)


def outside_is_nothing(config: dict[str, Any], given: Json) -> None:
    size = given["model"].get("vocab_size") or 0
    if size and isinstance(config.get("suppress_tokens"), list):
        config["suppress_tokens"] = [one for one in config["suppress_tokens"] if not isinstance(one, int) or one < size]


def longest_of_first(config: dict[str, Any], given: Json) -> None:
    limit, first = number(config, "max_length"), len(given["prompts"][0])
    if limit and config.get("max_new_tokens") is None and limit > first:
        config["max_new_tokens"] = limit - first


def least_of_first(config: dict[str, Any], given: Json) -> None:
    least = number(config, "min_length")
    if least and config.get("min_new_tokens") is None:
        config["min_new_tokens"] = max(0, least - len(given["prompts"][0]))


def acting(field: str) -> Defect:
    """Do what is for drawing also where nothing is drawn."""
    places = {OPERATIONS: lambda right: {**right, field: TRUNCATIONS[field]}}
    page = field.upper().replace("_", "-")
    return Defect(f"edge: {field} without drawing", ("MODE", "PIPELINE", "OUTPUTS", page), places)


def first_eos_alone(right: Any) -> Any:
    """Drop the bad word that is the first EOS, and no other."""
    field, build = right["bad_words"]

    def wrong(s: Any) -> Any:
        return build(replace(s, tokens=replace(s.tokens, eos=s.tokens.eos[:1])))

    return {**right, "bad_words": (field, wrong)}


def stripped(right: Any) -> Any:
    """Look for stop strings in the row without the spaces at its ends."""

    def wrong(request: Any, tokens: Any) -> Any:
        if request.detokenize is None:
            return right(request, tokens)
        return right(replace(request, detokenize=lambda row: request.detokenize(row).strip()), tokens)

    return wrong


def allowed_last(right: Any) -> Any:
    """Ban what is not allowed after a token is forced."""

    def wrong(request: Any) -> Any:
        operations = list(right(request))
        names = [one.name for one in operations]
        if "prefix_allowed_tokens" in names and "forced_bos" in names:
            operations.insert(names.index("forced_bos"), operations.pop(names.index("prefix_allowed_tokens")))
        return tuple(operations)

    return wrong


def highest_of_a_lookup(right: Any) -> Any:
    """Take the highest score where there is a draft of the row."""

    def wrong(request: Any, tokens: Any, scores: Any, draft: Any) -> Any:
        if draft is not None and draft.scores is None:
            return first_of(scores, scores)
        return right(request, tokens, scores, draft)

    return wrong


def without_infinity(right: Any) -> Any:
    """Refuse NaN alone."""
    return lambda applied, checked: right(applied, checked) if np.isnan(applied.scores).any() else None


def above_the_share(right: Any, scores: Any, p: float, min_keep: int = 1) -> Any:
    """Drop a token whose probability is the bound."""
    kept = right(scores, p=p, min_keep=min_keep)
    bound = scores == scores[kept > -np.inf].min() if p == 1 else np.zeros(scores.size, dtype=bool)
    bound[int(scores.argmax())] = False
    return np.where(bound, -np.inf, kept)


def in_front(right: Any, scores: Any, biases: Any, tokens: Any) -> Any:
    """Want a token in front of every sequence."""
    kept = [(sequence, bias) for sequence, bias in biases if len(sequence) == 1 or len(tokens) >= len(sequence)]
    return right(scores, biases=kept, tokens=tokens)


def rounded(right: Any, scores: Any, greenlist_ratio: float = 0.25, **named: Any) -> Any:
    size = round(scores.size * greenlist_ratio)
    return right(scores, greenlist_ratio=(size + 0.5) / scores.size if size < scores.size else 1.0, **named)


def of_any_width(right: Any, scores: Any, tokens: Any, context_width: int = 1, **named: Any) -> Any:
    return right(scores, tokens=tokens, context_width=max(1, min(context_width, len(tokens))), **named)


def after_long_prompts(right: Any, scores: Any, size: int, prompt_length: int, **named: Any) -> Any:
    return scores if prompt_length < size else right(scores, size=size, prompt_length=prompt_length, **named)


def but_the_newest(right: Any, scores: Any, tokens: Any, **named: Any) -> Any:
    return right(scores, tokens=tokens[:-1], **named)


def one_word(right: Any, scores: Any, words: Any, tokens: Any) -> Any:
    """Ban what the first word bans that bans anything."""
    each = (right(scores, words=[word], tokens=tokens) for word in words)
    return next((banned for banned in each if not np.array_equal(banned, scores)), scores)


def nan_is_least(right: Any, scores: Any) -> Any:
    return right(np.where(np.isnan(scores), -np.inf, scores))


MINIMA = ("LENGTH", "MIN-LENGTH", "MIN-NEW-TOKENS")
DEFECTS = (
    asked("edge: min_length is one more after one token", more_for_one, *MINIMA),
    asked("edge: min_length counts the source", source_counts, *MINIMA),
    asked("edge: min_new_tokens of 0 is not set", zero_is_unset, *MINIMA),
    asked("edge: forced_eos needs a limit", without_a_limit, "FORCED-EOS", "LENGTH"),
    asked("edge: suppressed ids outside the vocabulary", outside_is_nothing, "TOKENS", "SUPPRESS"),
    asked("edge: all prompts have the greatest length of the first", longest_of_first, "", batched=True),
    asked("edge: all prompts have the least length of the first", least_of_first, "", batched=True),
    refused("edge: top_k above a thousand", lambda config: (number(config, "top_k") or 0) > 1000, "TOP-K-1", "TOP-K"),
    *(acting(field) for field in ("temperature", "top_p", "top_k", "min_p")),
    Defect("edge: a bad word that is the second EOS", ("BAD-WORDS",), {OPERATIONS: first_eos_alone}),
    Defect("edge: stop strings without spaces at the ends", ("STOPPING",),
           {(f"{R}.stopping", "ends_in_stop_string"): stripped}),
    Defect("edge: allowed tokens after a forced begin", ("FORCED-BOS", "PREFIX-ALLOWED-TOKENS", "PIPELINE"),
           {(f"{R}.step", "operations_of"): allowed_last}),
    Defect("edge: the highest score in drafts of the row", ("ASSISTED",),
           {(f"{R}.modes.assisted", "verified"): highest_of_a_lookup}),
    Defect("edge: infinity is a score", ("SCORES", "GUIDANCE", "VECTORS", "EXPONENTIAL-DECAY-LENGTH-PENALTY"),
           {(f"{R}.pipeline", "require_real"): without_infinity}),
    Defect("edge: eta without the lesser", ("ETA-CUTOFF",), {(f"{R}.operations.eta_cutoff", "eta"): lambda right: (
        lambda scores, epsilon: right(scores, epsilon) if epsilon == 0 else np.sqrt(epsilon) * np.exp(
            -right.__globals__["entropy"](scores)))}),
    swapped("top_h", "min_p"),
    swapped("repetition_penalty", "exponential_decay_length_penalty"),
    operation("edge: min_p drops what is at the bound", "min_p", above_the_share),
    operation("edge: a biased sequence is not the whole row", "sequence_bias", in_front),
    operation("edge: the greenlist is rounded", "watermark", rounded),
    operation("edge: a watermark wider than the row", "watermark", of_any_width),
    operation("edge: n-grams longer than the prompt", "no_repeat_ngram", after_long_prompts),
    operation("edge: the newest token is not penalised", "repetition_penalty", but_the_newest),
    operation("edge: one bad word at a time", "bad_words", one_word),
    operation("edge: NaN is the least number", "remove_invalid_values", nan_is_least),
)
