"""Reads Ollama's Modelfiles as its own parser does (parser/parser.go, 0.33): one instruction after the other.

An instruction ends with its line, unless its value begins with a quote: then with the first line that ends with one.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import groupby
from typing import NamedTuple

from genspec.lint.finding import Edit, Pointer, Span
from genspec.lint.sources.document import Document, Place, Source
from genspec.lint.sources.faults import quote
from genspec.lint.sources.nothing import nothing, utf8
from genspec.lint.sources.positions import match_end, span_between
from genspec.lint.sources.scalars import number
from genspec.lint.suppression import comments_in

TRIGGER = re.compile(rb"^[ \t]*(?:FROM|PARAMETER)[ \t]", re.IGNORECASE | re.MULTILINE)
"""What stands in every Modelfile."""

COMMANDS = ("from", "license", "template", "system", "adapter", "draft", "renderer", "parser", "parameter", "message",
            "requires")
NAMED = frozenset({"parameter", "message"})
"""Instructions with a name before their value."""

LISTS = frozenset({"stop"})
"""Parameters that are given once for each of their values."""

SKIPPED = re.compile(r"[ \t\r\n]*+(?:#[^\r\n]*+[ \t\r\n]*+)*+")
WORD = re.compile(r"[^ \t\r\n]*+")
NAME = re.compile(r"[A-Za-z0-9_]*+")
BLANKS = re.compile(r"[ \t]*+")
LINE = re.compile(r"[^\r\n]*+")
MARK = "\ufeff"


class Instruction(NamedTuple):
    """One instruction: `PARAMETER temperature 0.7`. Offsets, ends exclusive."""

    command: str                    # in small letters
    name: str                       # of a parameter, or the role of a message; else empty
    value: str                      # without its quotes
    start: int
    name_start: int
    name_end: int
    value_start: int                # with the quotes
    end: int
    fault: str = ""                 # why Ollama does not read it


def parse_modelfile(path: str, data: bytes) -> Document:
    """Read a Modelfile. A file of the name that is none, or that is not UTF-8, holds nothing that can be checked."""
    text = utf8(data) if TRIGGER.search(data) else None
    if text is None:
        return nothing(path)
    found = list(told_once(instructions(text)))
    given = parameters(found)
    places = (Place(Source.OLLAMA_MODELFILE, given, ("PARAMETER",)),)
    return Document(
        path, text, contents(found, given), (), partial(locate, text, found), places, partial(rewritten, text, found),
        tuple(comments_in(text)),
    )


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a text, in order; what Ollama refuses has its fault with it."""
    offset = int(text.startswith(MARK))
    while (offset := match_end(SKIPPED, text, offset)) < len(text):
        instruction = instruction_at(text, offset)
        yield instruction
        offset = max(instruction.end, offset + 1)


def told_once(found: Iterable[Instruction]) -> Iterator[Instruction]:
    """Make one of lines in a row that are no instructions: a text whose quotes end too early has one fault."""
    for is_known, row in groupby(found, lambda one: one.command in COMMANDS):
        first, *more = row
        if is_known or not more:
            yield from (first, *more)
        else:
            lines = "is the line" if len(more) == 1 else f"are the {len(more)} lines"
            yield first._replace(fault=f"{first.fault}. Nor {lines} behind it: does a quote before end too early?")


def instruction_at(text: str, start: int) -> Instruction:
    """Read the instruction that begins at an offset."""
    word = match_end(WORD, text, start)
    command = text[start:word].lower()
    if command not in COMMANDS:
        known = ", ".join(name.upper() for name in COMMANDS)
        return broken(command, start, word, match_end(LINE, text, start),
                      f"{quote(text[start:word])} is no instruction: Ollama knows {known}")
    name_start = min(word + 1, len(text))
    name_end = match_end(NAME, text, name_start) if command in NAMED else name_start
    value_start = match_end(BLANKS, text, name_end)
    end = end_of_value(text, value_start)
    if value_start == end:
        return broken(command, start, word, max(word, name_end), f"{command.upper()} has no value")
    value = unquoted(text[value_start:end])
    fault = ""
    if value is None:
        fault = f"the quote that opens the value of {command.upper()} is never closed"
    elif command in NAMED and name_end == name_start:
        fault = f"two blanks after {command.upper()}: Ollama takes what is between them, nothing, for the name"
    return Instruction(
        command, text[name_start:name_end], value or "", start, name_start, name_end, value_start, end, fault)


def broken(command: str, start: int, word: int, end: int, fault: str) -> Instruction:
    """Return an instruction of which nothing can be used."""
    return Instruction(command, "", "", start, word, word, end, end, fault)


def end_of_value(text: str, start: int) -> int:
    """Return where a value ends: with its line, or, when it begins with a quote, with the line that closes it."""
    end = match_end(LINE, text, start)
    while unquoted(text[start:end].rstrip(" \t")) is None and end < len(text):
        end = match_end(LINE, text, end + 1)
    return start + len(text[start:end].rstrip(" \t"))


def unquoted(value: str) -> str | None:
    """Take the quotes off a value; None when they are not closed."""
    for mark in ('"""', '"'):
        if value.startswith(mark):
            closed = len(value) >= 2 * len(mark) and value.endswith(mark)
            return value[len(mark):-len(mark)] if closed else None
    return value


def parameters(found: list[Instruction]) -> dict[str, object]:
    """Return the parameters: the last value of each, numbers as such, and lists of those that are lists."""
    given: dict[str, object] = {}
    for instruction in found:
        if instruction.command == "parameter" and instruction.name:
            if instruction.name in LISTS:
                given[instruction.name] = [*listed(given.get(instruction.name)), instruction.value]
            else:
                given[instruction.name] = number(instruction.value)
    return given


def listed(value: object) -> list[object]:
    """Return a list as it is, and nothing as an empty one."""
    return value if isinstance(value, list) else []


def contents(found: list[Instruction], given: dict[str, object]) -> dict[str, object]:
    """Return what a Modelfile says: its instructions, its parameters, those that are set twice, and the faults."""
    said: dict[str, object] = {
        instruction.command.upper(): instruction.value for instruction in found
        if instruction.command not in NAMED and not instruction.fault
    }
    names = [one.name for one in found if one.command == "parameter" and one.name and one.name not in LISTS]
    return said | {
        "PARAMETER": given,
        "repeated": {name: names.count(name) for name in given if names.count(name) > 1},
        "faults": [instruction.fault for instruction in found if instruction.fault],
    }


def meant(found: list[Instruction], pointer: Pointer) -> Instruction | None:
    """Return the instruction that a pointer names: `("PARAMETER", "stop", 1)`, `("FROM",)`, `("faults", 0)`."""
    if not pointer:
        return None
    if pointer[0] == "faults":
        chosen = [instruction for instruction in found if instruction.fault]
        index = pointer[1] if len(pointer) > 1 else 0
    else:
        name = str(pointer[1]) if len(pointer) > 1 else ""
        chosen = [one for one in found if one.command == str(pointer[0]).lower() and one.name == name]
        index = pointer[2] if len(pointer) > 2 else -1
    return chosen[index] if isinstance(index, int) and -len(chosen) <= index < len(chosen) else None


def locate(text: str, found: list[Instruction], pointer: Pointer, on_key: bool = False) -> Span:
    """Return the span of an instruction, or of its name; of the first one when the file as a whole is meant."""
    instruction = meant(found, pointer) or next((one for one in found if one.command == "from"), None)
    if instruction is None:
        return Span()
    return span_between(text, instruction.start, instruction.name_end if on_key else instruction.end)


def rewritten(text: str, found: list[Instruction], edit: Edit) -> str | None:
    """Apply an edit to a parameter. All other lines stay as they are."""
    if len(edit.pointer) < 2 or edit.pointer[0] != "PARAMETER":
        return None
    if edit.op == "add":
        return added(text, found, str(edit.pointer[1]), edit.value)
    instruction = meant(found, edit.pointer)
    if instruction is None or instruction.fault:
        return None
    if edit.op == "move":
        return text[:instruction.name_start] + str((edit.to or ("",))[-1]) + text[instruction.name_end:]
    if edit.op == "replace":
        return text[:instruction.value_start] + spelled(edit.value) + text[instruction.end:]
    start = text.rfind("\n", 0, instruction.start) + 1
    rest = text.find("\n", instruction.end)
    return text[:start] + (text[rest + 1:] if rest >= 0 else "")


def added(text: str, found: list[Instruction], name: str, value: object) -> str | None:
    """Write a parameter behind the last one, or behind FROM."""
    last = next((one for one in reversed(found) if one.command == "parameter"), None) or meant(found, ("FROM",))
    if last is None:
        return None
    end = match_end(LINE, text, last.end)
    line_break = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:end]}{line_break}PARAMETER {name} {spelled(value)}{text[end:]}"


def spelled(value: object) -> str:
    """Write a value as a Modelfile has it."""
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else repr(value)
    return f'"""{value}"""' if '"' in value else f'"{value}"'
