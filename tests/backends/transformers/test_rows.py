"""What `generate` returns, read: padding is taken off, and nothing else."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from genspec.backends.call import Call
from genspec.backends.transformers.rows import Returned, outputs_of
from genspec_reference import FinishReason, Scripted

MODEL = Scripted("table", 0, 9)
EOS = {"eos_token_id": [7, 8], "pad_token_id": 0, "max_new_tokens": 5}


def read(call: Call, sequences: list[list[int]], width: int, **more: Any) -> tuple[Any, ...]:
    output = SimpleNamespace(sequences=torch.tensor(sequences), **more)
    return outputs_of(Returned(call, output, width, call.plans))


@pytest.mark.parametrize(("new", "kept", "reason"), [
    ([1, 8, 0, 0, 0], (1, 8), FinishReason.EOS),
    ([7, 0, 0, 0, 0], (7,), FinishReason.EOS),
    ([1, 2, 3, 4, 5], (1, 2, 3, 4, 5), FinishReason.LENGTH),
    ([1, 2, 3, 4, 7], (1, 2, 3, 4, 7), FinishReason.EOS),
    ([1, 2, 3, 0, 0], (1, 2, 3, 0, 0), FinishReason.LENGTH),
    ([1, 7, 0, 3, 0], (1, 7, 0, 3, 0), FinishReason.LENGTH),
])
def test_a_row_ends_at_an_eos_with_nothing_but_padding_behind(new, kept, reason):
    (output,) = read(Call(EOS, MODEL, ((5, 6),)), [[5, 6, *new]], 2)
    (row,) = output.rows
    assert (row.new_tokens, row.finish_reason, row.prompt_length) == (kept, reason, 2)
    assert len(output.runs[0]) == len(kept)


def test_a_pad_that_is_an_eos_ends_a_row_once():
    (output,) = read(Call({"eos_token_id": 7, "max_new_tokens": 4}, MODEL, ((5,),)), [[5, 1, 7, 7, 7]], 1)
    assert output.rows[0].new_tokens == (1, 7)


def test_a_row_ends_at_a_stop_string_with_nothing_but_padding_behind():
    call = Call({**EOS, "stop_strings": ["bc"]}, MODEL, ((1,),), pieces=tuple("abcdefghi"))
    assert read(call, [[1, 2, 0, 0, 0, 0]], 1)[0].rows[0].new_tokens == (2,)
    assert read(call, [[1, 2, 3, 0, 0, 0]], 1)[0].rows[0].new_tokens == (2, 3, 0, 0, 0), "it went on"
    assert read(call, [[1, 3, 1, 2, 0, 0]], 1)[0].rows[0].finish_reason == FinishReason.STOP_STRING


def test_without_an_eos_nothing_behind_a_stop_string_is_padding():
    config = {"pad_token_id": 0, "max_new_tokens": 5, "stop_strings": ["bc"]}
    call = Call(config, MODEL, ((1,),), pieces=tuple("abcdefghi"))
    assert read(call, [[1, 2, 0, 0, 0, 0]], 1)[0].rows[0].new_tokens == (2, 0, 0, 0, 0)


def test_beam_indices_end_a_row_that_has_a_pad_at_its_end():
    config = {**EOS, "num_beams": 2, "stop_strings": ["aa"]}
    given = {"beam_indices": torch.tensor([[0, 1, 0, -1]]), "sequences_scores": torch.tensor([-0.5])}
    (output,) = read(Call(config, MODEL, ((0,),), pieces=("a", "", *"cdefghi")), [[0, 1, 0, 0, 0]], 1, **given)
    assert output.rows[0].new_tokens == (1, 0, 0), "only transformers does not see the string without token 1"


def test_shorter_prompts_lose_the_padding_in_front_and_rows_stand_by_their_prompts():
    call = Call({**EOS, "do_sample": True, "num_return_sequences": 2}, MODEL, ((5,), (1, 2, 3)), seed=0)
    outputs = read(call, [[0, 0, 5, 1, 7], [0, 0, 5, 2, 3], [1, 2, 3, 7, 0], [1, 2, 3, 4, 7]], 3)
    assert [[row.tokens for row in output.rows] for output in outputs] == [
        [(5, 1, 7), (5, 2, 3)], [(1, 2, 3, 7), (1, 2, 3, 4, 7)]]
    assert [[row.run for row in output.rows] for output in outputs] == [[0, 1], [0, 1]]


def test_hypotheses_are_counted_within_their_prompt_and_end_with_their_indices():
    config = {**EOS, "num_beams": 2, "return_dict_in_generate": True, "output_scores": True}
    scores = tuple(torch.arange(36.0).reshape(4, 9) + 100 * step for step in range(2))
    outputs = read(
        Call(config, MODEL, ((5,), (6,))), [[5, 1, 7], [6, 8, 0]], 1, scores=scores,
        beam_indices=torch.tensor([[0, 1], [2, -1]]), sequences_scores=torch.tensor([-0.5, -1.5]))
    assert [(row.tokens, row.beam_indices, row.score) for output in outputs for row in output.rows] == [
        ((5, 1, 7), (0, 1), -0.5), ((6, 8), (0,), -1.5)]
    first, second = outputs[1].runs[0]
    assert (len(first.scores), len(second.scores)) == (1, 2), "one hypothesis is open at first"
    np.testing.assert_array_equal(second.scores[1], np.arange(27.0, 36.0) + 100)


def test_a_search_that_begins_with_copies_has_them_all_open_at_first():
    config = {**EOS, "num_beams": 2, "do_sample": True, "return_dict_in_generate": True, "output_scores": True}
    scores = (torch.zeros(2, 9), torch.zeros(2, 9))
    given = {"scores": scores, "beam_indices": torch.tensor([[0, 1]]), "sequences_scores": torch.tensor([-0.5])}
    for profile, counts in (("hf-4.38", [2, 2]), ("hf-4.46", [1, 2])):
        (output,) = read(Call(config, MODEL, ((5,),), profile=profile, seed=0), [[5, 1, 7]], 1, **given)
        assert [len(step.scores) for step in output.runs[0]] == counts


def test_scores_of_a_row_end_with_it_and_are_kept_only_where_asked():
    given = {"scores": tuple(torch.full((1, 9), float(step)) for step in range(5)), "logits": None}
    call = Call({**EOS, "return_dict_in_generate": True, "output_scores": True}, MODEL, ((5,),))
    (output,) = read(call, [[5, 1, 7, 0, 0, 0]], 1, **given)
    assert [step.scores[0][0] for step in output.runs[0]] == [0.0, 1.0]
    (silent,) = read(Call(EOS, MODEL, ((5,),)), [[5, 1, 7, 0, 0, 0]], 1, **given)
    assert [step.scores for step in silent.runs[0]] == [None, None]


def test_groups_without_beams_are_no_search():
    """Before 4.57 the mode was greedy then: there are no hypotheses to count."""
    (output,) = read(Call({**EOS, "num_beam_groups": 2}, MODEL, ((5,),), profile="hf-4.50"), [[5, 1, 7, 0]], 1)
    assert [row.new_tokens for row in output.rows] == [(1, 7)]
