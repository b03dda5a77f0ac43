"""What is returned: rows, scores, transition scores. Text: docs/spec/outputs.md."""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.outputs import ALL, KEPT, MODES, arrays_of, layered, run
from support.strategies import described, models, prompts
from support.vectors import Case, batch_case, generate_case, noise_table

from genspec import GenerationConfig
from genspec_reference import Scripted, generate, seeded_noise
from genspec_reference.scores import log_softmax
from genspec_reference.transition_scores import transition_scores

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "outputs.md"


@clauses("OUTPUTS-1", "OUTPUTS-2", "OUTPUTS-3", "OUTPUTS-4", "OUTPUTS-5", "OUTPUTS-6")
def test_the_plan_says_what_is_kept() -> None:
    names = ("scores", "logits", "attentions", "hidden_states")
    for name in names:
        for as_dict in (True, False):
            config = GenerationConfig(**{f"output_{name}": True, "return_dict_in_generate": as_dict})
            outputs = config.resolve().plan.outputs
            assert [getattr(outputs, other) for other in names] == [other == name and as_dict for other in names]
            step = generate(config, layered, [1, 2]).runs[0][0]
            kept = {other for other in (*names, "cross_attentions") if getattr(step, other) is not None}
            assert kept == ({name} if as_dict else set())


@clauses("OUTPUTS-4", "OUTPUTS-5", "OUTPUTS-11")
def test_the_first_step_covers_the_prompt_and_later_ones_the_newest_position() -> None:
    steps = run(layered, [1, 2, 3], max_new_tokens=3, **ALL).runs[0]
    assert [step.attentions[0][0].shape for step in steps] == [(3, 3, 3), (3, 1, 4), (3, 1, 5)]
    assert [step.hidden_states[0][0].shape for step in steps] == [(3, 2), (1, 2), (1, 2)]
    assert [step.hidden_states[0][2][:, 0].tolist() for step in steps] == [[200, 201, 202], [203], [204]]
    assert [step.attentions[0][1][2, :, 0].tolist() for step in steps] == [[100, 101, 102], [103], [104]]
    assert {step.cross_attentions for step in steps} == {None}


@clauses("OUTPUTS-4", "OUTPUTS-11")
def test_an_encoder_decoder_attends_to_its_source() -> None:
    output = generate(GenerationConfig(**KEPT, **ALL, max_new_tokens=3, decoder_start_token_id=1), layered,
                      source=[4, 5, 6])
    steps = output.runs[0]
    assert [step.cross_attentions[0][0].shape for step in steps] == [(3, 1, 3)] * 3
    assert [step.attentions[0][0].shape for step in steps] == [(3, 1, 1), (3, 1, 2), (3, 1, 3)]


@clauses("OUTPUTS-11")
def test_what_a_model_does_not_supply_is_absent() -> None:
    step = run(Scripted("table", 1), [1], **ALL).runs[0][0]
    assert (step.attentions, step.cross_attentions, step.hidden_states) == (None, None, None)


@pytest.mark.parametrize("mode", MODES, ids=str)
@given(model=models(), data=st.data())
@clauses("OUTPUTS-6", "OUTPUTS-7", "OUTPUTS-10")
def test_rows_begin_with_the_prompt_and_have_a_step_for_each_new_token(
    mode: dict[str, Any], model: Scripted, data: st.DataObject
) -> None:
    prompt = data.draw(prompts(model.vocab_size))
    output = run(model, prompt, eos_token_id=list(model.eos), **mode)
    values = described(model=model, prompt=prompt, output=output.rows)
    beams, returned = mode.get("num_beams", 1), mode.get("num_return_sequences", 1)
    assert len(output.rows) == returned or beams > 1, values
    for row, tokens, new in zip(output.rows, output.sequences, output.new_tokens, strict=True):
        assert row.tokens == tokens == (*prompt, *new), values
        steps = output.runs[row.run]
        assert len(steps) == len(new) if beams == 1 else len(steps) >= len(new), values
    for step in (step for one in output.runs for step in one):
        assert 1 <= len(step.scores) == len(step.logits) <= beams, values
        assert {scores.size for scores in (*step.scores, *step.logits)} == {model.vocab_size}, values


@clauses("OUTPUTS-2", "OUTPUTS-3", "OUTPUTS-10")
def test_scores_are_those_after_the_last_operation_and_logits_the_models() -> None:
    model = Scripted("table", 4, 5)
    step = run(model, [1], do_sample=True, temperature=0.5, top_k=2, max_new_tokens=1).runs[0][0]
    logits = model((1,))
    kept = logits >= np.sort(logits)[-2]
    assert step.logits[0].tolist() == logits.tolist()
    assert step.scores[0].tolist() == np.where(kept, logits / 0.5, -np.inf).tolist()


@clauses("OUTPUTS-2", "OUTPUTS-3", "OUTPUTS-10")
def test_scores_of_a_beam_mode_are_of_one_token_and_logits_are_not_normalised() -> None:
    model = Scripted("table", 4, 5)
    for step in run(model, [1], num_beams=2, max_new_tokens=3).runs[0]:
        for scores, logits in zip(step.scores, step.logits, strict=True):
            np.testing.assert_allclose(scores, log_softmax(logits))
            assert logits.tolist() in [model((token,)).tolist() for token in range(5)]


@clauses("OUTPUTS-7", "LENGTH-5", "TOKENS-6", "TOKENS-5")
def test_the_prompt_of_a_row_is_the_one_that_was_decoded() -> None:
    model = Scripted("table", 4)
    rows = [
        generate(GenerationConfig(max_length=2), model, [5, 6, 7]).rows[0],
        generate(GenerationConfig(max_new_tokens=1, bos_token_id=9), model).rows[0],
        generate(GenerationConfig(max_new_tokens=1, decoder_start_token_id=8), model, source=[1, 2]).rows[0],
    ]
    assert [row.tokens[:row.prompt_length] for row in rows] == [(6, 7), (9,), (8,)]
    assert [len(row.new_tokens) for row in rows] == [0, 1, 1]


@given(model=models(), data=st.data())
@clauses("OUTPUTS-8", "OUTPUTS-9", "OUTPUTS-12", "OUTPUTS-14")
def test_transition_scores_add_up_to_the_score_of_the_hypothesis(model: Scripted, data: st.DataObject) -> None:
    prompt = data.draw(prompts(model.vocab_size))
    penalty = data.draw(st.sampled_from((0.0, 1.0, -1.0, 2.0)))
    asked = {"num_beams": data.draw(st.integers(2, 4)), "length_penalty": penalty, "eos_token_id": list(model.eos),
             "repetition_penalty": data.draw(st.sampled_from((1.0, 2.0)))}
    output = run(model, prompt, **asked)
    values = described(model=model, prompt=prompt, asked=asked, rows=output.rows)
    for row, transitions in zip(output.rows, transition_scores(output), strict=True):
        assert len(transitions) == len(row.beam_indices) == len(row.new_tokens), values
        assert row.beam_indices[0] == 0, values
        assert sum(transitions) / len(transitions) ** penalty == pytest.approx(row.score, abs=1e-9), values
    scores = [row.score for row in output.rows]
    assert scores == sorted(scores, reverse=True), values


@given(model=models(), data=st.data())
@clauses("OUTPUTS-12", "OUTPUTS-13")
def test_transition_scores_of_a_drawn_row_are_read_off_its_steps(model: Scripted, data: st.DataObject) -> None:
    output = run(model, data.draw(prompts(model.vocab_size)), do_sample=True, temperature=0.5, num_return_sequences=2)
    for row, plain, normal in zip(
        output.rows, transition_scores(output), transition_scores(output, normalize=True), strict=True
    ):
        for token, step, score, chance in zip(row.new_tokens, output.runs[row.run], plain, normal, strict=True):
            scores = step.scores[0]
            assert score == scores[token] == step.choices[0].score
            assert np.exp(chance) == pytest.approx(np.exp(scores[token]) / np.exp(scores).sum())


@clauses("OUTPUTS-14")
def test_normalised_transition_scores_need_not_add_up() -> None:
    """The law of OUTPUTS-14 holds for the scores as they are: a penalty takes mass away that a log-softmax restores."""
    output = run(Scripted("history", 3, 5), [1, 1], num_beams=2, repetition_penalty=2.0, length_penalty=0.0)
    assert sum(transition_scores(output)[0]) == pytest.approx(output.rows[0].score)
    assert sum(transition_scores(output, normalize=True)[0]) != pytest.approx(output.rows[0].score, abs=0.1)


@clauses("OUTPUTS-13", "OUTPUTS-14")
def test_where_operations_act_on_logits_the_normalised_transition_scores_add_up() -> None:
    config = GenerationConfig(**KEPT, max_new_tokens=4, num_beams=2, repetition_penalty=2.0)
    output = generate(config, Scripted("history", 3, 5), [1, 1], profile="ctranslate2")
    row, transitions = output.rows[0], transition_scores(output, normalize=True)[0]
    assert sum(transitions) / len(transitions) == pytest.approx(row.score)


@clauses("OUTPUTS-12")
def test_transition_scores_need_scores() -> None:
    output = generate(GenerationConfig(max_new_tokens=2), Scripted("table", 1), [1])
    with pytest.raises(ValueError, match="set output_scores"):
        transition_scores(output)


@clauses("OUTPUTS-19")
def test_the_margin_of_a_step_is_its_nearest_decision() -> None:
    model, config = Scripted("table", 4, 5), {"do_sample": True, "top_p": 0.6, "top_k": 0, "max_new_tokens": 1}
    output = generate(GenerationConfig(**config), model, [1], noise=seeded_noise(3), trace=True)
    step = output.runs[0][0]
    assert step.margin == min(step.choices[0].margin, *(applied.margin for applied in step.applied[0])) < np.inf


def test_a_trace_keeps_every_score_and_in_beam_modes_every_selection() -> None:
    config = GenerationConfig(max_new_tokens=2, num_beams=2, min_new_tokens=1, eos_token_id=2)
    plain, traced = (generate(config, Scripted("table", 4), [1], trace=trace).runs[0] for trace in (False, True))
    assert {(step.applied, step.selections) for step in plain} == {((), ())}
    assert [len(step.applied) for step in traced] == [1, 2]
    assert [applied.name for applied in traced[1].applied[1]] == ["log_softmax", "min_new_tokens"]
    (first,), (second,) = (step.selections for step in traced)
    assert second.before == first.after and len(second.candidates) == len(traced[1].choices)


# The page

def worked() -> tuple[list[list[float]], list[list[Any]]]:
    text = PAGE.read_text(encoding="utf-8")
    cells = text.partition("| after 0 |")[2].splitlines()[2].strip("| ").split(" | ")
    rows = re.findall(r"^\| `(\[\[.*\]\])` \| `(\{.*\})` \| `(.*)` \| `(.*)` \|$", text, re.MULTILINE)
    return [[float(number) for number in cell.split()] for cell in cells], [list(map(json.loads, row)) for row in rows]


@pytest.mark.parametrize("row", worked()[1], ids=str)
@clauses("OUTPUTS-7", "OUTPUTS-12", "OUTPUTS-15", "OUTPUTS-16", "OUTPUTS-17")
def test_the_worked_examples_of_the_page(row: list[Any]) -> None:
    table, (batch, config, sequences, transitions) = worked()[0], row
    outputs, arrays = arrays_of(lambda tokens: table[tokens[-1]], batch, eos_token_id=3, **config)
    assert arrays.sequences.tolist() == sequences
    width = max(len(new) for output in outputs for new in output.new_tokens)
    ours = [[*scores, *[0.0] * (width - len(scores))] for output in outputs for scores in transition_scores(output)]
    assert ours == transitions


def test_the_worked_examples_are_found() -> None:
    assert len(worked()[0]) == len(worked()[1]) == 4


# Vectors

def vectors() -> Iterator[Case]:
    model, prompt = Scripted("history", 12, 6), [1, 1]
    short = {"max_new_tokens": 3, "return_dict_in_generate": True}

    def case(name: str, ids: Sequence[str], config: Mapping[str, Any], **more: Any) -> Case:
        return generate_case(name, ids, short | config, prompt, model, **more)

    yield case("nothing-asked-for", ["OUTPUTS-7"], {})
    yield case("no-record", ["OUTPUTS-1"], {"return_dict_in_generate": False, "output_scores": True},
               flags=("boundary",), note="Without a record the scores are not returned.")
    yield case("logits-and-scores", ["OUTPUTS-2", "OUTPUTS-3", "OUTPUTS-10", "OUTPUTS-19"],
               {"output_scores": True, "output_logits": True, "repetition_penalty": 2.0, "no_repeat_ngram_size": 1})
    yield case("attentions-of-a-model-without-any", ["OUTPUTS-4", "OUTPUTS-5", "OUTPUTS-11"],
               {"output_attentions": True, "output_hidden_states": True}, flags=("empty",),
               note="A scripted model supplies none: the rows are the same, and these outputs are absent.")
    yield case("no-rows", ["OUTPUTS-6"], {"num_return_sequences": 0}, flags=("refused",))
    yield generate_case("prompt-cut", ["OUTPUTS-7", "LENGTH-5"], {"max_length": 2}, [3, 4, 5], model,
                        flags=("boundary", "empty"), note="The row is what is kept of the prompt.")
    yield generate_case("start-token", ["OUTPUTS-7", "TOKENS-5"], {**short, "decoder_start_token_id": 5}, [], model,
                        source=[1, 2, 3], note="The row begins with the start token; the source is not in it.")
    yield generate_case("bos-for-an-empty-prompt", ["OUTPUTS-7", "TOKENS-6"], {**short, "bos_token_id": 4}, [], model,
                        flags=("empty",))
    yield from beam_vectors()
    yield from drawn_vectors()
    yield from batch_vectors()


def beam_vectors() -> Iterator[Case]:
    ids = ["OUTPUTS-6", "OUTPUTS-8", "OUTPUTS-9", "OUTPUTS-10", "OUTPUTS-12", "OUTPUTS-14"]
    chance = random.Random(41)
    for number in range(24):
        size = chance.choice((3, 5, 8, 17))
        eos = chance.sample(range(size), chance.choice((1, 2)))
        model = Scripted(chance.choice(("table", "history")), chance.randrange(2**32), size, tuple(eos))
        beams = chance.choice((2, 3))
        config = {"max_new_tokens": chance.choice((3, 4)), "num_beams": beams, "eos_token_id": eos,
                  "num_return_sequences": chance.randint(1, beams), "length_penalty": chance.choice((0.0, 1.0, 2.0)),
                  "return_dict_in_generate": True, "output_scores": True, "output_logits": number % 4 == 0}
        yield generate_case(f"beams-{number}", ids, config, [chance.randrange(size), chance.randrange(size)], model,
                            flags=("random",))


def drawn_vectors() -> Iterator[Case]:
    chance = random.Random(42)
    for number in range(12):
        size = chance.choice((2, 5, 8))
        model = Scripted("history", chance.randrange(2**32), size, (0,))
        rows = chance.choice((1, 2, 3))
        config = {"max_new_tokens": 3, "do_sample": True, "temperature": 0.5, "eos_token_id": 0,
                  "num_return_sequences": rows, "return_dict_in_generate": True, "output_scores": True}
        noise = [noise_table(chance.randrange(2**32), 3, size) for _ in range(rows)]
        yield generate_case(f"drawn-{number}", ["OUTPUTS-2", "OUTPUTS-6", "OUTPUTS-10", "OUTPUTS-12", "OUTPUTS-13"],
                            config, [chance.randrange(size)], model, noise=noise, flags=("random",))


def batch_vectors() -> Iterator[Case]:
    """Yield batches: their rows end at different steps, and their prompts have different lengths."""
    chance = random.Random(43)
    for number in range(16):
        size = chance.choice((3, 5, 8))
        model = Scripted("history", chance.randrange(2**32), size, (2,))
        prompts = [chance.choices(range(size), k=chance.randint(1, 4)) for _ in range(chance.randint(1, 3))]
        beams = chance.choice((1, 1, 2, 3))
        config = {"max_new_tokens": 5, "eos_token_id": 2, "pad_token_id": chance.choice((0, 2)), "num_beams": beams,
                  "num_return_sequences": chance.randint(1, beams), "return_dict_in_generate": True,
                  "output_scores": number % 3 == 0, "output_logits": number % 3 == 1}
        ids = ["OUTPUTS-15", "OUTPUTS-16", *(("OUTPUTS-17",) if beams > 1 else ()),
               *(("OUTPUTS-18",) if number % 3 < 2 else ())]
        yield batch_case(f"batch-{number}", ids, config, prompts, model, flags=("random", "eos-rich"))
