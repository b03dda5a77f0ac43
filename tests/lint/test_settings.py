"""Settings: which rules run, where they are read from, what is refused."""

import errno
import os

import pytest

from genspec.lint.finding import Severity
from genspec.lint.rule import RULES
from genspec.lint.settings import Settings, SettingsError, load_settings
from genspec.lint.target import Target


def codes(settings):
    return {rule.code for rule in settings.rules()}


def project(folder, text, name="genspec.toml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_without_options_every_rule_runs_that_is_on_by_default(tmp_path):
    settings = load_settings(tmp_path, {})
    assert settings == Settings()
    assert "GS201" in codes(settings)
    assert all(RULES[code].default for code in codes(settings))


@pytest.mark.parametrize("given", ["GS201", "gs201", "sampling-flag-without-do-sample"])
def test_select_takes_a_code_in_any_case_or_a_name(tmp_path, given):
    assert codes(load_settings(tmp_path, {"select": [given]})) == {"GS201"}


def test_select_takes_a_prefix(tmp_path):
    chosen = codes(load_settings(tmp_path, {"select": ["GS2"]}))
    assert chosen and all(code.startswith("GS2") for code in chosen)


def test_ignore_takes_lists_and_commas(tmp_path):
    everything = codes(Settings())
    assert codes(load_settings(tmp_path, {"ignore": ["GS201,GS9", " GS3 "]})) == {
        code for code in everything if code != "GS201" and not code.startswith(("GS3", "GS9"))
    }


@pytest.mark.parametrize(
    ("select", "ignore", "runs"),
    [
        (["GS201"], ["GS2"], True),         # the closer selector decides
        (["GS2"], ["GS201"], False),
        (["GS2"], ["GS2"], False),          # equally close: ignore does
        (["GS201"], ["GS201"], False),
        (["GS"], ["GS2"], False),
        (["GS2"], ["GS"], True),
    ],
)
def test_the_closest_selector_decides(tmp_path, select, ignore, runs):
    assert ("GS201" in codes(load_settings(tmp_path, {"select": select, "ignore": ignore}))) is runs


def test_a_rule_that_is_off_by_default_is_selected_only_by_itself(tmp_path):
    off = next(rule for rule in RULES.values() if not rule.default)
    assert off.code not in codes(load_settings(tmp_path, {"select": [off.code[:3]]}))
    assert off.code in codes(load_settings(tmp_path, {"select": [f"GS,{off.name}"]}))


def test_min_severity_moves_what_is_reported_and_what_fails(tmp_path):
    assert (Settings().min_severity, Settings().fails_at) == (Severity.INFO, Severity.WARNING)
    settings = load_settings(tmp_path, {"min-severity": "error"})
    assert (settings.min_severity, settings.fails_at) == (Severity.ERROR, Severity.ERROR)


def test_settings_are_found_upward_from_a_file(tmp_path):
    project(tmp_path, 'target = "transformers==4.46"\n')
    model = tmp_path / "a" / "b" / "generation_config.json"
    model.parent.mkdir(parents=True)
    model.write_text("{}")
    assert load_settings(model, {}).targets == (Target("transformers", (4, 46)),)


@pytest.mark.parametrize("given", ['"transformers==4.46, vllm>=0.10,<1"', '["transformers==4.46", "vllm>=0.10,<1"]'])
def test_a_project_may_have_several_targets(tmp_path, given):
    assert list(map(str, load_settings(project(tmp_path, f"target = {given}\n"), {}).targets)) == [
        "transformers==4.46", "vllm>=0.10,<1"]


def test_no_target_at_all_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="no target is named"):
        load_settings(project(tmp_path, "target = []\n"), {})


def test_the_nearest_file_decides_alone(tmp_path):
    project(tmp_path, 'target = "transformers==4.46"\n')
    inner = project(tmp_path / "inner", 'ignore = "GS2"\n')
    assert load_settings(inner, {}) == Settings(ignore=("GS2",))


def test_a_pyproject_counts_only_with_the_table(tmp_path):
    project(tmp_path, "[tool.genspec]\nignore = ['GS201']\n", "pyproject.toml")
    inner = project(tmp_path / "inner", "[project]\nname = 'about-genspec'\n", "pyproject.toml")
    assert load_settings(inner, {}).ignore == ("GS201",)


def test_a_broken_pyproject_that_does_not_speak_of_genspec_is_not_our_business(tmp_path):
    project(tmp_path, "[project\n", "pyproject.toml")
    assert load_settings(tmp_path, {}) == Settings()


def test_options_decide_over_the_file_key_by_key(tmp_path):
    project(tmp_path, 'min-severity = "error"\nignore = ["GS2"]\n')
    settings = load_settings(tmp_path, {"min-severity": "info", "ignore": None})
    assert (settings.fails_at, settings.ignore) == (Severity.INFO, ("GS2",))


def test_empty_lists_in_a_file_mean_nothing(tmp_path):
    assert load_settings(project(tmp_path, "select = []\nignore = []\n"), {}) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.genspec]\nselect = 'GS2'\n", "genspec.toml: settings stand at the top of this file"),
        ("select = 'GS999'\n", "no rule is called 'GS999': did you mean `GS909`? `genspec rule` lists them"),
        ("x = 1\n", "unknown setting `x`. Known: target,"),
        ("targe = 'x'\n", "unknown setting `targe`: did you mean `target`?"),
        ("min_severity = 'info'\n", "did you mean `min-severity`?"),
        ("target = 5\n", "target: 5 is an integer, not a string"),
        ("target = 'vlm==1'\n", "target: "),
        ("target = 'transformers>=5<'\n", "is not of the form"),
        ("min-severity = 'warn'\n", "'warn' is no severity: did you mean `warning`?"),
        ("select = ['GS2', true]\n", "select: True is a boolean, not a string"),
        ("select = 2001-01-01\n", "is a date or time, not a string"),
        ("ignore = ['sampling-flag-without-do-smaple']\n", "did you mean `sampling-flag-without-do-sample`?"),
        ("ignore = ['GS2 01']\n", "no rule is called 'GS2 01'"),
        ("ignore = ['E501']\n", "no rule is called 'E501'"),
        ("select = 'GS0'\n", "no rule is called 'GS0'"),
        ("select = ''\n", "no rule is called ''"),
        ("select = [\n", "is not valid TOML"),
        ("a = 1\na = 2\n", "line 2"),
        ("a = " + "[" * 5000 + "]" * 5000, "genspec.toml: "),
    ],
)
def test_what_means_nothing_is_refused_by_name(tmp_path, text, says):
    with pytest.raises(SettingsError, match=r"genspec\.toml") as caught:
        load_settings(project(tmp_path, text), {})
    assert says in str(caught.value)


def test_a_file_that_is_not_utf8_is_refused(tmp_path):
    (tmp_path / "genspec.toml").write_bytes(b"target = '\xff'\n")
    with pytest.raises(SettingsError, match="is not UTF-8"):
        load_settings(tmp_path, {})


def test_a_table_that_is_no_table_is_refused(tmp_path):
    project(tmp_path, "[tool]\ngenspec = 3\n", "pyproject.toml")
    with pytest.raises(SettingsError, match=r"\[tool.genspec\] is an integer, not a table"):
        load_settings(tmp_path, {})


def test_a_folder_of_that_name_is_no_settings_file(tmp_path):
    (tmp_path / "genspec.toml").mkdir()
    assert load_settings(tmp_path, {}) == Settings()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_nobody_waits_for_a_pipe_of_that_name(tmp_path):
    os.mkfifo(tmp_path / "genspec.toml")
    assert load_settings(tmp_path, {}) == Settings()


def test_a_file_that_is_too_large_is_refused(tmp_path):
    with open(tmp_path / "genspec.toml", "wb") as file:
        file.truncate(5 * 1024 * 1024)
    with pytest.raises(SettingsError, match="more than 4 MiB"):
        load_settings(tmp_path, {})


def test_a_byte_order_mark_is_passed_over(tmp_path):
    (tmp_path / "genspec.toml").write_bytes(b"\xef\xbb\xbfignore = 'GS2'\n")
    assert load_settings(tmp_path, {}).ignore == ("GS2",)


@pytest.mark.parametrize("function", ["os.stat", "builtins.open"])
def test_only_a_file_that_is_seen_must_be_readable(tmp_path, monkeypatch, function):
    project(tmp_path, "ignore = 'GS2'\n")

    def refuse(path, *_):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(function, refuse)
    if function == "os.stat":                   # a folder that may not be searched
        assert load_settings(tmp_path, {}) == Settings()
    else:
        with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
            load_settings(tmp_path, {})


def test_an_option_is_named_in_its_error(tmp_path):
    with pytest.raises(SettingsError, match=r"^--min-severity: 'bad' is no severity"):
        load_settings(tmp_path, {"min-severity": "bad"})
