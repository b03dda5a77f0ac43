"""What the tests of rules share."""

import json

import pytest

from genspec.lint.check import check_document
from genspec.lint.rule import rules_for
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import parse_target


@pytest.fixture(scope="session")
def lint():
    """Run the rules of a family, or of one code, over a config written as JSON, one member a line."""

    def run(config, codes="GS", target="transformers"):
        # A file with this key is a generation config whatever else it holds.
        text = json.dumps({"transformers_version": "5.23.0", **config}, indent=2)
        version = parse_target(target)
        rules = [rule for rule in rules_for(version) if rule.code.startswith(codes)]
        return check_document(parse_document("generation_config.json", text.encode()), version, rules)

    return run


@pytest.fixture(scope="session")
def seen(lint):
    """Give the findings as (code, key) pairs, None for the file as a whole."""

    def run(config, codes="GS", target="transformers"):
        found = lint(config, codes, target)
        return [(finding.code, finding.pointer[0] if finding.pointer else None) for finding in found]

    return run
