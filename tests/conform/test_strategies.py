"""The strategies: what is valid is accepted, what is not is refused, and every field is reached."""

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec import GenerationConfig
from genspec.backends.reference import ReferenceDecoder
from genspec.config import Rejected
from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.profiles import profile_named
from genspec.conform.strategies import calls, configs, models, prompts, rejected_calls, rejected_configs
from genspec.conform.strategies.interactions import ASSISTED, BEAMED, DECIDING, EVERYWHERE, OTHERS, SAMPLED, groups
from genspec.conform.strategies.setting import Facts
from genspec.conform.strategies.values import LEFT_OUT, SPECIAL, accepted, values_of
from genspec_reference import Scripted, Table

MANY = settings(max_examples=150, suppress_health_check=list(HealthCheck))
OLD = ("hf-4.50", "hf-4.46")


@MANY
@given(call=calls(decoder_modes=Mode))
def test_every_call_is_accepted(call):
    modes = {plan.mode for plan in call.plans}
    assert len(modes) == 1, described(call=call, modes=modes)


@pytest.mark.parametrize("profile", OLD)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_call_of_an_older_profile_is_accepted(profile, data):
    call = data.draw(calls(decoder_modes=Mode, profile=profile))
    assert call.plans[0].profile.name == profile


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode in profile_named("hf-4.50").modes])
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_call_has_the_mode_that_is_wanted(mode, data):
    call = data.draw(calls(decoder_modes=[mode], profile="hf-4.50"))
    assert {plan.mode for plan in call.plans} == {mode}, described(call=call)


@MANY
@given(call=calls(noise="seeds"))
def test_the_reference_answers_every_call(call):
    answer = ReferenceDecoder().decode(call)
    assert answer, described(call=call)


@MANY
@given(call=rejected_calls())
def test_every_rejected_call_is_refused_by_one_of_its_clauses(call):
    with pytest.raises(Rejected) as refused:
        call.plans  # noqa: B018 - it is what raises
    clauses = {reason.clause for reason in refused.value.reasons}
    assert set(call.note["clauses"]) & clauses, described(call=call, clauses=clauses)


@settings(max_examples=50)
@given(drawn=rejected_configs())
def test_every_rejected_config_is_refused(drawn):
    config, clauses = drawn
    with pytest.raises(Rejected) as refused:
        GenerationConfig.from_dict(config).resolve(vocab_size=8)
    assert set(clauses) & {reason.clause for reason in refused.value.reasons}, described(config=config, clauses=clauses)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(config=configs(vocab_size=5, eos=(2,)))
def test_a_config_is_accepted_for_its_facts(config):
    plan = GenerationConfig.from_dict(config).resolve(prompt_length=1, vocab_size=5).plan
    assert plan.stopping.eos_token_ids == (2,), described(config=config)


FACTS = Facts(5, 2, Mode.SAMPLE, True, True, 4, ("a", "b", "ab", "", "c"), True)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_drawn_or_left_out_for_a_reason(name):
    if name in LEFT_OUT:
        assert LEFT_OUT[name] and name not in OTHERS, name
        return
    if name in OTHERS:      # which every config may draw
        assert any("*" in group for mode in Mode for group in groups(mode, mode == "sample"))
        found(values_of(name, FACTS), lambda value: accepted(name, value))
    else:
        key = FIELDS[name].key
        profile = "hf-4.50" if FIELDS[name].moved_to else "hf"
        found(calls(decoder_modes=Mode, profile=profile), lambda call: key in call.config)


def found(strategy, wanted, examples=1500):
    """Draw until there is one that is wanted."""
    return find(strategy, wanted, settings=settings(
        max_examples=examples, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        derandomize=True,
    ))


def test_the_lists_of_the_strategies_name_fields():
    grouped = {name for group in (*EVERYWHERE, *SAMPLED, *BEAMED, *ASSISTED) for name in group}
    assert grouped | DECIDING | set(OTHERS) | set(SPECIAL) | set(LEFT_OUT) <= set(FIELDS)
    assert set(OTHERS).isdisjoint(DECIDING)
    assert set(OTHERS) | DECIDING == set(FIELDS)


@settings(max_examples=100)
@given(call=calls())
def test_values_have_the_type_and_range_of_their_fields(call):
    by_key = {field.key: field.name for field in FIELDS.values()}
    wrong = {key: value for key, value in call.config.items() if not accepted(by_key[key], value)}
    assert not wrong, described(wrong=wrong)


@settings(max_examples=100)
@given(rows=prompts(5, special=(4,)))
def test_prompts_are_ragged_rows_of_tokens(rows):
    assert 1 <= len(rows) <= 3, described(rows=rows)
    assert all(row and all(0 <= token < 5 for token in row) for row in rows), described(rows=rows)


@settings(max_examples=100)
@given(model=models(vocab_size=6))
def test_models_have_a_token_to_take_after_every_row(model):
    assert isinstance(model, Scripted | Table)
    assert all(model((token,)).max() > -float("inf") for token in range(6)), described(model=model)


@pytest.mark.parametrize("wanted", [
    lambda call: len(call.prompts) > 1 and len({len(row) for row in call.prompts}) > 1,
    lambda call: len(call.plans[0].stopping.eos_token_ids) > 1,
    lambda call: call.config.get("pad_token_id") == 0,
    lambda call: call.config.get("pad_token_id") in (call.plans[0].stopping.eos_token_ids or [None]),
    lambda call: call.model.vocab_size < call.config.get("top_k", 0),
    lambda call: call.sources is not None and len(call.prompts) > 1,
    lambda call: isinstance(call.model, Table) and any(-float("inf") in line for line in call.model.lines),
    lambda call: call.config.get("length_penalty", 1) < 0 and call.config.get("early_stopping") == "never",
    lambda call: any(row and row[-1] in call.plans[0].stopping.eos_token_ids for row in call.prompts),
    lambda call: call.plans[0].length.max_new_tokens == 0,
    lambda call: call.negative_prompts is not None,
    lambda call: call.assistant is not None,
    lambda call: call.allowed_tokens is not None,
    lambda call: "stop_strings" in call.config and call.pieces is not None and "" in call.pieces,
])
def test_the_hard_regions_are_reached(wanted):
    assert found(calls(), wanted, 4000)
