"""Assisted decoding. Text: docs/spec/assisted.md."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case, noise_table

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import DecodingPlan
from genspec_reference import Scripted, decode, generate, seeded_noise
from genspec_reference.drafts import Draft, before_eos, looked_up, propose
from genspec_reference.modes import assisted
from genspec_reference.modes.assisted import excess, speculative
from genspec_reference.request import Request
from genspec_reference.scores import Scores

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "assisted.md"
DRAFTS = {"assistant_early_exit": 1}
"""What makes a plan of this mode, for an assistant in the call."""


def run(config: dict[str, Any], model: Any, prompt: Any = (0, 1), **call: Any) -> Any:
    return generate(GenerationConfig(**{"max_new_tokens": 6, **config}), model, prompt, **call)


def constant(probabilities: Any) -> Any:
    """Give the same probabilities after every row."""
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(probabilities, dtype=float))
    return lambda tokens, source=(): logits


@st.composite
def requests(draw: st.DrawFn) -> tuple[dict[str, Any], Scripted, Scripted, tuple[int, ...]]:
    """Draw a config that all three modes can have, a model, an assistant of its vocabulary, and a prompt."""
    model = draw(models())
    config: dict[str, Any] = {"max_new_tokens": draw(st.integers(1, 8)), "do_sample": draw(st.booleans())}
    config |= {"eos_token_id": list(model.eos)} if model.eos else {}
    config |= draw(st.sampled_from(({}, {"repetition_penalty": 1.5}, {"no_repeat_ngram_size": 2}, {"top_k": 2})))
    return config, model, draw(models(model.vocab_size)), draw(prompts(model.vocab_size))


def outcome(config: dict[str, Any], model: Any, prompt: Any, **call: Any) -> Any:
    try:
        output = run(config, model, prompt, **call)
    except Rejected as refused:
        return [reason.clause for reason in refused.reasons]
    return output.sequences, output.rows[0].finish_reason


@given(request=requests(), count=st.integers(1, 5), longest=st.integers(1, 4))
@clauses("ASSISTED-1", "ASSISTED-9", "ASSISTED-12", "ASSISTED-14", "ASSISTED-16")
def test_prompt_lookup_gives_the_row_of_greedy_and_of_sample(request: Any, count: int, longest: int) -> None:
    config, model, _, prompt = request
    lookup = {"prompt_lookup_num_tokens": count, "max_matching_ngram_size": longest}
    expected = outcome(config, model, prompt, noise=seeded_noise(3))
    assert outcome({**config, **lookup}, model, prompt, noise=seeded_noise(3)) == expected, described(request=request)


@given(request=requests(), count=st.integers(1, 5), threshold=st.sampled_from((0.0, 0.4, 1.0)))
@clauses("ASSISTED-2", "ASSISTED-3", "ASSISTED-9", "ASSISTED-12", "ASSISTED-14")
def test_without_drawing_no_assistant_changes_the_row(request: Any, count: int, threshold: float) -> None:
    config, model, assistant, prompt = request
    config = {name: value for name, value in config.items() if name not in ("do_sample", "top_k")}
    drafts = {**DRAFTS, "num_assistant_tokens": count, "assistant_confidence_threshold": threshold}
    expected = outcome(config, model, prompt)
    assert outcome({**config, **drafts}, model, prompt, assistant=assistant) == expected, described(request=request)


@pytest.mark.parametrize("source", [
    {"assistant_early_exit": 3}, {"use_mtp": True}, {"use_mtp": True, "speculation_type": "dflash"},
    {"use_mtp": True, "assistant_lookbehind": 3, "target_lookbehind": 4}, {"use_mtp": True, "generation_kwargs": {}},
])
@clauses("ASSISTED-4", "ASSISTED-5", "ASSISTED-7", "ASSISTED-8", "ASSISTED-9")
def test_without_drafts_the_row_is_that_of_greedy_or_sample(source: dict[str, Any]) -> None:
    model = Scripted("history", 4, 7, (2,))
    for config in ({}, {"do_sample": True}):
        config |= {"eos_token_id": 2}
        expected = run(config, model, noise=seeded_noise(1)).sequences
        assert run({**config, **source}, model, noise=seeded_noise(1)).sequences == expected


@clauses("ASSISTED-14")
def test_a_row_ends_within_a_draft_at_a_stop_string() -> None:
    text = "".join
    config = {"prompt_lookup_num_tokens": 4, "stop_strings": "bc", "max_new_tokens": 9}
    output = run(config, lambda tokens: np.eye(3)[(tokens[-1] + 1) % 3], (0, 1, 2, 0, 1, 2, 0),
                 detokenize=lambda ids: text("abc"[token] for token in ids))
    assert (output.sequences[0][7:], str(output.rows[0].finish_reason)) == ((1, 2), "stop_string")


@clauses("ASSISTED-14")
def test_the_clock_is_read_after_each_token_and_not_after_each_round() -> None:
    config = {"prompt_lookup_num_tokens": 4, "max_time": 2.5}
    output = run(config, lambda tokens: np.eye(2)[0], (0, 0, 0), clock=iter(range(9)).__next__)
    assert (output.sequences[0][3:], str(output.rows[0].finish_reason)) == ((0, 0, 0), "max_time")


# Drafts

LOOKED_UP = [
    ((1, 2, 3, 1, 2), 9, 2, (3, 1, 2)), ((1, 2, 3, 1, 2), 1, 2, (3,)), ((1, 2, 3, 9, 2), 9, 2, (3, 9, 2)),
    ((2, 5, 1, 2, 6, 1, 2), 9, 2, (6, 1, 2)), ((2, 5, 1, 2, 6, 1, 2), 9, 1, (5, 1, 2, 6, 1, 2)),
    ((5, 5, 5), 9, 2, (5,)), ((5, 5, 5), 9, 1, (5, 5)), ((5, 5), 9, 4, (5,)), ((1, 2, 3), 9, 3, ()), ((1,), 9, 2, ()),
    ((1, 2, 1, 3, 1), 9, 2, (2, 1, 3, 1)), ((1, 2, 1), 0, 2, ()),
]


@pytest.mark.parametrize(("row", "count", "longest", "expected"), LOOKED_UP)
@clauses("ASSISTED-10")
def test_the_longest_ending_that_stands_earlier_is_looked_up(
    row: tuple[int, ...], count: int, longest: int, expected: tuple[int, ...]
) -> None:
    assert looked_up(row, count, longest) == expected


@given(row=st.lists(st.integers(0, 2), min_size=1, max_size=12).map(tuple), longest=st.integers(1, 5))
@clauses("ASSISTED-10")
def test_what_is_looked_up_is_found_in_the_text_of_the_row(row: tuple[int, ...], longest: int) -> None:
    """The same by string search, from the longest ending to the shortest."""
    text, found = "".join(map(str, row)), ""
    for size in range(min(longest, len(row) - 1), 0, -1):
        place = text.find(text[-size:], 0, len(text) - 1)
        if place >= 0:
            found = text[place + size:]
            break
    assert "".join(map(str, looked_up(row, 99, longest))) == found, described(row=row, longest=longest)


@clauses("ASSISTED-10")
def test_a_looked_up_draft_ends_before_its_first_eos() -> None:
    assert before_eos((1, 2, 3, 2), (2, 3)) == (1,)
    assert before_eos((2, 1), (2,)) == ()
    assert before_eos((1, 2), ()) == (1, 2)
    assert before_eos((1, 3, 2), (2, 3)) == (1,)
    request = request_of({"prompt_lookup_num_tokens": 4, "eos_token_id": 2}, constant([1]), (0,) * 5)
    assert [draft.token for draft in propose(request, (0, 1, 2, 1, 0))] == [1]


def request_of(config: dict[str, Any], model: Any, prompt: tuple[int, ...], **call: Any) -> Request:
    return Request(plan_of(config, len(prompt)), model, prompt, noise=seeded_noise(2), **call)


def plan_of(config: dict[str, Any], prompt_length: int = 2) -> DecodingPlan:
    return GenerationConfig(**{"max_new_tokens": 6, **config}).resolve(prompt_length=prompt_length).plan


@clauses("ASSISTED-10")
def test_a_draft_leaves_room_for_the_token_after_it() -> None:
    request = request_of({"prompt_lookup_num_tokens": 4, "max_new_tokens": 3}, constant([1]), (0,) * 9)
    lengths = [len(propose(request, (0,) * (9 + new))) for new in range(3)]
    assert lengths == [2, 1, 0]


def drafted(config: dict[str, Any], assistant: Any, **call: Any) -> list[int]:
    """List what the assistant drafts after the row 0 1."""
    request = request_of({**DRAFTS, **config}, constant([1, 1, 1]), (0, 1), assistant=assistant, **call)
    return [draft.token for draft in propose(request, (0, 1))]


def cycle(tokens: tuple[int, ...]) -> Scores:
    """Give the token after the last one, going round, the probability 0.5."""
    return np.log([0.5 if token == (tokens[-1] + 1) % 3 else 0.25 for token in range(3)])


DRAFTED = [
    ({"num_assistant_tokens": 3, "assistant_confidence_threshold": 0.0}, [2, 0, 1]),
    ({"assistant_confidence_threshold": 0.0}, [2, 0, 1, 2, 0]),
    ({}, [2, 0, 1, 2, 0]),
    ({"assistant_confidence_threshold": 0.45}, [2, 0, 1, 2, 0]),
    ({"assistant_confidence_threshold": 0.5001}, [2]),
    ({"assistant_confidence_threshold": 0.0, "eos_token_id": 0}, [2, 0]),
    ({"assistant_confidence_threshold": 0.0, "max_new_tokens": 1}, []),
    ({"assistant_confidence_threshold": 0.0, "bad_words_ids": [[0], [2, 1]]}, [2, 2, 2, 2, 2]),
    ({"assistant_confidence_threshold": 0.0, "no_repeat_ngram_size": 1}, [2]),
]


@pytest.mark.parametrize(("config", "expected"), DRAFTED, ids=str)
@clauses("ASSISTED-2", "ASSISTED-3", "ASSISTED-11")
def test_what_an_assistant_drafts(config: dict[str, Any], expected: list[int]) -> None:
    assert drafted(config, cycle) == expected


@clauses("ASSISTED-11")
def test_a_token_of_exactly_the_threshold_does_not_end_a_draft() -> None:
    request = request_of({**DRAFTS, "assistant_confidence_threshold": 1.0}, constant([1]), (0, 1))
    assert len(propose(replace(request, assistant=constant([1])), (0, 1))) == 5


@clauses("ASSISTED-11")
def test_the_margin_of_a_draft_knows_its_operations() -> None:
    config = {**DRAFTS, "do_sample": True, "top_p": 0.7, "assistant_confidence_threshold": 0.0}
    request = request_of(config, constant([1, 1, 1]), (0, 1), assistant=constant([0.6, 0.39, 0.01]))
    assert all(draft.margin <= 0.1 + 1e-9 for draft in propose(request, (0, 1)))


@clauses("ASSISTED-11", "ASSISTED-16")
def test_a_drawn_draft_takes_the_noise_of_its_own_steps() -> None:
    def noise(row: int, step: int, size: int) -> Scores:
        assert (row, size) == (0, 8)
        wanted = (2, 1, 2, 0, 0, 0)[step]
        return np.array([9.0] * 5 + [0.001 if token == wanted else 1.0 for token in range(3)])

    request = request_of({**DRAFTS, "do_sample": True, "assistant_confidence_threshold": 0.0}, constant([1, 1, 1]),
                         (0, 1), assistant=cycle)
    assert [draft.token for draft in propose(replace(request, noise=noise), (0, 1))] == [2, 1, 2, 0, 0]


@clauses("ASSISTED-12")
def test_an_assistant_with_another_vocabulary_is_an_error() -> None:
    with pytest.raises(ValueError, match="the assistant has 2 tokens and the model 3"):
        run(DRAFTS, constant([1, 1, 1]), assistant=constant([1, 1]))


# Acceptance

@clauses("ASSISTED-13")
def test_a_token_without_probability_is_never_accepted() -> None:
    p, q = np.array([0.0, -np.inf]), np.array([-5.0, 0.0])
    for number in (1e-9, 800.0):
        noise = np.full(6, number)
        assert speculative(p, p, Draft(1, q), noise).token == 0


@clauses("ASSISTED-13")
def test_rounding_leaves_no_position_without_a_token() -> None:
    scores = np.array([0.0, 1.0, -np.inf])
    assert excess(scores, scores.copy()).tolist() == scores.tolist()


@clauses("ASSISTED-13", "ASSISTED-15")
def test_the_margin_is_the_least_of_the_decisions_behind_a_token() -> None:
    p, q = np.log([0.5, 0.3, 0.2]), np.log([0.2, 0.2, 0.6])
    noise = np.array([1.0, 1.0, 1.0, 9.0, 0.25, 1.0, 1.0, 1.0])
    rejected = speculative(p, p, Draft(2, q, margin=5.0), noise)
    assert (rejected.token, rejected.score) == (0, p[0])
    assert rejected.margin == pytest.approx(min(math.log(3) - 0.25, math.log(3), 5.0))
    accepted = speculative(p, p, Draft(2, q, margin=5.0), np.where(noise == 0.25, 2.0, noise))
    assert (accepted.token, accepted.score, accepted.margin) == (2, p[2], pytest.approx(2.0 - math.log(3)))
    assert speculative(p, p, Draft(2, q, margin=0.01), noise).margin == 0.01
    assert speculative(p, p, Draft(2, q, margin=0.01), np.where(noise == 0.25, 2.0, noise)).margin == 0.01
    near = np.array([2.99, 1.0, 1.0, 9.0, 0.25, 0.001, 9.0, 9.0])
    race = speculative(p, p, Draft(2, q, margin=5.0), near)
    assert (race.token, race.margin) == (0, pytest.approx(math.log(3 / 2.99))), "of the race among what p has more"
    near[:2] = 9.0, 0.001
    assert speculative(p, p, Draft(2, q), near).token == 1, "the race has the noise of sample"
    weighed = run({**DRAFTS, "assistant_ensemble_weight": 0.5, "max_new_tokens": 2},
                  constant([0.6, 0.3, 0.1]), assistant=constant([0.2, 0.7, 0.1]))
    assert weighed.sequences == ((0, 1, 1, 0),), "the highest of the mixture; then, behind the draft, of the model"
    assert weighed.runs[0][0].margin == pytest.approx(math.log(0.5 / 0.4))
    assert weighed.runs[0][0].choices[0].score == np.log(0.3)
    doubted = run({**DRAFTS, "assistant_ensemble_weight": 0.9, "max_new_tokens": 2},
                  constant([0.9, 0.1]), assistant=constant([0.5, 0.499]))
    assert doubted.runs[0][0].margin == pytest.approx(math.log(0.5 / 0.499)), "another draft, another row"
    alone = run({**DRAFTS, "max_new_tokens": 2}, constant([0.9, 0.1]), assistant=constant([0.5, 0.499]))
    assert alone.runs[0][0].margin == pytest.approx(math.log(9)), "without a mixture no draft changes the row"


@clauses("ASSISTED-15")
def test_a_mixture_needs_an_assistant() -> None:
    with pytest.raises(Rejected) as refused:
        run({**DRAFTS, "assistant_ensemble_weight": 0.5}, constant([1, 1]))
    assert [reason.clause for reason in refused.value.reasons] == ["ASSISTED-15"]


@clauses("ASSISTED-15")
def test_the_position_after_a_draft_has_the_law_of_the_model() -> None:
    """The mixture prefers token 0, the model token 1, and every second position has a draft."""
    config = {**DRAFTS, "assistant_ensemble_weight": 0.3, "num_assistant_tokens": 1}
    output = run(config, constant([0.4, 0.6]), assistant=constant([0.9, 0.1]))
    assert output.sequences[0][2:] == (0, 1, 0, 1, 0, 1)


@clauses("ASSISTED-15")
def test_a_mixture_may_take_a_token_that_the_model_rules_out() -> None:
    config = {**DRAFTS, "assistant_ensemble_weight": 0.25, "max_new_tokens": 2}
    for more in ({}, {"do_sample": True}):
        output = run({**config, **more}, constant([0, 1]), assistant=constant([1, 0]), noise=seeded_noise(1))
        assert output.sequences == ((0, 1, 0, 1),)


@clauses("ASSISTED-14", "ASSISTED-15")
def test_no_draft_follows_a_token_that_is_not_the_draft_s() -> None:
    """The first token is not the assistant's: its round ends, and the next position begins another."""
    config = {**DRAFTS, "assistant_ensemble_weight": 0.7, "num_assistant_tokens": 3}
    with mock.patch.object(assisted, "propose", wraps=propose) as rounds:
        output = run(config, constant([0.1, 0.9]), assistant=constant([0.9, 0.1]))
    assert output.sequences[0][2:] == (1,) * 6
    assert rounds.call_count == 6


@clauses("ASSISTED-9")
def test_without_a_token_it_is_refused_whatever_was_drafted() -> None:
    for config in ({}, {"do_sample": True}, {"assistant_ensemble_weight": 0.5}):
        with pytest.raises(Rejected) as refused:
            run({**DRAFTS, **config}, lambda tokens: np.full(2, -np.inf if len(tokens) == 2 else 0.0),
                assistant=constant([1, 1]), noise=seeded_noise(1))
        assert [reason.clause for reason in refused.value.reasons] == ["SCORES-6"]


@clauses("ASSISTED-9")
def test_the_surprises_of_mirostat_are_kept_along_a_draft() -> None:
    plan = plan_of({"do_sample": True, "prompt_lookup_num_tokens": 2})
    with mock.patch.object(assisted, "extended", side_effect=lambda *_: (1.0,)) as kept, \
            mock.patch.object(assisted, "score_row", wraps=assisted.score_row) as scored:
        decode(plan, Scripted("history", 1, 4), (0, 1), noise=seeded_noise(1))
    assert kept.call_count == 6
    assert [call.kwargs["surprises"] for call in scored.call_args_list] == [(), *[(1.0,)] * 5]


def vectors() -> Iterator[Case]:
    yield from example_cases("assisted", shows={
        "example-use-mtp-true": ("ASSISTED-7", "ASSISTED-9"), "example-prompt-lookup-num-tokens-3": ("ASSISTED-1",)})
    model, other = Scripted("history", 11, 8, (3,)), Scripted("history", 12, 8, (3,))
    for name, clause, config in (
        ("early-exit-0", "ASSISTED-4", {"assistant_early_exit": 0}),
        ("lookbehind-0", "ASSISTED-5", {"assistant_lookbehind": 0, "target_lookbehind": 0}),
        ("speculation-unknown", "ASSISTED-7", {"speculation_type": "leaps"}),
        ("arguments-no-object", "ASSISTED-8", {"generation_kwargs": [1]}),
        ("ngram-0", "ASSISTED-1", {"prompt_lookup_num_tokens": 2, "max_matching_ngram_size": 0}),
        ("length-0", "ASSISTED-2", {"num_assistant_tokens": 0}),
        ("two-sequences", "ASSISTED-1",
         {"prompt_lookup_num_tokens": 2, "do_sample": True, "num_return_sequences": 2}),
    ):
        yield generate_case(f"refused-{name}", [clause], config, [1], model, flags=("refused",))
    yield generate_case("a-mixture-without-an-assistant", ["ASSISTED-15"],
                        {**DRAFTS, "assistant_ensemble_weight": 0.5}, [1], model, flags=("refused",))
    for name, config in (
        ("early-exit", {"assistant_early_exit": 2}), ("mtp", {"use_mtp": True}),
        ("lookbehind", {"use_mtp": True, "assistant_lookbehind": 2, "target_lookbehind": 5}),
        ("arguments", {"use_mtp": True, "generation_kwargs": {"temperature": 0.5}}),
        ("schedule", {"use_mtp": True, "num_assistant_tokens_schedule": "heuristic", "num_assistant_tokens": 3}),
    ):
        yield generate_case(f"nothing-changes-{name}", ["ASSISTED-4", "ASSISTED-5", "ASSISTED-8", "ASSISTED-9"],
                            {**config, "max_new_tokens": 5, "eos_token_id": 3}, [1, 2], model, assistant=other)
    yield generate_case("a-stop-string-within-a-draft", ["ASSISTED-14"],
                        {"prompt_lookup_num_tokens": 4, "stop_strings": ["bc"], "max_new_tokens": 9},
                        [0, 1, 2, 0, 1, 2, 0], Scripted("table", STOPPED, 3), pieces=["a", "b", "c"],
                        note="The draft completes the string: the row ends there, and not after the draft.",
                        flags=("boundary",))
    yield from drawn_vectors()


STOPPED = next(seed for seed in range(999) if all(
    int(Scripted("table", seed, 3)((token,)).argmax()) == (token + 1) % 3 for token in range(3)))
"""The seed of a table that goes round: 0 1 2 0 1 2."""


def drawn_vectors() -> Iterator[Case]:
    draw = random.Random(29)
    for number in range(60):
        size, kind = draw.choice((3, 5, 8)), ("lookup", "assistant", "mixture")[number % 3]
        eos = tuple(draw.sample(range(size), draw.choice((0, 1, 2))))
        model, assistant = (Scripted("history", draw.randrange(2**32), size, eos) for _ in range(2))
        config: dict[str, Any] = {"max_new_tokens": draw.randint(1, 6), "do_sample": number % 2 == 0}
        config |= {"eos_token_id": list(eos)} if eos else {}
        config |= draw.choice(({}, {"repetition_penalty": 1.5}, {"min_new_tokens": 2}))
        more: dict[str, Any] = {"flags": ("random", "eos-rich") if eos else ("random",)}
        shown = ["ASSISTED-9", "ASSISTED-10", "ASSISTED-12", "ASSISTED-14", "ASSISTED-16"]
        if kind == "lookup":
            config |= {"prompt_lookup_num_tokens": draw.randint(1, 4), "max_matching_ngram_size": draw.randint(1, 3)}
        else:
            shown = ["ASSISTED-2", "ASSISTED-3", "ASSISTED-11", "ASSISTED-13", "ASSISTED-14", "ASSISTED-16"]
            config |= {**DRAFTS, "num_assistant_tokens": draw.randint(1, 4),
                       "assistant_confidence_threshold": draw.choice((0, 0.25, 0.5))}
            more["assistant"] = assistant
        if kind == "mixture":
            shown = ["ASSISTED-6", "ASSISTED-15"]
            config["assistant_ensemble_weight"] = draw.choice((0.25, 0.5, 0.75))
        if config["do_sample"]:
            more["noise"] = noise_table(number, config["max_new_tokens"], 2 * size + 2)
        prompt = [draw.randrange(size) for _ in range(draw.randint(1, 6))]
        yield generate_case(f"{kind}-{'drawn' if config['do_sample'] else 'greedy'}-{number}", shown, config, prompt,
                            model, **more)
