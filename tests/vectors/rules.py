"""What must hold of every published vector beside its answer. Text: docs/spec/vectors.md."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from test_clauses import CLAUSES

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "reference" / "vectors" / "v1" / "schema.json"
PAGE = ROOT / "docs" / "spec" / "vectors.md"
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LEAST, GREATEST = -4.0, 4.0
"""What the finite logits of a model of the kind `lines` lie between, as the others' do: VECTORS-8 counts on it."""
EXACT_INPUTS = ("scores", "logits", "noise", "unconditional_logits", "unfiltered", "chance", "surprises")
"""What a decoder reads as numbers of its own type."""

Vector = Mapping[str, Any]


def faults(page: str, level: str, vectors: Iterable[Vector]) -> Iterator[str]:
    """Say what is wrong with the vectors of one file, beside the schema."""
    for vector in vectors:
        for fault in chain(faults_of_names(page, vector), faults_of_input(page, level, vector)):
            yield f"{vector['id']}: {fault}"


def faults_of_schema(level: str, vectors: Iterable[Vector]) -> Iterator[str]:
    """Say where vectors do not satisfy the schema."""
    for vector in vectors:
        for error in validator_of(level).iter_errors(vector):
            deepest = max(error.context or [error], key=lambda one: len(one.absolute_path))
            yield f"{vector['id']}: {'/'.join(map(str, deepest.absolute_path))}: {deepest.message[:200]}"


def faults_of_names(page: str, vector: Vector) -> Iterator[str]:
    folder, _, name = vector["id"].partition("/")
    if folder != page or not KEBAB.fullmatch(name):
        yield "an id is the page, a slash and a name in kebab-case"
    yield from (f"{flag} is no flag of docs/spec/vectors.md" for flag in vector["flags"] if flag not in flags())
    yield from (f"{clause} is no clause" for clause in vector["clauses"] if clause not in CLAUSES)
    if len(set(vector["clauses"])) != len(vector["clauses"]) or not vector["clauses"]:
        yield "it names no clause, or one twice"
    if {"boundary", "choice-point"} & set(vector["flags"]) and not vector["note"]:
        yield "a boundary and a choice point have a note that says what is special"


def faults_of_input(page: str, level: str, vector: Vector) -> Iterator[str]:
    given, operation = vector["input"], vector["input"].get("operation")
    if level == "L0" and (ROOT / f"reference/genspec_reference/operations/{page}.py").exists() and operation != page:
        yield f"an L0 case of this page is about {page}, not {operation}"
    for name in ("model", "assistant"):
        yield from faults_of_model(given.get(name, {}))
    for name in EXACT_INPUTS:
        for where in (given, given.get("context", {})):
            yield from (f"{name}: {number} is not exact in float32"
                        for number in numbers_in(where.get(name)) if float(np.float32(number)) != number)


def faults_of_model(model: Mapping[str, Any]) -> Iterator[str]:
    lines = model.get("lines", [])
    if any(len(line) != model["vocab_size"] for line in lines):
        yield f"a line has another length than V, {model['vocab_size']}"
    for number in numbers_in(lines):
        if not LEAST <= number <= GREATEST or float(np.float32(number)) != number:
            yield f"the logit {number} is not in [{LEAST}, {GREATEST}], or not exact in float32"


def numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, int | float):
        yield value


@cache
def flags() -> Mapping[str, str]:
    """Read the flags and their meanings from the page."""
    table = PAGE.read_text("utf-8").partition("| flag | meaning |\n| --- | --- |\n")[2].partition("\n\n")[0]
    return dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", table, re.MULTILINE))


@cache
def schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text("utf-8"))


@cache
def validator_of(level: str) -> Any:
    """Make what holds a case of a level to the schema."""
    import jsonschema

    return jsonschema.Draft202012Validator({"$defs": schema()["$defs"], "$ref": f"#/$defs/{level}"})
