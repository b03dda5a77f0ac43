"""The semantics that fit an engine's answers are found: decoders of every profile, declared as `hf`."""

import re
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest
from support.clauses import clauses
from support.semantics import answers, telling_cases
from support.strategies import described

from genspec.config.choice_points import WORDS, points, rearranged, takers, written
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from genspec.conform.inference.answers import reference_reply
from genspec.conform.inference.finding import CONFIRMED, INFERRED, NOT_SHOWN, Explanation, Semantics
from genspec.conform.inference.semantics import Answered, inferred

PAGE = Path(__file__).resolve().parents[3] / "docs" / "spec" / "profiles.md"
ENGINES = [profile for profile in PROFILES.values() if profile.name not in ("hf", "hf-4.50")]


@cache
def semantics_of(name: str) -> tuple[Semantics, dict[str, tuple[Explanation, ...]]]:
    given, who = answers(PROFILES[name], telling_cases())
    return inferred(given, who, "hf", seconds=600)


def shows(point: str, profile: Profile) -> bool:
    """Tell whether a case has another answer when a profile takes the option of `hf` at one choice point."""
    other = replace(profile, **{point: getattr(HF, point)})
    return any(reply(case, profile) != reply(case, other) for case in telling_cases() if has_operations(case, profile))


def reply(case: object, profile: Profile) -> object:
    try:
        return reference_reply(case, HF, profile)
    except ValueError:
        return None


def has_operations(case: object, profile: Profile) -> bool:
    given = case.question.input
    names = [one["operation"] for one in (given, *given.get("operations", ())) if "operation" in one]
    return all(name in profile.order for name in names)


@pytest.mark.parametrize("profile", ENGINES, ids=lambda profile: profile.name)
@clauses("PROFILES-1", "PROFILES-2")
def test_the_options_of_an_engine_are_found(profile: Profile) -> None:
    found, _ = semantics_of(profile.name)
    for point in found.points:
        declared, real = getattr(HF, point.point), getattr(profile, point.point)
        if point.status == INFERRED and point.point != "order":
            assert point.option == written(real), described(point=point)
        if declared != real and point.point not in ("order", "version", "modes") and shows(point.point, profile):
            assert point.status == INFERRED, described(point=point, real=real)
        if declared == real:
            assert point.status in (CONFIRMED, NOT_SHOWN), described(point=point)
    assert found.complete and found.unexplained == 0, described(found=found)


@pytest.mark.parametrize("profile", ENGINES, ids=lambda profile: profile.name)
def test_the_profile_of_an_engine_fits_best(profile: Profile) -> None:
    found, _ = semantics_of(profile.name)
    fits = {fit.profile: fit.violations for fit in found.fits}
    assert fits[profile.name] == 0 < fits["hf"], described(fits=fits)
    assert found.best == profile.name, described(fits=fits)


def test_a_right_decoder_has_its_choice_points_confirmed() -> None:
    found, explained = semantics_of("hf")
    confirmed = {point.point for point in found.of(CONFIRMED)}
    assert confirmed >= {
        "default_length", "order", "beam_order", "nucleus_mass", "top_k_ties", "typical_ties", "penalty_scope",
        "penalty_window", "ngram_scope", "beam_input", "beam_candidates", "finishing_rank", "finishing_rules",
        "hypothesis_length", "length_normalisation", "default_early_stopping", "stop_bound", "drawn_order",
        "drawn_start",
    }, described(found=found)
    assert not found.of(INFERRED) and not explained and found.best == "hf"
    assert all(point.reason for point in found.of(NOT_SHOWN)), described(found=found)


@pytest.mark.parametrize(("tells", "status"), [(("sequences",), NOT_SHOWN), (("scores", "sequences"), CONFIRMED)])
@clauses("TOP-P-2", "TOP-P-3")
def test_one_of_several_right_answers_confirms_what_all_of_them_do(tells: tuple[str, ...], status: str) -> None:
    _, who = answers(HF, [])
    case = next(one for one in telling_cases() if one.question.id == "profiles/tied-half-of-two")
    found, _ = inferred([Answered(case, None, tells)], who, "hf", seconds=600)
    point = next(one for one in found.points if one.point == "nucleus_boundary")
    assert point.status == status, described(point=point)


def test_the_order_of_operations_is_told_pair_by_pair() -> None:
    found, _ = semantics_of("llama.cpp")
    other = {(pair.first, pair.then) for pair in found.order if pair.inferred}
    assert {("top_p", "temperature"), ("min_p", "temperature"), ("typical_p", "top_p")} <= other, described(other=other)
    order = PROFILES["llama.cpp"].order
    assert all(order.index(pair.first) < order.index(pair.then) for pair in found.order), described(order=found.order)


@pytest.mark.parametrize(("name", "case", "said"), [
    ("llama.cpp", "top_k/all-equal", "top_k_ties exact: exactly k tokens are kept"),
    ("llama.cpp", "pipeline/pair-temperature-top-p", "order: top_p before temperature"),
    ("sglang", "profiles/penalty-scope-not-output", "penalty_scope output: new tokens alone count"),
    ("t5x", "profiles/length-normalisation-not-gnmt", "t5x: "),
])
def test_a_violation_says_what_would_explain_it(name: str, case: str, said: str) -> None:
    _, explained = semantics_of(name)
    texts = [str(one) for one in explained[case]]
    assert any(said in text and name in text.partition(":")[0] for text in texts), texts


def test_what_no_option_explains_is_not_blamed_on_one() -> None:
    given, who = answers(HF, telling_cases())
    wrong = [replace(one, reply={"scores": [9.0] * 8}) if place % 5 == 0 and one.case.question.level == "L1" else one
             for place, one in enumerate(given)]
    found, explained = inferred(wrong, who, "hf", seconds=600)
    count = sum(one.reply is not None for one in wrong)
    assert count > 5 and found.failures == found.unexplained == count, described(found=found)
    assert not found.of(INFERRED) and not any(explained.values()) and found.best == "hf", described(found=found)


@pytest.mark.parametrize(("every", "status"), [(1, INFERRED), (2, NOT_SHOWN)])
@clauses("PROFILES-3")
def test_a_decoder_that_fails_in_a_mode_lacks_it_only_when_it_never_answers(every: int, status: str) -> None:
    given, who = answers(HF, telling_cases())
    beams = [one for one in given if (one.case.question.input.get("config") or {}).get("num_beams", 1) > 1]
    fail = {one.case.question.id for one in beams[::every]}
    wrong = [replace(one, reply={"reject": [], "error": "RuntimeError: no beams"}, tells=())
             if one.case.question.id in fail else one for one in given]
    found, explained = inferred(wrong, who, "hf", seconds=600)
    modes = next(point for point in found.points if point.point == "modes")
    assert len(fail) > 5 and modes.status == status, described(modes=modes, fail=len(fail))
    assert ("beam_search" in modes.option) == (status == NOT_SHOWN), described(modes=modes)
    assert any(explained.values()) == (status == INFERRED), described(explained=explained)


def test_a_profile_that_was_wrongly_declared_is_found_out() -> None:
    declared = PROFILES["sglang"]
    given, who = answers(HF, telling_cases(declared), declared)
    found, _ = inferred(given, who, "sglang", seconds=600)
    options = {point.point: point.option for point in found.of(INFERRED)}
    assert options.items() >= {"nucleus_mass": "renormalised", "penalty_scope": "row"}.items(), described(found=found)
    assert {fit.profile: fit.violations for fit in found.fits}["hf"] == 0, described(fits=found.fits)


def test_time_that_is_over_is_said() -> None:
    given, who = answers(PROFILES["vllm"], telling_cases())
    found, _ = inferred(given, who, "hf", seconds=1e-6)
    assert not found.complete and found.unexplained == found.failures


def test_the_choice_points_are_those_of_the_page() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([A-Z-]+-\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(rows).items() <= {point.name: point.clause for point in points()}.items()
    assert {point.name for point in points()} == {field.name for field in fields(Profile)} - {"name"}
    assert {point.name for point in points()} - dict(rows).keys() == {"version", "modes", "order", "beam_order"}


def test_every_option_has_words_and_every_option_of_a_profile_is_one() -> None:
    listed = {(point.name, option) for point in points() for option in point.options}
    without = {name for name, _ in listed - WORDS.keys()}
    assert without == {"version", "modes", "order", "beam_order", "penalty_window"}, described(without=without)
    assert WORDS.keys() <= listed
    for point in points():
        assert {getattr(profile, point.name) for profile in PROFILES.values()} <= set(point.options)
        assert all(takers(point.name, getattr(profile, point.name)) for profile in PROFILES.values())


@pytest.mark.parametrize(("now", "said"), [
    ("abc", ""), ("ab", "no c"), ("acb", "c before b"), ("cab", "c before a"), ("bxa", "no c; x too; b before a"),
])
def test_an_order_is_described_by_what_is_another(now: str, said: str) -> None:
    assert rearranged(tuple("abc"), tuple(now)) == said
