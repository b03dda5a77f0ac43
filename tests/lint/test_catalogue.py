"""Everything that was gathered as going wrong has a rule, and the guide says of which rules files show only a part.

The codes are those under which faults were collected from threads and sources before there were rules.
"""

import re
from pathlib import Path

import genspec.lint.rules  # noqa: F401  fills RULES
from genspec.lint.rule import RULES

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "lint.md"
COLLECTED = [(101, 108), (201, 213), (301, 308), (401, 409), (501, 509), (601, 605), (701, 706), (801, 819), (901, 904)]


def section():
    """Return the section of the guide on what files cannot show."""
    _, _, rest = GUIDE.read_text(encoding="utf-8").partition("## What files cannot show\n")
    return rest.partition("\n## ")[0]


def test_every_fault_that_was_collected_has_a_rule():
    codes = [f"GS{number}" for first, last in COLLECTED for number in range(first, last + 1)]
    assert len(codes) == 81
    assert [code for code in codes if code not in RULES] == []


def test_the_guide_names_rules_that_there_are_and_each_once():
    named = [code for row in re.findall(r"^\| (GS.*?) \|", section(), re.M) for code in row.split(", ")]
    assert named and set(named) <= set(RULES), set(named) - set(RULES)
    assert len(set(named)) == len(named), named


def test_rules_of_medium_confidence_are_named_there():
    assert {"GS210", "GS502"} <= set(re.findall(r"GS\d{3}", section()))
