"""Commands in YAML, of Docker Compose, Kubernetes and llama-swap: which engine they start, and with what."""

from collections.abc import Iterator

from genspec.lint.finding import Pointer
from genspec.lint.sources.positions import Node
from genspec.lint.sources.sections.evidence import objects_in
from genspec.lint.sources.shell.flags import Given, arguments_of, image, settings_of
from genspec.lint.sources.shell.words import Word
from genspec.lint.sources.shell.words import commands_in as commands_of

KEYS = ("entrypoint", "command", "cmd", "args")
"""Where the words of a command stand, in the order in which they are joined; llama-swap says `cmd`."""


def commands_in(text: str, root: Node) -> Iterator[tuple[Pointer, Given]]:
    """Yield what the commands of the containers in a file set, with the pointers of the places."""
    for pointer, members in objects_in(root.value):
        keys = [key for key in KEYS if members.get(key)]
        node = at(root, pointer)
        if not keys or node is None or node.children is None:
            continue
        found = list(settings_in(text, node.children, keys, members.get("image")))
        for number, given in enumerate(found):
            where = (*pointer, keys[-1])
            yield (where if number == 0 else (*where, number)), given


def at(root: Node, pointer: Pointer) -> Node | None:
    """Return the node that a pointer names."""
    node: Node | None = root
    for part in pointer:
        node = (node.children or {}).get(part) if node is not None else None
    return node


def settings_in(text: str, children: dict[str | int, Node], keys: list[str], named: object) -> Iterator[Given]:
    """Yield the settings of one container's command; its image tells the program where the command names none."""
    words = [word for key in keys for word in words_of(text, children[key])]
    found = list(settings_of(words))
    program = image(named) if isinstance(named, str) and not found else None
    if program is not None and words and words[0].text.startswith("-"):
        found = list(arguments_of(program, words, words[0].start))
    yield from found
    for key in keys:                                    # sh -c "vllm serve ..."
        for node in (children[key].children or {}).values():
            if not found and isinstance(node.value, str) and " " in node.value:
                for one in commands_of(text, *inside(text, node)):
                    yield from settings_of(one)


def words_of(text: str, node: Node) -> list[Word]:
    """Return the words of a command that is written as one text, or as a list of them."""
    if node.children:
        return [word_of(text, item) for item in node.children.values() if isinstance(item.value, str | int | float)]
    if not isinstance(node.value, str):
        return []
    start, end = inside(text, node)
    return next(iter(commands_of(text, start, end, True)), [])


def word_of(text: str, node: Node) -> Word:
    """Return an item of a list as a word. One with escapes in it stands where it begins."""
    start, end = inside(text, node)
    said = text[start:end] if not isinstance(node.value, str) else node.value
    plain = text[start:end] == said
    places = tuple(range(start, end)) if plain else (start,) * len(said)
    return Word(said, node.start, node.end, places, "$" not in said and "{{" not in said)


def inside(text: str, node: Node) -> tuple[int, int]:
    """Return where the text of a scalar begins and ends: inside its quotes, or below the mark of a block."""
    start, end = node.start, node.end
    mark = text[start:start + 1]
    if mark in ("'", '"'):
        return start + 1, end - 1
    if mark in ("|", ">"):
        return text.find("\n", start, end) + 1 or end, end
    return start, end
