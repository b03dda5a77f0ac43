"""Reads YAML files: requests, tasks, configs of servers and of training runs, and the commands of containers.

PyYAML reads them, as the programs do whose files they are, so a number is a number here when it is one there: `1e-5`
without a point is text in YAML 1.1. It is imported only when the bytes of a file say that there can be something in it.
"""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from genspec.lint.finding import Pointer, Span
from genspec.lint.sources.document import Document, Place, Problem, ProblemKind
from genspec.lint.sources.nothing import nothing
from genspec.lint.sources.positions import Locator

if TYPE_CHECKING:
    from genspec.lint.sources.shell.flags import Given

TRIGGERS = (
    (b"model", b"messages"), (b"model", b"prompt"), (b"sampling_params",), (b"n_predict",), (b"generation_kwargs",),
    (b"override", b"generation", b"config"), (b"max", b"model", b"len"), (b"max_completion_length",),
    (b"mem", b"fraction", b"static"), (b"vllm",), (b"llama-",), (b"llama.cpp",), (b"text-generation-",), (b"sglang",),
    (b"parameters", b"inputs"), (b"generation_parameters",), (b"model_name_or_path", b"template"),
    (b"model_name_or_path", b"finetuning_type"), (b"model_name_or_path", b"stage"),
)
"""Words that stand in every file with generation settings: all those of a row."""

MISSING = "PyYAML is not installed, so this file was not checked: pip install pyyaml"

Commands = dict[Pointer, "Given"]
"""The settings in commands, by the pointers of their places."""


def parse_yaml(path: str, data: bytes) -> Document:
    """Read a YAML file, if there can be generation settings in it. One that is no YAML is no business of ours."""
    if not any(all(word in data for word in words) for words in TRIGGERS):
        return nothing(path)
    try:
        import yaml
    except ImportError:
        return nothing(path)._replace(problems=(Problem(ProblemKind.UNREADABLE, MISSING),))
    try:
        return read(path, data.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return nothing(path)


def read(path: str, text: str) -> Document:
    """Read a text as YAML. Raises what PyYAML raises, ValueError and RecursionError."""
    from genspec.lint.sources.sections.evidence import places_in
    from genspec.lint.sources.sections.yaml_tree import tree_of

    root = tree_of(text)
    places = list(places_in(root.value))
    commands: Commands = {}
    if may_start(text):
        from genspec.lint.sources.sections.containers import commands_in

        commands = dict(commands_in(text, root))
        places += placed(commands)
    if not places:
        return nothing(path)
    from genspec.lint.sources.sections.yaml_edit import rewritten
    from genspec.lint.suppression import comments_in

    tree = Locator(text, root, valid=False)
    return Document(
        path, text, root.value, (), partial(locate, tree, commands), tuple(places), partial(rewritten, tree),
        tuple(comments_in(text)),
    )


def may_start(text: str) -> bool:
    """Tell whether a text can hold a command."""
    return any(word in text for word in ("command", "cmd", "args", "entrypoint"))


def placed(commands: Commands) -> Iterator[Place]:
    """Yield commands as places."""
    from genspec.lint.sources.shell.document import unknown_in
    from genspec.lint.sources.shell.flags import values_of

    for pointer, given in commands.items():
        yield Place(given.source, values_of(given.settings), pointer, unknown_in(given), given.open)


def locate(tree: Locator, commands: Commands, pointer: Pointer, on_key: bool = False) -> Span:
    """Return the span of what a pointer names: a member, or an option of a command."""
    given = commands.get(pointer[:-1])
    name = pointer[-1] if given is not None else None
    if given is None:
        given = commands.get(pointer)
    if given is None:
        return tree(pointer, on_key)
    from genspec.lint.sources.shell.document import locate

    return locate(tree.text, [given], (0, name) if name is not None else (0,), on_key)
