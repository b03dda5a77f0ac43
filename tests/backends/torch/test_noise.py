"""The noise of all lines: that of the reference, or that of torch's own draw. Text: docs/spec/sample.md."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.torch import noise
from genspec.backends.torch.noise import CountedNoise, GeneratorNoise
from genspec.backends.torch.selection import keys_of
from genspec_reference import counted_noise

SEEDS = st.lists(st.integers(0, 2**66), min_size=1, max_size=4)


@given(seeds=SEEDS, step=st.integers(0, 5), size=st.integers(1, 40), data=st.data())
@pytest.mark.clauses("SAMPLE-7")
def test_counted_noise_is_the_reference_s(seeds: list[int], step: int, size: int, data: st.DataObject) -> None:
    rows = [data.draw(st.integers(0, 3)) for _ in seeds]
    places = np.array([[data.draw(st.integers(0, size - 1)) for _ in range(5)] for _ in seeds])
    ours, theirs = CountedNoise(seeds, rows), np.stack(
        [counted_noise(seed)(row, step, size + 1) for seed, row in zip(seeds, rows, strict=True)]
    )
    values = described(seeds=seeds, rows=rows, step=step)
    np.testing.assert_allclose(ours.exponentials(step, size).numpy(), theirs[:, :size], rtol=1e-14, err_msg=values)
    np.testing.assert_array_equal(ours.at(step, size, places), np.take_along_axis(theirs, places, 1), err_msg=values)
    np.testing.assert_allclose(ours.chances(step, size), np.exp(-theirs[:, size]), err_msg=values)


def test_a_stream_does_not_know_its_neighbours() -> None:
    together, alone = CountedNoise([5, 6, 7], [0, 1, 0]), CountedNoise([6], [1])
    assert torch.equal(together.exponentials(3, 100)[1:2], alone.exponentials(3, 100))


@pytest.mark.parametrize("streams", [1, 3])
@pytest.mark.parametrize("size", [5, 16, 1000])
def test_generator_noise_draws_what_multinomial_draws(streams: int, size: int) -> None:
    logits = torch.randn(streams, size)
    ours, theirs = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    drawn = GeneratorNoise(ours, streams)
    for step in range(20):
        expected = torch.multinomial(logits.softmax(1), 1, generator=theirs)[:, 0]
        assert torch.equal(keys_of(logits, drawn.exponentials(step, size)).argmax(1), expected)
    assert torch.equal(ours.get_state(), theirs.get_state())


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("seed", [None, 3])
def test_few_numbers_of_a_generator_are_those_among_all(direct: bool, seed: int | None,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "is_logarithm_of_words", lambda: direct)
    places = np.array([[0, 17, 99], [98, 3, 3]])
    one, other = (None if seed is None else torch.Generator().manual_seed(seed) for _ in range(2))
    torch.manual_seed(11)
    few = [GeneratorNoise(one, 2).at(step, 100, places) for step in range(3)]
    torch.manual_seed(11)
    whole = GeneratorNoise(other, 2)
    for step in range(3):
        np.testing.assert_array_equal(few[step], np.take_along_axis(whole.exponentials(step, 100).numpy(), places, 1))
    assert one is None or other is None or torch.equal(one.get_state(), other.get_state())


def test_this_torch_makes_exponentials_of_words() -> None:
    assert noise.is_logarithm_of_words(), "else sampling is right and slower: numbers are made that nobody asks for"
