"""What a run is asked to do, from the command line and from the project's own file."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import genspec.lint.rules  # noqa: F401  fills RULES, which selectors are held against
from genspec.lint.finding import Severity
from genspec.lint.rule import RULES, Rule
from genspec.lint.sources.document import ENGINE_OF
from genspec.lint.sources.limits import MOST_BYTES
from genspec.lint.target import DEFAULT, Target, TargetError, holds, meant, parse_targets

if TYPE_CHECKING:
    from genspec.lint.suppression import PathIgnore

EXACT = len("GS201")
"""How closely a full code or a name selects a rule; a prefix selects as closely as it is long."""

ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL}


class SettingsError(ValueError):
    """Settings that cannot be read or that mean nothing. The message names where they stand."""


class Settings(NamedTuple):
    """What one run checks, against what, and what it reports."""

    targets: tuple[Target, ...] = DEFAULT       # what files are for that are not in one engine's own words
    select: tuple[str, ...] = ()                # codes and prefixes of codes; empty: the rules that are on by default
    ignore: tuple[str, ...] = ()
    min_severity: Severity = Severity.INFO      # findings below it are not reported
    fails_at: Severity = Severity.WARNING       # findings from it on make the run fail
    path_ignores: "tuple[PathIgnore, ...]" = ()     # rules that are silent about some files, or some places in them

    def rules(self) -> list[Rule]:
        """Return the rules to run, in the order of their codes. Which of them hold is told by each file's target."""
        return [RULES[code] for code in sorted(RULES) if self.may_hold(RULES[code]) and self.chooses(RULES[code])]

    def may_hold(self, rule: Rule) -> bool:
        """Tell whether any file can be one that a rule holds for: places in an engine's own words are for that one."""
        if rule.any_file or not rule.sources.isdisjoint(ENGINE_OF):
            return True
        return any(holds(rule.targets, point) for target in self.targets for point in target.points)

    def chooses(self, rule: Rule) -> bool:
        """Tell whether a rule runs: the closest of its selectors decides, and of equally close ones `ignore` does.

        A rule that is off by default runs only when it is selected itself, not by a prefix.
        """
        chosen = closeness(self.select, rule) if self.select else 1
        if not rule.default and chosen < EXACT:
            return False
        return chosen > closeness(self.ignore, rule)


def closeness(codes: Iterable[str], rule: Rule) -> int:
    """Return how closely the closest of the codes and prefixes names the rule; 0 when none does."""
    return max((len(code) for code in codes if rule.code.startswith(code)), default=0)


def as_code(selector: str) -> str:
    """Return the code, or the prefix of codes, that a selector stands for."""
    for rule in RULES.values():
        if rule.name == selector.lower():
            return rule.code
    return selector.upper()


def load_settings(start: str | os.PathLike[str], options: Mapping[str, object]) -> Settings:
    """Read the settings that hold at a path, options of the command line over those of the project's file.

    ``options``: by the key that the file uses (`min-severity`); None stands for an option that was not given.
    Raises `SettingsError` for a file that cannot be read, an unknown key, and a value that means nothing.
    """
    given: dict[str, object] = {}
    source, values = project_values(start)
    for key, value in values.items():
        given |= understood(key, value, f"{source}: ")
    for key, value in options.items():
        if value is not None:
            given |= understood(key, value, "--")
    if wishes := given.get("path_ignores"):
        root = os.path.dirname(source)
        # their reader has made named tuples of them
        given["path_ignores"] = tuple(wish._replace(root=root) for wish in wishes)      # type: ignore[attr-defined]
    return Settings(**given)                    # type: ignore[arg-type]  # each reader returns its field's own type


def project_values(start: str | os.PathLike[str]) -> tuple[str, dict[str, object]]:
    """Return the nearest project file at or above a path, with the settings it holds."""
    try:
        place = os.path.abspath(start)          # not realpath: a link belongs to the project it stands in
    except OSError:
        raise SettingsError("the current folder was removed: change to one that is there") from None
    for folder in upwards(place):
        for name, table in (("genspec.toml", ()), ("pyproject.toml", ("tool", "genspec"))):
            path = os.path.join(folder, name)
            values = table_of(path, table)
            if values is not None:
                return path, values
    return "", {}


def upwards(path: str) -> Iterator[str]:
    """Yield an absolute path and the folders that hold it, innermost first."""
    yield path
    while (above := os.path.dirname(path)) != path:
        yield above
        path = above


def table_of(path: str, table: tuple[str, ...]) -> dict[str, object] | None:
    """Read one table of a TOML file; None when the file is not there or has no such table."""
    data = content_of(path)
    if data is None or (table and table[-1].encode() not in data):
        return None
    value: object = parsed(path, data)
    for key in table:
        value = value.get(key) if isinstance(value, dict) else None
    if value is not None and not isinstance(value, dict):
        raise SettingsError(f"{path}: [{'.'.join(table)}] is {kind_of(value)}, not a table")
    return value


def content_of(path: str) -> bytes | None:
    """Read a file that may be absent. Folders, pipes and devices of its name count for nothing.

    Nor does what lies in a folder that may not be searched: its configs cannot be read either.
    """
    try:
        status = os.stat(path)
    except PermissionError:
        return None
    except OSError as error:
        if error.errno in ABSENT:
            return None
        raise unreadable(path, error) from None
    if not stat.S_ISREG(status.st_mode):
        return None
    if status.st_size > MOST_BYTES:
        raise SettingsError(f"{path}: has more than {MOST_BYTES // 1024 // 1024} MiB: no settings are that long")
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise unreadable(path, error) from None


def unreadable(path: str, error: OSError) -> SettingsError:
    """Say why a file of settings cannot be read."""
    return SettingsError(f"{path}: cannot be read: {error.strerror or error}")


def parsed(path: str, data: bytes) -> dict[str, object]:
    """Parse TOML. Most runs meet no project file, and start faster without the parser."""
    import tomllib

    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 (byte {error.start})") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{path}: is nested too deeply") from None


def understood(key: str, value: object, source: str) -> dict[str, object]:
    """Read one setting into the fields of `Settings` that it decides."""
    if key == "tool":
        raise SettingsError(f"{source}settings stand at the top of this file: remove the line [tool.genspec]")
    if key not in READERS:
        raise SettingsError(f"{source}unknown setting `{key}`{meant(key, READERS) or '.'} Known: {', '.join(READERS)}")
    try:
        return READERS[key](value)
    except (SettingsError, TargetError) as error:
        raise SettingsError(f"{source}{key}: {error}") from None


def read_target(value: object) -> dict[str, object]:
    """Read `transformers==5.23`, or several of its kind."""
    targets = parse_targets(texts(value))
    if not targets:
        raise SettingsError("no target is named: name one, like transformers==5.23, or leave the setting out")
    return {"targets": targets}


def read_severity(value: object) -> dict[str, object]:
    """Read the severity from which on findings are reported and make the run fail."""
    name = text(value).strip().lower()
    known = [str(severity) for severity in Severity]
    if name not in known:
        raise SettingsError(f"{name!r} is no severity{meant(name, known) or '.'} Known: {', '.join(known)}")
    severity = Severity[name.upper()]
    return {"min_severity": severity, "fails_at": severity}


def read_select(value: object) -> dict[str, object]:
    """Read which rules run."""
    return {"select": selectors(value)}


def read_ignore(value: object) -> dict[str, object]:
    """Read which rules do not run."""
    return {"ignore": selectors(value)}


def read_path_ignores(value: object) -> dict[str, object]:
    """Read which rules are silent about which files: a table of patterns, each with rules."""
    from genspec.lint.suppression import PathIgnore

    if not isinstance(value, dict):
        raise SettingsError(f"{value!r:.60} is {kind_of(value)}, not a table")
    wishes = []
    for place, rules in value.items():
        pattern, _, pointer = place.partition("#")
        if not pattern or (pointer and not pointer.startswith("/")):
            raise SettingsError(f"{place!r:.60} is no pattern, with or without a JSON pointer: `a/*.json#/top_k`")
        wishes.append(PathIgnore("", pattern, pointer, selectors(rules)))
    return {"path_ignores": tuple(wishes)}


def selectors(value: object) -> tuple[str, ...]:
    """Read codes, prefixes and names, comma separated or in a list, and refuse those that select nothing."""
    parts = [part.strip() for item in texts(value) for part in item.split(",")]
    return tuple(selector(part) for part in parts)


def selector(given: str) -> str:
    """Return the code, or the prefix of codes, that was given or that has the given name."""
    code = as_code(given)
    if re.fullmatch(r"GS\d{0,3}", code) and any(known.startswith(code) for known in RULES):
        return code
    known = [*(rule.name for rule in RULES.values()), *RULES]
    close = meant(given.lower(), known) or meant(code, known) or "."
    raise SettingsError(f"no rule is called {given!r:.60}{close} `genspec rule` lists them")


def texts(value: object) -> list[str]:
    """Return one string, or several, as a list."""
    return [text(item) for item in value] if isinstance(value, list | tuple) else [text(value)]


def text(value: object) -> str:
    """Return a value that has to be a string."""
    if not isinstance(value, str):
        raise SettingsError(f"{value!r:.60} is {kind_of(value)}, not a string")
    return value


def kind_of(value: object) -> str:
    """Name the type of a TOML value."""
    names = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


READERS: dict[str, Callable[[object], dict[str, object]]] = {
    "target": read_target,
    "select": read_select,
    "ignore": read_ignore,
    "min-severity": read_severity,
    "per-file-ignores": read_path_ignores,
}
"""The settings, as a project's file spells them, and how each is read."""
