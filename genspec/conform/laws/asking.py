"""What is asked to get draws: one call gives many where it can, and every call has a seed of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from genspec.conform.capabilities import Capabilities, inputs_of
from genspec.conform.laws import law as memory
from genspec.conform.laws.beams import Outcomes
from genspec.conform.laws.reading import Answer
from genspec.conform.laws.sketch import Sketch
from genspec.conform.question import Json

GROWTH = (1, 4, 16)
"""How many times as many draws the first questions ask for; all further ones as many as the last of these."""
SEEDS = 1 << 31
"""A seed is below this, so that every generator takes it."""


class Unreadable(Exception):
    """An answer that has not the rows that were asked for; the message says what it has."""


@dataclass(frozen=True)
class Shape:
    """How many draws a question asks for."""

    prompts: int
    rows: int
    steps: int
    widened: bool = False


def shapes(sketch: Sketch, can: Capabilities) -> Iterator[Shape]:
    """Give the shapes of the questions, one after the other, without end.

    More draws are more rows of a call, where a decoder knows `num_return_sequences`; else more prompts of a batch,
    where it knows `prompts`; else longer rows, where their length changes nothing.
    """
    known, rows = inputs_of(can), sketch.rows or 1
    if sketch.rows is None and (can.fields is None or "num_return_sequences" in can.fields):
        grown = [Shape(1, factor, sketch.steps, factor > 1) for factor in GROWTH]
    elif sketch.prompts == 1 and not sketch.assistant and known is not None and "prompts" in known:
        grown = [Shape(factor, rows, sketch.steps, factor > 1) for factor in GROWTH]
    elif sketch.memory is memory.same and not sketch.together and not sketch.tied:
        grown = [Shape(sketch.prompts, rows, sketch.steps * factor, factor > 1) for factor in (1, 4, 8)]
    else:
        grown = [Shape(sketch.prompts, rows, sketch.steps)]
    yield from grown
    while True:
        yield grown[-1]


def asked(sketch: Sketch, shape: Shape, seed: int) -> dict[str, Any]:
    """Write the input of a question."""
    given = sketch.input()
    given["config"] |= {"max_new_tokens": shape.steps}
    if shape.rows > 1:
        given["config"]["num_return_sequences"] = shape.rows
    if shape.prompts > 1:
        given = {name: value for name, value in given.items() if name != "prompt"} | {"prompts": [[0]] * shape.prompts}
    return {**given, "seed": seed}


def seed_of(run: int, name: str, number: int) -> int:
    """Give the seed of a question: another one for every question of a law. SAMPLE-8."""
    first = int.from_bytes(blake2b(f"{run}/{name}".encode(), digest_size=4).digest(), "big")
    return (first + number * 0x9E3779B1) % SEEDS


def rows_of(told: Json, shape: Shape) -> Answer:
    """Read the new tokens of every row. Raises `Unreadable`."""
    results = told.get("prompts", [told])
    if not isinstance(results, list) or len(results) != shape.prompts:
        raise Unreadable(f"results of {shape.prompts} prompts were asked for, and {count_of(results)} came")
    return [new_tokens(result, shape) for result in results]


def new_tokens(result: object, shape: Shape) -> list[list[int]]:
    """Read the rows of one prompt. Raises `Unreadable`."""
    rows = result.get("sequences") if isinstance(result, Mapping) else None
    if not isinstance(rows, list) or len(rows) != shape.rows:
        raise Unreadable(f"{shape.rows} rows were asked for, and {count_of(rows)} came")
    for row in rows:
        whole = isinstance(row, list) and all(isinstance(token, int) for token in row)
        if not whole or row[:1] != [0] or len(row) != 1 + shape.steps:
            raise Unreadable(f"a row is the prompt [0] and {shape.steps} new tokens, not {row!r:.120}")
    return [row[1:] for row in rows]


def count_of(given: object) -> str:
    """Count what came."""
    return str(len(given)) if isinstance(given, list) else "none"


def as_outcomes(answer: Answer, outcomes: Outcomes) -> Answer:
    """Make one symbol of all rows of a prompt."""
    return [[[outcomes.number(tuple(map(tuple, rows)))]] for rows in answer]
