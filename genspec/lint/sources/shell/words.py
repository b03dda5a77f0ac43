"""Splits shell text into commands and words, each with its place: plain words, quotes and continued lines.

The standard library's shlex gives no places. What only a shell can know, as a variable or a substitution, makes a
word unknown; nothing is expanded.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

PLAIN = re.compile(r"[^\s\\'\"$`;&|()<>]+")
INSIDE = re.compile(r"[^\"\\$`]+")
BLANK = re.compile(r"(?:[ \t]|\\\r?\n)*+")
FOLDED = re.compile(r"(?:\s|\\\r?\n)*+")
COMMENT = re.compile(r"[^\r\n]*+")
LINE_END = re.compile(r"\r?\n|\r")
HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|\\?([\w.!%+-]+))")
REDIRECTION = re.compile(r"(?:<<<|[<>][<>&|]?)")
VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])")
SEVERAL = re.compile(r"\$[@*]|\$\{[^}]*[@*][^}]*\}")
"""Variables that may be several words even inside quotes."""

ESCAPED = frozenset('$`"\\\n')
"""What a backslash inside double quotes speaks of."""


class Word(NamedTuple):
    """One word of a command. Offsets, ends exclusive."""

    text: str                       # without its quotes; what is known of it
    start: int
    end: int
    places: tuple[int, ...]         # where each character of the text stands
    known: bool = True              # whether no variable and no substitution is in it
    several: bool = False           # whether it may be any number of words


class Body(NamedTuple):
    """A here-document. Offsets, ends exclusive."""

    start: int
    end: int
    literal: bool                   # whether a shell leaves it as it stands


class Reader:
    """Reads the words of one stretch of a text."""

    def __init__(self, text: str, offset: int, end: int, folded: bool = False) -> None:
        """Take the text, where to begin and end, and whether a line's end is no more than a blank."""
        self.text, self.offset, self.end = text, offset, end
        self.blank = FOLDED if folded else BLANK
        self.marks: list[tuple[str, bool, bool]] = []   # of the here-documents that begin on the next line
        self.bodies: list[Body] = []                    # those that were met

    def commands(self) -> Iterator[list[Word]]:
        """Yield the words of each command that has any."""
        words: list[Word] = []
        while True:
            self.skip(self.blank)
            char = self.text[self.offset] if self.offset < self.end else ""
            if char in "<>" and char:
                self.redirection(words)
            elif char == "#":
                self.skip(COMMENT)
            elif char and char not in "\r\n;&|()":
                words.append(self.word())
            else:
                if words:
                    yield words
                    words = []
                if not char:
                    return
                self.separator(char)

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go on behind what a pattern matches."""
        match = pattern.match(self.text, self.offset, self.end)
        self.offset = match.end() if match else self.offset

    def separator(self, char: str) -> None:
        """Go on behind what ends a command, and behind the here-documents that follow the line."""
        if char not in "\r\n":
            self.offset += 1
            return
        self.skip(LINE_END)
        for mark, indented, literal in self.marks:
            blanks = r"\t*" if indented else ""
            found = re.compile(rf"^{blanks}{re.escape(mark)}[ \t]*\r?$", re.MULTILINE).search(
                self.text, self.offset, self.end)
            self.bodies.append(Body(self.offset, found.start() if found else self.end, literal))
            self.offset = found.end() if found else self.end
        self.marks.clear()

    def redirection(self, words: list[Word]) -> None:
        """Go on behind a redirection: its target is no word of the command, nor is the number before it."""
        if words and words[-1].end == self.offset and words[-1].text.isdigit():
            words.pop()
        body = HEREDOC.match(self.text, self.offset, self.end)
        if body is not None:
            self.marks.append((body[2] or body[3] or body[4] or "", bool(body[1]), body[4] is None or "\\" in body[0]))
            self.offset = body.end()
            return
        self.skip(REDIRECTION)
        self.skip(self.blank)
        if self.offset < self.end and self.text[self.offset] not in "\r\n;&|()<>#":
            self.word()

    def word(self) -> Word:
        """Read the word that begins here."""
        start, parts = self.offset, Parts()
        while self.offset < self.end:
            char = self.text[self.offset]
            if char in " \t\r\n;&|()<>":
                break
            if char == "'":
                self.single_quotes(parts)
            elif char == '"':
                self.double_quotes(parts)
            elif char == "\\":
                self.backslash(parts)
            elif char in "$`":
                self.substitution(parts, quoted=False)
            else:
                match = PLAIN.match(self.text, self.offset, self.end)
                stop = match.end() if match else self.offset + 1
                parts.take(self.text, self.offset, stop)
                self.offset = stop
        return Word("".join(parts.text), start, self.offset, tuple(parts.places), parts.known, parts.several)

    def single_quotes(self, parts: "Parts") -> None:
        """Take all up to the next single quote as it stands."""
        close = self.text.find("'", self.offset + 1, self.end)
        parts.known &= close >= 0
        close = close if close >= 0 else self.end
        parts.take(self.text, self.offset + 1, close)
        self.offset = min(close + 1, self.end)

    def double_quotes(self, parts: "Parts") -> None:
        """Take all up to the double quote that closes, but what a shell would put in its place."""
        self.offset += 1
        while self.offset < self.end:
            char = self.text[self.offset]
            if char == '"':
                self.offset += 1
                return
            if char == "\\" and self.text[self.offset + 1:self.offset + 2] in ESCAPED:
                self.backslash(parts)
            elif char in "$`":
                self.substitution(parts, quoted=True)
            else:
                match = INSIDE.match(self.text, self.offset, self.end)
                stop = match.end() if match else self.offset + 1
                parts.take(self.text, self.offset, stop)
                self.offset = stop
        parts.known = False

    def backslash(self, parts: "Parts") -> None:
        """Take the character behind a backslash; a line that goes on leaves nothing."""
        match = LINE_END.match(self.text, self.offset + 1, self.end)
        if match is not None:
            self.offset = match.end()
            return
        parts.take(self.text, self.offset + 1, min(self.offset + 2, self.end))
        self.offset = min(self.offset + 2, self.end)

    def substitution(self, parts: "Parts", quoted: bool) -> None:
        """Go on behind a variable or a substitution, whose text nobody knows; a dollar alone is a dollar."""
        start = self.offset
        if self.text.startswith(("$(", "${"), start):
            self.offset = self.behind_bracket(start + 1)
        elif self.text[start] == "`":
            close = self.text.find("`", start + 1, self.end)
            self.offset = close + 1 if close >= 0 else self.end
        elif match := VARIABLE.match(self.text, start, self.end):
            self.offset = match.end()
        elif not quoted and self.text.startswith(("$'", '$"'), start):
            self.offset += 1                # a quote of another kind, whose escapes are not read
            parts.known = False
            return
        else:
            parts.take(self.text, start, start + 1)
            self.offset += 1
            return
        parts.known = False
        parts.several |= not quoted or bool(SEVERAL.match(self.text, start, self.offset))

    def behind_bracket(self, offset: int) -> int:
        """Return where the bracket at an offset is closed; quotes in it are passed over."""
        depth = 0
        while offset < self.end:
            char = self.text[offset]
            if char == "\\":
                offset += 1
            elif char in "'\"":
                offset = self.text.find(char, offset + 1, self.end)
                if offset < 0:
                    return self.end
            elif char in "({":
                depth += 1
            elif char in ")}":
                depth -= 1
                if depth == 0:
                    return offset + 1
            offset += 1
        return self.end


class Parts:
    """What is read of one word."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.text: list[str] = []
        self.places: list[int] = []
        self.known = True
        self.several = False

    def take(self, text: str, start: int, end: int) -> None:
        """Take a stretch of the text as it stands."""
        self.text.append(text[start:end])
        self.places += range(start, end)


def commands_in(text: str, start: int = 0, end: int | None = None, folded: bool = False) -> Iterator[list[Word]]:
    """Yield the commands of a stretch of shell text, each as its words.

    ``folded``: lines are joined by blanks before a shell sees them, as YAML does with `>`.
    """
    return Reader(text, start, len(text) if end is None else end, folded).commands()
