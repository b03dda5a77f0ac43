"""A document of the commands in a file."""

import re
import shlex
from collections.abc import Sequence
from functools import partial

from genspec.lint.finding import Edit, Pointer, Span
from genspec.lint.sources.document import Document, Place
from genspec.lint.sources.positions import span_between
from genspec.lint.sources.shell.flags import Given, Setting, values_of
from genspec.lint.suppression import comments_in

ALONE = re.compile(r"[ \t]*\\?[ \t]*\r?$", re.MULTILINE)
"""What may follow a flag that has a line of its own."""


def document_of(path: str, text: str, found: Sequence[Given]) -> Document:
    """Make a document of the settings in the commands of a text. The pointer of a place is its number."""
    places = tuple(
        Place(given.source, values_of(given.settings), (index,), unknown_in(given), given.open)
        for index, given in enumerate(found)
    )
    return Document(
        path, text, [place.values for place in places], (), partial(locate, text, found), places,
        partial(rewritten, text, found), tuple(comments_in(text)) if found else (),
    )


def unknown_in(given: Given) -> frozenset[str]:
    """Return the options whose values nobody knows."""
    return frozenset(setting.name for setting in given.settings if not setting.known)


def meant(found: Sequence[Given], pointer: Pointer) -> tuple[Given | None, Setting | None]:
    """Return the command and the setting that a pointer names, of several with one name the last."""
    if not pointer or not isinstance(pointer[0], int) or pointer[0] >= len(found):
        return None, None
    given = found[pointer[0]]
    named = [setting for setting in given.settings if pointer[1:2] == (setting.name,)]
    return given, named[-1] if named else None


def locate(text: str, found: Sequence[Given], pointer: Pointer, on_key: bool = False) -> Span:
    """Return the span of a setting, or of the command."""
    given, setting = meant(found, pointer)
    if setting is not None:
        return span_between(text, setting.start, setting.name_end if on_key else setting.end)
    return span_between(text, given.start, given.end) if given is not None else Span()


def rewritten(text: str, found: Sequence[Given], edit: Edit) -> str | None:
    """Apply an edit to a command; None for what has no plain place in it."""
    given, setting = meant(found, edit.pointer)
    if given is None or len(edit.pointer) != 2:
        return None
    if given.inside is not None:
        return rewritten_inside(text, given, edit)
    if setting is None or edit.op == "add":
        return None
    if edit.op == "move":
        is_plain = text[setting.name_end - len(setting.name):setting.name_end] == setting.name and edit.to is not None
        return renamed(text, setting, str((edit.to or ("",))[-1])) if is_plain else None
    if edit.op == "remove":
        return removed(text, setting)
    return text[:setting.value_start] + written(edit.value) + text[setting.end:]


def rewritten_inside(text: str, given: Given, edit: Edit) -> str | None:
    """Apply an edit to a JSON object in single quotes."""
    from genspec.lint.fixing.json_edit import edited  # fixing stands above the sources, and this needs no more of it

    word = given.inside
    if word is None or word.places != tuple(range(word.places[0], word.places[-1] + 1)):
        return None
    way: Pointer = (given.under,) if given.under else ()
    to = (*way, *edit.to[1:]) if edit.to is not None else None
    inner = edited(word.text, edit._replace(pointer=(*way, *edit.pointer[1:]), to=to))
    if inner is None or "'" in inner:
        return None
    return text[:word.places[0]] + inner + text[word.places[-1] + 1:]


def renamed(text: str, setting: Setting, name: str) -> str:
    """Give a setting another name, where it stands under its own."""
    return text[:setting.name_end - len(setting.name)] + name + text[setting.name_end:]


def removed(text: str, setting: Setting) -> str:
    """Take out a flag with its value, and with its line where it stands alone."""
    start = text.rfind("\n", 0, setting.start) + 1
    rest = ALONE.match(text, setting.end)
    if rest is not None and not text[start:setting.start].strip() and text[rest.end():]:
        is_last = "\\" not in rest[0] and text[:start].rstrip("\r\n").endswith("\\")    # of a command of many lines
        return text[:setting.start] + text[setting.end:] if is_last else text[:start] + text[rest.end() + 1:]
    before = len(text[:setting.start].rstrip(" \t"))
    return text[:before] + text[setting.end:]


def written(value: object) -> str:
    """Write a value as a word."""
    return shlex.quote(value) if isinstance(value, str) else str(value)
