"""The cases as items of pytest, once a decoder is named: collected, asked one by one, marked by level and clause."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genspec.conform.address import Address
from genspec.conform.cases.case import Case, Who
from genspec.conform.cases.select import Selected, Selection, UnknownName, page_of, selected
from genspec.conform.expectations.expected import Expectations, must_fail
from genspec.conform.expectations.file import BadExpectations, read
from genspec.conform.kit.examine import Asking, examined
from genspec.conform.kit.report import Report, Result, Run, capabilities_to_json
from genspec.conform.kit.smoke import BrokenAdapter, smoked
from genspec.conform.question import LEVELS
from genspec.conform.report.text import failure
from genspec.conform.targets import Target, opened
from genspec.conform.verdict import Kind, Verdict
from genspec.conform.workers.told import NoDecoder

HOME = "genspec"
"""Under which name the cases are collected: genspec::top_p/half."""


class Plugin:
    """One decoder, started once in every process of pytest that runs tests."""

    def __init__(self, config: pytest.Config) -> None:
        """Register the marks. Raises `pytest.UsageError` for options that mean nothing."""
        self.config = config
        self.target: Target | None = None
        config.addinivalue_line("markers", "genspec: a conformance case")
        for level in LEVELS:
            config.addinivalue_line("markers", f"{level}: a conformance case of {level}")
        self.expectations = self.expected()

    def expected(self) -> Expectations | None:
        """Read the expectations. Raises `pytest.UsageError`."""
        path = self.config.getoption("--genspec-expectations")
        try:
            return None if path is None else read(Path(path))
        except BadExpectations as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_sessionstart(self) -> None:
        """Start the decoder, and ask what everybody knows. Raises `pytest.UsageError` that says what to mend."""
        given = self.config.getoption
        try:
            require_hypothesis(given("--genspec-level"))
            self.target = opened(Address(given("--genspec-decoder"), given("--genspec-case-limit")))
            self.ask = Asking(self.target, given("--genspec-case-limit"))
            self.who = Who(self.target.info, self.target.capabilities)
            self.selection = Selection(
                self.known_profile(given("--genspec-profile")), tuple(given("--genspec-level") or LEVELS),
                tuple(given("--genspec-select") or ()), given("--genspec-max-cases"), given("--genspec-seed"))
            if not hasattr(self.config, "workerinput"):     # once is enough: not in every worker of xdist
                smoked(self.ask, self.selection.profile, self.who.can)
            self.cases: Selected = selected(self.selection, self.who.info, self.who.can)
        except (NoDecoder, BrokenAdapter, UnknownName) as error:
            self.pytest_unconfigure()
            raise pytest.UsageError(f"genspec: {error}") from None

    def known_profile(self, name: str | None) -> str:
        """Give the profile. Raises `UnknownName`."""
        from genspec.config.profiles import PROFILES

        if name is not None and name not in PROFILES:
            raise UnknownName(f"no profile is called {name!r:.60}: there are {', '.join(sorted(PROFILES))}")
        return name or self.who.info.profile

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Add the cases, before -k and -m choose."""
        home = Home.from_parent(session, name=HOME, nodeid=HOME)
        home.plugin = self
        items += home.collect()

    def pytest_unconfigure(self) -> None:
        """End the decoder."""
        if self.target is not None:
            self.target.stop()
            self.target = None

    def report_of(self, result: Result) -> Report:
        """Make the report of one case: what a failure is written with."""
        selection = self.selection
        run = Run("", selection.profile, selection.levels, selection.clauses, selection.seed, selection.max_cases)
        name = self.config.getoption("--genspec-decoder")
        return Report(name, self.who.info, capabilities_to_json(self.who.can), run, (result,))


def require_hypothesis(levels: list[str] | None) -> None:
    """Raise `UnknownName` where calls would be drawn and cannot be."""
    from importlib.util import find_spec

    if "L3" in (levels or LEVELS) and find_spec("hypothesis") is None:
        raise UnknownName("calls are drawn with hypothesis: pip install 'genspec[testing]', or give --genspec-level L0")


class Home(pytest.Collector):
    """Where the cases are; there is no file."""

    plugin: Plugin

    def collect(self) -> list[pytest.Item]:
        """Give the cases: first what is asked, in the order of `genspec conform`, then what is left out."""
        return list(self.items())

    def items(self) -> Iterator[pytest.Item]:
        """Give each case as an item."""
        asked = [(case, None) for case in self.plugin.cases.cases]
        registered: set[str] = set()
        for place, (case, reason) in enumerate([*asked, *self.plugin.cases.left_out]):
            item = Item.from_parent(self, name=case.question.id)
            item.hold(self.plugin, case, place)
            if reason is not None:
                item.add_marker(pytest.mark.skip(reason=f"unsupported: {reason}"))
            marks = ("genspec", case.question.level, *case.clauses, *map(page_of, case.clauses))
            for mark in dict.fromkeys(marks):
                if mark not in registered and mark not in ("genspec", *LEVELS):
                    self.config.addinivalue_line("markers", f"{mark}: a conformance case of {mark}")
                registered.add(mark)
                item.add_marker(mark)
            yield item


class Item(pytest.Item):
    """One case."""

    def hold(self, plugin: Plugin, case: Case, place: int) -> None:
        """Keep what is asked."""
        self.plugin, self.case, self.place = plugin, case, place

    def runtest(self) -> None:
        """Ask and judge. Raises `Departs`, or what pytest takes for skipped and expected to fail."""
        result = examined(self.case, self.plugin.ask, self.plugin.who, self.place)
        verdict = result.verdict
        expected = None if self.plugin.expectations is None else self.plugin.expectations.of(result)
        if self.plugin.expectations is not None and expected is not None:
            if self.plugin.expectations.foresees(result):
                pytest.xfail(expected.reason or "expected to fail")
            if not result.failed and must_fail(expected):
                raise Departs(f"{self.name} is expected to fail ({expected.reason}), and it is {verdict.kind}: take it "
                              f"out of {self.plugin.expectations.file}, or run genspec conform --update-expectations")
        told(verdict)
        if result.failed:
            raise Departs("".join(failure(self.plugin.report_of(result), result)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any, **__: Any) -> Any:
        """Write what a person wants to see: no traceback of the kit."""
        return str(excinfo.value) if isinstance(excinfo.value, Departs) else super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Say where the case is: in no file. A skipped test has to have a line."""
        return self.config.rootpath / HOME, 0, self.name


class Departs(Exception):
    """A case that fails; the text is for people."""


def told(verdict: Verdict) -> None:
    """Leave a test that neither passes nor fails, with the reason."""
    if verdict.kind is Kind.KNOWN_DEVIATION:
        pytest.xfail(f"known deviation {verdict.deviation}: {verdict.reason}")
    if verdict.kind in (Kind.UNSUPPORTED, Kind.AMBIGUOUS):
        pytest.skip(f"{verdict.kind}: {verdict.reason}")
