"""Family 9: the file itself, and keys that do not belong in it."""

import pytest

from genspec.lint.check import check_document
from genspec.lint.finding import Severity
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import Target

INFO, WARNING = Severity.INFO, Severity.WARNING
NINE = "GS9"


@pytest.mark.parametrize(("key", "field"), [("do_sampling", "do_sample"), ("MAX_LENGTH", "max_length"),
                                            ("eos_id", "eos_token_id"), ("top-p", "top_p")])
def test_a_misspelt_key_gets_the_field_and_a_rename(lint, key, field):
    (finding,) = lint({key: 1}, NINE)
    assert (finding.code, finding.severity) == ("GS901", WARNING)
    assert f"did you mean `{field}`?" in finding.message
    (edit,) = finding.fix.edits
    assert (edit.op, edit.pointer, edit.to, finding.fix.safe) == ("move", (key,), (field,), False)


def test_a_misspelt_key_beside_the_field_is_removed(lint):
    (finding,) = lint({"eos_id": 3, "eos_token_id": 2}, "GS901")
    assert "only `eos_token_id`" in finding.message and finding.fix.edits[0].op == "remove"


def test_the_seeds_end_token(lint):
    (finding,) = lint({"decoder_end_token_id": 2}, NINE)
    assert finding.code == "GS901" and "`eos_token_id`" in finding.message and "No version" in finding.message


def test_an_unknown_key_is_noted_at_the_key(lint):
    (finding,) = lint({"frobnicate": 3}, NINE)
    assert (finding.code, finding.severity, finding.fix) == ("GS901", INFO, None)
    assert finding.span.end_column - finding.span.column == len('"frobnicate"')


@pytest.mark.parametrize("config", [{"_comment": "x"}, {"$schema": "x"}, {"frobnicate": None}, {"max_tokens": None},
                                    {"eos_id": None}, {"vocab_size": None}])
def test_comments_and_null_say_nothing(seen, config):
    assert seen(config, NINE) == []


def test_keys_of_model_families_are_no_strangers(seen):
    whisper = {"alignment_heads": [[5, 3]], "lang_to_id": {"<|en|>": 5}, "task_to_id": {"translate": 6},
               "is_multilingual": True, "no_timestamps_token_id": 9, "max_initial_timestamp_index": 50,
               "prev_sot_token_id": 8, "return_timestamps": False, "language": "en", "task": "transcribe"}
    bark = {"semantic_config": {"temperature": 0.7}, "coarse_acoustics_config": {"temperature": 0.7},
            "fine_acoustics_config": {"temperature": 0.5}, "codebook_size": 1024, "model_type": "bark",
            "sample_rate": 24000}
    baichuan = {"user_token_id": 195, "assistant_token_id": 196}
    for config in (whisper, bark, baichuan):
        assert seen(config, NINE) == []


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("max_tokens", "transformers reads `max_new_tokens`"), ("frequency_penalty", "no such option"),
        ("seed", "set_seed"), ("maxOutputTokens", "`max_new_tokens`"), ("task_specific_params", "config.json"),
        ("eos_token", "where `eos_token_id` counts"), ("vocab_size", "belongs in config.json"),
    ],
)
def test_words_of_other_engines_and_files(lint, key, said):
    (finding,) = lint({key: 1}, NINE)
    assert (finding.code, finding.severity) == ("GS902", WARNING)
    assert said in finding.message


def test_many_keys_of_config_json_are_one_finding(lint):
    leftovers = {"architectures": ["X"], "vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 2, "model_type": "x"}
    (finding,) = lint(leftovers, NINE)
    assert "4 other keys belong in config.json" in finding.message
    assert len(lint({"vocab_size": 9, "hidden_size": 8, "model_type": "x"}, NINE)) == 3


MIXED = '{"temperature": 0.7, "max_tokens": 9, "model": "m", "prompt": "p", "presence_penalty": 1, "eos_id": 2, "a": 1}'


def test_in_another_programs_settings_only_what_has_a_field_is_noted():
    found = check_document(parse_document("generation_config.json", MIXED.encode()), Target())
    assert {(finding.code, finding.pointer[0]) for finding in found if finding.code.startswith("GS9")} == {
        ("GS902", "max_tokens"), ("GS901", "eos_id")}
    assert {finding.severity for finding in found} == {INFO}


@pytest.mark.parametrize(
    ("text", "place", "at"),
    [
        ('{"generation": {"temperature": 0.7}}', "`generation`", ("generation",)),
        ('{"models": [{"name": "a"}, {"top_k": 5}]}', "`models[1]`", ("models",)),
        ('[{"top_k": 5}]', "item 0 of the list", (0,)),
        ('{"max_new_tokens": 5, "sampling": {"top_k": 5}}', "`sampling`", ("sampling",)),
    ],
)
def test_nested_options_are_one_finding(check, text, place, at):
    (finding,) = check(text, NINE)
    assert (finding.code, finding.severity, finding.pointer) == ("GS905", WARNING, at)
    assert place in finding.message


def test_many_nested_objects_are_one_finding(check):
    (finding,) = check('{"a": {"top_k": 5}, "b": {"top_k": 5}, "c": {"top_k": 5}}')
    assert finding.code == "GS905" and "2 more" in finding.message


@pytest.mark.parametrize("text", ['{"width": 3, "height": 4}', "{}", "[]", "null", "3", '"x"', "true", "[[1]]"])
def test_a_file_without_generation_keys_gets_one_note(check, text):
    (finding,) = check(text)
    assert (finding.code, finding.severity) == ("GS906", INFO)


@pytest.mark.parametrize("text", ["", "<html></html>", "{,}", "\ufeff{}", "\ufeff", "[" * 20_000])
def test_a_broken_file_gets_no_note_that_it_holds_nothing(check_text, text):
    codes = check_text(text)
    assert codes and "GS906" not in codes and set(codes) <= {"GS903", "GS910"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"top_k": 5,}', "GS903"), ('{"max_new_tokens": ' + "9" * 5000 + "}", "GS903"),
        ('{"top_k": 5, "top_k": 6}', "GS908"), ('{"max_time": NaN}', "GS909"), ('{"max_time": 1e400}', "GS909"),
        ('{"max_time": -Infinity}', "GS909"),
    ],
)
def test_faults_of_the_text(check_text, text, code):
    assert code in check_text(text, NINE)


def test_faults_of_the_bytes():
    def codes(data):
        return [finding.code for finding in check_document(parse_document("generation_config.json", data), Target())]

    assert "GS910" in codes(b'{"max_new_tokens": 5, "x": "\xff"}')
    assert "GS910" in codes('{"max_new_tokens": 5}'.encode("utf-16"))
    assert codes(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n") == ["GS912"]


def test_other_keys_of_a_broken_file_are_still_checked(check_text):
    assert {"GS903", "GS901"} <= set(check_text('{"do_sampling": true "top_k": 5, "eos_token_id": 2}'))


@pytest.mark.parametrize("key", ["chat_format", "frobnicate", "alignment_heads"])
def test_custom_keys_beside_from_model_config_are_dropped(lint, key):
    (finding,) = lint({key: "x", "_from_model_config": True}, ("GS901", "GS911"))
    assert (finding.code, finding.severity, finding.pointer) == ("GS911", WARNING, (key,))
    assert lint({key: "x", "_from_model_config": False}, "GS911") == []


@pytest.mark.parametrize("key", ["_comment", "do_sampling", "max_tokens", "vocab_size", "streamer"])
def test_what_another_rule_reports_is_not_reported_as_dropped(seen, key):
    assert seen({key: "x", "_from_model_config": True}, "GS911") == []


def test_from_model_config_is_reported_on_demand(seen, check_text):
    assert seen({"_from_model_config": True}, "GS904") == [("GS904", "_from_model_config")]
    assert "GS904" not in check_text('{"_from_model_config": true, "eos_token_id": 2}')
