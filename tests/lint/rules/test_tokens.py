"""Family 4: token ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.config.annotations import expected
from genspec.config.fields import FIELDS
from genspec.config.values import reason_against
from genspec.lint.finding import Severity

IDS = {"eos_token_id": 2, "pad_token_id": 0}
TOKEN_FIELDS = sorted(name for name, field in FIELDS.items() if "token id" in expected(field.type))
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 12) | st.sampled_from([2.0, 2.5, -1.0, 1e300, "2", "", "-1", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "(3,)"]), inner, max_size=2),
    max_leaves=8,
)


@given(st.sampled_from(TOKEN_FIELDS), JUNK)
def test_whatever_is_no_token_id_is_reported(lint, name, value):
    found = [finding for finding in lint({name: value}, "GS40") if finding.pointer[:1] == (name,)]
    if value is not None and reason_against(name, value) is not None:
        assert {finding.code for finding in found} & {"GS404", "GS405", "GS408"}, (name, value)


@given(st.dictionaries(st.sampled_from(TOKEN_FIELDS), JUNK, max_size=6))
def test_no_rule_fails_on_junk(lint, config):
    lint(config, "GS4")


@pytest.mark.parametrize("name", TOKEN_FIELDS)
def test_null_is_unset(seen, name):
    assert seen({**IDS, name: None}, ("GS404", "GS405", "GS407", "GS408", "GS410")) == []


@pytest.mark.parametrize(
    "config",
    [{"bos_token_id": 1}, {"pad_token_id": 0, "eos_token_id": None}, {"_from_model_config": True}, {"do_sample": True}],
)
def test_no_eos(lint, config):
    (finding,) = lint(config, "GS401")
    assert (finding.severity, finding.pointer) == (Severity.WARNING, ())


@pytest.mark.parametrize(
    "config",
    [
        {"eos_token_id": 2},
        {"eos_token_id": []},                                           # GS405 speaks of it
        {"eos_token_id": None, "pad_token_id": None},                   # a dump of defaults
        {"stop_strings": ["###"]},
        {"semantic_config": {}, "codebook_size": 1024},                 # Bark
        {"pad_token_id": 2048, "bos_token_id": 2048, "decoder_start_token_id": 2048},   # MusicGen
    ],
)
def test_eos_is_not_asked_for_where_something_else_ends_the_row(seen, config):
    assert seen(config, "GS401") == []


def test_eos_is_asked_for_only_where_transformers_wrote_the_file_or_token_ids_are_set(check_text):
    assert check_text('{"temperature": 0.7, "do_sample": true}', "GS401") == []
    assert check_text('{"pad_token_id": 0}', "GS401") == ["GS401"]
    assert check_text('{"pad_token_id": 0, "model": "m", "prompt": "p"}', "GS401") == []


@pytest.mark.parametrize(("eos", "first"), [(2, 2), (0, 0), ([7, 2], 7)])
def test_no_pad(lint, eos, first):
    (finding,) = lint({"eos_token_id": eos}, "GS402")
    assert finding.severity is Severity.INFO
    assert finding.fix.edits[0].value == first and not finding.fix.safe


def test_pad_zero_is_a_pad_id(seen):
    assert seen({"eos_token_id": 2, "pad_token_id": 0}, ("GS402", "GS403")) == []


@pytest.mark.parametrize("eos", [3, [2, 3]])
def test_pad_among_eos(seen, eos):
    assert seen({"eos_token_id": eos, "pad_token_id": 3}, "GS403") == [("GS403", "pad_token_id")]
    assert seen({"eos_token_id": eos, "pad_token_id": 4}, "GS403") == []


@pytest.mark.parametrize(
    ("name", "value", "severity"),
    [
        ("pad_token_id", -1, Severity.WARNING), ("eos_token_id", -1, Severity.ERROR),
        ("bos_token_id", -100, Severity.ERROR), ("eos_token_id", [2, -1], Severity.ERROR),
        ("decoder_start_token_id", -1, Severity.ERROR), ("forced_eos_token_id", -1, Severity.ERROR),
        ("suppress_tokens", [5, -1], Severity.WARNING),
    ],
)
def test_negative_ids(lint, name, value, severity):
    found = lint({**IDS, name: value}, ("GS404", "GS405"))
    assert [(finding.code, finding.severity) for finding in found] == [("GS404", severity)]
    assert found[0].pointer == ((name, 1) if isinstance(value, list) else (name,))


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("eos_token_id", "2", 2), ("eos_token_id", 2.0, 2), ("eos_token_id", ["2", 3], [2, 3]),
        ("pad_token_id", [0], 0),
        ("pad_token_id", "0", 0), ("suppress_tokens", 5, [5]), ("suppress_tokens", [5.0], [5]),
        ("forced_bos_token_id", [3], 3), ("decoder_start_token_id", "1", 1),
    ],
)
def test_ids_in_another_shape_are_mended_safely(lint, name, value, right):
    (finding,) = lint({**IDS, name: value}, "GS405")
    assert finding.severity is Severity.ERROR
    assert finding.fix.safe and finding.fix.edits[0].value == right


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("eos_token_id", True), ("eos_token_id", "</s>"), ("eos_token_id", 2.5), ("eos_token_id", [[2]]),
        ("eos_token_id", {"id": 2}), ("pad_token_id", []), ("pad_token_id", [0, 1]), ("bos_token_id", False),
        ("suppress_tokens", "5"), ("eos_token_id", [2, True]), ("forced_decoder_ids", [[1]]),
        ("forced_decoder_ids", [1, 2]), ("force_words_ids", [["a"]]),
    ],
)
def test_ids_of_no_shape(seen, name, value):
    assert seen({**IDS, name: value}, "GS405") == [("GS405", name)]


def test_an_empty_list_of_eos_is_removed(lint):
    (finding,) = lint({"eos_token_id": [], "pad_token_id": 0}, "GS405")
    assert finding.fix.edits[0].op == "remove"
    assert lint({**IDS, "suppress_tokens": [], "begin_suppress_tokens": []}, "GS405") == []


@pytest.mark.parametrize(("name", "severity"), [("eos_token_id", Severity.WARNING), ("suppress_tokens", Severity.INFO)])
def test_repeated_ids(lint, name, severity):
    (finding,) = lint({**IDS, name: [2, 3, 2]}, "GS405")
    assert finding.severity is severity and finding.fix.edits[0].value == [2, 3]
    assert finding.fix.safe is (severity is Severity.INFO)


def test_position_of_a_bad_item(lint):
    (finding,) = lint({**IDS, "eos_token_id": [2, "3"]}, "GS405")
    assert finding.pointer == ("eos_token_id", 1)


@pytest.mark.parametrize(
    ("config", "keys"),
    [
        ({"forced_eos_token_id": 2, "suppress_tokens": [1, 2]}, ["forced_eos_token_id"]),
        ({"forced_bos_token_id": 3, "suppress_tokens": [3]}, ["forced_bos_token_id"]),
        ({"forced_eos_token_id": [2, 3], "suppress_tokens": [3, 2]}, ["forced_eos_token_id"]),
        ({"forced_eos_token_id": [2, 3], "suppress_tokens": [2]}, []),
        ({"forced_bos_token_id": 3, "begin_suppress_tokens": [3]}, []),
        ({"forced_decoder_ids": [[1, 3]], "suppress_tokens": [3], "begin_suppress_tokens": [2]}, []),
        ({"forced_eos_token_id": 2, "suppress_tokens": []}, []),
    ],
)
def test_forced_and_suppressed(seen, config, keys):
    assert [key for _, key in seen({**IDS, **config}, "GS407")] == keys


@pytest.mark.parametrize(
    "bans", [[5], [[-1]], [["5"]], [[5.0]], [[True]], [[]], "x", 5, {"5": 1}, [[5], 6], [[5], [6, None]], []]
)
def test_bans_of_the_wrong_shape(lint, bans):
    (finding,) = lint({**IDS, "bad_words_ids": bans}, "GS408")
    assert finding.severity is Severity.ERROR


def test_a_flat_list_of_bans_becomes_one_ban_an_id(lint):
    (finding,) = lint({**IDS, "bad_words_ids": [5, 6]}, "GS408")
    assert finding.fix.edits[0].value == [[5], [6]] and not finding.fix.safe


def test_bans_that_are_right(seen):
    assert seen({"eos_token_id": 0, "pad_token_id": 65000, "bad_words_ids": [[65000]]}, "GS408") == []
    assert seen({**IDS, "bad_words_ids": [[5], [6, 2]]}, "GS408") == []


def test_a_ban_on_eos_is_said_to_be_dropped(lint):
    (finding,) = lint({"eos_token_id": [2, 3], "bad_words_ids": [[5], [3]]}, "GS408")
    assert (finding.severity, finding.pointer) == (Severity.INFO, ("bad_words_ids", 1))


@pytest.mark.parametrize(
    "biases", [{"(3,)": 1.0}, {}, [], [[3, 1.0]], [[[], 1.0]], [[[-1], 1.0]], [[[3], "1"]], [[[3]]], "x", [[[3], True]]]
)
def test_biases_of_the_wrong_shape(lint, biases):
    (finding,) = lint({**IDS, "sequence_bias": biases}, "GS408")
    assert finding.severity is Severity.ERROR


def test_an_integer_bias_is_written_as_a_real_number(lint):
    (finding,) = lint({**IDS, "sequence_bias": [[[3], -1.5], [[4, 5], 2]]}, "GS408")
    assert finding.pointer == ("sequence_bias", 1, 1)
    assert finding.fix.safe and finding.fix.edits[0].value == 2.0
    assert lint({**IDS, "sequence_bias": [[[3], -1.5]]}, "GS408") == []


@pytest.mark.parametrize(
    ("forced", "eos", "fires"),
    [(1, 2, True), (2, 2, False), (2, [1, 2], False), ([1, 2], 2, False), ([3, 4], [1, 2], True), (1, None, False)],
)
def test_forced_eos_is_an_eos(seen, forced, eos, fires):
    found = seen({"forced_eos_token_id": forced, "eos_token_id": eos, "pad_token_id": 0}, "GS410")
    assert found == [("GS410", "forced_eos_token_id")] * fires
