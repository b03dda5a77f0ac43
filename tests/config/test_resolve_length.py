"""The length budget, clause by clause. Text: docs/spec/length.md."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Decision, Rejected, Status
from genspec.config.generation_config import GenerationConfig
from genspec.config.resolve import Resolution


def decisions_on(resolution: Resolution, field: str) -> dict[str, Decision]:
    """Return the decisions on a field by clause."""
    return {decision.clause: decision for decision in resolution.decisions if decision.field == field}


@given(new=st.integers(1, 500), total=st.integers(1, 500) | st.none(), prompt=st.integers(1, 600))
def test_max_new_tokens_decides_whatever_max_length_and_prompt(new: int, total: int | None, prompt: int) -> None:
    resolution = GenerationConfig(max_new_tokens=new, max_length=total).resolve(prompt_length=prompt)
    assert resolution.plan.length.max_new_tokens == new, (new, total, prompt, resolution.plan.length)
    if total is not None:
        ignored = decisions_on(resolution, "max_length")["LENGTH-3"]
        assert (ignored.given, ignored.effective, ignored.status) == (total, prompt + new, Status.OVERRIDDEN)


@given(total=st.integers(1, 500), prompt=st.integers(1, 600))
def test_max_length_counts_the_prompt(total: int, prompt: int) -> None:
    length = GenerationConfig(max_length=total).resolve(prompt_length=prompt).plan.length
    assert length.max_new_tokens == max(0, total - prompt), (total, prompt, length)
    assert length.max_length == total, (total, prompt, length)
    assert length.prompt_length + length.dropped_prompt_tokens == prompt, (total, prompt, length)


def test_twenty_new_tokens_when_no_length_is_set() -> None:
    plan, decisions = GenerationConfig().resolve(prompt_length=100)
    assert plan.length.max_new_tokens == 20
    assert any(d.clause == "LENGTH-4" and d.status is Status.DEFAULT and d.effective == 20 for d in decisions)


def test_max_length_of_twenty_that_is_set_counts_the_prompt() -> None:
    assert GenerationConfig(max_length=20).resolve(prompt_length=5).plan.length.max_new_tokens == 15


def test_the_default_is_twenty_in_all_before_4_47() -> None:
    assert GenerationConfig().resolve(prompt_length=5, profile="hf-4.46").plan.length.max_new_tokens == 15


@pytest.mark.parametrize(("prompt", "context", "new"), [(10, 100, 20), (10, 30, 20), (10, 29, 19), (10, 11, 1)])
def test_the_context_caps_the_default(prompt: int, context: int, new: int) -> None:
    length = GenerationConfig().resolve(prompt_length=prompt, context_length=context).plan.length
    assert length.max_new_tokens == new, length


@pytest.mark.parametrize("prompt", [10, 11, 25])
def test_an_overlong_prompt_is_cut_from_the_front_and_nothing_is_generated(prompt: int) -> None:
    resolution = GenerationConfig(max_length=10).resolve(prompt_length=prompt)
    length = resolution.plan.length
    assert (length.prompt_length, length.dropped_prompt_tokens, length.max_new_tokens) == (10, prompt - 10, 0)
    assert decisions_on(resolution, "max_length")["LENGTH-5"].status is Status.WARNING


@pytest.mark.parametrize(("values", "facts"), [
    ({"max_length": 10}, {"prompt_length": 10}),
    ({"max_length": 10}, {"prompt_length": 11}),
    ({}, {"prompt_length": 30, "context_length": 30}),
])
def test_an_overlong_prompt_is_refused_on_request(values: dict[str, int], facts: dict[str, int]) -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig(**values).resolve(on_overflow="error", **facts)
    assert [reason.clause for reason in caught.value.reasons] == ["LENGTH-5"], caught.value
    assert "Shorten the prompt, or set max_new_tokens." in str(caught.value)


def test_a_prompt_that_fills_the_context_leaves_no_default_budget() -> None:
    length = GenerationConfig().resolve(prompt_length=35, context_length=30).plan.length
    assert (length.prompt_length, length.dropped_prompt_tokens, length.max_new_tokens) == (30, 5, 0)


def test_an_explicit_budget_beyond_the_context_is_kept_with_a_warning() -> None:
    resolution = GenerationConfig(max_new_tokens=100).resolve(prompt_length=10, context_length=64)
    assert resolution.plan.length.max_new_tokens == 100
    assert decisions_on(resolution, "max_new_tokens")["LENGTH-10"].status is Status.WARNING


@given(new=st.integers(0, 50), total=st.integers(1, 80) | st.none(), prompt=st.integers(1, 30))
def test_min_new_tokens_decides_over_min_length(new: int, total: int | None, prompt: int) -> None:
    config = GenerationConfig(min_new_tokens=new, min_length=total, max_new_tokens=40)
    resolution = config.resolve(prompt_length=prompt)
    assert resolution.plan.length.min_new_tokens == min(new, 40), (new, total, prompt, resolution.plan.length)
    if total:
        assert decisions_on(resolution, "min_length")["LENGTH-8"].status is Status.OVERRIDDEN


@given(total=st.integers(0, 80), prompt=st.integers(1, 60))
def test_min_length_counts_the_prompt(total: int, prompt: int) -> None:
    length = GenerationConfig(min_length=total, max_new_tokens=100).resolve(prompt_length=prompt).plan.length
    assert length.min_new_tokens == max(0, total - prompt), (total, prompt, length)


def test_the_maximum_wins_over_the_minimum() -> None:
    resolution = GenerationConfig(min_new_tokens=30, max_new_tokens=10).resolve()
    assert (resolution.plan.length.min_new_tokens, resolution.plan.length.max_new_tokens) == (10, 10)
    assert decisions_on(resolution, "min_new_tokens")["LENGTH-9"].status is Status.WARNING


def test_an_encoder_decoder_counts_its_start_token_and_not_the_input() -> None:
    config = GenerationConfig(max_length=20, decoder_start_token_id=0)
    length = config.resolve(prompt_length=500, architecture="encoder-decoder").plan.length
    assert (length.prompt_length, length.max_new_tokens, length.max_length) == (1, 19, 20)


@given(
    st.builds(
        GenerationConfig,
        max_new_tokens=st.none() | st.integers(1, 40),
        max_length=st.none() | st.integers(1, 60),
        min_new_tokens=st.none() | st.integers(0, 40),
        min_length=st.none() | st.integers(0, 60),
    ),
    st.integers(1, 80),
    st.none() | st.integers(1, 80),
)
def test_every_budget_is_consistent(config: GenerationConfig, prompt: int, context: int | None) -> None:
    length = config.resolve(prompt_length=prompt, context_length=context).plan.length
    assert 0 <= length.min_new_tokens <= length.max_new_tokens, (config, length)
    assert length.prompt_length + length.dropped_prompt_tokens == prompt, (config, length)
    assert length.max_length == length.prompt_length + length.max_new_tokens, (config, length)
    assert length.min_length == length.prompt_length + length.min_new_tokens, (config, length)
    assert length.dropped_prompt_tokens == 0 or length.max_new_tokens == 0, (config, length)


def test_the_default_of_old_releases_is_no_explicit_budget() -> None:
    decisions = GenerationConfig().resolve(prompt_length=5, context_length=16, profile="hf-4.46").decisions
    assert "LENGTH-10" not in {decision.clause for decision in decisions}, decisions
