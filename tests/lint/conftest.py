"""What the tests of the linter share."""

import pytest

from genspec.lint.check import check_document
from genspec.lint.rule import RULES
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import Target


@pytest.fixture(scope="session")
def check():
    """Check the text of a file with the rules that run by default, or with those whose codes begin so."""

    def run(text, codes=""):
        rules = [rule for code, rule in sorted(RULES.items()) if rule.default and code.startswith(codes)]
        return check_document(parse_document("generation_config.json", text.encode()), Target(), rules)

    return run


@pytest.fixture(scope="session")
def check_text(check):
    """Give the codes of the findings."""

    def run(text, codes=""):
        return [finding.code for finding in check(text, codes)]

    return run
