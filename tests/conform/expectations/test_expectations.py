"""What is expected to fail: read, compared with a run, written from a run."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.decoder import Info
from genspec.conform.expectations.expected import Expected, group_of, held, is_drawn
from genspec.conform.expectations.file import BadExpectations, line_of, parsed, read
from genspec.conform.expectations.update import updated
from genspec.conform.kit.report import Report, Result, Run
from genspec.conform.verdict import Kind, Verdict

IDS = [f"page/{letter}" for letter in "abcdef"]
KINDS = (Kind.CONFORMS, Kind.VIOLATES, Kind.ERRORED, Kind.UNSUPPORTED, Kind.AMBIGUOUS)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


def result(name: str, kind: Kind, clause: str = "TOP-P-2", difference: str = "scores") -> Result:
    failed = kind in (Kind.VIOLATES, Kind.ERRORED, Kind.TIMED_OUT)
    verdict = Verdict(kind, "why", (clause,), difference) if failed else Verdict(kind, "why")
    return Result(name, "L0", (clause,), verdict)


@st.composite
def runs(draw: st.DrawFn) -> Report:
    published = [result(name, draw(st.sampled_from(KINDS))) for name in draw(st.sets(st.sampled_from(IDS)))]
    drawn = [
        result(f"drawn/0/{number}", kind, draw(st.sampled_from(("TOP-P-2", "MODE-1"))))
        for number, kind in enumerate(draw(st.lists(st.sampled_from(KINDS), max_size=4)))
    ]
    return report(published + drawn, drawn=draw(st.sampled_from(("one", "two"))) if drawn else "",
                  complete=draw(st.booleans()))


def report(results: list[Result], **given: Any) -> Report:
    return Report("simple:Simple", Info("simple", "1", "float64", "hf"), {},
                  Run("0", "hf", ("L0",), (), 0, None, **given), tuple(results))


def compared(text: str, run: Report) -> Any:
    return held(parsed(text, "file"), run.results, ids=IDS, drawn=run.run.drawn, complete=run.run.complete)


@given(runs(), runs())
def test_after_an_update_the_same_run_is_as_expected(first: Report, second: Report) -> None:
    text = updated(None, "file", first, IDS).text
    for run in (first, second):
        text = updated(text, "file", run, IDS).text
        shown = compared(text, run)
        assert not shown.stale and all(one.id in shown.expected for one in run.failures), described(text=text, run=run)


@given(runs(), runs())
def test_an_update_that_changes_nothing_leaves_the_text_alone(first: Report, second: Report) -> None:
    text = updated(updated(None, "file", first, IDS).text, "file", second, IDS).text
    again = updated(text, "file", second, IDS)
    assert again.text == text and not again.added and not again.removed, described(text=text, again=again.text)


@given(runs(), runs())
def test_an_entry_of_a_case_that_was_not_run_stays(first: Report, second: Report) -> None:
    before = updated(None, "file", first, IDS).text
    after = parsed(updated(before, "file", second, IDS).text, "file").cases
    seen = {one.id for one in second.results}
    for name, expected in parsed(before, "file").cases.items():
        assert name in seen or after.get(name) == expected, described(before=before, after=after, name=name)


@given(st.sets(st.sampled_from(IDS), min_size=1), st.data())
def test_what_people_wrote_stays(names: set[str], data: st.DataObject) -> None:
    failing = report([result(name, Kind.VIOLATES) for name in sorted(names)])
    lines = updated(None, "file", failing, IDS).text.split("\n")
    written = [
        f"# about {line[:8]}\n{line.replace('[TOP-P-2] why', 'mine')}   # kept" if line.startswith('"page') else line
        for line in lines
    ]
    mine = "\n".join(written).replace("\n", "\n" * data.draw(st.integers(1, 2)))
    staying = data.draw(st.sets(st.sampled_from(IDS)))
    later = report([result(name, Kind.VIOLATES if name in staying else Kind.CONFORMS) for name in IDS])
    text = updated(mine, "file", later, IDS).text
    for name in names & staying:
        entry = f'"{name}" = {{ verdict = "violates", reason = "mine" }}   # kept'
        assert entry in text, described(mine=mine, text=text)
    assert set(parsed(text, "file").cases) == staying, described(mine=mine, text=text)


@given(TEXTS, TEXTS)
def test_any_text_is_read_as_it_was_written(key: str, reason: str) -> None:
    line = line_of(key, Expected(("violates",), reason))
    wanted = {key: {"verdict": "violates", "reason": reason}}
    assert "\n" not in line and tomllib.loads(line) == wanted, described(line=line)


def test_comments_go_with_the_last_entry_below_them_and_new_entries_stand_below_no_others() -> None:
    entry = '"page/{}" = {{ verdict = "violates", reason = "" }}'
    text = "\n".join(["version = 1", "[cases]", "# general", "", "# b and d, issue 17", entry.format("b"),
                      entry.format("d"), "# f", entry.format("f"), ""])
    later = report([result(f"page/{one}", Kind.VIOLATES if one in "abcd" else Kind.CONFORMS) for one in "abcdef"])
    assert updated(text, "file", later, IDS).text.split("\n")[1:] == [
        "[cases]", *(entry.format(one).replace('""', '"[TOP-P-2] why"') for one in "ac"),
        "# general", "", "# b and d, issue 17", entry.format("b"), entry.format("d"), "",
    ]


def test_new_and_stale_and_flaky() -> None:
    text = """version = 1
        drawn = "same"
        [cases]
        "page/a" = { verdict = "violates" }
        "page/b" = { verdict = "violates" }
        "page/c" = { verdict = ["timed_out", "conforms"], reason = "slow machines" }
        "page/d" = { verdict = "errored" }
        "page/gone" = { verdict = "violates" }
        "page/f" = { verdict = "violates" }
        [groups]
        "TOP-P-2: scores" = { verdict = "violates", reason = "ours" }
        "MODE-1: scores" = { verdict = "violates" }
        """
    results = [result("page/a", Kind.VIOLATES), result("page/b", Kind.CONFORMS), result("page/c", Kind.CONFORMS),
               result("page/d", Kind.VIOLATES), result("page/e", Kind.VIOLATES), result("drawn/0/1", Kind.VIOLATES),
               result("drawn/0/2", Kind.VIOLATES, "MODE-2")]
    run = report(results, drawn="same")
    shown = compared(text, run)
    assert shown.expected == {"page/a": "", "drawn/0/1": "ours"}
    assert {(one.key, one.why) for one in shown.stale} == {
        ("page/b", "it conforms now"), ("page/gone", "there is no such case"),
        ("MODE-1: scores", "none of the drawn calls shows it any more"),
    }
    with_held = Report(run.target, run.decoder, {}, run.run, run.results, shown)
    assert [one.id for one in with_held.failures] == ["page/d", "page/e", "drawn/0/2"] and with_held.status == 1
    other = compared(text, report(results, drawn="other"))
    assert other.unseen == ("MODE-1: scores",) and "MODE-1: scores" not in [one.key for one in other.stale]


def test_a_run_is_as_good_as_its_expectations() -> None:
    run = report([result("page/a", Kind.VIOLATES), result("page/b", Kind.CONFORMS)])
    text = updated(None, "file", run, IDS).text
    assert run.status == 1 and Report(*_parts(run), held=compared(text, run)).status == 0
    nothing = report([result("page/a", Kind.UNSUPPORTED)])
    assert Report(*_parts(nothing), held=compared("version = 1", nothing)).status == 3


def _parts(run: Report) -> tuple[Any, ...]:
    return run.target, run.decoder, run.capabilities, run.run, run.results


def test_the_group_of_a_drawn_call() -> None:
    assert group_of(result("drawn/0/1", Kind.VIOLATES)) == "TOP-P-2: scores"
    assert group_of(Result("drawn/0/1", "L3", (), Verdict(Kind.TIMED_OUT, "late"))) == "no clause: no answer"
    assert is_drawn("drawn/7/1") and is_drawn('{"prompt": []}') and not is_drawn("placed/no-top-k")


@pytest.mark.parametrize(("text", "said"), [
    ("version = ", "no TOML"), ("", "`version` is to be 1, not None"), ("version = 2", "not 2"),
    ("version = true", "not True"), ("version = 1\nextra = 2", "`extra` means nothing"),
    ("version = 1\ncases = 3", "is to be a table"), ("version = 1\ndrawn = 3", "`drawn` is a text"),
    ('version = 1\n[cases]\n"a/b" = "violates"', "'a/b' is to be"),
    ('version = 1\n[cases]\n"a/b" = {verdict = "conforms"}', "`verdict` is"),
    ('version = 1\n[cases]\n"a/b" = {verdict = ["violates", 3]}', "`verdict` is"),
    ('version = 1\n[cases]\n"a/b" = {verdict = "violates", why = ""}', "is to be"),
    ('version = 1\n[cases]\n"a/b" = {verdict = "violates", reason = 3}', "`reason` is a text"),
    ('version = 1\n[cases]\n"a/b" = {verdict = "violates"}\n"a/b" = {verdict = "violates"}', "no TOML"),
    ("version = " + "[" * 100_000, "no TOML"),
])
def test_a_file_that_holds_none_is_one_line(text: str, said: str) -> None:
    with pytest.raises(BadExpectations, match=r"^file") as raised:
        parsed(text, "file")
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    for name, said in (("none.toml", "not exist: --update-expectations makes it"), ("bytes.toml", "cannot be read"),
                       (".", "cannot be read")):
        with pytest.raises(BadExpectations, match=said):
            read(tmp_path / name)


def test_an_update_wants_one_entry_a_line() -> None:
    with pytest.raises(BadExpectations, match="'page/a' on one line"):
        updated('version = 1\n[cases."page/a"]\nverdict = "violates"\n', "file", report([]), IDS)
