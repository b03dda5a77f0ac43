"""What `generate` of transformers returns, beside the outputs of the reference. Text: docs/spec/outputs.md."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.outputs import ALL, KEPT, arrays_of, is_near, layered, run
from support.strategies import described, models, prompts

from genspec import GenerationConfig
from genspec.backends.transformers.words import Words
from genspec_reference import ModelOutput, Scripted, generate
from genspec_reference.padded import padded
from genspec_reference.transition_scores import transition_scores

ASKED: tuple[dict[str, Any], ...] = (
    {}, {"repetition_penalty": 2.0}, {"num_beams": 3, "num_return_sequences": 3},
    {"num_beams": 2, "early_stopping": True, "length_penalty": 2.0}, {"num_beams": 4, "min_new_tokens": 2},
)


@st.composite
def batches(draw: st.DrawFn) -> tuple[Scripted, list[tuple[int, ...]]]:
    """Draw a model whose EOS often comes first, and prompts of different lengths."""
    model = draw(models(vocab_size=draw(st.sampled_from((8, 13)))))
    return model, draw(st.lists(prompts(model.vocab_size, 3), min_size=1, max_size=3))


@pytest.mark.parametrize("asked", ASKED, ids=str)
@given(drawn=batches())
@clauses("OUTPUTS-2", "OUTPUTS-3", "OUTPUTS-8", "OUTPUTS-9", "OUTPUTS-10", "OUTPUTS-15", "OUTPUTS-16", "OUTPUTS-17")
def test_arrays_equal_those_of_transformers(asked: dict[str, Any], drawn: Any) -> None:
    pytest.importorskip("transformers")
    model, batch = drawn
    eos = list(model.eos) or [0]
    outputs, arrays = arrays_of(model, batch, pad=3, eos_token_id=eos, **asked)
    if is_near(outputs):
        return                                          # a tie, or nearer than float32 resolves
    theirs = batch_of_transformers(model, batch, pad_token_id=3, eos_token_id=eos, max_new_tokens=5, **KEPT, **asked)
    values = described(model=model, batch=batch, arrays=arrays, theirs=theirs)
    assert theirs.sequences.tolist() == arrays.sequences.tolist(), values
    assert len(theirs.scores) == len(theirs.logits) == len(arrays.scores), values
    if "num_beams" in asked:
        assert theirs.beam_indices.tolist() == arrays.beam_indices.tolist(), values
        np.testing.assert_allclose(theirs.sequences_scores, arrays.sequences_scores, rtol=1e-4)
    for name in ("scores", "logits"):
        for mine, their in zip(getattr(arrays, name), getattr(theirs, name), strict=True):
            there = mine.max(axis=1) > -np.inf          # the other lines are free. OUTPUTS-18
            assert mine.shape == tuple(their.shape), values
            np.testing.assert_allclose(mine[there], their.numpy()[there], rtol=1e-4, atol=1e-5)


def batch_of_transformers(
    model: Any, batch: Sequence[Sequence[int]], vocab_size: int | None = None, **asked: Any
) -> Any:
    """Run `generate` on prompts that are filled on their left with the pad id, and masked there."""
    import torch
    from support.hf_model import hf_model

    width = max(map(len, batch))
    pad = asked["pad_token_id"]
    ids = torch.tensor([[pad] * (width - len(prompt)) + list(prompt) for prompt in batch])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
    with torch.no_grad():
        return hf_model(model, vocab_size).generate(ids, attention_mask=mask, use_cache=False, **asked)


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("normalize", [False, True])
@clauses("OUTPUTS-12", "OUTPUTS-13", "OUTPUTS-17")
def test_transition_scores_equal_those_of_transformers(asked: dict[str, Any], normalize: bool) -> None:
    pytest.importorskip("transformers")
    from support.hf_model import hf_model

    compared = 0
    for seed in range(12):
        model = Scripted("history", seed, 8, (2,))
        output = run(model, [1, 5], eos_token_id=2, **asked)
        if is_near([output]):
            continue
        theirs = batch_of_transformers(
            model, [[1, 5]], pad_token_id=0, eos_token_id=2, max_new_tokens=5, **KEPT, **asked)
        found = hf_model(model).compute_transition_scores(
            theirs.sequences, theirs.scores, getattr(theirs, "beam_indices", None), normalize_logits=normalize)
        for mine, their in zip(transition_scores(output, normalize), found.tolist(), strict=True):
            np.testing.assert_allclose(their[:len(mine)], mine, rtol=1e-4, atol=1e-5)
            assert set(their[len(mine):]) <= {0.0}
            compared += 1
    assert compared >= 5


@clauses("OUTPUTS-16")
def test_deviation_transformers_fills_beams_with_eos_where_the_pad_id_is_0() -> None:
    pytest.importorskip("transformers")
    model, asked = ending_with(2), {"eos_token_id": 2, "max_new_tokens": 3, "num_beams": 2}
    theirs = batch_of_transformers(model, [[0], [1]], 4, pad_token_id=0, **asked).tolist()
    _, arrays = arrays_of(model, [[0], [1]], **asked)
    assert arrays.sequences.tolist() == [[0, 2, 0, 0], [1, 1, 1, 1]]
    assert theirs == [[0, 2, 2, 2], [1, 1, 1, 1]]


@clauses("OUTPUTS-16")
def test_deviation_transformers_fills_beams_with_minus_1_where_there_is_no_eos() -> None:
    pytest.importorskip("transformers")
    model, asked = ending_with(2), {"max_new_tokens": 3, "num_beams": 2, "stop_strings": ["c"]}
    theirs = batch_of_transformers(model, [[0], [1]], 4, pad_token_id=3, tokenizer=Words("abcd"), **asked).tolist()
    outputs = [generate(GenerationConfig(**asked), model, prompt, detokenize=spelled) for prompt in ([0], [1])]
    assert padded(outputs, 3, 2).sequences.tolist() == [[0, 2, 3, 3], [1, 1, 1, 1]]
    assert theirs == [[0, 2, -1, -1], [1, 1, 1, 1]]


def spelled(tokens: Sequence[int]) -> str:
    return "".join("abcd"[token] for token in tokens)


def ending_with(eos: int) -> Any:
    """After 0 comes the EOS, nearly surely; after anything else, the same again."""

    def model(tokens: tuple[int, ...]) -> list[float]:
        following = eos if tokens[-1] == 0 else tokens[-1]
        return [30.0 if token == following else -1.0 * token for token in range(4)]

    return model


@clauses("OUTPUTS-8")
def test_deviation_transformers_gives_scores_of_sequences_only_with_scores() -> None:
    pytest.importorskip("transformers")
    asked = {"max_new_tokens": 2, "num_beams": 2, "return_dict_in_generate": True, "pad_token_id": 3}
    theirs = batch_of_transformers(Scripted("table", 1, 5), [[1]], **asked)
    assert (theirs.sequences_scores, theirs.beam_indices.shape) == (None, (1, 2))
    assert generate(GenerationConfig(**asked), Scripted("table", 1, 5), [1]).rows[0].score is not None


@clauses("OUTPUTS-12", "OUTPUTS-17")
def test_deviation_transformers_goes_on_scoring_a_row_that_has_ended() -> None:
    pytest.importorskip("transformers")
    from support.hf_model import hf_model

    model, asked = ending_with(2), {"eos_token_id": 2, "max_new_tokens": 3}
    theirs = batch_of_transformers(model, [[0], [1]], 4, pad_token_id=3, **KEPT, **asked)
    scores = hf_model(model, 4).compute_transition_scores(theirs.sequences, theirs.scores)
    assert theirs.sequences.tolist() == [[0, 2, 3, 3], [1, 1, 1, 1]]
    assert scores[0].tolist() == [30.0, -3.0, 30.0]


def tiny_llama(cache: bool) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    torch.set_num_threads(1)
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=16, hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=32, attn_implementation="eager", use_cache=cache, bos_token_id=None, eos_token_id=None,
    )).eval().double()


def as_reference(model: Any) -> Any:
    """Make a causal language model of transformers a function from a row to everything that it gives."""
    import torch

    def function(tokens: tuple[int, ...]) -> ModelOutput:
        with torch.no_grad():
            given = model(torch.tensor([tokens]), output_attentions=True, output_hidden_states=True, use_cache=False)
        return ModelOutput(given.logits[0, -1].numpy(), tuple(layer[0].numpy() for layer in given.hidden_states),
                           tuple(layer[0].numpy() for layer in given.attentions))

    return function


@pytest.mark.parametrize("asked", [{}, {"num_beams": 3}], ids=str)
@clauses("OUTPUTS-4", "OUTPUTS-5", "OUTPUTS-10", "OUTPUTS-11", "OUTPUTS-18")
def test_attentions_and_hidden_states_equal_those_of_a_llama(asked: dict[str, Any]) -> None:
    pytest.importorskip("transformers")
    import torch

    model = tiny_llama(cache=True)
    _, arrays = arrays_of(as_reference(model), [[3, 4, 5]], max_new_tokens=4, **ALL, **asked)
    theirs = model.generate(torch.tensor([[3, 4, 5]]), max_new_tokens=4, pad_token_id=0, **KEPT, **ALL, **asked)
    assert theirs.sequences.tolist() == arrays.sequences.tolist()
    for name in ("attentions", "hidden_states"):
        mine, their = getattr(arrays, name), getattr(theirs, name)
        assert len(mine) == len(their) == 4
        for number, (layers, others) in enumerate(zip(mine, their, strict=True)):
            assert len(layers) == len(others) == (2 if name == "attentions" else 3)
            for layer, other in zip(layers, others, strict=True):
                assert layer.shape == tuple(other.shape), (name, number)
                lines = 1 if number == 0 else None      # at the first step all beams are the prompt
                np.testing.assert_allclose(layer[:lines], other[:lines].numpy(), rtol=1e-4, atol=1e-6)


@clauses("OUTPUTS-11")
def test_deviation_transformers_without_a_cache_covers_the_whole_row() -> None:
    pytest.importorskip("transformers")
    import torch

    theirs = tiny_llama(cache=False).generate(
        torch.tensor([[3, 4, 5]]), max_new_tokens=2, pad_token_id=0, use_cache=False, **KEPT, **ALL)
    assert [tuple(layers[0].shape) for layers in theirs.attentions] == [(1, 2, 3, 3), (1, 2, 4, 4)]


@pytest.mark.parametrize("beams", [1, 2])
@clauses("OUTPUTS-4", "OUTPUTS-7", "OUTPUTS-11")
def test_attentions_of_an_encoder_decoder_have_the_shapes_of_a_bart(beams: int) -> None:
    pytest.importorskip("transformers")
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    torch.manual_seed(0)
    model = BartForConditionalGeneration(BartConfig(
        vocab_size=16, d_model=6, encoder_layers=1, decoder_layers=2, encoder_attention_heads=3,
        decoder_attention_heads=3, encoder_ffn_dim=8, decoder_ffn_dim=8, max_position_embeddings=32, bos_token_id=None,
        eos_token_id=None, pad_token_id=0, decoder_start_token_id=1, forced_eos_token_id=None,
        attn_implementation="eager",
    )).eval()
    theirs = model.generate(torch.tensor([[4, 5, 6]]), max_new_tokens=3, num_beams=beams, **KEPT, **ALL)
    output = generate(GenerationConfig(**KEPT, **ALL, max_new_tokens=3, num_beams=beams, decoder_start_token_id=1),
                      layered, source=[4, 5, 6])
    arrays = padded([output], 0, beams)
    assert theirs.sequences.shape == arrays.sequences.shape and int(theirs.sequences[0, 0]) == 1
    for name, found in (("attentions", theirs.decoder_attentions), ("cross_attentions", theirs.cross_attentions)):
        shapes = [[tuple(layer.shape) for layer in layers] for layers in found]
        assert [[layer.shape for layer in layers] for layers in getattr(arrays, name)] == shapes
