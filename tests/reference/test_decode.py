"""The call of the reference: what it takes, what it refuses, and laws of the whole loop."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, models, prompts

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import Operation
from genspec_reference import ModelOutput, Scripted, decode, generate, seeded_noise
from genspec_reference.scores import Scores

MODES = ({}, {"do_sample": True, "top_k": 3}, {"num_beams": 3}, {"num_beams": 2, "do_sample": True})


@clauses("LENGTH-5")
def test_an_overlong_prompt_is_cut_from_its_front_and_nothing_is_generated() -> None:
    row = generate(GenerationConfig(max_length=3), Scripted("table", 1), [5, 6, 7, 8]).rows[0]
    assert (row.tokens, row.new_tokens, str(row.finish_reason)) == ((6, 7, 8), (), "length")


@clauses("TOKENS-6")
def test_an_empty_prompt_is_bos() -> None:
    output = generate(GenerationConfig(max_new_tokens=1, bos_token_id=4), Scripted("table", 1), [])
    assert output.rows[0].tokens[0] == 4
    with pytest.raises(Rejected, match="TOKENS-6"):
        generate(GenerationConfig(max_new_tokens=1), Scripted("table", 1), [])


@pytest.mark.parametrize("start", [7, [7, 3]])
@clauses("TOKENS-5")
def test_an_encoder_decoder_starts_from_its_start_token_and_reads_the_source(start: object) -> None:
    model, config = Scripted("history", 1), GenerationConfig(max_new_tokens=2, decoder_start_token_id=start)
    rows = [generate(config, model, source=source).rows[0] for source in ([1, 2], [2, 1])]
    assert {row.tokens[0] for row in rows} == {7}
    assert rows[0].tokens != rows[1].tokens
    first = int(np.argmax(model((7,), (1, 2))))
    assert rows[0].tokens[1] == first


def test_a_prompt_of_another_length_than_the_plan_is_an_error() -> None:
    plan = GenerationConfig().resolve(prompt_length=2).plan
    with pytest.raises(ValueError, match="for a prompt of 2 tokens, and this one has 3"):
        decode(plan, Scripted("table", 1), [1, 2, 3])


def test_the_source_belongs_to_an_encoder_decoder_alone() -> None:
    plan = GenerationConfig().resolve().plan
    with pytest.raises(ValueError, match="decoder-only: source= is not for it"):
        decode(plan, Scripted("table", 1), [1], source=[1])
    plan = GenerationConfig(decoder_start_token_id=1).resolve(architecture="encoder-decoder").plan
    with pytest.raises(ValueError, match="encoder-decoder: source= is missing"):
        decode(plan, Scripted("table", 1), [1])


def test_a_model_may_give_more_than_logits() -> None:
    bare = generate(GenerationConfig(max_new_tokens=3), Scripted("table", 2), [1])
    whole = generate(GenerationConfig(max_new_tokens=3), lambda tokens: ModelOutput(Scripted("table", 2)(tokens)), [1])
    assert bare.sequences == whole.sequences


def test_a_config_that_is_refused_is_refused_with_every_reason() -> None:
    with pytest.raises(Rejected) as refused:
        generate(GenerationConfig(eos_token_id=99, num_return_sequences=2), Scripted("table", 2), [1], vocab_size=16)
    assert {reason.clause for reason in refused.value.reasons} == {"TOKENS-1", "MODE-9"}


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_the_same_request_gives_the_same_output(mode: dict[str, object]) -> None:
    config = GenerationConfig(max_new_tokens=5, eos_token_id=2, **mode)
    first, second = (generate(config, Scripted("history", 9, 8, (2,)), [1], noise=seeded_noise(1)) for _ in range(2))
    assert first.rows == second.rows


@pytest.mark.parametrize("mode", MODES, ids=str)
@given(model=models(vocab_size=7), data=st.data())
def test_renamed_tokens_give_the_renamed_row(mode: dict[str, object], model: Scripted, data: st.DataObject) -> None:
    """The ids have no meaning, except in ties."""
    names = data.draw(st.permutations(range(7)))
    back = [names.index(token) for token in range(7)]
    prompt, noise = data.draw(prompts(7)), seeded_noise(data.draw(st.integers(0, 99)))
    beams = int(mode.get("num_beams", 1))

    def renamed(tokens: tuple[int, ...]) -> Scores:
        return model(tuple(back[token] for token in tokens))[back]

    def renamed_noise(row: int, step: int, size: int) -> Scores:
        return noise(row, step, size).reshape(-1, 7)[:, back].ravel()

    common = {"max_new_tokens": 4, "no_repeat_ngram_size": 2, **mode}
    ours = generate(GenerationConfig(eos_token_id=list(model.eos), **common), model, prompt, noise=noise)
    theirs = generate(GenerationConfig(eos_token_id=[names[token] for token in model.eos], **common), renamed,
                      [names[token] for token in prompt], noise=renamed_noise)
    if min((step.margin for run in (*ours.runs, *theirs.runs) for step in run), default=1.0) < 1e-9:
        return
    assert [tuple(back[token] for token in row) for row in theirs.sequences] == list(ours.sequences), described(
        model=model, prompt=prompt, names=names, beams=beams)


@pytest.mark.parametrize("prompt", [np.array([1, 2]), [np.int64(1), np.int32(2)], (1, 2), range(1, 3)], ids=repr)
def test_a_prompt_may_be_any_sequence_of_integers(prompt: Any) -> None:
    output = generate(GenerationConfig(max_new_tokens=2), Scripted("history", 7), prompt)
    assert output == generate(GenerationConfig(max_new_tokens=2), Scripted("history", 7), [1, 2])
    assert {type(token) for token in output.sequences[0]} == {int}


@pytest.mark.parametrize("name", ["prompt", "source", "negative_prompt"])
@pytest.mark.parametrize("wrong", [[1.5], [-1], ["a"], [[1, 2]], "12", 5], ids=repr)
def test_what_is_no_token_id_is_an_error(name: str, wrong: Any) -> None:
    call = {"prompt": [1], **({"source": [1]} if name == "source" else {}), name: wrong}
    prompt = call.pop("prompt")
    plan = GenerationConfig(decoder_start_token_id=1).resolve(
        architecture="encoder-decoder" if name == "source" else "decoder-only").plan
    with pytest.raises(ValueError, match=f"^{name} (is a list of token ids|holds -1)"):
        decode(plan, Scripted("table", 1), prompt, **call)


def test_no_source_is_a_decoder_only_model() -> None:
    alone = generate(GenerationConfig(max_new_tokens=2), Scripted("history", 7), [1])
    assert generate(GenerationConfig(max_new_tokens=2), Scripted("history", 7), [1], source=None) == alone


@clauses("TOKENS-1")
def test_an_id_without_a_score_is_an_error_that_says_so() -> None:
    for config in ({"suppress_tokens": [10]}, {"bad_words_ids": [[10]]}, {"sequence_bias": [[[10], 1.0]]},
                   {"forced_eos_token_id": 10}):
        with pytest.raises(ValueError, match="has no score, the model gives 4"):
            generate(GenerationConfig(max_new_tokens=1, **config), lambda tokens: [0.0, 1.0, 2.0, 3.0], [1])


def test_logits_become_float64_and_are_copied_whatever_holds_them() -> None:
    buffer = np.array([1, 2, 0])

    def model(tokens: tuple[int, ...]) -> ModelOutput:
        buffer[:] = np.roll(buffer, 1)
        return ModelOutput(buffer, layer_logits=(buffer,))

    config = GenerationConfig(max_new_tokens=3, return_dict_in_generate=True, output_logits=True)
    steps = generate(config, model, [1]).runs[0]
    logits = [step.logits[0] for step in steps if step.logits]
    assert [row.tolist() for row in logits] == [[0, 1, 2], [2, 0, 1], [1, 2, 0]]
    assert {row.dtype for row in logits} == {np.dtype(np.float64)}


def test_outputs_with_scores_can_be_compared() -> None:
    config = GenerationConfig(max_new_tokens=3, return_dict_in_generate=True, output_scores=True)
    first, second = (generate(config, Scripted("history", 7), [1], trace=True) for _ in range(2))
    assert first == second
    assert first != generate(config, Scripted("history", 8), [1], trace=True)


def test_the_noise_may_be_a_list() -> None:
    config = GenerationConfig(max_new_tokens=1, do_sample=True)
    assert generate(config, Scripted("table", 1, 3), [1], noise=lambda row, step, size: [1.0, 1.0, 1.0])


@clauses("STOPPING-4")
def test_every_row_has_a_clock_of_its_own() -> None:
    readings = iter(range(1000))
    config = GenerationConfig(do_sample=True, num_return_sequences=3, max_time=2.5, max_new_tokens=9)
    rows = generate(config, Scripted("table", 1), [1], noise=seeded_noise(0), clock=lambda: next(readings)).rows
    assert [len(row.new_tokens) for row in rows] == [3, 3, 3]


@clauses("XTC-2")
def test_the_chance_of_a_beam_mode_stands_behind_the_race_of_all_beams() -> None:
    asked: list[int] = []

    def noise(row: int, step: int, size: int) -> Scores:
        asked.append(size)
        return np.ones(size)

    plan = GenerationConfig(do_sample=True, num_beams=2, max_new_tokens=1, top_k=0).resolve().plan
    plan = replace(plan, operations=(Operation("xtc", {"threshold": 0.1, "probability": 0.5}, "XTC-1"),))
    decode(plan, Scripted("table", 1, 4), [1], noise=noise)
    assert set(asked) == {8, 9}
