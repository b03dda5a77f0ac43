"""Reports of runs that have not been, for tests of what is written of them."""

from typing import Any

from hypothesis import strategies as st

from genspec.backends.decoder import Info
from genspec.conform.kit.report import Held, Report, Result, Run, Stale
from genspec.conform.verdict import Kind, Verdict

NUMBERS = st.none() | st.integers(0, 9)
VERDICTS = st.builds(
    Verdict, st.sampled_from(Kind), st.text(max_size=5), st.lists(st.just("TOP-P-2"), max_size=2).map(tuple),
    st.sampled_from(("", "tokens")), NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.none() | st.just(0.5),
    st.booleans(), st.none() | st.just("DEV-1"),
)
RESULTS = st.builds(
    Result, st.from_regex("[a-z]{1,5}/[a-z]{1,5}", fullmatch=True), st.sampled_from(("L0", "L1", "L2", "L3", "L4")),
    st.just(("TOP-P-2",)), VERDICTS, st.booleans(), st.none() | st.just({"prompt": [1]}),
    st.sampled_from(("", "a/b")), st.booleans(),
)


def report_of(results: list[Result], **given: Any) -> Report:
    return Report("simple:factory", Info("simple", "1", "float64", "hf"), {},
                  Run("0", "hf", ("L0",), (), 0, None, **given), tuple(results))


def held_reports() -> st.SearchStrategy[Report]:
    """Make reports with and without expectations, and whatever text a decoder or a person wrote."""
    return st.builds(with_held, st.lists(RESULTS, max_size=6, unique_by=lambda one: one.id), st.booleans(),
                     st.lists(st.builds(Stale, st.text(max_size=5), st.text(max_size=5)), max_size=2),
                     st.text(max_size=5), st.lists(st.text(max_size=5), max_size=2).map(tuple))


def with_held(results: list[Result], is_held: bool, stale: list[Stale], name: str, smoke: tuple[str, ...]) -> Report:
    report = report_of(results, smoke=smoke)
    failed = {one.id: name for one in results[::2] if one.failed}
    held = Held("known.toml", failed, tuple(stale), ("TOP-P-2: scores",)) if is_held else None
    return Report(report.target, Info(name, name, "float64", "hf"), {}, report.run, report.results, held)
