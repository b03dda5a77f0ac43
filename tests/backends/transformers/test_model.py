"""Scripted models as models of transformers: what they read comes out of their cache, and they read no padding."""

from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import described, models, prompts
from transformers.cache_utils import DynamicCache, DynamicLayer, EncoderDecoderCache

from genspec import GenerationConfig
from genspec.backends.transformers.layers import UNREAD
from genspec.backends.transformers.pool import wrapped
from genspec_reference import Layered, Scripted, generate

MODEL = Scripted("history", 7, 11)
SOURCE = (4, 4, 1)


def ids(*rows: Any) -> torch.Tensor:
    return torch.tensor([list(row) for row in rows])


def logits(model: Any, row: tuple[int, ...], *source: tuple[int, ...]) -> list[float]:
    return model(row, *source).tolist()


@settings(max_examples=30)
@given(model=models(), data=st.data())
def test_logits_are_those_of_the_function_at_every_position_however_the_row_is_cut(model, data):
    row = data.draw(prompts(model.vocab_size, 8))
    hf, cache, given_logits, left = wrapped(model, model.vocab_size), DynamicCache(), [], list(row)
    while left:
        count = data.draw(st.integers(1, len(left)))
        output = hf(ids(left[:count]), past_key_values=cache, use_cache=True)
        given_logits += output.logits[0].tolist()
        cache, left = output.past_key_values, left[count:]
    expected = [logits(model, row[: place + 1]) for place in range(len(row))]
    assert given_logits == expected, described(model=model, row=row)


def test_a_model_makes_its_own_cache_when_it_is_to_use_one():
    hf = wrapped(MODEL, 11)
    first = hf(ids((1, 2)), use_cache=True)
    assert hf(ids((3,)), past_key_values=first.past_key_values).logits[0].tolist() == [logits(MODEL, (1, 2, 3))]
    assert hf(ids((1, 2))).past_key_values is None


def test_only_the_last_positions_are_kept_when_asked():
    assert wrapped(MODEL, 11)(ids((1, 2, 3)), logits_to_keep=2).logits[0].tolist() == [
        logits(MODEL, (1, 2)), logits(MODEL, (1, 2, 3))]


def test_masked_positions_are_not_read():
    output = wrapped(MODEL, 11)(ids((9, 9, 3), (1, 2, 3)), attention_mask=ids((0, 0, 1), (1, 1, 1)))
    assert output.logits[0].tolist() == [[0.0] * 11, [0.0] * 11, logits(MODEL, (3,))]
    assert output.logits[1, 2].tolist() == logits(MODEL, (1, 2, 3))


def test_a_wrong_position_is_read_as_another_token():
    hf, mask = wrapped(MODEL, 11), ids((0, 1, 1))
    right, wrong = ids((0, 0, 1)), ids((0, 1, 2))
    assert hf(ids((9, 3, 4)), mask, right).logits[0, 2].tolist() == logits(MODEL, (3, 4))
    assert hf(ids((9, 3, 4)), mask, wrong).logits[0, 2].tolist() == logits(MODEL, (4, 5))


def test_a_cache_that_is_reordered_or_cropped_is_read_as_it_is():
    hf = wrapped(MODEL, 11)
    cache = hf(ids((1, 2), (3, 4)), use_cache=True).past_key_values
    cache.reorder_cache(torch.tensor([1, 1]))
    assert hf(ids((5,), (6,)), past_key_values=cache).logits[:, 0].tolist() == [
        logits(MODEL, (3, 4, 5)), logits(MODEL, (3, 4, 6))]
    cache.crop(-1)
    assert hf(ids((7,), (8,)), past_key_values=cache).logits[0, 0].tolist() == logits(MODEL, (3, 4, 7))


def test_a_decoder_reads_its_source_out_of_the_cache():
    hf = wrapped(MODEL, 11, "encoder-decoder")
    given_sources = {"attention_mask": ids((1, 1, 1), (1, 0, 0)), "decoder_input_ids": ids((1,), (1,))}
    first = hf(ids(SOURCE, (8, 0, 0)), use_cache=True, **given_sources)
    assert first.logits[:, 0].tolist() == [logits(MODEL, (1,), SOURCE), logits(MODEL, (1,), (8,))]
    assert isinstance(first.past_key_values, EncoderDecoderCache)
    first.past_key_values.cross_attention_cache.reorder_cache(torch.tensor([1, 0]))
    states = hf.get_encoder()(ids(SOURCE, (8, 0, 0)))
    later = hf(encoder_outputs=states, past_key_values=first.past_key_values, **given_sources)
    assert later.logits[1, 0].tolist() == logits(MODEL, (1, 1), (4,)), "the other row's source, under its own mask"


@pytest.mark.parametrize("config", [{}, {"num_beams": 3}, {"num_beams": 3, "do_sample": True}], ids=str)
@pytest.mark.parametrize("use_cache", [True, False])
def test_generate_gives_the_rows_of_the_reference_with_a_cache_and_without(config, use_cache):
    model = Scripted("history", 5, 9, (2,))
    asked = {"max_new_tokens": 6, "eos_token_id": 2, "pad_token_id": 0, "use_cache": use_cache, **config}
    torch.manual_seed(3)
    found = wrapped(model, 9).generate(ids((1, 4)), attention_mask=ids((1, 1)), **asked)[0].tolist()
    if not config.get("do_sample"):
        assert found == list(generate(GenerationConfig(**asked), model, (1, 4)).sequences[0])


def rows_under(bug: Any) -> list[list[int]]:
    """Give the rows of beam search on several models, with a method of the cache replaced."""
    rows = []
    with bug:
        for seed in range(8):
            asked = {"max_new_tokens": 6, "num_beams": 3, "num_return_sequences": 3, "pad_token_id": 0}
            rows += wrapped(Scripted("history", seed, 9), 9).generate(
                ids((1, 4)), attention_mask=ids((1, 1)), **asked).tolist()
    return rows


def test_a_planted_bug_of_the_cache_shows_in_the_rows():
    """Beams that are not reordered, reordered in reverse, or a cache that forgets its oldest token."""
    right = rows_under(mock.patch.object(DynamicLayer, "reorder_cache", DynamicLayer.reorder_cache))
    reorder, update = DynamicLayer.reorder_cache, DynamicLayer.update

    def forgets(self: Any, keys: torch.Tensor, values: torch.Tensor, *rest: Any, **more: Any) -> Any:
        keys, values = update(self, keys, values, *rest, **more)
        self.keys, self.values = self.keys.clone(), self.values.clone()
        self.keys[:, :, 0] = 0
        return self.keys, self.values

    for name, planted in (
        ("reorder_cache", lambda self, rows: None),
        ("reorder_cache", lambda self, rows: reorder(self, rows.flip(0))),
        ("update", forgets),
    ):
        assert rows_under(mock.patch.object(DynamicLayer, name, planted)) != right, name


def test_hidden_states_stand_at_their_positions_in_a_padded_batch():
    model = Layered(3, 7, layers=2, width=3)
    output = wrapped(model, 7)(ids((0, 1, 2), (3, 4, 5)), ids((0, 1, 1), (1, 1, 1)), output_hidden_states=True)
    assert len(output.hidden_states) == 3
    for layer, states in enumerate(output.hidden_states):
        np.testing.assert_array_equal(states[0, 0], np.full(3, UNREAD))
        np.testing.assert_array_equal(states[0, 1:], model((1, 2)).hidden_states[layer])
        np.testing.assert_array_equal(states[1], model((3, 4, 5)).hidden_states[layer])


def test_the_function_is_asked_once_for_each_row():
    asked = []

    def model(tokens: tuple[int, ...]) -> list[float]:
        asked.append(tokens)
        return [0.0, 1.0, 2.0]

    hf = wrapped(model, 3)
    for _ in range(2):
        hf.generate(ids((0,)), attention_mask=ids((1,)), max_new_tokens=3)
    assert asked == [(0,), (0, 2), (0, 2, 2)]
