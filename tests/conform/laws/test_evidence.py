"""The evidence is an e-process: exactly so, by enumeration, for every law on small alphabets."""

from itertools import product
from math import comb, exp, log

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec.conform.laws.evidence import Evidence
from genspec.conform.laws.law import Law, all_of, constant
from genspec.conform.laws.power import log_moment, rows_needed
from genspec.conform.laws.reading import Reader

ROWS, STEPS, SYMBOLS = 2, 2, 2
FEW = settings(max_examples=25)


@st.composite
def distributions(draw: st.DrawFn, size: int = 3) -> np.ndarray:
    """float[size], some of it zero."""
    weights = np.array(draw(st.lists(st.integers(0, 8), min_size=size, max_size=size)), dtype=float)
    return np.full(size, 1 / size) if weights.sum() == 0 else weights / weights.sum()


@st.composite
def laws(draw: st.DrawFn) -> Law:
    """Laws with memory: another distribution after each beginning of a row."""
    def drawn() -> dict[tuple[int, ...], np.ndarray]:
        return {state: draw(distributions(SYMBOLS))
                for length in range(STEPS) for state in product(range(SYMBOLS), repeat=length)}

    null, other, third = drawn(), drawn(), drawn()
    return Law(null.__getitem__, {"other": other.__getitem__, "third": third.__getitem__}, STEPS, (), all_of)


def answers(law: Law, calls: int) -> list[tuple[float, list[list[list[list[int]]]]]]:
    """All that can come of some calls of one prompt, with the chances under the law."""
    rows = []
    for row in product(range(SYMBOLS), repeat=STEPS):
        chances = [float(law.null(row[:step])[token]) for step, token in enumerate(row)]
        if min(chances) > 0:
            rows.append((float(np.prod(chances)), list(row)))
    return [
        (float(np.prod([chance for chance, _ in drawn])),
         [[[row for _, row in drawn[call * ROWS:(call + 1) * ROWS]]] for call in range(calls)])
        for drawn in product(rows, repeat=calls * ROWS)
    ]


@FEW
@given(law=laws())
def test_the_mean_of_the_evidence_is_at_most_one_at_any_time(law: Law) -> None:
    means = np.zeros(2 * ROWS * STEPS)
    every = answers(law, 2)
    assert abs(sum(chance for chance, _ in every) - 1) < 1e-9
    for chance, calls in every:
        reader = Reader(law, law.others)
        ratios = np.concatenate([reader.ratios(answer)[0] for answer in calls])
        means += chance * np.exp(np.cumsum(ratios, axis=0)).mean(axis=1)
    assert np.all(means <= 1 + 1e-9), described(means=means)


@FEW
@given(law=laws(), rate=st.sampled_from([0.05, 0.2, 0.5]))
def test_a_right_decoder_is_accused_as_rarely_as_the_error_rate_says(law: Law, rate: float) -> None:
    accused = 0.0
    for chance, calls in answers(law, 2):
        reader = Reader(law, law.others)
        evidence = Evidence(len(reader.labels))
        reached = [evidence.add(reader.ratios(answer)[0], -log(rate)) for answer in calls]
        accused += chance * any(reached)
    assert accused <= rate + 1e-9, described(accused=accused)


@given(p=distributions(), q=distributions(), tilt=st.floats(0.05, 3))
def test_the_moment_of_a_row_is_that_of_all_rows(p: np.ndarray, q: np.ndarray, tilt: float) -> None:
    law = Law(constant(p), {}, steps=3)
    rows = [(np.prod(p[list(row)]), np.prod(q[list(row)])) for row in product(range(3), repeat=3)]
    expected = sum(b * (a / b) ** tilt for a, b in rows if a > 0 and b > 0)
    found = exp(log_moment(law, constant(q), tilt))
    assert abs(found - expected) <= 1e-9 * max(1, expected), described(found=found, expected=expected)


@given(p=distributions(2), q=distributions(2))
def test_as_many_draws_as_are_needed_are_enough(p: np.ndarray, q: np.ndarray) -> None:
    needed = rows_needed(Law(constant(p), {}), constant(q), bound=2.0, power=0.9)
    if needed > 60:
        return
    found = 0.0
    for ones in range(int(needed) + 1):         # of a draw of two symbols the number of ones is all that counts
        zeros = int(needed) - ones
        chance = comb(int(needed), ones) * q[1] ** ones * q[0] ** zeros
        impossible = (p[1] == 0 and ones > 0) or (p[0] == 0 and zeros > 0)
        won = sum(n * log(b / a) for n, a, b in ((ones, p[1], q[1]), (zeros, p[0], q[0])) if n and a > 0 and b > 0)
        found += chance * bool(impossible or won >= 2.0 - 1e-9)
    assert found >= 0.9, described(needed=needed, found=found)


def test_evidence_stops_at_the_draw_that_brings_it_to_the_bound() -> None:
    evidence = Evidence(2)
    ratios = np.log(np.array([[2.0, 0.5]] * 10))
    assert evidence.add(ratios, log(4.0)) and evidence.draws == 3 and evidence.best == 0
    assert abs(exp(evidence.greatest) - np.mean([8.0, 1 / 8])) < 1e-12, described(greatest=exp(evidence.greatest))


def test_what_rounding_may_do_is_no_evidence() -> None:
    evidence = Evidence(1, drift=0.01)
    assert not evidence.add(np.full((10_000, 1), 0.009), log(2.0)) and evidence.greatest == 0.0
