"""A row hangs on nothing but itself: not on its batch mates, its place, or what fills it."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal
from genspec.backends.torch import generate
from genspec.backends.torch.decoder import TorchDecoder
from genspec.backends.torch.scripted import batched
from genspec.config.mode import Mode
from genspec.conform.strategies import calls
from genspec_reference import GenerateOutput, Scripted

MODES = (Mode.GREEDY, Mode.SAMPLE, Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)
BATCHES = calls(decoder_modes=MODES, noise="seeds").filter(lambda call: len(call.prompts) > 1)
PER_PROMPT = ("prompts", "sources", "seeds", "negative_prompts")
SETTINGS = settings(max_examples=35, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def chosen(call: Call, numbers: list[int]) -> Call:
    """Give the call with these prompts only, in this order."""
    parts = {name: getattr(call, name) for name in PER_PROMPT}
    return replace(call, **{name: part and tuple(part[number] for number in numbers) for name, part in parts.items()})


def facts(output: GenerateOutput) -> list[tuple[Any, ...]]:
    """Give what of an output must be equal exactly."""
    return [(row.tokens, row.finish_reason, row.beam_indices) for row in output.rows]


def scores(output: GenerateOutput) -> np.ndarray:
    return np.array([row.score or 0.0 for row in output.rows])


@SETTINGS
@given(BATCHES)
def test_a_row_alone_is_the_row_in_a_batch(call):
    together = TorchDecoder().decode(call)
    alone = [TorchDecoder().decode(chosen(call, [number])) for number in range(len(call.prompts))]
    if isinstance(together, Refusal):
        assert any(isinstance(one, Refusal) for one in alone), described(call=call, together=together)
        return
    for one, own in zip(together, alone, strict=True):
        assert not isinstance(own, Refusal), described(call=call, own=own)
        assert facts(one) == facts(own[0]), described(call=call, together=one, alone=own)
        np.testing.assert_allclose(scores(one), scores(own[0]), rtol=1e-5, atol=1e-5)


@SETTINGS
@given(BATCHES, st.data())
def test_prompts_in_another_order_give_the_answers_in_that_order(call, data):
    order = data.draw(st.permutations(range(len(call.prompts))))
    straight, moved = TorchDecoder().decode(call), TorchDecoder().decode(chosen(call, order))
    if isinstance(straight, Refusal):
        assert isinstance(moved, Refusal), described(call=call, moved=moved)
        return
    expected = [facts(straight[number]) for number in order]
    assert [facts(one) for one in moved] == expected, described(call=call, order=order)


@settings(max_examples=35)
@given(
    rows=st.lists(st.lists(st.integers(0, 15), min_size=1, max_size=5), min_size=1, max_size=4),
    config=st.sampled_from([{}, {"num_beams": 3}, {"no_repeat_ngram_size": 1}, {"repetition_penalty": 2.0}]),
    data=st.data(),
)
def test_what_the_mask_leaves_out_may_stand_anywhere_and_be_anything(rows, config, data):
    width = max(map(len, rows))
    places = [sorted(data.draw(st.permutations(range(width)))[:len(row)]) for row in rows]
    ids = torch.tensor(data.draw(st.lists(
        st.lists(st.integers(0, 15), min_size=width, max_size=width), min_size=len(rows), max_size=len(rows))))
    mask = torch.zeros_like(ids)
    for number, (row, own) in enumerate(zip(rows, places, strict=True)):
        ids[number, own], mask[number, own] = torch.tensor(row), 1
    model = batched(Scripted("history", 5, 16, (3,)))
    given_config = {"eos_token_id": 3, "pad_token_id": 0, "max_new_tokens": 6, **config}
    ragged = generate(model, rows, given_config)
    masked = generate(model, ids, given_config, attention_mask=mask)
    assert torch.equal(ragged, masked), described(ids=ids, mask=mask, ragged=ragged, masked=masked)


def test_rows_that_have_ended_are_not_asked_for_again():
    sizes = []
    scripted = batched(Scripted("history", 3, 16, (1, 2)))

    def model(tokens: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        sizes.append(len(tokens))
        return scripted(tokens, mask)

    rows = [[number] for number in range(16)]
    output = generate(model, rows, {"eos_token_id": [1, 2], "pad_token_id": 0, "max_new_tokens": 12})
    lengths = [next((place for place, token in enumerate(row[1:].tolist(), 1) if token in (1, 2)), 12)
               for row in output]
    expected = [sum(length > step for length in lengths) for step in range(max(lengths))]
    assert sizes == expected, described(sizes=sizes, expected=expected)
    assert len(set(sizes)) > 3, f"rows of this test end apart: {sizes}"
