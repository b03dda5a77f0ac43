"""Family 3: beam search, assisted decoding and stop strings."""

import pytest

from genspec.lint.finding import Severity

FIELDS = [
    ("early_stopping", True, "GS301"), ("early_stopping", "never", "GS301"), ("length_penalty", 2.0, "GS302"),
    ("num_beam_groups", 2, "GS302"),
]


@pytest.mark.parametrize(("name", "value", "code"), FIELDS)
@pytest.mark.parametrize("beams", [{}, {"num_beams": 1}, {"num_beams": None}])
def test_a_field_of_beam_search_has_no_effect_without_beams(seen, name, value, code, beams):
    assert seen({name: value, **beams}, ("GS2", "GS3")) == [(code, name)]
    assert seen({name: value, "num_beams": 2}, ("GS2", "GS3")) == []


@pytest.mark.parametrize(("name", "value"), [("early_stopping", False), ("length_penalty", 1), ("length_penalty", 1.0)])
def test_what_applies_anyway_is_not_reported(seen, name, value):
    assert seen({name: value}, "GS3") == []


@pytest.mark.parametrize(("name", "value", "code"), FIELDS)
def test_a_field_without_effect_is_an_error_where_it_keeps_the_model_from_being_saved(lint, name, value, code):
    for version, severity in (("4.38.2", Severity.ERROR), ("5.22", Severity.ERROR), ("5.23", Severity.WARNING)):
        (finding,) = lint({name: value}, code, f"transformers=={version}")
        assert finding.severity is severity


def test_diversity_needs_groups_of_beams(lint):
    (without_beams,) = lint({"diversity_penalty": 0.5}, "GS3")
    (without_groups,) = lint({"diversity_penalty": 0.5, "num_beams": 4}, "GS3")
    assert (without_beams.code, without_groups.code) == ("GS302", "GS302")
    assert "num_beams" in without_beams.message and "one group" in without_groups.message
    assert lint({"diversity_penalty": 0.5, "num_beams": 4, "num_beam_groups": 2}, "GS3") == []


@pytest.mark.parametrize(("name", "code"), [("early_stopping", "GS305"), ("num_return_sequences", "GS304")])
def test_a_null_that_versions_before_5_refuse_is_an_error_there(lint, name, code):
    (finding,) = lint({name: None}, "GS3", "transformers==4.57.6")
    assert (finding.code, finding.severity) == (code, Severity.ERROR)
    assert lint({name: None}, "GS3") == []


def test_an_unreadable_number_of_beams_is_no_evidence(seen):
    assert seen({"early_stopping": True, "num_beams": "4"}, "GS3") == []
    assert seen({"num_return_sequences": 2, "num_beams": 0}, "GS3") == []


@pytest.mark.parametrize("penalty", [0, -1, -0.5])
def test_only_zero_and_negative_length_penalties_are_explained(seen, penalty):
    assert seen({"num_beams": 4, "length_penalty": penalty}, "GS3") == [("GS303", "length_penalty")]


@pytest.mark.parametrize("penalty", [0.6, 1.0, 2.0])
def test_a_positive_length_penalty_is_as_models_publish_it(seen, penalty):
    assert seen({"num_beams": 8, "length_penalty": penalty}, "GS3") == []


@pytest.mark.parametrize(
    "config",
    [
        {"num_return_sequences": 3},
        {"num_return_sequences": 3, "do_sample": False},
        {"num_return_sequences": 3, "num_beams": 2},
        {"num_return_sequences": 3, "num_beams": 2, "do_sample": True},
    ],
)
def test_more_sequences_than_the_mode_finds_are_an_error(lint, config):
    (finding,) = lint(config, "GS3")
    assert (finding.code, finding.severity) == ("GS304", Severity.ERROR)


@pytest.mark.parametrize(
    "config",
    [
        {"num_return_sequences": 3, "do_sample": True},
        {"num_return_sequences": 3, "num_beams": 3},
        {"num_return_sequences": 1},
        {"num_return_sequences": 3, "do_sample": "true"},
    ],
)
def test_as_many_sequences_as_the_mode_finds_are_fine(seen, config):
    assert seen(config, "GS3") == []


@pytest.mark.parametrize(
    ("value", "meant", "safe"),
    [
        ("True", True, True), ("false", False, True), ("Never", "never", True),
        (1, True, False), (0, False, False), (1.0, True, False),
        (2, None, None), ("soon", None, None), ([True], None, None),
    ],
)
def test_early_stopping_of_another_type_is_one_error(lint, value, meant, safe):
    (finding,) = lint({"early_stopping": value}, ("GS2", "GS3"))
    assert (finding.code, finding.severity, finding.pointer) == ("GS305", Severity.ERROR, ("early_stopping",))
    fixes = [(edit.value, finding.fix.safe) for edit in finding.fix.edits] if finding.fix else []
    assert fixes == ([] if safe is None else [(meant, safe)])


@pytest.mark.parametrize("assistant", [{"prompt_lookup_num_tokens": 3}, {"assistant_early_exit": 4}, {"use_mtp": True}])
def test_an_assistant_conflicts_with_beams_with_several_sequences_and_with_no_cache(lint, assistant):
    assert lint(assistant, "GS3") == []
    (beams,) = lint({**assistant, "num_beams": 2}, "GS3")
    (several,) = lint({**assistant, "do_sample": True, "num_return_sequences": 2}, "GS3")
    (uncached,) = lint({**assistant, "use_cache": False}, "GS3")
    assert {beams.code, several.code, uncached.code} == {"GS307"}
    assert (beams.severity, several.severity, uncached.severity) == (Severity.WARNING, Severity.ERROR, Severity.ERROR)


def test_an_assistant_beside_beams_stops_old_versions(lint):
    (finding,) = lint({"prompt_lookup_num_tokens": 3, "num_beams": 2}, "GS307", "transformers==4.51")
    assert finding.severity is Severity.ERROR


@pytest.mark.parametrize("value", ["\n\n", ["\n\n", "User:"], []])
def test_stop_strings_in_a_file_need_a_tokenizer_in_every_call(seen, value):
    assert seen({"stop_strings": value}, "GS3") == [("GS308", "stop_strings")]
    assert seen({"stop_strings": value}, "GS308", "transformers==5.23") == [("GS308", "stop_strings")]


def test_stop_strings_that_are_none_are_an_invalid_value(seen):
    assert seen({"stop_strings": 5}, ("GS2", "GS3")) == [("GS204", "stop_strings")]
