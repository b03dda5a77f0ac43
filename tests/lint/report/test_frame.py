"""The code frame: carets stand under the place, whatever the line holds."""

from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.finding import Span
from genspec.lint.report.frame import frame
from genspec.lint.report.paint import plain
from genspec.lint.report.printable import width


def lines(text, *span):
    return list(frame(text.split("\n"), Span(*span), plain, ""))


def test_the_line_before_is_shown_and_the_place_is_underlined():
    assert lines('{\n  "top_k": 5\n}', 2, 3, 2, 13) == [
        "1 | {",
        '2 |   "top_k": 5',
        "  |   ^^^^^^^^^^",
    ]


def test_line_numbers_are_aligned():
    shown = lines("\n" * 8 + "nine\nten", 10, 1, 10, 4)
    assert shown == [" 9 | nine", "10 | ten", "   | ^^^"]


def test_of_a_place_over_several_lines_the_first_is_underlined_to_its_end():
    assert lines('{"a": [\n1]}', 1, 2, 2, 3)[-1] == "  |  ^^^^^^"


def test_an_empty_place_gets_one_caret():
    assert lines("{}", 1, 2, 1, 2)[-1] == "  |  ^"


def test_a_place_at_the_end_of_the_text_is_after_its_last_character():
    assert lines("{", 1, 2, 1, 2)[-1] == "  |  ^"


def test_no_text_no_frame():
    assert lines("", 1, 1, 1, 1) == []
    assert list(frame([], Span(), plain, "")) == []
    assert lines("{}", 7, 1, 7, 1) == []


def test_tabs_and_wide_characters_keep_the_carets_under_the_place():
    assert lines('\t"温": 1', 1, 7, 1, 8)[-1] == "  | " + " " * (4 + 4 + 1 + 1) + "^"


def test_a_very_long_line_is_cut_around_the_place():
    shown = lines("[" + "1," * 5000 + "x" + ",1" * 5000 + "]", 1, 10002, 1, 10003)
    assert all(len(line) < 200 for line in shown)
    text, carets = shown
    assert text[carets.index("^")] == "x"
    assert text.count("...") == 2


@given(st.text(st.characters(exclude_characters="\n"), max_size=300), st.data())
def test_no_frame_is_wider_than_its_window_or_unprintable(line, data):
    first = data.draw(st.integers(1, len(line) + 1))
    last = data.draw(st.integers(first, len(line) + 1))
    shown = lines(line, 1, first, 1, last)
    assert all(text.isprintable() for text in shown)
    if line:
        assert width(shown[-1]) <= max(width(shown[-2]), width(shown[-2].rstrip())) + 1
