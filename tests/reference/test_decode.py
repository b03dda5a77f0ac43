"""The call of the reference: what it takes, what it refuses, and laws of the whole loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, models, prompts

from genspec import GenerationConfig
from genspec.config import Rejected
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
    model, config = Scripted("history", 1), GenerationConfig(max_new_tokens=2, decoder_start_token_id=start)    # type: ignore[arg-type]
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
    config = GenerationConfig(max_new_tokens=5, eos_token_id=2, **mode)     # type: ignore[arg-type]
    first, second = (generate(config, Scripted("history", 9, 8, (2,)), [1], noise=seeded_noise(1)) for _ in range(2))
    assert first.rows == second.rows


@pytest.mark.parametrize("mode", MODES, ids=str)
@given(model=models(vocab_size=7), data=st.data())
def test_renamed_tokens_give_the_renamed_row(mode: dict[str, object], model: Scripted, data: st.DataObject) -> None:
    """The ids have no meaning, except in ties."""
    names = data.draw(st.permutations(range(7)))
    back = [names.index(token) for token in range(7)]
    prompt, noise = data.draw(prompts(7)), seeded_noise(data.draw(st.integers(0, 99)))
    beams = int(mode.get("num_beams", 1))   # type: ignore[call-overload]

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
