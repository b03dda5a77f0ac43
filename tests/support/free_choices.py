"""Calls of one drawn token, of several that are equal: which of them stay is free. Text: docs/spec/top_p.md."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genspec.config.choice_points import meaning, point_named
from genspec.config.profiles import HF, PROFILES
from genspec_reference import Table, counted_noise
from support.answers import answer
from support.truncation import other_choices
from support.vectors import Case, generate_case


@dataclass(frozen=True)
class Tie:
    """Scores and a field that has to choose among equal ones."""

    point: str
    field: Mapping[str, Any]
    scores: tuple[float, ...]
    exact: bool = False


TIES: Mapping[str, Tie] = {
    "top-k-of-equal": Tie("top_k_ties", {"top_k": 2}, (1.0, 1.0, 1.0, 1.0, 0.0, -1.0)),
    "half-of-two": Tie("nucleus_boundary", {"top_p": 0.5}, (1.0, 1.0), exact=True),
    "half-of-four": Tie("nucleus_boundary", {"top_p": 0.5}, (1.0,) * 4, exact=True),
    "equal-at-the-boundary": Tie("nucleus_ties", {"top_p": 0.625}, (2.0, 1.0, 1.0, 1.0)),
    "typical-half-of-two": Tie("typical_boundary", {"typical_p": 0.5}, (1.0, 1.0), exact=True),
    "typical-half-of-four": Tie("typical_ties", {"typical_p": 0.5}, (1.0,) * 4, exact=True),
}


def free_choices() -> Iterator[Case]:
    """Give each of them under `hf`, and under the profiles that take another option there."""
    for name, tie in TIES.items():
        for profile in PROFILES.values():
            option = getattr(profile, tie.point)
            if profile == HF or option != getattr(HF, tie.point):
                words = name if profile == HF else f"{name}-{profile.name.replace('.', '-')}"
                yield with_choices(tied_call(f"tied-{words}", tie, profile.name, meaning(tie.point, option)))


def tied_call(name: str, tie: Tie, profile: str, said: str) -> Case:
    """Give the call of a tie, with noise by which the last one of the equal tokens would win."""
    config = {"do_sample": True, "top_k": 0, **tie.field, "max_new_tokens": 1, "output_scores": True,
              "return_dict_in_generate": True}
    return generate_case(
        name, [point_named(tie.point).clause, "PROFILES-2"], config, [0], Table((tie.scores,)), profile=profile,
        seed=next(seed for seed in range(200) if last_wins(seed, tie)), note=f"{tie.point}: {said}.",
        flags=("choice-point", "tie", *(("boundary", "exact") if tie.exact else ())))


def last_wins(seed: int, tie: Tie) -> bool:
    """Tell whether the last one of the equal tokens clearly wins a race of all tokens."""
    race = np.array(tie.scores) - np.log(counted_noise(seed)(0, 0, len(tie.scores)))
    first, second = np.argsort(-race)[:2]
    least = [token for token, score in enumerate(tie.scores) if score == tie.scores[1]]
    return bool(first == least[-1] and race[first] - race[second] > 0.25)


def with_choices(case: Case) -> Case:
    """List the other answers: other equal tokens stay, and one of those that stay is drawn."""
    before = np.array(case.input["model"]["lines"][0])
    after = np.array([float(score) for score in answer(case)["scores"][0][0][0]])
    noise = np.log(counted_noise(case.input["seed"])(0, 0, before.size))
    return replace(case, any_of=tuple(
        {"sequences": [[*case.input["prompt"], int(np.argmax(other - noise))]], "scores": [[[other]]]}
        for other in other_choices(before, after, before)))
