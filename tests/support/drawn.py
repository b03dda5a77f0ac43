"""Random cases of the published vectors: drawn from the name of the operation, so that they never change."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np

from genspec_reference import Scripted, Table
from support.vectors import Case, generate_case, operation_case

Made = tuple[Mapping[str, Any], Mapping[str, Any]]
"""The arguments of an operation and its context."""


def random_cases(
    operation: str, clauses: Sequence[str], make: Callable[[Random, int], Made], *, count: int = 32,
    name: str = "random", flags: Sequence[str] = (), **more: Any,
) -> Iterator[Case]:
    """Draw L0 cases. `make(rng, V)` gives arguments and context."""
    for number in range(count):
        rng = Random(f"{operation} {name} {number}")
        size = rng.choice((2, 3, 5, 8, 13, 17))
        scores = drawn_scores(rng, size)
        arguments, context = make(rng, size)
        yield operation_case(f"{name}-{number:02d}", clauses, operation, scores, arguments, context=context,
                             flags=("random", *flags, *flags_of(scores)), **more)


def drawn_scores(rng: Random, size: int) -> list[float]:
    """Draw multiples of 1/32, or of few levels; sometimes tokens at minus infinity, never all."""
    few = rng.random() < 0.25
    scores = [rng.choice((-2.0, -0.5, 0.0, 1.5)) if few else rng.randrange(-128, 128) / 32 for _ in range(size)]
    if rng.random() < 0.4:
        for token in rng.sample(range(size), rng.randrange(1, size)):
            scores[token] = -np.inf
    return scores


def drawn_row(rng: Random, size: int, least: int = 1, most: int = 12) -> list[int]:
    """Draw a row with repetitions: few of the tokens, or all."""
    few = rng.sample(range(size), min(size, rng.choice((1, 2, 3, size))))
    return [rng.choice(few) for _ in range(rng.randint(least, most))]


def drawn_sequence(rng: Random, row: Sequence[int], size: int) -> list[int]:
    """Draw token ids: the last tokens of the row, one of them changed now and then, and one more."""
    prefix = list(row[len(row) - rng.randint(0, min(3, len(row))):])
    if rng.random() < 0.15:
        prefix = [rng.randrange(size), *row]
    if prefix and rng.random() < 0.3:
        prefix[rng.randrange(len(prefix))] = rng.randrange(size)
    return [*prefix, rng.randrange(size)]


def drawn_ids(rng: Random, size: int, most: int = 3) -> list[int]:
    """Draw a few different ids."""
    return rng.sample(range(size), rng.randint(1, min(most, size)))


def flags_of(scores: Sequence[float]) -> tuple[str, ...]:
    """Name what is special about the scores of a random case."""
    found = {
        "masked": -np.inf in scores, "zero-score": 0.0 in scores, "small-vocabulary": len(scores) == 1,
        "negative-scores": all(score < 0 for score in scores),
    }
    return tuple(flag for flag, holds in found.items() if holds)


BEAM_PROFILES = ("hf", "hf", "hf-4.50", "hf-4.46", "ctranslate2", "onnxruntime-genai", "openvino-genai", "vllm",
                 "sglang", "fairseq", "t5x")


def search_case(
    number: int, clauses: Sequence[str], *, name: str = "corner", draws: bool = False, steps_shown: bool = False
) -> Case:
    """Draw an L3 case of beams from its number: many EOS ids, few tokens, long prompts, masked logits, any profile.

    `steps_shown`: the result has the scores of every step, and so says how many there are.
    """
    rng = Random(f"{name} {number}")
    size, beams, steps = rng.choice((3, 4, 6, 9)), rng.randint(2, 4), rng.randint(2, 9)
    eos = tuple(rng.sample(range(size), rng.randint(1, min(3, size - 1))))
    config: dict[str, Any] = {
        "num_beams": beams, "num_return_sequences": beams, "max_new_tokens": steps, "eos_token_id": list(eos),
        "early_stopping": rng.choice((True, False, False, "never", "never")),
        "length_penalty": rng.choice((-2.0, -0.5, 0.0, 0.5, 1.0, 2.0)),
    }
    if rng.random() < 0.4:
        config |= rng.choice(({"min_length": 6}, {"min_new_tokens": 3}, {"no_repeat_ngram_size": 2},
                              {"no_repeat_ngram_size": 1}, {"suppress_tokens": [0]}, {"repetition_penalty": 1.5}))
    if steps_shown:
        config |= {"return_dict_in_generate": True, "output_scores": True}
    if draws:
        config |= {"do_sample": True, "top_k": 0, "temperature": rng.choice((0.5, 1.0, 2.0))}
    prompt = drawn_row(rng, size, most=9)
    model = drawn_model(rng, size, eos)
    noise = {"seed": number} if draws else {}
    flags = ["eos-rich"] + ["several-eos"] * (len(eos) > 1) + ["masked"] * isinstance(model, Table)
    profile = rng.choice(BEAM_PROFILES)
    return generate_case(
        f"{name}-{number}", clauses, config, prompt, model, profile=profile, flags=("random", *flags), **noise,
        note="" if profile == "hf" else f"The choice points of {profile}.",
    )


def drawn_model(rng: Random, size: int, eos: tuple[int, ...]) -> Scripted | Table:
    """Draw a scripted model that often ends rows; a third of them have lines with tokens at minus infinity."""
    if rng.random() < 0.7:
        return Scripted(rng.choice(("history", "history", "table")), rng.randrange(1 << 32), size, eos)
    return Table(tuple(tuple(-np.inf if rng.random() < 0.25 else rng.randrange(-128, 128) / 32 for _ in range(size))
                       for _ in range(size)), eos)
