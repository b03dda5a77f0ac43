"""Family 9: the file itself, and keys that do not belong in it."""

from collections.abc import Iterator
from itertools import islice

from genspec.config.suggest import CALLS, FILES, KEYS, Suggestion, foreign, misspelling
from genspec.lint.draft import Draft
from genspec.lint.finding import Pointer, Severity
from genspec.lint.kind import COMMENTS, METADATA, Kind, buried, is_custom
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.where import EVERYWHERE
from genspec.lint.sources.document import ProblemKind, Source

BROKEN_TEXT = (ProblemKind.SYNTAX, ProblemKind.TOO_DEEP, ProblemKind.NUMBER_TOO_LONG)
UNREAD = (ProblemKind.UNREADABLE, ProblemKind.TOO_LARGE)
HARMLESS = (ProblemKind.DUPLICATE_KEY, ProblemKind.NOT_FINITE)
MOST_STRANGERS = 500
"""So many keys are looked at for slips of spelling; a file with more of its own is another program's."""

MANY = 3
"""As many keys of another file get a finding each; more get one together."""

BARK = "semantic_config"
"""Bark's own generation config holds this key, and a model_type."""


@rule(
    "GS901", "unknown-key", severity=Severity.WARNING, clauses=["CONFIG-2"],
    rationale="""transformers 5.23 keeps a key that it does not know as an attribute that none of its code reads: it
    loads, saves and decodes without a word. A misspelt option is therefore an option that is not set. The same word
    in a call of `generate` raises ValueError, which is an error here. Where nothing known is close to the key the
    finding is only a note, because the model's own code may read it.""",
    help="Spell the key as the field is spelt, or remove it.",
    bad={"do_sampling": True, "eos_token_id": 2}, good={"do_sample": True, "eos_token_id": 2},
    evidence=["huggingface/transformers#18261"], sources=EVERYWHERE,
)
def unknown_key(config: ConfigNode) -> Iterator[Draft]:
    for key in strangers(config):
        meant = misspelling(key)
        if meant is not None:
            yield refused_argument(config, key, meant) if is_call(config) else misspelt(config, key, meant)
        elif may_be_unread(config):
            message = f"`{key}` is no generation field: transformers keeps it and never reads it"
            yield config.finding(key, message, severity=Severity.INFO, on_key=True)


@rule(
    "GS902", "foreign-dialect-key", severity=Severity.WARNING, clauses=["CONFIG-2"],
    rationale="""The key belongs to another engine's requests or to another file of the model. In a generation config
    transformers 5.23 keeps it as an attribute and decodes as if it were not there: with `max_tokens` alone it still
    stops after 20 new tokens. vLLM, which reads sampling defaults from this file, looks for the names of transformers
    too.""",
    help="Use the field of transformers, or move the key to where it is read.",
    bad={"max_tokens": 256, "eos_token_id": 2}, good={"max_new_tokens": 256, "eos_token_id": 2},
    sources=(Source.GENERATION_CONFIG, Source.CONFIG_CALL),
)
def foreign_dialect_key(config: ConfigNode) -> Iterator[Draft]:
    misplaced: dict[str, list[str]] = {}
    for key, value in config.values.items():
        if key in KEYS or value is None or is_custom(key):
            continue
        if known := foreign(key):
            if known.field or config.kind is Kind.GENERATION:
                yield another_engines(config, key, known)
        elif key in FILES and config.kind is Kind.GENERATION and not (key == "model_type" and BARK in config.values):
            misplaced.setdefault(FILES[key].origin, []).append(key)
    for home, keys in misplaced.items():
        yield from another_files(config, home, keys)


@rule(
    "GS903", "invalid-json", severity=Severity.ERROR, clauses=["CONFIG-1"], any_file=True,
    rationale="""transformers raises OSError ("not a valid JSON file") for text that is not JSON, ValueError for an
    integer of more than 4,300 digits and RecursionError for brackets nested too deep. In each case the model does not
    load.""",
    help="Write one JSON object: double quotes, no comments, no comma after the last member.",
    bad='{"max_new_tokens": 64,}', good='{"max_new_tokens": 64}',
)
def invalid_json(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, BROKEN_TEXT)


@rule(
    "GS904", "stale-from-model-config", severity=Severity.INFO, clauses=["CONFIG-8"], default=False,
    rationale="""`_from_model_config` says that the file was derived from config.json. While it is true, transformers
    drops keys that are no fields when it loads the file, and transformers 4 derived the config again, at the call of
    `generate`, when generation options in config.json had changed: edits of this file could be lost.""",
    help="Remove the key once the file is edited by hand.",
    bad={"_from_model_config": True, "eos_token_id": 2, "pad_token_id": 0},
    good={"eos_token_id": 2, "pad_token_id": 0, "transformers_version": "5.23.0"},
)
def stale_from_model_config(config: ConfigNode) -> Iterator[Draft]:
    if config.value("_from_model_config") is True:
        message = "`_from_model_config` is true: this file is taken for a copy of what config.json says"
        yield config.finding("_from_model_config", message, fix=unsafe(
            "Remove the key", config.remove("_from_model_config")))


@rule(
    "GS905", "nested-config", severity=Severity.WARNING, clauses=["CONFIG-1"], any_file=True,
    rationale="""A generation config is one flat object. transformers keeps an inner object as one attribute that
    nothing reads, so every option in it is as good as absent, and its validation sees none of them. A list at the top
    raises TypeError on loading.""",
    help="Move the options to the top level, or give each set of options a folder and a file of its own.",
    bad={"generation": {"do_sample": True, "temperature": 0.7}}, good={"do_sample": True, "temperature": 0.7},
)
def nested_config(config: ConfigNode) -> Iterator[Draft]:
    if config.kind is Kind.FOREIGN:
        return
    found = buried(config.document.value)
    if not found:
        return
    pointer, names = found[0]
    others = f" ({len(found) - 1} more objects are like it)" if len(found) > 1 else ""
    message = f"{listed(names)} inside {place(pointer)}{others}: no decoder looks below the top level"
    severity = Severity.INFO if config.kind is Kind.MIXED else None
    yield Draft(pointer[:1], message, severity=severity, on_key=isinstance(pointer[0], str))


@rule(
    "GS906", "not-a-generation-config", severity=Severity.INFO, clauses=["CONFIG-1"], any_file=True,
    rationale="""The file has the name of a generation config and holds no generation field, at the top or one level
    down. Other programs use the name too. transformers loads any object and every default applies; anything but an
    object raises TypeError.""",
    help="Nothing, when the file is another program's. To be rid of the note, deselect this rule (--ignore GS906).",
    bad={"width": 600, "height": 600, "shapes": 10}, good={"max_new_tokens": 64},
)
def not_a_generation_config(config: ConfigNode) -> Iterator[Draft]:
    if config.kind is not Kind.FOREIGN or any(problem.kind not in HARMLESS for problem in config.document.problems):
        return
    value = config.document.value
    if value == {}:
        yield Draft((), "the file sets nothing: every default applies")
    elif isinstance(value, dict):
        yield Draft((), "no generation field in this file: every default applies")
    else:
        yield Draft((), f"this is no generation config: the file holds {kind_of(value)}, not an object")


@rule(
    "GS907", "unreadable-file", severity=Severity.ERROR, clauses=["CONFIG-1"], any_file=True,
    rationale="""The file could not be read, or has more bytes than any generation config, so nothing in it was
    checked.""",
    help="Give read permission or mend the link; a file that should not be checked can be listed in .gitignore.",
    bad=None, good={"max_new_tokens": 64},
)
def unreadable_file(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, UNREAD)


@rule(
    "GS908", "duplicate-key", severity=Severity.ERROR, clauses=["CONFIG-7"], any_file=True,
    rationale="""JSON leaves open which of two equal keys counts. Python's parser, and so transformers, takes the last
    one without a word; other parsers take the first or refuse the file.""",
    help="Keep one of the two.",
    bad='{"top_k": 20, "do_sample": true, "top_k": 40}', good='{"do_sample": true, "top_k": 40}',
)
def duplicate_key(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, (ProblemKind.DUPLICATE_KEY,))


@rule(
    "GS909", "not-finite-number", severity=Severity.ERROR, clauses=["CONFIG-4"], any_file=True,
    rationale="""JSON has no NaN and no infinity, and parsers outside Python refuse the file. Python reads NaN,
    Infinity, and 1e400 as infinity, and transformers 5.23 keeps the value: no comparison with NaN is ever true, so no
    range check catches it.""",
    help="Write a finite number, or null to leave the field unset.",
    bad='{"do_sample": true, "temperature": NaN}', good='{"do_sample": true, "temperature": 0.7}',
)
def not_finite_number(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, (ProblemKind.NOT_FINITE,))


@rule(
    "GS910", "not-utf-8", severity=Severity.ERROR, clauses=["CONFIG-1"], any_file=True,
    rationale="""transformers reads the file as UTF-8 and raises OSError ("not a valid JSON file") for other bytes and
    for a byte order mark, which some editors put in front: the model does not load.""",
    help="Save the file as UTF-8 without a byte order mark.",
    bad=b'\xef\xbb\xbf{"max_new_tokens": 64}', good=b'{"max_new_tokens": 64}',
)
def not_utf_8(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, (ProblemKind.ENCODING,))


@rule(
    "GS911", "dropped-custom-key", severity=Severity.WARNING, clauses=["CONFIG-8"],
    rationale="""While `_from_model_config` is true, transformers 5.23 drops every key that is no field when it loads
    the file, so the model's own code never sees this one. Saved again, the file has lost it.""",
    help="Remove `_from_model_config`, and the key is kept.",
    bad={"_from_model_config": True, "eos_token_id": 2, "pad_token_id": 0, "chat_format": "chatml"},
    good={"eos_token_id": 2, "pad_token_id": 0, "chat_format": "chatml"},
)
def dropped_custom_key(config: ConfigNode) -> Iterator[Draft]:
    if config.value("_from_model_config") is not True:
        return
    for key, value in config.values.items():
        if value is not None and is_custom(key):
            yield dropped(config, key)
    for key in strangers(config):
        if misspelling(key) is None:
            yield dropped(config, key)


@rule(
    "GS912", "lfs-pointer", severity=Severity.INFO, clauses=["CONFIG-1"], any_file=True,
    rationale="""Git LFS left the short text that stands for the file instead of the file, so nothing was checked.
    transformers raises OSError on such text.""",
    help="Fetch the file with `git lfs pull`.",
    bad="version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 120\n",
    good={"max_new_tokens": 64},
)
def lfs_pointer(config: ConfigNode) -> Iterator[Draft]:
    yield from problems(config, (ProblemKind.LFS_POINTER,))


@rule(
    "GS913", "unused-suppression", severity=Severity.WARNING, clauses=["CONFIG-1"], any_file=True,
    rationale="""A comment `genspec: ignore` that silences nothing hides the finding that comes back later, and makes
    readers look for a fault that is not there. Comments that name rules which do not run are not reported.""",
    help="Remove the comment, or the codes in it that nothing needs.", bad=None, good={"max_new_tokens": 64},
)
def unused_suppression(config: ConfigNode) -> Iterator[Draft]:
    yield from ()               # the comments are looked at when all other findings are there


def problems(config: ConfigNode, kinds: tuple[ProblemKind, ...]) -> Iterator[Draft]:
    """Report what is wrong with the text, where the parser saw it."""
    for problem in config.document.problems:
        if problem.kind in kinds:
            yield Draft(problem.pointer, problem.message, span=problem.span)


def strangers(config: ConfigNode) -> Iterator[str]:
    """Yield the keys that nothing here knows by another name, and that set something.

    Comments start with an underscore, `$schema` speaks to editors, and an inner object with options is GS905's.
    """
    keys = (
        key
        for key in config.keys
        if key not in KEYS and not key.startswith(COMMENTS) and not is_custom(key)
        and key not in CALLS and key not in FILES and foreign(key) is None
        and not buried({key: config.values.get(key)})
    )
    return islice(keys, MOST_STRANGERS)


def may_be_unread(config: ConfigNode) -> bool:
    """Tell whether a key that nothing known is close to stays in a file and is read by nobody."""
    of_a_file = config.place.source is Source.GENERATION_CONFIG and config.kind is Kind.GENERATION
    return of_a_file and config.value("_from_model_config") is not True


def is_call(config: ConfigNode) -> bool:
    """Tell whether this is a call of `generate`, which refuses what it does not know."""
    return config.place.source is Source.GENERATE_CALL


def refused_argument(config: ConfigNode, key: str, meant: Suggestion) -> Draft:
    """Say which argument of a call is misspelt. `generate` raises ValueError for it."""
    field, note = str(meant.field), f" {meant.note}" if meant.note else ""
    given = field in config.keys
    advice = f"`{field}` is given already: remove it." if given else f"did you mean `{field}`?"
    fix = unsafe(f"Remove `{key}`", config.remove(key)) if given else unsafe(
        f"Rename `{key}` to `{field}`", config.rename(key, field))
    message = f"`{key}` is no argument of `generate`, which raises ValueError: {advice}{note}".rstrip(".")
    return config.finding(key, message, fix=fix, severity=Severity.ERROR)


def misspelt(config: ConfigNode, key: str, meant: Suggestion) -> Draft:
    """Say which field a key misspells."""
    field, note = str(meant.field), f" {meant.note}" if meant.note else ""
    if field in config.values:
        message = f"`{key}` is no generation field: only `{field}`, which is set too, counts"
        return config.finding(key, message, on_key=True, fix=unsafe(f"Remove `{key}`", config.remove(key)))
    message = f"`{key}` is no generation field, so it sets nothing: did you mean `{field}`?{note}"
    fix = unsafe(f"Rename `{key}` to `{field}`", config.rename(key, field))
    return config.finding(key, message, fix=fix, on_key=True)


def another_engines(config: ConfigNode, key: str, known: Suggestion) -> Draft:
    """Say which engine reads a key, and what transformers reads instead.

    A key without a counterpart in a file that transformers did not write may be there for another program.
    """
    instead = f"transformers reads `{known.field}`" if known.field else "transformers has no such option"
    note = f". {known.note}" if known.note else ""
    doubtful = known.field is None and not config.values.keys() & METADATA
    message = f"`{key}` is a word of {known.origin}: {instead}{note}"
    return config.finding(key, message, on_key=True, severity=Severity.INFO if doubtful else None)


def another_files(config: ConfigNode, home: str, keys: list[str]) -> Iterator[Draft]:
    """Say in which file keys belong: each by itself, or, when they are many, all in one finding."""
    if len(keys) > MANY:
        message = f"`{keys[0]}` and {len(keys) - 1} other keys belong in {home}: nothing reads them here"
        yield config.finding(keys[0], message, on_key=True)
        return
    for key in keys:
        known = FILES[key]
        instead = f", where `{known.field}` counts" if known.field else ""
        note = f". {known.note}" if known.note else ""
        yield config.finding(key, f"`{key}` belongs in {home}: nothing reads it here{instead}{note}", on_key=True)


def dropped(config: ConfigNode, key: str) -> Draft:
    """Say that a key is lost on loading."""
    fix = unsafe("Remove `_from_model_config`", config.remove("_from_model_config"))
    return config.finding(key, f"`{key}` is dropped on loading, because `_from_model_config` is true", fix=fix)


def listed(names: list[str]) -> str:
    """Name a few fields, with the verb that follows them."""
    shown = ", ".join(f"`{name}`" for name in names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"{shown}{more} {'stands' if len(names) == 1 else 'stand'}"


def place(pointer: Pointer) -> str:
    """Name an inner object: `sampling`, `models[0]`, item 0 of the list."""
    first, *rest = pointer
    if isinstance(first, int):
        return f"item {first} of the list"
    return f"`{first}{''.join(f'[{index}]' for index in rest)}`"


def kind_of(value: object) -> str:
    """Name the kind of a JSON value."""
    if value is None:
        return "null"
    names = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "no JSON value")
