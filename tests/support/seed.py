"""The call of docs/spec/seed.md, on models of transformers and on the reference."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

from genspec import GenerationConfig
from genspec_reference import GenerateOutput, ModelOutput, Noise, Scripted, generate, seeded_noise

CALL: dict[str, Any] = {
    "max_length": 50, "num_beams": 5, "no_repeat_ngram_size": 2, "early_stopping": True, "temperature": 0.7,
    "top_k": 50, "top_p": 0.95, "do_sample": True, "num_return_sequences": 3, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0, "decoder_start_token_id": 1, "output_scores": True, "output_attentions": True,
    "output_hidden_states": True, "return_dict_in_generate": True,
}
"""The call of the seed without `decoder_end_token_id`, which transformers refuses."""
MADE_UP = Scripted("history", 13, 64, (2,))
"""A model on which every field of the call acts."""
CYCLE = [[3.0 if token == (last + 1) % 8 else 0.0 for token in range(8)] for last in range(8)]
"""Greedy: after t comes t + 1."""


@cache
def library() -> Any:
    transformers = pytest.importorskip("transformers", reason="the runs are those of transformers, not installed")
    if not transformers.__version__.startswith("5."):
        pytest.skip(f"the runs are those of 5.23; {transformers.__version__} is installed")
    import torch

    torch.set_num_threads(1)    # tiny models: waiting for a second thread takes longer than the work
    return transformers


@cache
def gpt2() -> Any:
    import torch

    torch.manual_seed(0)
    config = library().GPT2Config(
        vocab_size=64, n_positions=128, n_embd=16, n_layer=2, n_head=2, bos_token_id=1, eos_token_id=2,
        attn_implementation="eager",
    )
    return library().GPT2LMHeadModel(config).eval()


@cache
def bart() -> Any:
    import torch

    torch.manual_seed(0)
    config = library().BartConfig(
        vocab_size=64, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=64,
        bos_token_id=None, eos_token_id=2, pad_token_id=0, decoder_start_token_id=2, forced_eos_token_id=None,
    )
    return library().BartForConditionalGeneration(config).eval()


def run(model: Any, prompt: list[int], **call: Any) -> Any:
    import torch

    torch.manual_seed(0)
    return model.generate(torch.tensor([prompt]), **call)


def seeded(prompt: tuple[int, ...] = (5, 6, 7), **changes: Any) -> Any:
    """Run the seed's call on GPT-2, with changes."""
    return run(gpt2(), list(prompt), **{**CALL, **changes})


def tokens(output: Any) -> list[list[int]]:
    return getattr(output, "sequences", output).tolist()


def table(logits: list[list[float]]) -> Any:
    """GPT-2's loop around a table: after token t the logits are line t."""
    import torch

    class Table(type(gpt2())):
        def forward(self, input_ids: Any = None, **_: Any) -> Any:
            return library().modeling_outputs.CausalLMOutput(logits=torch.tensor(logits)[input_ids])

    size = len(logits[0])
    return Table(library().GPT2Config(
        vocab_size=size, n_embd=2, n_layer=1, n_head=1, bos_token_id=None, eos_token_id=None, use_cache=False,
    )).eval()


def new(decoder: str, logits: list[list[float]], prompt: list[int], **call: Any) -> list[int]:
    """Run a table: the new tokens of the first row."""
    if decoder == "reference":
        return list(reference(lambda tokens: logits[tokens[-1]], prompt, **call).new_tokens[0])
    return tokens(run(table(logits), prompt, use_cache=False, **call))[0][len(prompt) :]


def kept(decoder: str, line: list[float], **call: Any) -> int:
    """How many tokens the first draw may choose from when every line of the table is the same."""
    asked = {"max_new_tokens": 1, "do_sample": True, "return_dict_in_generate": True, "output_scores": True, **call}
    if decoder == "reference":
        return int(np.isfinite(reference(lambda tokens: line, [1], **asked).runs[0][0].scores[0]).sum())
    return int(run(table([line] * len(line)), [1], use_cache=False, **asked).scores[0][0].isfinite().sum())


def reference(model: Any, prompt: Sequence[int], noise: Noise | None = None, **call: Any) -> GenerateOutput:
    """Run the reference. A null in a call switches a field off. CONFIG-6."""
    given = {"noise": noise or seeded_noise(0)} | {name: call.pop(name) for name in ("source",) if name in call}
    return generate(GenerationConfig.layered(call=call), model, prompt, **given)


def reference_gpt2() -> Callable[[tuple[int, ...]], ModelOutput]:
    """GPT-2 as the reference sees a model: a function from a row to logits and what else it gives."""
    import torch

    def function(row: tuple[int, ...]) -> ModelOutput:
        with torch.no_grad():
            given = gpt2()(torch.tensor([row]), output_attentions=True, output_hidden_states=True)
        hidden, attentions = (
            tuple(layer[0].double().numpy() for layer in part) for part in (given.hidden_states, given.attentions)
        )
        return ModelOutput(given.logits[0, -1].double().numpy(), hidden, attentions)

    return function


def torch_noise(seed: int, size: int) -> Noise:
    """Draw as torch does from a seed, `size` numbers a step: those that `torch.multinomial` races with on a CPU."""
    import torch

    generator, drawn = torch.Generator().manual_seed(seed), list[Any]()

    def noise(row: int, step: int, wanted: int) -> Any:
        assert (row, wanted) == (0, size)
        while len(drawn) <= step:
            drawn.append(torch.empty(size).exponential_(1, generator=generator).double().numpy())
        return drawn[step]

    return noise


def scripted(**changes: Any) -> GenerateOutput:
    """Run the seed's call on the reference and a model of made-up logits, with changes."""
    return reference(MADE_UP, [5, 6, 7], **{**CALL, **changes})


def has_library() -> bool:
    try:
        return bool(library())
    except pytest.skip.Exception:
        return False
