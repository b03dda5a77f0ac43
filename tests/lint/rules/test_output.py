"""Family 6: outputs and the cache."""

import pytest

from genspec.lint.finding import Severity
from genspec.lint.rules.output import CACHES

ERROR, WARNING = Severity.ERROR, Severity.WARNING


@pytest.mark.parametrize("flag", ["output_scores", "output_logits", "output_attentions", "output_hidden_states"])
def test_a_flag_needs_the_dict(lint, flag):
    (finding,) = lint({flag: True}, "GS601")
    assert finding.pointer == (flag,) and not finding.fix.safe
    assert lint({flag: True, "return_dict_in_generate": False}, "GS601")
    assert lint({flag: True, "return_dict_in_generate": True}, "GS601") == []
    assert lint({flag: False}, "GS601") == []


@pytest.mark.parametrize(
    ("target", "severity"), [("4.44", WARNING), ("4.45", ERROR), ("5.22", ERROR), ("5.23", WARNING)]
)
def test_what_does_nothing_is_an_error_where_it_keeps_the_model_from_being_saved(lint, target, severity):
    (finding,) = lint({"output_scores": True}, "GS601", f"transformers=={target}")
    assert finding.severity is severity
    (finding,) = lint({"use_cache": False, "cache_implementation": "static"}, "GS605", f"transformers=={target}")
    assert finding.severity is severity


def test_use_cache_false(seen, check_text):
    assert seen({"use_cache": False}, "GS603") == [("GS603", "use_cache")]
    assert seen({"use_cache": True}, "GS603") == [] == seen({"use_cache": None}, "GS603")
    assert check_text('{"use_cache": false, "lr": 1, "epochs": 3}', "GS603") == []


@pytest.mark.parametrize(
    ("name", "target", "severity"),
    [
        ("static", "5.23", None), ("dynamic", "5.23", None), ("quantized", "5.23", None), ("paged", "5.23", None),
        ("offloaded", "5.23", None), ("offloaded_static", "5.23", None), ("hybrid", "5.23", WARNING),
        ("sliding_window", "5.23", WARNING), ("offloaded_hybrid_chunked", "5.23", WARNING), ("hybrid", "4.50", None),
        ("hybrid", "4.55", None), ("hybrid", "4.56", WARNING), ("mamba", "4.50", None), ("mamba", "5.23", ERROR),
        ("dynamic_full", "5.14", None), ("dynamic_full", "5.15", ERROR), ("dynamic", "4.49", ERROR),
        ("paged", "4.57", ERROR),
        ("hybrid", "4.40", WARNING), ("foo", "4.40", WARNING), ("foo", "5.23", ERROR), ("foo", "4.45", ERROR),
        (1, "5.23", ERROR), (["static"], "5.23", ERROR), (True, "5.23", ERROR),
    ],
)
def test_kinds_of_cache(lint, name, target, severity):
    found = lint({"cache_implementation": name}, "GS604", f"transformers=={target}")
    assert [finding.severity for finding in found] == [severity] * (severity is not None)


@pytest.mark.parametrize("given", ["Static", "STATIC", " static", "offloaded-static"])
def test_a_kind_in_other_letters_is_recognised(lint, given):
    (finding,) = lint({"cache_implementation": given}, "GS604")
    assert finding.fix.edits[0].value == given.strip().lower().replace("-", "_")


def test_an_old_name_is_replaced_safely(lint):
    (finding,) = lint({"cache_implementation": "offloaded_hybrid"}, "GS604")
    assert finding.fix.safe and finding.fix.edits[0].value == "offloaded_static"


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ({"use_cache": False, "cache_implementation": "static"}, {"cache_implementation"}),
        ({"use_cache": False, "cache_config": {"a": 1}}, {"cache_config"}),
        ({"use_cache": False, "cache_implementation": "static", "max_cache_len": 9},
         {"cache_implementation", "max_cache_len"}),
        ({"max_cache_len": 9}, {"max_cache_len"}),
        ({"max_cache_len": 9, "cache_implementation": "static"}, set()),
        ({"max_cache_len": 9, "cache_implementation": "hybrid"}, set()),
        ({"cache_config": {"backend": "quanto"}}, {"cache_config"}),
        ({"cache_config": {"backend": "quanto"}, "cache_implementation": "quantized"}, set()),
        ({"cache_implementation": "static"}, set()),
        ({"max_cache_len": 9, "cache_implementation": ["static"]}, {"max_cache_len"}),
    ],
)
def test_cache_options_that_do_nothing(lint, config, keys):
    found = lint(config, "GS605")
    assert {finding.pointer[0] for finding in found} == keys
    assert all(finding.fix.safe for finding in found)


def test_the_table_of_caches_leads_to_names_that_stay():
    assert all(CACHES[now][1:] == (None, None) for _, _, now in CACHES.values() if now)
