"""Which ids have a meaning, shown on rows. Text: docs/spec/special_tokens.md."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases
from support.runs import answer, clauses_of_refusal, run
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec_reference import FinishReason, Scripted

V = 6
MODEL = Scripted("history", 21, V, eos=(2, 4))
WITH_ID: list[dict[str, Any]] = [
    {"bos_token_id": V}, {"eos_token_id": V}, {"eos_token_id": [1, V]}, {"pad_token_id": V},
    {"decoder_start_token_id": V}, {"forced_bos_token_id": V}, {"forced_eos_token_id": V}, {"suppress_tokens": [V]},
    {"begin_suppress_tokens": [V]}, {"bad_words_ids": [[1, V]]}, {"sequence_bias": [[[V], 1.0]]},
    {"force_words_ids": [[V]], "num_beams": 2},
]


def with_last_id(config: Any) -> Any:
    """Put the last id of the vocabulary in the place of the first one outside."""
    if isinstance(config, dict):
        return {key: with_last_id(value) for key, value in config.items()}
    if isinstance(config, list):
        return [with_last_id(item) for item in config]
    return V - 1 if config == V else config


@pytest.mark.parametrize("config", WITH_ID, ids=str)
@clauses("TOKENS-1")
def test_an_id_outside_the_vocabulary_is_refused_and_the_last_one_is_not(config: dict[str, Any]) -> None:
    assert clauses_of_refusal(config, vocab_size=V, profile="hf-4.50") == ["TOKENS-1"]
    assert run(with_last_id(config), MODEL, profile="hf-4.50").rows


@clauses("TOKENS-1")
def test_where_the_vocabulary_is_not_known_any_id_will_do() -> None:
    assert GenerationConfig(eos_token_id=10**9).resolve().plan.tokens.eos == (10**9,)


@given(model=models(), others=st.permutations([0, 1]), repeat=st.integers(1, 3))
@clauses("TOKENS-2")
def test_eos_ids_are_a_set(model: Scripted, others: list[int], repeat: int) -> None:
    ids = others[: model.vocab_size]
    listed = {"eos_token_id": ids * repeat, "max_new_tokens": 6}
    assert answer(listed, model, [0]) == answer({**listed, "eos_token_id": sorted(ids)}, model, [0])


@clauses("TOKENS-2")
def test_an_id_that_stands_twice_counts_once() -> None:
    """In beam sampling one token more is kept than there are EOS ids."""
    config = {"do_sample": True, "num_beams": 2, "top_k": 1, "eos_token_id": [2, 4, 2]}
    plan = GenerationConfig.from_dict(config).resolve(vocab_size=V).plan
    assert plan.tokens.eos == plan.stopping.eos_token_ids == (2, 4)
    assert plan.operation("top_k").arguments["min_keep"] == 3


@given(model=models())
@clauses("TOKENS-2")
def test_each_eos_ends_a_row_and_no_other_token_does(model: Scripted) -> None:
    (row,) = run({"eos_token_id": list(model.eos), "max_new_tokens": 8}, model, [0]).rows
    assert (row.finish_reason is FinishReason.EOS) == (row.new_tokens[-1] in model.eos), described(row=row, model=model)
    assert not set(row.new_tokens[:-1]) & set(model.eos)


@pytest.mark.parametrize("unset", [{}, {"eos_token_id": []}, {"eos_token_id": None}], ids=str)
@clauses("TOKENS-2", "TOKENS-3")
def test_without_eos_only_the_length_ends_a_row_and_there_is_no_pad(unset: dict[str, Any]) -> None:
    (row,) = run({**unset, "max_new_tokens": 9}, MODEL).rows
    assert len(row.new_tokens) == 9 and row.finish_reason is FinishReason.LENGTH
    assert GenerationConfig.from_dict(unset).resolve().plan.tokens.pad is None


@pytest.mark.parametrize(("config", "pad"), [
    ({"eos_token_id": [4, 2]}, 4), ({"eos_token_id": 2, "pad_token_id": 0}, 0), ({"pad_token_id": 3}, 3),
    ({"eos_token_id": 2, "pad_token_id": 2}, 2),
], ids=str)
@clauses("TOKENS-3", "TOKENS-4")
def test_the_pad_id(config: dict[str, Any], pad: int) -> None:
    assert GenerationConfig.from_dict(config).resolve(vocab_size=V).plan.tokens.pad == pad


@given(model=models(), data=st.data())
@clauses("TOKENS-3", "TOKENS-4")
def test_no_row_depends_on_the_pad_id(model: Scripted, data: st.DataObject) -> None:
    pad = data.draw(st.integers(0, model.vocab_size - 1))
    for mode in ({}, {"num_beams": 2}, {"do_sample": True, "num_return_sequences": 2}):
        config = {**mode, "eos_token_id": list(model.eos), "max_new_tokens": 5}
        assert answer({**config, "pad_token_id": pad}, model, [0]) == answer(config, model, [0]), described(model=model)


@clauses("TOKENS-5")
def test_the_decoder_starts_from_its_start_token_or_bos() -> None:
    def first(config: dict[str, Any]) -> int:
        return run(config, MODEL, [], source=[1, 3]).rows[0].tokens[0]

    assert first({"decoder_start_token_id": 5}) == first({"decoder_start_token_id": 5, "bos_token_id": 1}) == 5
    assert first({"bos_token_id": 1}) == 1
    plan = GenerationConfig(bos_token_id=1).resolve(architecture="encoder-decoder").plan
    assert plan.tokens.decoder_start == 1
    assert first({"decoder_start_token_id": [4, 5]}) == 4, "one for each row of the batch: this is the first"
    assert clauses_of_refusal({}, [], source=[1, 3]) == ["TOKENS-5"]
    assert answer({"decoder_start_token_id": 5}, MODEL) == answer({}, MODEL), "without an encoder the field is inert"


@clauses("TOKENS-6")
def test_an_empty_prompt_is_bos_and_another_one_gets_none() -> None:
    (row,) = run({"bos_token_id": 1}, MODEL, []).rows
    assert row.tokens == run({}, MODEL, [1]).sequences[0] and row.prompt_length == 1
    assert answer({"bos_token_id": 1}, MODEL, [3]) == answer({}, MODEL, [3])
    assert clauses_of_refusal({}, []) == ["TOKENS-6"]


def vectors() -> Iterator[Case]:
    yield from example_cases("special_tokens")
    for config in WITH_ID:
        field = next(iter(config)).replace("_", "-") + ("-in-a-list" if config.get("eos_token_id") == [1, V] else "")
        yield generate_case(
            f"{field}-v", ["TOKENS-1"], config, [1, 2], MODEL, profile="hf-4.50", flags=("boundary", "refused"),
            note="The ids end at V - 1.",
        )
        yield generate_case(
            f"{field}-v-minus-1", ["TOKENS-1"], with_last_id(config), [1, 2], MODEL, profile="hf-4.50",
            flags=("boundary",), note="The last id of the vocabulary is one like any other.",
        )
        if "force_words_ids" not in config:         # of a mode that hf does not have
            yield generate_case(
                f"{field}-outside", ["TOKENS-1"], config, [1, 2], MODEL, flags=("boundary", "refused"),
                note="The ids end at V - 1.",
            )
    for eos in ([2], [4], [2, 4], [4, 2], [2, 2, 4], [], [0, 1, 2, 3, 4, 5]):
        flags = ("eos-rich", *(("several-eos",) if len(set(eos)) > 1 else ()),
                 *(("repeated-ids",) if len(set(eos)) < len(eos) else ()), *(() if eos else ("empty",)))
        for pad in (None, 0, 2):
            config = {"eos_token_id": eos, "max_new_tokens": 8} | ({} if pad is None else {"pad_token_id": pad})
            named = ["TOKENS-2", *(() if pad is None else ("TOKENS-3",)), *(("TOKENS-4",) if pad in eos else ())]
            name = f"eos-{'-'.join(map(str, eos)) or 'none'}" + ("" if pad is None else f"-pad-{pad}")
            yield generate_case(name, named, config, [1, 3], MODEL, flags=flags)
    start = {"bos_token_id": 1, "decoder_start_token_id": 5, "max_new_tokens": 4}
    yield generate_case("start-token-over-bos", ["TOKENS-5"], start, [], MODEL, source=[1, 3])
    yield generate_case("start-token-of-a-list", ["TOKENS-5"], {**start, "decoder_start_token_id": [4, 5]}, [], MODEL,
                        source=[1, 3], note="One for each row of the batch: a row takes its own, here the first.")
    yield generate_case("start-token-without-an-encoder", ["TOKENS-5"], start, [3], MODEL)
    yield generate_case("bos-is-not-added", ["TOKENS-6"], {"bos_token_id": 1, "max_new_tokens": 4}, [3, 1], MODEL)
    yield generate_case("bos-for-no-prompt", ["TOKENS-6"], {"bos_token_id": 1, "max_new_tokens": 4}, [], MODEL,
                        flags=("empty",))
