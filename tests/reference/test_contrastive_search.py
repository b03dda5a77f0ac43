"""Contrastive search. Text: docs/spec/contrastive_search.md."""

import json
import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, score_vectors
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import Contrastive, DecodingPlan
from genspec_reference import ModelOutput, Scripted, decode, generate
from genspec_reference.layered import Layered
from genspec_reference.modes.contrastive_search import candidates_margin, candidates_of, directions
from genspec_reference.scores import Scores, softmax

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "contrastive_search.md"
RECORDED = Path(__file__).parent / "recorded" / "transformers-4.46.3-modes.json"
PROFILE = "hf-4.50"


def plan_of(**config: Any) -> DecodingPlan:
    given_config = GenerationConfig(**{"penalty_alpha": 0.6, "top_k": 4, "max_new_tokens": 4, **config})
    return given_config.resolve(prompt_length=2, profile=PROFILE).plan


def likeness(one: Any, other: Any) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0


def value_of(model: Any, row: tuple[int, ...], probability: float, candidate: int, alpha: float) -> float:
    """Compute the value of a candidate, position by position."""
    states = [[float(number) for number in state] for state in model((*row, candidate)).hidden_states[-1]]
    return (1 - alpha) * probability - alpha * max(likeness(states[-1], state) for state in states[:-1])


@st.composite
def layered_models(draw: st.DrawFn) -> Layered:
    size = draw(st.integers(2, 9))
    eos = tuple(draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True)))
    return Layered(draw(st.integers(0, 2**32)), size, eos, layers=1, width=draw(st.integers(1, 5)))


@given(model=layered_models(), alpha=st.sampled_from((0.1, 0.5, 0.6, 1.0)), k=st.integers(2, 12))
@clauses("CONTRASTIVE-SEARCH-1", "CONTRASTIVE-SEARCH-2", "CONTRASTIVE-SEARCH-5", "CONTRASTIVE-SEARCH-7")
def test_contrastive_search_takes_the_best_of_the_most_probable(model: Layered, alpha: float, k: int) -> None:
    plan = plan_of(penalty_alpha=alpha, top_k=k, eos_token_id=list(model.eos) or None)
    output = decode(plan, model, (0, 1))
    row = output.sequences[0]
    for place, step in zip(range(2, len(row)), output.runs[0], strict=True):
        q = softmax(model(row[:place]).logits)
        ranked = sorted(range(model.vocab_size), key=lambda token, q=q: (-q[token], token))[:k]
        values = {token: value_of(model, row[:place], q[token], token, alpha) for token in ranked}
        shown = described(row=row, values=values, step=step)
        assert row[place] in values, shown
        assert step.choices[0].score == model(row[:place]).logits[row[place]], shown
        assert values[row[place]] >= max(values.values()) - 1e-12, shown
        second = sorted(values.values())[-2]
        assert step.margin <= values[row[place]] - second + 1e-12, shown


@given(model=layered_models())
@clauses("CONTRASTIVE-SEARCH-7")
def test_with_alpha_0_it_is_greedy_search(model: Layered) -> None:
    """Su et al., section 4: "when alpha = 0, contrastive search degenerates to the greedy search"."""
    plan = plan_of(eos_token_id=list(model.eos) or None)
    unpunished = decode(replace(plan, contrastive=Contrastive(0.0, 4)), model, (0, 1))
    greedy = generate(GenerationConfig(max_new_tokens=4, eos_token_id=list(model.eos) or None), model, (0, 1))
    assert unpunished.sequences == greedy.sequences


def model_of(logits: Any, states: dict[int, Any]) -> Any:
    """Give the same logits always, and each token its hidden state, whatever stands before it."""
    return lambda tokens, source=(): ModelOutput(
        np.array(logits, dtype=float), hidden_states=(np.array([states[token] for token in tokens], dtype=float),)
    )


def taken(plan: DecodingPlan, model: Any, prompt: tuple[int, ...] = (0, 0), **call: Any) -> int:
    return decode(plan, model, prompt, **call).sequences[0][len(prompt)]


EAST, NORTH, WEST = (2.0, 0.0), (0.0, 3.0), (-1.0, 0.0)


@clauses("CONTRASTIVE-SEARCH-5")
def test_the_prompt_counts_and_the_greatest_likeness_decides() -> None:
    model = model_of([2.0, 1.9, 1.8], {0: EAST, 1: NORTH, 2: WEST})
    plan = plan_of(penalty_alpha=0.9, top_k=3, max_new_tokens=1)
    assert taken(plan, model, (0, 0)) == 2, "WEST is unlike EAST"
    assert taken(plan, model, (0, 2)) == 1, "WEST is like the prompt's second token"
    assert taken(plan, model, (2, 1)) == 0, "EAST is unlike WEST, but NORTH is no more like it"


@clauses("CONTRASTIVE-SEARCH-5")
def test_a_penalty_below_zero_is_a_reward() -> None:
    model = model_of([5.0, 0.0], {0: EAST, 1: WEST})
    assert taken(plan_of(penalty_alpha=0.6, top_k=2, max_new_tokens=1), model) == 1


@clauses("CONTRASTIVE-SEARCH-5")
def test_the_source_is_not_compared() -> None:
    config = GenerationConfig(penalty_alpha=1.0, top_k=2, max_new_tokens=1, decoder_start_token_id=0)
    model = model_of([1.0, 0.5], {0: EAST, 1: NORTH})

    def asking(tokens: tuple[int, ...], source: tuple[int, ...]) -> ModelOutput:
        assert source == (1, 1), "the model is always asked with it"
        return model(tokens)

    assert generate(config, asking, (), source=(1, 1), profile=PROFILE).sequences == ((0, 1),)


@clauses("CONTRASTIVE-SEARCH-7", "CONTRASTIVE-SEARCH-3")
def test_equal_values_take_the_first_ranked() -> None:
    model = model_of([1.0, 2.0, 2.0], dict.fromkeys(range(3), EAST))
    assert taken(plan_of(penalty_alpha=1.0, top_k=3, max_new_tokens=1), model) == 1
    assert candidates_of(np.array([1.0, 2.0, 2.0, 2.0]), 2).tolist() == [1, 2]


@clauses("CONTRASTIVE-SEARCH-6")
def test_a_state_of_length_0_is_like_nothing() -> None:
    model = model_of([2.0, 1.9], {0: EAST, 1: (0.0, 0.0)})
    assert taken(plan_of(penalty_alpha=0.9, top_k=2, max_new_tokens=1), model) == 1
    assert directions(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0.0, 0.0], [0.6, 0.8]]


@clauses("CONTRASTIVE-SEARCH-2")
def test_a_banned_token_is_no_candidate() -> None:
    model = model_of([2.0, 1.0, 0.0], {0: EAST, 1: EAST, 2: WEST})
    plan = plan_of(penalty_alpha=0.9, top_k=3, bad_words_ids=[[2]], max_new_tokens=1)
    assert taken(plan, model) == 0
    assert candidates_of(np.array([0.0, -np.inf, 1.0]), 3).tolist() == [2, 0]


@clauses("CONTRASTIVE-SEARCH-2")
def test_more_candidates_than_tokens() -> None:
    assert taken(plan_of(top_k=40, max_new_tokens=1), model_of([0.0], {0: EAST})) == 0


@clauses("CONTRASTIVE-SEARCH-2")
def test_without_a_token_it_is_refused() -> None:
    plan = plan_of(bad_words_ids=[[0]], max_new_tokens=1)
    with pytest.raises(Rejected) as refused:
        taken(plan, model_of([0.0], {0: EAST}))
    assert [reason.clause for reason in refused.value.reasons] == ["SCORES-6"]


@clauses("CONTRASTIVE-SEARCH-4")
def test_the_probability_is_of_all_tokens_after_the_operations() -> None:
    """Of the candidates alone the first would have 0.6 and win; of all tokens it has 0.3."""
    probabilities = [0.3, 0.2, 0.17, 0.17, 0.16]
    states = {0: EAST, 1: (1.0, 1.0), 2: NORTH, 3: NORTH, 4: NORTH}
    model, plan = model_of(np.log(probabilities), states), plan_of(penalty_alpha=0.35, top_k=2, max_new_tokens=1)
    assert (0.65 * 0.4 - 0.35 * math.sqrt(0.5) < 0.65 * 0.6 - 0.35) is True
    assert (0.65 * 0.2 - 0.35 * math.sqrt(0.5) < 0.65 * 0.3 - 0.35) is False
    assert taken(plan, model) == 1
    assert plan_of(temperature=0.5, top_p=0.5).operations == ()


@pytest.mark.parametrize("states", [None, (), (np.zeros((1, 2)),)])
@clauses("CONTRASTIVE-SEARCH-8")
def test_a_model_without_hidden_states_is_refused(states: Any) -> None:
    with pytest.raises(Rejected) as refused:
        taken(plan_of(), lambda tokens: ModelOutput(np.zeros(3), hidden_states=states))
    assert [reason.clause for reason in refused.value.reasons] == ["CONTRASTIVE-SEARCH-8"]


@given(model=layered_models(), factor=st.sampled_from((0.25, 3.0)))
@clauses("CONTRASTIVE-SEARCH-5")
def test_the_length_of_hidden_states_does_not_count(model: Layered, factor: float) -> None:
    def scaled(tokens: tuple[int, ...]) -> ModelOutput:
        answer = model(tokens)
        lengths = factor + np.arange(len(tokens))[:, None]
        return replace(answer, hidden_states=(answer.hidden_states[-1] * lengths,))

    once, again = (decode(plan_of(top_k=3), one, (0, 1)) for one in (model, scaled))
    if min(step.margin for step in once.runs[0]) > 1e-9:
        assert once.sequences == again.sequences


@given(scores=score_vectors(), k=st.integers(1, 6))
@clauses("CONTRASTIVE-SEARCH-3")
def test_the_margin_of_the_candidates_is_what_lets_another_token_in(scores: Scores, k: int) -> None:
    margin, inside = candidates_margin(scores, k), set(candidates_of(scores, k).tolist())
    outside = [token for token in range(scores.size) if token not in inside and scores[token] > -np.inf]
    expected = min((scores[a] - scores[b] for a in inside for b in outside), default=np.inf)
    assert margin == expected, described(scores=scores, k=k, margin=margin)


@clauses("CONTRASTIVE-SEARCH-3", "CONTRASTIVE-SEARCH-7")
def test_the_margin_of_a_step_is_the_least_of_both() -> None:
    model = model_of(np.log([0.5, 0.3, 0.2]), {0: EAST, 1: NORTH, 2: WEST})
    step = decode(plan_of(penalty_alpha=0.5, top_k=2, max_new_tokens=1), model, (0, 0)).runs[0][0]
    assert step.choices[0].token == 1
    assert step.margin == pytest.approx(0.15 - (0.25 - 0.5)), "of the values"
    step = decode(plan_of(penalty_alpha=0.75, top_k=2, max_new_tokens=1), model, (0, 0)).runs[0][0]
    assert step.margin == pytest.approx(math.log(1.5)), "of the candidates"
    assert candidates_margin(np.array([0.0, -np.inf, -np.inf]), 2) == np.inf


def worked() -> list[tuple[str, ...]]:
    table = PAGE.read_text(encoding="utf-8").partition("| q | penalties |")[2].partition("\n\n")[0]
    return [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.splitlines()[2:]]


@pytest.mark.parametrize("row", worked(), ids=" / ".join)
@clauses("CONTRASTIVE-SEARCH-4", "CONTRASTIVE-SEARCH-7")
def test_worked(row: tuple[str, ...]) -> None:
    q, penalties, values = ([float(word) for word in re.split(r"\s+", row[cell])] for cell in (0, 1, 3))
    alpha, place = float(row[2]), int(row[4])
    angles = {token + 1: (cosine, math.sqrt(1 - cosine**2)) for token, cosine in enumerate(penalties)}
    model = model_of(np.log([1e-300, *q]), {0: (1.0, 0.0), **angles})
    step = decode(plan_of(penalty_alpha=alpha, top_k=3, max_new_tokens=1), model, (0, 0)).runs[0][0]
    assert step.choices[0].token == place
    assert [(1 - alpha) * p - alpha * x for p, x in zip(q, penalties, strict=True)] == pytest.approx(values)


def recorded() -> list[dict[str, Any]]:
    cases = json.loads(RECORDED.read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if "penalty_alpha" in case["config"]]


def replayed(case: dict[str, Any]) -> Any:
    model = Layered(**{**case["model"], "eos": tuple(case["model"]["eos"])})
    config = GenerationConfig.from_dict({**case["config"], "return_dict_in_generate": True, "output_scores": True})
    return generate(config, model, case["prompts"][0], vocab_size=model.vocab_size, profile="hf-4.46")


def test_the_recording_is_large() -> None:
    assert len(recorded()) > 200


@pytest.mark.parametrize("case", recorded(), ids=range(len(recorded())))
@clauses("CONTRASTIVE-SEARCH-2", "CONTRASTIVE-SEARCH-4", "CONTRASTIVE-SEARCH-5", "CONTRASTIVE-SEARCH-7")
def test_transformers_4_46_3_takes_the_same_tokens(case: dict[str, Any]) -> None:
    if "raises" in case:
        assert case["config"]["top_k"] > case["model"]["vocab_size"], "deviation: k above V"
        return
    row, scores = case["sequences"][0], np.array(case["scores"], dtype=float)[:, 0]
    prompt, chosen = len(case["prompts"][0]), [step[token] for step, token in zip(
        scores, row[len(case["prompts"][0]):], strict=True)]
    if -np.inf in chosen:                       # deviation: tokens of score minus infinity are candidates
        first = chosen.index(-np.inf)
        assert len(np.flatnonzero(scores[first] > -np.inf)) < case["config"]["top_k"]
        row, scores = row[:prompt + first], scores[:first]
        if first == 0:
            return
        case = {**case, "config": {**case["config"], "max_new_tokens": first}}
    output = replayed(case)
    if min((step.margin for step in output.runs[0]), default=0.0) < 1e-4 or has_length_0(case, output.sequences[0]):
        return
    assert list(output.sequences[0]) == row, described(case=case["config"], ours=output.sequences, theirs=row)
    for step, theirs in zip(output.runs[0], scores, strict=True):
        np.testing.assert_allclose(step.scores[0], theirs, rtol=1e-5, atol=1e-5)


def has_length_0(case: dict[str, Any], row: tuple[int, ...]) -> bool:
    """Deviation: NaN likeness."""
    model = Layered(**{**case["model"], "eos": tuple(case["model"]["eos"])})
    rows = [(*row[:place], token) for place in range(1, len(row)) for token in range(model.vocab_size)]
    return any(not np.any(states[-1]) for one in rows for states in [model(one).hidden_states[-1]])


@clauses("CONTRASTIVE-SEARCH-2", "CONTRASTIVE-SEARCH-6")
def test_the_recording_holds_the_deviations() -> None:
    """Banned tokens are produced; NaN makes the first candidate win, here over one of greater value."""
    banned = [case for case in recorded() if any(
        step[0][token] == "-inf"
        for step, token in zip(case.get("scores", ()), case.get("sequences", [[]])[0][len(case["prompts"][0]):],
                               strict=False))]
    assert len(banned) > 5
    spoilt = [case for case in recorded() if "sequences" in case and case["prompts"] == [[3, 5, 7]]
              and has_length_0(case, tuple(case["sequences"][0]))]
    assert any(list(replayed(case).sequences[0]) != case["sequences"][0] for case in spoilt)


def corner_vector(number: int) -> Case:
    """Draw few candidates of many tokens: their probabilities are those among all tokens, not among themselves."""
    draw = random.Random(f"contrastive corner {number}")
    config = {"penalty_alpha": draw.choice((0.125, 0.25, 0.5)), "top_k": draw.choice((2, 3)), "max_new_tokens": 6}
    return generate_case(f"few-of-many-{number}", [f"CONTRASTIVE-SEARCH-{clause}" for clause in (3, 5, 7)], config,
                         [draw.randrange(24)], Layered(draw.randrange(2**32), 24), profile=PROFILE, flags=("random",))


def vectors() -> Iterator[Case]:
    low, k = {"penalty_alpha": 0.6, "top_k": 4, "max_new_tokens": 6}, "CONTRASTIVE-SEARCH"
    yield generate_case("alpha-above-1", [f"{k}-1"], {"penalty_alpha": 1.5}, [1], Layered(1, 4), profile=PROFILE,
                        flags=("refused",))
    yield generate_case("alpha-below-0", [f"{k}-1"], {"penalty_alpha": -0.5}, [1], Layered(1, 4), profile=PROFILE,
                        flags=("refused",))
    yield generate_case("moved-out", [f"{k}-1"], {"penalty_alpha": 0.6}, [1], Layered(1, 4), flags=("refused",))
    yield generate_case("more-candidates-than-tokens", [f"{k}-2"], {**low, "top_k": 40}, [1, 2], Layered(2, 3),
                        profile=PROFILE, flags=("small-vocabulary",))
    yield generate_case("a-banned-token-is-no-candidate", [f"{k}-2", f"{k}-4"],
                        {**low, "penalty_alpha": 0.9, "bad_words_ids": [[0], [2]]}, [1, 3], Layered(3, 4),
                        profile=PROFILE, flags=("masked", "small-vocabulary"))
    yield generate_case("nothing-left", [f"{k}-2"], {**low, "suppress_tokens": [0, 1, 2]}, [1], Layered(3, 3),
                        profile=PROFILE, flags=("refused", "all-masked"))
    yield generate_case("alpha-1-is-likeness-alone", [f"{k}-7"], {**low, "penalty_alpha": 1.0}, [1, 2], Layered(4, 8),
                        profile=PROFILE, flags=("boundary",), note="The probability chooses the candidates alone.")
    yield generate_case("a-long-prompt-counts", [f"{k}-5"], {**low, "penalty_alpha": 0.9},
                        [1, 2, 3, 4, 5, 6, 7, 0, 1, 2], Layered(5, 8), profile=PROFILE, flags=("long",))
    yield generate_case("a-model-without-hidden-states", [f"{k}-8"], low, [1, 2], Scripted("history", 5, 8),
                        profile=PROFILE, flags=("refused",))
    yield generate_case("the-source-does-not-count", [f"{k}-5"], {**low, "decoder_start_token_id": 0}, [],
                        Layered(6, 8), source=[3, 4, 5], profile=PROFILE)
    yield generate_case("one-dimension", [f"{k}-6", f"{k}-7"], {**low, "penalty_alpha": 0.9, "top_k": 7}, [3, 5],
                        Layered(7, 8, width=1), profile=PROFILE, flags=("tie",),
                        note="Every likeness is 1, -1, or 0 at a length of 0.")
    for number in range(6):
        yield corner_vector(number)
    draw = random.Random(31)
    for number in range(30):
        size = draw.choice((3, 5, 8, 12))
        eos = tuple(draw.sample(range(size), draw.choice((0, 1, 2))))
        config = {"penalty_alpha": draw.choice((0.25, 0.5, 0.75)), "top_k": draw.randint(2, size),
                  "max_new_tokens": draw.randint(1, 6)} | ({"eos_token_id": list(eos)} if eos else {})
        if draw.random() < 0.3:
            config["repetition_penalty"] = 1.5
        yield generate_case(f"random-{number}", [f"{k}-3", f"{k}-5", f"{k}-7"], config,
                            [draw.randrange(size) for _ in range(draw.randint(1, 4))],
                            Layered(draw.randrange(2**32), size, eos), profile=PROFILE,
                            flags=("random", "eos-rich") if eos else ("random",))
