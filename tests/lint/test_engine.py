"""The engine under the rules: what a rule sees, how its drafts become findings, and runs over files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import genspec.lint.rule as registry
from genspec.config.fields import FIELDS
from genspec.config.mode import BEAMS, SAMPLING, Mode
from genspec.lint.check import MOST_FOUND, Report, check_document, default_rules, read_document
from genspec.lint.draft import Draft
from genspec.lint.finding import Edit, Severity, Span, json_pointer
from genspec.lint.judge import check_paths
from genspec.lint.kind import Kind
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import RULES, Rule, rules_for
from genspec.lint.settings import Settings
from genspec.lint.sources.document import Place, Source
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import Target

INFO, WARNING, ERROR = Severity

# What a rule sees


def node(values, at=()):
    """Return the node of a config, wherever it stands."""
    place = Place(Source.GENERATION_CONFIG, values, at)
    return ConfigNode(parse_document("f", b"{}"), place, Target(), Kind.GENERATION)


@pytest.mark.parametrize(("value", "number"), [
    (0, 0), (0.0, 0.0), (-1, -1), (2.5, 2.5), (True, None), (False, None), ("1", None), (None, None), ([1], None),
])
def test_a_number_is_no_bool(value, number):
    found = node({"top_k": value}).number("top_k")
    assert (found, type(found)) == (number, type(number))
    assert node({}).number("top_k") is None


def test_given_are_the_fields_that_are_set_by_the_keys_of_files():
    values = {"top_k": 0, "do_sample": False, "top_p": None, "eos_token_id": [], "x": 1, "from_model_config": True,
              "_from_model_config": True, "commit_hash": 5}
    config = node(values)
    assert config.given == ("top_k", "do_sample", "eos_token_id")
    assert (config.value("top_k"), config.value("top_p"), config.value("none")) == (0, None, None)
    assert set(config.refused) == set()


def test_refused_are_the_given_fields_with_a_reason():
    config = node({"top_k": -1, "do_sample": "no", "top_p": 0.5, "x": -1, "commit_hash": 5, "min_p": None})
    assert {key: reason.clause for key, reason in config.refused.items()} == {
        "top_k": "TOP-K-1", "do_sample": "CONFIG-3",
    }


def test_set_fields_act_in_these_modes_and_no_others():
    config = node(dict.fromkeys(FIELDS, 1))
    assert set(config.set_fields(SAMPLING)) == {
        "temperature", "top_k", "top_p", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff",
    }
    assert set(config.set_fields(BEAMS)) == {
        "early_stopping", "length_penalty", "num_beam_groups", "diversity_penalty", "constraints", "force_words_ids",
    }
    assert set(config.set_fields(frozenset({Mode.GROUP_BEAM_SEARCH}))) == {"num_beam_groups", "diversity_penalty"}
    assert list(node({"top_k": None}).set_fields(SAMPLING)) == []


@pytest.mark.parametrize("at", [(), ("models", 1)])
def test_findings_and_edits_point_below_the_config(at):
    config = node({"top_k": None, "top_p": 1}, at)
    assert config.finding("top_k", "m") == Draft((*at, "top_k"), "m")
    assert config.finding(("a", 0), "m", severity=INFO, on_key=True) == Draft((*at, "a", 0), "m", None, INFO, True)
    assert config.finding((), "m").pointer == at
    assert config.remove("top_k") == Edit("remove", (*at, "top_k"))
    assert config.set("top_k", 0) == Edit("replace", (*at, "top_k"), 0)     # null is there, so it is replaced
    assert config.set("min_p", 0.5) == Edit("add", (*at, "min_p"), 0.5)
    assert config.rename("top_k", "k") == Edit("move", (*at, "top_k"), None, (*at, "k"))
    assert config.finding("a", "m", fix=safe("F", config.remove("a"))).fix == safe("F", Edit("remove", (*at, "a")))


def test_fixes_are_safe_or_not():
    edits = (Edit("remove", ("a",)), Edit("remove", ("b",)))
    assert (safe("F", *edits).safe, safe("F", *edits).edits) == (True, edits)
    assert (unsafe("F", *edits).safe, unsafe("F", *edits).edits) == (False, edits)


# Registering rules


@pytest.fixture
def empty(monkeypatch):
    """Give a registry without rules."""
    monkeypatch.setattr(registry, "RULES", {})
    rules_for.cache_clear()
    yield registry
    rules_for.cache_clear()


def declare(registry, code, name, **others):
    """Register a rule that finds nothing."""
    given = {"severity": WARNING, "clauses": ["B-1", "A-1"], "rationale": "a\n   b", "help": "c\n   d", "bad": 1,
             "good": 2, **others}
    return registry.rule(code, name, **given)(lambda config: iter(()))


def test_a_rule_is_registered_as_it_is_declared(empty):
    check = declare(empty, "GS1", "one", evidence=["b/b#2", "a/a#1"])
    assert empty.RULES["GS1"] == Rule(
        code="GS1", name="one", severity=WARNING, clauses=("B-1", "A-1"), targets="transformers", rationale="a b",
        help="c d", bad=1, good=2, evidence=("b/b#2", "a/a#1"), default=True, any_file=False, check=check,
    )
    assert empty.RULES["GS1"].url == "https://genspec.readthedocs.io/en/latest/rules/GS1/"


@pytest.mark.parametrize(("code", "name"), [("GS1", "two"), ("GS2", "one"), ("GS1", "one")])
def test_a_code_or_a_name_is_taken_once(empty, code, name):
    declare(empty, "GS1", "one")
    with pytest.raises(ValueError, match=f"rule {code} {name} is registered twice"):
        declare(empty, code, name)


def test_rules_of_a_target_stand_in_the_order_of_their_codes(empty):
    declare(empty, "GS3", "three", targets="transformers<5")
    declare(empty, "GS2", "two", default=False)
    declare(empty, "GS1", "one", targets="transformers>=4.57")

    def codes(version, rules=rules_for):
        return [rule.code for rule in rules(Target("transformers", version))]

    assert codes((4, 57)) == ["GS1", "GS2", "GS3"]
    assert (codes((5,)), codes((4, 38))) == (["GS1", "GS2"], ["GS2", "GS3"])
    assert (codes((4, 57), default_rules), codes((5,), default_rules)) == (["GS1", "GS3"], ["GS1"])


# From drafts to findings

TEXT = """{"top_k": 1, "top_p": 1,
 "transformers_version": "5.23.0",
 "eos_token_id": [2,
    7]}"""
FIX = safe("Remove it", Edit("remove", ("top_k",)))


def rule(code="GS001", *drafts, severity=ERROR, any_file=False, seen=None):
    """Return a rule that yields these drafts whatever it sees, and notes in a list what that is."""
    def check(config):
        if seen is not None:
            seen.append(config)
        yield from drafts

    return Rule(
        code, f"name-of-{code}", severity, ("B-1", "A-1"), "transformers", "Why.", "What to do.", None, None, (), True,
        any_file, check,
    )


def run(text, *rules):
    return check_document(parse_document("dir/generation_config.json", text.encode()), Target(), rules)


def test_a_finding_has_the_identity_of_its_rule_and_the_place_of_its_draft():
    (found,) = run(TEXT, rule("GS001", Draft(("eos_token_id", 1), "Wrong.", FIX)))
    assert (found.code, found.name, found.severity, found.message) == ("GS001", "name-of-GS001", ERROR, "Wrong.")
    assert (found.path, found.pointer, found.span) == (
        "dir/generation_config.json", ("eos_token_id", 1), Span(4, 5, 4, 6)
    )
    assert (found.clause, found.help, found.fix) == ("B-1", "What to do.", FIX)
    assert found.url == "https://genspec.readthedocs.io/en/latest/rules/GS001/"


def test_a_finding_points_at_the_member_the_key_the_document_or_where_the_parser_said():
    spans = [found.span for found in run(
        TEXT,
        rule("GS001", Draft(("eos_token_id",), "member"), Draft(("eos_token_id",), "key", on_key=True)),
        rule("GS002", Draft((), "whole"), Draft(("top_k",), "parser", span=Span(9, 8, 9, 9))),
    )]
    assert spans == [Span(1, 1, 4, 8), Span(3, 2, 4, 7), Span(3, 2, 3, 16), Span(9, 8, 9, 9)]


def test_findings_stand_in_the_order_of_the_text_then_of_the_codes():
    found = run(
        TEXT,
        rule("GS003", Draft(("eos_token_id",), "3"), Draft(("top_p",), "3"), Draft(("top_k",), "3")),
        rule("GS001", Draft(("top_p",), "1"), Draft(("eos_token_id", 1), "1"), Draft(("eos_token_id", 0), "1")),
        rule("GS002", Draft(("top_k",), "b"), Draft(("top_k",), "a"), Draft((), "2")),
    )
    assert [(each.span.line, each.span.column, each.code, each.message) for each in found] == [
        (1, 1, "GS002", "2"), (1, 2, "GS002", "b"), (1, 2, "GS002", "a"), (1, 2, "GS003", "3"), (1, 14, "GS001", "1"),
        (1, 14, "GS003", "3"), (3, 2, "GS003", "3"), (3, 19, "GS001", "1"), (4, 5, "GS001", "1"),
    ]


@given(st.lists(st.tuples(st.sampled_from(["GS1", "GS2", "GS3"]), st.sampled_from(
    [(), ("top_k",), ("top_p",), ("eos_token_id",), ("eos_token_id", 0), ("eos_token_id", 1), ("absent",)]
)), max_size=9))
def test_findings_are_sorted_whatever_the_order_of_the_rules(drawn):
    found = run(TEXT, *(rule(code, Draft(pointer, "m")) for code, pointer in drawn))
    places = [(each.span.line, each.span.column, each.code) for each in found]
    assert places == sorted(places) and len(found) == len(drawn), places


DOCUMENTS = {
    Kind.GENERATION: '{"top_k": 1}', Kind.MIXED: '{"top_k": 1, "model": "m", "prompt": "p"}',
    Kind.NESTED: '{"sampling": {"top_k": 1}}', Kind.FOREIGN: '{"width": 3}',
}


@pytest.mark.parametrize(("own", "of_draft", "in_config", "in_mixed", "of_any_file"), [
    (ERROR, None, ERROR, INFO, ERROR), (WARNING, None, WARNING, INFO, WARNING), (INFO, None, INFO, INFO, INFO),
    (ERROR, WARNING, WARNING, INFO, WARNING), (WARNING, ERROR, ERROR, INFO, ERROR), (ERROR, INFO, INFO, INFO, INFO),
])
def test_a_draft_may_have_a_severity_of_its_own_and_a_mixed_file_caps_it(own, of_draft, in_config, in_mixed,
                                                                         of_any_file):
    draft = Draft((), "m", severity=of_draft)
    plain, of_file = rule("GS001", draft, severity=own), rule("GS002", draft, severity=own, any_file=True)
    found = {kind: [each.severity for each in run(text, plain, of_file)] for kind, text in DOCUMENTS.items()}
    assert found == {
        Kind.GENERATION: [in_config, of_any_file], Kind.MIXED: [in_mixed, of_any_file],
        Kind.NESTED: [of_any_file], Kind.FOREIGN: [of_any_file],
    }


@pytest.mark.parametrize("text", ["[]", "null", "3", '"top_k"', "", "{", "[1, [2]]", '[{"top_k": 1}]'])
def test_a_rule_of_any_file_sees_an_empty_config_where_there_is_no_object(text):
    seen = []
    assert run(text, rule(any_file=True, seen=seen)) == []
    assert [config.values for config in seen] == [{}]


def test_a_rule_is_told_document_values_target_and_kind():
    seen = []
    document, target = parse_document("f", DOCUMENTS[Kind.MIXED].encode()), Target("transformers", (4, 46))
    check_document(document, target, [rule(seen=seen)])
    (config,) = seen
    assert (config.document, config.target, config.kind, config.at) == (document, target, Kind.MIXED, ())
    assert config.values == {"top_k": 1, "model": "m", "prompt": "p"}


def test_no_rules_find_nothing_and_the_default_rules_find_what_the_target_has():
    document = parse_document("f", b'{"transformers_version": "5.23.0", "penalty_alpha": 0.6, "top_k": 4}')
    assert check_document(document, Target(), []) == []

    def codes(version):
        return {found.code for found in check_document(document, Target("transformers", version))}

    assert "GS701" in codes((5, 23)) and "GS701" not in codes((4, 46))
    off = {code for code, known in RULES.items() if not known.default}
    assert off and not codes((5, 23)) & off


@pytest.mark.parametrize("number", [0, 1, MOST_FOUND - 1, MOST_FOUND, MOST_FOUND + 1, MOST_FOUND + 2, 100])
def test_a_rule_has_so_many_findings_in_a_file_and_the_last_says_when_there_are_more(number):
    drafts = [Draft(("top_k",), f"fault {index}") for index in range(number)]
    found = [each.message for each in run(TEXT, rule("GS001", *drafts), rule("GS002", Draft((), "other")))]
    expected = [f"fault {index}" for index in range(min(number, MOST_FOUND))]
    if number > MOST_FOUND:
        expected[-1] += " (and this file has more of the kind)"
    assert found == ["other", *expected]


# Reports and runs over files


def test_a_report_counts_and_reaches():
    drafts = [Draft((), "m", severity=severity) for severity in (INFO, WARNING, WARNING)]
    report = Report(tuple(run(TEXT, rule("GS001", *drafts))), ("a",))
    assert [report.count(severity) for severity in Severity] == [1, 2, 0]
    assert [report.reaches(severity) for severity in Severity] == [True, True, False]
    assert [Report((), ("a",)).reaches(severity) for severity in Severity] == [False, False, False]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Make a tree: a clean file, a warning, an error, infos, an unreadable one; and stand in it."""
    texts = {
        "a": '{"eos_token_id": 2, "pad_token_id": 0, "max_new_tokens": 5}', "b": '{"temperature": 0.5}',
        "c": '{"eos_token_id": 2, "pad_token_id": 0, "top_p": 2.0}', "d": '{"width": 3}',
    }
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "generation_config.json").write_text(text)
    (tmp_path / "e" / "generation_config.json").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return [f"{name}/generation_config.json" for name in "abcde"]


def test_every_file_is_reported_in_order_and_its_findings_stand_together(files):
    told = []
    report = check_paths(["."], Settings(select=("GS201", "GS204", "GS906", "GS907")), told.append)
    assert list(report.files) == told == files
    assert [(found.code, found.path, found.severity) for found in report.findings] == [
        ("GS201", files[1], WARNING), ("GS204", files[2], ERROR), ("GS906", files[3], INFO), ("GS907", files[4], ERROR),
    ]
    assert check_paths(["."], Settings(select=("GS201", "GS204", "GS906", "GS907"))) == report


@pytest.mark.parametrize("least", Severity)
def test_findings_below_the_least_severity_are_left_out(files, least):
    every = check_paths(["."], Settings())
    report = check_paths(["."], Settings(min_severity=least, fails_at=ERROR))
    assert {found.severity for found in every.findings} == set(Severity)
    assert report.findings == tuple(found for found in every.findings if found.severity >= least)
    assert list(report.files) == files


def test_paths_are_checked_in_the_order_given_and_what_is_not_there_is_a_finding(files):
    report = check_paths([files[2], "nowhere", files[0]], Settings(select=("GS9", "GS204")))
    assert list(report.files) == [files[2], "nowhere", files[0]]
    assert [(found.code, found.path, found.span) for found in report.findings] == [
        ("GS204", files[2], Span(1, 40, 1, 52)), ("GS907", "nowhere", Span()),
    ]
    assert "no such file or folder" in report.findings[1].message
    assert read_document("nowhere").value is None


def test_the_target_of_the_settings_decides(files, tmp_path):
    (tmp_path / "a" / "generation_config.json").write_text('{"penalty_alpha": 0.6, "top_k": 4}')
    settings = Settings(select=("GS701",))
    old = settings._replace(targets=(Target("transformers", (4, 56)),))
    assert [found.severity for found in check_paths([files[0]], settings).findings] == [ERROR]
    assert [found.severity for found in check_paths([files[0]], old).findings] == [WARNING]


def test_an_empty_file_is_read_and_has_one_finding(tmp_path):
    (tmp_path / "x.json").write_bytes(b"")
    assert [found.code for found in check_paths([tmp_path / "x.json"], Settings()).findings] == ["GS903"]


def test_an_unreadable_file_is_no_config_and_has_one_finding(files):
    (found,) = check_paths(["e"], Settings()).findings
    assert (found.code, found.pointer, found.span) == ("GS907", (), Span())


@pytest.mark.parametrize(("pointer", "spelt"), [
    ((), ""), (("a",), "/a"), (("a", 0, "b"), "/a/0/b"), (("",), "/"), (("~/", "/~1"), "/~0~1/~1~01"),
])
def test_a_pointer_is_spelt_as_the_standard_says(pointer, spelt):
    assert json_pointer(pointer) == spelt


def test_severities_are_ordered_and_spelt_in_small_letters():
    assert INFO < WARNING < ERROR
    assert [str(severity) for severity in Severity] == ["info", "warning", "error"]
