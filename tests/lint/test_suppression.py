"""Findings that are silenced: by comments, by the settings; and what silences nothing is reported."""

import pytest

from genspec.lint.finding import Span
from genspec.lint.judge import Judge, check_paths
from genspec.lint.settings import Settings, SettingsError, load_settings
from genspec.lint.sources.json_text import parse_document
from genspec.lint.suppression import comments_in

TEXT = '{\n  "temperature": 0.7,\n  "top_p": 0.9,\n  "eos_token_id": 2,\n  "pad_token_id": 0\n}'


@pytest.mark.parametrize(("text", "expected"), [
    ("x = 1  # genspec: ignore", [(1, ())]),
    ("x = 1  # genspec: ignore[GS201, GS3]", [(1, ("GS201", "GS3"))]),
    ("# genspec: ignore[GS201]\nx = 1", [(2, ("GS201",))]),
    ("  // genspec:ignore[dead-flag]\nx", [(2, ("dead-flag",))]),
    ("# genspec: ignored\n", []),
    ("# gen: ignore", []),
])
def test_comments(text, expected):
    assert [(comment.line, comment.codes) for comment in comments_in(text)] == expected


def judged(comments, **settings):
    """Check a config in whose text these comments are thought to be."""
    document = parse_document("generation_config.json", TEXT.encode())
    return Judge(Settings(**settings))(document._replace(comments=tuple(comments_in(comments))))


def lines(findings):
    return [(finding.code, finding.span.line) for finding in findings]


def test_a_comment_silences_its_line_and_its_rules_alone():
    assert lines(judged("")) == [("GS201", 2), ("GS201", 3)]
    assert lines(judged("\n# genspec: ignore[GS201]")) == [("GS201", 2)]
    assert lines(judged("\n x # genspec: ignore[sampling-flag-without-do-sample]")) == [("GS201", 3)]
    assert lines(judged("\n x # genspec: ignore")) == [("GS201", 3)]


def test_a_comment_that_silences_nothing_is_reported_where_it_stands():
    found = judged("\nx # genspec: ignore[GS3]")
    assert lines(found) == [("GS201", 2), ("GS201", 3), ("GS913", 2)]
    assert found[2].span == Span(2, 3, 2, 25)
    assert lines(judged("\nx # genspec: ignore[GS3]", select=("GS201", "GS913"))) == [("GS201", 2), ("GS201", 3)]


@pytest.fixture
def project(tmp_path):
    """Write a project with two models, and read its settings."""

    def make(ignores):
        for name in ("a", "b"):
            (tmp_path / "models" / name).mkdir(parents=True, exist_ok=True)
            (tmp_path / "models" / name / "generation_config.json").write_text(TEXT)
        (tmp_path / "genspec.toml").write_text(f"[per-file-ignores]\n{ignores}\n")
        report = check_paths([tmp_path], load_settings(tmp_path, {}))
        places = [(finding.path[-len("a/generation_config.json")], finding.pointer) for finding in report.findings]
        return places, report.notes

    return make


EVERY = [("a", ("temperature",)), ("a", ("top_p",)), ("b", ("temperature",)), ("b", ("top_p",))]


@pytest.mark.parametrize(("ignores", "left"), [
    ('"models/a/" = ["GS201"]', EVERY[2:]),
    ('"*.json" = "GS2"', []),
    ('"models/*/generation_config.json#/top_p" = ["GS201"]', [EVERY[0], EVERY[2]]),
    ('"b/generation_config.json#/top_p" = ["sampling-flag-without-do-sample"]', EVERY),
    ('"elsewhere/" = ["GS201"]', EVERY),
])
def test_the_settings_silence_rules_in_files_and_at_places(project, ignores, left):
    assert project(ignores) == (left, ())


@pytest.mark.parametrize("pointer", ["/top", "/temperature/0", "/top_p~1"])
def test_a_pointer_is_a_place_or_what_is_in_it(project, pointer):
    places, notes = project(f'"*.json#{pointer}" = ["GS201"]')
    assert places == EVERY and len(notes) == 1


def test_settings_that_silence_nothing_in_their_files_are_noted(project):
    assert project('"models/a/" = ["GS301"]\n"other/" = ["GS301"]') == (
        EVERY, ("per-file-ignores: `models/a/` silences nothing: remove it",))


@pytest.mark.parametrize(("ignores", "message"), [
    ('"models#top_p" = ["GS201"]', "no pattern"), ('"a" = ["GS999"]', "no rule is called"), ('"a" = 1', "not a string"),
])
def test_settings_that_mean_nothing_are_errors(project, ignores, message):
    with pytest.raises(SettingsError, match=message):
        project(ignores)
