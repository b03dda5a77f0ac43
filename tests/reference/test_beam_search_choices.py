"""The choice points of beam search, and its margins. Text: docs/spec/beam_search.md."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.beams import Tree, run_under
from support.clauses import clauses

from genspec import GenerationConfig
from genspec.config.profiles import HF, profile_named
from genspec_reference import FinishReason, GenerateOutput
from genspec_reference.beams.hypotheses import Hypothesis
from genspec_reference.beams.stop import hope_of
from genspec_reference.request import Request


def run(model: Any, prompt: tuple[int, ...], profile: Any = HF, call: Any = None, **config: Any) -> GenerateOutput:
    return run_under(profile, model, prompt, call, **config)


@clauses("BEAM-SEARCH-1")
def test_operations_may_act_on_the_logits() -> None:
    """A penalty moves no mass to other tokens when it acts on log-probabilities."""
    tree = Tree(1, {(): [0.5, 0.25, 0.25]})
    config: dict[str, Any] = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 1, "repetition_penalty": 2.0}
    scores = [row.score for row in run(tree, (0,), **config).rows]
    assert scores == pytest.approx(np.log([0.25, 0.25, 0.25]))
    scores = [row.score for row in run(tree, (0,), replace(HF, beam_input="logits"), **config).rows]
    assert scores == pytest.approx(np.log([1 / 3, 1 / 3, 1 / 3]))


@clauses("BEAM-SEARCH-3")
def test_a_low_rank_may_finish_under_any() -> None:
    tree = Tree(1, {(): [0.1, 0.5, 0.4]} | {(a,): [0.0, 0.5, 0.5] for a in (1, 2)})
    config: dict[str, Any] = {"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 0, "max_new_tokens": 2,
                              "length_penalty": -2.0}
    assert (0,) not in [row.new_tokens for row in run(tree, (1,), **config).rows]
    wide = run(tree, (1,), replace(HF, finishing_rank="any"), **config)
    assert wide.rows[0].new_tokens == (0,)
    assert len(wide.runs[0][0].choices) == 3


LENGTHS = {"new": 2, "new without EOS": 1, "row": 5, "row without EOS": 4}


@pytest.mark.parametrize("counted", LENGTHS)
@clauses("BEAM-SEARCH-4", "BEAM-SEARCH-6")
def test_what_the_length_counts(counted: Any) -> None:
    tree = Tree(3, {(): [0.0, 0.5, 0.5], (1,): [0.5, 0.5, 0.0], (2,): [0.0, 0.5, 0.5]})
    config: dict[str, Any] = {"num_beams": 2, "num_return_sequences": 2, "eos_token_id": 0, "max_new_tokens": 2}
    rows = run(tree, (1, 1, 1), replace(HF, hypothesis_length=counted), **config).rows
    eos = next(row for row in rows if row.finish_reason is FinishReason.EOS)
    assert eos.score == pytest.approx(np.log(0.25) / LENGTHS[counted])
    other = next(row for row in rows if row.finish_reason is FinishReason.LENGTH)
    assert other.score == pytest.approx(np.log(0.25) / (5 if counted.startswith("row") else 2))


@clauses("BEAM-SEARCH-4")
def test_a_length_is_at_least_one_and_may_be_that_of_gnmt() -> None:
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 2, "max_new_tokens": 2}
    half = Tree(1, {(): [0.25, 0.25, 0.5], (0,): [0.5, 0.5, 0.0], (1,): [0.5, 0.5, 0.0]})
    row = run(half, (1,), replace(HF, hypothesis_length="new without EOS"), **config).rows[0]
    assert (row.new_tokens, row.score) == ((2,), pytest.approx(np.log(0.5)))
    gnmt = replace(HF, length_normalisation="gnmt")
    rows = run(half, (1,), gnmt, **config, num_return_sequences=2, length_penalty=0.6).rows
    assert [len(row.new_tokens) for row in rows] == [1, 2]
    assert [row.score for row in rows] == pytest.approx([np.log(0.5), np.log(0.125) / (7 / 6) ** 0.6])


@pytest.mark.parametrize("penalty", [-5000.0, 5000.0])
@clauses("BEAM-SEARCH-4", "BEAMS-3")
def test_a_penalty_beyond_what_a_float_holds(penalty: float) -> None:
    """A total of 0 scores 0 whatever its length; the others are all but infinite, or all but 0."""
    sure = Tree(1, {(): [1.0, 0.0], (0,): [1.0, 0.0]})
    config: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 2, "length_penalty": penalty}
    assert [row.score for row in run(sure, (0,), **config).rows] == [0.0]
    half = Tree(1, {(): [0.5, 0.5], (0,): [0.5, 0.5], (1,): [0.5, 0.5]})
    assert run(half, (0,), **config).rows[0].score == (0.0 if penalty > 0 else -np.inf)


@clauses("BEAM-SEARCH-6")
def test_a_candidate_that_finishes_may_bound_the_search() -> None:
    """The open total is log 0.05, the best candidate, an EOS, has log 0.45, and the worst finished log 0.4."""
    tree = Tree(1, {(): [0.4, 0.6], (1,): [0.75, 0.25], (1, 1): [0.5, 0.5], (1, 1, 1): [0.9, 0.1]})
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 0, "length_penalty": 0.0, "max_new_tokens": 4}
    assert len(run(tree, (1,), **config).runs[0]) == 2
    assert len(run(tree, (1,), replace(HF, stop_bound="candidate"), **config).runs[0]) == 3


@clauses("BEAM-SEARCH-6")
def test_a_candidate_that_is_itself_the_worst_of_the_pool_decides_nothing() -> None:
    tree = Tree(1, {(): [0.6, 0.3, 0.1]} | {(a,): [0.5, 0.25, 0.25] for a in (1, 2)})
    both = replace(HF, stop_bound="candidate")
    output = run(tree, (1,), both, num_beams=2, eos_token_id=[0, 1], length_penalty=0.0, max_new_tokens=3)
    assert len(output.runs[0]) == 2
    assert output.runs[0][0].margin > 0.1


@clauses("BEAM-SEARCH-5", "BEAM-SEARCH-10")
def test_of_equal_scores_those_that_were_open_at_the_end_come_last() -> None:
    tree = Tree(1, {(): [0.5, 0.5], (1,): [0.0, 1.0]})
    output = run(tree, (1,), replace(HF, finishing_rules="eos"), num_beams=2, num_return_sequences=2, eos_token_id=0,
                 length_penalty=0.0, max_new_tokens=2)
    assert [row.new_tokens for row in output.rows] == [(0,), (1, 1)]


@clauses("BEAM-SEARCH-4", "BEAM-SEARCH-6")
def test_onnxruntime_genai_bounds_by_the_row_without_its_newest_token() -> None:
    """As fitted to the engine: the best candidate divided by (full length - 1)^length_penalty."""
    profile = profile_named("onnxruntime-genai")
    tree = Tree(2, {(): [0.4, 0.6], (1,): [0.75, 0.25], (1, 1): [0.5, 0.5], (1, 1, 1): [0.9, 0.1]})
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 0, "max_new_tokens": 4, "early_stopping": False}
    output = run(tree, (1, 1), profile, **config)
    first, second = np.log(0.4) / 2, np.log(0.45) / 3
    assert output.rows[0].score == pytest.approx(second)
    assert second > first
    assert len(output.runs[0]) == 3
    same = Tree(2, {(): [0.5, 0.5], (1,): [0.7, 0.3], (1, 1): [0.5, 0.5], (1, 1, 1): [0.5, 0.5]})
    assert len(run(same, (1, 1), profile, **config).runs[0]) == 2, "the bound is the score of the worst, log 0.35 / 3"


@clauses("BEAM-SEARCH-13")
def test_what_the_margin_of_a_step_is() -> None:
    tree = Tree(1, {(): [0.3, 0.45, 0.25], (1,): [0.5, 0.3, 0.2], (2,): [0.1, 0.4, 0.5]})
    output = run(tree, (1,), num_beams=2, num_return_sequences=2, eos_token_id=0, max_new_tokens=2)
    first, second = output.runs[0]
    assert first.margin == pytest.approx(np.log(0.3 / 0.25))        # an EOS of rank 2, and the next candidate
    finished = [np.log(0.3), np.log(0.225) / 2, np.log(0.135) / 2]
    assert [row.score for row in output.rows] == pytest.approx([finished[1], finished[2]])
    gaps = [finished[1] - finished[2], finished[2] - finished[0], np.log(0.135 / 0.125)]
    assert second.margin == pytest.approx(min(gaps))


@clauses("BEAM-SEARCH-13")
def test_the_margin_counts_the_totals_that_go_on_and_the_stop_rule() -> None:
    tree = Tree(1, {(): [0.0, 0.5, 0.3, 0.2]} | {(a,): [0.25] * 4 for a in (1, 2, 3)})
    assert run(tree, (1,), num_beams=2, eos_token_id=0, max_new_tokens=2).runs[0][0].margin == pytest.approx(
        min(np.log(0.5 / 0.3), np.log(0.3 / 0.2))
    )
    stop = Tree(1, {(): [0.6, 0.4], (1,): [0.6, 0.4], (1, 1): [0.5, 0.5]} | {(1,) * n: [0.5, 0.5] for n in range(3, 9)})
    margin = run(stop, (1,), num_beams=2, eos_token_id=0, length_penalty=0.0, max_new_tokens=9).runs[0][1].margin
    assert margin == pytest.approx(np.log(0.24 / 0.16))


@clauses("BEAM-SEARCH-13")
def test_the_margin_counts_the_last_candidate_where_it_decides() -> None:
    """K is 4. Two of four candidates are an EOS, so that the fifth continuation might go on."""
    tree = Tree(1, {(): [0.0, 0.6, 0.4], (1,): [0.5, 0.28, 0.22], (2,): [0.5, 0.35, 0.15]}
                | {text: [0.9, 0.06, 0.04] for text in [(1, 1), (2, 1)]})
    margin = run(tree, (1,), num_beams=2, eos_token_id=0, max_new_tokens=3, early_stopping="never").runs[0][1].margin
    assert margin == pytest.approx(np.log(0.4 * 0.35 / (0.6 * 0.22)))
    wide = Tree(1, {(): [0.4, 0.3, 0.15, 0.08, 0.07]} | {(a,): [0.2] * 5 for a in range(4)})
    config: dict[str, Any] = {"num_beams": 2, "eos_token_id": 4, "max_new_tokens": 2}
    narrow = run(wide, (1,), **config).runs[0][0].margin
    assert narrow == pytest.approx(np.log(0.4 / 0.3))
    assert run(wide, (1,), replace(HF, finishing_rank="any"), **config).runs[0][0].margin == pytest.approx(
        np.log(0.08 / 0.07)
    )


@clauses("BEAM-SEARCH-13")
def test_the_margin_counts_the_first_row_that_is_not_returned() -> None:
    tree = Tree(1, {(): [0.4, 0.35, 0.2, 0.05]})
    for rows, gap in ((1, 0.4 / 0.35), (2, 0.4 / 0.35)):
        output = run(tree, (1,), num_beams=2, num_return_sequences=rows, max_new_tokens=1)
        assert output.runs[0][0].margin == pytest.approx(np.log(gap))


@pytest.mark.parametrize(("early_stopping", "penalty", "length"), [
    (False, 2.0, 2), ("never", 2.0, 5), ("never", -1.0, 2), ("never", 0.0, 2),
])
@clauses("BEAM-SEARCH-6")
def test_the_length_of_the_bound(early_stopping: Any, penalty: float, length: int) -> None:
    """The present length, or under "never" with a penalty above 0 the greatest; the prompt of 3 is not counted."""
    config = GenerationConfig(num_beams=2, max_new_tokens=5, early_stopping=early_stopping, length_penalty=penalty)
    plan = config.resolve(prompt_length=3).plan
    request = Request(plan=plan, model=lambda tokens: [0.0], prompt=(0, 0, 0))
    assert hope_of(request, Hypothesis((0, 0, 0, 1, 1), total=-3.0)) == pytest.approx(-3.0 / length**penalty)
