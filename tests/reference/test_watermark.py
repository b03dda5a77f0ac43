"""The greenlist watermark. Text: docs/spec/watermark.md."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, random_cases
from support.hf_processors import alone_and_in_a_batch, processed
from support.plans import planned, refusing_clauses
from support.strategies import described, score_vectors
from support.truncation import ignores_a_shift, kept
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec_reference.operations.watermark import TABLE, own_seed, permutation, permutation_table, watermark
from genspec_reference.scores import Scores, support
from genspec_reference.scripted import Scripted

INF = np.inf
KEY, OTHER_KEY = 15485863, -32452867
SELF: dict[str, Any] = {"seeding_scheme": "selfhash"}
SEEDS = st.one_of(st.integers(0, 2**64 - 2), st.sampled_from((0, 2**32 - 1, 2**32, 2**63, 2**64 - 2)))


def green(scores: Scores, row: Sequence[int], **options: Any) -> set[int]:
    """Give the tokens whose score grows."""
    marked = watermark(scores, tuple(row), **{"bias": 1.0, **options})
    return set(np.flatnonzero(marked > scores).tolist())


def theirs(scores: Scores, row: Sequence[int], **options: Any) -> Scores:
    given = {"greenlist_ratio": 0.25, "bias": 2.0, "hashing_key": KEY, "seeding_scheme": "lefthash",
             "context_width": 1, **options}
    return processed("WatermarkLogitsProcessor", row, scores, scores.size, "cpu", *given.values())


@given(scores=score_vectors(), row=st.lists(st.integers(0, 40), min_size=1, max_size=6), ratio=st.floats(0, 1),
       bias=st.integers(-64, 64), key=st.integers(-(2**70), 2**70))
@clauses("WATERMARK-2", "WATERMARK-3", "WATERMARK-7")
def test_watermark_adds_the_bias_to_a_part_of_the_vocabulary(
    scores: Scores, row: list[int], ratio: float, bias: int, key: int
) -> None:
    before = scores.copy()
    options = {"greenlist_ratio": ratio, "bias": bias / 8, "hashing_key": key}
    marked = watermark(scores, tuple(row), **options)
    values = described(scores=scores, row=row, marked=marked, **options)
    np.testing.assert_array_equal(scores, before)
    np.testing.assert_array_equal(support(marked), support(scores), err_msg=values)
    assert np.all((marked == scores) | (marked == scores + bias / 8)), values
    assert len(green(np.zeros(scores.size), row, greenlist_ratio=ratio, hashing_key=key)) == int(scores.size * ratio)
    np.testing.assert_array_equal(watermark(scores, tuple(row[-1:]), **options), marked, err_msg="the last token only")


@given(row=st.lists(st.integers(0, 40), min_size=2, max_size=6), shift=st.integers(-9, 9), scores=score_vectors())
@clauses("WATERMARK-3", "WATERMARK-7")
def test_watermark_laws(row: list[int], shift: int, scores: Scores) -> None:
    small, large = (green(np.zeros(30), row, greenlist_ratio=part) for part in (0.3, 0.7))
    assert small <= large, "the greenlist grows with its part"
    ignores_a_shift(lambda s: watermark(s, tuple(row)), scores, shift)
    assert green(np.zeros(30), [9, *row]) == green(np.zeros(30), row[-1:]), "the last token decides"
    both = watermark(watermark(scores, tuple(row), bias=1), tuple(row), bias=-1)
    np.testing.assert_allclose(both, scores, err_msg="a bias and its opposite")


@clauses("WATERMARK-2")
def test_watermark_knows_ids() -> None:
    """Tokens with other ids are green: no other operation of this kind asks who is who."""
    row, order = (2,), [7, 6, 5, 4, 3, 2, 1, 0]
    scores = np.arange(8.0)
    assert watermark(scores[order], row).tolist() != watermark(scores, row)[order].tolist()


@given(seed=SEEDS, size=st.integers(0, 200))
@settings(max_examples=50)
@clauses("WATERMARK-2")
def test_permutation_is_that_of_torch(seed: int, size: int) -> None:
    torch = pytest.importorskip("torch")
    expected = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    assert permutation(seed, size).tolist() == expected.tolist()


@clauses("WATERMARK-5")
def test_the_table_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    for key in (KEY, OTHER_KEY):
        expected = torch.randperm(TABLE, generator=torch.Generator().manual_seed(key)).numpy()
        np.testing.assert_array_equal(permutation_table(key), expected)


def twister(seed: int, count: int) -> list[int]:
    """Give the outputs of MT19937 as its authors wrote it down (Matsumoto and Nishimura, 2002 initialisation)."""
    state = [seed]
    for place in range(1, 624):
        state.append((1812433253 * (state[-1] ^ (state[-1] >> 30)) + place) % 2**32)
    for place in range(count):
        joined = (state[place] & 0x80000000) | (state[place + 1] & 0x7FFFFFFF)
        state.append(state[place + 397] ^ (joined >> 1) ^ (0x9908B0DF if joined & 1 else 0))
    return [tempered(word) for word in state[624:]]


def tempered(word: int) -> int:
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C5680
    word ^= (word << 15) & 0xEFC60000
    return word ^ (word >> 18)


@given(seed=SEEDS)
@settings(max_examples=20)
@clauses("WATERMARK-2")
def test_permutation_by_the_text(seed: int) -> None:
    """By exchanges with the outputs of a generator that is written out here, beyond its first 624 words."""
    words, shuffled = twister(seed % 2**32, 1000), list(range(1000))
    for place in range(1000):
        other = place + words[place] % (1000 - place)
        shuffled[place], shuffled[other] = shuffled[other], shuffled[place]
    assert permutation(seed, 1000).tolist() == shuffled


@clauses("WATERMARK-2")
def test_the_worked_permutation_of_the_page() -> None:
    assert twister(5489, 1) == [3499211612], "the first output of the authors' default seed"
    assert twister(30971726, 3) == [2245310628, 4107203092, 971849480]
    assert permutation(30971726, 8).tolist() == [4, 7, 0, 2, 5, 3, 6, 1]
    assert permutation_table(KEY)[:3].tolist() == [138280, 994103, 467886]
    assert green(np.zeros(8), [2]) == {4, 7}
    assert len(green(np.zeros(9), [2])) == 2, "a quarter of 9"


@pytest.mark.parametrize(("size", "ratio", "count"), [(10, 0.3, 3), (100, 0.29, 28), (100, 0.57, 56), (8, 0, 0),
                                                     (8, 1, 8), (3, 0.25, 0), (4, 0.25, 1)])
@clauses("WATERMARK-2", "WATERMARK-7")
def test_watermark_boundary_of_the_greenlist(size: int, ratio: float, count: int) -> None:
    """0.3 · 10 is 3 as a product of 64-bit numbers, though the number 0.3 is a little less."""
    assert len(green(np.zeros(size), [1], greenlist_ratio=ratio)) == count


@clauses("WATERMARK-3")
def test_watermark_takes_the_seed_modulo() -> None:
    assert green(np.zeros(50), [3], hashing_key=2**64 - 1) == green(np.zeros(50), [0])
    assert green(np.zeros(50), [1], hashing_key=2**64) == green(np.zeros(50), [1], hashing_key=1)
    assert green(np.zeros(50), [1], hashing_key=-1) == green(np.zeros(50), [1], hashing_key=2**64 - 2)


@given(size=st.integers(40, 90), row=st.lists(st.integers(0, 30), min_size=3, max_size=5), width=st.integers(1, 3),
       key=st.sampled_from((KEY, OTHER_KEY)), seed=st.integers(0, 99))
@settings(max_examples=25)
@clauses("WATERMARK-4", "WATERMARK-5")
def test_selfhash_asks_the_forty_highest(size: int, row: list[int], width: int, key: int, seed: int) -> None:
    scores = np.random.default_rng(seed).permutation(size) / 8
    options = {**SELF, "context_width": width, "greenlist_ratio": 0.5, "hashing_key": key}
    found = green(scores, row, **options)
    assert found <= set(np.argsort(-scores)[:40].tolist())
    np.testing.assert_array_equal(watermark(scores, tuple(row), **options), theirs(scores, row, **options))
    assert green(scores, [9, *row], **options) == found, "tokens before the window mean nothing"


@clauses("WATERMARK-4")
def test_selfhash_decides_each_token_alone() -> None:
    """Other scores of other tokens change nothing, as long as the same ones are among the 40."""
    scores = np.arange(60.0)
    found = green(scores, [5], greenlist_ratio=0.5, **SELF)
    assert found == green(np.where(scores >= 20, scores[::-1], -5), [5], greenlist_ratio=0.5, **SELF) & found
    assert min(found) >= 20
    assert green(np.zeros(60), [5], greenlist_ratio=1, **SELF) == set(range(40)), "equal scores: the lowest ids"


@clauses("WATERMARK-5")
def test_own_seed_is_the_least_signed_product() -> None:
    """The product of token 1 with itself has 64 bits, and is a negative number where there is a sign."""
    h = [int(entry) + 1 for entry in permutation_table(KEY)[:3]]
    products = [KEY * h[u] * h[1] for u in (0, 2, 1)]
    assert max(products[:2]) < 2**63 < products[2] < 2**64
    assert own_seed((0, 2, 1), KEY) == products[2] - 2**64 + 2**64 - 1, "negative, so modulo 2^64 - 1"
    assert own_seed((TABLE, TABLE + 2, TABLE + 1), KEY) == own_seed((0, 2, 1), KEY)
    assert own_seed((0, 2), KEY) == min(KEY * h[0] * h[2], KEY * h[2] * h[2])
    assert own_seed((1, 0), KEY) == min(KEY * h[1] * h[0], KEY * h[0] * h[0])


@pytest.mark.parametrize("options", [{}, SELF])
@clauses("WATERMARK-6")
def test_watermark_needs_a_row_of_the_width(options: dict[str, Any]) -> None:
    scores = np.arange(8.0)
    changed = [green(scores, row, context_width=3, greenlist_ratio=0.5, **options) for row in ([1, 2], [1, 2, 3])]
    assert changed[0] == set() != changed[1]
    assert watermark(scores, (), **options).tolist() == scores.tolist()


@clauses("WATERMARK-7")
def test_watermark_never_gives_a_token_back() -> None:
    few = np.array([-INF, 1.0, -INF, 0.0])
    for options in ({}, SELF):
        assert kept(watermark(few, (1,), greenlist_ratio=1, **options)) == {1, 3}
        assert watermark(np.full(3, -INF), (1,), greenlist_ratio=1, **options).tolist() == [-INF] * 3


OPTIONS = st.fixed_dictionaries({
    "greenlist_ratio": st.integers(1, 31).map(lambda part: part / 32),
    "bias": st.integers(-64, 64).map(lambda part: part / 8),
    "hashing_key": st.sampled_from((KEY, OTHER_KEY, 1, 2**63 - 1, -(2**63), 2**64 - 1)),
    "context_width": st.integers(1, 4),
})


@given(scores=score_vectors(), row=st.lists(st.integers(0, 40), min_size=1, max_size=6), options=OPTIONS)
@settings(max_examples=40)
@clauses("WATERMARK-2", "WATERMARK-3", "WATERMARK-6", "WATERMARK-7")
def test_watermark_against_transformers(scores: Scores, row: list[int], options: dict[str, Any]) -> None:
    np.testing.assert_array_equal(watermark(scores, tuple(row), **options), theirs(scores, row, **options))


@pytest.mark.parametrize(("options", "error"), [
    ({"greenlist_ratio": 0.0}, ValueError), ({"greenlist_ratio": 1.0}, ValueError),
    ({"hashing_key": 2**64}, ValueError), ({"hashing_key": -(2**63) - 1}, ValueError), (SELF, IndexError),
])
@clauses("WATERMARK-1", "WATERMARK-3", "WATERMARK-4")
def test_deviation_transformers_raises(options: dict[str, Any], error: type[Exception]) -> None:
    scores = np.arange(39.0)
    assert watermark(scores, (1,), **options).size == 39
    with pytest.raises(error):
        theirs(scores, [1], **options)


@clauses("WATERMARK-6")
def test_deviation_padding_counts() -> None:
    """Padding makes the row beside a longer one wide enough."""
    config = pytest.importorskip("transformers").WatermarkingConfig(context_width=2)
    alone, batch = alone_and_in_a_batch([7], [3, 3], [0.0] * 50, watermarking_config=config)
    assert (alone.tolist(), len(set(batch.tolist()))) == ([0.0] * 50, 2)


@clauses("WATERMARK-1")
def test_watermark_in_a_plan() -> None:
    operation = planned("watermark", {"watermarking_config": {"bias": 2.5, "greenlist_ratio": 1}})
    assert operation is not None
    assert operation.arguments == {"greenlist_ratio": 1, "bias": 2.5, "hashing_key": KEY,
                                   "seeding_scheme": "lefthash", "context_width": 1}
    assert planned("watermark", {}) is None
    assert refusing_clauses({"watermarking_config": {"seeding_scheme": "righthash"}}) == {"WATERMARK-1"}


def drawn(rng: Random, size: int) -> Made:
    options = {"greenlist_ratio": rng.choice((0.25, 0.5, 0.75)), "bias": rng.choice((0.5, 2.0, -1.0)),
               "hashing_key": rng.choice((KEY, OTHER_KEY)), "seeding_scheme": rng.choice(("lefthash", "selfhash")),
               "context_width": rng.choice((1, 1, 2, 4))}
    row = drawn_row(rng, size)
    return options, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def vectors() -> Iterator[Case]:
    scores = [float(token) / 8 for token in range(12)]
    whole = {"greenlist_ratio": 0.25, "bias": 2.0, "hashing_key": KEY, "seeding_scheme": "lefthash", "context_width": 1}
    own = {**whole, **SELF}
    rows: list[tuple[str, str, dict[str, Any], list[int], tuple[str, ...], str]] = [
        ("lefthash", "3", whole, [3, 2], (), ""),
        ("lefthash-token-zero", "3", whole, [0], ("boundary",), "The seed is 0."),
        ("lefthash-large-token", "3", whole, [100000], (), ""),
        ("lefthash-negative-key", "3", {**whole, "hashing_key": -1}, [5], ("boundary",), "The product is negative."),
        ("lefthash-width-of-two", "3", {**whole, "context_width": 2}, [3, 2], (), ""),
        ("negative-bias", "3", {**whole, "bias": -1.5}, [3, 2], (), ""),
        ("selfhash", "4", {**own, "greenlist_ratio": 0.5}, [3, 2], (), ""),
        ("selfhash-of-three", "5", {**own, "greenlist_ratio": 0.5, "context_width": 3}, [3, 2, 7], (), ""),
        ("selfhash-negative-key", "5", {**own, "greenlist_ratio": 0.5, "hashing_key": OTHER_KEY}, [3], (), ""),
        ("selfhash-large-tokens", "5", {**own, "greenlist_ratio": 0.5, "context_width": 2}, [2000000], (), ""),
        ("row-is-shorter", "6", {**whole, "context_width": 3}, [3, 2], ("boundary",), "The row has n - 1 tokens."),
        ("row-is-shorter-selfhash", "6", {**own, "context_width": 3, "greenlist_ratio": 1}, [3, 2], ("boundary",),
         "The row has n - 1 tokens, and with the candidate n."),
        ("row-is-empty", "6", whole, [], ("empty",), ""),
        ("nobody-is-green", "7", {**whole, "greenlist_ratio": 0.0625}, [3], ("empty",), ""),
        ("part-of-zero", "7", {**whole, "greenlist_ratio": 0}, [3], ("empty", "boundary"), "transformers refuses 0."),
        ("everybody-is-green", "7", {**whole, "greenlist_ratio": 1}, [3], ("boundary",), "transformers refuses 1."),
        ("part-rounds-up", "2", {**whole, "greenlist_ratio": 0.25}, [4], ("boundary",), "12 · 0.25 is 3 exactly."),
    ]
    for name, clause, options, tokens, flags, note in rows:
        yield operation_case(name, [f"WATERMARK-{clause}"], "watermark", scores, options,
                             context={"tokens": tokens, "prompt_length": min(1, len(tokens))}, flags=flags, note=note)
    yield operation_case("ten-times-three-tenths", ["WATERMARK-2"], "watermark", [0.0] * 10,
                         {**whole, "greenlist_ratio": 0.3}, context={"tokens": [6]}, flags=("boundary",),
                         note="The product of the 64-bit numbers is 3.")
    yield operation_case("masked-tokens", ["WATERMARK-7"], "watermark", [0.0, -INF, 1.0, -INF],
                         {**whole, "greenlist_ratio": 1}, context={"tokens": [1]}, flags=("masked",))
    yield operation_case("nothing-left", ["WATERMARK-7"], "watermark", [-INF] * 3, {**whole, "greenlist_ratio": 1},
                         context={"tokens": [1]}, flags=("masked", "all-masked"))
    yield operation_case("vocabulary-of-one", ["WATERMARK-2"], "watermark", [0.5], {**whole, "greenlist_ratio": 1},
                         context={"tokens": [0]}, flags=("small-vocabulary",))
    many = [float(token % 50) / 16 + token / 1024 for token in range(50)]
    yield operation_case("forty-of-fifty", ["WATERMARK-4"], "watermark", many, {**own, "greenlist_ratio": 1},
                         context={"tokens": [1]}, note="Only the 40 highest are asked about.")
    yield operation_case("large-vocabulary", ["WATERMARK-2", "WATERMARK-3"], "watermark",
                         [float(token % 7) for token in range(700)], whole, context={"tokens": [9]}, flags=("long",),
                         note="More than the 624 words of one state of the generator.")
    named = ["WATERMARK-2", "WATERMARK-3", "WATERMARK-4", "WATERMARK-5", "WATERMARK-6", "WATERMARK-7"]
    yield from random_cases("watermark", named, drawn)
    yield pipeline_case("before-renormalize", ["WATERMARK-3"], scores, [("watermark", whole), ("renormalize", {})],
                        context={"tokens": [2]}, distribution=True)
    model = Scripted("table", 3, 12)
    yield generate_case("greedy", ["WATERMARK-1", "WATERMARK-3"],
                        {"watermarking_config": {"bias": 2.5}, "max_new_tokens": 6}, [1], model)
    yield generate_case("greedy-selfhash", ["WATERMARK-1", "WATERMARK-4"],
                        {"watermarking_config": {**SELF, "context_width": 2}, "max_new_tokens": 6}, [1], model)
    yield generate_case("empty-object", ["WATERMARK-1"], {"watermarking_config": {}, "max_new_tokens": 3}, [2], model,
                        flags=("empty",))
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("part-above-one", {"greenlist_ratio": 1.5}), ("width-of-zero", {"context_width": 0}),
        ("unknown-scheme", {"seeding_scheme": "righthash"}), ("unknown-key", {"ngram_len": 5}),
    ]
    for name, options in wrong:
        yield generate_case(name, ["WATERMARK-1"], {"watermarking_config": options}, [1], model, flags=("refused",))
