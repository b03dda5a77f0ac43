"""The language of .gitignore files, as Git reads it: of the patterns that match a path, the last one decides."""

import re
from itertools import groupby
from typing import NamedTuple

from genspec.lint.sources.positions import match_end

WITHOUT_BLANKS_AT_END = re.compile(r"(?:\\.|[^\\ ]| +(?=[^ ]))*+\\?", re.DOTALL)
PLAIN = re.compile(r"[^*?[\\]*+")
STARS = re.compile(r"\*++")
STAR = "[^/]*"
NAMED_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \\t", "cntrl": "\\x00-\\x1f\\x7f", "digit": "0-9",
    "graph": "!-.0-~", "lower": "a-z", "print": " -.0-~", "punct": "!-.:-@\\[-`{-~", "space": " \\t-\\r",
    "upper": "A-Z", "xdigit": "0-9a-fA-F",
}


class Pattern(NamedTuple):
    """One line of a .gitignore."""

    ignores: bool                       # False for a line that begins with `!`
    only_folders: bool
    expression: str


class Rules(NamedTuple):
    """The patterns of one file, the last one first; neighbours of one verdict are one expression."""

    for_files: tuple[tuple[bool, re.Pattern[str]], ...]
    for_folders: tuple[tuple[bool, re.Pattern[str]], ...]

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """Tell whether a path below the file's folder is ignored or kept. None: no pattern matches it."""
        for ignores, expression in self.for_folders if is_folder else self.for_files:
            if expression.fullmatch(path):
                return ignores
        return None


def parse(text: str) -> Rules:
    """Read the patterns of one file."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    patterns = [pattern for line in lines if (pattern := parse_line(line)) is not None]
    return Rules(join([pattern for pattern in patterns if not pattern.only_folders]), join(patterns))


def join(patterns: list[Pattern]) -> tuple[tuple[bool, re.Pattern[str]], ...]:
    """Make one expression of each run of patterns with one verdict, the last run first."""
    runs = groupby(reversed(patterns), key=lambda pattern: pattern.ignores)
    return tuple((ignores, re.compile("|".join(run.expression for run in group), re.DOTALL)) for ignores, group in runs)


def parse_line(line: str) -> Pattern | None:
    """Read one line; None when it holds no pattern, or one that can match nothing."""
    match = WITHOUT_BLANKS_AT_END.match(line)
    glob = match[0] if match else line
    if glob.startswith("#"):
        return None
    ignores, glob = not glob.startswith("!"), glob.removeprefix("!")
    only_folders, glob = glob.endswith("/"), glob.removesuffix("/")
    anchored = "/" in glob
    expression = translate(glob.removeprefix("/"), anchored)
    if not expression:
        return None
    return Pattern(ignores, only_folders, expression if anchored else f"(?:.*/)?+{expression}")


def translate(glob: str, anchored: bool) -> str | None:
    """Turn a glob into a regular expression; None when it is malformed, and so matches nothing.

    Of several stars between two slashes all but the last take the shortest match for good: what follows them has a
    fixed length, so no other match can do better, and matching stays linear.
    """
    pieces: list[str] = []
    star = None                         # where the last star since the last slash stands
    offset = 0
    while offset < len(glob):
        piece, offset = next_piece(glob, offset, anchored)
        if piece is None:
            return None
        if piece == STAR and star is not None:
            pieces[star:] = [f"(?>[^/]*?{''.join(pieces[star + 1:])})"]
        if piece == STAR:
            star = len(pieces)
        elif piece == "/" or ".*" in piece:
            star = None
        pieces.append(piece)
    return "".join(pieces)


def next_piece(glob: str, offset: int, anchored: bool) -> tuple[str | None, int]:
    """Translate what stands at an offset, and return where it ends."""
    char = glob[offset]
    if char == "*":
        return stars(glob, offset, anchored)
    if char == "?":
        return "[^/]", offset + 1
    if char == "[":
        return bracket(glob, offset + 1)
    if char == "\\":
        return (re.escape(glob[offset + 1]) if offset + 1 < len(glob) else None), offset + 2
    return re.escape(char), offset + 1


def stars(glob: str, offset: int, anchored: bool) -> tuple[str, int]:
    """Translate a run of stars. Two or more between slashes stand for any number of folders.

    Git compares the plain text at the beginning of a glob apart, so the first stars are at a beginning in any case.
    """
    end = match_end(STARS, glob, offset)
    at_beginning = offset == match_end(PLAIN, glob, 0) or glob[offset - 1] == "/"
    if end - offset == 1 or not anchored or not at_beginning:
        return STAR, end
    if glob[end:end + 1] == "/":
        return "(?:.*/)?", end + 1
    return (".*" if end == len(glob) or glob.startswith("\\/", end) else STAR), end


def bracket(glob: str, offset: int) -> tuple[str | None, int]:
    """Translate a set of characters, from behind its bracket on. It never matches a slash."""
    negated = glob[offset:offset + 1] in ("!", "^") and bool(glob[offset:])
    offset += negated
    first, members, previous = offset, [], ""
    while glob[offset:offset + 1] != "]" or offset == first:
        piece, previous, offset = set_member(glob, offset, previous)
        if piece is None:
            return None, offset
        members.append(piece)
    inside = "".join(members)
    if negated:
        return f"[^/{inside}]", offset + 1
    return (f"(?!/)[{inside}]" if inside else "(?!)"), offset + 1


def set_member(glob: str, offset: int, previous: str) -> tuple[str | None, str, int]:
    """Translate one member of a set: a character, a range that goes on from the previous one, or a named class."""
    char = glob[offset:offset + 1]
    if char == "-" and previous and glob[offset + 1:offset + 2] not in ("", "]"):
        last, end = escaped(glob, offset + 1)
        span = f"{re.escape(previous)}-{re.escape(last)}" if previous <= last else ""
        return (span if last else None), "", end
    if glob.startswith("[:", offset):
        end = glob.find("]", offset + 2)
        if end < 0:
            return None, "", offset
        if glob[end - 1] == ":" and end > offset + 2:
            return NAMED_CLASSES.get(glob[offset + 2:end - 1]), "", end + 1
    char, end = escaped(glob, offset)
    return (re.escape(char) if char else None), char, end


def escaped(glob: str, offset: int) -> tuple[str, int]:
    """Return a character of a set, which a backslash may precede; empty at the end of the glob."""
    offset += glob[offset:offset + 1] == "\\"
    return glob[offset:offset + 1], offset + 1
