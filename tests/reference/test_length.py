"""How many tokens a row gets, counted on rows. Text: docs/spec/length.md."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal, run
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config.decision import Status
from genspec_reference import FinishReason, Scripted

ENDLESS = Scripted("history", 2, 8)
"""Has no EOS: only a length ends its rows."""
LENGTHS = ("max_new_tokens", "max_length", "min_new_tokens", "min_length")
MODES = st.sampled_from(({}, {"num_beams": 2}, {"do_sample": True}, {"num_beams": 2, "do_sample": True}))


def new_tokens(config: Mapping[str, Any], prompt: Sequence[int], model: Any = ENDLESS, **call: Any) -> int:
    (row,) = run(config, model, prompt, **call).rows
    return len(row.new_tokens)


def statuses(config: Mapping[str, Any], prompt_length: int, **facts: Any) -> set[tuple[str, str]]:
    """Give the clauses of the decisions and what became of the fields."""
    decisions = GenerationConfig.from_dict(config).resolve(prompt_length=prompt_length, **facts).decisions
    return {(decision.clause, decision.status) for decision in decisions}


@given(mode=MODES, most=st.integers(1, 6), length=st.integers(1, 12), total=st.integers(1, 20) | st.none())
@clauses("LENGTH-1", "LENGTH-3")
def test_max_new_tokens_is_the_number_of_new_tokens_whatever_the_prompt(
    mode: dict[str, Any], most: int, length: int, total: int | None
) -> None:
    config = {**mode, "max_new_tokens": most, "max_length": total}
    assert new_tokens(config, [1] * length) == most, described(config=config, P=length)
    if total is not None:
        assert ("LENGTH-3", Status.OVERRIDDEN) in statuses(config, length)


@given(mode=MODES, length=st.integers(1, 12), total=st.integers(1, 18))
@clauses("LENGTH-2", "LENGTH-5")
def test_max_length_counts_the_prompt_and_an_overlong_one_is_cut_from_its_front(
    mode: dict[str, Any], length: int, total: int
) -> None:
    prompt = [place % 8 for place in range(length)]
    (row,) = run({**mode, "max_length": total}, ENDLESS, prompt).rows
    assert len(row.tokens) == total
    assert list(row.tokens[: row.prompt_length]) == prompt[-total:], "the last tokens stay"
    assert row.finish_reason is FinishReason.LENGTH
    assert (length >= total) == (("LENGTH-5", Status.WARNING) in statuses({**mode, "max_length": total}, length))


@given(model=models(), most=st.integers(1, 9))
@clauses("LENGTH-1")
def test_a_row_may_end_sooner_at_an_eos(model: Scripted, most: int) -> None:
    (row,) = run({"max_new_tokens": most, "eos_token_id": list(model.eos)}, model, [0]).rows
    ended = row.new_tokens[-1] in model.eos
    assert len(row.new_tokens) == most or (ended and len(row.new_tokens) < most), described(model=model, row=row)


@pytest.mark.parametrize(("file", "call"), [("max_new_tokens", "max_length"), ("max_length", "max_new_tokens")])
@clauses("LENGTH-3")
def test_max_new_tokens_decides_from_whichever_source(file: str, call: str) -> None:
    values = {"max_new_tokens": 4, "max_length": 9}
    layered = GenerationConfig.layered(call={call: values[call]}, model={file: values[file]})
    assert layered.resolve(prompt_length=3).plan.length.max_new_tokens == 4


@pytest.mark.parametrize(("length", "context", "expected"), [
    (3, None, 20), (3, 100, 20), (3, 24, 20), (3, 23, 20), (3, 22, 19), (3, 4, 1),
])
@clauses("LENGTH-4")
def test_twenty_new_tokens_by_default_within_the_context(length: int, context: int | None, expected: int) -> None:
    assert new_tokens({}, [1] * length, context_length=context) == expected


@clauses("LENGTH-4")
def test_twenty_in_all_by_default_in_the_old_profile() -> None:
    assert new_tokens({}, [1, 2, 3], profile="hf-4.46") == 17
    assert new_tokens({}, [1, 2, 3], profile="hf-4.46", context_length=10) == 17


@pytest.mark.parametrize(("config", "length", "context"), [
    ({"max_length": 4}, 4, None), ({"max_length": 4}, 6, None), ({}, 5, 5), ({}, 7, 5),
])
@clauses("LENGTH-5")
def test_an_overlong_prompt_is_cut_or_refused(config: dict[str, Any], length: int, context: int | None) -> None:
    prompt, room = list(range(length)), config.get("max_length", context)
    (row,) = run(config, ENDLESS, prompt, context_length=context).rows
    assert list(row.tokens) == prompt[-room:] and row.new_tokens == ()
    assert clauses_of_refusal(config, prompt, context_length=context, on_overflow="error") == ["LENGTH-5"]


@given(model=models(), least=st.integers(0, 6), mode=MODES)
@clauses("LENGTH-6")
def test_no_eos_before_the_minimum(model: Scripted, least: int, mode: dict[str, Any]) -> None:
    if len(set(model.eos)) == model.vocab_size:
        return      # nothing else could be produced: SCORES-6
    config = {**mode, "max_new_tokens": 8, "min_new_tokens": least, "eos_token_id": list(model.eos)}
    (row,) = run(config, model, [0, 0]).rows
    assert not set(row.new_tokens[:least]) & set(model.eos), described(config=config, model=model, row=row)


@clauses("LENGTH-6")
def test_the_token_after_the_minimum_may_be_an_eos() -> None:
    config = {"max_new_tokens": 9, "min_new_tokens": 2, "eos_token_id": 1}
    lengths = [new_tokens(config, [1, 2], Scripted("history", seed, 4, (1,))) for seed in range(12)]
    assert min(lengths) == 3, lengths


@given(model=models(), least=st.integers(0, 9), length=st.integers(1, 5))
@clauses("LENGTH-7")
def test_min_length_asks_for_what_is_left_of_it_after_the_prompt(model: Scripted, least: int, length: int) -> None:
    if len(set(model.eos)) == model.vocab_size:
        return
    config = {"max_new_tokens": 8, "eos_token_id": list(model.eos)}
    new = {**config, "min_new_tokens": max(0, least - length)}
    assert answer({**config, "min_length": least}, model, [0] * length) == answer(new, model, [0] * length)
    budgets = [GenerationConfig.from_dict(one).resolve(prompt_length=length).plan.length
               for one in ({**config, "min_length": least}, new)]
    assert budgets[0] == budgets[1], described(least=least, P=length)


@given(model=models(), least=st.integers(0, 3), total=st.integers(0, 9))
@clauses("LENGTH-8")
def test_min_new_tokens_decides_over_min_length(model: Scripted, least: int, total: int) -> None:
    if len(set(model.eos)) == model.vocab_size:
        return
    config = {"max_new_tokens": 8, "min_new_tokens": least, "eos_token_id": list(model.eos)}
    assert answer({**config, "min_length": total}, model, [0]) == answer(config, model, [0])


@given(model=models(), least=st.integers(3, 9), mode=MODES)
@clauses("LENGTH-9")
def test_the_maximum_wins_over_the_minimum(model: Scripted, least: int, mode: dict[str, Any]) -> None:
    if len(set(model.eos)) == model.vocab_size:
        return
    config = {**mode, "max_new_tokens": 2, "min_new_tokens": least, "eos_token_id": list(model.eos)}
    (row,) = run(config, model, [0]).rows
    assert len(row.new_tokens) == 2 and not set(row.new_tokens) & set(model.eos)
    assert ("LENGTH-9", Status.WARNING) in statuses(config, 1)
    assert ("LENGTH-9", Status.WARNING) not in statuses({**config, "min_new_tokens": 2}, 1), "equal is no conflict"


@pytest.mark.parametrize(("config", "expected"), [({"max_new_tokens": 6}, 6), ({"max_length": 9}, 6)], ids=str)
@clauses("LENGTH-10")
def test_an_explicit_length_past_the_context_is_kept(config: dict[str, Any], expected: int) -> None:
    assert new_tokens(config, [1, 2, 3], context_length=5) == expected
    assert ("LENGTH-10", Status.WARNING) in statuses(config, 3, context_length=5)
    assert ("LENGTH-10", Status.WARNING) not in statuses(config, 3, context_length=9)


OUT_OF_RANGE: list[tuple[dict[str, Any], str]] = [
    ({"max_new_tokens": 0}, "LENGTH-1"), ({"max_new_tokens": -1}, "LENGTH-1"), ({"max_length": 0}, "LENGTH-2"),
    ({"max_length": -1}, "LENGTH-2"), ({"min_new_tokens": -1}, "LENGTH-6"), ({"min_length": -1}, "LENGTH-7"),
]


@pytest.mark.parametrize(("config", "clause"), OUT_OF_RANGE, ids=str)
@clauses("LENGTH-1", "LENGTH-2", "LENGTH-6", "LENGTH-7")
def test_lengths_out_of_range_are_refused(config: dict[str, Any], clause: str) -> None:
    assert clauses_of_refusal(config) == [clause]


@clauses("LENGTH-2")
def test_of_an_encoder_decoder_model_the_source_does_not_count() -> None:
    config = {"max_length": 4, "decoder_start_token_id": 0}
    assert new_tokens(config, [], source=[1, 2, 3, 4, 5, 6, 7]) == 3


def vectors() -> Iterator[Case]:
    yield from example_cases("length")
    drawn = random.Random(7)
    for number in range(30):
        eos = drawn.sample(range(8), drawn.choice((0, 1, 2)))
        model = Scripted("history", drawn.getrandbits(32), 8, tuple(eos))
        prompt = drawn.choices(range(8), k=drawn.randint(1, 6))
        names = drawn.sample(LENGTHS, drawn.choice((1, 2, 2, 3)))
        config = {name: drawn.randint(1, 10) for name in names} | ({"eos_token_id": eos} if eos else {})
        flags = ("random", *(("eos-rich",) if eos else ()), *(("several-eos",) if len(eos) > 1 else ()))
        yield generate_case(f"random-{number:02}", clauses_of(config, prompt), config, prompt, model, flags=flags)
    for config, clause in OUT_OF_RANGE:
        yield generate_case(f"refused-{in_words(config)}", [clause], config, [1], ENDLESS, flags=("refused",))
    for length in (3, 4, 5):
        yield generate_case(
            f"max-length-4-prompt-{length}", ["LENGTH-2", "LENGTH-5"], {"max_length": 4}, list(range(length)), ENDLESS,
            flags=("boundary",), note="At P = max_length no token is dropped and none is generated.",
        )
    long = [1, 0, 3, 2, 1, 4, 0]
    for name, config, more in (
        ("beams", {"max_length": 4, "num_beams": 3, "num_return_sequences": 2}, {}),
        ("drawn", {"max_length": 4, "do_sample": True, "num_return_sequences": 2}, {"seed": 1}),
        ("context", {"eos_token_id": 1}, {"context_length": 5}),
        ("with-scores", {"max_length": 5, "return_dict_in_generate": True, "output_scores": True}, {}),
        ("an-eos-at-its-end", {"max_length": 3, "eos_token_id": 0}, {}),
        ("a-stop-string-in-it", {"max_length": 3, "stop_strings": ["e"]}, {"pieces": list("abcdef")}),
        ("assisted", {"max_length": 4, "prompt_lookup_num_tokens": 2}, {}),
    ):
        yield generate_case(f"no-room-{name}", ["LENGTH-5"], config, long, Scripted("history", 6, 6), **more,
                            flags=("boundary",), note="The end of the prompt is the row, and no token is new.")
    for name, config, more in (
        ("beams", {"max_length": 7, "num_beams": 2}, {}), ("length", {"max_length": 6}, {}),
        ("context", {}, {"context_length": 7}),
    ):
        yield generate_case(f"no-room-is-an-error-{name}", ["LENGTH-5"], config, long, Scripted("history", 6, 6),
                            on_overflow="error", flags=("boundary", "refused"), note="P is at least the limit.", **more)
    for least, total in ((2, 3), (3, 3), (4, 3)):
        yield generate_case(
            f"min-{least}-max-{total}", ["LENGTH-6", "LENGTH-9"],
            {"min_new_tokens": least, "max_new_tokens": total, "eos_token_id": 1}, [0], Scripted("history", 8, 4, (1,)),
            flags=("boundary", "eos-rich"), note="No EOS among the first min_new_tokens new tokens; the maximum wins.",
        )
    yield generate_case("long-row", ["LENGTH-1"], {"max_new_tokens": 100}, [1], ENDLESS, flags=("long",))


def clauses_of(config: Mapping[str, Any], prompt: Sequence[int]) -> list[str]:
    return sorted({clause for clause, _ in statuses(config, len(prompt)) if clause.startswith("LENGTH-")},
                  key=lambda clause: int(clause.removeprefix("LENGTH-")))
