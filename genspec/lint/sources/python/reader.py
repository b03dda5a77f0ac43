"""Reads Python files: every call and assignment that configures text generation becomes a place of the document."""

import ast
from collections.abc import Iterator
from functools import partial
from warnings import catch_warnings, simplefilter

from genspec.lint.finding import Pointer, Span
from genspec.lint.sources.document import Document, Place, Source
from genspec.lint.sources.nothing import nothing
from genspec.lint.sources.positions import span_between
from genspec.lint.sources.python.calls import FAMILY, origin_of, roots, source_of
from genspec.lint.sources.python.engines import sets_openvino, way_of
from genspec.lint.sources.python.names import WORDS, Function, Names, arguments_of, names_in
from genspec.lint.sources.python.positions import Lines, ends, piece_of_assignment
from genspec.lint.sources.python.posts import posted
from genspec.lint.sources.python.rewrite import rewritten
from genspec.lint.sources.python.settings import Given, given_by_call, given_by_dict, given_by_way
from genspec.lint.sources.python.values import Names as Meaning
from genspec.lint.suppression import comments_in

Scopes = tuple[Names, ...]
"""The names that hold at a place, the innermost scope first."""

MOST_SCOPES = 20
"""Functions inside functions. Deeper ones are not looked into: each level takes a look at all that is below it."""


def parse_python(path: str, data: bytes) -> Document:
    """Read a Python file. One that is no Python, or that is not UTF-8, holds nothing that can be checked."""
    try:
        text = data.decode("utf-8-sig")
        return document_of(path, text, settings_in(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return nothing(path)


def document_of(path: str, text: str, found: list[Given]) -> Document:
    """Make a document of the settings in a text."""
    kind = decoder_only(text)
    places = tuple(
        Place(given.source, given.values, (index,), frozenset(given.unknown), given.open, given.whole, kind)
        for index, given in enumerate(found)
    )
    return Document(
        path, text, [given.values for given in found], (), partial(locate, text, found), places,
        partial(rewritten, text, found), tuple(comments_in(text)) if found else (),
    )


def decoder_only(text: str) -> bool | None:
    """Tell what kind of model a program loads, by the names of its classes: None when it names both kinds or none."""
    causal = "CausalLM" in text or "LMHeadModel" in text
    other = any(word in text for word in ("Seq2Seq", "ConditionalGeneration", "EncoderDecoder", "ForVision2Seq"))
    return causal if causal != other else None


def locate(text: str, found: list[Given], pointer: Pointer, on_key: bool = False) -> Span:
    """Return the span of a setting, or of the call."""
    if not pointer or not isinstance(pointer[0], int):
        return Span()
    given = found[pointer[0]]
    piece = given.pieces.get(str(pointer[1])) if len(pointer) > 1 else None
    if piece is None:
        return span_between(text, given.start, given.end)
    return span_between(text, piece.start, piece.name_end if on_key else piece.end)


def settings_in(text: str) -> list[Given]:
    """Find the settings in a program, in their order. Raises what `ast.parse` raises."""
    with catch_warnings():
        simplefilter("ignore")              # of escapes in the program's own strings
        tree = ast.parse(text)
    lines = Lines(text)
    module = names_in(tree.body)
    found = list(scope(tree.body, (module,), lines))
    return sorted(found, key=lambda given: given.start)


def scope(body: list[ast.stmt], scopes: Scopes, lines: Lines) -> Iterator[Given]:
    """Yield the settings in the statements of a scope and of those inside it."""
    assigned: dict[tuple[str, int], Given] = {}
    called: dict[int, Given] = {}
    imports = imports_of(scopes)
    stack: list[tuple[ast.AST, int]] = [(node, 0) for node in reversed(body)]
    while stack:
        node, block = stack.pop()
        if isinstance(node, Function):
            if len(scopes) > MOST_SCOPES:
                continue
            inner: list[ast.stmt] = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
            yield from scope(inner, (names_in(inner, arguments_of(node)), *scopes), lines)
            outside = (node.args, *(() if isinstance(node, ast.Lambda) else node.decorator_list))
            stack += [(part, 0) for part in outside]
            continue
        if isinstance(node, ast.Call):
            given = given_by(node, scopes, imports, lines)
            if given is not None:
                called[id(node)] = given
                yield given
        elif isinstance(node, ast.Assign):
            changed_later(node, scopes, called)
            assignment(node, scopes, imports, lines, assigned, block=block)
        stack += reversed([*children(node)])        # of two assignments the last one counts
    yield from assigned.values()


def changed_later(node: ast.Assign, scopes: Scopes, called: dict[int, Given]) -> None:
    """Note of `params.seed = 1` that more is set than what the call that made the object says."""
    target = node.targets[0]
    if called and isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        given = called.get(id(constant(scopes, target.value.id)))
        if given is not None:
            given.open = True


def children(node: ast.AST) -> Iterator[tuple[ast.AST, int]]:
    """Yield the nodes right below one, each with a mark of the block that it stands in."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            yield from ((item, id(value)) for item in value if isinstance(item, ast.AST))
        elif isinstance(value, ast.AST) and name not in WORDS:
            yield value, 0


def given_by(call: ast.Call, scopes: Scopes, imports: dict[str, str], lines: Lines) -> Given | None:
    """Read a call that configures generation, or return None for any other."""
    names = partial(constant, scopes)
    way = way_of(call, imports, names)
    if way is not None:
        return given_by_way(call, way, lines, names)
    post = posted(call, imports, names)
    if post is not None:
        return given_by_dict(post.node, post.source, lines, names)
    source = source_of(call, imports)
    if source is None and isinstance(call.func, ast.Name):
        made = names(call.func.id)              # `pipe(...)`, where pipe = pipeline(...)
        if isinstance(made, ast.Call) and source_of(made, imports) is Source.PIPELINE_CALL and writes_text(made):
            source = Source.PIPELINE_CALL
    elif source is Source.PIPELINE_CALL and not writes_text(call):
        return None
    return given_by_call(call, source, lines, names) if source is not None else None


def writes_text(call: ast.Call) -> bool:
    """Tell whether a pipeline is one for text generation, by its task."""
    task = call.args[0] if call.args else next((word.value for word in call.keywords if word.arg == "task"), None)
    return isinstance(task, ast.Constant) and task.value == "text-generation"


def constant(scopes: Scopes, name: str) -> ast.expr | None:
    """Return what a name stands for at a place, or None: the innermost scope that binds it decides."""
    return next((names.constants.get(name) for names in scopes if name in names.own), None)


def imports_of(scopes: Scopes) -> dict[str, str]:
    """Return the imports that hold at a place."""
    return {name: origin for names in reversed(scopes) for name, origin in names.imports.items()}


def assignment(
    node: ast.Assign, scopes: Scopes, imports: dict[str, str], lines: Lines,
    assigned: dict[tuple[str, int], Given], *, block: int,
) -> None:
    """Take `model.generation_config.temperature = 0.7`: the assignments to one config in one block are one place."""
    target = node.targets[0]
    if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Attribute | ast.Name):
        return
    names = partial(constant, scopes)
    source = source_of_assignment(target.value, imports, names)
    if source is None:
        return
    start, end = ends(target, lines)[0], ends(node.value, lines)[1]
    given = assigned.setdefault((ast.unparse(target.value), block), Given(source, start, end, open=True))
    given.put(target.attr, node.value, piece_of_assignment(target, node.value, lines), names)


def source_of_assignment(receiver: ast.expr, imports: dict[str, str], names: Meaning) -> Source | None:
    """Tell what an assignment to an attribute configures, or None for any other."""
    if sets_openvino(receiver, imports, names):
        return Source.OPENVINO_OPTIONS
    name = ast.unparse(receiver).rpartition(".")[2]
    if name not in ("generation_config", "gen_config") or not roots(imports) & FAMILY:
        return None
    if origin_of(receiver, imports).startswith("transformers.") or is_of_another_class(receiver, names):
        return None
    return Source.ASSIGNMENT


def is_of_another_class(receiver: ast.expr, names: Meaning) -> bool:
    """Tell whether a name stands for a config of a class with fields of its own, as `GaudiGenerationConfig()`."""
    made = names(receiver.id) if isinstance(receiver, ast.Name) else None
    name = ast.unparse(made.func).rpartition(".")[2] if isinstance(made, ast.Call) else ""
    return name.endswith("GenerationConfig") and name != "GenerationConfig"
