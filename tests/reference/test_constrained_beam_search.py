"""Constrained beam search. Text: docs/spec/constrained_beam_search.md."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.beams import CLEAR, Tree, least_margin, recorded, recordings, replayed, run_under, same_rows
from support.clauses import clauses
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.profiles import profile_named
from genspec_reference import FinishReason, GenerateOutput, Scripted, decode
from genspec_reference.beams.banks import by_bank
from genspec_reference.beams.conditions import (
    Condition,
    advancing,
    bank_of,
    conditions_of,
    progress_of,
)
from genspec_reference.beams.hypotheses import Finished, Hypothesis
from genspec_reference.modes import constrained_beam_search as mode

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "constrained_beam_search.md"
OLD = profile_named("hf-4.46")


def run(model: Any, prompt: tuple[int, ...], profile: Any = OLD, **config: Any) -> GenerateOutput:
    return run_under(profile, model, prompt, **config)


def occurs(word: Sequence[int], tokens: Sequence[int]) -> bool:
    return any(tuple(tokens[place:place + len(word)]) == tuple(word) for place in range(len(tokens)))


@given(data=st.data(), beams=st.integers(2, 4), early=st.sampled_from((True, False, "never")))
@clauses("CONSTRAINED-BEAM-SEARCH-1", "CONSTRAINED-BEAM-SEARCH-3", "CONSTRAINED-BEAM-SEARCH-4",
         "CONSTRAINED-BEAM-SEARCH-7", "CONSTRAINED-BEAM-SEARCH-8", "BEAMS-6")
def test_constrained_beam_search_returns_rows_with_their_words(data: st.DataObject, beams: int, early: Any) -> None:
    """A row that ends in an EOS has every word, and rows that have them all come first, best first."""
    model = data.draw(models(13))
    prompt = data.draw(prompts(13, max_length=2))
    ids = [token for token in range(13) if token not in model.eos]
    word = st.lists(st.sampled_from(ids), min_size=1, max_size=2)
    words = data.draw(st.lists(word, min_size=1, max_size=2))
    room = sum(map(len, words)) + 3
    output = run(model, prompt, num_beams=beams, num_return_sequences=beams, force_words_ids=words, max_new_tokens=room,
                 eos_token_id=list(model.eos), early_stopping=early, pad_token_id=0)
    values = described(model=model, prompt=prompt, words=words, rows=output.rows)
    met = [progress_of(conditions_of(words), row.tokens).complete for row in output.rows]
    for row, complete in zip(output.rows, met, strict=True):
        assert complete or row.finish_reason is FinishReason.LENGTH, values
        assert not complete or all(occurs(one, row.tokens) for one in words), values
    ranked = [(complete, row.score) for row, complete in zip(output.rows, met, strict=True)]
    assert ranked == sorted(ranked, reverse=True), values


# transformers 4.46.3


def in_the_order_of_4_46(conditions: tuple[Condition, ...], finished: Sequence[Finished], beams: int, rows: int) -> Any:
    """Unmet open hypotheses count like the others as soon as fewer open ones are met than rows are asked for."""
    met = [progress_of(conditions, one.hypothesis.tokens).complete for one in finished]
    closed = sum(ok and one.reason is FinishReason.LENGTH for ok, one in zip(met, finished, strict=True))
    kept = [one for ok, one in zip(met, finished, strict=True) if ok or closed < rows]
    return tuple(sorted(kept, key=lambda one: -one.score)[:beams])


def clear_recordings(name: str = "constrained_beam_search") -> list[tuple[dict[str, Any], GenerateOutput]]:
    outputs = [(case, replayed(case)) for case in recorded(name)]
    return [(case, output) for case, output in outputs if least_margin(output) > CLEAR]


@clauses("CONSTRAINED-BEAM-SEARCH-2", "CONSTRAINED-BEAM-SEARCH-4", "CONSTRAINED-BEAM-SEARCH-5",
         "CONSTRAINED-BEAM-SEARCH-6", "CONSTRAINED-BEAM-SEARCH-7", "CONSTRAINED-BEAM-SEARCH-10")
def test_transformers_4_46_returned_the_same_rows_when_they_have_their_words() -> None:
    clear = [(case, output) for case, output in clear_recordings() if all(row["met"] for row in case["rows"])]
    assert len(clear) > 60
    other = [(case, output.rows) for case, output in clear if not same_rows(output, case)]
    assert other == [], described(count=len(other), first=other[0])


@clauses("CONSTRAINED-BEAM-SEARCH-8")
def test_transformers_4_46_lets_rows_without_their_words_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its rule in the place of CONSTRAINED-BEAM-SEARCH-8 all recordings agree; so nothing else differs."""
    unmet = [(case, output) for case, output in clear_recordings() if not all(row["met"] for row in case["rows"])]
    differ = [case["seed"] for case, output in unmet if not same_rows(output, case, beams=False)]
    assert len(differ) > 20
    still = []
    for case, _ in unmet:
        counts = {"beams": case["config"]["num_beams"], "rows": case["config"]["num_return_sequences"]}
        monkeypatch.setattr(mode, "met_first", partial(in_the_order_of_4_46, **counts))
        output = replayed(case)
        if least_margin(output) > CLEAR and not same_rows(output, case, beams=False):
            still.append((case, output.rows))
    assert still == [], described(count=len(still), first=still[0])


@clauses("CONSTRAINED-BEAM-SEARCH-5")
def test_transformers_4_46_loses_words_that_begin_alike() -> None:
    clear = [(case, output) for case, output in clear_recordings("branching_words")
             if all(row["met"] for row in case["rows"])]
    differ = [case["seed"] for case, output in clear if not same_rows(output, case, beams=False)]
    assert 0 < len(differ) <= len(clear), described(differ=differ)


@clauses("CONSTRAINED-BEAM-SEARCH-1", "CONSTRAINED-BEAM-SEARCH-2", "CONSTRAINED-BEAM-SEARCH-3",
         "CONSTRAINED-BEAM-SEARCH-4", "CONSTRAINED-BEAM-SEARCH-5")
def test_progress_is_that_of_transformers_4_46() -> None:
    for case in recordings()["progress"]:
        conditions = conditions_of(case["words"])
        progress = progress_of(conditions, case["tokens"])
        ours = {"met": progress.met, "complete": progress.complete, "bank": bank_of(progress, conditions),
                "advancing": list(advancing(progress))}
        assert ours == {name: case[name] for name in ours}, described(case=case)


# Corners


@pytest.mark.parametrize("line", re.findall(r"^\| ([\d ]+) \| (\d) \| ([\d ]*)\| (\d) \| ([\d ]*)\|$",
                                            PAGE.read_text("utf-8"), re.M))
@clauses("CONSTRAINED-BEAM-SEARCH-2", "CONSTRAINED-BEAM-SEARCH-3", "CONSTRAINED-BEAM-SEARCH-4",
         "CONSTRAINED-BEAM-SEARCH-5")
def test_the_worked_example_of_the_page(line: tuple[str, ...]) -> None:
    row, met, matched, bank, nearer = line
    conditions = conditions_of([[3, 4], [[5], [6, 7, 8]]])
    progress = progress_of(conditions, [int(token) for token in row.split()])
    assert (progress.met, bank_of(progress, conditions)) == (int(met), int(bank))
    assert progress.matched == tuple(int(token) for token in matched.split())
    assert advancing(progress) == tuple(int(token) for token in nearer.split())


@clauses("CONSTRAINED-BEAM-SEARCH-2")
def test_a_broken_attempt_does_not_begin_the_next() -> None:
    conditions = conditions_of([[1, 2]])
    assert not progress_of(conditions, (1, 1, 2)).complete
    assert progress_of(conditions, (1, 1, 1, 2)).complete
    assert progress_of(conditions, (1, 2, 1, 1)).complete


@clauses("CONSTRAINED-BEAM-SEARCH-3")
def test_a_word_that_begins_another_is_met_first() -> None:
    """Such conditions are refused by transformers 4.46.3."""
    assert recordings()["refused"] == [[[1], [1, 2]], [[3, 4, 5], [3, 4]]]
    conditions = conditions_of([[[1], [1, 2]], [3]])
    assert progress_of(conditions, (1,)).met == 1
    assert bank_of(progress_of(conditions, (1,)), conditions) == 2


@clauses("CONSTRAINED-BEAM-SEARCH-5", "CONSTRAINED-BEAM-SEARCH-6", "CONSTRAINED-BEAM-SEARCH-11")
def test_banks_take_turns() -> None:
    conditions = conditions_of([[1], [2]])
    rows = [((9, 9), -1.0), ((9, 1), -5.0), ((9, 2), -4.0), ((1, 2), -9.0), ((9, 8), -1.25)]
    ordered, margin = by_bank([Hypothesis(tokens, total) for tokens, total in rows], conditions)
    assert [one.tokens for one in ordered] == [(1, 2), (9, 2), (9, 9), (9, 1), (9, 8)]
    assert margin == 0.25


@clauses("CONSTRAINED-BEAM-SEARCH-6")
def test_equal_totals_in_a_bank_keep_their_order() -> None:
    hypotheses = [Hypothesis((token,), -1.0) for token in (7, 3, 5)]
    assert by_bank(hypotheses, conditions_of([[1]]))[0] == tuple(hypotheses)


WORDS = Tree(1, {text: [0.05, 0.8, 0.1, 0.05] for text in
                 [(), *((a,) for a in range(4)), *((a, b) for a in range(4) for b in range(4))]})


@clauses("CONSTRAINED-BEAM-SEARCH-4", "CONSTRAINED-BEAM-SEARCH-6")
def test_a_word_is_forced_although_it_is_unlikely() -> None:
    """After step 1 the open ones are 3, of the higher bank, and 1; 1 is extended by 3, and 3 1 has too low a total."""
    config: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 2, "num_return_sequences": 2}
    output = run(WORDS, (1,), **config, force_words_ids=[[3]])
    assert [row.new_tokens for row in output.rows] == [(1, 3), (1, 1)]
    assert [row.score for row in output.rows] == pytest.approx([np.log(0.04) / 2, np.log(0.64) / 2])
    assert [row.beam_indices for row in output.rows] == [(0, 1), (0, 1)]


@clauses("CONSTRAINED-BEAM-SEARCH-2", "CONSTRAINED-BEAM-SEARCH-4")
def test_a_word_of_the_prompt_counts() -> None:
    config: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 2}
    assert run(WORDS, (1,), **config, force_words_ids=[[1]]).rows[0].new_tokens == (1, 1)


@clauses("CONSTRAINED-BEAM-SEARCH-7")
def test_an_eos_waits_for_the_words() -> None:
    """The EOS is the likeliest token; it is dropped until 3 has come, and is no way to meet a condition itself."""
    tree = Tree(1, {text: [0.6, 0.1, 0.05, 0.25] for text in
                    [(), *((a,) for a in range(1, 4)), *((a, b) for a in range(1, 4) for b in range(1, 4))]})
    config: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 3, "eos_token_id": 0, "num_return_sequences": 2}
    rows = run(tree, (1,), **config, force_words_ids=[[3]]).rows
    assert [(row.new_tokens, row.finish_reason) for row in rows[:1]] == [((3, 0), FinishReason.EOS)]
    assert rows[0].score == pytest.approx(np.log(0.15) / 2)
    assert all(3 in row.new_tokens for row in rows)


@clauses("CONSTRAINED-BEAM-SEARCH-4", "CONSTRAINED-BEAM-SEARCH-8")
def test_what_cannot_be_forced_is_not_added() -> None:
    """Token 3 is suppressed, and the EOS is no extension: no row meets the conditions, and the best are returned."""
    config: dict[str, Any] = {"num_beams": 2, "max_new_tokens": 2, "eos_token_id": 0, "num_return_sequences": 2}
    for words, more in (([[3]], {"suppress_tokens": [3]}), ([[0]], {"suppress_tokens": []})):
        rows = run(WORDS, (1,), **config, **more, force_words_ids=words).rows
        assert [row.new_tokens for row in rows] == [(1, 1), (1, 2)]
        assert {row.finish_reason for row in rows} == {FinishReason.LENGTH}


@clauses("CONSTRAINED-BEAM-SEARCH-7")
def test_an_eos_does_not_meet_a_condition() -> None:
    tree = Tree(1, {text: [0.6, 0.4] for text in [(), (1,), (1, 1)]})
    rows = run(tree, (1,), num_beams=2, num_return_sequences=2, max_new_tokens=2, eos_token_id=0,
               force_words_ids=[[0]]).rows
    assert [row.new_tokens for row in rows] == [(1, 1)]


@given(seed=st.integers(0, 99))
@clauses("CONSTRAINED-BEAM-SEARCH-10", "CONSTRAINED-BEAM-SEARCH-11")
def test_with_its_words_in_the_prompt_it_is_beam_search(seed: int) -> None:
    """Rows, scores and margins are those of beam search under the old rules."""
    model = Scripted("history", seed, 13, (3,))
    config: dict[str, Any] = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 5, "eos_token_id": 3}
    forced, free = run(model, (5, 6), **config, force_words_ids=[[5, 6]]), run(model, (5, 6), **config)
    assert forced.rows == free.rows
    assert [step.margin for step in forced.runs[0]] == [step.margin for step in free.runs[0]]


@clauses("CONSTRAINED-BEAM-SEARCH-8")
def test_rows_that_meet_their_conditions_come_first() -> None:
    rows = run(WORDS, (1,), num_beams=3, num_return_sequences=3, max_new_tokens=1, force_words_ids=[[3]]).rows
    assert [row.new_tokens for row in rows] == [(3,), (1,), (2,)]
    assert rows[0].score == pytest.approx(np.log(0.05))
    assert rows[0].score < rows[2].score


@clauses("CONSTRAINED-BEAM-SEARCH-7", "BEAM-SEARCH-9", "SCORES-6")
def test_nothing_finished_is_refused() -> None:
    """Only the EOS can be produced, and the word can not."""
    with pytest.raises(Rejected) as rejected:
        run(WORDS, (1,), num_beams=2, max_new_tokens=2, eos_token_id=0, force_words_ids=[[3]],
            suppress_tokens=[1, 2, 3])
    assert [reason.clause for reason in rejected.value.reasons] == ["SCORES-6"]


@clauses("CONSTRAINED-BEAM-SEARCH-9")
def test_conditions_that_are_objects_are_refused() -> None:
    plan = GenerationConfig(num_beams=2, force_words_ids=[[1]]).resolve(
        prompt_length=1, vocab_size=8, profile="hf-4.46"
    ).plan
    assert plan.beams is not None
    plan = replace(plan, beams=replace(plan.beams, constraints=(object(),)))
    with pytest.raises(Rejected) as rejected:
        decode(plan, Scripted("history", 1, 8), (1,))
    assert [reason.clause for reason in rejected.value.reasons] == ["CONSTRAINED-BEAM-SEARCH-9"]


@clauses("CONSTRAINED-BEAM-SEARCH-10")
def test_the_rules_of_the_mode_do_not_depend_on_the_profile() -> None:
    other = replace(OLD, stop_bound="open", finishing_rules="all")
    for seed in range(20):
        model = Scripted("history", seed, 13, (3,))
        config: dict[str, Any] = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6, "eos_token_id": 3,
                                  "force_words_ids": [[5]]}
        assert run(model, (1, 2), other, **config).rows == run(model, (1, 2), **config).rows


CORNERS = (*range(16), 18, 24, 27, 29)


def vectors() -> Iterator[Case]:
    rng = random.Random("constrained_beam_search")
    for number in range(36):
        yield random_vector(number, rng)
    for number in CORNERS:
        yield corner_vector(number)
    base = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 4}
    model, old = Scripted("history", 11, 13, (3,)), {"profile": "hf-4.46"}
    boundaries: list[tuple[str, int, Any, list[int], str]] = [
        ("no-time-for-the-words", 8, {"force_words_ids": [[5, 6, 7, 8, 9]]}, [1], "No row can have the word."),
        ("some-rows-without-the-word", 8, {"force_words_ids": [[5]], "max_new_tokens": 1}, [1], "One row can have it."),
        ("word-in-the-prompt", 2, {"force_words_ids": [[5, 6]]}, [5, 6], "The prompt has the word."),
        ("word-begins-another", 3, {"force_words_ids": [[[5], [5, 6]]]}, [1], "The shorter word is met first."),
    ]
    for name, clause, more, prompt, note in boundaries:
        yield generate_case(name, [f"CONSTRAINED-BEAM-SEARCH-{clause}"], base | more, prompt, model,
                            flags=("boundary",), note=note, **old)
    yield generate_case("only-the-eos-is-left", ["CONSTRAINED-BEAM-SEARCH-7", "SCORES-6"], base | {
        "force_words_ids": [[1]], "eos_token_id": 2, "suppress_tokens": [0, 1]}, [0], Scripted("history", 1, 3, (2,)),
        flags=("refused", "masked"), **old)
    yield generate_case("objects", ["CONSTRAINED-BEAM-SEARCH-9"], base | {"constraints": ["an object"]}, [1], model,
                        flags=("refused",), **old)
    yield generate_case("no-condition", ["BEAMS-6"], base | {"force_words_ids": []}, [1], model, flags=("refused",),
                        **old)
    yield generate_case("drawing", ["MODE-6"], base | {"force_words_ids": [[5]], "do_sample": True}, [1], model,
                        flags=("refused",), **old)
    yield generate_case("moved-out", ["CONFIG-10"], base | {"force_words_ids": [[5]]}, [1], model, flags=("refused",))


def corner_vector(number: int) -> Case:
    """Draw conditions of few tokens, the EOS among them, so that words begin alike and are broken off."""
    rng = random.Random(f"constrained corner {number}")
    size, beams = rng.choice((4, 5)), rng.randint(2, 4)
    model = Scripted("history", rng.randrange(1 << 32), size, (1,))
    words = [[rng.randrange(3) for _ in range(rng.randint(2, 3))] for _ in range(rng.randint(1, 3))]
    config = {"num_beams": beams, "num_return_sequences": beams, "force_words_ids": words, "max_new_tokens": 8,
              "eos_token_id": 1, "early_stopping": rng.choice((True, False, "never"))}
    cited = [f"CONSTRAINED-BEAM-SEARCH-{n}" for n in (2, 3, 5, 7)]
    return generate_case(f"corner-{number}", cited, config, [rng.randrange(size)], model, profile="hf-4.46",
                         flags=("random", "eos-rich"))


def random_vector(number: int, rng: random.Random) -> Case:
    size, beams = rng.choice((9, 13, 17)), rng.randint(2, 5)
    eos = tuple(rng.sample(range(size), rng.choice((0, 1, 1, 2))))
    ids = [token for token in range(size) if token not in eos]
    model = Scripted(rng.choice(("table", "history")), rng.randrange(1 << 32), size, eos)
    words: Any = [rng.choices(ids, k=rng.randint(1, 3)) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.4:
        words = [[word, [rng.choice(ids)]] for word in words]
    config = {"num_beams": beams, "num_return_sequences": beams, "force_words_ids": words,
              "max_new_tokens": rng.randint(2, 8), "eos_token_id": list(eos),
              "early_stopping": rng.choice((True, False, "never"))}
    prompt = [rng.randrange(size) for _ in range(rng.randint(1, 3))]
    cited = [f"CONSTRAINED-BEAM-SEARCH-{n}" for n in (1, 2, 3, 4, 5, 6, 7, 10, 11)]
    return generate_case(f"random-{number}", cited, config, prompt, model, profile="hf-4.46",
                         flags=("random", "several-eos") if len(eos) > 1 else ("random",))
