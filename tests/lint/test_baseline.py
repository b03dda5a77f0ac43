"""A baseline knows findings again when lines are moved, and each entry stands for one of them."""

from hypothesis import given
from hypothesis import strategies as st

from genspec.lint.baseline import baseline_text, compared, entry_of, read_baseline
from genspec.lint.finding import Finding, Severity, Span

TEXTS = st.text(st.characters(codec=None), max_size=5)


def finding(message="message", path="path", line=1):
    return Finding("GS201", "name", Severity.WARNING, message, path, ("a",), Span(line), "MODE-2", "help", "url")


@given(st.lists(st.builds(finding, TEXTS, TEXTS), max_size=5), st.lists(st.builds(finding, TEXTS, TEXTS), max_size=5))
def test_what_is_written_is_known_and_nothing_else(tmp_path_factory, old, added):
    path = tmp_path_factory.mktemp("baseline") / "file"
    path.write_text(baseline_text(map(entry_of, old)))
    known = read_baseline(path)
    assert compared(old, known) == ((), len(old), ())
    moved = [found._replace(span=Span(99)) for found in old]
    assert compared(moved, known).new == ()
    result = compared([*old, *old, *added], known)
    assert len(result.new) == len(old) + len(added)
    assert compared([], known).gone == tuple(sorted(map(entry_of, old)))


def test_an_entry_stands_for_one_finding():
    result = compared([finding(line=1), finding(line=2)], [entry_of(finding())])
    assert (result.new, result.known) == ((finding(line=2),), 1)
