"""The field reference, written from the metadata of the fields: docs/fields.md."""

from itertools import groupby
from operator import attrgetter

from genspec.config.annotations import expected
from genspec.config.bounds import REALS
from genspec.config.fields import FIELDS, Field
from genspec.config.mode import ANY, Mode
from genspec.config.values import shown

INTRODUCTION = """\
# Fields of a generation config

Every field may be absent or null: it is unset then, and what applies is said here. Types are strict: a boolean or a \
string is no number, and an integer is a real number. Ranges are written as in mathematics: [0, 1) includes 0 and \
excludes 1; for a list, the range is that of its items. Releases are those of transformers.

This page is written from the metadata in `genspec/config/fields`.
"""


def fields_page() -> str:
    """Return the field reference in Markdown: a section a group, an entry a field, with the contents first."""
    groups = [(group, list(fields)) for group, fields in groupby(FIELDS.values(), attrgetter("group"))]
    contents = "\n".join(f"- {group}: {', '.join(link(field) for field in fields)}" for group, fields in groups)
    sections = [f"## {group}\n\n" + "\n".join(entry(field) for field in fields) for group, fields in groups]
    return "\n".join([INTRODUCTION, contents + "\n", *sections])


def link(field: Field) -> str:
    """Return a link to a field's entry."""
    return f"[{field.key}](#{field.key})"


def entry(field: Field) -> str:
    """Write what is known of one field."""
    rows = "\n".join(f"| {name} | {text.replace('|', chr(92) + '|')} |" for name, text in facts(field).items())
    return f"### {field.key}\n\n{field.doc}\n\n| | |\n| --- | --- |\n{rows}\n"


def facts(field: Field) -> dict[str, str]:
    """Return the rows of a field's table."""
    rows = {"type": expected(field.type)}
    if field.bounds is not None:
        rows["range"] = "every finite number" if field.bounds == REALS else str(field.bounds)
    rows["unset"] = "no value of its own" if field.unset is None else f"{shown(field.unset)} applies"
    rows["acts in"] = acting(field.modes)
    rows["clause"] = field.clause
    if field.since:
        rows["since"] = field.since
    if field.removed:
        rows["not honoured since"] = f"{field.removed}: use {field.moved_to}"
    return rows


def acting(modes: frozenset[Mode]) -> str:
    """Name the modes in which a field acts."""
    if modes == ANY:
        return "every mode"
    return ", ".join(mode for mode in Mode if mode in modes) or "no mode: it never changes a token"
