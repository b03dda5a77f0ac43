"""The law of assisted decoding: docs/spec/assisted.md. What is drawn has the law of sample, or of the mixture."""

import math
import re
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, score_vectors

from genspec import GenerationConfig
from genspec_reference import decode, seeded_noise
from genspec_reference.drafts import Draft, propose
from genspec_reference.modes import assisted
from genspec_reference.modes.assisted import excess, mixture, speculative
from genspec_reference.scores import Scores, log_softmax, softmax, support

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "assisted.md"


def drawn(target: Any, helper: Any, noise: Any, **config: Any) -> tuple[int, ...]:
    """Draw a row after the prompt 0 1, with an assistant."""
    given_config = GenerationConfig(assistant_early_exit=1, do_sample=True, top_k=0, **config)
    plan = given_config.resolve(prompt_length=2).plan
    return decode(plan, target, (0, 1), assistant=helper, noise=noise).rows[0].new_tokens


def constant(probabilities: Any) -> Any:
    """Give the same probabilities after every row."""
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(probabilities, dtype=float))
    return lambda tokens: logits


def accepted_with_probability(p: Scores, q: Scores, token: int, weight: float | None = None) -> float:
    """Measure with which noise the code turns from a rejection to an acceptance: exp(-e) of it. Bisection."""
    judged, low, high = p if weight is None else mixture(p, q, weight), 1e-12, 100.0

    def accepts(number: float) -> bool:
        noise = np.ones(2 * p.size + 2)
        noise[p.size + 1] = number
        return speculative(p, judged, Draft(token, q), noise).token == token

    if accepts(low):
        return 1.0
    if not accepts(high):
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if accepts(middle) else (middle, high)
    return math.exp(-high)


def law_of(p: Scores, q: Scores, weight: float | None = None) -> tuple[Scores, Scores]:
    """Sum over what the assistant may draw: the law of one position, and with which probability each is accepted."""
    q_of, law = softmax(q), np.zeros(p.size)
    accepted = np.array([accepted_with_probability(p, q, t, weight) if q_of[t] > 0 else 0.0 for t in range(p.size)])
    for token in support(q):
        law[token] += q_of[token] * accepted[token]
        if accepted[token] < 1 - 1e-11:
            law += q_of[token] * (1 - accepted[token]) * softmax(excess(p, q))
    return law, accepted


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Scores, Scores]:
    """Two score vectors of one vocabulary."""
    one = draw(score_vectors().filter(lambda scores: scores.size <= 5))
    few = st.sampled_from((-np.inf, -1.0, 0.0, 0.5, 2.0))
    numbers = draw(st.lists(few, min_size=one.size, max_size=one.size).filter(lambda scores: max(scores) > -np.inf))
    return one, draw(st.sampled_from((one, np.array(numbers))))


@given(pair=pairs())
@clauses("ASSISTED-9", "ASSISTED-13")
def test_the_law_of_a_position_is_that_of_sample_by_exact_enumeration(pair: tuple[Scores, Scores]) -> None:
    """The acceptance is integrated out: no number is drawn. Leviathan et al., appendix A.1."""
    p, q = pair
    law, accepted = law_of(p, q)
    np.testing.assert_allclose(law, softmax(p), atol=1e-9, err_msg=described(p=p, q=q, accepted=accepted))
    overlap = np.minimum(softmax(p), softmax(q)).sum()
    assert (softmax(q) * accepted).sum() == pytest.approx(overlap, abs=1e-9), "their theorem 3.5"


@given(pair=pairs(), weight=st.sampled_from((0.1, 0.5, 0.9)))
@clauses("ASSISTED-6", "ASSISTED-15")
def test_the_law_of_a_position_is_the_mixture_by_exact_enumeration(pair: tuple[Scores, Scores], weight: float) -> None:
    p, q = pair
    law, _ = law_of(p, q, weight)
    np.testing.assert_allclose(law, weight * softmax(p) + (1 - weight) * softmax(q), atol=1e-9)


@clauses("ASSISTED-11")
def test_a_draft_without_its_doubted_token_would_change_the_law() -> None:
    """Why the token below the threshold is part of the draft: left out, its position would be drawn from p."""
    p, q = np.log([0.5, 0.3, 0.2]), np.log([0.2, 0.2, 0.6])
    _, accepted = law_of(p, q)
    kept = softmax(q) >= 0.4
    told = softmax(q) * kept
    law = told * accepted + (told * (1 - accepted)).sum() * softmax(excess(p, q)) + softmax(q)[~kept].sum() * softmax(p)
    assert np.abs(law - softmax(p)).max() > 0.05


def worked() -> list[tuple[str, ...]]:
    table = PAGE.read_text(encoding="utf-8").partition("| p | q | w |")[2].partition("\n\n")[0]
    return [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.splitlines()[2:]]


@pytest.mark.parametrize("row", worked(), ids=" / ".join)
@clauses("ASSISTED-13", "ASSISTED-15")
def test_worked(row: tuple[str, ...]) -> None:
    with np.errstate(divide="ignore"):
        p, q = (np.log([float(word) for word in re.split(r"\s+", cell)]) for cell in row[:2])
    law, accepted = law_of(p, q, float(row[2]) if row[2] else None)
    for shown, cell in ((accepted, row[3]), (softmax(excess(p, q)), row[4]), (law, row[5])):
        np.testing.assert_allclose(shown, [float(word) for word in cell.split()], atol=5e-5)


PUBLISHED = [(0.6, 2, 1.96), (0.7, 3, 2.53), (0.8, 2, 2.44), (0.8, 5, 3.69), (0.9, 2, 2.71), (0.9, 10, 6.86)]
"""Leviathan et al., table 1: acceptance rate, drafted tokens, speed-up of an assistant that costs nothing."""


@pytest.mark.parametrize(("rate", "count", "tokens"), PUBLISHED)
@clauses("ASSISTED-13", "ASSISTED-14")
def test_the_tokens_of_a_round_are_as_many_as_published(rate: float, count: int, tokens: float) -> None:
    """Their equation 1: (1 - a^(g+1)) / (1 - a) tokens a round. Error rate of the 5 standard errors: 6e-7."""
    expected = (1 - rate ** (count + 1)) / (1 - rate)
    assert round(expected, 2) == tokens
    with mock.patch.object(assisted, "propose", wraps=propose) as rounds:
        drawn(constant([rate, 1 - rate, 0]), constant([rate, 0, 1 - rate]), seeded_noise(7), max_new_tokens=1500,
              num_assistant_tokens=count, assistant_confidence_threshold=0.0)
    lengths = np.arange(1, count + 2)
    probabilities = np.where(lengths <= count, rate ** (lengths - 1) * (1 - rate), rate**count)
    deviation = math.sqrt((probabilities * (lengths - expected) ** 2).sum() / rounds.call_count)
    assert abs(1500 / rounds.call_count - expected) < 5 * deviation + 0.02


def target(tokens: tuple[int, ...]) -> Scores:
    return np.array([[0.0, 0.75, 0.25], [1.0, 0.0, 0.5], [0.25, 0.5, 1.25]])[(tokens[-1] + len(tokens)) % 3]


def helper(tokens: tuple[int, ...]) -> Scores:
    return np.array([[1.0, 0.0, 0.5], [0.0, 0.0, 1.5], [1.5, 0.25, 0.0]])[(tokens[-1] + len(tokens)) % 3]


RUNS, CRITICAL = 2000, 76.2
"""Rows drawn; what chi-square of 26 degrees of freedom exceeds once in a million times (Wilson and Hilferty)."""


def chance(seed: int) -> Any:
    return seeded_noise(seed)


def chi_square(seed: int) -> float:
    """Draw rows of 3 tokens, of 27 possible ones, and compare them with the law of sample."""
    config = {"num_assistant_tokens": 2, "assistant_confidence_threshold": 0.35, "max_new_tokens": 3}
    counts = Counter(drawn(target, helper, chance(seed + number), **config) for number in range(RUNS))
    statistic = 0.0
    for row in product(range(3), repeat=3):
        before = [(0, 1, *row[:place]) for place in range(3)]
        expected = RUNS * math.exp(sum(log_softmax(target(tokens))[t] for tokens, t in zip(before, row, strict=True)))
        assert expected > 5, "the statistic is close to its law"
        statistic += (counts[row] - expected) ** 2 / expected
    return statistic


@clauses("ASSISTED-9", "ASSISTED-13", "ASSISTED-14", "ASSISTED-16")
def test_drawn_rows_have_the_law_of_sample() -> None:
    """Error rate 1e-6 over the choice of the seed.

    Power above 1 - 1e-6 against every law f with a sum of (f - p)^2 / p over the rows of 0.1 or more: the statistic
    then has a mean above 226 and a standard deviation of 29. The next test shows that faults are seen.
    """
    assert chi_square(0) < CRITICAL


def accepting_by_the_draft_s_noise(seed: int) -> Any:
    """Make a fault: the number that accepts a draft token is one of those that drew it."""
    def noise(row: int, step: int, size: int) -> Scores:
        numbers = seeded_noise(seed)(row, step, size)
        numbers[4:5] = numbers[5:6]
        return numbers
    return noise


FAULTS: dict[str, tuple[str, Any]] = {
    "every draft accepted": ("genspec_reference.modes.assisted.acceptance", lambda judged, proposed, token: np.inf),
    "p where p - q is due": ("genspec_reference.modes.assisted.excess", lambda scores, proposed: scores),
    "one number for two uses": (f"{__name__}.chance", accepting_by_the_draft_s_noise),
    "one noise for all steps": (
        f"{__name__}.chance", lambda seed: lambda row, step, size: seeded_noise(seed)(row, 0, size)),
}


@pytest.mark.parametrize("fault", FAULTS)
@clauses("ASSISTED-13", "ASSISTED-16")
def test_the_statistic_sees_a_fault(fault: str) -> None:
    with mock.patch(*FAULTS[fault]):
        assert chi_square(0) > 1.5 * CRITICAL
