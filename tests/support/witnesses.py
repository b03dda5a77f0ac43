"""Calls whose tokens tell one option of a choice point from another one. Text: docs/spec/profiles.md."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genspec.config.choice_points import Point, others, point_named, written
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from genspec_reference import Scripted, Table
from support.answers import decoded
from support.vectors import Case, generate_case

Values = Mapping[str, Any]
CLEAR = 1e-3
"""The least margin of a call that tells options apart."""
BEAMS: Values = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6, "eos_token_id": [2, 5]}
LONG = (3, *(0, 1) * 40)


@dataclass(frozen=True)
class Kind:
    """What a call that shows a choice point looks like; its model has a seed of its own."""

    values: Values
    prompt: tuple[int, ...] = (1, 0)
    model: str = "history"
    vocab_size: int = 8
    eos: tuple[int, ...] = ()
    more: tuple[tuple[str, Any], ...] = ()          # members of an input


def searching(**values: Any) -> Kind:
    return Kind({**BEAMS, **values}, eos=(2, 5))


KINDS: Mapping[str, Kind] = {
    "default_length": Kind({}, (1, 0, 2), vocab_size=4),
    "nucleus_mass": Kind({"do_sample": True, "top_k": 3, "top_p": 0.75, "max_new_tokens": 3}, more=(("seed", 1),)),
    "penalty_scope": Kind({"repetition_penalty": 2.0, "max_new_tokens": 4}, vocab_size=5),
    "penalty_window": Kind({"repetition_penalty": 4.0, "max_new_tokens": 2}, LONG, vocab_size=5),
    "count_scope": Kind({"max_new_tokens": 3}, vocab_size=5, more=(
        ("operations", (("presence_penalty", {"penalty": 2.0}),)),)),
    "ngram_scope": Kind({"no_repeat_ngram_size": 2, "max_new_tokens": 6}, (1, 0, 1, 2, 1), vocab_size=4),
    "beam_input": searching(repetition_penalty=2.0),
    "beam_order": searching(repetition_penalty=2.0),
    "beam_order-in-t5x": Kind({**BEAMS, "do_sample": True, "top_k": 2, "max_new_tokens": 3}, eos=(2, 5),
                              more=(("seed", 1),)),
    "beam_candidates": Kind({"num_beams": 2, "num_return_sequences": 2, "max_new_tokens": 4, "length_penalty": 2.0,
                             "early_stopping": False, "eos_token_id": [2, 5, 6, 7]}, model="lines", eos=(2, 5, 6, 7)),
    "finishing_rank": searching(length_penalty=0.0),
    "finishing_rules": searching(early_stopping=True, max_new_tokens=4),
    "hypothesis_length": searching(max_new_tokens=5),
    "length_normalisation": searching(length_penalty=2.0),
    "default_early_stopping": searching(max_new_tokens=8),
    "stop_bound": searching(max_new_tokens=8, length_penalty=0.5, early_stopping=False),
    "beam_candidates-in-t5x": Kind({"num_beams": 2, "num_return_sequences": 2, "max_new_tokens": 4,
                                    "length_penalty": 6.0, "early_stopping": False, "eos_token_id": [2, 5, 6, 7]},
                                   model="lines", eos=(2, 5, 6, 7)),
    "stop_bound-in-onnxruntime-genai": Kind({**BEAMS, "length_penalty": 0.5, "early_stopping": False}, model="lines",
                                            eos=(2, 5)),
    "drawn_order": Kind({**BEAMS, "do_sample": True, "max_new_tokens": 4}, eos=(2, 5), more=(("seed", 1),)),
    "drawn_start": Kind({**BEAMS, "do_sample": True, "max_new_tokens": 3}, eos=(2, 5), more=(("seed", 1),)),
}


SEEDS: Mapping[str, int] = {
    "nucleus_mass-not-full": 92, "nucleus_mass-in-sglang": 92, "beam_input-in-ctranslate2": 6,
    "finishing_rank-not-any": 8, "finishing_rank-in-vllm": 8, "finishing_rank-in-t5x": 8, "finishing_rules-not-eos": 7,
    "finishing_rules-in-hf-4.46": 7, "finishing_rules-in-hf-4.38": 7, "finishing_rules-in-onnxruntime-genai": 7,
    "finishing_rules-in-openvino-genai": 7, "finishing_rules-in-vllm": 265, "hypothesis_length-not-row": 1,
    "hypothesis_length-in-onnxruntime-genai": 6, "default_early_stopping-in-t5x": 134, "stop_bound-not-candidate": 15,
    "stop_bound-in-hf-4.46": 15, "stop_bound-in-hf-4.38": 15, "stop_bound-in-onnxruntime-genai": 9,
    "drawn_order-in-hf-4.38": 2, "drawn_start-not-copies": 37,
}
"""The first seed that tells apart, where it is not 0."""


def call(kind: Kind, seed: int, profile: str, name: str = "witness", clauses: Sequence[str] = ("PROFILES-2",),
         **more: Any) -> Case:
    """Give the call of a kind with a seed."""
    model = lines(seed, kind) if kind.model == "lines" else Scripted(kind.model, seed, kind.vocab_size, kind.eos)
    return generate_case(name, clauses, kind.values, kind.prompt, model, profile=profile, **dict(kind.more),
                         **more)


def lines(seed: int, kind: Kind) -> Table:
    """Give a model that favours its EOS ids after some tokens."""
    chance = random.Random(seed)
    favour = [chance.choice((0, 48)) for _ in range(kind.vocab_size)]
    return Table(tuple(
        tuple((chance.randrange(-64, 64) + (token in kind.eos) * more) / 32 for token in range(kind.vocab_size))
        for more in favour
    ), kind.eos)


def rows(case: Case, profile: Profile) -> tuple[object, float]:
    """Give the tokens that come of a call under a profile, and the margin."""
    _, output, margin = decoded(replace(case, profile=profile), case.input["prompt"])
    return [row.tokens for row in output.rows], margin


@dataclass(frozen=True)
class Witness:
    """A call that tells the option of a profile from another one."""

    name: str
    point: str
    case: Case
    profile: Profile
    other: Profile

    @property
    def tells_apart(self) -> bool:
        """Tell whether the call clearly has other tokens under the other option.

        Copies of a prompt have equal totals, so that nothing is clear in a search that begins with them.
        """
        (here, margin), (there, beyond) = rows(self.case, self.profile), rows(self.case, self.other)
        return here != there and (min(margin, beyond) > CLEAR or "copies" in (
            self.profile.drawn_start, self.other.drawn_start))


def witnesses() -> Iterator[Witness]:
    """Give calls for each other option than that of `hf`, and for each option of a profile that `hf` does not take."""
    for point in (point_named(name) for name in KINDS if "-" not in name):
        for option in others(point, HF):
            if point.name != "count_scope":         # no operation of `hf` counts
                yield witness(f"{point.name}-not-{written(option)}", point, HF, option)
        for profile in PROFILES.values():
            if getattr(profile, point.name) != getattr(HF, point.name):
                yield witness(f"{point.name}-in-{profile.name}", point, profile, getattr(HF, point.name))


def witness(name: str, point: Point, profile: Profile, other: object) -> Witness:
    """Give one of them."""
    kind, option = KINDS.get(name, KINDS[point.name]), getattr(profile, point.name)
    note = f"{point.name} is {written(option)}; with {written(other)} other tokens come."
    words = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    case = call(kind, SEEDS.get(name, 0), profile.name, words, (point.clause, "PROFILES-2"), note=note,
                flags=("choice-point",))
    return Witness(name, point.name, case, profile, replace(profile, **{point.name: other}))
