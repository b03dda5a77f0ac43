"""The progress line appears on terminals, in long runs, and leaves no trace."""

import io

import pytest

from genspec.cli import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


def shown(stream, monkeypatch):
    monkeypatch.setattr("sys.stderr", stream)
    with progress.Progress() as tell:
        for number in range(1200):
            tell(str(number))
    return stream.getvalue()


@pytest.fixture
def long_run(monkeypatch):
    """Make every run count as long."""
    monkeypatch.setattr(progress, "QUIET", 0)
    monkeypatch.setattr(progress, "EVERY", 0)


def test_a_long_run_counts_files_on_a_terminal_and_wipes_the_line(long_run, monkeypatch):
    printed = shown(Terminal(), monkeypatch)
    assert "\r1,200 files ..." in printed and printed.endswith("\r\x1b[K") and "\n" not in printed


def test_a_short_run_shows_nothing(monkeypatch):
    assert shown(Terminal(), monkeypatch) == ""


def test_a_file_gets_nothing(long_run, monkeypatch):
    assert shown(io.StringIO(), monkeypatch) == ""
