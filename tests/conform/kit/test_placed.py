"""Placed calls show what they are there for, and speak of clauses that there are."""

import re
from pathlib import Path

import pytest
from support.placing import makers, shows
from support.strategies import described

from genspec.backends.reference import ReferenceDecoder
from genspec.conform.cases.placed import batches, placed, seeds

SPEC = Path(__file__).parents[3] / "docs" / "spec"
CLAUSES = {clause for page in SPEC.glob("*.md")
           for clause in re.findall(r"^\| ([A-Z]+(?:-[A-Z]+)*-\d+) \|", page.read_text("utf-8"), re.M)}
EVERY = [*placed("hf"), *batches("hf")]


@pytest.mark.parametrize("kind", ["CHOICE_SEEDS", "FIELD_SEEDS", "ORDER_SEEDS"])
def test_each_call_with_a_seed_shows_what_it_is_there_for(kind: str) -> None:
    known = getattr(seeds, kind)
    made = {name: (make, wrong) for one, name, make, wrong in makers() if one == kind}
    assert set(known) <= set(made), set(known) - set(made)
    silent = [name for name, seed in known.items() if not shows(made[name][0](seed), made[name][1])]
    assert not silent, described(silent=silent)


def test_each_call_is_decoded_and_names_clauses_that_there_are() -> None:
    assert len(EVERY) == len({case.name for case in EVERY}) > 400
    for case in EVERY:
        assert set(case.clauses) <= CLAUSES, described(case=case.name, clauses=case.clauses)
        assert case.boundary and isinstance(ReferenceDecoder().decode(case.call), tuple), described(case=case.name)


def test_they_speak_of_transformers_alone() -> None:
    assert placed("vllm") == batches("vllm") == ()
