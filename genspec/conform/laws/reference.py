"""What the reference says of the next token: exact probabilities in float64, from the pipeline of the specification."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from genspec.config.generation_config import GenerationConfig
from genspec.conform.laws.law import Next, State
from genspec.conform.vectors.reference import with_operations
from genspec_reference import Table
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax, softmax
from genspec_reference.step import score_row

LONG = 1 << 20
"""New tokens of a plan that no law comes near."""


@dataclass(frozen=True)
class Chance:
    """Noise whose last number decides XTC: exp(-last) is its chance. XTC-2."""

    last: float

    def __call__(self, row: int, step: int, size: int) -> Scores:
        """Give the numbers. float[size]."""
        return np.full(size, self.last)


ALWAYS, NEVER = Chance(700.0), Chance(1e-300)
"""XTC acts; it does not."""


def request_of(
    config: Mapping[str, Any], model: Table, prompt: State, profile: str, *, operations: tuple[Any, ...] = (),
    assistant: bool = False,
) -> Request:
    """Resolve a config and make the request of a prompt. Raises `Rejected`."""
    given = {"do_sample": True, "max_new_tokens": LONG, **config}
    plan = GenerationConfig.from_dict(given).resolve(
        prompt_length=len(prompt), vocab_size=model.vocab_size, profile=profile, assistant=assistant,
    ).plan
    return Request(with_operations(plan, operations) if operations else plan, model, prompt)


def next_token(request: Request) -> Next:
    """Give the law of the token after a row: the softmax of its scores. SAMPLE-3."""
    @cache
    def law(row: State) -> Scores:
        surprises = surprises_of(row)
        return mixed(request, lambda noise: softmax(scores(request, row, surprises, noise)))

    @cache
    def surprises_of(row: State) -> tuple[float, ...]:
        if len(row) <= len(request.prompt) or request.plan.operation("mirostat") is None:
            return ()
        before = surprises_of(row[:-1])
        return (*before, float(-log_softmax(scores(request, row[:-1], before, NEVER))[row[-1]] / np.log(2)))

    return law


def scores(request: Request, row: State, surprises: tuple[float, ...], noise: Chance) -> Scores:
    """Give the scores of the token after a row. float[V]."""
    return score_row(replace(request, noise=noise), row, surprises=surprises).scores


def mixed(request: Request, law: Any) -> Scores:
    """Give a law with and without XTC, each as often as it is. float[V]. XTC-2."""
    xtc = request.plan.operation("xtc")
    if xtc is None:
        return np.asarray(law(NEVER))
    probability = float(xtc.arguments["probability"])       # type: ignore[arg-type]  # a number, as the plan is checked
    return np.asarray(probability * law(ALWAYS) + (1 - probability) * law(NEVER))


def least_margin(request: Request, row: State) -> float:
    """Give how near a decision of the pipeline is to falling the other way, in nats or mass."""
    return score_row(replace(request, noise=ALWAYS), row).margin
