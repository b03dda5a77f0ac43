"""Small models of transformers: a cache or whole rows, the encoder once, places that a row may have."""

from typing import Any

import pytest
import torch
from support.small_models import ENCODER_DECODER, KINDS, PAD, START, padded, ragged, small_model
from support.strategies import described

from genspec.backends.torch import generate
from genspec.backends.torch.drivers.function import FunctionDriver
from genspec.backends.torch.drivers.lines import Lines

MODES: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sample": {"do_sample": True, "top_k": 0, "num_return_sequences": 2},
    "beams": {"num_beams": 3, "num_return_sequences": 2},
    "guidance": {"guidance_scale": 1.5},
    "guidance in beams": {"guidance_scale": 1.5, "num_beams": 3},
}


def call(kind: str, **fields: Any) -> dict[str, Any]:
    start = {"decoder_start_token_id": START} if kind in ENCODER_DECODER else {}
    return {"max_new_tokens": 8, "eos_token_id": [2, 5], "pad_token_id": PAD, **start, **fields}


def run(kind: str, config: dict[str, Any], rows: list[list[int]], **more: Any) -> Any:
    ids, mask = padded(rows, "right" if kind in ENCODER_DECODER else "left")
    generator = torch.Generator().manual_seed(1)
    return generate(small_model(kind), ids, config, attention_mask=mask, generator=generator, **more)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_whole_rows_give_what_a_cache_gives(kind, mode):
    config = call(kind, return_dict_in_generate=True, output_attentions=True, output_hidden_states=True, **MODES[mode])
    cached, whole = (run(kind, config, ragged(4), use_cache=use_cache) for use_cache in (True, False))
    assert cached.sequences.tolist() == whole.sequences.tolist(), described(cached=cached, whole=whole)
    assert cached.past_key_values is not None and whole.past_key_values is None
    names = ("decoder_attentions", "cross_attentions", "decoder_hidden_states") if kind in ENCODER_DECODER else (
        "attentions", "hidden_states")
    for name in names:                                                          # OUTPUTS-11
        for one, other in zip(getattr(cached, name), getattr(whole, name), strict=True):
            assert [layer.shape for layer in one] == [layer.shape for layer in other], name


@pytest.mark.parametrize("kind", KINDS)
def test_a_negative_prompt_reads_in_the_place_of_the_prompt(kind):
    rows, config = ragged(3), call(kind, guidance_scale=2.0, num_beams=2, return_dict_in_generate=True)
    last = [[START]] * 3 if kind in ENCODER_DECODER else [row[-1:] for row in rows]
    others = [[7, 8], [9], [10, 11, 12]]
    cached, whole = (run(kind, config, rows, negative_prompt_ids=others, use_cache=one) for one in (True, False))
    default, explicit = run(kind, config, rows), run(kind, config, rows, negative_prompt_ids=last)
    assert cached.sequences.tolist() == whole.sequences.tolist()
    assert explicit.sequences.tolist() == default.sequences.tolist()
    assert not torch.allclose(cached.sequences_scores, default.sequences_scores), described(cached=cached)


@pytest.mark.parametrize("kind", ENCODER_DECODER)
@pytest.mark.parametrize("mode", MODES)
def test_the_encoder_runs_once(kind, mode, monkeypatch):
    model, runs = small_model(kind), []
    encoder = model.get_encoder()
    forward = encoder.forward
    monkeypatch.setattr(encoder, "forward", lambda *args, **kwargs: runs.append(1) or forward(*args, **kwargs))
    run(kind, call(kind, **MODES[mode]), ragged(3))
    assert len(runs) == 1


def test_a_row_that_has_ended_does_not_outgrow_the_places_of_a_model():
    """The longest prompt ends at the last place of GPT-2, while the shortest has most of its tokens to come."""
    model = small_model("gpt2")
    rows = [ragged(1, longest=1)[0], torch.randint(6, 61, (120,), generator=torch.Generator().manual_seed(0)).tolist()]
    output = generate(model, rows, {"max_length": 128, "pad_token_id": PAD})
    assert output.shape == (2, 120 + 127)
    alone = generate(model, rows[:1], {"max_length": 128, "pad_token_id": PAD})
    assert output[0, 119:].tolist() == alone[0].tolist()


def test_the_context_of_a_model_bounds_the_default_length():
    prompt = torch.randint(6, 61, (1, 125), generator=torch.Generator().manual_seed(0))
    assert generate(small_model("gpt2"), prompt, {}).shape == (1, 128)          # LENGTH-4


def test_lines_say_when_nothing_moves():
    lines = Lines(2, 2, torch.device("cpu"))
    assert lines.move([0, 1, 2, 3]) == (None, None)
    moved, others = lines.move([1, 1, 3, 2])
    assert moved is not None and moved.tolist() == [1, 1, 3, 2] and others is None
    moved, others = lines.move([2, 3])
    assert moved is not None and others is not None and others.tolist() == [2, 3] and lines.prompts == [1, 1]


def test_a_function_sees_rows_filled_in_front_with_their_mask():
    seen: list[list[Any]] = []

    def function(*arguments: torch.Tensor) -> torch.Tensor:
        seen.append([argument.tolist() for argument in arguments])
        return torch.zeros(len(arguments[0]), 4)

    driver = FunctionDriver(function, [[7], [8, 9]], torch.device("cpu"))
    driver.start([[1, 2], [3]], 1)
    driver.step([4, 5], [0, 1])
    driver.step([6], [1])
    assert seen == [
        [[[1, 2], [0, 3]], [[1, 1], [0, 1]], [[7, 0], [8, 9]], [[1, 0], [1, 1]]],
        [[[1, 2, 4], [0, 3, 5]], [[1, 1, 1], [0, 1, 1]], [[7, 0], [8, 9]], [[1, 0], [1, 1]]],
        [[[0, 3, 5, 6]], [[0, 1, 1, 1]], [[8, 9]], [[1, 1]]],
    ], seen
