"""Family 1: length."""

import pytest

from genspec.lint.finding import Severity

DUMPED = dict.fromkeys(("top_k", "top_p", "min_p", "max_time", "stop_strings"))


def test_both_maxima_name_the_one_that_decides_and_both_values(lint):
    (finding,) = lint({"max_length": 4096, "max_new_tokens": 2048}, "GS101")
    assert finding.pointer == ("max_length",)
    assert "(4096)" in finding.message and "`max_new_tokens` (2048) decides" in finding.message
    assert "grow beyond" not in finding.message


@pytest.mark.parametrize("length", [20, 50])
def test_a_max_length_that_the_output_may_exceed_is_called_so(lint, length):
    (finding,) = lint({"max_length": length, "max_new_tokens": 50}, "GS101")
    assert "may grow beyond max_length" in finding.message


def test_the_default_of_old_versions_in_a_dump_is_an_info_at_most(lint, seen):
    def severity(length):
        (finding,) = lint({**DUMPED, "max_length": length, "max_new_tokens": 256}, "GS1")
        return finding.severity

    assert (severity(20), severity(30)) == (Severity.INFO, Severity.WARNING)
    assert seen({**DUMPED, "max_length": 20}, "GS1") == []


def test_max_length_counts_the_prompt_only_where_it_decides_and_for_a_decoder_only_model(seen):
    assert seen({"max_length": 512}, "GS1") == [("GS104", "max_length")]
    assert seen({"max_length": 512, "max_new_tokens": None}, "GS1") == [("GS104", "max_length")]
    assert seen({"max_length": 512, "decoder_start_token_id": 2}, "GS1") == []
    assert seen({"max_length": 512, "forced_bos_token_id": 0}, "GS1") == []


def test_the_counterpart_in_new_tokens_takes_the_place_of_max_length(lint):
    (finding,) = lint({"max_length": 512}, "GS104")
    assert finding.fix is not None and not finding.fix.safe
    assert [(edit.op, edit.pointer, edit.to) for edit in finding.fix.edits] == [
        ("move", ("max_length",), ("max_new_tokens",))
    ]


@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"max_new_tokens": 5, "min_new_tokens": 6}, "min_new_tokens"),
        ({"max_length": 5, "min_new_tokens": 5}, "min_new_tokens"),         # the prompt takes one token at least
        ({"max_length": 5, "min_length": 6, "decoder_start_token_id": 0}, "min_length"),
    ],
)
def test_a_minimum_above_the_maximum_is_an_error(lint, config, key):
    (finding,) = lint(config, "GS105")
    assert (finding.pointer, finding.severity) == ((key,), Severity.ERROR)


@pytest.mark.parametrize(
    "config",
    [
        {"max_new_tokens": 5, "min_new_tokens": 5},
        {"max_length": 6, "min_new_tokens": 5},
        {"max_length": 5, "min_length": 5},
        {"max_length": 5, "max_new_tokens": 50, "min_length": 6},           # max_length is ignored
        {"max_length": 5, "max_new_tokens": 50, "min_new_tokens": 20},
        {"max_new_tokens": 5, "min_length": 50},                            # the prompt may have 45 tokens
        {"min_new_tokens": 20},
    ],
)
def test_a_minimum_that_some_prompt_can_meet_is_no_error(seen, config):
    assert seen(config, "GS105") == []


def test_a_minimum_above_the_20_tokens_that_apply_by_default_is_a_warning(lint):
    (finding,) = lint({"min_new_tokens": 21}, "GS105")
    assert finding.severity is Severity.WARNING


def test_min_length_counts_the_prompt_only_where_it_decides_and_for_a_decoder_only_model(seen):
    assert seen({"min_length": 32}, "GS106") == [("GS106", "min_length")]
    assert seen({"min_length": 0}, "GS106") == []
    assert seen({"min_length": 32, "min_new_tokens": 8}, "GS106") == []
    assert seen({"min_length": 32, "decoder_start_token_id": 2}, "GS106") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_new_tokens", 0), ("max_new_tokens", -1), ("max_length", 0), ("min_length", -1), ("min_new_tokens", -5)],
)
def test_a_length_out_of_range_is_reported_once(seen, name, value):
    assert seen({name: value}, ("GS1", "GS2", "GS3")) == [("GS108", name)]


def test_a_refused_length_is_left_out_of_comparisons(seen):
    assert seen({"max_length": 50, "max_new_tokens": 0}, "GS1") == [("GS108", "max_new_tokens")]
    assert seen({"max_length": "50", "max_new_tokens": 20}, "GS1") == []
    assert seen({"max_new_tokens": "8", "min_new_tokens": 30}, "GS1") == []
