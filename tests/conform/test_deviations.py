"""Known deviations: their data, and that each explains its own differences and no others."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.asking import asked
from support.strategies import described

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info, Refusal
from genspec.conform.deviations import DEVIATIONS, deviation, explaining
from genspec.conform.deviations.beams import BEAMS
from genspec.conform.deviations.calls import CALLS
from genspec.conform.deviations.counterfactual import explained, situations_of
from genspec.conform.deviations.deviation import Versions
from genspec.conform.deviations.drafts import DRAFTS
from genspec.conform.deviations.layered import LAYERED
from genspec.conform.deviations.made.entropy import as_transformers, begun, typical
from genspec.conform.deviations.made.rounds import what_is_handed_on_comes_last
from genspec.conform.deviations.made.ties import probable, ties_as_torch_sorts
from genspec.conform.deviations.older import OLDER
from genspec.conform.deviations.reading import READING
from genspec.conform.deviations.rows import ROWS
from genspec.conform.deviations.scores import SCORES
from genspec.conform.deviations.shown import SHOWN
from genspec.conform.deviations.values import VALUES
from genspec.conform.oracle import judge
from genspec.conform.verdict import Kind
from genspec_reference import Row, Scripted, Table
from genspec_reference.context import Context
from genspec_reference.decode import run
from genspec_reference.operations.min_p import min_p
from genspec_reference.operations.typical_p import typical_p
from genspec_reference.scores import log_softmax

TESTS = Path(__file__).parents[1]

OF_ARRAYS = {"DEV-41"}
"""Seen in the arrays of a batch alone, which the kit asks for and a campaign does not: conform/kit/test_arrays.py."""


def test_ids_grow_and_are_never_given_twice() -> None:
    """Those of older releases begin with 80: the numbers between are left to what the newest release shows."""
    every = (*READING, *SCORES, *BEAMS, *ROWS, *CALLS, *VALUES, *DRAFTS, *OLDER, *LAYERED)
    given = [int(one.id.removeprefix("DEV-")) for one in every]
    assert given == sorted(set(given)), given
    newer = [number for number in given if number < 80]
    assert newer == list(range(1, len(newer) + 1)), newer


def test_an_unknown_id_is_an_error() -> None:
    assert deviation("DEV-29").when.startswith("a shorter row")
    with pytest.raises(KeyError, match="no deviation has the id DEV-999"):
        deviation("DEV-999")


@pytest.mark.parametrize("one", DEVIATIONS.values(), ids=lambda one: one.id)
def test_a_deviation_has_all_its_parts(one: Any) -> None:
    assert all((one.when, one.does, one.specified, one.clauses, one.example, one.shows, one.tests, one.versions.run))
    for test in one.tests:
        module, _, name = test.partition("::")
        assert re.search(rf"^def {name}\(", (TESTS / module).read_text(), re.MULTILINE), test


def test_a_campaign_sees_those_of_which_there_are_examples() -> None:
    here = [one for one in DEVIATIONS.values() if one.versions.cover("5.23.0")]
    assert set(SHOWN) | OF_ARRAYS == {one.id for one in here if one.explains or one.changes or one.accepts}


@pytest.mark.parametrize("name", SHOWN)
def test_transformers_shows_a_deviation_and_nothing_else(name: str) -> None:
    """A deviation that is gone fails here: say since which version, and retire the example."""
    for call in SHOWN[name]:
        seen, answer = asked(call)
        assert seen.verdict.kind is Kind.VIOLATES or name == "DEV-37", described(
            verdict=seen.verdict, expected=seen.expected, answer=answer)
        found = [one.id for one in explaining(seen)]
        assert found == [name], described(found=found, verdict=seen.verdict, expected=seen.expected, answer=answer)


@pytest.mark.parametrize("name", SHOWN)
def test_a_deviation_excuses_no_other_answer(name: str) -> None:
    """One wrong token more, rows that end early, another refusal: nothing explains them."""
    for call in SHOWN[name]:
        seen, answer = asked(call)
        for wrong in spoilt(answer, call.model.vocab_size):
            expected = seen.expected
            verdict = judge(call, expected, wrong, seen.info)
            if verdict.kind is Kind.VIOLATES:
                found = explaining(replace(seen, answer=wrong, verdict=verdict))
                assert not found, described(found=found, answer=wrong, right=answer)


def spoilt(answer: Answer, vocab_size: int) -> list[Answer]:
    """Give answers that are wrong in another way."""
    if isinstance(answer, Refusal):
        return [Refusal(answer.error, "something else"), Refusal("OSError", answer.message)]
    assert isinstance(answer, tuple)
    (first, *others), last = answer, answer[-1]

    def first_row(change: Any) -> Answer:
        return (replace(first, rows=(change(first.rows[0]), *first.rows[1:])), *others)

    def other_token(row: Row) -> Row:
        return replace(row, tokens=(*row.tokens[:-1], (row.tokens[-1] + 1) % vocab_size))

    def other_end(row: Row) -> Row:
        return replace(row, finish_reason="stop_string")

    def shorter(row: Row) -> Row:
        return replace(row, tokens=row.tokens[:-1], beam_indices=row.beam_indices[:-1])

    no_rows = (*answer[:-1], replace(last, rows=()))
    return [first_row(other_token), first_row(other_end), first_row(shorter), no_rows, Refusal("RuntimeError", "no")]


def test_a_deviation_of_another_decoder_or_release_explains_nothing() -> None:
    seen, _ = asked(SHOWN["DEV-1"][0])
    assert explaining(seen)
    assert not explaining(replace(seen, info=Info("torch", "1", "float32", "hf")))
    old = Versions(("4.46.3",), last="4.49.0")
    assert [old.cover(version) for version in ("4.38.2", "4.49.0", "4.50.0", "5.23.0")] == [True, True, False, False]
    new = Versions(("5.23.0",), first="4.50.3")
    assert [new.cover(version) for version in ("4.46.3", "4.50.2", "4.50.3", "5.23.0")] == [False, False, True, True]


def refused_with(name: str, message: str) -> None:
    _, answer = asked(SHOWN[name][0])
    assert isinstance(answer, Refusal) and re.search(message, answer.message), described(answer=answer)


def test_dev_29_the_text_of_padding_completes_a_stop_string() -> None:
    """The second row is 0 1, a b, behind the padding 2, a b."""
    call = SHOWN["DEV-29"][2]
    _, answer = asked(call)
    assert isinstance(answer, tuple)
    assert answer[1].new_tokens[0] == (1, 2), described(answer=answer)


def test_dev_22_a_hypothesis_without_a_token_ends_without_what_raises() -> None:
    """Of two hypotheses one has no token left, and the other one goes on."""
    call = SHOWN["DEV-22"][1]
    config = {key: value for key, value in call.config.items() if key != "eta_cutoff"}
    seen, answer = asked(replace(call, config=config))
    assert seen.verdict.kind is Kind.CONFORMS and isinstance(answer, tuple), described(answer=answer)


@pytest.mark.parametrize("name", ["min_p", "typical_p"])
def test_dev_37_min_p_and_typical_p_keep_what_torch_ranks_first(name: str) -> None:
    """Kept beside the highest are 1 or 2 of many equal tokens: in some of these sizes not the lowest ids."""
    torch = pytest.importorskip("torch", reason="the order of equal numbers is torch's, not installed")
    from transformers.generation.logits_process import MinPLogitsWarper, TypicalLogitsWarper

    p, height, warper, made, specified = {
        "min_p": (1.0, 2.0, MinPLogitsWarper, probable, min_p),
        "typical_p": (0.25, 40.0, TypicalLogitsWarper, typical, typical_p),
    }[name]
    others = []
    for size, min_keep in product((5, 8, 11, 24, 40), (2, 3)):
        scores = np.zeros(size)
        scores[size // 2] = height
        given = torch.tensor(scores[None], dtype=torch.float32)
        theirs = warper(p, min_tokens_to_keep=min_keep)(None, given)[0].double().numpy()
        np.testing.assert_array_equal(made(scores, p, min_keep), theirs, err_msg=described(size=size))
        others.append(not np.array_equal(specified(scores, p, min_keep), theirs))
    assert any(others), described(others=others)


@pytest.mark.parametrize("size", [2, 5, 24])
def test_dev_36_the_last_bit_of_a_search_is_that_of_torch(size: int) -> None:
    """From logits in float64 to the tokens that `top_h` 1 keeps of several hypotheses at once."""
    torch = pytest.importorskip("torch", reason="the numbers are torch's, not installed")
    from transformers.generation.logits_process import TopHLogitsWarper

    logits = np.random.default_rng(size).integers(-32, 32, (100, size)) / 8
    scores = [begun(log_softmax(row), Context((0,), 1)) for row in logits]
    theirs = torch.log_softmax(torch.tensor(logits, dtype=torch.float32), dim=-1)
    np.testing.assert_array_equal(scores, theirs.double().numpy(), err_msg=described(logits=logits))
    kept = TopHLogitsWarper(1.0)(None, theirs).double().numpy()
    np.testing.assert_array_equal([as_transformers(row, 1.0) for row in scores], kept)
    assert (kept == -np.inf).any(), "rounding drops no token any more"


def test_dev_37_float32_ranks_what_is_drafted() -> None:
    """Two scores of the assistant are 0.1 but for rounding: the second one is above, and in float32 the first one."""
    seen, answer = asked(SHOWN["DEV-37"][1])
    assert isinstance(answer, tuple)
    (situation,) = situations_of(seen.call, answer, seen.info)
    changed = ties_as_torch_sorts(situation)
    assert changed is not None
    rows = run(changed.request).rows
    assert rows[0].tokens == answer[0].rows[0].tokens != run(situation.request).rows[0].tokens, described(rows=rows)


def test_dev_37_float32_ranks_what_guidance_makes_equal() -> None:
    """Two scores of a draft, 0.17629, are equal but for rounding, and the draft is read by all that is guided later."""
    config = {"do_sample": True, "top_h": 0.9, "guidance_scale": 1.5, "pad_token_id": 5, "output_scores": True,
              "return_dict_in_generate": True}
    seen, answer = asked(Call(config, Scripted("history", 14226, 6), ((0,),), seeds=(6535,),
                              assistant=Scripted("history", 8582, 6)))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict)
    together = ("DEV-37", "DEV-50", "DEV-51", "DEV-64")
    situations = situations_of(seen.call, answer, seen.info)
    changes = [change for name in together for change in DEVIATIONS[name].changes]
    assert explained(situations, changes), described(together=together, verdict=seen.verdict, answer=answer)


@pytest.mark.parametrize(("models", "seed", "prompt", "config"), [
    ((Scripted("ties", 53280, 4), Scripted("table", 57576, 4)), 3478, (0, 0, 3, 0, 0, 2),
     {"guidance_scale": 2.0, "min_p": 1.0, "max_new_tokens": 12}),
    ((Scripted("ties", 92192, 4), Scripted("ties", 58638, 4)), 7426, (1, 0),
     {"guidance_scale": 3.0, "top_k": 2, "max_new_tokens": 20}),
    ((Scripted("ties", 26, 6), Scripted("ties", 35, 6)), 26, (1, 0),
     {"guidance_scale": 2.0, "typical_p": 0.75, "max_new_tokens": 8}),
])
def test_dev_50_float32_decides_what_an_assistant_drafts(
    models: tuple[Scripted, Scripted], seed: int, prompt: tuple[int, ...], config: dict[str, Any]
) -> None:
    """Guidance makes scores equal but for rounding, and all that is guided later reads what is drafted by them."""
    seen, answer = asked(Call({**config, "do_sample": True, "pad_token_id": 3}, models[0], (prompt,), seeds=(seed,),
                              assistant=models[1]))
    changes = [change for name in ("DEV-50", "DEV-51", "DEV-64") for change in DEVIATIONS[name].changes]
    assert explained(situations_of(seen.call, answer, seen.info), changes), described(answer=answer)


def test_dev_58_guidance_asks_an_encoder_decoder_without_its_source() -> None:
    refused_with("DEV-58", "specify decoder_input_ids")


def test_dev_59_assistance_refuses_to_go_without_a_cache() -> None:
    refused_with("DEV-59", "requires `use_cache=True`")


def test_dev_60_an_assistant_gets_stop_strings_without_a_tokenizer() -> None:
    refused_with("DEV-60", "could not locate a tokenizer")


def test_dev_61_a_compile_config_of_a_file_is_refused() -> None:
    refused_with("DEV-61", "`compile_config` as an instance of")


def test_dev_62_chunks_cut_the_source() -> None:
    (call,) = SHOWN["DEV-62"]
    cut = replace(call, sources=((1,), (4,)))
    _, answer = asked(call)
    _, other = asked(cut)
    assert isinstance(answer, tuple) and isinstance(other, tuple)
    assert answer[0].new_tokens[0][0] == other[0].new_tokens[0][0], described(answer=answer, cut=other)


def test_dev_63_chunks_need_a_cache() -> None:
    refused_with("DEV-63", "prefill chunking without a cache")


def test_dev_64_an_assistant_does_not_read_the_pad() -> None:
    """Without a pad id it reads all of the row, and draws as the reference does."""
    for call in SHOWN["DEV-64"]:
        config = {key: value for key, value in call.config.items() if key != "pad_token_id"}
        seen, answer = asked(replace(call, config=config))
        assert seen.verdict.kind is Kind.CONFORMS, described(verdict=seen.verdict, answer=answer)


def test_dev_66_a_position_that_is_dropped_needs_no_token_without_the_operations_that_raise() -> None:
    calls = [one for one in SHOWN["DEV-66"] if one.assistant is not None and {"eta_cutoff", "top_h"} & set(one.config)]
    assert len(calls) == 2, described(calls=calls)
    for call in calls:
        config = {key: value for key, value in call.config.items() if key not in ("eta_cutoff", "top_h")}
        seen, answer = asked(replace(call, config=config))
        assert seen.verdict.kind is Kind.CONFORMS and isinstance(answer, tuple), described(answer=answer)


def test_dev_50_an_assistant_is_guided_by_the_row_of_the_model() -> None:
    """Its drafts are those that the reference makes with the model's u, and not with its own."""
    lines = ((1.0, 2.5, -3.5, 1.0, -0.5, -3.5, -1.0, 1.0), (2.5, -0.5, -3.5, 0.0, 3.75, 2.5, 0.125, 0.125),
             (-3.5, -1.0, 0.125, -3.5, -1.0, 1.0, 2.5, 0.0))
    seen, answer = asked(Call({"do_sample": True, "guidance_scale": 2.0, "max_new_tokens": 2}, Table(lines), ((3,),),
                              seeds=(10863,), assistant=Scripted("history", 697, 8)))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    assert [one.id for one in explaining(seen)] == ["DEV-50"]


def test_dev_50_equal_scores_are_taken_in_either_order() -> None:
    """Two scores of the second round differ by less than float32 can tell."""
    seen, answer = asked(Call({"max_new_tokens": 3, "guidance_scale": 1.5}, Scripted("ties", 0, 17),
                              ((4, 0, 0, 0, 3, 14),), assistant=Scripted("table", 0, 17)))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    assert [one.id for one in explaining(seen)] == ["DEV-50"]


def test_dev_24_a_mixture_with_nan_is_nan_all_over() -> None:
    """The assistant drafts the NaN, and of the mixture transformers takes token 0."""
    config = {"max_new_tokens": 2, "repetition_penalty": 1.5, "guidance_scale": 1.5, "eos_token_id": [0],
              "assistant_ensemble_weight": 0.5}
    seen, answer = asked(Call(config, Table(((0.0, 0.0, -np.inf),)), ((0,),), assistant=Scripted("table", 0, 3, (0,))))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    assert [one.id for one in explaining(seen)] == ["DEV-24"]


def test_dev_24_an_assistant_that_bans_is_guided_to_nan() -> None:
    """With scale 0 its minus infinity becomes NaN, which cannot be drawn from."""
    call = Call({"do_sample": True, "guidance_scale": 0.0, "max_new_tokens": 2}, Scripted("table", 0, 3), ((0,),),
                seeds=(0,), assistant=Table(((0.0, 0.0, -np.inf),)))
    seen, answer = asked(call)
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    assert [one.id for one in explaining(seen)] == ["DEV-24"]


def test_dev_32_what_is_allowed_is_forced_before_a_truncation_raises() -> None:
    """All beams are banned altogether, so that token 0 is forced, and `eta_cutoff` has something to look at."""
    config = {"max_new_tokens": 1, "do_sample": True, "num_beams": 2, "length_penalty": 0.0, "eta_cutoff": 0.5,
              "no_repeat_ngram_size": 1, "eos_token_id": [0]}
    seen, answer = asked(Call(config, Scripted("table", 0, 2, (0,)), ((0,),), seed=0, allowed_tokens=((0,), (0,))))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    assert [one.id for one in explaining(seen)] == ["DEV-32"]


def test_dev_68_an_assistant_that_drafts_once_takes_a_named_cache() -> None:
    call = SHOWN["DEV-68"][-1]
    seen, answer = asked(replace(call, config={**call.config, "max_new_tokens": 2}))
    assert seen.verdict.kind is Kind.CONFORMS, described(verdict=seen.verdict, answer=answer)


@pytest.mark.parametrize("negative_prompt", [(0,), (1, 0)])
def test_dev_24_an_assistant_is_guided_by_minus_infinity_and_the_model_by_the_row_behind_it(
    negative_prompt: tuple[int, ...],
) -> None:
    """The assistant reads the negative prompt alone, DEV-50, and its NaN is no matter of the model's token."""
    lines = ((0.0, 0.0, 0.0, -np.inf), (1.0, 0.0, 0.0, 0.0), (0.0,) * 4, (0.0,) * 4)
    call = Call({"guidance_scale": 1.5, "eos_token_id": 0, "max_new_tokens": 2}, Table(lines), ((1,),),
                negative_prompts=(negative_prompt,), assistant=Scripted("table", 0, 4))
    seen, answer = asked(call)
    assert isinstance(seen.expected, Refusal) and isinstance(answer, tuple), described(seen=seen)
    found = [one.id for one in explaining(seen)]
    assert found == ["DEV-24", "DEV-50"], described(found=found, answer=answer)
    row = answer[0].rows[0]
    wrong = (replace(answer[0], rows=(replace(row, tokens=(*row.tokens[:-1], 2)),)),)
    verdict = judge(call, seen.expected, wrong, seen.info)
    assert not explaining(replace(seen, answer=wrong, verdict=verdict)), described(answer=wrong)


def test_dev_78_drafts_grow_and_shrink() -> None:
    """With a constant schedule the same rows are as specified."""
    for call in SHOWN["DEV-78"]:
        seen, answer = asked(replace(call, config={**call.config, "num_assistant_tokens_schedule": "constant"}))
        assert seen.verdict.kind is Kind.CONFORMS, described(verdict=seen.verdict, answer=answer)


def test_dev_65_an_assistant_reads_the_row_behind_its_cache() -> None:
    """With two new tokens there is no third round, and the rows are equal."""
    (call,) = SHOWN["DEV-65"]
    seen, answer = asked(replace(call, config={**call.config, "max_new_tokens": 2}))
    assert seen.verdict.kind is Kind.CONFORMS, described(verdict=seen.verdict, answer=answer)


@pytest.mark.parametrize("seed", [2, 4])
def test_dev_79_allowed_tokens_are_the_last_of_an_assistant(seed: int) -> None:
    """All that is allowed is suppressed. Behind that it is forced, and drafted; before it the others are left."""
    seen, answer = asked(Call({"do_sample": True, "remove_invalid_values": True, "suppress_tokens": [1],
                               "max_new_tokens": 2}, Table(((0.0, 0.0, 0.0),)), ((2,),), seeds=(seed,),
                              allowed_tokens=((1,),) * 3, assistant=Table(((0.0, 2.0, 0.0),))))
    assert seen.verdict.kind is Kind.VIOLATES, described(verdict=seen.verdict, answer=answer)
    found = [one.id for one in explaining(seen)]
    assert found == ["DEV-32", "DEV-79"], described(found=found, verdict=seen.verdict, answer=answer)


def test_dev_79_an_assistant_makes_operations_on_the_prompt_for_itself() -> None:
    """Without an encoder they stand in their place."""
    (call,) = SHOWN["DEV-79"]
    seen, answer = asked(replace(call, prompts=((0,),), sources=None))
    assert seen.verdict.kind is Kind.CONFORMS, described(verdict=seen.verdict, answer=answer)
    (situation,) = situations_of(seen.call, answer, seen.info)
    assert what_is_handed_on_comes_last(situation) is None
