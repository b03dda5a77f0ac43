"""Given noise in the place of torch's generator."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.transformers.chance import given_noise
from genspec_reference import counted_noise


@given(seed=st.integers(0, 99), rows=st.integers(1, 3), each=st.integers(1, 2), count=st.integers(1, 4))
def test_a_draw_is_the_race_of_the_noise_of_each_row(seed, rows, each, count):
    probabilities = torch.softmax(torch.tensor(np.random.default_rng(seed).normal(size=(rows * each, 5))), -1).float()
    noises = [counted_noise(seed + number) for number in range(rows)]
    with given_noise(noises):
        drawn = [torch.multinomial(probabilities, num_samples=count) for _ in range(2)]
    for step, tokens in enumerate(drawn):
        for line in range(rows * each):
            noise = noises[line // each](line % each, step, 5)
            ranked = np.argsort(-(probabilities[line].double().numpy() / noise), kind="stable")
            assert tokens[line].tolist() == ranked[:count].tolist(), described(step=step, line=line)


@pytest.mark.parametrize("line", [[float("nan"), 1.0], [0.0, 0.0], [1.0, float("inf")]], ids=str)
def test_what_torch_does_not_draw_from_is_not_drawn_from(line):
    with given_noise([counted_noise(0)]), pytest.raises(RuntimeError):
        torch.multinomial(torch.tensor([line]), num_samples=1)
    with given_noise([counted_noise(0)]), pytest.raises(RuntimeError):
        torch.multinomial(torch.tensor([[1.0, 1.0]]), num_samples=3)


def test_afterwards_torch_draws_itself_again():
    original = torch.multinomial
    with pytest.raises(KeyError), given_noise([counted_noise(0)]):
        raise KeyError
    assert torch.multinomial is original
