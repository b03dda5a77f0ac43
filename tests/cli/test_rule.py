"""genspec rule and genspec schema."""

import json

import pytest
from jsonschema import Draft202012Validator

from genspec.lint.rule import RULES


def test_without_argument_every_rule_is_listed(genspec):
    status, out, err = genspec("rule")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == sorted(RULES)
    assert "off by default" in next(line for line in out.splitlines() if line.startswith("GS904"))


@pytest.mark.parametrize("given", ["GS201", "gs201", "sampling-flag-without-do-sample"])
def test_a_rule_is_explained_by_code_or_name(genspec, given):
    status, out, err = genspec("rule", given)
    assert (status, err) == (0, "")
    assert "GS201" in out and "sampling-flag-without-do-sample" in out and "MODE-2" in out


def test_schema_is_a_json_schema_that_knows_the_fields(genspec):
    status, out, err = genspec("schema")
    assert (status, err) == (0, "")
    schema = json.loads(out)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    assert validator.is_valid({"do_sample": True, "top_p": 0.9})
    assert not validator.is_valid({"do_sampling": True})
    assert not validator.is_valid({"top_p": 1.5})
