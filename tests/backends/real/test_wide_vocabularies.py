"""Models with so many tokens that a step looks at few of them give the rows of transformers too."""

from typing import Any

import pytest
import torch
from support.generated import EVERYTHING, Bounds, differences, live_steps, of_genspec, of_transformers
from support.side_by_side import MODES, OPERATIONS, PADDING_COUNTS, STEPS, batch, call, prompt_length
from support.small_models import ENCODER_DECODER, small_model

from genspec.backends.torch import wide

KINDS = ("llama", "bart")
SIZES = (9_001, 9_088)      # with a short last block of the vocabulary, and without one
QUIET = dict.fromkeys(EVERYTHING, False) | {"return_dict_in_generate": True}
SHAPES: dict[str, dict[str, Any]] = {
    "top_k": {"top_k": 50},
    "top_p": {"top_k": 0, "top_p": 0.8},
    "both": {"top_k": 200, "top_p": 0.9, "min_p": 0.02},
    "cold": {"top_k": 3, "temperature": 0.5},
    "all": {"top_k": 0},
}
OF_ROWS = ("sequences", "sequences_scores", "beam_indices")


def compare(kind: str, ids: torch.Tensor, mask: torch.Tensor, config: dict[str, Any], *,
            dtype: torch.dtype = torch.float32, vocab_size: int = SIZES[0], atol: float = 1e-4,
            fields: tuple[str, ...] = OF_ROWS) -> None:
    """Assert that both sides give the same rows. Who keeps scores looks at all of them, so ours shall keep none."""
    model = small_model(kind, dtype, vocab_size)
    ours = of_genspec(model, ids, mask, config | QUIET, seed=3)
    theirs = of_transformers(model, ids, mask, config | QUIET | {"output_scores": True}, seed=3)        # DEV-56
    assert not (found := differences(ours, theirs, fields=fields, bounds=Bounds(atol=atol))), "\n".join(
        (f"{kind} {config}", *found))


def test_these_vocabularies_are_wide_and_their_rows_end_apart():
    for kind in KINDS:
        ids, mask = batch(kind, 8)
        config = call(kind) | QUIET
        output = of_transformers(small_model(kind, vocab_size=SIZES[0]), ids, mask, config)
        ends = live_steps(output, prompt_length(kind, ids), 8, config)
        assert len(set(ends)) >= 3 and min(ends) < STEPS, f"{kind}: {ends}"
    assert all(size >= wide.WIDE for size in SIZES)
    assert [bool(size % wide.BLOCK) for size in SIZES] == [True, False]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES)
def test_a_ragged_batch(kind, mode, size):
    ids, mask = batch(kind, 5)
    compare(kind, ids, mask, call(kind, **MODES[mode]), vocab_size=size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("beams", [1, 3])
def test_what_is_drawn_from(kind, shape, beams):
    ids, mask = batch(kind, 4)
    compare(kind, ids, mask, call(kind, do_sample=True, num_beams=beams, **SHAPES[shape]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["greedy", "sample", "beams 3", "beam sample"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations(kind, mode, operation):
    alone = kind not in ENCODER_DECODER and operation in PADDING_COUNTS
    ids, mask = batch(kind, 1 if alone else 4, seed=7)
    compare(kind, ids, mask, call(kind, **MODES[mode], **OPERATIONS[operation]))


@pytest.mark.parametrize("mode", ["greedy", "beams 3"])
def test_in_bfloat16_too(mode):
    # Logits of 8 bits are often equal, and then it is free which beam stands first.
    ids, mask = batch("llama", 4)
    compare("llama", ids, mask, call("llama", **MODES[mode]), dtype=torch.bfloat16, atol=0.1, fields=OF_ROWS[:2])
