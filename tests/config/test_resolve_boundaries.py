"""Where an operation begins to be part of a plan, with which arguments, and where requests begin to be refused."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Rejected, Status
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import ANY, Mode
from genspec.config.plan import Assistance, BeamRules, Contrastive, LengthBudget, Outputs, SpecialTokens
from genspec.config.profile import HF_ORDER, Profile
from genspec.config.profiles import HF, HF_4_46, HF_4_50, PROFILES

Values = dict[str, Any]


def resolved(values: Values, **facts: Any) -> Any:
    return GenerationConfig.from_dict(values).resolve(**{"prompt_length": 3, **facts})


def arguments(values: Values, name: str, **facts: Any) -> Any:
    """Return the arguments of an operation, None when the plan does not have it."""
    operation = resolved(values, **facts).plan.operation(name)
    return operation and dict(operation.arguments)


def reasons(values: Values, **facts: Any) -> list[tuple[str, str]]:
    """Return the fields and clauses for which a request is refused, in order."""
    with pytest.raises(Rejected) as caught:
        resolved(values, **facts)
    return [(reason.field, reason.clause) for reason in caught.value.reasons]


# Operations: the config, the operation, its arguments (None: it is off)

EOS: Values = {"eos_token_id": [2, 5]}
DRAW: Values = {"do_sample": True}
OPERATIONS: list[tuple[Values, str, Values | None]] = [
    ({"guidance_scale": 0}, "guidance", {"scale": 0.0}),
    ({"guidance_scale": 0.5}, "guidance", {"scale": 0.5}),
    ({"guidance_scale": 1}, "guidance", None),
    ({"encoder_repetition_penalty": 0.5}, "encoder_repetition_penalty", {"penalty": 0.5}),
    ({"encoder_repetition_penalty": 1}, "encoder_repetition_penalty", None),
    ({"repetition_penalty": 0.5}, "repetition_penalty", {"penalty": 0.5}),
    ({"repetition_penalty": 1}, "repetition_penalty", None),
    ({"no_repeat_ngram_size": 0}, "no_repeat_ngram", None),
    ({"no_repeat_ngram_size": 1}, "no_repeat_ngram", {"size": 1}),
    ({"encoder_no_repeat_ngram_size": 0}, "encoder_no_repeat_ngram", None),
    ({"encoder_no_repeat_ngram_size": 1}, "encoder_no_repeat_ngram", {"size": 1}),
    ({**EOS, "bad_words_ids": [[2], [5]]}, "bad_words", None),
    ({**EOS, "bad_words_ids": [[2], [7, 2], [2, 7], [7]]}, "bad_words", {"words": ((7, 2), (2, 7), (7,))}),
    ({"sequence_bias": [[[4, 6], 2], [[7], -0.5]]}, "sequence_bias", {"biases": (((4, 6), 2.0), ((7,), -0.5))}),
    ({"sequence_bias": {(4, 6): 2, (7,): -0.5}}, "sequence_bias", {"biases": (((4, 6), 2.0), ((7,), -0.5))}),
    ({"sequence_bias": []}, "sequence_bias", None),
    ({**EOS, "min_length": 0}, "min_length", None),
    ({**EOS, "min_length": 1}, "min_length", {"length": 1, "eos": (2, 5)}),
    ({**EOS, "min_length": 9, "min_new_tokens": 0}, "min_length", None),
    ({**EOS, "min_length": 99, "max_new_tokens": 4}, "min_length", {"length": 99, "eos": (2, 5)}),
    ({"min_length": 9}, "min_length", None),
    ({**EOS, "min_new_tokens": 0}, "min_new_tokens", None),
    ({**EOS, "min_new_tokens": 1}, "min_new_tokens", {"count": 1, "eos": (2, 5)}),
    ({**EOS, "min_new_tokens": 9, "max_new_tokens": 4}, "min_new_tokens", {"count": 9, "eos": (2, 5)}),
    ({"min_new_tokens": 9}, "min_new_tokens", None),
    ({"forced_eos_token_id": 0, "max_new_tokens": 4}, "forced_eos", {"tokens": (0,), "max_length": 7}),
    ({"forced_eos_token_id": [4, 6], "max_length": 5}, "forced_eos", {"tokens": (4, 6), "max_length": 5}),
    ({"forced_eos_token_id": []}, "forced_eos", None),
    ({"remove_invalid_values": True}, "remove_invalid_values", {}),
    ({"remove_invalid_values": False}, "remove_invalid_values", None),
    ({**EOS, "exponential_decay_length_penalty": [0, 2]}, "exponential_decay_length_penalty",
     {"start": 0, "factor": 2.0, "eos": (2, 5)}),
    ({"suppress_tokens": [0, 3]}, "suppress", {"tokens": (0, 3)}),
    ({"begin_suppress_tokens": [0, 3]}, "begin_suppress", {"tokens": (0, 3), "new_token": 0}),
    ({"begin_suppress_tokens": [0, 3], "forced_bos_token_id": 4}, "begin_suppress",
     {"tokens": (0, 3), "new_token": 0}),
    ({"begin_suppress_tokens": []}, "begin_suppress", None),
    ({**DRAW, "temperature": 1}, "temperature", None),
    ({**DRAW, "temperature": 0.01}, "temperature", {"temperature": 0.01}),
    ({**DRAW, "temperature": 2}, "temperature", {"temperature": 2.0}),
    ({**DRAW, "top_h": 1}, "top_h", {"h": 1.0}),
    ({**DRAW, "top_h": 0.25}, "top_h", {"h": 0.25}),
    ({**DRAW, "top_k": 1}, "top_k", {"k": 1, "min_keep": 1}),
    (DRAW, "top_k", {"k": 50, "min_keep": 1}),
    ({**DRAW, "top_p": 0}, "top_p", {"p": 0.0, "min_keep": 1}),
    ({**DRAW, "top_p": 1 - 2**-53}, "top_p", {"p": 1 - 2**-53, "min_keep": 1}),
    ({**DRAW, "top_p": 1}, "top_p", None),
    ({**DRAW, "min_p": 0}, "min_p", None),
    ({**DRAW, "min_p": 1}, "min_p", {"p": 1.0, "min_keep": 1}),
    ({**DRAW, "typical_p": 1 - 2**-53}, "typical_p", {"p": 1 - 2**-53, "min_keep": 1}),
    ({**DRAW, "typical_p": 1}, "typical_p", None),
    ({**DRAW, "epsilon_cutoff": 0}, "epsilon_cutoff", None),
    ({**DRAW, "epsilon_cutoff": 5e-324}, "epsilon_cutoff", {"epsilon": 5e-324, "min_keep": 1}),
    ({**DRAW, "eta_cutoff": 0}, "eta_cutoff", None),
    ({**DRAW, "eta_cutoff": 0.3}, "eta_cutoff", {"epsilon": 0.3, "min_keep": 1}),
    ({"renormalize_logits": True}, "renormalize", {}),
    ({"renormalize_logits": False}, "renormalize", None),
]


@pytest.mark.parametrize(("values", "name", "expected"), OPERATIONS, ids=str)
def test_an_operation_has_these_arguments_or_is_off(values: Values, name: str, expected: Values | None) -> None:
    found = arguments(values, name)
    assert found == expected, (values, found)
    assert repr(found) == repr(expected), "an integer where a real number belongs, or the reverse"


def test_every_operation_of_the_pipeline_is_held_to_an_argument() -> None:
    held = {name for _, name, expected in OPERATIONS if expected is not None}
    assert set(HF_ORDER) - held == {"prefix_allowed_tokens", "forced_bos", "watermark"}


@pytest.mark.parametrize(("prompt", "model", "forced", "first"), [
    (1, "decoder-only", True, 1), (0, "decoder-only", True, 1), (2, "decoder-only", False, 0),
    (1, "encoder-decoder", True, 1), (9, "encoder-decoder", True, 1),
])
def test_the_first_token_is_forced_where_the_decoder_starts_from_one(
    prompt: int, model: Any, forced: bool, first: int
) -> None:
    values = {"forced_bos_token_id": 0, "begin_suppress_tokens": [4], "bos_token_id": 1}
    facts = {"prompt_length": prompt, "architecture": model}
    assert arguments(values, "forced_bos", **facts) == ({"token": 0} if forced else None)
    assert arguments(values, "begin_suppress", **facts)["new_token"] == first
    unforced = {name: value for name, value in values.items() if name != "forced_bos_token_id"}
    assert arguments(unforced, "begin_suppress", **facts)["new_token"] == 0


KEEPING: Values = {
    "top_k": 1, "top_p": 0.5, "min_p": 0.5, "typical_p": 0.5, "epsilon_cutoff": 0.5, "eta_cutoff": 0.5,
}


@pytest.mark.parametrize(("eos", "beams", "least"), [
    (None, 1, 1), ([2, 5], 1, 1), (None, 2, 2), ([], 2, 2), (0, 2, 2), ([2], 2, 2), ([2, 5], 2, 3), ([2, 5, 2], 3, 3),
])
@pytest.mark.parametrize("name", KEEPING)
def test_truncation_keeps_every_eos_and_one_more_in_beam_sampling(
    name: str, eos: Any, beams: int, least: int
) -> None:
    values = {**DRAW, "num_beams": beams, "eos_token_id": eos, name: KEEPING[name]}
    found = arguments(values, name)
    assert found["min_keep"] == least, found
    assert name != "top_k" or found["k"] == least, found


@pytest.mark.parametrize(("k", "kept", "status"), [
    (1, 3, Status.ADJUSTED), (2, 3, Status.ADJUSTED), (3, 3, Status.APPLIED), (4, 4, Status.APPLIED),
])
def test_a_top_k_below_what_beams_need_is_raised_and_said(k: int, kept: int, status: Status) -> None:
    plan, decisions = resolved({**DRAW, **EOS, "num_beams": 2, "top_k": k})
    assert plan.operation("top_k").arguments["k"] == kept
    (decision,) = (each for each in decisions if each.field == "top_k")
    assert (decision.given, decision.effective, decision.status) == (k, kept, status), decision
    assert f"the {kept} highest scores" in decision.reason, decision


SWITCHED_ON: Values = {
    "guidance_scale": 2, "sequence_bias": [[[4], 1.0]], "encoder_repetition_penalty": 2, "repetition_penalty": 2,
    "no_repeat_ngram_size": 2, "encoder_no_repeat_ngram_size": 2, "bad_words_ids": [[7]], "eos_token_id": 2,
    "min_new_tokens": 1, "forced_bos_token_id": 4, "forced_eos_token_id": 2, "remove_invalid_values": True,
    "exponential_decay_length_penalty": [1, 2], "suppress_tokens": [6], "begin_suppress_tokens": [6],
    "temperature": 2, "top_h": 0.5, "top_k": 5, "top_p": 0.5, "min_p": 0.5, "typical_p": 0.5, "epsilon_cutoff": 0.1,
    "eta_cutoff": 0.1, "watermarking_config": {}, "renormalize_logits": True,
}


@given(st.sets(st.sampled_from(sorted(SWITCHED_ON))), st.booleans())
def test_operations_stand_in_the_order_of_the_pipeline_and_cite_their_page(names: set[str], drawing: bool) -> None:
    plan = resolved({"do_sample": drawing, **{name: SWITCHED_ON[name] for name in names | {"eos_token_id"}}}).plan
    found = [operation.name for operation in plan.operations]
    assert found == [name for name in HF_ORDER if name in found], found
    assert all(each.clause == f"{each.name.upper().replace('_', '-')}-1" for each in plan.operations), plan.operations


# The watermark's own options. WATERMARK-1

WATERMARK = {
    "greenlist_ratio": 0.25, "bias": 2.0, "hashing_key": 15485863, "seeding_scheme": "lefthash", "context_width": 1,
}
GIVEN: list[Values] = [
    {}, {"greenlist_ratio": 0}, {"greenlist_ratio": 1}, {"bias": -3}, {"bias": 0.5}, {"hashing_key": -1},
    {"hashing_key": 0}, {"seeding_scheme": "selfhash"}, {"context_width": 1}, {"context_width": 7, "bias": 1},
]
WRONG: list[Values] = [
    {"greenlist_ratio": 1.5}, {"greenlist_ratio": -0.1}, {"greenlist_ratio": "0.5"}, {"greenlist_ratio": True},
    {"greenlist_ratio": None}, {"bias": float("nan")}, {"bias": float("inf")}, {"bias": 10**400}, {"bias": 10**5000},
    {"hashing_key": 1.0}, {"hashing_key": True}, {"seeding_scheme": "righthash"}, {"seeding_scheme": "SelfHash"},
    {"seeding_scheme": []}, {"context_width": 0}, {"context_width": 1.0}, {"context_width": 2, "ratio": 0.5},
]


@pytest.mark.parametrize("options", GIVEN, ids=str)
def test_options_of_the_watermark_that_are_not_given_have_their_defaults(options: Values) -> None:
    assert arguments({"watermarking_config": options}, "watermark") == WATERMARK | options


@pytest.mark.parametrize("options", WRONG, ids=lambda options: str(sorted(options)))
def test_an_option_of_the_watermark_outside_its_range_is_refused_in_words(options: Values) -> None:
    assert reasons({"watermarking_config": options}) == [("watermarking_config", "WATERMARK-1")]
    with pytest.raises(Rejected, match=r"is not allowed in it\. Choose from greenlist_ratio, bias") as caught:
        resolved({"watermarking_config": options})
    assert len(str(caught.value)) < 300, caught.value


# Refusals: which field, by which clause, and nothing else

CONSTRAINTS: Values = {"num_beams": 2, "force_words_ids": [[3]]}
GROUPS: Values = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5}
REFUSED: list[tuple[Values, list[tuple[str, str]]]] = [
    ({**GROUPS, "do_sample": True}, [("do_sample", "MODE-4")]),
    ({**GROUPS, "do_sample": True, "temperature": 0.0}, [("do_sample", "MODE-4")]),
    ({**CONSTRAINTS, "do_sample": True}, [("do_sample", "MODE-6")]),
    ({**CONSTRAINTS, "num_beams": 1}, [("num_beams", "MODE-6")]),
    ({"constraints": []}, [("num_beams", "MODE-6"), ("constraints", "BEAMS-6")]),
    ({"constraints": ["x"], "num_beams": 1, "num_return_sequences": 2},
     [("num_beams", "MODE-6"), ("num_return_sequences", "MODE-10")]),
    ({**CONSTRAINTS, "force_words_ids": []}, [("force_words_ids", "BEAMS-6")]),
    ({**CONSTRAINTS, "force_words_ids": [[3], []]}, [("force_words_ids", "BEAMS-6")]),
    ({**CONSTRAINTS, "force_words_ids": [[[3], []]]}, [("force_words_ids", "BEAMS-6")]),
    ({**GROUPS, "num_beam_groups": 3}, [("num_beam_groups", "BEAMS-4")]),
    ({**GROUPS, "num_beam_groups": 8}, [("num_beam_groups", "BEAMS-4")]),
    ({**GROUPS, "diversity_penalty": 0}, [("diversity_penalty", "BEAMS-5")]),
    ({**GROUPS, "num_return_sequences": 5}, [("num_return_sequences", "MODE-10")]),
    ({**CONSTRAINTS, "num_return_sequences": 3}, [("num_return_sequences", "MODE-10")]),
    ({"num_beams": 2, "do_sample": True, "num_return_sequences": 3}, [("num_return_sequences", "MODE-10")]),
    ({"penalty_alpha": 0.6, "num_return_sequences": 2}, [("num_return_sequences", "MODE-9")]),
    ({"dola_layers": "low", "num_return_sequences": 2}, [("num_return_sequences", "MODE-9")]),
    ({"use_mtp": True, "do_sample": True, "num_return_sequences": 2}, [("num_return_sequences", "MODE-9")]),
    ({"prompt_lookup_num_tokens": 3, "assistant_ensemble_weight": 0.5}, [("assistant_ensemble_weight", "ASSISTED-6")]),
    ({"sequence_bias": [[[4], 1.0], [[], 1.0]]}, [("sequence_bias", "SEQUENCE-BIAS-1")]),
    ({"bad_words_ids": [[4], []]}, [("bad_words_ids", "BAD-WORDS-1")]),
    ({"exponential_decay_length_penalty": [0, 1.5], "eos_token_id": []},
     [("exponential_decay_length_penalty", "EXPONENTIAL-DECAY-LENGTH-PENALTY-1")]),
    ({"suppress_tokens": [0], "forced_bos_token_id": 0}, [("forced_bos_token_id", "SUPPRESS-2")]),
    ({"suppress_tokens": [0, 4], "forced_bos_token_id": 4, "forced_eos_token_id": [4, 0]},
     [("forced_bos_token_id", "SUPPRESS-2"), ("forced_eos_token_id", "SUPPRESS-2")]),
    ({**DRAW, "temperature": 0, "num_beams": 2, "num_return_sequences": 3, "suppress_tokens": [4],
      "forced_eos_token_id": 4}, [("num_return_sequences", "MODE-10"), ("forced_eos_token_id", "SUPPRESS-2"),
                                  ("temperature", "TEMPERATURE-2")]),
]
ALLOWED: list[Values] = [
    {**CONSTRAINTS, "force_words_ids": [[3], [4, 5]]}, {**CONSTRAINTS, "force_words_ids": [[[3], [4, 5]]]},
    {**GROUPS, "num_return_sequences": 4}, {**GROUPS, "num_beam_groups": 4}, {**CONSTRAINTS, "num_return_sequences": 2},
    {"num_beams": 2, "num_return_sequences": 2}, {"assistant_early_exit": 1, "assistant_ensemble_weight": 0.5},
    {"assistant_ensemble_weight": 0.5}, {"dola_layers": "low", "do_sample": True, "num_return_sequences": 2},
    {"suppress_tokens": [4], "forced_eos_token_id": []}, {"suppress_tokens": [4], "forced_eos_token_id": [4, 5]},
    {"temperature": 0}, {"temperature": 0, "num_beams": 2}, {"num_return_sequences": 1},
]


@pytest.mark.parametrize(("values", "expected"), REFUSED, ids=str)
def test_refused_by_these_clauses_and_no_others(values: Values, expected: list[tuple[str, str]]) -> None:
    assert reasons(values, profile="hf-4.50") == expected


@pytest.mark.parametrize("values", ALLOWED, ids=str)
def test_on_the_boundary_it_is_allowed(values: Values) -> None:
    assert resolved(values, profile="hf-4.50").plan.mode in Mode


def test_a_reason_shows_what_was_given_what_is_wrong_and_what_to_do() -> None:
    with pytest.raises(Rejected) as caught:
        resolved({"force_words_ids": [[3]], "suppress_tokens": [4], "forced_eos_token_id": 4}, profile="hf-4.50")
    assert [(reason.value, str(reason)) for reason in caught.value.reasons] == [
        (None, "num_beams: constraints need beams, and there is 1. Set num_beams above 1. [MODE-6]"),
        (4, "forced_eos_token_id: [4] is suppressed by suppress_tokens too: no token would be left. Remove it from one "
            "of the two. [SUPPRESS-2]"),
    ]


@pytest.mark.parametrize(("values", "field", "release"), [
    ({"constraints": ["x"], "num_beams": 2}, "constraints", "4.57"),
    ({"constraints": ["x"], "force_words_ids": [[3]], "num_beams": 2}, "constraints", "4.57"),
    (CONSTRAINTS, "force_words_ids", "4.57"), (GROUPS, "num_beam_groups", "4.57"),
    ({"penalty_alpha": 0.6}, "penalty_alpha", "4.56"), ({"dola_layers": [1]}, "dola_layers", "4.56"),
])
def test_a_mode_is_refused_by_profiles_of_releases_that_moved_it_out(values: Values, field: str, release: str) -> None:
    with pytest.raises(Rejected, match=rf"left transformers with {release} and is not part of profile hf\.") as caught:
        resolved(values)
    assert [(reason.field, reason.clause) for reason in caught.value.reasons] == [(field, "CONFIG-10")]
    for profile in (HF_4_50, HF_4_46):
        assert resolved(values, profile=profile).plan.profile is profile


def test_a_profile_of_ones_own_decides_whether_moved_modes_run() -> None:
    newer, older = Profile("newer", (5, 23), modes=ANY), Profile("older", (4, 50))
    assert resolved({"dola_layers": "low"}, profile=newer).plan.mode is Mode.DOLA
    with pytest.raises(Rejected, match="is not part of profile older"):
        resolved({"dola_layers": "low"}, profile=older)


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_plan_names_its_profile_and_architecture(name: str) -> None:
    plan = resolved({"bos_token_id": 1}, profile=name, architecture="encoder-decoder").plan
    assert (plan.profile, plan.architecture) == (PROFILES[name], "encoder-decoder")
    assert resolved({}).plan.profile is HF


@pytest.mark.parametrize(("facts", "message"), [
    ({"prompt_length": -1}, "prompt_length must be an integer of at least 0, not -1"),
    ({"vocab_size": 0}, "vocab_size must be an integer of at least 1, not 0"),
    ({"vocab_size": True}, "vocab_size must be an integer of at least 1, not True"),
    ({"context_length": 0}, "context_length must be an integer of at least 1, not 0"),
    ({"context_length": 8.0}, r"context_length must be an integer of at least 1, not 8\.0"),
    ({"architecture": "encoder-only"}, "architecture must be 'decoder-only' or 'encoder-decoder', not 'encoder-only'"),
    ({"on_overflow": "raise"}, "on_overflow must be 'truncate' or 'error', not 'raise'"),
    ({"profile": "hf-5"}, r"profile 'hf-5' is not known; known: ctranslate2, fairseq, hf, hf-4\.38, hf-4\.46, "),
])
def test_a_wrong_fact_is_named_with_what_it_may_be(facts: Values, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolved({}, **facts)


def test_the_least_facts_that_a_model_can_have() -> None:
    plan = resolved({"bos_token_id": 0}, prompt_length=0, vocab_size=1, context_length=1).plan
    assert plan.length == LengthBudget(1, 0, 0, 0)
    assert plan.tokens == SpecialTokens(0, (), None, None)


# Parts of a plan, whole

MODE_PARTS: list[tuple[Values, Mode, dict[str, object]]] = [
    ({"num_beams": 2}, Mode.BEAM_SEARCH, {"beams": BeamRules(2, False, 1.0)}),
    ({"num_beams": 2, "num_beam_groups": 1, "length_penalty": -1, "diversity_penalty": 0.5}, Mode.BEAM_SEARCH,
     {"beams": BeamRules(2, False, -1.0)}),
    ({"num_beams": 2, "num_beam_groups": 1, "do_sample": True}, Mode.BEAM_SAMPLE, {"beams": BeamRules(2, False, 1.0)}),
    ({**GROUPS, "early_stopping": "never"}, Mode.GROUP_BEAM_SEARCH, {"beams": BeamRules(4, "never", 1.0, 2, 0.5)}),
    ({**CONSTRAINTS, "early_stopping": True, "num_beam_groups": 2, "diversity_penalty": 0.5},
     Mode.CONSTRAINED_BEAM_SEARCH, {"beams": BeamRules(2, True, 1.0, 1, 0.0, ([3],))}),
    ({"constraints": ["x", "y"], "num_beams": 2}, Mode.CONSTRAINED_BEAM_SEARCH,
     {"beams": BeamRules(2, False, 1.0, constraints=("x", "y"))}),
    ({"penalty_alpha": 0.25, "top_k": 2}, Mode.CONTRASTIVE_SEARCH, {"contrastive": Contrastive(0.25, 2)}),
    ({"penalty_alpha": 1, "top_k": 99}, Mode.CONTRASTIVE_SEARCH, {"contrastive": Contrastive(1.0, 99)}),
    ({"penalty_alpha": 0.25, "top_k": 0}, Mode.GREEDY, {}),
    ({"penalty_alpha": 0.25, "dola_layers": "low"}, Mode.CONTRASTIVE_SEARCH, {"contrastive": Contrastive(0.25, 50)}),
    ({"penalty_alpha": 0.25, "use_mtp": True}, Mode.CONTRASTIVE_SEARCH, {"contrastive": Contrastive(0.25, 50)}),
    ({"dola_layers": "high"}, Mode.DOLA, {"dola_layers": "high"}),
    ({"dola_layers": [2, 4], "do_sample": True}, Mode.DOLA, {"dola_layers": (2, 4)}),
    ({"dola_layers": "low", "num_beams": 2}, Mode.BEAM_SEARCH, {"beams": BeamRules(2, False, 1.0)}),
    ({"prompt_lookup_num_tokens": 3}, Mode.ASSISTED, {"assistance": Assistance(3, 2, 20, 0.4, None)}),
    ({"prompt_lookup_num_tokens": 3, "max_matching_ngram_size": 5, "num_assistant_tokens": 7,
      "assistant_confidence_threshold": 0}, Mode.ASSISTED, {"assistance": Assistance(3, 5, 7, 0, None)}),
    ({"assistant_early_exit": 4, "assistant_ensemble_weight": 0.5, "dola_layers": "low"}, Mode.ASSISTED,
     {"assistance": Assistance(None, 2, 20, 0.4, 4, 0.5)}),
    ({"use_mtp": True, "do_sample": True, "prompt_lookup_num_tokens": 1}, Mode.ASSISTED,
     {"assistance": Assistance(1, 2, 20, 0.4, None)}),
    ({"use_mtp": False}, Mode.GREEDY, {}),
    ({"token_healing": True}, Mode.GREEDY, {"token_healing": True}),
    ({"token_healing": False}, Mode.GREEDY, {}),
]
PARTS: dict[str, object] = {
    "beams": None, "contrastive": None, "assistance": None, "dola_layers": None, "token_healing": False,
}


@pytest.mark.parametrize(("values", "mode", "parts"), MODE_PARTS, ids=str)
def test_a_plan_has_the_parts_of_its_mode_and_no_other(values: Values, mode: Mode, parts: dict[str, object]) -> None:
    plan = resolved(values, profile="hf-4.50").plan
    assert plan.mode is mode
    assert {name: getattr(plan, name) for name in PARTS} == PARTS | parts
    assert plan.draws is (values.get("do_sample", False))


@pytest.mark.parametrize("asked", [*combinations(("scores", "logits", "attentions", "hidden_states"), 1), ()])
@pytest.mark.parametrize("record", [True, False])
def test_outputs_are_those_asked_for_where_there_is_a_record(asked: tuple[str, ...], record: bool) -> None:
    values = {"return_dict_in_generate": record, **{f"output_{name}": True for name in asked}}
    flags = {name: record and name in asked for name in ("scores", "logits", "attentions", "hidden_states")}
    assert resolved(values).plan.outputs == Outputs(num_return_sequences=1, return_dict=record, **flags)


@pytest.mark.parametrize(("start", "expected"), [(0, 0), (7, 7), ([7], (7,)), ([7, 8], (7, 8)), (None, 1)])
def test_a_decoder_starts_from_one_token_or_from_one_a_row(start: Any, expected: Any) -> None:
    tokens = resolved({"decoder_start_token_id": start, "bos_token_id": 1}, architecture="encoder-decoder").plan.tokens
    assert tokens == SpecialTokens(1, (), None, expected)


@pytest.mark.parametrize("values", [
    {"sequence_bias": {(10,): 1.0}}, {"force_words_ids": [[3, 10]], "num_beams": 2},
    {"force_words_ids": [[[3], [10]]], "num_beams": 2}, {"decoder_start_token_id": [1, 10]},
])
def test_an_id_outside_the_vocabulary_is_found_in_every_form(values: Values) -> None:
    resolved(values, vocab_size=11, profile="hf-4.50")
    assert reasons(values, vocab_size=10, profile="hf-4.50") == [(next(iter(values)), "TOKENS-1")]


def test_biases_are_no_ids() -> None:
    assert arguments({"sequence_bias": [[[9], 50]]}, "sequence_bias", vocab_size=10) == {"biases": (((9,), 50.0),)}


@pytest.mark.parametrize(("ids", "said"), [
    ([10], "10: the vocabulary has 10 tokens, ids 0 to 9."),
    ([14, 3, 12, 10, 13, 11, 10], "10, 11, 12, 13, 14: the vocabulary has 10 tokens, ids 0 to 9."),
    ([10, 11, 12, 13, 14, 15], "10, 11, 12, 13, 14, ...: the vocabulary has 10 tokens, ids 0 to 9."),
])
def test_ids_outside_the_vocabulary_are_named_up_to_five(ids: list[int], said: str) -> None:
    with pytest.raises(Rejected) as caught:
        resolved({"suppress_tokens": ids}, vocab_size=10)
    assert [reason.message for reason in caught.value.reasons] == [said]
