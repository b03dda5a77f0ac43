"""genspec check: what it reads, what it reports, how it ends."""

import json

import pytest

CLEAN = '{"do_sample": true, "eos_token_id": 2, "max_new_tokens": 20, "pad_token_id": 0, "top_k": 0}'
FAULTY = '{"temperature": 0.7, "max_new_tokens": 20, "eos_token_id": 2, "pad_token_id": 0}'
ONLY_INFOS = ("--select", "GS906")          # a file that is no generation config: one note


def findings(result):
    return json.loads(result.out)["findings"]


def found(result):
    return {finding["code"] for finding in findings(result)}


def test_a_clean_file_leaves_zero(genspec, model):
    assert genspec("check", model(CLEAN)) == (0, "1 file checked: nothing found.\n", "")


def test_a_finding_leaves_one_and_shows_its_line(genspec, model):
    result = genspec("check", model(FAULTY), "--select", "GS201")
    assert (result.status, result.err) == (1, "")
    assert result.out.startswith("model/generation_config.json:1:2: GS201 warning [MODE-2] `temperature` has no effect")
    assert '1 | {"temperature": 0.7' in result.out
    assert "1 file checked: 1 warning." in result.out


def test_without_a_path_the_current_folder_is_checked(genspec, model):
    model(FAULTY, "a")
    model(FAULTY, "b/c")
    result = genspec("check", "--format", "json")
    assert result.status == 1
    assert {finding["path"] for finding in findings(result)} == {
        "a/generation_config.json", "b/c/generation_config.json"
    }
    assert json.loads(result.out)["summary"]["files"] == 2


def test_exit_zero_leaves_zero_although_there_are_findings(genspec, model):
    result = genspec("check", "--exit-zero", model(FAULTY))
    assert result.status == 0 and "GS201" in result.out


def test_infos_are_shown_and_do_not_fail(genspec, model):
    path = model('{"learning_rate": 0.1}')
    shown = genspec("check", path, *ONLY_INFOS)
    assert shown.status == 0 and "GS906 info" in shown.out
    assert genspec("check", path, *ONLY_INFOS, "--min-severity", "info").status == 1
    hidden = genspec("check", path, *ONLY_INFOS, "--min-severity", "warning")
    assert hidden.status == 0 and "GS906" not in hidden.out


def test_options_and_paths_stand_in_any_order(genspec, model):
    first, second = model(FAULTY, "a"), model(FAULTY, "b")
    plain = genspec("check", "--format", "json", "--select", "GS2", "--select", "GS4", first, second)
    assert genspec("check", first, "--select=GS2,GS4", second, "--format=json") == plain
    assert genspec("check", "--select", "GS2,GS4", "--format=json", "--", first, second) == plain


def test_after_two_dashes_everything_is_a_path(genspec, model):
    paths = {finding["path"] for finding in findings(genspec("check", "--format=json", "--", "--help", "-h", "--"))}
    assert paths == {"--help", "-h", "--"}


def test_a_file_called_dash_is_no_standard_input(genspec, tmp_path):
    (tmp_path / "-").write_text(FAULTY)
    assert "GS201" in found(genspec("check", "./-", "--format=json"))


@pytest.mark.parametrize("given", ["model/", "./model", "model//", ".", "./", "../{here}/model"])
def test_a_path_is_shown_without_what_it_says_for_nothing(genspec, model, tmp_path, given):
    model(FAULTY)
    result = genspec("check", given.format(here=tmp_path.name), "--format=json")
    start = given.format(here=tmp_path.name) if ".." in given else "model"
    assert {finding["path"] for finding in findings(result)} == {f"{start}/generation_config.json"}


def test_min_severity_error_hides_warnings_and_leaves_zero(genspec, model):
    result = genspec("check", model(FAULTY), "--min-severity=error")
    assert (result.status, result.out) == (0, "1 file checked: nothing found.\n")


def test_select_and_ignore_choose_the_rules(genspec, model):
    path = model('{"temperature": 0.7, "max_length": 5, "max_new_tokens": 20}')
    everything = found(genspec("check", path, "--format=json"))
    assert {"GS201", "GS101"} <= everything
    assert found(genspec("check", path, "--format=json", "--select", "GS2")) == {"GS201"}
    assert found(genspec("check", path, "--format=json", "--ignore", "GS201,GS4")) == {
        code for code in everything if code != "GS201" and not code.startswith("GS4")
    }


def test_target_chooses_the_version(genspec, model):
    path = model('{"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5, "eos_token_id": 2}')
    assert "GS701" in found(genspec("check", path, "--format=json"))
    assert "GS701" not in found(genspec("check", path, "--format=json", "--target", "transformers==4.46"))


def test_the_project_file_is_honoured_and_options_decide_over_it(genspec, model, tmp_path):
    path = model(FAULTY)
    (tmp_path / "pyproject.toml").write_text('[tool.genspec]\nignore = ["GS2"]\n')
    assert "GS201" not in found(genspec("check", path, "--format=json"))
    assert "GS201" in found(genspec("check", path, "--format=json", "--ignore", "GS9"))


def test_a_folder_without_configs_leaves_three(genspec, tmp_path):
    (tmp_path / "empty").mkdir()
    result = genspec("check", "empty")
    assert result.status == 3
    assert result.err == "genspec: error: no file to check found in empty\n"


def test_no_input_is_still_a_report_in_json(genspec):
    result = genspec("check", "--format=json")
    assert result.status == 3 and json.loads(result.out)["summary"]["files"] == 0


def test_a_path_that_is_not_there_is_named_and_the_others_are_checked(genspec, model):
    result = genspec("check", "nowhere", model(FAULTY), "--format", "json")
    assert result.status == 1
    assert {("nowhere", "GS907"), ("model/generation_config.json", "GS201")} <= {
        (finding["path"], finding["code"]) for finding in findings(result)
    }


def test_paths_of_which_none_exists_leave_three_and_name_them(genspec):
    status, out, err = genspec("check", "nowhere", "here/neither")
    assert (status, err) == (3, "genspec: error: no such file or folder: nowhere, here/neither\n")
    assert "nowhere:1:1: GS907" in out


def test_a_file_given_by_name_is_checked_whatever_its_name(genspec, tmp_path):
    (tmp_path / "other.json").write_text(FAULTY)
    assert "other.json:1:2: GS201" in genspec("check", "other.json").out


def test_output_writes_the_report_to_a_file(genspec, model, tmp_path):
    result = genspec("check", model(FAULTY), "--format=json", "--output", "report.json")
    assert (result.status, result.out, result.err) == (1, "", "")
    assert json.loads((tmp_path / "report.json").read_text())["version"] == 1


@pytest.mark.parametrize("arguments", [("-",), ("-", "--stdin-filename", "m.json"), ("--stdin-filename", "m.json")])
def test_standard_input_is_a_file_of_the_given_name(process, arguments):
    result = process("check", *arguments, "--format=json", given=FAULTY.encode())
    assert result.status == 1
    assert {finding["path"] for finding in findings(result)} == {"m.json" if len(arguments) > 1 else "<stdin>"}


def test_the_frame_of_standard_input_shows_it(process):
    assert '1 | {"temperature": 0.7' in process("check", "-", given=FAULTY.encode()).out


def test_standard_input_honours_select_and_min_severity(process):
    arguments = ("check", "-", "--format=json", "--min-severity", "info")
    assert found(process(*arguments, "--select", "GS201", given=FAULTY.encode())) == {"GS201"}
    quiet = process("check", "-", "--min-severity", "error", given=FAULTY.encode())
    assert (quiet.status, quiet.out) == (0, "1 file checked: nothing found.\n")


def test_settings_hold_for_the_place_of_the_standard_input(process, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "genspec.toml").write_text('ignore = ["GS2"]')
    result = process("check", "--stdin-filename", "sub/generation_config.json", "--format=json", given=FAULTY.encode())
    assert "GS201" not in found(result)


@pytest.mark.parametrize("given", [b"", b"\xff\xfe{\x00}\x00", b"<html>", b"\x80"])
def test_bad_standard_input_is_a_finding(process, given):
    result = process("check", "-", given=given)
    assert result.status == 1 and "<stdin>:1:1: GS9" in result.out and not result.err


def test_several_files_stand_in_the_order_of_the_paths(genspec, model):
    second, first = model(FAULTY, "b"), model(FAULTY, "a")
    paths = [finding["path"] for finding in findings(genspec("check", second, first, "--format", "json"))]
    assert list(dict.fromkeys(paths)) == [str(second), str(first)]


def test_several_reports_in_one_run(genspec, model, tmp_path):
    path = model(FAULTY)
    result = genspec("check", path, "--output", "sarif=a.sarif", "--output", "junit=b.xml")
    assert (result.status, "GS201" in result.out) == (1, True)
    assert json.loads((tmp_path / "a.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "b.xml").read_text().startswith("<?xml")
    quiet = genspec("check", path, "--format", "github", "--output", "./c=d", "--output", "json=e")
    assert (quiet.status, quiet.out) == (1, "")
    assert (tmp_path / "c=d").read_text().startswith("::warning file=model/generation_config.json,line=1,")
    assert findings_in(tmp_path / "e") == ["GS201"]


@pytest.mark.parametrize(("outputs", "message"), [
    (["a", "a"], "two reports are to be written to a: give each a file of its own"),
    (["json=a", "sarif=a"], "two reports are to be written to a"),
    (["xml=a"], "no format is called 'xml': there are text, json, sarif, github, gitlab, junit. A file of this name is "
                "written `./xml=a`"),
    (["sarf=a"], "no format is called 'sarf': did you mean `sarif`?"),
])
def test_reports_that_have_no_place_are_refused(genspec, model, tmp_path, outputs, message):
    result = genspec("check", model(FAULTY), *(f"--output={output}" for output in outputs))
    assert (result.status, result.out) == (2, "")
    assert message in result.err, result.err
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def findings_in(path):
    return [finding["code"] for finding in json.loads(path.read_text())["findings"]]


def test_targets_may_be_given_again_and_a_finding_says_for_which_it_holds(genspec, tmp_path):
    path = tmp_path / "generation_config.json"
    path.write_text('{"do_sample": false, "max_new_tokens": 64}')
    arguments = ("check", str(path), "--format=json", "--target", "transformers>=4.46", "--target", "vllm>=0.15,ollama")
    messages = {finding["code"]: finding["message"] for finding in findings(genspec(*arguments))}
    assert messages["GS802"].endswith("(for vllm>=0.15)") and messages["GS805"].endswith("(for vllm>=0.15)"), messages
    assert set(messages) == {"GS801", "GS802", "GS805", *(code for code in messages if code.startswith("GS4"))}
    assert "GS802" not in found(genspec("check", str(path), "--format=json"))


def test_a_file_in_the_words_of_an_engine_is_checked_for_that_engine(genspec, tmp_path):
    (tmp_path / "serve.yaml").write_text('model: m\noverride-generation-config: {"presence_penalty": 1.0}\n')
    (tmp_path / "values.yaml").write_text("vllm: 1\n")
    assert found(genspec("check", str(tmp_path), "--format=json")) == set()
    assert found(genspec("check", str(tmp_path), "--format=json", "--target", "vllm==0.30")) == {"GS803"}
    assert genspec("check", str(tmp_path / "serve.yaml")).out.startswith("1 file checked")


def test_standard_input_is_read_as_its_name_says(genspec, process):
    result = process("check", "-", "--stdin-filename", "x.yaml", "--format=json",
                     given=b"max_completion_length: 5\ntop_p: 1.5\n")
    assert found(result) == {"GS204"}
