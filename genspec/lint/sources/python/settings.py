"""The settings that a call or a run of assignments gives, with where each stands."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from genspec.lint.sources.document import Source
from genspec.lint.sources.python.engines import Way
from genspec.lint.sources.python.positions import Lines, Piece, ends, piece_of_keyword, piece_of_member
from genspec.lint.sources.python.values import Names, Unknown, value_of

SECOND = "generation_config"
"""What the second argument of `generate` is, when it is given by its place."""


@dataclass(slots=True)
class Given:
    """Settings in one place of a program."""

    source: Source
    start: int                                  # offsets of the whole: a call, or the first assignment
    end: int
    values: dict[str, object] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    pieces: dict[str, Piece] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)  # that stand in the call itself, and not in a dict elsewhere
    open: bool = False                          # whether more may be set elsewhere
    whole: bool = True                          # whether every argument is seen

    def put(self, name: str, node: ast.expr, piece: Piece, names: Names) -> None:
        """Take one setting."""
        self.pieces[name] = piece
        self.values.pop(name, None)
        self.unknown.discard(name)
        try:
            self.values[name] = value_of(node, names)
        except Unknown:
            self.unknown.add(name)


    def rename(self, name: str, new: str) -> None:
        """Call one setting as the engine does. It is then no argument that can be edited."""
        if name in self.pieces and new not in self.pieces:
            self.pieces[new] = self.pieces[name]
            if name in self.values:
                self.values[new] = self.values[name]
            else:
                self.unknown.add(new)
            self.drop(name)

    def drop(self, name: str) -> None:
        """Forget one setting."""
        self.pieces.pop(name, None)
        self.values.pop(name, None)
        self.unknown.discard(name)
        self.own.discard(name)


def given_by_call(call: ast.Call, source: Source, lines: Lines, names: Names) -> Given:
    """Read the settings of a call. What `**` brings in is read from a dict literal, else more may be set than is seen.

    A call of `generate` or of a pipeline adds to the model's own config, which nobody sees here.
    """
    given = Given(source, *ends(call, lines), open=source in (Source.GENERATE_CALL, Source.PIPELINE_CALL))
    if any(isinstance(argument, ast.Starred) for argument in call.args):
        given.open, given.whole = True, False
    elif source is Source.GENERATE_CALL and len(call.args) > 1:
        given.unknown.add(SECOND)
    for keyword in call.keywords:
        if keyword.arg is None:
            spread(given, keyword.value, lines, names)
        else:
            given.put(keyword.arg, keyword.value, piece_of_keyword(keyword, lines), names)
            given.own.add(keyword.arg)
    return given


def given_by_way(call: ast.Call, way: Way, lines: Lines, names: Names) -> Given | None:
    """Read the settings of a call for another engine; None for one without the argument that holds them."""
    if not way.under:
        given = given_by_call(call, way.source, lines, names)
        given.open |= way.open
        given.unknown.update(way.ordered[:len(call.args)])
        for name, engines in way.aliases.items():
            given.rename(name, engines)
        merged = next((word.value for word in call.keywords if way.merged and word.arg == way.merged), None)
        if merged is not None:
            given.drop(way.merged)
            spread(given, merged, lines, names)
        return given
    held = next((word.value for word in call.keywords if word.arg == way.under), None)
    if held is None and way.place is not None and len(call.args) > way.place:
        held = call.args[way.place]
    return given_by_dict(held, way.source, lines, names) if held is not None else None


def given_by_dict(node: ast.expr, source: Source, lines: Lines, names: Names) -> Given:
    """Read the settings in a dict: a literal, or what makes one."""
    given = Given(source, *ends(node, lines))
    spread(given, node, lines, names)
    if isinstance(node, ast.Dict):
        given.own.update(given.pieces)
    return given


def spread(given: Given, node: ast.expr, lines: Lines, names: Names) -> None:
    """Read the members of a dict that a call takes apart: a literal, `dict(...)`, or the name of one."""
    meant = names(node.id) if isinstance(node, ast.Name) else node
    if isinstance(meant, ast.Call) and isinstance(meant.func, ast.Name) and meant.func.id == "dict" and not meant.args:
        members(given, ((keyword.arg, keyword.value, keyword) for keyword in meant.keywords), lines, names)
    elif isinstance(meant, ast.Dict):
        members(given, ((text_of(key), value, key) for key, value in zip(meant.keys, meant.values, strict=True)),
                lines, names)
    else:
        given.open, given.whole = True, False


def members(
    given: Given, found: Iterable[tuple[str | None, ast.expr, ast.expr | ast.keyword | None]], lines: Lines,
    names: Names,
) -> None:
    """Take the members of a dict; one whose name is not known may be any."""
    for name, value, key in found:
        if name is None or key is None:
            given.open, given.whole = True, False
        elif isinstance(key, ast.keyword):
            given.put(name, value, piece_of_keyword(key, lines), names)
        else:
            given.put(name, value, piece_of_member(key, value, lines), names)


def text_of(node: ast.expr | None) -> str | None:
    """Return the text of a literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
