"""What the tests of the beam modes share: rows of `generate`, recordings, models given by their probabilities."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from genspec import GenerationConfig
from genspec_reference import GenerateOutput, Scripted, decode, generate
from genspec_reference.noise import Noise, seeded_noise
from genspec_reference.scores import Scores

RECORDED = Path(__file__).parent.parent / "reference" / "recorded" / "transformers-4.46.3-beams.json"
CLEAR = 1e-4
"""Nats. A decision with a smaller margin may fall either way in float32."""


def run_under(
    profile: Any, model: Any, prompt: tuple[int, ...], call: Mapping[str, Any] | None = None, **config: Any
) -> GenerateOutput:
    """Decode under a profile that need not be a published one. Modes that moved out are resolved under hf-4.46."""
    moved = {"num_beam_groups", "force_words_ids"} & config.keys()
    plan = GenerationConfig(**config).resolve(
        prompt_length=len(prompt), vocab_size=model.vocab_size, profile="hf-4.46" if moved else "hf"
    ).plan
    return decode(replace(plan, profile=profile), model, prompt, **call or {})


def least_margin(output: GenerateOutput) -> float:
    return min((step.margin for step in output.runs[0]), default=np.inf)


def lacks_candidates(output: GenerateOutput, config: Mapping[str, Any], eos: Sequence[int]) -> bool:
    """Tell whether some step had fewer candidates than places: transformers fills them with placeholders."""
    groups = config.get("num_beam_groups", 1)
    places = config["num_beams"] // groups * max(2, 1 + len(eos))
    return any(len(step.choices) < places for step in output.runs[0])


@st.composite
def beam_configs(draw: st.DrawFn, model: Scripted, prompt: tuple[int, ...]) -> dict[str, Any]:
    """Everything that decides which hypotheses are kept."""
    beams = draw(st.integers(2, 4))
    config: dict[str, Any] = {
        "num_beams": beams, "num_return_sequences": draw(st.integers(1, beams)),
        "max_new_tokens": draw(st.integers(1, 7)), "early_stopping": draw(st.sampled_from((True, False, "never"))),
        "length_penalty": draw(st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0))), "pad_token_id": 0,
    }
    if model.eos:
        config["eos_token_id"] = list(model.eos)
    extra = {
        "min_length": st.integers(1, len(prompt) + 3), "no_repeat_ngram_size": st.integers(1, 3),
        "repetition_penalty": st.sampled_from((0.8, 1.3, 2.0)),
    }
    for name in draw(st.sets(st.sampled_from(sorted(extra)), max_size=2)):
        config[name] = draw(extra[name])
    return config


def hf_rows(output: Any, prompt_length: int) -> list[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """Tokens, beam indices and scores of the rows that transformers 5.23 returns, without padding."""
    rows = []
    scores = output.sequences_scores.tolist()
    for tokens, beams, score in zip(output.sequences.tolist(), output.beam_indices.tolist(), scores, strict=True):
        new = sum(beam != -1 for beam in beams)
        rows.append((tuple(tokens[: prompt_length + new]), tuple(beams[:new]), score))
    return rows


@cache
def recorded(mode: str) -> list[dict[str, Any]]:
    """Give the cases of transformers 4.46.3 that tests/reference/recorded/record.py wrote."""
    return [case for case in recordings()["cases"] if case["mode"] == mode]


@cache
def recordings() -> dict[str, Any]:
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def replayed(case: Mapping[str, Any], profile: str = "hf-4.46") -> GenerateOutput:
    """Decode a recorded case by the reference."""
    noise: Noise | None = seeded_noise(case["seed"]) if case["mode"] == "beam_sample" else None
    model, config = model_of(case), GenerationConfig(**case["config"])
    return generate(config, model, case["prompt"], vocab_size=model.vocab_size, profile=profile, noise=noise)


def model_of(case: Mapping[str, Any]) -> Scripted:
    return Scripted(**{**case["model"], "eos": tuple(case["model"]["eos"])})


def as_4_46_writes(tokens: Sequence[int], prompt_length: int, eos: Sequence[int]) -> tuple[int, ...]:
    """Whatever EOS ends a row, 4.46.3 writes the first one."""
    if len(tokens) > prompt_length and tokens[-1] in eos:
        return (*tokens[:-1], eos[0])
    return tuple(tokens)


def same_rows(output: GenerateOutput, case: Mapping[str, Any], beams: bool = True) -> bool:
    """Tell whether the reference returns the rows of a recording: tokens, scores and beam indices, in order."""
    written = [as_4_46_writes(row.tokens, row.prompt_length, case["model"]["eos"]) for row in output.rows]
    if written != [tuple(row["tokens"]) for row in case["rows"]]:
        return False
    pairs = list(zip(output.rows, case["rows"], strict=True))
    scores = all(abs(row.score - other.get("score", row.score)) < 1e-4 * max(1, abs(row.score)) for row, other in pairs)
    return scores and (not beams or all(list(row.beam_indices) == other["beams"] for row, other in pairs))


class Tree:
    """A model given by the probabilities after each new text: `Tree(P, {(): [...], (3,): [...]})`."""

    def __init__(self, prompt_length: int, probabilities: Mapping[tuple[int, ...], Sequence[float]]) -> None:
        self.prompt_length = prompt_length
        self.probabilities = dict(probabilities)
        self.vocab_size = len(next(iter(self.probabilities.values())))

    def __call__(self, tokens: tuple[int, ...]) -> Scores:
        with np.errstate(divide="ignore"):
            return np.log(np.array(self.probabilities[tokens[self.prompt_length:]], dtype=np.float64))


def new_tokens(output: GenerateOutput) -> list[tuple[int, ...]]:
    """Give the new tokens of each row."""
    return [row.new_tokens for row in output.rows]
