"""The arrays of several rows. Text: docs/spec/outputs.md (OUTPUTS-15 to OUTPUTS-18)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.outputs import ALL, KEPT, MODES, arrays_of, layered, run
from support.strategies import described, models, prompts

from genspec import GenerationConfig
from genspec_reference import ModelOutput, Scripted, generate
from genspec_reference.padded import padded
from genspec_reference.transition_scores import transition_scores


@pytest.mark.parametrize("mode", MODES, ids=str)
@given(model=models(), data=st.data())
@clauses("OUTPUTS-15", "OUTPUTS-16", "OUTPUTS-17", "OUTPUTS-18")
def test_arrays_hold_the_rows_and_nothing_else_but_filling(
    mode: dict[str, Any], model: Scripted, data: st.DataObject
) -> None:
    batch = data.draw(st.lists(prompts(model.vocab_size, 3), min_size=1, max_size=3))
    outputs, arrays = arrays_of(model, batch, pad=77, eos_token_id=list(model.eos), **mode)
    rows = [row for output in outputs for row in output.rows]
    values = described(batch=batch, rows=rows, sequences=arrays.sequences)
    before, after = max(map(len, batch)), max(len(row.new_tokens) for row in rows)
    assert arrays.sequences.shape == (len(rows), before + after), values
    for line, row in zip(arrays.sequences.tolist(), rows, strict=True):
        start = before - row.prompt_length
        assert tuple(line[start:start + len(row.tokens)]) == row.tokens, values
        rest = line[:start] + line[start + len(row.tokens):]
        assert set(rest) <= {77}, values
    lines = len(rows) if "num_beams" not in mode else mode["num_beams"] * len(batch)
    assert {array.shape for array in (*arrays.scores, *arrays.logits)} == {(lines, model.vocab_size)}, values
    assert len(arrays.scores) == max(len(one) for output in outputs for one in output.runs), values
    assert (arrays.beam_indices is None) == (arrays.sequences_scores is None) == ("num_beams" not in mode), values


@given(model=models(), data=st.data())
@clauses("OUTPUTS-12", "OUTPUTS-17", "OUTPUTS-18")
def test_the_arrays_of_a_beam_mode_lead_from_indices_to_scores(model: Scripted, data: st.DataObject) -> None:
    """As transformers uses them: the entry at the index, at the token, is the transition score."""
    batch = data.draw(st.lists(prompts(model.vocab_size, 3), min_size=1, max_size=3))
    outputs, arrays = arrays_of(model, batch, eos_token_id=list(model.eos), num_beams=3, num_return_sequences=1)
    transitions = [scores for output in outputs for scores in transition_scores(output)]
    new = arrays.sequences[:, -arrays.beam_indices.shape[1]:]
    for line, tokens, scores in zip(arrays.beam_indices.tolist(), new.tolist(), transitions, strict=True):
        found = [arrays.scores[step][index, tokens[step]] for step, index in enumerate(line) if index >= 0]
        assert found == list(scores), described(batch=batch, line=line, tokens=tokens)
        assert line[len(found):] == [-1] * (len(line) - len(found))


@clauses("OUTPUTS-16")
def test_a_rectangle_needs_no_pad_id_and_anything_else_does() -> None:
    model = Scripted("table", 1)
    assert padded([run(model, [1]), run(model, [2])], None).sequences.shape == (2, 6)
    for outputs in ([run(model, [1]), run(model, [2, 3])], [run(model, [1]), run(model, [2], max_new_tokens=3)],
                    [run(model, [1], max_new_tokens=2), run(model, [1, 2], max_new_tokens=1)]):
        with pytest.raises(ValueError, match="pad id"):
            padded(outputs, None)
        assert padded(outputs, 0).sequences.shape[0] == 2


@clauses("OUTPUTS-16", "OUTPUTS-18")
def test_arrays_of_rows_without_new_tokens() -> None:
    arrays = padded([run(Scripted("table", 1), [1, 2, 3], max_new_tokens=None, max_length=2)], None)
    assert (arrays.sequences.tolist(), arrays.scores, arrays.attentions) == ([[2, 3]], None, None)


@clauses("OUTPUTS-18")
def test_layers_of_several_prompts_are_filled_in_front_and_the_source_at_its_end() -> None:
    _, arrays = arrays_of(layered, [[1, 2, 3], [5]], max_new_tokens=2, **ALL)
    assert [array.shape for array in arrays.attentions[0]] == [(2, 3, 3, 3)] * 2
    assert [layers[0].shape for layers in arrays.attentions] == [(2, 3, 3, 3), (2, 3, 1, 4)]
    assert arrays.hidden_states[0][1][:, :, 0].tolist() == [[100, 101, 102], [0, 0, 100]]
    assert arrays.hidden_states[1][1][:, :, 0].tolist() == [[103], [101]]
    outputs = [
        generate(GenerationConfig(**KEPT, **ALL, max_new_tokens=1, decoder_start_token_id=1), ones, source=source)
        for source in ([4], [4, 5, 6])
    ]
    arrays = padded(outputs, 0)
    assert arrays.cross_attentions[0][0][:, 0, 0].tolist() == [[1, 0, 0], [1, 1, 1]]


def ones(tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> ModelOutput:
    size = len(tokens)
    return ModelOutput(Scripted("table", 1)(tokens, source), attentions=(np.ones((1, size, size)),),
                       cross_attentions=(np.ones((3, size, len(source))),) if source else None)


@clauses("OUTPUTS-18")
def test_attentions_are_filled_in_front_on_both_axes() -> None:
    _, arrays = arrays_of(ones, [[1, 2, 3], [5]], max_new_tokens=2, **ALL)
    assert arrays.attentions[0][0][1, 0].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert arrays.attentions[1][0][:, 0].tolist() == [[[1, 1, 1, 1]], [[0, 0, 1, 1]]]


@clauses("OUTPUTS-11", "OUTPUTS-18")
def test_what_a_model_supplies_for_some_rows_only_makes_no_array() -> None:
    def model(tokens: tuple[int, ...]) -> ModelOutput:
        return ones(tokens) if len(tokens) < 3 else ModelOutput(Scripted("table", 1)(tokens))

    outputs, arrays = arrays_of(model, [[1, 2]], max_new_tokens=2, **ALL)
    assert [step.attentions is None for step in outputs[0].runs[0]] == [False, True]
    assert arrays.attentions is None


@clauses("OUTPUTS-18")
def test_where_a_row_has_ended_the_arrays_hold_minus_infinity_or_zero() -> None:
    def model(tokens: tuple[int, ...]) -> ModelOutput:
        return ModelOutput(np.array([0.0, 1.0, tokens[0]]), hidden_states=(np.ones((len(tokens), 1)),))

    _, arrays = arrays_of(model, [[2], [0]], eos_token_id=2, max_new_tokens=2, output_hidden_states=True)
    assert arrays.sequences.tolist() == [[2, 2, 0], [0, 1, 1]]
    assert arrays.scores[1].tolist() == [[-np.inf] * 3, [0.0, 1.0, 0.0]]
    assert arrays.hidden_states[1][0].tolist() == [[[0.0]], [[1.0]]]


@clauses("OUTPUTS-15")
def test_padded_says_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match="at least one output"):
        padded([], 0)
    asked = GenerationConfig(num_beams=2, return_dict_in_generate=True, output_scores=True)
    with pytest.raises(ValueError, match="num_beams=2, not 1"):
        padded([generate(asked, Scripted("table", 1), [1])], 0)
