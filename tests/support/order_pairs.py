"""Pipelines of two operations whose result tells which of them comes first. Text: docs/spec/pipeline.md."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from genspec.config import Rejected
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from support.answers import answer
from support.vectors import Case, pipeline_case

SIZE, TRIES, CLEAR = 8, 12, 0.02
"""Tokens, inputs that are tried for a pair, and the least difference and margin of one that tells."""
ROW = {"tokens": [3, 1, 4, 1, 3], "prompt_length": 2, "source": [5, 1]}

ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "bad_words": {"words": [[6], [3, 2]]},
    "encoder_repetition_penalty": {"penalty": 2.0},
    "epsilon_cutoff": {"epsilon": 0.1, "min_keep": 1},
    "eta_cutoff": {"epsilon": 0.2, "min_keep": 1},
    "frequency_penalty": {"penalty": 1.0},
    "logit_bias": {"biases": [[2, 2.0], [5, -1.5]]},
    "min_p": {"p": 0.25, "min_keep": 1},
    "no_repeat_ngram": {"size": 2},
    "presence_penalty": {"penalty": 1.5},
    "repetition_penalty": {"penalty": 2.0},
    "sequence_bias": {"biases": [[[2], 2.0], [[3, 5], -1.5]]},
    "suppress": {"tokens": [0, 7]},
    "temperature": {"temperature": 2.0},
    "top_h": {"h": 0.5},
    "top_k": {"k": 3, "min_keep": 1},
    "top_n_sigma": {"n": 1.0},
    "top_p": {"p": 0.625, "min_keep": 1},
    "typical_p": {"p": 0.625, "min_keep": 1},
}
"""Operations that are put in pairs: those of several engines, and their neighbours in the order of `hf`."""


def order_pairs() -> Iterator[Case]:
    """Give a pipeline for each pair of `hf`, and of each other profile for pairs that `hf` has the other way round."""
    for profile in PROFILES.values():
        if profile == HF or profile.order != HF.order:
            for first, then in combinations([name for name in profile.order if name in ARGUMENTS], 2):
                if profile == HF or before(then, first, HF):
                    case = telling(first, then, profile)
                    if case is not None:
                        yield case


def before(first: str, then: str, profile: Profile) -> bool:
    """Tell whether a profile has two operations in this order."""
    order = profile.order
    return first in order and then in order and order.index(first) < order.index(then)


def telling(first: str, then: str, profile: Profile) -> Case | None:
    """Find logits after which the order of two operations shows; None when there are none among those tried."""
    for seed in range(TRIES):
        chance = random.Random(seed)
        logits = [value / 16 for value in chance.sample(range(-48, 49), SIZE)]
        names = (first, then) if profile == HF else (first, then, profile.name)
        words = "-".join(("pair", *names)).replace("_", "-").replace(".", "-")
        case = pipeline_case(words, ["PIPELINE-1"], logits, [(name, ARGUMENTS[name]) for name in (first, then)],
                             context=ROW, profile=profile.name, flags=("choice-point",),
                             note=f"{first} comes before {then}; the other way round the result is another one.")
        if tells(case):
            return case
    return None


def tells(case: Case) -> bool:
    """Tell whether the result is clearly another one the other way round."""
    turned = replace(case, input={**case.input, "operations": case.input["operations"][::-1]})
    try:
        here, there = answer(case), answer(turned)
    except (Rejected, ValueError):
        return False
    if "scores" not in here or "scores" not in there or min(one.get("margin", 1.0) for one in (here, there)) < CLEAR:
        return False
    ours, theirs = ([float(score) for score in one["scores"]] for one in (here, there))
    return not np.allclose(ours, theirs, atol=CLEAR, rtol=0)
