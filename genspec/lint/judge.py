"""One run's answer on each document: what the rules find, without what nobody wants to see."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

from genspec.lint.check import Progress, Report, check_document, read_all
from genspec.lint.finding import Finding
from genspec.lint.rule import RULES, Selection
from genspec.lint.settings import Settings
from genspec.lint.sources.document import Comment, Document
from genspec.lint.sources.walk import Found, Path, find_configs

if TYPE_CHECKING:
    from genspec.lint.suppression import PathIgnore

UNUSED = "GS913"


class Judge:
    """The settings of a run, and which of their wishes were of use."""

    def __init__(self, settings: Settings) -> None:
        """Choose the rules."""
        self.settings = settings
        self.rules = settings.rules()
        self.selection = Selection(self.rules)
        self.met: set[PathIgnore] = set()     # that have to do with a file of the run
        self.used: set[PathIgnore] = set()    # that silenced a finding

    def __call__(self, document: Document) -> list[Finding]:
        """Return the findings in a document that are to be reported."""
        found = check_document(document, self.settings.targets, self.selection)
        if document.comments:
            found = self.without_commented(document, found)
        if self.settings.path_ignores:
            found = self.without_ignored(document, found)
        return [finding for finding in found if finding.severity >= self.settings.min_severity]

    def without_commented(self, document: Document, found: list[Finding]) -> list[Finding]:
        """Leave out what a comment silences, and report the comments that silence nothing."""
        from genspec.lint.suppression import spoken  # most files have no such comment

        kept, unused = spoken(found, document.comments)
        if RULES[UNUSED] in self.rules:
            kept += [unused_comment(document, comment) for comment in unused if self.runs(comment.codes)]
        return kept

    def without_ignored(self, document: Document, found: list[Finding]) -> list[Finding]:
        """Leave out what the settings silence in this file."""
        from genspec.lint.suppression import allowed, matches

        met = [ignore for ignore in self.settings.path_ignores if matches(ignore, document.path)]
        found, used = allowed(found, met)
        self.met.update(met)
        self.used |= used
        return found

    def runs(self, codes: tuple[str, ...]) -> bool:
        """Tell whether all rules that are named do run: of the others nobody knows whether they would be silenced."""
        return all(any(rule.code.startswith(code) or rule.name == code for rule in self.rules) for code in codes)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which wishes of the settings were of no use in the files that they are about."""
        unused = [ignore for ignore in self.settings.path_ignores if ignore in self.met - self.used]
        return tuple(f"per-file-ignores: `{ignore}` silences nothing: remove it" for ignore in unused)


class Answer(NamedTuple):
    """What a run says of some of its files."""

    findings: tuple[Finding, ...]
    files: tuple[str, ...]                      # that were read or could not be, in order
    met: "frozenset[PathIgnore]"                # wishes that have to do with one of them
    used: "frozenset[PathIgnore]"               # wishes that silenced something


Spread = Callable[[Iterable[Found]], Iterable[Answer]]
"""Checks files in parts, and gives the answers in their order."""


def check_found(files: Iterable[Found], settings: Settings, progress: Progress | None = None) -> Answer:
    """Check files that were found."""
    judge = Judge(settings)
    findings: list[Finding] = []
    paths: list[str] = []
    for document in read_all(files, progress):
        paths.append(document.path)
        findings += judge(document)
    return Answer(tuple(findings), tuple(paths), frozenset(judge.met), frozenset(judge.used))


def report_of(answers: Iterable[Answer], settings: Settings) -> Report:
    """Join what is said of all files, in their order."""
    judge = Judge(settings)
    findings: list[Finding] = []
    paths: list[str] = []
    for answer in answers:
        findings += answer.findings
        paths += answer.files
        judge.met |= answer.met
        judge.used |= answer.used
    return Report(tuple(findings), tuple(paths), notes=judge.notes)


def check_paths(
    paths: Iterable[Path], settings: Settings, progress: Progress | None = None, spread: Spread | None = None,
    few: int = 0,
) -> Report:
    """Check files, and the files below folders that have a reader. One that cannot be read is a finding of its own.

    ``progress`` is told each path before it is read. ``spread`` checks all files if there are more than ``few``.
    """
    found: Iterator[Found] = find_configs(paths)
    if spread is not None:
        first = list(islice(found, few + 1))
        found = chain(first, found)
        if len(first) > few:
            return report_of(spread(found), settings)
    return report_of([check_found(found, settings, progress)], settings)


def unused_comment(document: Document, comment: Comment) -> Finding:
    """Report a comment that silences nothing."""
    rule = RULES[UNUSED]
    what = ", ".join(comment.codes) or "any rule"
    message = f"this comment silences nothing: no finding of {what} is on line {comment.line}"
    return Finding(
        rule.code, rule.name, rule.severity, message, document.path, (), comment.span, rule.clauses[0], rule.help,
        rule.url,
    )
