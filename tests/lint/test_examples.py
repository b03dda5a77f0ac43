"""The examples of every rule: the bad one has the fault, the good one has no fault at all."""

import re

import pytest

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.lint.check import check_document
from genspec.lint.example import check_example
from genspec.lint.finding import Severity, Span
from genspec.lint.page import page_of, rule_page, rule_text, rules_index, target_of
from genspec.lint.rule import RULES
from genspec.lint.sources.document import Document, Problem, ProblemKind
from genspec.lint.target import Target, holds, parse_target

IDS = {code: f"{code} {rule.name}" for code, rule in RULES.items()}
ALL = pytest.mark.parametrize("code", sorted(RULES), ids=IDS.get)
WITHOUT_EXAMPLE = {"GS907", "GS913"}
"""The fault is not in the text of the file."""


def findings(code, example, codes=None):
    """Run rules over an example of a rule."""
    return check_example(example, target_of(RULES[code]), [RULES[code] for code in codes or sorted(RULES)])


@ALL
def test_the_bad_example_has_the_fault(code):
    if code in WITHOUT_EXAMPLE:
        assert RULES[code].bad is None
        return
    found = findings(code, RULES[code].bad, [code])
    assert found, "nothing found"
    assert {finding.code for finding in found} == {code}
    assert found[0].severity is RULES[code].severity


@ALL
def test_the_good_example_has_no_fault(code):
    found = findings(code, RULES[code].good)
    assert [finding for finding in found if finding.code == code] == []
    assert [finding for finding in found if finding.severity > Severity.INFO] == []


@ALL
def test_the_bad_example_shows_one_thing(code):
    """What else it has wrong is no error, and no second finding of a rule on the same key."""
    if code in WITHOUT_EXAMPLE:
        return
    found = findings(code, RULES[code].bad)
    others = [finding for finding in found if finding.code != code]
    mine = {finding.pointer for finding in found if finding.code == code}
    assert [finding for finding in others if finding.severity is Severity.ERROR] == []
    assert [finding for finding in others if finding.pointer in mine and finding.pointer] == []


def test_an_unreadable_file_is_reported_with_what_the_system_says():
    problem = Problem(ProblemKind.UNREADABLE, "permission denied")
    document = Document("generation_config.json", "", None, (problem,), lambda pointer, on_key: Span())
    (finding,) = check_document(document, Target())
    assert (finding.code, finding.message) == ("GS907", "permission denied")


@ALL
def test_code_name_and_clauses_are_well_formed(code):
    rule = RULES[code]
    assert rule.code == code and re.fullmatch(r"GS\d{3}", code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.clauses and all(re.fullmatch(r"[A-Z]+(-[A-Z]+)*-\d+", clause) for clause in rule.clauses)


def test_names_are_unique():
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


@ALL
def test_rationale_and_help_are_sentences(code):
    for text in (RULES[code].rationale, RULES[code].help):
        assert len(text.split()) > 3 and text.endswith(".") and "  " not in text and "\n" not in text


@ALL
def test_evidence_names_threads(code):
    for thread in RULES[code].evidence:
        assert re.fullmatch(r"[\w.-]+/[\w.-]+#\d+", thread)


@ALL
def test_every_rule_holds_for_the_newest_version_or_says_until_when(code):
    condition = RULES[code].targets
    assert holds(condition, target_of(RULES[code])) or "<" in condition


@ALL
@pytest.mark.parametrize("target", ["transformers==4.38.2", "transformers==4.46", "transformers==5", "transformers"])
def test_no_rule_fails_on_any_example_for_any_version(code, target):
    for example in (RULES[code].bad, RULES[code].good):
        check_example(example, parse_target(target), list(RULES.values()))


@ALL
def test_page_and_text_say_what_the_rule_says(code):
    rule = RULES[code]
    page, text = rule_page(rule), rule_text(rule)
    assert page.startswith(f"# {code} {rule.name}\n") and rule.rationale in page and rule.help in page
    assert all(f"[{clause}]({page_of(clause)})" in page for clause in rule.clauses)
    assert text.startswith(f"{code} {rule.name}") and rule.url in text
    assert page.count("```") % 2 == 0
    assert max(map(len, page.splitlines())) > 0 and "\n\n\n" not in page


def test_page_links_evidence_and_says_whether_the_fix_is_safe():
    page = rule_page(RULES["GS405"])
    assert "Fix: set `eos_token_id` to 2 (safe: no supported engine decodes differently after it)." in page
    assert "](https://github.com/huggingface/transformers/issues/18261)" in rule_page(RULES["GS901"])
    assert "../spec/special_tokens.md" in page


def test_index_lists_every_rule_once():
    rows = re.findall(r"^\| \[(GS\d+)\]", rules_index(), re.M)
    assert rows == sorted(RULES)
