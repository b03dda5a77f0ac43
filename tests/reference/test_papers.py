"""Truncation as the papers state it: their published numbers, or, where they work no example, what they prove.

Nucleus: Holtzman et al., The Curious Case of Neural Text Degeneration, ICLR 2020.
Typical: Meister et al., Locally Typical Sampling, TACL 2023.
Eta: Hewitt et al., Truncation Sampling as Language Model Desmoothing, Findings of EMNLP 2022, and the authors' page
    on it at nlp.stanford.edu/~johnhew/truncation-sampling.html.
Min-p: Nguyen et al., Turning Up the Heat, ICLR 2025.
Top-nσ: Tang et al., Top-nσ: Not All Logits Are You Need, 2024.
Watermark: Kirchenbauer et al., A Watermark for Large Language Models, ICML 2023.
"""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, score_vectors
from support.truncation import kept, mass, subsets

from genspec_reference.operations.eta_cutoff import eta, eta_cutoff
from genspec_reference.operations.min_p import min_p
from genspec_reference.operations.renormalize import renormalize
from genspec_reference.operations.temperature import temperature
from genspec_reference.operations.top_n_sigma import top_n_sigma
from genspec_reference.operations.top_p import top_p, top_p_margin
from genspec_reference.operations.typical_p import typical_p, typical_p_margin
from genspec_reference.operations.watermark import watermark
from genspec_reference.scores import Scores, entropy, log_softmax, softmax

NEAR = 1e-9
FIRST, SECOND, SECOND_AT_ONE = 0.344, 0.344 * 19.1 / 80.9, 0.983 * (19.1 / 80.9) ** 3
"""Min-p's table: "light" and "sunlight" at temperature 3; 19.1 to 80.9 is their ratio, and its cube that at 1."""


@given(scores=score_vectors(), p=st.floats(0.01, 0.99))
@clauses("TOP-P-2", "RENORMALIZE-2", "SCORES-3")
def test_nucleus_rescales_by_its_mass(scores: Scores, p: float) -> None:
    """Holtzman, section 3.1, works no example: P' = P / p' in the nucleus, p' its mass, at least p; 0 elsewhere."""
    if top_p_margin(scores, p) < NEAR:
        return
    nucleus, q = kept(top_p(scores, p)), softmax(scores)
    whole = mass(scores, nucleus)
    expected = [q[t] / whole if t in nucleus else 0.0 for t in range(scores.size)]
    np.testing.assert_allclose(np.exp(renormalize(top_p(scores, p))), expected, atol=1e-12)
    assert whole >= p, described(scores=scores, p=p)


def flips(count: int) -> tuple[Scores, list[int]]:
    """Give the log-probability of every sequence of flips of the paper's coin, and how many heads it has."""
    heads = [sum(sequence) for sequence in product((0, 1), repeat=count)]
    return np.array([n * math.log(0.6) + (count - n) * math.log(0.4) for n in heads]), heads


@clauses("TYPICAL-P-2", "TYPICAL-P-3")
def test_typical_sequences_of_the_coin() -> None:
    """Meister, introduction: heads has probability 0.6; the most probable flips are all heads, typical are 60 of 100.

    Here 6 of 10: each of the 1024 sequences is a token. The surprise of 6 heads is the entropy itself.
    """
    scores, heads = flips(10)
    assert entropy(scores) == pytest.approx(-10 * (0.6 * math.log(0.6) + 0.4 * math.log(0.4)))
    typical = kept(typical_p(scores, 0.2))
    assert {heads[t] for t in typical} == {6}
    assert len(typical) == math.comb(10, 6)
    assert heads[int(scores.argmax())] == 10
    assert {heads[t] for t in kept(top_p(scores, 0.2))} >= {10, 9}


@given(scores=score_vectors(), p=st.floats(0.01, 0.99))
@clauses("TYPICAL-P-2", "TYPICAL-P-3")
def test_typical_tokens_are_within_epsilon_of_the_entropy(scores: Scores, p: float) -> None:
    """Meister, equation 7: a token is locally typical when the absolute value of log p + H is below an epsilon."""
    if typical_p_margin(scores, p) < NEAR:
        return
    typical, log_q, spread = kept(typical_p(scores, p)), log_softmax(scores), entropy(scores)
    epsilon = max(abs(log_q[t] + spread) for t in typical) + NEAR / 2
    assert typical == {t for t in kept(scores) if abs(log_q[t] + spread) < epsilon}, described(scores=scores, p=p)


@clauses("TYPICAL-P-2")
def test_typical_is_the_algorithm_and_not_the_optimum() -> None:
    """Meister, erratum: the least sum of distances with enough mass may leave out the nearest token."""
    scores, tau = np.log([0.5, 0.25, 0.125, 0.125]), 0.5
    away = [abs(log_q + entropy(scores)) for log_q in log_softmax(scores)]
    enough = [tokens for tokens in subsets(range(4)) if mass(scores, tokens) >= tau - NEAR]
    optimum = min(enough, key=lambda tokens: sum(away[t] for t in tokens))
    assert (optimum, int(np.argmin(away))) == ({0}, 1)
    assert kept(typical_p(scores, tau)) == {0, 1}


@clauses("ETA-CUTOFF-2", "ETA-CUTOFF-3")
def test_eta_of_a_uniform_distribution() -> None:
    """Hewitt, authors' page: an entropy of two bits is a probability of 2 ** -2 = 0.25, and no word is truncated."""
    scores = np.zeros(4)
    assert entropy(scores) / math.log(2) == pytest.approx(2)
    assert eta(scores, 1 - 2**-40) == pytest.approx(0.25)
    for epsilon in (0.0003, 0.0006, 0.25, 0.9):
        assert eta(scores, epsilon) == pytest.approx(min(epsilon, math.sqrt(epsilon) * 0.25))
        assert kept(eta_cutoff(scores, epsilon)) == {0, 1, 2, 3}


@given(second=st.floats(0.001, 0.0499))
@clauses("ETA-CUTOFF-3", "TOP-P-2")
def test_eta_keeps_what_the_nucleus_drops_after_donald(second: float) -> None:
    """Hewitt, abstract: with p = 0.95 top-p keeps Trump alone, though other words are probable too.

    The word has at least 0.95 of the mass; 0.0006 is the eta of the authors' experiments.
    """
    scores = np.log([0.95, second, *[(0.05 - second) / 1000] * 1000])
    assert kept(top_p(scores, 0.95 - NEAR)) == {0}
    assert kept(eta_cutoff(scores, 0.0006)) >= {0, 1}


@pytest.mark.parametrize("most", [0.9, 0.5, 0.1])
@clauses("MIN-P-2")
def test_min_p_scales_its_cutoff(most: float) -> None:
    """Nguyen, equations 1 and 2: with p_base 0.1 a token stays when its probability is at least 0.1 · p_max."""
    for second, stays in ((0.1 * most + NEAR, True), (0.1 * most - NEAR, False)):
        others = [(1 - most - second) / 1000] * 1000
        assert kept(min_p(np.log([most, second, *others]), 0.1)) == ({0, 1} if stays else {0})


@clauses("MIN-P-2", "TEMPERATURE-3")
def test_min_p_of_the_rainbow() -> None:
    """Nguyen, table of the illustration "refraction, reflection, and dispersion of": light, sunlight, and others.

    Published: light has 98.3% at temperature 1 and 34.4% at 3; there min-p keeps light and sunlight, at 80.9% and
    19.1%, while top-p keeps six words at least. Here with 0.1 and 0.9, and the others below the cutoff of 3.44%.
    """
    others = round((1 - FIRST - SECOND) / 0.025)
    scores = np.log([FIRST, SECOND, *[(1 - FIRST - SECOND) / others] * others])
    few = min_p(scores, 0.1)
    assert kept(few) == {0, 1}
    assert softmax(few)[:2] == pytest.approx([0.809, 0.191], abs=5e-4)
    assert len(kept(top_p(scores, 0.9))) >= 6
    assert SECOND_AT_ONE < 1 - 0.983, "the two of them fit at temperature 1"
    at_three = softmax(temperature(np.log([0.983, SECOND_AT_ONE]), 3))
    assert at_three == pytest.approx([0.809, 0.191], abs=5e-4)


@given(scores=score_vectors(), n=st.floats(0.1, 4), t=st.sampled_from((0.25, 0.5, 2.0, 3.0, 16.0)))
@clauses("TOP-N-SIGMA-2", "TEMPERATURE-3")
def test_top_n_sigma_keeps_the_same_at_every_temperature(scores: Scores, n: float, t: float) -> None:
    """Tang, abstract: the tokens that stay do not depend on the temperature, as those of min-p do."""
    real = scores[scores > -np.inf]
    if np.abs(real.max() - n * real.std() - real).min() < NEAR and real.std() > 0:
        return
    assert kept(top_n_sigma(temperature(scores, t), n)) == kept(top_n_sigma(scores, n)), described(scores=scores, n=n)
    wide = np.array([3.0, 1.0, 0.0])
    assert kept(min_p(wide, 0.1)) != kept(min_p(temperature(wide, 3.0), 0.1))


@clauses("TOP-N-SIGMA-2")
def test_top_n_sigma_threshold() -> None:
    """Tang: the maximum minus n standard deviations. 2, 4, 4, 4, 5, 5, 7, 9 have one of 2.

    The authors' code divides by V - 1 instead of V, which makes it 2.14; the specification and llama.cpp by V.
    """
    scores = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    assert kept(top_n_sigma(scores, 1)) == {6, 7}
    assert kept(top_n_sigma(scores, 0.99)) == {7}
    assert kept(top_n_sigma(scores, 2)) == {4, 5, 6, 7}


@given(scores=score_vectors(), token=st.integers(0, 999), delta=st.floats(0, 8))
@clauses("WATERMARK-3", "SCORES-3")
def test_watermark_law_of_the_greenlist(scores: Scores, token: int, delta: float) -> None:
    """Kirchenbauer, algorithm 2, works no example: a green mass G becomes G e^δ / (G e^δ + 1 - G)."""
    ids = np.flatnonzero(watermark(np.zeros(scores.size), (token,), greenlist_ratio=0.5, bias=1.0))
    before = softmax(scores)[ids].sum()
    after = softmax(watermark(scores, (token,), greenlist_ratio=0.5, bias=delta))[ids].sum()
    assert after == pytest.approx(before * math.exp(delta) / (before * math.exp(delta) + 1 - before))
