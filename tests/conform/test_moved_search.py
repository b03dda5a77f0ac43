"""The numbers of a search in the modes that transformers moved out."""

import numpy as np
import pytest

from genspec.backends.call import Call
from genspec.backends.decoder import Info, Refusal
from genspec.conform.deviations.counterfactual import situations_of
from genspec.conform.deviations.made.moved import moved_search
from genspec.conform.deviations.made.moved_search import torch_error
from genspec.conform.oracle.numbers import unfilled
from genspec_reference import Scripted
from genspec_reference.scores import log_softmax

GROUPS = {"max_new_tokens": 2, "num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 2.0}
REFUSED = Refusal("RuntimeError", "probability tensor contains either `inf`, `nan` or element < 0")


@pytest.mark.parametrize("seed", range(4))
def test_all_places_of_a_group_are_ranked_at_the_first_step(seed: int) -> None:
    """The order of equal totals hangs on how many there are."""
    torch = pytest.importorskip("torch")
    call = Call(GROUPS, Scripted("ties", seed, 7), ((0,), (1, 2)), profile="hf-4.46")
    for situation in situations_of(call, REFUSED, Info("transformers", "4.46.3", "float32", "hf-4.46")):
        batch = moved_search(situation).searches(situation.request)
        for one in batch.searches:
            one.begin()
        batch.step()
        for one in batch.searches:
            assert one.totals is not None
            assert one.totals.shape == torch.Size((2, 7)), one.totals
            assert all(one.counts(hypothesis.score) for hypothesis in one.running), one.running
            assert {hypothesis.places for hypothesis in one.running} == {(one.first,)}, one.running


@pytest.mark.parametrize("seed", range(8))
def test_the_logarithms_of_torch_are_those_of_the_reference_and_an_error(seed: int) -> None:
    torch = pytest.importorskip("torch")
    logits = np.append(Scripted("history", seed, 9)((1, 2)), -np.inf)
    here = (log_softmax(logits) + torch_error(logits)).astype(np.float32)
    there = torch.log_softmax(torch.tensor(logits, dtype=torch.float32), dim=-1).numpy()
    assert here.tolist() == there.tolist()


@pytest.mark.parametrize(("told", "count", "read"), [
    ((0, 1, -1, -1), 2, (0, 1)),
    ((0, -1, -1), 2, (0, -1)),
    ((-1, -1), 2, (-1, -1)),
    ((0, -1, 1), 1, (0, -1, 1)),
    ((0, 1), 3, (0, 1)),
    ((-1,), 0, ()),
])
def test_what_fills_beam_indices_stands_behind_the_row(
    told: tuple[int, ...], count: int, read: tuple[int, ...]
) -> None:
    assert unfilled(told, count) == read
