"""What docs/spec/seed.md says: complete, its citations known, its runs repeated on transformers 5.23 and the reference.

A test with `decoder` runs on both, with the same expectation.
"""

import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.seed import (
    CALL,
    CYCLE,
    MADE_UP,
    bart,
    gpt2,
    has_library,
    kept,
    library,
    new,
    reference,
    reference_gpt2,
    run,
    scripted,
    seeded,
    table,
    tokens,
    torch_noise,
)

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec import GenerationConfig, Rejected
from genspec.lint.rule import RULES
from genspec_reference import generate
from genspec_reference.padded import padded

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "seed.md"
PARAMETERS = [
    "input_ids", "max_length", "num_beams", "no_repeat_ngram_size", "early_stopping", "temperature", "top_k", "top_p",
    "do_sample", "num_return_sequences", "bos_token_id", "eos_token_id", "pad_token_id", "decoder_start_token_id",
    "decoder_end_token_id", "output_scores", "output_attentions", "output_hidden_states", "return_dict_in_generate",
]
SENTENCES = 28
BOTH = pytest.mark.parametrize("decoder", ["transformers", "reference"])
REFERENCE = Path(generate.__code__.co_filename).parent


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


def test_every_part_of_the_decoder_that_the_page_names_exists() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = {part.strip() for parts in re.findall(r"decoder: ([\w, ]+)", text) for part in parts.split(",")}
    there = {path.stem for path in REFERENCE.rglob("*.py")}
    assert len(named) > 10 and named <= there, sorted(named - there)
    assert "not there yet" not in text


def test_the_reference_returns_the_rows_of_the_call_token_for_token() -> None:
    """The seed's call, without the field that does not exist: 5 beams, drawn with torch's own numbers."""
    import torch

    library()
    same = 0
    for seed in range(2):
        torch.manual_seed(seed)
        theirs = gpt2().generate(torch.tensor([[5, 6, 7]]), **CALL)
        output = reference(reference_gpt2(), [5, 6, 7], torch_noise(seed, 5 * 64), **CALL)
        ours = padded([output], 2, num_beams=5)         # transformers fills with EOS where the pad id is 0
        if theirs.sequences.tolist() != ours.sequences.tolist():
            continue                                    # a total of -240 in float32 may turn a near decision
        same += 1
        assert theirs.beam_indices.tolist() == ours.beam_indices.tolist()
        np.testing.assert_allclose(theirs.sequences_scores, ours.sequences_scores, rtol=1e-5)
        for step in range(1, len(theirs.scores)):
            np.testing.assert_allclose(theirs.scores[step], ours.scores[step], rtol=1e-4, atol=1e-5)
            for name in ("attentions", "hidden_states"):
                for layer, other in zip(getattr(theirs, name)[step], getattr(ours, name)[step], strict=True):
                    np.testing.assert_allclose(layer, other, rtol=1e-4, atol=1e-5)
    assert same


def test_p2_max_length_counts_the_prompt() -> None:
    assert len(tokens(run(gpt2(), [5, 6, 7], max_length=50, eos_token_id=None))[0]) == 50
    for length in (50, 60):
        with pytest.raises(ValueError, match="Input length"):
            run(gpt2(), list(range(length)), max_length=50)


def test_p1_p2_the_reference_keeps_the_prompt_or_its_end() -> None:
    rows_of = {length: reference(cycle_of_64, range(length), max_length=50).sequences[0] for length in (3, 50, 60)}
    assert rows_of[3][:3] == (0, 1, 2) and len(rows_of[3]) == 50
    assert (rows_of[50], rows_of[60]) == (tuple(range(50)), tuple(range(10, 60)))


def cycle_of_64(tokens: tuple[int, ...]) -> list[float]:
    return [float(token == (tokens[-1] + 1) % 64) for token in range(64)]


def test_p3_to_p10_and_p16_to_p19_the_call_on_the_reference() -> None:
    output = scripted()
    scores = [row.score for row in output.rows]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True)
    (steps,) = output.runs
    assert {len(step.scores) for step in steps[1:]} == {5} and {one.size for one in steps[0].scores} == {64}
    for row in output.sequences:
        bigrams = list(pairwise(row))
        assert len(bigrams) == len(set(bigrams))
    assert scripted(return_dict_in_generate=False).sequences == output.sequences
    assert scripted(return_dict_in_generate=False).runs[0][0].scores is None
    with pytest.raises(Rejected, match="MODE-10"):
        scripted(num_return_sequences=6)
    layers = reference(reference_gpt2(), [5, 6, 7], **CALL).runs[0][1] if has_library() else None
    assert layers is None or (len(layers.attentions[0]), len(layers.hidden_states[0])) == (2, 3)


def test_p5_early_stopping_ends_the_search_with_five_finished_hypotheses() -> None:
    stopped, went_on = scripted(), scripted(early_stopping=False)
    assert len(stopped.runs[0]) < len(went_on.runs[0])


def test_p4_p6_to_p9_each_acts_on_the_reference() -> None:
    rows_drawn = scripted().sequences
    for changes in ({"no_repeat_ngram_size": 0}, {"temperature": 1.0}, {"top_p": 0.5}, {"do_sample": False},
                    {"top_k": 2}):
        assert scripted(**changes).sequences != rows_drawn, changes


@pytest.mark.parametrize("name", ["top_k", "decoder_start_token_id", "bos_token_id", "pad_token_id"])
def test_p7_p11_p13_p14_without_it_the_rows_of_the_reference_are_the_same(name: str) -> None:
    without = {key: value for key, value in CALL.items() if key != name}
    assert reference(MADE_UP, [5, 6, 7], **without).rows == scripted().rows


def test_p12_the_call_overrides_the_eos_of_the_file_on_the_reference() -> None:
    for call, row in (({}, (1, 2, 3, 4)), ({"eos_token_id": 6}, (1, 2, 3, 4, 5, 6))):
        config = GenerationConfig.layered(call={"max_new_tokens": 9, **call}, model={"eos_token_id": [4]})
        assert generate(config, lambda tokens: CYCLE[tokens[-1]], [1]).sequences == (row,)


def test_p14_the_start_token_on_the_reference() -> None:
    def model(tokens: tuple[int, ...], source: tuple[int, ...]) -> list[float]:
        return CYCLE[tokens[-1]]

    call = {"max_length": 4, "source": [5, 6, 7, 2]}
    assert reference(model, [], decoder_start_token_id=2, **call).sequences == ((2, 3, 4, 5),)
    assert reference(model, [], decoder_start_token_id=6, bos_token_id=1, **call).sequences[0][0] == 6
    with pytest.raises(Rejected, match="TOKENS-5"):
        reference(model, [], decoder_start_token_id=None, bos_token_id=None, **call)


def test_p15_s2_s12_s17_the_reference_refuses_what_no_decoder_can_mean() -> None:
    for call, clause in (
        ({"decoder_end_token_id": 2}, "CONFIG-2"), ({"num_beams": 0}, "BEAMS-1"), ({"num_beams": -1}, "BEAMS-1"),
        ({"num_beams": 1.5}, "CONFIG-3"), ({"top_k": -1}, "TOP-K-1"), ({"top_p": 1.5}, "TOP-P-1"),
        ({"top_p": -0.1}, "TOP-P-1"),
    ):
        with pytest.raises(Rejected, match=clause):
            scripted(**call)


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


def test_s1_s5_s6_two_hypotheses_are_kept_on_the_reference() -> None:
    output = scripted(num_beams=2, num_return_sequences=2)
    first, second = output.runs[0][:2]
    assert len(output.rows) == len(second.scores) == 2
    assert len(first.choices) == 4 and {choice.beam for choice in second.choices} <= {0, 1}


def test_s3_s4_one_beam_is_no_beam_search() -> None:
    model = MADE_UP
    rows_of = [reference(model, [5], max_new_tokens=5, **call).rows for call in ({}, {"num_beams": 1})]
    assert rows_of[0] == rows_of[1] and rows_of[0][0].score is None


def test_s5_two_beams_are_kept() -> None:
    output = run(gpt2(), [5], max_new_tokens=2, num_beams=2, return_dict_in_generate=True, output_scores=True)
    assert output.scores[0].shape[0] == 2


@BOTH
def test_s7_the_less_probable_beam_continues_and_wins(decoder: str) -> None:
    even = [0.25] * 4
    chances = [[0.02, 0.5, 0.46, 0.02], even, [0.02, 0.02, 0.02, 0.94], even]
    logits = [[math.log(chance) for chance in line] for line in chances]
    assert new(decoder, logits, [0], max_new_tokens=2) == [1, 0]
    assert new(decoder, logits, [0], max_new_tokens=2, num_beams=2) == [2, 3]


@BOTH
def test_s8_top_k_is_not_the_number_of_beams(decoder: str) -> None:
    call: dict[str, Any] = {"max_new_tokens": 6, "num_beams": 3}
    rows_of = [call, {**call, "top_k": 1}]
    if decoder == "reference":
        model = MADE_UP
        assert reference(model, [5], **rows_of[0]).rows == reference(model, [5], **rows_of[1]).rows
    else:
        assert tokens(run(gpt2(), [5], **rows_of[0])) == tokens(run(gpt2(), [5], **rows_of[1]))


def test_s9_do_sample_decides_the_mode() -> None:
    config = library().GenerationConfig
    assert config(do_sample=True).get_generation_mode() == "sample"
    assert config(do_sample=True, num_beams=2).get_generation_mode() == "beam_sample"
    modes = [GenerationConfig(do_sample=True, num_beams=beams).resolve().plan.mode for beams in (1, 2)]
    assert modes == ["sample", "beam_sample"]


@BOTH
def test_s10_greedy_takes_the_lowest_of_equal_ids_and_sampling_takes_any(decoder: str) -> None:
    assert new(decoder, [[0.0, 1.0, 1.0, 0.0]] * 4, [0], max_new_tokens=2) == [1, 1]
    line = [0.4, 0.3, 0.2, 0.1]
    assert set(new(decoder, [line] * 4, [0], max_new_tokens=60, do_sample=True)) == {0, 1, 2, 3}


@BOTH
def test_s11_to_s15_top_k(decoder: str) -> None:
    line = [1.0, 0.5, 0.25, 0.0]
    assert kept(decoder, [1.0, 1.0, 0.0, 0.0], top_k=1) == 2
    assert [kept(decoder, line, top_k=k) for k in (0, 1, 2, 100)] == [4, 1, 2, 4]
    assert kept(decoder, line, top_k=1, num_beams=2) == 2
    falling = [-float(token) for token in range(60)]
    assert (kept(decoder, falling), kept(decoder, falling, top_k=None)) == (50, 60)


@BOTH
def test_s16_to_s19_top_p(decoder: str) -> None:
    even, halves = [0.0] * 100, [math.log(0.5)] * 2 + [-30.0] * 98
    assert [kept(decoder, even, top_k=0, top_p=p) for p in (0.95, 0.99)] == [95, 99]
    assert [kept(decoder, halves, top_k=0, top_p=p) for p in (0.95, 0.99)] == [2, 2]
    assert kept(decoder, [1.0, 0.0], top_p=0.0) == 1
    assert kept(decoder, [math.log(chance) for chance in (0.5, 0.3, 0.2)], top_p=0.6) == 2  # the one that crosses stays


def test_s12_s17_what_transformers_does_with_values_outside_their_range() -> None:
    assert kept("transformers", [1.0, 0.0], top_p=1.5) == 2
    for name, value in (("top_k", -1), ("top_p", -0.1)):
        with pytest.raises(ValueError, match=name):
            kept("transformers", [1.0, 0.0], **{name: value})


@BOTH
def test_s21_bigrams_of_the_prompt_count(decoder: str) -> None:
    logits = [[0.0, 3.0, 0.0, 0.0], [0.0, 0.0, 3.0, 0.0], [0.0, 3.0, 0.0, 0.0], [0.0] * 4]
    assert new(decoder, logits, [1, 2, 1], max_new_tokens=3) == [2, 1, 2]
    assert new(decoder, logits, [1, 2, 1], max_new_tokens=3, no_repeat_ngram_size=2) == [0, 1, 1]


@BOTH
def test_s22_s23_eos_ends_a_row_whatever_early_stopping_says(decoder: str) -> None:
    for changes in ({}, {"early_stopping": True}, {"early_stopping": False}):
        assert new(decoder, CYCLE, [1], max_new_tokens=5, eos_token_id=4, **changes) == [2, 3, 4]
    assert new(decoder, CYCLE, [1], max_new_tokens=5) == [2, 3, 4, 5, 6]


@BOTH
def test_s22_early_stopping_says_when_beam_search_ends(decoder: str) -> None:
    quarters = [[3, 7, 5, 6, -4], [0, -4, 6, 8, -4], [6, -1, 0, -8, 3], [2, -3, 6, -1, 3], [0, -5, 8, 4, -3]]
    logits = [[quarter / 4 for quarter in line] for line in quarters]
    call = {"num_beams": 2, "length_penalty": 2.0, "max_new_tokens": 5, "eos_token_id": 2, "pad_token_id": 0}
    for early_stopping, row in ((True, [3, 2]), (False, [3, 4, 2]), ("never", [3, 0, 1, 3, 2])):
        assert new(decoder, logits, [1], early_stopping=early_stopping, **call) == row


@BOTH
def test_s24_to_s27_lengths(decoder: str) -> None:
    logits = [[float(token == last) for token in range(4)] for last in range(4)]
    assert len(new(decoder, logits, [1, 2, 3], max_length=9)) == 6
    assert len(new(decoder, logits, [1, 2, 3], max_length=9, max_new_tokens=4)) == 4
    assert len(new(decoder, logits, [1, 2, 3], max_new_tokens=4)) == 4
    assert len(new(decoder, logits, [1, 2, 3])) == 20


def test_s26_max_new_tokens_of_the_file_beats_max_length_of_the_call() -> None:
    logits = [[float(token == last) for token in range(4)] for last in range(4)]
    config = GenerationConfig.layered(call={"max_length": 10}, model={"max_new_tokens": 2})
    assert len(generate(config, lambda tokens: logits[tokens[-1]], [1, 2, 3]).sequences[0]) == 5
    model = table(logits)
    model.generation_config.max_new_tokens = 2
    assert len(tokens(run(model, [1, 2, 3], max_length=10, use_cache=False))[0]) == 5
