"""Family 7: versions of transformers."""

import json

import pytest

from genspec.config.fields import FIELDS
from genspec.config.suggest import IGNORED, REFUSED
from genspec.lint.check import check_document
from genspec.lint.finding import Severity
from genspec.lint.rule import rules_for
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import parse_target

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def lint(config, codes, target="transformers"):
    """Run the rules that hold for a target, and only those."""
    text = json.dumps({"transformers_version": "5.23.0", **config}, indent=2)
    goal = parse_target(target)
    rules = [rule for rule in rules_for(goal) if rule.code.startswith(codes)]
    return check_document(parse_document("generation_config.json", text.encode()), goal, rules)


def seen(config, codes, target="transformers"):
    return [(finding.code, finding.pointer[0]) for finding in lint(config, codes, target)]


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0}, "num_beam_groups"),
        ({"num_beams": 4, "num_beam_groups": 2, "do_sample": True}, "num_beam_groups"),
        ({"penalty_alpha": 0.6, "top_k": 4}, "penalty_alpha"),
        ({"penalty_alpha": 0.6}, "penalty_alpha"),                      # top_k is 50 when unset
        ({"penalty_alpha": 0.6, "top_k": None, "num_beams": 1}, "penalty_alpha"),
        ({"force_words_ids": [[3]]}, "force_words_ids"),
        ({"force_words_ids": [], "num_beams": 3}, "force_words_ids"),
        ({"constraints": []}, "constraints"),
        ({"dola_layers": "high"}, "dola_layers"),
        ({"dola_layers": [0], "do_sample": True}, "dola_layers"),
    ],
)
def test_moved_modes_are_reported_at_the_field_that_selects_them(config, key):
    (finding,) = lint(config, ("GS701", "GS707"))
    assert (finding.code, finding.pointer, finding.severity) == ("GS701", (key,), ERROR)
    assert lint(config, ("GS701", "GS707"), "transformers==4.55") == []


@pytest.mark.parametrize(
    "config",
    [
        {"num_beams": 4, "num_beam_groups": 1}, {"num_beam_groups": 2}, {"diversity_penalty": 0.0},
        {"penalty_alpha": 0.6, "top_k": 1}, {"penalty_alpha": 0.6, "top_k": 4, "do_sample": True},
        {"penalty_alpha": 0.0, "top_k": 4}, {"penalty_alpha": 0.6, "top_k": 4, "num_beams": 2},
        {"dola_layers": "high", "num_beams": 2}, {"dola_layers": None, "constraints": None, "force_words_ids": None},
        {"num_beams": "4", "num_beam_groups": "2"}, {"penalty_alpha": "0.6"},
    ],
)
def test_what_selects_no_moved_mode_is_not_reported(config):
    assert seen(config, ("GS701", "GS707")) == []


@pytest.mark.parametrize(
    ("config", "target", "severity"),
    [
        ({"num_beams": 4, "num_beam_groups": 2}, "4.56", None), ({"num_beams": 4, "num_beam_groups": 2}, "4.57", ERROR),
        ({"dola_layers": "low"}, "4.56", ERROR), ({"penalty_alpha": 0.6}, "4.56", WARNING),
        ({"penalty_alpha": 0.6}, "4.57", ERROR), ({"force_words_ids": [[3]]}, "4.56", None),
    ],
)
def test_each_mode_moved_in_its_own_version(config, target, severity):
    found = lint(config, "GS701", f"transformers=={target}")
    assert [finding.severity for finding in found] == [severity] * (severity is not None)


@pytest.mark.parametrize(
    ("config", "severity"),
    [
        ({"low_memory": True, "num_beams": 4}, ERROR), ({"low_memory": True}, WARNING),
        ({"low_memory": True, "num_beams": 1}, WARNING), ({"low_memory": False, "num_beams": 4}, None),
        ({"low_memory": None, "num_beams": 4}, None),
    ],
)
def test_low_memory(config, severity):
    found = lint(config, ("GS702", "GS707"))
    assert [(finding.code, finding.severity) for finding in found] == [("GS702", severity)] * (severity is not None)
    assert lint(config, ("GS702", "GS707"), "transformers==4.49") == []


def test_contrastive_search_read_low_memory_as_long_as_it_was_built_in():
    config = {"penalty_alpha": 0.6, "top_k": 4, "low_memory": True}
    assert seen(config, "GS702", "transformers==4.55") == []
    assert seen(config, "GS702", "transformers==4.56") == [("GS702", "low_memory")]


@pytest.mark.parametrize(
    ("target", "severity"), [("4.44", None), ("4.45", ERROR), ("4.52", ERROR), ("4.53", WARNING), ("5.23", WARNING)]
)
def test_forced_decoder_ids(target, severity):
    found = lint({"forced_decoder_ids": [[1, 7]]}, ("GS703", "GS707"), f"transformers=={target}")
    assert [finding.severity for finding in found] == [severity] * (severity is not None)


@pytest.mark.parametrize(
    "whisper",
    [
        {"is_multilingual": True}, {"alignment_heads": [[1, 2]]}, {"no_timestamps_token_id": 50363},
        {"begin_suppress_tokens": [220, 50257], "suppress_tokens": [1, 2]},
    ],
)
def test_whisper_reads_forced_decoder_ids_itself(whisper):
    assert seen({"forced_decoder_ids": [[1, None], [2, 50359]], **whisper}, ("GS703", "GS707")) == []


def test_continuous_batching():
    config = {"continuous_batching_config": {"block_size": 32}}
    assert seen(config, ("GS705", "GS707")) == [("GS705", "continuous_batching_config")]
    assert seen(config, ("GS705", "GS707"), "transformers==5.14") == []
    assert seen(config, ("GS705", "GS707"), "transformers==5.3") == [("GS707", "continuous_batching_config")]


@pytest.mark.parametrize("key", sorted(REFUSED))
@pytest.mark.parametrize("value", [None, [], "x"])
def test_refused_arguments_are_errors_even_when_null(key, value):
    (finding,) = lint({key: value}, ("GS706", "GS9"))
    assert (finding.code, finding.severity, finding.fix.safe) == ("GS706", ERROR, True)


@pytest.mark.parametrize("key", sorted(IGNORED))
def test_other_arguments_are_warnings(key):
    (finding,) = lint({key: "x"}, ("GS706", "GS9"))
    assert (finding.code, finding.severity) == ("GS706", WARNING)
    assert lint({key: None}, ("GS706", "GS9")) == []


def test_arguments_beside_from_model_config_are_dropped():
    (finding,) = lint({"streamer": "x", "_from_model_config": True}, ("GS706", "GS901", "GS911"))
    assert (finding.code, finding.severity) == ("GS706", WARNING)
    assert lint({"streamer": None, "_from_model_config": True}, ("GS706", "GS901", "GS911")) == []


@pytest.mark.parametrize(
    ("config", "target", "fires"),
    [
        ({"min_p": 0.1}, "4.40", True), ({"min_p": 0.1}, "4.41", False), ({"min_p": None}, "4.40", False),
        ({"min_p": 0.1}, "4", False), ({"top_h": 0.4}, "4.57.6", True), ({"top_h": 0.4}, "5.0", False),
        ({"return_legacy_cache": True}, "5.23", True), ({"return_legacy_cache": True}, "4.57", False),
        ({"return_legacy_cache": False}, "5.23", False), ({"generation_kwargs": {}}, "5.23", False),
        ({"generation_kwargs": {"temperature": 0.7}}, "5.23", True), ({"dola_layers": "low"}, "4.40", True),
        ({"generation_kwargs": {"boi_token_id": 7}}, "5.23", False),
    ],
)
def test_a_field_that_the_target_does_not_have(config, target, fires):
    found = seen(config, ("GS707", "GS905"), f"transformers=={target}")
    assert found == [("GS707", *config)] * fires


@pytest.mark.parametrize("name", sorted(name for name, field in FIELDS.items() if field.since or field.removed))
def test_fields_at_the_value_that_applies_anyway_fire_nothing(name):
    for target in ("4.38", "4.50", "5.0", "5.23"):
        assert seen({FIELDS[name].key: FIELDS[name].unset}, "GS7", f"transformers=={target}") == []


def test_compile_config():
    assert seen({"compile_config": {}}, ("GS708", "GS707")) == [("GS708", "compile_config")]
    assert seen({"compile_config": None}, ("GS708", "GS707")) == []
