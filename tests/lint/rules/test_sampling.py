"""Family 2: sampling, penalties, and values of the wrong type or outside their range."""

import pytest

from genspec.config.fields import FIELDS
from genspec.config.values import reason_against
from genspec.lint.finding import Severity
from genspec.lint.rules.sampling import BOOLEAN, ELSEWHERE, REAL, WHOLE

SAMPLING_VALUES = [
    ("temperature", 0.7), ("top_k", 20), ("top_k", 0), ("top_p", 0.9), ("top_p", 0), ("min_p", 0.1), ("min_p", 0.0),
    ("top_h", 0.5), ("typical_p", 0.9), ("epsilon_cutoff", 0.001), ("eta_cutoff", 0.001),
]


@pytest.mark.parametrize(("name", "value"), SAMPLING_VALUES)
@pytest.mark.parametrize("flag", [{}, {"do_sample": False}, {"do_sample": None}])
def test_a_sampling_field_has_no_effect_without_do_sample(seen, name, value, flag):
    assert seen({name: value, **flag}, ("GS2", "GS3")) == [("GS201", name)]


@pytest.mark.parametrize(("name", "value"), SAMPLING_VALUES)
def test_a_sampling_field_acts_with_do_sample(seen, name, value):
    assert seen({name: value, "do_sample": True}, "GS201") == []


@pytest.mark.parametrize("name", ["temperature", "top_k", "top_p", "typical_p", "epsilon_cutoff", "eta_cutoff"])
def test_what_applies_anyway_is_not_reported(seen, name):
    assert seen({name: FIELDS[name].unset}, "GS2") == []
    assert seen({name: None}, "GS2") == []


def test_top_k_is_the_number_of_candidates_in_contrastive_search(seen):
    assert seen({"top_k": 4, "penalty_alpha": 0.6}, "GS201") == []


@pytest.mark.parametrize("code", ["GS201", "GS202"])
@pytest.mark.parametrize(
    ("target", "severity"),
    [
        ("transformers==4.46.3", Severity.ERROR),
        ("transformers==5.22.2", Severity.ERROR),
        ("transformers==5.23.0", Severity.WARNING),
    ],
)
def test_a_field_without_effect_is_an_error_where_it_keeps_the_model_from_being_saved(lint, code, target, severity):
    (finding,) = lint({"temperature": 0.7 if code == "GS201" else 0.0}, "GS2", target)
    assert (finding.code, finding.severity) == (code, severity)


@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_temperature_zero_stops_every_call_that_draws(lint, zero):
    (finding,) = lint({"do_sample": True, "temperature": zero, "top_k": 20}, "GS2")
    assert (finding.code, finding.severity, finding.pointer) == ("GS202", Severity.ERROR, ("temperature",))


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("temperature", "0.7", 0.7), ("temperature", "2", 2.0), ("top_k", "50", 50), ("top_k", 50.0, 50),
        ("max_new_tokens", "8", 8), ("max_length", 20.0, 20), ("num_beams", "4", 4), ("repetition_penalty", "1.2", 1.2),
        ("temperature", True, None), ("top_k", 1.5, None), ("top_p", "high", None), ("top_p", "1.5", None),
        ("top_k", "-1", None), ("temperature", [0.7], None), ("top_p", "1e999", None), ("num_beams", {}, None),
        ("max_time", "nan", None), ("temperature", "9" * 400, None),
    ],
)
def test_a_number_of_the_wrong_type_is_one_error(lint, name, value, right):
    (finding,) = [found for found in lint({name: value, "do_sample": True}, ("GS1", "GS2", "GS3"))
                  if found.pointer == (name,)]
    assert (finding.code, finding.severity) == ("GS203", Severity.ERROR)
    fixed = [(edit.value, type(edit.value)) for edit in finding.fix.edits] if finding.fix else []
    assert fixed == ([] if right is None else [(right, type(right))])
    assert finding.fix is None or finding.fix.safe


@pytest.mark.parametrize("config", [
    {"temperature": 2, "do_sample": True, "top_k": 0}, {"repetition_penalty": 2, "num_beams": 2},
    {"encoder_repetition_penalty": 3},
])
def test_an_integer_where_transformers_demands_a_float_is_an_error(lint, config):
    (finding,) = lint(config, ("GS2", "GS3"))
    name = next(iter(config))
    assert (finding.code, finding.pointer) == ("GS203", (name,))
    assert repr(finding.fix.edits[0].value) == f"{config[name]}.0"


@pytest.mark.parametrize("config", [
    {"temperature": 1, "do_sample": True}, {"repetition_penalty": 1}, {"top_p": 1, "do_sample": True},
    {"length_penalty": 2, "num_beams": 2}, {"max_time": 5}, {"guidance_scale": 2}, {"diversity_penalty": 1},
])
def test_an_integer_elsewhere_is_a_real_number(seen, config):
    assert seen(config, "GS203") == []


def test_an_integer_diversity_penalty_stopped_group_beam_search(seen):
    config = {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1}
    assert seen(config, "GS203", "transformers==4.56") == [("GS203", "diversity_penalty")]
    assert seen(config, "GS203", "transformers==4.57") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("top_p", 1.5), ("top_p", -0.1), ("temperature", -1.0), ("min_p", 2), ("typical_p", 0), ("epsilon_cutoff", 1),
        ("top_h", 0), ("repetition_penalty", 0), ("no_repeat_ngram_size", -2), ("num_beams", 0), ("top_k", -2),
        ("num_return_sequences", 0), ("assistant_ensemble_weight", 1.0), ("prompt_lookup_num_tokens", 0),
        ("num_assistant_tokens_schedule", "Constant"), ("watermarking_config", "green"), ("max_time", -1),
        ("stop_strings", 5),
    ],
)
@pytest.mark.parametrize("drawing", [True, False])
def test_a_value_out_of_range_is_one_error(lint, name, value, drawing):
    findings = [finding for finding in lint({name: value, "do_sample": drawing}, ("GS1", "GS2", "GS3"))
                if finding.pointer != ("do_sample",)]
    (finding,) = findings
    assert (finding.code, finding.severity, finding.pointer) == ("GS204", Severity.ERROR, (name,))


def test_the_message_names_the_range(lint):
    (finding,) = lint({"top_p": 1.5}, "GS204")
    assert "1.5" in finding.message and "[0, 1]" in finding.message


def test_an_item_out_of_range_is_pointed_at(lint):
    (finding,) = lint({"stop_strings": ["\n", 5]}, "GS204")
    assert finding.pointer == ("stop_strings", 1)


@pytest.mark.parametrize("name", [name for name, field in FIELDS.items() if field.key == name])
def test_every_refused_value_is_reported_by_some_rule(seen, name):
    values = [True, False, 0, 1, -1, 2, 0.5, 1.0, -7.5, 1e300, "", "1", "0.5", "true", "x", [], [1], [[1]], ["x"], {}]
    for value in values:
        if reason_against(name, value) is not None:
            assert name in {key for _, key in seen({"eos_token_id": 2, name: value})}, value


def test_the_settings_of_another_program_may_have_defaults_of_their_own(check_text):
    text = """{"temperature": 0, "early_stopping": true, "length_penalty": 2.0, "max_length": 512, "top_p": 0.9,
        "learning_rate": 0.001, "epochs": 3, "batch_size": 8, "patience": 2, "warmup": 0, "dropout": 0.1, "depth": 4}"""
    assert check_text(text, ("GS1", "GS2", "GS3")) == []


def test_every_number_and_flag_has_a_rule_for_its_type():
    assert {"temperature", "length_penalty", "max_time"} <= REAL
    assert {"top_k", "max_length", "num_beams"} <= WHOLE
    assert {"do_sample", "use_cache", "output_scores"} <= BOOLEAN <= ELSEWHERE
    assert not (REAL | WHOLE) & BOOLEAN
    assert {"eos_token_id", "bad_words_ids"} <= ELSEWHERE


def test_an_unset_top_k_is_explained_when_drawing(seen):
    assert seen({"do_sample": True}, "GS2") == [("GS205", "do_sample")]
    assert seen({"do_sample": True, "top_k": None}, "GS2") == [("GS205", "do_sample")]
    assert seen({"do_sample": True, "top_k": None}, "GS2", "transformers==4.57") == []    # a null switched it off
    assert seen({"do_sample": True, "top_k": 0}, "GS2") == []
    assert seen({"do_sample": False}, "GS2") == []


@pytest.mark.parametrize("drawing", [True, False])
def test_minus_one_is_another_engines_off(lint, drawing):
    (finding,) = lint({"do_sample": drawing, "top_k": -1}, "GS2")
    assert (finding.code, finding.pointer) == ("GS206", ("top_k",))
    assert finding.fix.edits[0].value == 0


@pytest.mark.parametrize(("temperature", "reported"), [(0.001, True), (0.0099, True), (0.01, False), (0.1, False)])
def test_a_temperature_below_vllms_least_is_explained(seen, temperature, reported):
    config = {"do_sample": True, "temperature": temperature, "top_k": 0}
    assert seen(config, "GS2") == ([("GS207", "temperature")] if reported else [])
    assert seen({**config, "top_k": 1}, "GS2") == [("GS208", "top_k")]      # nothing is left to draw from


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"top_k": 1}, "top_k"), ({"top_p": 0}, "top_p"), ({"top_p": 0.02}, "top_p"), ({"min_p": 1.0}, "min_p"),
        ({"top_k": 5, "top_p": 0.2}, "top_p"), ({"top_k": 0, "top_p": 0}, "top_p"), ({"top_k": 1, "top_p": 0}, "top_k"),
    ],
)
def test_one_token_left_to_draw_from_is_greedy_search(seen, config, name):
    assert seen({"do_sample": True, **config}, "GS2") == [("GS208", name)]
    assert seen({"do_sample": True, "num_beams": 2, **config}, "GS208") == []   # two tokens stay in beam sampling


@pytest.mark.parametrize("config", [
    {"top_k": 2}, {"top_p": 0.03}, {"top_k": 5, "top_p": 0.3}, {"top_k": 0, "top_p": 0.02},
])
def test_a_narrow_choice_is_still_a_choice(seen, config):
    assert seen({"do_sample": True, **config}, "GS208") == []


@pytest.mark.parametrize(
    ("name", "value", "flag", "safe"),
    [
        ("do_sample", "true", True, True), ("do_sample", "false", False, False), ("do_sample", 1, True, True),
        ("use_cache", "False", False, True), ("renormalize_logits", "yes", True, False), ("use_cache", 0, False, True),
        ("do_sample", "maybe", None, None), ("do_sample", 2, None, None), ("do_sample", [True], None, None),
    ],
)
def test_a_flag_of_another_type_is_one_error(lint, name, value, flag, safe):
    (finding,) = lint({name: value}, ("GS1", "GS2", "GS3"))
    assert (finding.code, finding.severity, finding.pointer) == ("GS209", Severity.ERROR, (name,))
    fixes = [(edit.value, finding.fix.safe) for edit in finding.fix.edits] if finding.fix else []
    assert fixes == ([] if flag is None else [(flag, safe)])


def test_a_flag_of_another_type_silences_what_depends_on_it(seen):
    config = {"do_sample": "false", "temperature": 0, "top_k": 1, "num_return_sequences": 2}
    assert seen(config, ("GS1", "GS2", "GS3")) == [("GS209", "do_sample")]


@pytest.mark.parametrize("penalty", [1.5, 2.0, 10.0, 0.8])
def test_a_penalty_that_bans_or_favours_repeats_is_reported(seen, penalty):
    assert seen({"repetition_penalty": penalty}, "GS2") == [("GS211", "repetition_penalty")]


@pytest.mark.parametrize("config", [
    {"repetition_penalty": 1.3}, {"repetition_penalty": 1.0}, {"repetition_penalty": 2.5, "num_beams": 4},
    {"repetition_penalty": 2.5, "decoder_start_token_id": 0},
])
def test_usual_penalties_are_not_extreme(seen, config):
    assert seen(config, "GS2") == []


@pytest.mark.parametrize("config", [
    {"no_repeat_ngram_size": 1}, {"no_repeat_ngram_size": 1, "num_beams": 4, "decoder_start_token_id": 2},
    {"no_repeat_ngram_size": 3, "do_sample": True}, {"no_repeat_ngram_size": 2, "max_new_tokens": 256},
    {"no_repeat_ngram_size": 3, "do_sample": True, "max_new_tokens": 8192},
    {"no_repeat_ngram_size": 3, "max_length": 1024},
])
def test_a_ban_on_short_runs_is_reported_where_text_is_long(seen, config):
    assert seen(config, "GS212") == [("GS212", "no_repeat_ngram_size")]


@pytest.mark.parametrize("config", [
    {"no_repeat_ngram_size": 3, "num_beams": 4, "max_length": 512}, {"no_repeat_ngram_size": 0, "do_sample": True},
    {"no_repeat_ngram_size": 3, "decoder_start_token_id": 2, "max_length": 512}, {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 2, "do_sample": True, "max_new_tokens": 50},
    {"no_repeat_ngram_size": 4, "do_sample": True, "max_new_tokens": 8192},
])
def test_a_ban_is_not_reported_for_summaries_short_texts_and_longer_runs(seen, config):
    assert seen(config, "GS212") == []


def test_two_penalties_are_mentioned_unless_one_of_them_is_reported(seen):
    both = {"repetition_penalty": 1.1, "no_repeat_ngram_size": 4}
    assert seen(both, "GS2") == [("GS213", "no_repeat_ngram_size")]
    assert seen({**both, "no_repeat_ngram_size": 1}, "GS2") == [("GS212", "no_repeat_ngram_size")]
    assert seen({**both, "repetition_penalty": 2.0}, "GS2") == [("GS211", "repetition_penalty")]
    assert seen({**both, "repetition_penalty": 1.0}, "GS2") == []


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"greenlist_ratio": 2}, "greenlist_ratio"), ({"greenlist_ratio": "0.5"}, "greenlist_ratio"),
        ({"bias": 2, "seeding_scheme": "SelfHash"}, "seeding_scheme"), ({"context_width": 0}, "context_width"),
        ({"ngram_len": 5}, "ngram_len"),
    ],
)
def test_a_fault_in_the_options_of_a_watermark_is_pointed_at(lint, options, key):
    (finding,) = lint({"watermarking_config": options}, "GS2")
    assert (finding.code, finding.pointer) == ("GS204", ("watermarking_config", key))


def test_the_options_of_a_watermark_may_be_given(seen):
    options = {"greenlist_ratio": 0.25, "bias": 2, "hashing_key": 7, "seeding_scheme": "selfhash", "context_width": 1}
    assert seen({"watermarking_config": options}, "GS2") == []
