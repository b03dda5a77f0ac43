"""Which version of which engine a config is meant for, and which conditions cover it."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.target import (
    NEWEST,
    Target,
    TargetError,
    compare,
    engines,
    holds,
    is_within,
    parse_target,
    parse_targets,
)


@pytest.mark.parametrize(("text", "version", "spelt"), [
    ("transformers", NEWEST["transformers"], "transformers==5.23"),
    ("  Transformers ", NEWEST["transformers"], "transformers==5.23"),
    ("transformers==5", (5,), "transformers==5"),
    ("transformers == 4.46 ", (4, 46), "transformers==4.46"),
    ("TRANSFORMERS==4.46.3", (4, 46, 3), "transformers==4.46.3"),
    ("transformers==4.46.3.1", (4, 46, 3, 1), "transformers==4.46.3.1"),
    ("transformers==10.0", (10, 0), "transformers==10.0"),
])
def test_a_target_is_read_and_spelt(text, version, spelt):
    target = parse_target(text)
    assert (target, str(target)) == (Target("transformers", version), spelt)
    assert parse_target(str(target)) == target


def test_without_a_version_the_newest_is_meant():
    assert Target() == parse_target("transformers") == parse_target("transformers==5.23")


@pytest.mark.parametrize("text", [
    "", " ", "==5", "transformers==", "transformers=5", "transformers>=", "transformers==5.", "transformers==v5",
    "transformers==5.23rc1", "transformers==1.2.3.4.5", "transformers==5.23 x", "transformers,vllm", "5.23", "-t==5",
    "transformers~=5.0", "transformers>=5,", "transformers >= 5 5",
])
def test_another_form_is_no_target(text):
    with pytest.raises(TargetError, match="is not of the form ENGINE, ENGINE==VERSION or ENGINE>=VERSION,<VERSION"):
        parse_target(text)


@pytest.mark.parametrize("text", ["transformer", "transfomers==3", "vlm>=0.9"])
def test_another_engine_is_refused_with_those_that_are_known(text):
    engine = text.partition("=")[0].rstrip(">")
    with pytest.raises(TargetError, match=f"^target engine .{engine}. is not known[.:].* Known: transformers, .*oll"):
        parse_target(text)


@pytest.mark.parametrize("engine", engines())
def test_every_engine_can_be_a_target_and_is_by_default_the_newest_one_known(engine):
    target = parse_target(engine)
    assert (target.engine, target.points, parse_target(str(target))) == (engine, (target,), target)
    assert holds(engine, target) and holds(f"transformers | {engine}>=0.1", target)


@pytest.mark.parametrize(("text", "first", "last", "number"), [
    ("transformers>=4.46,<5", (4, 46), (4, 57), 12),
    ("transformers>=4.46.2 , < 4.48", (4, 46), (4, 47), 2),
    ("transformers<=4.39", (4, 38), (4, 39), 2),
    ("transformers!=5.23", (4, 38), (5, 22), 43),
    ("vllm>=0.10", (0, 10), (0, 33), 24),
    ("vllm>=0.60", (0, 60), (0, 60), 1),           # newer than any that is known: what the range names
    ("llama.cpp>=2026.10", (2026, 10, 11549), (2026, 10, 11549), 1),
])
def test_a_range_stands_for_the_minor_releases_in_it(text, first, last, number):
    target = parse_target(text)
    points = [point.version for point in target.points]
    assert (points[0], points[-1], len(points), target.version) == (first, last, number, last)
    assert str(target) == text.replace(" ", "") and parse_target(str(target)) == target
    assert all(is_within(point, target.bounds) for point in points)


def test_an_empty_range_is_refused():
    with pytest.raises(TargetError, match="holds for no version"):
        parse_target("transformers>5,<4")


def test_several_targets_are_read_from_lists_and_commas():
    found = parse_targets(["transformers==4.46,vllm>=0.10,<0.12", "ollama", "transformers==4.46"])
    assert [str(target) for target in found] == ["transformers==4.46", "vllm>=0.10,<0.12", str(parse_target("ollama"))]


@pytest.mark.parametrize(("condition", "covered", "not_covered"), [
    ("transformers", ["4.38", "5", "5.23"], []),
    ("transformers>=4.57", ["4.57", "4.57.0", "4.58", "4", "5", "5.23"], ["4.56", "4.56.9", "3"]),
    ("transformers>4.57", ["4.58", "5"], ["4.57", "4.57.6", "4.56", "4"]),
    ("transformers<5", ["4.57.6", "4"], ["5", "5.0", "5.23"]),
    ("transformers<4.57", ["4.56.9", "4.9"], ["4.57", "4.57.1", "4", "5"]),
    ("transformers<=4.57", ["4.57", "4.57.6", "4.56", "4"], ["4.58", "5"]),
    ("transformers==4.57", ["4.57", "4.57.6", "4"], ["4.56", "4.58", "5"]),
    ("transformers!=4.57", ["4.56", "4.58", "5"], ["4.57", "4.57.6", "4"]),
    ("transformers>=4.57,<5", ["4.57", "4.99.1"], ["4.56", "5", "5.0"]),
    ("transformers >= 4.57 , < 5", ["4.57"], ["4.56", "5"]),
    ("transformers>=4.46.2", ["4.46.2", "4.46.3", "4.46", "4.47"], ["4.46.1", "4.45"]),
    ("transformers<4.46.2", ["4.46.1", "4.45"], ["4.46.2", "4.46", "4.47"]),
    ("vllm", [], ["4.57", "5"]),
    ("transformer>=4", [], ["4.57", "5"]),
    (">=4", [], ["5"]),
    ("vllm | transformers>=5", ["5"], ["4.57"]),
    ("transformers<4.40 | vllm>=5 | transformers>=5", ["4.39", "5.1"], ["4.57"]),
])
def test_a_condition_covers_versions_as_far_as_they_are_given(condition, covered, not_covered):
    found = {text: holds(condition, parse_target(f"transformers=={text}")) for text in [*covered, *not_covered]}
    assert found == {**dict.fromkeys(covered, True), **dict.fromkeys(not_covered, False)}


SIGNS = {"==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
versions = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(tuple)


@given(versions, st.sampled_from(sorted(SIGNS)), versions)
def test_versions_compare_as_numbers_on_the_places_that_both_have(version, sign, bound):
    places = min(len(version), len(bound))
    found = compare(version, sign, ".".join(map(str, bound)))
    assert found is SIGNS[sign](version[:places], bound[:places]), (version, sign, bound)


@given(versions, versions)
def test_a_version_holds_for_exactly_one_of_below_equal_and_above(version, bound):
    text, target = ".".join(map(str, bound)), Target("transformers", version)
    found = {sign: holds(f"transformers{sign}{text}", target) for sign in SIGNS}
    assert sum(found[sign] for sign in ("<", "==", ">")) == 1, (version, bound, found)
    assert (found["<="], found[">="], found["!="]) == (not found[">"], not found["<"], not found["=="]), found
