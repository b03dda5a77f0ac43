"""One change to the arguments of a call that leaves all else as it is."""

from genspec.lint.finding import Edit
from genspec.lint.sources.document import Source
from genspec.lint.sources.python.settings import Given

ASSIGNED = frozenset({Source.ASSIGNMENT, Source.OPENVINO_OPTIONS})
"""Places that are, or may be, assignments."""


def rewritten(text: str, found: list[Given], edit: Edit) -> str | None:
    """Apply an edit to a program; None where it is not about an argument of the call itself."""
    if len(edit.pointer) != 2 or not isinstance(edit.pointer[0], int):
        return None
    given, name = found[edit.pointer[0]], str(edit.pointer[1])
    if given.source in ASSIGNED or (edit.op != "add" and name not in given.own):
        return None
    if edit.op == "add":
        return added(text, given, name, edit.value)
    if edit.op == "move":
        return renamed(text, given, name, str((edit.to or ("",))[-1]))
    piece = given.pieces[name]
    return removed(text, given, name) if edit.op == "remove" else (
        text[:piece.value_start] + repr(edit.value) + text[piece.value_end:])


def renamed(text: str, given: Given, name: str, new: str) -> str | None:
    """Give an argument another name, unless that one is given too."""
    piece = given.pieces[name]
    quoted = text[piece.start] in "'\""         # a key of a dict
    return None if new in given.pieces else text[:piece.start] + (repr(new) if quoted else new) + text[piece.name_end:]


def removed(text: str, given: Given, name: str) -> str:
    """Take out an argument with the comma behind it, or, of the last one, before it."""
    piece = given.pieces[name]
    rest = text[piece.end:given.end]
    after = rest.lstrip()
    if after.startswith(","):
        end = piece.end + len(rest) - len(after) + 1
        while end < given.end and text[end] in " \t":
            end += 1
        start = piece.start
        if text[end:end + 1] in ("\n", "\r") and not text[text.rfind("\n", 0, start) + 1:start].strip():
            start = text.rfind("\n", 0, start)          # the argument had a line of its own
            start -= text[start - 1:start] == "\r"
        return text[:start] + text[end:]
    start = piece.start
    while text[start - 1] in " \t\r\n":
        start -= 1
    start -= text[start - 1] == ","
    return text[:start] + text[piece.end:]


def added(text: str, given: Given, name: str, value: object) -> str | None:
    """Write an argument behind the last one, on a line of its own where that one is."""
    last = max((given.pieces[own] for own in given.own), default=None)
    if last is None:
        return None
    line = text[text.rfind("\n", 0, last.start) + 1:last.start]
    gap = " " if line.strip() else ("\r\n" if "\r\n" in text else "\n") + line
    said = f"{name!r}: {value!r}" if text[last.start] in "'\"" else f"{name}={value!r}"
    return f"{text[:last.end]},{gap}{said}{text[last.end:]}"
