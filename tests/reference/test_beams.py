"""The fields of beam search, shown on runs; the search itself: test_beam_search.py. Text: docs/spec/beams.md."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal, run
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec_reference import Row, Scripted, generate
from genspec_reference.scores import log_softmax

MODEL = Scripted("history", 31, 7, eos=(3,))
OLD = "hf-4.50"
GROUPS = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}


def log_probability(model: Scripted, row: Row) -> float:
    """Add up the log probabilities of a row's new tokens, asking the model for each."""
    places = range(row.prompt_length, len(row.tokens))
    return math.fsum(float(log_softmax(model(row.tokens[:place]))[row.tokens[place]]) for place in places)


@given(model=models())
@clauses("BEAMS-1")
def test_one_beam_is_greedy_search(model: Scripted) -> None:
    config = {"eos_token_id": list(model.eos), "max_new_tokens": 5}
    assert answer({**config, "num_beams": 1}, model, [0]) == answer(config, model, [0])
    assert all(row.score is None for row in run({**config, "num_beams": 1}, model, [0]).rows)


@given(model=models(), beams=st.integers(2, 4), penalty=st.sampled_from((-1.0, 0.0, 0.5, 1.0, 2.0)))
@clauses("BEAMS-1", "BEAMS-3")
def test_a_score_is_the_sum_of_log_probabilities_over_the_length_to_the_power(
    model: Scripted, beams: int, penalty: float
) -> None:
    config = {"num_beams": beams, "num_return_sequences": beams, "length_penalty": penalty, "max_new_tokens": 4,
              "eos_token_id": list(model.eos)}
    for row in run(config, model, [0]).rows:
        expected = log_probability(model, row) / len(row.new_tokens) ** penalty
        assert row.score == pytest.approx(expected), described(config=config, model=model, row=row)


@given(model=models(), beams=st.integers(2, 4))
@clauses("BEAMS-3")
def test_a_length_penalty_of_1_is_the_default(model: Scripted, beams: int) -> None:
    config = {"num_beams": beams, "max_new_tokens": 4, "eos_token_id": list(model.eos)}
    assert answer({**config, "length_penalty": 1.0}, model, [0]) == answer(config, model, [0])


@clauses("BEAMS-2")
def test_early_stopping_ends_the_row_never_later_than_the_other_rules() -> None:
    """Counted in steps: true, then false, then never."""
    sooner = 0
    for seed in range(40):
        model = Scripted("history", seed, 7, eos=(3,))
        config = {"num_beams": 3, "max_new_tokens": 10, "eos_token_id": 3, "length_penalty": 2.0}
        steps = [len(run({**config, "early_stopping": early}, model, [0]).runs[0]) for early in (True, False, "never")]
        assert steps == sorted(steps), described(seed=seed, steps=steps)
        sooner += steps[0] < steps[-1]
    assert sooner > 0, "on some model the rules differ"


@pytest.mark.parametrize("early", [1, 0, "always", "True", 0.5])
@clauses("BEAMS-2")
def test_other_values_of_early_stopping_are_refused(early: object) -> None:
    for beams in ({}, {"num_beams": 3}):
        found = clauses_of_refusal({**beams, "early_stopping": early})
        assert found in (["BEAMS-2"], ["CONFIG-3"]), found


@clauses("BEAMS-2")
def test_early_stopping_is_false_by_default() -> None:
    for seed in range(10):
        model = Scripted("history", seed, 7, eos=(3,))
        config = {"num_beams": 3, "max_new_tokens": 8, "eos_token_id": 3}
        assert answer({**config, "early_stopping": False}, model) == answer(config, model)


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"num_beams": 0}, ["BEAMS-1"]), ({"num_beams": -1}, ["BEAMS-1"]), ({"early_stopping": "always"}, ["BEAMS-2"]),
    ({"num_beams": 2, "early_stopping": 1}, ["BEAMS-2"]), ({"length_penalty": math.inf}, ["CONFIG-4"]),
    ({**GROUPS, "num_beam_groups": 3}, ["BEAMS-4"]), ({**GROUPS, "num_beam_groups": 8}, ["BEAMS-4"]),
    ({"num_beam_groups": 0}, ["BEAMS-4"]), ({**GROUPS, "diversity_penalty": 0.0}, ["BEAMS-5"]),
    ({**GROUPS, "diversity_penalty": -0.5}, ["BEAMS-5"]),
    ({"num_beams": 2, "force_words_ids": []}, ["BEAMS-6"]), ({"num_beams": 2, "force_words_ids": [[]]}, ["BEAMS-6"]),
    ({"num_beams": 2, "force_words_ids": [[[1], []]]}, ["BEAMS-6"]),
]


@pytest.mark.parametrize(("config", "expected"), REFUSED, ids=str)
@clauses("BEAMS-1", "BEAMS-3", "BEAMS-4", "BEAMS-5", "BEAMS-6")
def test_what_the_page_refuses(config: dict[str, Any], expected: list[str]) -> None:
    assert clauses_of_refusal(config, profile=OLD) == expected


@clauses("BEAMS-4", "BEAMS-5")
def test_one_group_is_beam_search_and_the_penalty_acts_in_groups_only() -> None:
    config = {"num_beams": 4, "max_new_tokens": 5, "eos_token_id": 3}
    plain = answer(config, MODEL, profile=OLD)
    assert answer({**config, "num_beam_groups": 1}, MODEL, profile=OLD) == plain
    assert answer({**config, "diversity_penalty": 2.0}, MODEL, profile=OLD) == plain
    grouped = [run({**config, **GROUPS, "diversity_penalty": penalty, "num_return_sequences": 4}, MODEL, profile=OLD)
               .sequences for penalty in (0.01, 4.0)]
    assert len(set(grouped[1])) >= len(set(grouped[0])), "a greater penalty gives rows that differ"


@given(model=models(vocab_size=5), words=st.sampled_from(([[2]], [[1, 2]], [[2], [4]], [[[1, 1], [4]]])))
@clauses("BEAMS-6")
def test_the_conditions_are_met_in_the_best_row_where_there_is_room(model: Scripted, words: list[Any]) -> None:
    plain = Scripted(model.kind, model.seed, 5)
    config = {"num_beams": 4, "force_words_ids": words, "max_new_tokens": 6}
    row = " ".join(map(str, run(config, plain, [0], profile=OLD).rows[0].new_tokens))
    for condition in words:
        ways = condition if isinstance(condition[0], list) else [condition]
        assert any(" ".join(map(str, way)) in row for way in ways), described(model=plain, words=words, row=row)


@clauses("BEAMS-1")
def test_the_rows_are_ranked_by_score() -> None:
    output = generate_rows(MODEL, 5)
    assert [row.score for row in output] == sorted((row.score for row in output), reverse=True)


def generate_rows(model: Scripted, beams: int) -> tuple[Row, ...]:
    from genspec import GenerationConfig

    config = GenerationConfig(num_beams=beams, num_return_sequences=beams, max_new_tokens=4, eos_token_id=3)
    return generate(config, model, [1], vocab_size=model.vocab_size).rows


def vectors() -> Iterator[Case]:
    yield from example_cases("beams")
    for config, found in REFUSED:
        named = found if found[0].startswith("BEAMS") else ["BEAMS-3", *found]
        yield generate_case(f"refused-{in_words(config)}", named, text_of(config), [1, 2], MODEL, profile=OLD,
                            flags=("refused",))
    for beams in (1, 2, 3, 7, 9):
        yield generate_case(f"beams-{beams}", ["BEAMS-1"], {"num_beams": beams, "max_new_tokens": 5, "eos_token_id": 3},
                            [1, 2], MODEL, flags=("small-vocabulary",) if beams > 7 else ())
    for early in (True, False, "never"):
        for seed in range(4):
            config = {"num_beams": 3, "early_stopping": early, "max_new_tokens": 8, "eos_token_id": 3}
            yield generate_case(f"early-stopping-{str(early).lower()}-{seed}", ["BEAMS-2"], config, [0],
                                Scripted("history", seed, 7, (3,)), flags=("eos-rich",))
    for penalty in (-1.0, 0.0, 0.5, 1.0, 2.0):
        name = f"length-penalty-{penalty:g}".replace("-1", "minus-1").replace(".", "-")
        config = {"num_beams": 3, "num_return_sequences": 3, "length_penalty": penalty, "max_new_tokens": 6,
                  "eos_token_id": 3}
        yield generate_case(name, ["BEAMS-3"], config, [0], MODEL, flags=("eos-rich",))
    for groups in (1, 2, 4):
        config = {**GROUPS, "num_beam_groups": groups, "max_new_tokens": 4, "num_return_sequences": 4}
        yield generate_case(f"groups-{groups}", ["BEAMS-4", "BEAMS-5"], config, [0], MODEL, profile=OLD)
    for words in ([[2]], [[1, 2]], [[2], [4]], [[[1, 1], [4]]]):
        config = {"num_beams": 4, "force_words_ids": words, "max_new_tokens": 6}
        yield generate_case(f"force-words-{in_words(words)}", ["BEAMS-6"], config, [0], MODEL, profile=OLD)


def text_of(config: dict[str, Any]) -> Any:
    """Spell a config that holds an infinity as a text: an object of JSON cannot."""
    return '{"length_penalty": Infinity}' if math.inf in config.values() else config
