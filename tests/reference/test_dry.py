"""Don't repeat yourself. Text: docs/spec/dry.md."""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.strategies import described, relabelings, renamed, score_vectors, situations
from support.vectors import Case, operation_case

from genspec.config import Rejected
from genspec_reference.context import Context
from genspec_reference.operations.dry import dry
from genspec_reference.scores import Scores, softmax

Row = tuple[int, ...]
LENGTHS = st.integers(1, 4)
WINDOWS = st.none() | st.integers(0, 14)
FACTS = {"multiplier": 1.0, "base": 2.0, "allowed_length": 1}
ROWS = st.lists(st.integers(0, 3), max_size=14).map(tuple)


def lost(tokens: Row, size: int = 5, **changes: Any) -> list[float]:
    """Give what each token loses."""
    return (-dry(np.zeros(size), **{**FACTS, **changes}, tokens=tokens)).tolist()


def by_string_search(tokens: Row, window: int | None, breakers: list[Row]) -> dict[str, int]:
    """Give n(t) by the clauses: try every length, and look for the end of the row and t as for text in a text."""
    row = "".join(map(str, tokens))
    row = row if window is None else row[max(0, len(row) - window):]
    words = ["".join(map(str, breaker)) for breaker in breakers]
    behind = min((len(row) - row.rfind(word) - len(word) for word in words if word in row), default=len(row))
    return {
        t: max(n for n in range(behind + 1) if row[len(row) - n:] + t in row)
        for t in set(row[1:])
    }


@given(score_vectors(masked=True), ROWS, LENGTHS, WINDOWS, st.lists(ROWS.filter(bool), max_size=2))
@clauses("DRY-2", "DRY-3", "DRY-4", "DRY-5", "DRY-6")
def test_dry_penalises_what_goes_on_with_a_repetition(
    scores: Scores, tokens: Row, allowed: int, window: int | None, breakers: list[Row]
) -> None:
    repeated = by_string_search(tokens, window, breakers)
    after = dry(scores, 0.5, 2.0, allowed, tokens=tokens, window=window, breakers=breakers)
    for token, score in enumerate(scores):
        length = repeated.get(str(token), 0)
        penalty = 0.5 * 2.0 ** (length - allowed) if length >= allowed and (token,) not in breakers else 0.0
        values = described(token=token, tokens=tokens, window=window, breakers=breakers, allowed=allowed, after=after)
        assert after[token] == score - penalty, values


@given(situations(), LENGTHS, st.data())
@clauses("DRY-4")
def test_dry_laws(case: tuple[Scores, Context], allowed: int, data: st.DataObject) -> None:
    scores, context = case

    def after(scores: Scores, context: Context, allowed: int, **changes: Any) -> Scores:
        return dry(scores, **{**FACTS, "allowed_length": allowed, **changes}, tokens=context.tokens)

    moved = after(scores, context, allowed)
    assert after(scores + 4.0, context, allowed).tolist() == (moved + 4.0).tolist(), "it shifts with the scores"
    ids = data.draw(relabelings(scores.size))
    there, elsewhere = renamed(scores, context, ids)
    assert after(there, elsewhere, allowed)[list(ids)].tolist() == moved.tolist(), "names mean nothing"
    assert np.all(moved <= scores) and np.all(moved <= after(scores, context, allowed + 1))
    assert after(scores, context, allowed, multiplier=0.0).tolist() == scores.tolist()
    again = after(scores, context, allowed, window=len(context.tokens))
    assert again.tolist() == moved.tolist(), "a window of the row's length is none"


PUBLISHED: list[tuple[Row, float, int, list[Row], list[float]]] = [
    ((0, 1), 1.0, 2, [], [0.25] * 4),
    ((0, 1, 2, 0, 1), 1.0, 2, [], [0.296923, 0.296923, 0.109232, 0.296923]),
    ((0, 1, 3, 4, 0, 1), 1.0, 2, [(3,)], [0.2] * 5),
    ((0, 1, 2, 0, 1), 2.0, 2, [], [0.241818, 0.241818, 0.032727, 0.241818, 0.241818]),
    ((0, 1, 2, 3, 4, 0, 1), 1.0, 4, [], [0.2] * 5),
]


@pytest.mark.parametrize(("tokens", "multiplier", "allowed", "breakers", "wanted"), PUBLISHED)
@clauses("DRY-3", "DRY-4", "DRY-6")
def test_dry_gives_the_numbers_of_llama_cpp(
    tokens: Row, multiplier: float, allowed: int, breakers: list[Row], wanted: list[float]
) -> None:
    """Published in tests/test-sampling.cpp of llama.cpp (07e4038): base 1.1, windows that hold the row."""
    after = dry(np.zeros(len(wanted)), multiplier, 1.1, allowed, tokens=tokens, breakers=breakers)
    np.testing.assert_allclose(softmax(after), wanted, atol=1e-5)


@clauses("DRY-3")
def test_dry_takes_the_longest_repetition_and_lets_places_overlap() -> None:
    assert lost((2, 4, 0, 1, 2, 4, 3, 1, 2)) == [0, 0, 0, 0, 2], "4 stands behind `2` and behind `1 2`"
    assert lost((1, 1, 1, 1), size=2) == [0, 4]
    assert lost((1, 1), size=2) == [0, 1]
    assert lost((1,), size=2) == lost((), size=2) == [0, 0]


@clauses("DRY-4")
def test_dry_begins_at_the_allowed_length() -> None:
    row = (0, 1, 2, 3, 0, 1, 2)
    assert [lost(row, allowed_length=allowed)[3] for allowed in (1, 2, 3, 4)] == [4, 2, 1, 0]
    assert dry(np.array([-np.inf]), **FACTS, tokens=(0, 0, 0)).tolist() == [-np.inf]
    assert lost((7, 9, 1, 7, 9), size=2) == [0, 2], "an id without a score counts"
    assert lost((1, 1, 7, 1), size=2) == [0, 1], "and changes nothing"


@clauses("DRY-5", "DRY-6")
@pytest.mark.parametrize(("breakers", "penalty"), [
    ([], 8), ([(1,)], 4), ([(2,)], 2), ([(3,)], 1), ([(4,)], 0), ([(1,), (3,)], 1), ([(2, 3)], 1), ([(1, 3)], 8),
    ([(1, 2), (2, 3)], 1), ([(2, 3), (1, 2)], 1), ([(0,)], 0), ([(3, 4, 0)], 8),
])
def test_a_breaker_cuts_repetitions_behind_it(breakers: list[Row], penalty: float) -> None:
    """The end `1 2 3 4` goes on with 0."""
    assert lost((1, 2, 3, 4, 0, 1, 2, 3, 4), breakers=breakers)[0] == penalty


@clauses("DRY-5")
def test_a_breaker_counts_whole_or_not_at_all() -> None:
    row = (4, 3, 1, 2, 0, 3, 1, 2)
    assert lost(row, breakers=[(4, 3)], window=7)[0] == 4, "4 does not count, so nothing is cut"
    assert lost(row, breakers=[(0, 3, 1)])[0] == 1


@clauses("DRY-7")
@pytest.mark.parametrize(
    ("base", "greatest"), [(2.0, 2.0**127), (4.0, 4.0**63), (1.75, 1.75**158), (1.0, 1.0), (2.0**128, 1.0)]
)
def test_the_power_stays_below_two_to_the_128(base: float, greatest: float) -> None:
    assert lost((1,) * 300, size=2, base=base) == [0, greatest]


@clauses("DRY-7")
def test_the_greatest_exponent_is_still_taken() -> None:
    assert [lost((1,) * n, size=2)[1] for n in (127, 128, 129, 130)] == [2.0**125, 2.0**126, 2.0**127, 2.0**127]


WRONG: list[dict[str, Any]] = [
    {"multiplier": -0.5}, {"multiplier": np.inf}, {"multiplier": np.nan}, {"base": 0.5}, {"base": np.inf},
    {"allowed_length": 0}, {"window": -1}, {"breakers": [[1], []]},
]


WANTED = {
    "multiplier": "a real number of at least 0", "base": "a real number of at least 1",
    "allowed_length": "an integer of at least 1", "window": "an integer of at least 0",
    "breakers": "sequences of at least one token",
}


@pytest.mark.parametrize("changes", WRONG, ids=str)
@clauses("DRY-1")
def test_dry_refuses_arguments_out_of_range(changes: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        lost((1, 1, 1), **changes)
    (reason,), (name,) = caught.value.reasons, changes
    assert (reason.field, reason.clause, reason.remedy) == (name, "DRY-1", f"Give {WANTED[name]}.")


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, min(size, 4), 2, 14)
    arguments: dict[str, Any] = {
        "multiplier": rng.choice((0.5, 0.75, 1.0, 2.0)), "base": rng.choice((1.0, 1.25, 1.75, 2.0)),
        "allowed_length": rng.choice((1, 1, 2, 3)),
    }
    if rng.random() < 0.4:
        arguments["window"] = rng.randint(0, len(row) + 1)
    if rng.random() < 0.5:
        arguments["breakers"] = [rng.sample(row, rng.randint(1, 2)) for _ in range(rng.randint(1, 2))]
    return arguments, {"tokens": row, "prompt_length": rng.randint(0, len(row))}


def vectors() -> Iterator[Case]:
    scores, row = [1.0, -1.0, 0.0, 2.0, -2.0], [0, 1, 2, 3, 1, 2]

    def case(name: str, clause: str, tokens: list[int], changes: dict[str, Any], **more: Any) -> Case:
        return operation_case(name, clause.split(), "dry", more.pop("scores", scores), {**FACTS, **changes},
                              context={"tokens": tokens, "prompt_length": 1}, **more)

    yield case("longest", "DRY-3 DRY-4", row, {})
    yield case("extreme", "DRY-3 DRY-4", row, {"multiplier": 128.0})
    yield case("equal-to-the-allowed-length", "DRY-4", row, {"allowed_length": 2}, flags=("boundary",),
               note="The repetition of 2 is as long as the allowed length: the power is 1.")
    yield case("below-the-allowed-length", "DRY-4", row, {"allowed_length": 3})
    yield case("overlapping", "DRY-3", [1, 1, 1, 1], {}, flags=("repeated-ids",))
    yield case("two-places", "DRY-3", [3, 2, 4, 1, 2, 4, 1, 2], {})
    yield case("prompt-counts", "DRY-2", row, {})
    for window in (0, 3, 4, 5, 6, 7):
        yield case(f"window-of-{window}", "DRY-2", row, {"window": window},
                   flags=("empty",) if window == 0 else ())
    yield case("row-of-one", "DRY-3", [1], {})
    yield case("empty-row", "DRY-3", [], {}, flags=("empty",))
    yield case("first-token-alone", "DRY-3", [4, 0, 1], {})
    for name, breakers in (("breaker", [[1]]), ("breaker-at-the-end", [[2]]), ("breaker-of-two", [[3, 1]]),
                           ("breaker-not-there", [[4]]), ("several-breakers", [[0], [1], [3, 1]]),
                           ("overlapping-breakers", [[1, 2], [2, 3]]), ("breaker-not-whole", [[2, 0]])):
        yield case(name, "DRY-5", row, {"breakers": breakers})
    yield case("breaker-of-itself", "DRY-6", row, {"breakers": [[3]]})
    yield case("breaker-cut-by-the-window", "DRY-2 DRY-5", [4, 3, 1, 2, 0, 3, 1, 2],
               {"breakers": [[4, 3]], "window": 7})
    yield case("masked-stays", "DRY-4", row, {}, scores=[0.0, 0.0, 0.0, -np.inf, 0.0], flags=("masked",))
    yield case("id-without-a-score", "DRY-4", [7, 9, 1, 7, 9], {})
    yield case("base-of-one", "DRY-1 DRY-4", row, {"base": 1.0}, flags=("boundary",), note="Every repetition costs m.")
    yield case("multiplier-of-zero", "DRY-1", row, {"multiplier": 0.0}, flags=("boundary",), note="It is off.")
    for length in (128, 129, 130):
        yield case(f"power-{length}", "DRY-7", [1] * length, {}, flags=("long", "boundary"), scores=[0.0, 0.0],
                   note="2^127 is the greatest power of 2 below 2^128.")
    for name, changes in (("multiplier-below-zero", {"multiplier": -1.0}), ("base-below-one", {"base": 0.5}),
                          ("allowed-length-of-zero", {"allowed_length": 0}), ("window-below-zero", {"window": -1}),
                          ("breaker-without-tokens", {"breakers": [[]]})):
        yield case(name, "DRY-1", row, changes, flags=("refused",))
    every = [f"DRY-{number}" for number in (2, 3, 4, 5, 6)]
    yield from random_cases("dry", every, drawn, count=40)
