"""Text from files never reaches a terminal as it is."""

from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.report.printable import printable, width


@given(st.text())
def test_printable_is_printable(text):
    assert printable(text).isprintable()


@given(st.text().filter(str.isprintable))
def test_printable_text_stays(text):
    assert printable(text) == text


def test_what_a_terminal_obeys_or_hides_is_spelt_out():
    assert printable("\x1b[31m\u202e\ud800\x00\u200b") == r"\x1b[31m\u202e\ud800\x00\u200b"


def test_a_tab_is_four_spaces():
    assert printable("a\tb") == "a    b"


def test_width_counts_columns():
    assert width("abc") == 3
    assert width("温度") == 4
    assert width("e\u0301") == 1
