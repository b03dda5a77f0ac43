"""From the words of a command to the settings in it."""

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from genspec.lint.sources.document import Source
from genspec.lint.sources.endpoints import endpoint_of
from genspec.lint.sources.positions import Locator
from genspec.lint.sources.scalars import number
from genspec.lint.sources.shell.programs import COMMANDS, IMAGES, MODULES, OLD_NAMES, VERBS, Program
from genspec.lint.sources.shell.words import Word

DATA = frozenset({"-d", "--data", "--data-raw", "--data-binary", "--json"})
"""What is followed by the body of a request in a call of curl."""


class Setting(NamedTuple):
    """One setting in a command. Offsets, ends exclusive."""

    name: str                       # of the option
    value: object                   # None where nobody knows it
    known: bool
    start: int
    name_end: int
    value_start: int                # of a switch, where it ends
    end: int


class Given(NamedTuple):
    """The settings of one command, or of a JSON object inside it."""

    source: Source
    start: int
    end: int
    settings: tuple[Setting, ...]
    open: bool                      # whether more may be set where nobody sees it
    inside: Word | None = None      # the word in whose JSON object this is
    under: str = ""                 # the member of that object


def settings_of(words: Sequence[Word]) -> Iterator[Given]:
    """Yield what a command sets: of the engine that it starts, and of the JSON objects among its arguments."""
    found = started(words)
    if found is not None:
        program, first = found
        yield from arguments_of(program, words[first:], words[0].start)
    elif any(os.path.basename(word.text) == "curl" for word in words):
        yield from sent_by_curl(words)


def sent_by_curl(words: Sequence[Word]) -> Iterator[Given]:
    """Yield the settings in a request that is sent to an engine."""
    endpoint = next(filter(None, (endpoint_of(word.text) for word in words)), None)
    if endpoint is None:
        return
    for flag, value in itertools.pairwise(words):
        if flag.text in DATA:
            yield from objects_in(endpoint.source, value, endpoint.under)


def started(words: Sequence[Word]) -> tuple[Program, int] | None:
    """Return the program that a command starts, and which word is its first argument."""
    for index, word in enumerate(words):
        text = word.text
        if text in MODULES and index and words[index - 1].text == "-m":
            return MODULES[text], index + 1
        name = os.path.basename(text.lstrip("@-"))      # marks of make in front of a command
        if name in COMMANDS:
            return COMMANDS[name], index + 1
        verb = words[index + 1].text if index + 1 < len(words) else ""
        if (name, verb) in VERBS:
            return VERBS[name, verb], index + 2
        if name in OLD_NAMES and any(other.text.endswith(".gguf") for other in words[index:]):
            return COMMANDS["llama-cli"], index + 1
        program = image(text) if index and words[0].text != "FROM" else None
        if program is not None:
            return program, index + 1
    return None


def image(name: str) -> Program | None:
    """Return the program that a container image starts."""
    return next((program for part, program in IMAGES if part in name), None)


def arguments_of(program: Program, words: Sequence[Word], start: int) -> Iterator[Given]:
    """Yield what the arguments of a program set. ``start``: where the command begins."""
    settings: list[Setting] = []
    dotted: list[Setting] = []              # `--override-generation-config.temperature 0.7`
    inner: list[Given] = []
    for option, flag, length, value in pairs(program, words):
        outer, _, member = option.partition(".")
        if member and outer in program.inner:
            dotted.append(setting(member, flag, length, value))
            continue
        found = setting(option, flag, length, value)
        if value is not None and option in program.inner:
            objects = list(objects_in(program.inner[option], value))
            found = found._replace(value=values_of(objects[0].settings)) if objects else found
            inner += objects
        settings.append(found)
    end = words[-1].end if words else start
    yield Given(program.source, start, end, tuple(settings), any(word.several for word in words))
    if dotted:
        source = next(iter(program.inner.values()))
        yield Given(source, dotted[0].start, dotted[-1].end, tuple(dotted), open=False)
    yield from inner


def values_of(settings: Sequence[Setting]) -> dict[str, object]:
    """Return what is known of some settings: of two with one name the last one."""
    return {setting.name: setting.value for setting in settings if setting.known}


def pairs(program: Program, words: Sequence[Word]) -> Iterator[tuple[str, Word, int, Word | None]]:
    """Yield each option with its flag, how many characters of the word are the flag, and its value."""
    rest = iter(range(len(words)))
    for index in rest:
        flag, equals, _ = words[index].text.partition("=")
        option = option_of(program, flag)
        if option is None:
            continue
        following = words[index + 1] if index + 1 < len(words) else None
        if equals:
            yield option, words[index], len(flag), behind_equals(words[index], len(flag) + 1)
        elif flag in program.switches or following is None or (program.any_name and is_flag(following)):
            yield option, words[index], len(flag), None
        else:
            next(rest)
            yield option, words[index], len(flag), following


def option_of(program: Program, flag: str) -> str | None:
    """Return the option that a flag names; None for what is no flag, or not known."""
    if program.any_name:
        return flag[2:].replace("-", "_") if flag.startswith("--") else None
    return program.names.get(flag.replace("_", "-") if flag.startswith("--") else flag)


def is_flag(word: Word) -> bool:
    """Tell whether a word is a flag, and no negative number."""
    return word.text.startswith("-") and isinstance(number(word.text), str)


def behind_equals(word: Word, length: int) -> Word:
    """Return the value in `--flag=value` as a word."""
    start = word.places[length] if length < len(word.places) else word.end
    return Word(word.text[length:], start, word.end, word.places[length:], word.known)


def setting(option: str, flag: Word, length: int, value: Word | None) -> Setting:
    """Make a setting of a flag and its value; a switch is true."""
    name_end = flag.places[length - 1] + 1
    if value is None:
        return Setting(option, True, True, flag.start, name_end, flag.end, flag.end)
    known = value.known and "{{" not in value.text      # what just, or Jinja, puts in
    return Setting(option, number(value.text) if known else None, known, flag.start, name_end, value.start, value.end)


def objects_in(source: Source, word: Word, under: str = "") -> Iterator[Given]:
    """Yield the settings in a JSON object that is one word, or in a member of it; nothing for what is none."""
    try:
        value = json.loads(word.text) if word.known else None
    except (ValueError, RecursionError):
        return
    tree = Locator(word.text)
    node = tree.root = tree.top()
    if under and isinstance(value, dict) and node is not None:
        value, node = value.get(under), tree.children(node).get(under)
    if not isinstance(value, dict) or not word.places or node is None:
        return
    settings = []
    for name, member in tree.children(node).items():
        places = word.places
        settings.append(Setting(
            str(name), value[str(name)], True, places[member.key_start], places[member.key_end - 1] + 1,
            places[member.start], places[member.end - 1] + 1,
        ))
    yield Given(source, word.places[0], word.places[-1] + 1, tuple(settings), open=False, inside=word, under=under)
