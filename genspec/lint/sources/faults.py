"""The faults of one text, as they are met: counted, placed, and never the same one twice."""

from collections.abc import Callable

from genspec.lint.finding import Pointer
from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.positions import position, span_between

MOST_LISTED = 20
"""So many faults of one file are reported; a text with more is no config with a slip in it."""

MOST_READ = 200
"""After so many faults what follows is garbage, and guessing at keys does more harm than good."""

LONGEST_QUOTE = 40


def quote(text: str) -> str:
    """Show a piece of a file in a message: short, on one line, and without control characters."""
    if len(text) > LONGEST_QUOTE:
        text = text[:LONGEST_QUOTE - 3] + "..."
    return "`" + "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text) + "`"


class Faults:
    """Collects the problems of one text."""

    def __init__(self, text: str, where: Callable[[], Pointer]) -> None:
        """Take the text and a function that tells which value is being read."""
        self.text = text
        self.where = where
        self.found: list[Problem] = []
        self.count = 0
        self.lines: set[tuple[str, int]] = set()
        self.reached = (0, 1)           # an offset, and its line
        self.conflict = False           # a merge was left unresolved: both sides are in the text

    def add(self, kind: ProblemKind, message: str, start: int, end: int, pointer: Pointer | None = None) -> None:
        """Report a fault between two offsets."""
        self.count += 1
        if self.count <= MOST_LISTED:
            where = self.where() if pointer is None else pointer
            self.found.append(Problem(kind, message, span_between(self.text, start, end), where))

    def syntax(self, message: str, start: int, end: int) -> None:
        """Report a fault of grammar."""
        self.add(ProblemKind.SYNTAX, message, start, end)

    def habit(self, message: str, start: int, end: int) -> None:
        """Report a fault of grammar that whole files are written in, such as single quotes: once a line."""
        line = self.line_of(start) if self.count < MOST_LISTED else 0
        if (message, line) not in self.lines:
            self.lines.add((message, line))
            self.syntax(message, start, end)

    def line_of(self, offset: int) -> int:
        """Return the line of an offset, counted from the last one that was asked for."""
        before, line = self.reached
        if offset < before:
            return position(self.text, offset)[0]
        piece = self.text[before:offset]
        line += piece.count("\n") + piece.count("\r") - piece.count("\r\n")
        self.reached = (offset, line)
        return line

    def merge_conflict(self, start: int, end: int) -> None:
        """Report the first mark of an unresolved merge; the others belong to it."""
        if not self.conflict:
            self.syntax("An unresolved merge conflict: keep one side, and remove the marks", start, end)
        self.conflict = True

    def give_up(self, message: str, offset: int) -> None:
        """Report that reading ends before the text does, however many faults there were."""
        self.count = len(self.found)
        del self.found[MOST_LISTED - 1:]
        self.syntax(message, offset, offset)

    @property
    def hopeless(self) -> bool:
        """Whether reading on is of no use."""
        return self.count > MOST_READ

    def problems(self) -> tuple[Problem, ...]:
        """Return what was found, in the order of the text. The last one says when there is more."""
        found = sorted(self.found, key=lambda problem: (problem.span.line, problem.span.column))
        if self.count > len(found):
            found[-1] = found[-1]._replace(message=f"{found[-1].message} (and this file has more faults)")
        return tuple(found)
