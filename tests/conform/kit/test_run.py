"""The kit on decoders that are right, wrong and broken: a failure is the verdict of its case, and the run goes on."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from support import kit_fakes
from support.strategies import described

from genspec.backends.reference import ReferenceDecoder
from genspec.conform import load_decoder, run
from genspec.conform.capabilities import capabilities_from
from genspec.conform.cases.drawn import drawn_cases, of_call
from genspec.conform.cases.select import UnknownName
from genspec.conform.kit.fresh import KEPT
from genspec.conform.kit.journal import JournalError
from genspec.conform.kit.report import Report
from genspec.conform.kit.smoke import BrokenAdapter
from genspec.conform.report import text
from genspec.conform.verdict import Kind
from genspec.conform.workers.told import NoDecoder


def ran(name: str, **given: Any) -> Report:
    quick = {"max_cases": 24, "levels": ["L3"], "shrink_seconds": 0.0, "infer_seconds": 0.0}
    return run(f"support.kit_fakes:{name}", **{**quick, **given})


def kinds(report: Report) -> set[str]:
    return {result.verdict.kind.value for result in report.results if result.asked}


def reasons(report: Report) -> str:
    return "\n".join(sorted({result.verdict.reason for result in report.failures}))


@pytest.mark.parametrize(("name", "levels"), [("Greedy", None), ("Levelled", None), ("Noisy", ["L3"])])
def test_a_right_decoder_conforms(name: str, levels: list[str] | None) -> None:
    report = ran(name, levels=levels, max_cases=90)
    assert report.status == 0 and kinds(report) <= {"conforms", "unsupported"}, described(reasons=reasons(report))
    assert report.summary["conforms"] > 60 and report.run.complete and not report.run.smoke
    asked = {result.level for result in report.results if result.verdict.kind is Kind.CONFORMS}
    assert asked == ({"L0", "L1", "L2", "L3"} if name == "Levelled" else {"L3"})


def test_off_by_one_ulp_conforms_and_by_a_thousand_does_not() -> None:
    near, far = (ran(name, levels=["L0", "L1"], clauses=["TEMPERATURE"]) for name in ("Ulp", "ManyUlps"))
    assert near.status == 0 and not near.run.smoke, described(reasons=reasons(near), smoke=near.run.smoke)
    assert far.status == 1 and far.summary["violates"] > 3, described(summary=far.summary)


@pytest.mark.parametrize(("name", "kind", "reason"), [
    ("Crashing", "errored", "SIGSEGV"),
    ("Leaving", "errored", "SystemExit"),
    ("Vanishing", "errored", "ended with status 0"),
    ("Orphaned", "errored", "EngineEnded: the engine ended ("),
    ("Hungry", "errored", "MemoryError"),
    ("Raising", "errored", "KeyError: 'nothing there' (kit_fakes.py, line"),
    ("Mutating", "errored", "MutatedInput"),
    ("Nothing", "errored", "`decode` returned nothing"),
    ("Strange", "errored", "return rows of token ids"),
    ("Fractions", "errored", "return rows of token ids"),
    ("Refusing", "violates", "it was refused: ValueError: too long"),
    ("TwoRows", "violates", ""),
    ("NoRows", "violates", ""),
    ("WrongReason", "violates", "finish"),
    ("Deaf", "violates", ""),
])
def test_whatever_a_decoder_does_is_the_verdict_of_its_case(name: str, kind: str, reason: str) -> None:
    report = ran(name)
    assert report.status == 1 and report.run.complete
    assert {result.verdict.kind.value for result in report.failures} == {kind}, described(reasons=reasons(report))
    assert all(reason in result.verdict.reason for result in report.failures), described(reasons=reasons(report))
    assert report.summary["conforms"] > 2, "the run goes on"
    assert all(result.input is not None and result.case for result in report.failures)


def test_a_decoder_that_hangs_is_timed_out_and_later_given_less_time() -> None:
    report = ran("Hanging", case_seconds=1.5, max_cases=16)
    assert kinds(report) == {"conforms", "timed out"} and report.status == 1
    said = [result.verdict.reason for result in report.failures]
    assert said[:3] == ["no answer within 1.5 s"] * 3 and set(said[3:]) == {"no answer within 1 s"}


@pytest.mark.parametrize(("name", "level", "difference"), [
    ("NotANumber", "L0", "scores"), ("Short", "L0", "scores"), ("InPlace", "L0", "MutatedInput"),
])
def test_what_is_wrong_with_scores_is_said(name: str, level: str, difference: str) -> None:
    try:
        report = ran(name, levels=[level], clauses=["TEMPERATURE"])
    except BrokenAdapter as error:
        assert name == "InPlace" and "MutatedInput" in str(error)
        return
    assert name != "InPlace"
    assert {result.verdict.difference for result in report.failures} == {difference}
    wanted = {"NotANumber": "which is no number", "Short": "items were expected"}[name]
    assert wanted in reasons(report), described(reasons=reasons(report))


def test_a_violation_says_all_there_is_to_say() -> None:
    report = ran("Lowest", clauses=["GREEDY"])
    assert report.status == 1 and report.run.smoke, "the smoke stage sees it, and the run goes on"
    drawn = [result for result in report.failures if result.id.startswith("drawn/")]
    vectors = [result for result in report.failures if not result.id.startswith("drawn/")]
    assert drawn and vectors
    for result in (*drawn, *vectors):
        verdict = result.verdict
        assert verdict.clauses and verdict.row == 0 and verdict.step is not None, described(result=result)
        assert verdict.expected is not None and verdict.answered is not None and verdict.reason


def test_two_answers_to_one_question_are_noticed() -> None:
    report = ran("Nondeterministic")
    assert report.status == 1 and "Asked twice" in reasons(report)


def test_a_decoder_that_keeps_something_of_earlier_questions_is_told_from_one_that_is_wrong() -> None:
    report = ran("Remembering", max_cases=60)
    first = report.failures[0].verdict.reason
    assert report.status == 1 and first.endswith(KEPT), described(first=first)
    wrong = ran("Lowest")
    assert wrong.status == 1 and KEPT not in reasons(wrong)


def test_a_liar_is_wrong_where_it_lies() -> None:
    report = ran("Liar", max_cases=90)
    draws = {bool(result.input["config"].get("do_sample")) for result in report.failures if result.input is not None}
    assert draws == {True} and all(result.verdict.kind is Kind.VIOLATES for result in report.failures)


def test_a_run_in_which_nothing_took_part_fails() -> None:
    report = ran("Unable")
    assert report.status == 3 and set(report.summary) - {"unsupported"} and report.summary["unsupported"] > 9
    assert ran("Greedy", clauses=["XTC"]).status == 3


@pytest.mark.parametrize(("name", "said"), [
    ("Mute", "returned nothing: return rows of token ids"),
    ("Promptless", "does not begin with its prompt [0]: return prompt and new tokens"),
    ("Unready", "AttributeError: 'DecodeRequest' object has no attribute 'input_ids' (kit_fakes.py, line"),
    ("Sleepy", "gave no answer within 1 s"),
    ("Crashing", ""),
])
def test_a_broken_adapter_is_told_from_a_broken_engine(name: str, said: str) -> None:
    if name == "Crashing":      # only on longer rows: that is for the run to find
        assert ran(name, max_cases=10).run.smoke == ()
        return
    with pytest.raises(BrokenAdapter) as caught:
        ran(name, case_seconds=1.0)
    assert "the adapter is broken" in str(caught.value) and said in str(caught.value)


@pytest.mark.parametrize(("name", "said"), [
    ("support.kit_fakes:Misspelt", "no capability is called 'feilds': did you mean `fields`?"),
    ("support.kit_fakes:NoDtype", "dtype 'float33': did you mean `float32`?"),
    ("support.kit_fakes:Nobody", "has no Nobody"),
    ("support.nowhere:X", "cannot be imported"),
    ("support.kit_fakes:SEEN", "no function that makes a decoder"),
    ("math:pi", "no function that makes a decoder"),
    ("builtins:dict", "which has no `info`"),
    ("builtins:exit", "SystemExit"),
    ("nonsense", "nor module:factory"),
])
def test_a_target_that_is_none_is_named(name: str, said: str) -> None:
    with pytest.raises(NoDecoder) as caught:
        load_decoder(name)
    assert said in str(caught.value)


def test_answers_never_leave_the_kit() -> None:
    kit_fakes.SEEN.clear()
    run(kit_fakes.Spy(), max_cases=200)
    assert len(kit_fakes.SEEN) > 150
    words = {"L0": {"operation", "arguments", "scores", "context"}, "L1": {"logits", "operations", "context"},
             "L2": {"scores", "noise", "count"}, "L3": set()}
    for level, _, given in kit_fakes.SEEN:
        assert not {"expected", "clauses", "margin", "note", "flags"} & set(given), described(given=given)
        assert level == "L3" or set(given) <= words[level]
    assert {level for level, _, _ in kit_fakes.SEEN} == {"L0", "L1", "L2", "L3"}


def told(report: Report) -> list[Any]:
    return [(result.id, result.verdict) for result in report.results]


def test_the_same_seed_gives_the_same_run_and_another_one_other_calls() -> None:
    first, again, other = (ran("Lowest", seed=seed) for seed in (5, 5, 6))
    assert told(first) == told(again) != told(other)
    ids = [{result.id for result in report.results if not result.id.startswith("drawn/")} for report in (first, other)]
    assert ids[0] == ids[1]


def test_an_executor_changes_nothing() -> None:
    with ThreadPoolExecutor(2) as executor:
        assert told(ran("Deaf", executor=executor)) == told(ran("Deaf"))
    with ThreadPoolExecutor(1) as executor, pytest.raises(ValueError, match="by their names"):
        run(kit_fakes.Greedy(), executor=executor, max_cases=5)


def test_an_object_is_a_target_and_so_is_a_loaded_decoder() -> None:
    assert run(kit_fakes.Greedy(), max_cases=20).status == 0
    assert run(ReferenceDecoder(), max_cases=20).status == 0
    decoder = load_decoder("support.kit_fakes:Greedy")
    assert [run(decoder, max_cases=9, seed=seed).status for seed in (1, 2)] == [0, 0], "it can be asked again"
    decoder.stop()


def test_a_case_is_run_by_its_id_and_by_what_it_is() -> None:
    report = ran("Deaf")
    for failure in (report.failures[0], report.failures[-1]):
        again = ran("Deaf", case=failure.case)
        assert len(again.results) == 1 and again.results[0].verdict == failure.verdict, described(failure=failure)
    written = '{"config": {"max_new_tokens": 2}, "model": {"kind": "table", "seed": 1, "vocab_size": 5, "eos": []},' \
              ' "prompt": [1]}'
    assert ran("Greedy", case=written).status == 0
    assert ran("Lowest", case=written).status == 1


@pytest.mark.parametrize(("given", "said"), [
    ({"clauses": ["TOP-PP"]}, "did you mean TOP-P"), ({"clauses": ["top_p"]}, "did you mean TOP-P"),
    ({"clauses": ["TOP-P-99"]}, "did you mean TOP-P"), ({"levels": ["L7"]}, "no level is called 'L7'"),
    ({"case": "top_p/nothing-like-it"}, "no case has the id"), ({"case": "{"}, "--case"),
    ({"case": '{"config": {}}'}, "this is no input of L3"), ({"case": "drawn/0/x"}, "no case has the id"),
])
def test_an_unknown_name_is_an_error_with_a_suggestion(given: Any, said: str) -> None:
    with pytest.raises(UnknownName) as caught:
        ran("Greedy", **given)
    assert said in str(caught.value)


def test_a_violation_of_a_drawn_call_is_made_small_and_can_be_seen_again() -> None:
    report = ran("Deaf", max_cases=40, shrink_seconds=600.0)
    small = [result for result in report.failures if result.shrunk]
    assert small, described(reasons=reasons(report))
    can = capabilities_from(kit_fakes.CAN)
    drawn = {case.name: len(of_call(case.call).name) for case in islice(drawn_cases("hf", can, 0), 40)}
    assert any(len(result.case) < drawn[result.id] for result in small), described(small=[one.case for one in small])
    for result in small:
        again = ran("Deaf", case=result.case)
        assert again.status == 1 and again.results[0].verdict.clauses == result.verdict.clauses


def test_a_badly_wrong_decoder_is_seen_at_once() -> None:
    report = ran("Lowest", max_cases=None, max_failures=1, shrink_seconds=0.0)
    assert report.failures and report.run.asked <= 100, report.run


class Patient(Future[Any]):
    """A result that nobody may wait for before another one."""

    def result(self, timeout: float | None = None) -> Any:
        assert self.done(), "the first chunk is not done, and others are"
        return super().result(timeout)


class FirstIsSlow(Executor):
    """Runs what it is given at once, but for the first task, which waits for `goes_on`."""

    def __init__(self) -> None:
        self.goes_on: Callable[[], None] | None = None

    def submit(self, task: Any, /, *given: Any, **named: Any) -> Future[Any]:
        future = Patient()

        def runs() -> None:
            future.set_result(task(*given, **named))

        if self.goes_on is None:
            self.goes_on = runs
        else:
            runs()
        return future


def test_a_slow_chunk_holds_no_other_one_back() -> None:
    """What is done is counted and kept, and the report has the order of the cases."""
    executor, counts = FirstIsSlow(), list[int]()

    def progress(wanted: int, done: int, failed: int) -> None:
        counts.append(done)
        if len(counts) == 2 and executor.goes_on is not None:
            executor.goes_on()

    report = ran("Greedy", max_cases=70, executor=executor, progress=progress)
    alone = ran("Greedy", max_cases=70)
    assert len(counts) > 2 and counts[-1] == report.run.asked, counts
    assert [one.id for one in report.results] == [one.id for one in alone.results]


class Stopped(Exception):
    """Somebody interrupts."""


def interrupted(path: Path, after: int) -> None:
    def progress(wanted: int, done: int, failed: int) -> None:
        if done >= after:
            raise Stopped

    with pytest.raises(Stopped):
        ran("Deaf", output=path, progress=progress)


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    path, kept = tmp_path / "report.json", tmp_path / "report.json.partial"
    interrupted(path, 15)
    assert kept.read_text().count("\n") == 16, "a line for the run, and one a result"
    kept.write_bytes(kept.read_bytes() + b'{"id": "half a li')
    counts: list[int] = []
    report = ran("Deaf", output=path, resume=True, progress=lambda wanted, done, failed: counts.append(done))
    assert counts[0] == 16, "what is there is not asked again"
    assert told(report) == told(ran("Deaf")) and not kept.exists()


def test_a_run_ends_after_so_many_failures_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    first = ran("Deaf", output=path, max_failures=2)
    asked = [result for result in first.results if result.asked]
    assert len(first.failures) == 2 and asked[-1].failed and not first.run.complete
    assert "enough failed before all cases were asked" in "".join(text.lines(first))
    second = ran("Deaf", output=path, max_failures=2, resume=True)
    assert len(second.failures) == 4 and told(second)[: len(asked)] == told(first)[: len(asked)]
    assert told(ran("Deaf", output=path, resume=True)) == told(ran("Deaf"))


def test_a_journal_of_another_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    interrupted(path, 3)
    with pytest.raises(JournalError, match="another run"):
        ran("Deaf", output=path, resume=True, seed=1)
    (tmp_path / "report.json.partial").write_text("no json\n")
    with pytest.raises(JournalError, match="holds no run"):
        ran("Deaf", output=path, resume=True)


def test_a_run_whose_time_is_over_says_so_and_can_go_on(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    short = ran("Greedy", output=path, time_limit=0.001)
    assert not short.run.complete and short.run.asked < 24 and (tmp_path / "report.json.partial").exists()
    whole = ran("Greedy", output=path, resume=True)
    assert whole.run.complete and whole.run.asked == 24


def test_a_fault_that_only_a_batch_shows_is_blamed_on_the_batch() -> None:
    report = run(kit_fakes.Ragged(), max_cases=80, levels=["L3"], shrink_seconds=2.0)
    found = {result.verdict.difference for result in report.failures}
    assert found == {"batch"}, described(found=found, reasons=reasons(report))
    assert all("each prompt by itself is answered as specified" in one.verdict.reason for one in report.failures)
    alone = run(kit_fakes.FaultyBackend(), max_cases=80, levels=["L3"], shrink_seconds=0.0)
    assert "batch" not in {result.verdict.difference for result in alone.failures}, described(reasons=reasons(alone))
