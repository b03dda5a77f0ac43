"""Batches of prompts with logits for every step, for a pipeline of all lines at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import DecodingPlan

LEVELS = st.integers(-128, 127).map(lambda level: level / 32)


@dataclass(frozen=True)
class Batch:
    """Prompts with the plan of each, what follows them, and logits for every step."""

    config: Mapping[str, Any]
    vocab_size: int
    prompts: tuple[tuple[int, ...], ...]
    tokens: tuple[tuple[int, ...], ...]             # steps times lines
    logits: tuple[np.ndarray, ...]                  # steps + 1 times float[lines, V]
    sources: tuple[tuple[int, ...], ...] | None = None

    @property
    def plans(self) -> list[DecodingPlan]:
        """Resolve the config for each prompt."""
        config = GenerationConfig.from_dict(dict(self.config))
        architecture = "decoder-only" if self.sources is None else "encoder-decoder"
        return [
            config.resolve(prompt_length=len(prompt), vocab_size=self.vocab_size, architecture=architecture).plan
            for prompt in self.prompts
        ]


def few(vocab_size: int, most: int = 3) -> st.SearchStrategy[list[int]]:
    """Few different ids."""
    return st.lists(st.integers(0, vocab_size - 1), min_size=1, max_size=most, unique=True)


@st.composite
def fields(draw: st.DrawFn, vocab_size: int) -> dict[str, Any]:
    """Configs with up to four operations of all kinds."""
    ids = st.integers(0, vocab_size - 1)
    sequences = st.lists(ids, min_size=1, max_size=3)
    choices: dict[str, st.SearchStrategy[Any]] = {
        "temperature": st.sampled_from((0.5, 0.75, 2.0)),
        "top_k": st.integers(1, vocab_size + 1),
        "top_p": st.floats(0.01, 0.99),
        "min_p": st.floats(0.01, 1.0),
        "typical_p": st.floats(0.01, 0.99),
        "epsilon_cutoff": st.floats(0.001, 0.5),
        "eta_cutoff": st.floats(0.001, 0.5),
        "top_h": st.floats(0.05, 1.0),
        "repetition_penalty": st.sampled_from((0.5, 1.25, 2.0)),
        "encoder_repetition_penalty": st.sampled_from((0.5, 1.25, 2.0)),
        "no_repeat_ngram_size": st.integers(1, 4),
        "encoder_no_repeat_ngram_size": st.integers(1, 3),
        "bad_words_ids": st.lists(sequences, min_size=1, max_size=4),
        "sequence_bias": st.lists(st.tuples(sequences, LEVELS).map(list), min_size=1, max_size=4,
                                  unique_by=lambda pair: tuple(pair[0])),
        "min_length": st.integers(1, 9),
        "min_new_tokens": st.integers(1, 3),
        "forced_bos_token_id": ids,
        "forced_eos_token_id": ids | few(vocab_size),
        "suppress_tokens": few(vocab_size),
        "begin_suppress_tokens": few(vocab_size),
        "exponential_decay_length_penalty": st.tuples(st.integers(0, 2), st.sampled_from((1.0, 1.5, 0.5))).map(list),
        "remove_invalid_values": st.just(True),
        "renormalize_logits": st.just(True),
        "watermarking_config": st.fixed_dictionaries({"bias": st.sampled_from((0.5, 2.0)),
                                                      "seeding_scheme": st.sampled_from(("lefthash", "selfhash"))}),
    }
    chosen = draw(st.lists(st.sampled_from(sorted(choices)), max_size=4, unique=True))
    config = {name: draw(choices[name]) for name in chosen}
    if draw(st.booleans()):
        config |= {"do_sample": True, "top_k": config.get("top_k", 0)}
    return config | {"eos_token_id": draw(few(vocab_size, 2)), "max_new_tokens": draw(st.integers(1, 4))}


@st.composite
def batches(draw: st.DrawFn, extra: Mapping[str, Any] = {}) -> Batch:
    """Up to three prompts of different lengths and up to three steps."""
    vocab_size, lines = draw(st.sampled_from((2, 3, 7, 16, 40))), draw(st.integers(1, 3))
    rows = st.lists(st.integers(0, min(vocab_size, draw(st.sampled_from((2, 40)))) - 1), min_size=1, max_size=6)
    prompts = tuple(tuple(draw(rows)) for _ in range(lines))
    config = {**draw(fields(vocab_size)), **extra}
    steps = draw(st.integers(0, config["max_new_tokens"] - 1))
    tokens = [tuple(draw(st.integers(0, vocab_size - 1)) for _ in range(lines)) for _ in range(steps)]
    levels = np.array([-2.0, -0.5, 0.0, 1.5]) if draw(st.booleans()) else np.arange(-128, 128) / 32
    rng, masked = np.random.default_rng(draw(st.integers(0, 9999))), draw(st.sampled_from((0.0, 0.0, 0.3, 0.9)))
    shape = steps + 1, lines, vocab_size
    logits = np.where(rng.random(shape) < masked, -np.inf, rng.choice(levels, shape))
    sources = None
    if draw(st.integers(0, 3)) == 0:
        sources = tuple(tuple(draw(rows)) for _ in range(lines))
    batch = Batch(config, vocab_size, prompts, tuple(tokens), tuple(logits), sources)
    try:
        assert batch.plans
    except Rejected:
        assume(False)
    return batch
