"""The judge: right answers are never called wrong, and wrong ones are excused as far as rounding goes, no farther."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.clauses import clauses
from support.rounding import EPSILONS, Rounding
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Info, Refusal, Unsupported
from genspec.backends.reference import ReferenceDecoder
from genspec.config.mode import Mode
from genspec.conform.oracle import judge
from genspec.conform.oracle.tolerance import close, tolerance
from genspec.conform.strategies import calls
from genspec.conform.strategies.setting import SUPPORTED
from genspec_reference import GenerateOutput, Scripted, Table
from genspec_reference.beams import candidates, selection

FLOAT32 = Info("a decoder", "1", "float32", "hf")
SLOW = list(HealthCheck)


def reference(call):
    return ReferenceDecoder().decode(call)


def judged(call, answer, dtype="float32"):
    return judge(call, reference(call), answer, replace(FLOAT32, dtype=dtype))


@settings(max_examples=150, suppress_health_check=SLOW)
@given(call=calls(noise="seeds"))
def test_the_reference_conforms(call):
    verdict = judge(call, reference(call), reference(call), ReferenceDecoder().info)
    assert verdict.kind in ("conforms", "rejected as specified"), described(call=call, verdict=verdict)


@pytest.mark.parametrize(("dtype", "modes"), [("float32", SUPPORTED), ("bfloat16", (Mode.GREEDY, Mode.SAMPLE))])
@settings(max_examples=120, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_decoder_that_rounds_never_violates(dtype, modes, data):
    """Of bfloat16 few digits are left in a sum over a row, so that its beams decide little."""
    call, seed = data.draw(calls(noise="seeds", decoder_modes=modes)), data.draw(st.integers(0, 100))
    decoder = Rounding(seed, dtype)
    verdict = judge(call, reference(call), decoder.decode(call), decoder.info)
    assert verdict.kind != "violates", described(call=call, seed=seed, verdict=verdict)


# Two tokens whose logits are `gap` apart, and no other.
def two(gap, **config):
    return Call({"max_new_tokens": 1, **config}, Table(((gap, 0.0),)), ((0,),))


def taking(call, token, **more):
    """Give the reference's answer with another token."""
    output = reference(call)[0]
    row = replace(output.rows[0], tokens=(*output.rows[0].tokens[:-1], token), **more)
    return (GenerateOutput((row,), output.runs),)


@pytest.mark.parametrize("dtype", EPSILONS)
@pytest.mark.parametrize(("share", "kind"), [(0.5, "ambiguous"), (2.0, "violates")])
def test_greedy_is_excused_within_the_tolerance_and_not_beyond(dtype, share, kind):
    gap = float(np.float32(share * tolerance(dtype, 0.0)))
    verdict = judged(two(gap), taking(two(gap), 1), dtype)
    assert verdict.kind == kind, described(verdict=verdict, gap=gap)
    if kind == "violates":
        assert verdict.clauses == ("GREEDY-1",), described(verdict=verdict)


def test_equal_scores_are_no_excuse_for_greedy():
    verdict = judged(two(0.0), taking(two(0.0), 1))
    assert (verdict.kind, verdict.clauses) == ("violates", ("GREEDY-2",)), described(verdict=verdict)


@pytest.mark.parametrize(("share", "kind"), [(0.5, "ambiguous"), (2.0, "violates")])
def test_beam_search_is_excused_within_the_tolerance_and_not_beyond(share, kind):
    gap = float(np.float32(share * tolerance("float32", 0.0, 1)))
    call = two(gap, num_beams=2)
    verdict = judged(call, taking(call, 1))
    assert verdict.kind == kind, described(verdict=verdict, gap=gap)


@pytest.mark.parametrize(("share", "kind"), [(0.25, "ambiguous"), (4.0, "violates")])
def test_the_nucleus_is_excused_within_the_tolerance_and_not_beyond(share, kind):
    probability = 1 / (1 + np.exp(-1.0))                # of token 0; token 1 is kept when p is above it
    p = float(probability - share * 32 * 2.0**-23)
    call = Call({"max_new_tokens": 1, "do_sample": True, "top_p": p}, Table(((1.0, 0.0),)), ((0,),), seeds=(0,))
    whole = replace(call, config={**call.config, "top_p": 1.0})
    seed = next(seed for seed in range(99) if reference(replace(whole, seeds=(seed,)))[0].new_tokens == ((1,),))
    call = replace(call, seeds=(seed,))
    assert reference(call)[0].new_tokens == ((0,),)
    verdict = judged(call, taking(call, 1))
    assert verdict.kind == kind, described(verdict=verdict, p=p)
    if kind == "violates":
        assert verdict.clauses == ("TOP-P-1",), described(verdict=verdict)


def test_a_wrong_token_in_a_tie_elsewhere_is_not_excused():
    """A near tie between tokens 0 and 1 excuses neither the other tokens nor another step."""
    model = Table(((1.0, 1.0 + 2.0**-20, 0.5),))
    call = Call({"max_new_tokens": 2}, model, ((0,),))
    assert judged(call, taking(call, 0)).kind == "ambiguous"
    assert judged(call, taking(call, 2)).kind == "violates"


@pytest.mark.parametrize("truncation", ["top_p", "top_h"])
@clauses("TOP-P-3", "TOP-H-3")
def test_any_of_several_equal_tokens_at_the_boundary_of_a_truncation_conforms(truncation):
    config = {"max_new_tokens": 1, "do_sample": True, truncation: 0.5}
    call = Call(config, Table(((0.0, 0.0, 0.0, -8.0),)), ((0,),), seeds=(0,))
    verdicts = {token: judged(call, taking(call, token)).kind for token in range(4)}
    assert verdicts[3] == "violates", described(verdicts=verdicts)
    assert set(verdicts.values()) == {"conforms", "violates"}, described(verdicts=verdicts)
    assert sum(kind == "conforms" for kind in verdicts.values()) >= 2, described(verdicts=verdicts)


def test_equal_scores_in_the_pool_may_come_in_any_order():
    call = Call({"max_new_tokens": 1, "num_beams": 2, "num_return_sequences": 2}, Table(((0.0, 0.0, -3.0),)), ((0,),))
    output = reference(call)[0]
    assert output.rows[0].score == output.rows[1].score
    verdict = judged(call, (GenerateOutput(output.rows[::-1], output.runs),))
    assert verdict.kind == "conforms", described(verdict=verdict)


def test_equal_totals_may_change_places_and_are_reported():
    """Tokens 0 and 1 are equal, and what follows them is not: both ways round are a search of equal totals."""
    model = Table(((0.0, 0.0, -3.0), (0.0, 0.0, -3.0)))
    call = Call({"max_new_tokens": 2, "num_beams": 2}, model, ((0,),))
    output = reference(call)[0]
    assert output.rows[0].tokens == (0, 0, 0), output
    other = replace(output.rows[0], tokens=(0, 1, 1), beam_indices=(0, 0))
    verdict = judged(call, (GenerateOutput((other,), output.runs),))
    assert (verdict.kind, verdict.tied) == ("ambiguous", True), described(verdict=verdict)
    worse = replace(output.rows[0], tokens=(0, 1, 2), beam_indices=(0, 0))
    verdict = judged(call, (GenerateOutput((worse,), output.runs),))
    assert verdict.kind == "violates", described(verdict=verdict)


def test_two_that_end_may_both_stand_before_an_equal_one_that_goes_on():
    model = Table(((0.0, 0.0, 0.0, -3.0),))
    call = Call({"max_new_tokens": 2, "num_beams": 2, "num_return_sequences": 2, "eos_token_id": [1, 2]}, model,
                ((3,),))
    output = reference(call)[0]
    assert [row.new_tokens for row in output.rows] == [(1,), (0, 0)], output
    both = tuple(replace(output.rows[0], tokens=(3, token)) for token in (1, 2))
    verdict = judged(call, (GenerateOutput(both, output.runs),))
    assert (verdict.kind, verdict.tied) == ("ambiguous", True), described(verdict=verdict)


@pytest.mark.parametrize("profile", ["hf-4.38", "hf-4.46"])
def test_equal_totals_that_are_drawn_may_be_ranked_the_other_way_round(profile, monkeypatch):
    """Also where the search begins with copies of the prompt, which only the beam indices tell apart."""
    for seed in range(20):
        call = Call({"max_new_tokens": 3, "num_beams": 2, "do_sample": True, "eos_token_id": [0]},
                    Table(((0.0, 0.0, 0.0, -1.0),)), ((1,),), seeds=(seed,), profile=profile)
        with monkeypatch.context() as patched:
            patched.setattr(candidates, "descending", lambda keys: np.lexsort((-np.arange(keys.size), -keys)))
            answer = reference(call)
        verdict = judged(call, answer)
        assert verdict.kind != "violates", described(seed=seed, verdict=verdict, answer=answer)


def test_what_ends_keeps_its_rank_in_the_draw_while_equal_totals_change_places(monkeypatch):
    """BEAM-SAMPLE-2: a hypothesis with a low total may end at the first rank, and needs no rounding for that."""
    right = selection.going_on
    for seed in range(40, 50):
        call = Call({"max_new_tokens": 6, "num_beams": 2, "num_return_sequences": 2, "do_sample": True,
                     "early_stopping": True, "eos_token_id": [3, 0, 1]},
                    Table(((1.0,) * 6, (0.0, 1.0, 0.0, 0.0, 1.0, 1.0))), ((3,),), seeds=(seed,))
        with monkeypatch.context() as patched:
            patched.setattr(selection, "going_on", lambda candidates, size: right(candidates[::-1], size))
            answer = reference(call)
        verdict = judged(call, answer)
        assert verdict.kind != "violates", described(seed=seed, verdict=verdict, answer=answer)


@pytest.mark.parametrize("draws", [False, True])
def test_one_row_twice_is_never_a_matter_of_equal_totals(draws):
    """A search that begins with copies of the prompt gives the same tokens twice with other beam indices alone."""
    call = Call({"max_new_tokens": 1, "num_beams": 2, "num_return_sequences": 2, "do_sample": draws},
                Table(((0.0, 0.0, 0.0),)), ((0,),), seeds=(1,) if draws else None, profile="hf-4.38")
    output = reference(call)[0]
    first, second = output.rows
    assert (first.tokens, first.beam_indices) != (second.tokens, second.beam_indices), output
    verdict = judged(call, (GenerateOutput((first, first), output.runs),))
    assert verdict.kind == "violates", described(verdict=verdict)


BANS = [
    ({"suppress_tokens": [0]}, "SUPPRESS-1"), ({"bad_words_ids": [[0]]}, "BAD-WORDS-1"),
    ({"no_repeat_ngram_size": 1}, "NO-REPEAT-NGRAM-1"), ({"begin_suppress_tokens": [0]}, "BEGIN-SUPPRESS-1"),
    ({"min_new_tokens": 2, "eos_token_id": 0}, "MIN-NEW-TOKENS-1"), ({"forced_eos_token_id": 1}, "FORCED-EOS-1"),
    ({"repetition_penalty": 50.0}, "REPETITION-PENALTY-1"), ({"sequence_bias": [[[0], -50.0]]}, "SEQUENCE-BIAS-1"),
]


@pytest.mark.parametrize("beams", [1, 2])
@pytest.mark.parametrize(("config", "clause"), BANS)
def test_the_operation_that_decides_is_named(config, clause, beams):
    call = Call({"max_new_tokens": 1, **config, "num_beams": beams}, Table(((2.0, 0.5, -1.0),)), ((0,),))
    reason = "eos" if config.get("eos_token_id") == 0 else "length"
    verdict = judged(call, taking(call, 0, finish_reason=reason))
    assert verdict.kind == "violates", described(verdict=verdict)
    if beams == 1 or clause not in ("REPETITION-PENALTY-1", "SEQUENCE-BIAS-1"):
        assert verdict.clauses == (clause,), described(verdict=verdict)


@pytest.mark.parametrize(("change", "clause"), [
    ({"finish_reason": "eos"}, "STOPPING-5"),
    ({"tokens": (0, 1)}, "STOPPING-2"),
    ({"tokens": (0, 1, 0, 1, 0)}, "STOPPING-2"),
    ({"tokens": (1, 1, 0, 1)}, "OUTPUTS-7"),
])
def test_the_end_and_the_prompt_are_compared(change, clause):
    call = Call({"max_new_tokens": 3}, Table(((0.0, 1.0), (1.0, 0.0))), ((0,),))
    output = reference(call)[0]
    assert output.sequences == ((0, 1, 0, 1),)
    row = replace(output.rows[0], **change)
    verdict = judged(call, (GenerateOutput((row,), output.runs),))
    assert (verdict.kind, verdict.clauses) == ("violates", (clause,)), described(verdict=verdict)


SCORED = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True}


@pytest.mark.parametrize(("beams", "longest"), [(1, 1), (2, 1), (1, 4)])
@pytest.mark.parametrize("name", ["scores", "logits"])
@pytest.mark.parametrize(("share", "kind"), [(0.5, "conforms"), (2.0, "violates"), (np.nan, "violates")])
def test_numbers_are_compared_within_the_tolerance(name, beams, longest, share, kind):
    """That of the longest row: a low temperature multiplies what guidance rounds."""
    call = Call({"max_new_tokens": longest, "num_beams": beams, **SCORED}, Table(((1.0, 0.0),)), ((0,),))
    output = reference(call)[0]
    step = output.runs[0][0]
    numbers = getattr(step, name)
    off = tuple(array + share * tolerance("float32", float(np.abs(array).max()), longest) for array in numbers)
    others = output.runs[0][1:]
    answer = (GenerateOutput(output.rows, ((replace(step, **{name: off}), *others),)),)
    verdict = judged(call, answer)
    assert verdict.kind == kind, described(verdict=verdict)
    missing = (GenerateOutput(output.rows, ((replace(step, **{name: None}), *others),)),)
    assert judged(call, missing).kind == "violates"


def test_the_score_of_a_hypothesis_is_compared_within_the_tolerance():
    call = Call({"max_new_tokens": 2, "num_beams": 2}, Table(((1.0, 0.0),)), ((0,),))
    output = reference(call)[0]
    for share, kind in ((0.5, "conforms"), (2.0, "violates")):
        off = output.rows[0].score + share * tolerance("float32", 0.0, 2)
        verdict = judged(call, (GenerateOutput((replace(output.rows[0], score=off),), output.runs),))
        assert verdict.kind == kind, described(verdict=verdict)


def test_a_negative_length_penalty_multiplies_the_rounding_of_a_total():
    call = Call({"max_new_tokens": 8, "num_beams": 2, "length_penalty": -3.0}, Table(((8.0, 0.0),)), ((0,),))
    output = reference(call)[0]
    total = tolerance("float32", 0.0, 8)
    for share, kind in ((0.5, "ambiguous"), (2.0, "violates"), (np.nan, "violates")):
        row = replace(output.rows[0], score=output.rows[0].score + share * total * 8**3)
        verdict = judged(call, (GenerateOutput((row,), output.runs),))
        assert verdict.kind == kind, described(verdict=verdict, share=share)


@pytest.mark.parametrize(("gap", "kind"), [(2.0**-24, "ambiguous"), (0.125, "violates")])
def test_a_token_more_at_the_edge_of_a_truncation_is_ambiguous_where_rounding_decides(gap, kind):
    """Of two tokens one is kept, which is ahead by `gap`: a decoder in whose numbers they are equal keeps both."""
    config = {"max_new_tokens": 1, "do_sample": True, "num_beams": 2, "epsilon_cutoff": 0.9, **SCORED}
    call = Call(config, Table(((2.0, 1.0, 1.0 - gap, -1.0),)), ((0,),), seeds=(0,))
    output = reference(call)[0]
    (step,) = output.runs[0]
    scores = step.scores[0].copy()
    assert np.isneginf(scores).tolist() == [False, False, True, True], described(scores=scores)
    scores[2] = scores[1]
    verdict = judged(call, (replace(output, runs=((replace(step, scores=(scores,)),),)),))
    assert verdict.kind == kind, described(verdict=verdict, margin=step.margin)


def test_refusals():
    wrong = Call({"top_p": 2.0}, Scripted("table", 0, 4), ((0,),))
    right = Call({"max_new_tokens": 1}, Scripted("table", 0, 4), ((0,),))
    no = Refusal("ValueError", "no", ())
    assert judged(wrong, no).kind == "rejected as specified"
    assert judged(wrong, reference(right)).clauses == ("TOP-P-1",)
    assert judged(right, no).kind == "violates"
    assert judged(right, Unsupported("no clock")).kind == "unsupported"
    assert judged(right, ()).clauses == ("OUTPUTS-15",)


@pytest.mark.parametrize("mode", [Mode.GREEDY, Mode.BEAM_SEARCH])
def test_the_number_of_rows_is_compared(mode):
    call = Call({"max_new_tokens": 1, "num_beams": 1 if mode == "greedy" else 2}, Scripted("table", 0, 4), ((0,),))
    output = reference(call)[0]
    assert judged(call, (GenerateOutput(output.rows * 2, output.runs),)).kind == "violates"
    assert judged(call, (GenerateOutput((), output.runs),)).kind == "violates"


def test_numbers_are_close():
    inf, one = np.array([-np.inf, 1.0]), np.array([-np.inf, 1.0 + 1e-6])
    assert close(one, inf, "float32", 2e-6)
    assert not close(one, inf, "float32", 5e-7)
    assert not close(np.array([0.0, 1.0]), inf, "float32", 1.0)
    assert not close(np.array([np.nan, 1.0]), np.array([0.0, 1.0]), "float32", 1.0)
    assert close(np.array([2.0**20 + 1]), np.array([2.0**20]), "float32", 0.0)
    assert not close(np.array([2.0**20 + 4]), np.array([2.0**20]), "float32", 100.0)
    for beyond in (-3.4028234663852886e38, -np.inf):
        assert close(np.array([beyond]), np.array([-5e38]), "float32", 0.0)
        assert not close(np.array([beyond]), np.array([5e38]), "float32", 0.0)
    assert not close(np.array([-3.4028234663852886e38]), np.array([-np.inf]), "float32", 0.0)
    assert not close(np.array([-3e38]), np.array([-5e38]), "float32", 0.0)
    assert tolerance("float32", 0.0, 1) == 16 * 2.0**-23 * 17


SUMS = Call(
    {"max_new_tokens": 5, "do_sample": True, "num_beams": 4, "temperature": 2.0, "min_p": 0.5, "epsilon_cutoff": 0.1,
     "eta_cutoff": 0.1, "guidance_scale": 1.5, "suppress_tokens": [11], "begin_suppress_tokens": [3, 12],
     "eos_token_id": [2, 4, 9], "return_dict_in_generate": True, "output_scores": True},
    Scripted("history", 2687, 17, (2, 4, 9)), ((8, 9, 9),), seeds=(56083,),
)
"""At its third step tokens 0 and 7 of hypothesis 1 have equal sums of different logits, and one of them is kept."""


def test_equal_sums_at_the_edge_of_a_truncation_may_be_kept_either_way():
    right = reference(SUMS)[0]
    scores = [one.copy() for one in right.runs[0][2].scores]
    assert scores[1][0] > scores[1][7] == -np.inf, described(scores=scores[1])
    scores[1][[0, 7]] = scores[1][[7, 0]]
    steps = (*right.runs[0][:2], replace(right.runs[0][2], scores=tuple(scores)), *right.runs[0][3:])
    verdict = judged(SUMS, (replace(right, runs=(steps,)),))
    assert verdict.kind == "ambiguous" and verdict.tied, described(verdict=verdict)
    scores[1][7] = scores[1][3] - 0.1       # of another score it may not
    assert judged(SUMS, (replace(right, runs=(steps,)),)).kind == "violates"


def test_scores_of_another_shape_are_wrong_even_where_a_near_tie_decides_what_is_left():
    step = replace(reference(SUMS)[0].runs[0][2], scores=tuple(np.zeros(3) for _ in range(4)))
    right = reference(SUMS)[0]
    verdict = judged(SUMS, (replace(right, runs=((*right.runs[0][:2], step, *right.runs[0][3:]),)),))
    assert (verdict.kind, verdict.difference) == ("violates", "scores"), described(verdict=verdict)
