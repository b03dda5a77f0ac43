"""The mode, and the fields that it leaves without effect. Text: docs/spec/mode.md."""

import pytest

from genspec.config.decision import Rejected, Status
from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import BEAMS, SAMPLING, Mode

SETTINGS_OF_MODES = [
    ({}, Mode.GREEDY),
    ({"do_sample": False, "num_beams": 1}, Mode.GREEDY),
    ({"do_sample": True}, Mode.SAMPLE),
    ({"num_beams": 2}, Mode.BEAM_SEARCH),
    ({"num_beams": 2, "do_sample": True}, Mode.BEAM_SAMPLE),
    ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}, Mode.GROUP_BEAM_SEARCH),
    ({"num_beams": 2, "force_words_ids": [[3]]}, Mode.CONSTRAINED_BEAM_SEARCH),
    ({"penalty_alpha": 0.6, "top_k": 4}, Mode.CONTRASTIVE_SEARCH),
    ({"penalty_alpha": 0.6}, Mode.CONTRASTIVE_SEARCH),
    ({"penalty_alpha": 0.6, "top_k": 1}, Mode.GREEDY),
    ({"penalty_alpha": 0.0, "top_k": 4}, Mode.GREEDY),
    ({"penalty_alpha": 0.6, "do_sample": True}, Mode.SAMPLE),
    ({"prompt_lookup_num_tokens": 3}, Mode.ASSISTED),
    ({"prompt_lookup_num_tokens": 3, "do_sample": True}, Mode.ASSISTED),
    ({"prompt_lookup_num_tokens": 3, "num_beams": 2}, Mode.BEAM_SEARCH),
    ({"dola_layers": "low"}, Mode.DOLA),
    ({"dola_layers": "low", "num_beams": 2}, Mode.BEAM_SEARCH),
]


@pytest.mark.parametrize(("values", "mode"), SETTINGS_OF_MODES, ids=str)
def test_mode_is_a_function_of_the_fields(values: dict[str, object], mode: Mode) -> None:
    assert GenerationConfig.from_dict(values).resolve(profile="hf-4.50").plan.mode is mode


NEUTRAL_FREE = {
    "temperature": 0.7, "top_k": 5, "top_p": 0.9, "min_p": 0.1, "top_h": 0.5, "typical_p": 0.9,
    "epsilon_cutoff": 0.01, "eta_cutoff": 0.01,
}


@pytest.mark.parametrize("name", sorted(name for name, field in FIELDS.items() if field.modes == SAMPLING))
def test_sampling_fields_are_inert_without_drawing_and_act_with_it(name: str) -> None:
    value = NEUTRAL_FREE[name]
    plan, decisions = GenerationConfig.from_dict({name: value}).resolve()
    assert plan.operation(name) is None
    assert [(d.status, d.clause) for d in decisions if d.field == name] == [(Status.INERT, "MODE-2")]
    drawn = GenerationConfig.from_dict({name: value, "do_sample": True}).resolve().plan
    assert drawn.operation(name) is not None, drawn.operations


@pytest.mark.parametrize(("name", "value"), [("early_stopping", True), ("length_penalty", 2.0)])
def test_beam_fields_are_inert_with_one_beam_and_act_with_two(name: str, value: object) -> None:
    assert FIELDS[name].modes <= BEAMS
    plan, decisions = GenerationConfig.from_dict({name: value}).resolve()
    assert plan.beams is None
    assert [(d.status, d.clause) for d in decisions if d.field == name] == [(Status.INERT, "MODE-3")]
    beams = GenerationConfig.from_dict({name: value, "num_beams": 2}).resolve().plan.beams
    assert beams is not None
    assert getattr(beams, name) == value


@pytest.mark.parametrize("early", [True, False, "never"])
def test_early_stopping_reaches_the_plan_as_given(early: object) -> None:
    beams = GenerationConfig.from_dict({"num_beams": 2, "early_stopping": early}).resolve().plan.beams
    assert beams is not None
    assert beams.early_stopping is early or beams.early_stopping == "never" == early


REFUSED = [
    ({"early_stopping": 1, "num_beams": 2}, ["BEAMS-2", "CONFIG-3"]),
    ({"num_return_sequences": 2}, ["MODE-9"]),
    ({"num_return_sequences": 3, "num_beams": 2}, ["MODE-10"]),
    ({"num_return_sequences": 3, "num_beams": 2, "do_sample": True}, ["MODE-10"]),
    ({"num_return_sequences": 2, "prompt_lookup_num_tokens": 3, "do_sample": True}, ["MODE-9"]),
    ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}, ["CONFIG-10"]),
    ({"penalty_alpha": 0.6, "top_k": 4}, ["CONFIG-10"]),
    ({"dola_layers": "high"}, ["CONFIG-10"]),
    ({"num_beams": 2, "force_words_ids": [[3]]}, ["CONFIG-10"]),
    ({"temperature": 0, "do_sample": True}, ["TEMPERATURE-2"]),
    ({"temperature": 0.0, "do_sample": True, "num_beams": 3}, ["TEMPERATURE-2"]),
    ({"num_beams": 0}, ["BEAMS-1"]),
    ({"top_k": -1}, ["TOP-K-1"]),
    ({"top_p": 1.5}, ["TOP-P-1"]),
    ({"top_p": float("nan")}, ["TOP-P-1", "CONFIG-4"]),
    ({"max_new_tokens": 0}, ["LENGTH-1"]),
    ({"max_new_tokens": True}, ["CONFIG-3"]),
    ({"eos_token_id": -1}, ["TOKENS-2"]),
    ({"suppress_tokens": [1, 2], "forced_eos_token_id": 2}, ["SUPPRESS-2"]),
    ({"suppress_tokens": [1, 2], "forced_eos_token_id": [1, 2]}, ["SUPPRESS-2"]),
    ({"exponential_decay_length_penalty": [3, 1.5]}, ["EXPONENTIAL-DECAY-LENGTH-PENALTY-1"]),
    ({"decoder_end_token_id": 2}, ["CONFIG-2"]),
]


@pytest.mark.parametrize(("values", "clauses"), REFUSED, ids=str)
def test_refused(values: dict[str, object], clauses: list[str]) -> None:
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict(values).resolve()
    assert len(caught.value.reasons) == 1, caught.value
    reason = caught.value.reasons[0]
    assert reason.clause in clauses, reason
    assert reason.field in values, reason
    assert reason.message and reason.remedy, reason


def test_every_reason_is_given_at_once() -> None:
    values = {"temperature": "hot", "top_p": 2.0, "num_beam": 4, "early_stopping": 1}
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict(values)
    assert [reason.field for reason in caught.value.reasons] == list(values)
    resolved = {"temperature": 0.0, "do_sample": True, "suppress_tokens": [7], "forced_eos_token_id": 7,
                "num_return_sequences": 4, "num_beams": 2}
    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict(resolved).resolve(vocab_size=5)
    assert {reason.clause for reason in caught.value.reasons} == {
        "TEMPERATURE-2", "SUPPRESS-2", "MODE-10", "TOKENS-1"
    }, caught.value


def test_a_refusal_crosses_process_boundaries_whole() -> None:
    import pickle

    with pytest.raises(Rejected) as caught:
        GenerationConfig.from_dict({"top_p": 2.0})
    assert pickle.loads(pickle.dumps(caught.value)).reasons == caught.value.reasons


def test_seeds_call_is_beam_sampling_with_every_field_decided() -> None:
    seed = {
        "max_length": 50, "num_beams": 5, "no_repeat_ngram_size": 2, "early_stopping": True, "temperature": 0.7,
        "top_k": 50, "top_p": 0.95, "do_sample": True, "num_return_sequences": 3, "bos_token_id": 1,
        "eos_token_id": 2, "pad_token_id": 0, "decoder_start_token_id": 1, "output_scores": True,
        "output_attentions": True, "output_hidden_states": True, "return_dict_in_generate": True,
    }
    plan, decisions = GenerationConfig.from_dict(seed).resolve(prompt_length=4, vocab_size=100)
    assert plan.mode is Mode.BEAM_SAMPLE
    assert [operation.name for operation in plan.operations] == ["no_repeat_ngram", "temperature", "top_k", "top_p"]
    assert plan.operations[-1].arguments == {"p": 0.95, "min_keep": 2}
    assert set(seed) <= {decision.field for decision in decisions}
