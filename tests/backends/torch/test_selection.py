"""The ways through a step of a wide vocabulary, held to the plain one, at sizes where they are taken by themselves."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec import GenerationConfig
from genspec.backends.torch import lines, wide
from genspec.backends.torch.narrow import Narrow, finished, gathered, race
from genspec.backends.torch.narrow import first_of as first_of_few
from genspec.backends.torch.noise import CountedNoise, GeneratorNoise, Noise
from genspec.backends.torch.nucleus import nucleus
from genspec.backends.torch.operations.top_k import top_k_ranked
from genspec.backends.torch.operations.top_p import top_p, top_p_ranked
from genspec.backends.torch.pipeline import NOT_REAL, NOTHING_LEFT, Pipeline
from genspec.backends.torch.ranking import first, kth
from genspec.backends.torch.selection import first_of
from genspec.backends.torch.wide import WideScores

pytestmark = pytest.mark.filterwarnings("ignore:invalid value")       # `decode` lets NaN be

SIZES = st.sampled_from((wide.WIDE, 10_000, 50_257))
SAMPLED = {"do_sample": True, "temperature": 0.8, "top_k": 50}
CONFIGS: dict[str, dict[str, Any]] = {
    "greedy": {},
    "greedy with bans and penalties": {"no_repeat_ngram_size": 2, "repetition_penalty": 1.5,
                                       "sequence_bias": [[[3], 2.5]], "suppress_tokens": [1, 9, 700]},
    "sample": SAMPLED,
    "sample with bans and penalties": {**SAMPLED, "top_p": 0.9, "no_repeat_ngram_size": 1, "repetition_penalty": 1.5},
    "sample, min_p": {**SAMPLED, "min_p": 0.2},
    "sample, top_p alone": {"do_sample": True, "top_k": 0, "top_p": 0.5},
    "sample, top_p and min_p": {"do_sample": True, "top_k": 0, "temperature": 0.6, "top_p": 0.9, "min_p": 0.01},
    "beams": {"num_beams": 3},
    "beams with bans and penalties": {"num_beams": 3, "no_repeat_ngram_size": 1, "repetition_penalty": 0.5},
    "beams, sample": {"num_beams": 3, **SAMPLED, "top_p": 0.9},
}


def logits_of(rng: np.random.Generator, shape: tuple[int, int], levels: str) -> torch.Tensor:
    """Make logits: all different, with many ties, the same everywhere, or mostly gone."""
    if levels == "ties":
        return torch.tensor(rng.choice(np.array((-1.0, 0.0, 0.5, 3.0)), shape), dtype=torch.float32)
    if levels == "few ties":
        return torch.tensor(np.round(rng.normal(0, 2, shape) * 4) / 4, dtype=torch.float32)
    if levels == "flat":
        return torch.zeros(shape)
    made = torch.tensor(rng.normal(0, 3, shape), dtype=torch.float32)
    return made if levels == "distinct" else made.masked_fill(torch.tensor(rng.random(shape) < 0.999), -torch.inf)


LEVELS = st.sampled_from(("distinct", "ties", "few ties", "flat", "gone"))


def step_of(config: dict[str, Any], logits: torch.Tensor, rows: list[tuple[int, ...]], noise: Noise) -> Any:
    """Take one step."""
    beams = config.get("num_beams", 1)
    plan = GenerationConfig(eos_token_id=2, max_new_tokens=9, **config).resolve(
        prompt_length=len(rows[0]), vocab_size=logits.shape[1]).plan
    pipeline = Pipeline([plan] * len(rows), rows, None, logits.shape[1], lines_per_prompt=beams)
    if beams == 1:
        return pipeline.take(logits, noise).tokens
    totals = [0.0, -0.25, -torch.inf] * len(rows)
    found = pipeline.candidates(logits, totals, 2 * beams, noise)
    return [[(beam, token, total) for total, beam, token in zip(*one, strict=True) if total > -np.inf]
            for one in zip(found.totals.tolist(), found.beams.tolist(), found.tokens.tolist(), strict=True)]


@pytest.mark.parametrize("name", CONFIGS)
@settings(max_examples=20)
@given(size=SIZES, prompts=st.integers(1, 3), levels=LEVELS,
       kept_as=st.tuples(st.sampled_from((torch.float32, torch.bfloat16)), st.booleans()),
       shift=st.sampled_from((0.0, 0.0, 100.0, -200.0)), seed=st.integers(0, 999))
def test_a_wide_vocabulary_gives_what_the_whole_gives(
    name: str, *, size: int, prompts: int, levels: str, kept_as: tuple[torch.dtype, bool], shift: float, seed: int
) -> None:
    dtype, strided = kept_as
    config, rng = CONFIGS[name], np.random.default_rng(seed)
    count = prompts * config.get("num_beams", 1)
    logits = (logits_of(rng, (count, size), levels) + shift).to(dtype)
    if strided:
        logits = torch.stack([logits, logits + 1], dim=1)[:, 0]
    before = logits.clone()
    rows = [tuple(rng.choice(logits[number].topk(20).indices.numpy(), 6).tolist()) for number in range(prompts)]
    fast = step_of(config, logits, rows, CountedNoise(range(prompts)))
    assert torch.equal(before, logits), "the logits are the model's"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide, "WIDE", 1 << 40)
        plain = step_of(config, logits, rows, CountedNoise(range(prompts)))
    if "beams" not in name:
        assert fast == plain, described(name=name, size=size, levels=levels, seed=seed, fast=fast, plain=plain)
        return
    for one, other in zip(fast, plain, strict=True):
        np.testing.assert_allclose(np.array(one), np.array(other), atol=2e-5, rtol=0, err_msg=described(seed=seed))


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("size", [64, lines.FEW + 1, wide.WIDE, 128_256])
def test_of_equal_scores_the_lowest_id_is_taken(size: int, threads: int) -> None:
    used = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for places in ([size - 1, size // 2], [3, 4, size - 1], [0, size - 1], [size // 3, size // 3 + 1]):
            logits = torch.zeros(3, size)
            logits[:, places] = 1.0
            assert step_of({}, logits, [(1,)] * 3, CountedNoise([0])) == [min(places)] * 3
    finally:
        torch.set_num_threads(used)


@pytest.mark.parametrize("size", [8, 100, lines.FEW + 1, wide.WIDE + 5])
@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("place", [1, -1])
@pytest.mark.clauses("SCORES-2", "SCORES-6")
def test_what_is_no_score_is_refused_and_harms_no_neighbour(size: int, name: str, value: float, place: int) -> None:
    config, beams = {**CONFIGS[name]}, CONFIGS[name].get("num_beams", 1)
    if "suppress_tokens" in config:
        config["suppress_tokens"] = [1]     # banned, and refused all the same
    logits = torch.randn(3 * beams, size, generator=torch.Generator().manual_seed(0))
    noise, rows = CountedNoise([1, 2, 3]), [(1, 3)] * 3
    good = step_of(config, logits, rows, noise)
    bad = logits.clone()
    bad[beams, place] = value
    found = step_of(config, bad, rows, noise)
    assert [found[0], found[2]] == [good[0], good[2]], described(found=found, good=good)
    if beams == 1:
        assert found[1] == NOT_REAL
        bad[1] = -torch.inf
        assert step_of(config, bad, rows, noise)[1] == NOTHING_LEFT
    else:
        assert found[1] == [], "NaN is above nothing"
        bad[beams], bad[beams + 2, 0] = logits[beams], value
        assert step_of(config, bad, rows, noise) == good, "a line that is no open hypothesis does not matter"


@given(levels=LEVELS, size=st.integers(1, 200), count=st.integers(1, 90), block=st.integers(2, 7),
       columns=st.sampled_from((5, 40, 1 << 20)), seed=st.integers(0, 99))
def test_what_is_left_holds_all_that_reach_the_kth(
    *, levels: str, size: int, count: int, block: int, columns: int, seed: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wide, "BLOCK", block)
        patch.setattr(wide, "COLUMNS", columns)
        patch.setattr(wide, "MOST_LEFT", 0)
        logits = logits_of(np.random.default_rng(seed), (3, size), levels)
        if size < block:
            return
        narrow = WideScores(logits, normalised=False).narrowed(count)
    if narrow is None:
        assert count > -(-size // block), "only fewer blocks than that have no bound"
        return
    for row, tokens, scores in zip(logits.numpy(), narrow.tokens, narrow.scores, strict=True):
        bound = np.sort(row)[::-1][min(count, size) - 1]
        left = tokens[scores > -np.inf]
        assert set(np.flatnonzero((row >= bound) & (row > -np.inf))) <= set(left), described(row=row, left=left)
        assert left.tolist() == sorted(set(left.tolist()))
        np.testing.assert_array_equal(row[left], scores[scores > -np.inf])


def nucleus_of(logits: torch.Tensor, p: float, temperature: float) -> Narrow | None:
    """Find the nucleus of each line without ranking all tokens."""
    return nucleus(WideScores(logits, normalised=False), temperature, partial(top_p_ranked, p=p))


def test_few_tokens_are_ranked_where_few_hold_the_mass() -> None:
    logits = torch.tensor(np.random.default_rng(0).normal(0, 4, (2, wide.WIDE)), dtype=torch.float32)
    found = nucleus_of(logits, 0.9, 1.0)
    assert found is not None and found.tokens.shape[1] < wide.WIDE // 4


@settings(max_examples=60)
@given(deviation=st.sampled_from((0.0, 1.0, 3.0)), p=st.floats(0.05, 0.98),
       temperature=st.sampled_from((0.5, 1.0, 2.0)), seed=st.integers(0, 999))
def test_a_nucleus_is_that_of_all_tokens(*, deviation: float, p: float, temperature: float, seed: int) -> None:
    logits = torch.tensor(np.random.default_rng(seed).normal(0, deviation, (2, wide.WIDE)), dtype=torch.float32)
    found = nucleus_of(logits, p, temperature)
    assert found is not None
    wanted = top_p(logits.double() / temperature, p)
    for row, tokens, scores in zip(wanted, found.tokens, found.scores, strict=True):
        left = tokens[scores > -np.inf]
        assert sorted(left.tolist()) == torch.nonzero(row > -torch.inf)[:, 0].tolist(), described(p=p, left=left)
        np.testing.assert_allclose(scores[scores > -np.inf], row[left].numpy(), rtol=1e-6)


@given(rows=st.integers(1, 3), size=st.integers(1, 90), count=st.integers(1, 12), levels=st.integers(1, 40),
       gone=st.sampled_from((0.0, 0.5, 0.98)), seed=st.integers(0, 999))
def test_the_first_places_are_ranked_alike(
    *, rows: int, size: int, count: int, levels: int, gone: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    keys = np.where(rng.random((rows, size)) < gone, -np.inf, rng.integers(0, levels, (rows, size)).astype(float))
    places = np.stack([rng.permutation(size) for _ in range(rows)])
    few_keys, found = first_of_few(keys, places, count)
    for row in range(rows):
        expected = sorted((key, place) for key, place in zip(-keys[row], places[row], strict=True) if key < np.inf)
        ours = [(-key, places[row, at]) for key, at in zip(few_keys[row], found[row], strict=True) if key > -np.inf]
        assert ours == expected[:count], described(keys=keys, places=places, count=count)
    in_order = torch.tensor(keys)
    for sorted_size in (0, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("genspec.backends.torch.selection.SORTED", sorted_size)
            values, at = first_of(in_order, count)
        for row in range(rows):
            expected = sorted((-key, place) for place, key in enumerate(keys[row]) if key > -np.inf)[:count]
            ours = [(-key, place) for key, place in zip(values[row].tolist(), at[row].tolist(), strict=True)
                    if key > -np.inf]
            assert ours == expected, described(keys=keys, count=count, sorted_size=sorted_size)


@given(size=st.integers(1, 40), count=st.integers(1, 50), seed=st.integers(0, 99))
def test_first_marks_as_many_as_asked(size: int, count: int, seed: int) -> None:
    scores = torch.tensor(np.random.default_rng(seed).integers(0, 4, (2, size)).astype(np.float32))
    marked = first(scores, count)
    for row, marks in zip(scores.tolist(), marked.tolist(), strict=True):
        expected = sorted(range(size), key=lambda token: (-row[token], token))[:count]
        assert [token for token, mark in enumerate(marks) if mark] == sorted(expected)
    assert kth(scores, count)[0].item() == sorted(scores[0].tolist(), reverse=True)[min(count, size) - 1]


def test_lines_are_gathered_each_into_its_row() -> None:
    narrow = gathered(3, np.array([0, 2, 2]), np.array([5, 1, 4]), np.array([0.5, 1.0, 2.0]))
    assert narrow.tokens.tolist() == [[5, 0], [0, 0], [1, 4]]
    assert narrow.scores.tolist() == [[0.5, -np.inf], [-np.inf, -np.inf], [1.0, 2.0]]


@pytest.mark.parametrize("size", [40, 600, wide.WIDE])
def test_the_stream_of_a_generator_gives_the_draws_of_transformers(size: int) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    noise = GeneratorNoise(ours, 2)
    for _ in range(20):
        logits = logits_of(rng, (2, size), "distinct")
        scores = logits / 0.8
        scores = scores.masked_fill(scores < scores.topk(min(50, size)).values[:, -1:], -torch.inf)
        expected = torch.multinomial(scores.softmax(-1), 1, generator=theirs)[:, 0].tolist()
        assert step_of(SAMPLED, logits, [(1,), (1,)], noise) == expected
    assert torch.equal(ours.get_state(), theirs.get_state())


@pytest.mark.parametrize("size", [8, lines.FEW + 1, wide.WIDE])
@pytest.mark.clauses("SCORES-2", "EXPONENTIAL-DECAY-LENGTH-PENALTY-5")
def test_an_operation_that_makes_an_infinite_score_is_refused(size: int) -> None:
    plan = GenerationConfig(eos_token_id=2, max_new_tokens=9, exponential_decay_length_penalty=[0, 1e200]).resolve(
        prompt_length=1, vocab_size=size).plan
    pipeline, logits = Pipeline([plan] * 2, [(1,), (1,)], None, size), torch.full((2, size), -1.0)
    logits[1, 2] = -torch.inf       # EOS is gone, and stays so
    for tokens in ([0, 0], [2, 0], [NOT_REAL, 0]):
        assert pipeline.take(logits).tokens == tokens
        pipeline.advance([0, 1], [0, 0])


@pytest.mark.clauses("SAMPLE-1")
def test_of_equal_ratios_the_lowest_id_wins() -> None:
    few = Narrow(np.array([[9, 4, 7, 0], [1, 2, 3, 0]]), np.array([[1.0, 1.0, 1.0, -np.inf], [-np.inf] * 4]))
    highest, tokens = race(few, np.full((2, 4), 0.5), 10)
    assert (tokens[0], highest.tolist()) == (4, [1.0, -np.inf])


def test_scores_far_from_zero_do_not_drown_the_noise() -> None:
    few = Narrow(np.array([[3, 8]]), np.array([[-3e38, -3e38]]))
    assert [race(few, np.array([noise]), 10)[1].item() for noise in ([0.5, 2.0], [2.0, 0.5])] == [3, 8]


@pytest.mark.clauses("TOP-P-3", "TOP-K-4", "SCORES-5")
def test_of_many_equal_scores_the_lowest_ids_are_kept() -> None:
    rng = np.random.default_rng(0)
    for kept, step in ((20, partial(top_p_ranked, p=0.2)), (7, partial(top_k_ranked, k=7, top_k_ties="exact"))):
        scores = np.zeros((1, 100))
        few = finished(Narrow(np.arange(100)[None] * 3, scores), [step])
        assert sorted(few.tokens[few.scores > -np.inf].tolist()) == [3 * token for token in range(kept)]
        scores[0, rng.permutation(100)[:50]] = -1.0
        best = np.flatnonzero(scores[0] == 0)[:5].tolist()
        few = finished(Narrow(np.arange(100)[None], scores), [partial(top_k_ranked, k=5, top_k_ties="exact")])
        assert sorted(few.tokens[few.scores > -np.inf].tolist()) == best
