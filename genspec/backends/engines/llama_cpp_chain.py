"""The chain of samplers of llama.cpp on given scores: what is left of them, as probabilities.

The model says 0 for every token, so that the biases of a call are the scores; the server tells the probabilities of
the candidates after its chain, which has an order of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from genspec.dialects.llama_cpp import DIALECT
from genspec_reference import Table

SPELLED: Mapping[str, Callable[..., Mapping[str, Any]]] = {
    "temperature": lambda temperature: {"temperature": temperature},
    "top_k": lambda k, min_keep=1: {"top_k": k, "min_keep": min_keep},
    "top_p": lambda p, min_keep=1: {"top_p": p, "min_keep": min_keep},
    "min_p": lambda p, min_keep=1: {"min_p": p, "min_keep": min_keep},
    "typical_p": lambda p, min_keep=1: {"typical_p": p, "min_keep": min_keep},
    "top_n_sigma": lambda n: {"top_n_sigma": n},
    "repetition_penalty": lambda penalty: {"repeat_penalty": penalty},
    "presence_penalty": lambda penalty: {"presence_penalty": penalty},
    "frequency_penalty": lambda penalty: {"frequency_penalty": penalty},
}
"""The options of an operation, for its arguments by name."""

READS_THE_ROW = ("repetition_penalty", "presence_penalty", "frequency_penalty")


def flat(size: int) -> Table:
    """Give the model that says 0 for each of V tokens."""
    return Table(((0.0,) * size,), ())


def question(
    scores: Sequence[float], operations: Sequence[tuple[str, Mapping[str, Any]]], tokens: Sequence[int]
) -> dict[str, Any] | str:
    """Give the options that ask for the chain on scores, or say why there are none."""
    names = [name for name, _ in operations]
    if len(set(names)) < len(names):
        return "each sampler stands in the chain once"
    if not tokens and not set(names).isdisjoint(READS_THE_ROW):
        return "a row without a token cannot be asked"
    if any(token >= len(scores) for token in tokens):
        return "a row with an id outside of the vocabulary is refused"
    options: dict[str, Any] = {option.name: option.off for option in DIALECT.options if option.off is not None}
    options |= {**DIALECT.always, "temperature": 1.0, "min_keep": 0}
    for name, arguments in operations:
        try:
            options |= SPELLED[name](**arguments)
        except TypeError:
            return f"`{name}` has other arguments here: {', '.join(arguments)}"
    if options["temperature"] <= 0:
        return "a temperature of 0 is none"
    bias = [[token, False if score == -inf else score] for token, score in enumerate(scores)]
    return {**options, "logit_bias": bias, "prompt": [*tokens] or [0], "n_predict": 1, "n_probs": len(scores),
            "post_sampling_probs": True, "seed": 0}


def probabilities(answer: Mapping[str, Any], size: int) -> list[float]:
    """Read the probabilities that are left. float[V]."""
    left = {one["id"]: one["prob"] for one in answer["choices"][0]["logprobs"]["content"][0]["top_probs"]}
    return [left.get(token, 0.0) for token in range(size)]
