"""Edits of JSON text: the value is as the edit says, and all else is as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.finding import Edit
from genspec.lint.fixing.json_edit import edited

TEXT = '{\r\n\t"a": 1,\r\n\r\n\t"b": [1, 2],   "c": "x"\r\n}\r\n'


@pytest.mark.parametrize(("edit", "expected"), [
    (Edit("remove", ("a",)), '{\r\n\t"b": [1, 2],   "c": "x"\r\n}\r\n'),
    (Edit("remove", ("b",)), '{\r\n\t"a": 1,\r\n\r\n\t"c": "x"\r\n}\r\n'),
    (Edit("remove", ("c",)), '{\r\n\t"a": 1,\r\n\r\n\t"b": [1, 2]\r\n}\r\n'),
    (Edit("replace", ("a",), 2.0), '{\r\n\t"a": 2.0,\r\n\r\n\t"b": [1, 2],   "c": "x"\r\n}\r\n'),
    (Edit("replace", ("b", 1), "é"), '{\r\n\t"a": 1,\r\n\r\n\t"b": [1, "é"],   "c": "x"\r\n}\r\n'),
    (Edit("move", ("a",), to=("d",)), '{\r\n\t"d": 1,\r\n\r\n\t"b": [1, 2],   "c": "x"\r\n}\r\n'),
    (Edit("add", ("d",), True), '{\r\n\t"a": 1,\r\n\r\n\t"b": [1, 2],   "c": "x",\r\n\t"d": true\r\n}\r\n'),
])
def test_order_spaces_and_line_endings_stay(edit, expected):
    assert edited(TEXT, edit) == expected


@pytest.mark.parametrize(("text", "edit", "expected"), [
    ("{}", Edit("add", ("a",), None), '{"a": null}'),
    ('{"a":1}', Edit("add", ("b",), 2), '{"a":1,"b":2}'),
    ('{"a": 1}', Edit("add", ("b",), 2), '{"a": 1, "b": 2}'),
    ('{ "a" : 1 }', Edit("add", ("b",), 2), '{ "a" : 1, "b" : 2 }'),
    ('{\n  "a": 1\n}\n', Edit("remove", ("a",)), "{}\n"),
    ('{"a": [\n    1,\n    "2"\n  ]}', Edit("replace", ("a",), [1, 2, 3]), '{"a": [\n    1,\n    2,\n    3\n  ]}'),
    ('{"a": {"b": 1}}', Edit("move", ("a", "b"), to=("b",)), '{"a": {}, "b": 1}'),
])
def test_small_texts(text, edit, expected):
    assert edited(text, edit) == expected


@pytest.mark.parametrize("edit", [
    Edit("remove", ("z",)), Edit("replace", ("b", 7), 1), Edit("move", ("a",), to=("b",)), Edit("add", ("b", "x"), 1),
])
def test_what_has_no_place_is_not_done(edit):
    assert edited(TEXT, edit) is None


keys = st.text(min_size=1, max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8,
)


@given(st.dictionaries(keys, values, min_size=1, max_size=5), values, st.sampled_from([None, 0, 2, "\t"]), st.data())
def test_the_value_is_as_json_patch_says(members, value, indent, data):
    text = json.dumps(members, indent=indent)
    key, new = data.draw(st.sampled_from(sorted(members))), data.draw(keys.filter(lambda key: key not in members))
    removed = {name: item for name, item in members.items() if name != key}
    renamed = {new if name == key else name: item for name, item in members.items()}
    for edit, expected in [
        (Edit("remove", (key,)), removed), (Edit("replace", (key,), value), {**members, key: value}),
        (Edit("add", (new,), value), {**members, new: value}), (Edit("move", (key,), to=(new,)), renamed),
    ]:
        after = edited(text, edit)
        assert after is not None
        assert list(json.loads(after).items()) == list(expected.items()), (text, edit, after)
