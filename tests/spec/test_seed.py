"""What docs/spec/seed.md says: complete, its citations known, and its runs repeated on transformers 5.23."""

import math
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import genspec.lint.rules  # noqa: F401 - fills RULES
from genspec.lint.rule import RULES

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "seed.md"
PARAMETERS = [
    "input_ids", "max_length", "num_beams", "no_repeat_ngram_size", "early_stopping", "temperature", "top_k", "top_p",
    "do_sample", "num_return_sequences", "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id",
    "decoder_end_token_id", "output_scores", "output_attentions", "output_hidden_states", "return_dict_in_generate",
]
SENTENCES = 28
CALL: dict[str, Any] = {
    "max_length": 50, "num_beams": 5, "no_repeat_ngram_size": 2, "early_stopping": True, "temperature": 0.7,
    "top_k": 50, "top_p": 0.95, "do_sample": True, "num_return_sequences": 3, "bos_token_id": 1, "eos_token_id": 2,
    "pad_token_id": 0, "decoder_start_token_id": 1, "output_scores": True, "output_attentions": True,
    "output_hidden_states": True, "return_dict_in_generate": True,
}
"""The call of the seed without `decoder_end_token_id`, which transformers refuses."""
CYCLE = [[3.0 if token == (last + 1) % 8 else 0.0 for token in range(8)] for last in range(8)]
"""Greedy: after t comes t + 1."""


def rows(kind: str) -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [line.strip("| ").split(" | ") for line in lines if re.match(rf"\| {kind}\d+ \|", line)]


def test_every_parameter_of_the_call_has_a_row() -> None:
    assert [re.sub(r"[`=].*", "", row[1].strip("`")) for row in rows("P")] == PARAMETERS


def test_every_sentence_has_a_row() -> None:
    assert [row[0] for row in rows("S")] == [f"S{number}" for number in range(1, SENTENCES + 1)]
    assert all(row[1].startswith('"') and row[1].endswith('"') for row in rows("S"))


def test_every_rule_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\bGS\d{3}\b", PAGE.read_text(encoding="utf-8")))
    assert named <= RULES.keys(), sorted(named - RULES.keys())


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

    class Table(type(gpt2())):  # type: ignore[misc]
        def forward(self, input_ids: Any = None, **_: Any) -> Any:
            return library().modeling_outputs.CausalLMOutput(logits=torch.tensor(logits)[input_ids])

    size = len(logits[0])
    return Table(library().GPT2Config(
        vocab_size=size, n_embd=2, n_layer=1, n_head=1, bos_token_id=None, eos_token_id=None, use_cache=False,
    )).eval()


def new(logits: list[list[float]], prompt: list[int], **call: Any) -> list[int]:
    """Run a table: the new tokens of the first row."""
    return tokens(run(table(logits), prompt, use_cache=False, **call))[0][len(prompt) :]


def kept(line: list[float], **call: Any) -> int:
    """How many tokens the first draw may choose from when every line of the table is the same."""
    output = run(
        table([line] * len(line)), [1], max_new_tokens=1, do_sample=True, use_cache=False,
        return_dict_in_generate=True, output_scores=True, **call,
    )
    return int(output.scores[0][0].isfinite().sum())


def test_p2_max_length_counts_the_prompt() -> None:
    assert len(tokens(run(gpt2(), [5, 6, 7], max_length=50, eos_token_id=None))[0]) == 50
    for length in (50, 60):
        with pytest.raises(ValueError, match="Input length"):
            run(gpt2(), list(range(length)), max_length=50)


def test_p3_to_p10_and_p16_to_p19_the_call_as_a_whole() -> None:
    output = seeded()
    steps = len(output.scores)
    assert type(output).__name__ == "GenerateBeamDecoderOnlyOutput"
    assert output.sequences.shape[0] == 3 and output.scores[0].shape == (5, 64)
    assert output.sequences_scores.tolist() == sorted(output.sequences_scores.tolist(), reverse=True)
    assert len(output.attentions) == len(output.hidden_states) == steps
    assert len(output.attentions[0]) == 2 and len(output.hidden_states[0]) == 3
    for row in tokens(output):
        ended = row[: row.index(2) + 1] if 2 in row else row
        bigrams = list(pairwise(ended))
        assert len(bigrams) == len(set(bigrams))
    assert tokens(seeded(return_dict_in_generate=False)) == tokens(output)
    with pytest.raises(ValueError, match="num_return_sequences"):
        seeded(num_return_sequences=6)


def test_p6_p8_p9_temperature_top_p_and_do_sample_act() -> None:
    rows_drawn = tokens(seeded())
    assert rows_drawn != tokens(seeded(temperature=1.0))
    assert rows_drawn != tokens(seeded(top_p=0.5))
    assert rows_drawn != tokens(seeded(do_sample=False))


@pytest.mark.parametrize("name", ["top_k", "decoder_start_token_id", "bos_token_id"])
def test_p7_p11_p14_without_it_the_rows_are_the_same(name: str) -> None:
    without = {key: value for key, value in CALL.items() if key != name}
    assert tokens(run(gpt2(), [5, 6, 7], **without)) == tokens(seeded())


def test_p12_the_call_overrides_the_eos_of_the_file() -> None:
    model = table(CYCLE)
    model.generation_config.eos_token_id = [4]
    assert tokens(run(model, [1], max_new_tokens=9, use_cache=False)) == [[1, 2, 3, 4]]
    assert tokens(run(model, [1], max_new_tokens=9, eos_token_id=6, use_cache=False)) == [[1, 2, 3, 4, 5, 6]]


def test_p13_a_null_pad_is_the_first_eos() -> None:
    import torch

    free = tokens(run(gpt2(), [5, 6, 7], max_new_tokens=4, eos_token_id=63))[0]
    batch = torch.tensor([[5, 6, 7], [9, 8, 4]])
    output = gpt2().generate(batch, max_new_tokens=4, eos_token_id=[free[3], 63], pad_token_id=None)
    ended = next(row for row in output.tolist() if row[3] == free[3])
    assert set(ended[4:]) == {free[3]}


def test_p14_the_start_token_of_an_encoder_decoder_model() -> None:
    source = [5, 6, 7, 2]
    assert tokens(run(bart(), source, max_length=4))[0][0] == 2
    assert tokens(run(bart(), source, max_length=4, decoder_start_token_id=9, bos_token_id=9))[0][0] == 9
    with pytest.raises(ValueError, match="decoder_start_token_id"):
        run(bart(), source, max_length=4, decoder_start_token_id=None, bos_token_id=None)


def test_p15_decoder_end_token_id_is_no_parameter() -> None:
    with pytest.raises(ValueError, match=r"not used by the model: \['decoder_end_token_id'\]"):
        seeded(decoder_end_token_id=2)


@pytest.mark.parametrize(("beams", "error"), [(0, ZeroDivisionError), (-1, RuntimeError), (1.5, TypeError)])
def test_s2_num_beams_below_1(beams: float, error: type[Exception]) -> None:
    with pytest.raises(error):
        run(gpt2(), [5], max_new_tokens=2, num_beams=beams)


def test_s5_two_beams_are_kept() -> None:
    output = run(gpt2(), [5], max_new_tokens=2, num_beams=2, return_dict_in_generate=True, output_scores=True)
    assert output.scores[0].shape[0] == 2


def test_s7_the_less_probable_beam_continues_and_wins() -> None:
    even = [0.25] * 4
    chances = [[0.02, 0.5, 0.46, 0.02], even, [0.02, 0.02, 0.02, 0.94], even]
    logits = [[math.log(chance) for chance in line] for line in chances]
    assert new(logits, [0], max_new_tokens=2) == [1, 0]
    assert new(logits, [0], max_new_tokens=2, num_beams=2) == [2, 3]


def test_s8_top_k_is_not_the_number_of_beams() -> None:
    call: dict[str, Any] = {"max_new_tokens": 6, "num_beams": 3}
    assert tokens(run(gpt2(), [5], **call)) == tokens(run(gpt2(), [5], top_k=1, **call))


def test_s9_s10_greedy_and_sampling() -> None:
    config = library().GenerationConfig
    assert config(do_sample=True).get_generation_mode() == "sample"
    assert config(do_sample=True, num_beams=2).get_generation_mode() == "beam_sample"
    assert new([[0.0, 1.0, 1.0, 0.0]] * 4, [0], max_new_tokens=2) == [1, 1]
    model = table([[0.4, 0.3, 0.2, 0.1]] * 4)
    drawn = run(model, [0], max_new_tokens=60, do_sample=True, use_cache=False)
    assert set(tokens(drawn)[0][1:]) == {0, 1, 2, 3}


def test_s11_to_s15_top_k() -> None:
    line = [1.0, 0.5, 0.25, 0.0]
    assert kept([1.0, 1.0, 0.0, 0.0], top_k=1) == 2
    assert [kept(line, top_k=k) for k in (0, 1, 2, 100)] == [4, 1, 2, 4]
    assert kept(line, top_k=1, num_beams=2) == 2
    falling = [-float(token) for token in range(60)]
    assert (kept(falling), kept(falling, top_k=None)) == (50, 60)
    with pytest.raises(ValueError, match="top_k"):
        kept(line, top_k=-1)


def test_s17_to_s19_top_p() -> None:
    even, halves = [0.0] * 100, [math.log(0.5)] * 2 + [-30.0] * 98
    assert [kept(even, top_k=0, top_p=p) for p in (0.95, 0.99)] == [95, 99]
    assert [kept(halves, top_k=0, top_p=p) for p in (0.95, 0.99)] == [2, 2]
    assert (kept([1.0, 0.0], top_p=0.0), kept([1.0, 0.0], top_p=1.5)) == (1, 2)
    with pytest.raises(ValueError, match="top_p"):
        kept(even, top_p=-0.1)


def test_s21_bigrams_of_the_prompt_count() -> None:
    logits = [[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 3.0, 0.0, 0.0], [0.0] * 4]
    assert new(logits, [1, 2, 1], max_new_tokens=3) == [2, 1, 2]
    assert new(logits, [1, 2, 1], max_new_tokens=3, no_repeat_ngram_size=2) == [0, 1, 1]


def test_s22_s23_eos_ends_a_row_whatever_early_stopping_says() -> None:
    for changes in ({}, {"early_stopping": True}, {"early_stopping": False}):
        assert new(CYCLE, [1], max_new_tokens=5, eos_token_id=4, **changes) == [2, 3, 4]
    assert new(CYCLE, [1], max_new_tokens=5) == [2, 3, 4, 5, 6]


def test_s24_to_s27_lengths() -> None:
    logits = [[float(token == last) for token in range(4)] for last in range(4)]
    assert len(new(logits, [1, 2, 3], max_length=9)) == 6
    assert len(new(logits, [1, 2, 3], max_length=9, max_new_tokens=4)) == 4
    assert len(new(logits, [1, 2, 3])) == 20
    model = table(logits)
    model.generation_config.max_new_tokens = 2
    assert len(tokens(run(model, [1, 2, 3], max_length=10, use_cache=False))[0]) == 5
