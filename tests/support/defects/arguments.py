"""Every argument of an operation read as another one."""

from collections.abc import Callable, Mapping
from typing import Any

from support.defects.computed import Wrong, operation
from support.defects.defect import Defect


def one_more(value: Any) -> Any:
    return value + 1


def one_less(value: Any) -> Any:
    return max(0, value - 1)


def more(value: Any) -> Any:
    return value * 1.05


def less(value: Any) -> Any:
    return value * 0.95


def first_only(values: Any) -> Any:
    return values[:1]


def last_only(values: Any) -> Any:
    return values[-1:]


def but_last(values: Any) -> Any:
    return values[:-1] if len(values) > 1 else values


ARGUMENTS: tuple[tuple[str, str, tuple[tuple[str, Callable[[Any], Any]], ...]], ...] = (
    ("top_k", "k", (("one more", one_more), ("one less", lambda k: max(1, k - 1)))),
    ("top_k", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("top_p", "p", (("a little more", lambda p: min(1.0, p * 1.05)), ("a little less", less))),
    ("top_p", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("min_p", "p", (("a little more", lambda p: min(1.0, p * 1.05)), ("a little less", less))),
    ("min_p", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("typical_p", "p", (("a little more", lambda p: min(1.0, p * 1.05)), ("a little less", less))),
    ("typical_p", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("epsilon_cutoff", "epsilon", (("a little more", more), ("a little less", less))),
    ("epsilon_cutoff", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("eta_cutoff", "epsilon", (("a little more", more), ("a little less", less))),
    ("eta_cutoff", "min_keep", (("is 1", lambda _: 1), ("one more", one_more))),
    ("top_h", "h", (("a little more", lambda h: min(1.0, h * 1.05)), ("a little less", less))),
    ("top_n_sigma", "n", (("a little more", more), ("a little less", less))),
    ("xtc", "threshold", (("a little more", lambda t: min(1.0, t * 1.05)), ("a little less", less))),
    ("xtc", "chance", (("from the other end", lambda chance: 1 - chance),)),
    ("mirostat", "tau", (("a little more", more), ("a little less", less))),
    ("mirostat", "eta", (("has the other sign", lambda eta: 0.0),)),
    ("mirostat", "version", (("the other one", lambda version: 3 - version),)),
    ("mirostat", "surprises", (("the newest alone", last_only), ("in nats", lambda s: tuple(x * 0.6931 for x in s)))),
    ("no_repeat_ngram", "size", (("one more", one_more), ("one less", lambda size: max(1, size - 1)))),
    ("encoder_no_repeat_ngram", "size", (("one more", one_more), ("one less", lambda size: max(1, size - 1)))),
    ("encoder_no_repeat_ngram", "source", (("without its last", but_last), ("without its first", lambda s: s[1:]))),
    ("encoder_repetition_penalty", "source", (("without its last", but_last), ("without its first", lambda s: s[1:]))),
    ("min_length", "length", (("one more", one_more), ("one less", one_less))),
    ("min_length", "eos", (("the first alone", first_only), ("the last alone", last_only))),
    ("min_new_tokens", "count", (("one more", one_more), ("one less", one_less))),
    ("min_new_tokens", "eos", (("the first alone", first_only), ("the last alone", last_only))),
    ("min_new_tokens", "prompt_length", (("is 0", lambda _: 0), ("is 1", lambda _: 1))),
    ("exponential_decay_length_penalty", "start", (("one more", one_more), ("one less", lambda n: n - 1))),
    ("exponential_decay_length_penalty", "eos", (("the first alone", first_only), ("the last alone", last_only))),
    ("exponential_decay_length_penalty", "prompt_length", (("is 0", lambda _: 0),)),
    ("forced_eos", "tokens", (("the first alone", first_only), ("the last alone", last_only))),
    ("forced_eos", "max_length", (("one more", one_more), ("one less", lambda n: n - 1))),
    ("begin_suppress", "new_token", (("one more", one_more), ("is 0", lambda _: 0))),
    ("begin_suppress", "tokens", (("the first alone", first_only), ("the last alone", last_only))),
    ("suppress", "tokens", (("the first alone", first_only), ("the last alone", last_only))),
    ("bad_words", "words", (("the first alone", first_only), ("the last alone", last_only))),
    ("sequence_bias", "biases", (("the first alone", first_only), ("the last alone", last_only))),
    ("logit_bias", "biases", (("the first alone", first_only), ("the last alone", last_only))),
    ("dry", "allowed_length", (("one more", one_more), ("one less", lambda n: max(1, n - 1)))),
    ("dry", "breakers", (("none", lambda _: ()), ("the first alone", lambda b: list(b)[:1]))),
    ("dry", "window", (("all", lambda _: None), ("one more", lambda n: n if n is None else n + 1))),
    ("watermark", "hashing_key", (("one more", one_more),)),
    ("watermark", "greenlist_ratio", (("a little more", lambda r: min(1.0, r * 1.3)),)),
    ("watermark", "context_width", (("one more", one_more), ("is 1", lambda _: 1))),
    ("watermark", "seeding_scheme", (("the other one", lambda s: "lefthash" if s == "selfhash" else "selfhash"),)),
    ("diversity", "taken", (("each once", lambda taken: tuple(set(taken))), ("without the newest", lambda t: t[:-1]))),
    ("guidance", "scale", (("a little more", more), ("one less", lambda g: g - 1))),
)


def argument_defects() -> tuple[Defect, ...]:
    def made(name: str, argument: str, what: str, change: Callable[[Any], Any]) -> Defect:
        def wrong(right: Wrong, scores: Any, **named: Any) -> Any:
            value = named.get(argument, DEFAULTS.get((name, argument)))
            return right(scores, **{**named, argument: change(value)})

        return operation(name, f"{argument} {what}", wrong)

    return tuple(
        made(name, argument, what, change) for name, argument, changes in ARGUMENTS for what, change in changes
    )


DEFAULTS: Mapping[tuple[str, str], Any] = {
    **{(name, "min_keep"): 1 for name in ("top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff")},
    ("watermark", "hashing_key"): 15485863,
    ("watermark", "greenlist_ratio"): 0.25,
    ("watermark", "context_width"): 1,
    ("watermark", "seeding_scheme"): "lefthash",
    ("dry", "breakers"): (),
    ("dry", "window"): None,
}


DEFECTS = argument_defects()
