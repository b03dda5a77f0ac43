"""The scores of a few tokens after each operation: one line an operation, one column a token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from genspec.lint.report.paint import BOLD, CYAN, FAINT, GREEN, RED, Paint
from genspec_reference.pipeline import Applied
from genspec_reference.scores import Scores, Tokens, descending, softmax

CELL = 8
UNCHANGED = "."


@dataclass(frozen=True, slots=True)
class Columns:
    """The tokens that a table shows, and those of them that were taken."""

    tokens: tuple[int, ...]
    taken: frozenset[int]


def columns_of(applied: Sequence[Applied], taken: Sequence[int], near: Sequence[int], top: int) -> Columns:
    """Choose the tokens that matter: taken ones and runners-up, the highest, the highest that an operation masked.

    They stand in the order of the scores that the step began with.
    """
    ranked = descending(applied[0].scores)
    lost = [
        int(gone[descending(before.scores[gone])[0]])
        for before, after in pairwise(applied) if (gone := masked(before.scores, after.scores)).size
    ]
    wanted = list(dict.fromkeys([*taken, *near, *ranked[:top].tolist(), *lost]))[: max(top + 3, len(taken))]
    place = {int(token): number for number, token in enumerate(ranked)}
    return Columns(tuple(sorted(wanted, key=place.__getitem__)), frozenset(taken))


def masked(before: Scores, after: Scores) -> Tokens:
    """List the tokens that an operation took away. int[n]."""
    return np.flatnonzero((before > -np.inf) & (after == -np.inf))


def table_lines(applied: Sequence[Applied], columns: Columns, draws: bool, indent: str, paint: Paint) -> Iterator[str]:
    """Yield the table of one row at one step."""
    names = ["token", *(one.name for one in applied), *(["probability"] if draws else [])]
    width = max(map(len, names))
    heads = "".join(head(token, token in columns.taken, paint) for token in columns.tokens)
    yield f"{indent}{'token':{width}}{heads}"
    start, *others = applied
    yield f"{indent}{start.name:{width}}{''.join(cell(start.scores[token], None, paint) for token in columns.tokens)}"
    remarks = [remark(before, after) for before, after in pairwise(applied)]
    widest = max(map(len, remarks), default=0)
    for before, after, said in zip(applied, others, remarks, strict=False):
        cells = "".join(cell(after.scores[token], before.scores[token], paint) for token in columns.tokens)
        gap = "  " if widest else ""
        yield f"{indent}{after.name:{width}}{cells}   {said:{widest}}{gap}{paint(f'[{after.clause}]', CYAN)}"
    if draws:
        chances = softmax(applied[-1].scores)
        cells = "".join(f"{share(chances[token]):>{CELL}}" for token in columns.tokens)
        yield f"{indent}{'probability':{width}}{cells}"


def head(token: int, taken: bool, paint: Paint) -> str:
    """Write the head of a column; a token that was taken has a star."""
    text = f"{token}{'*' if taken else ''}"
    return f"{text:>{CELL}}" if not taken else " " * (CELL - len(text)) + paint(text, BOLD, GREEN)


def cell(score: float, before: float | None, paint: Paint) -> str:
    """Write one score: a point where the operation left it as it was."""
    if before is not None and score == before:
        return " " * (CELL - 1) + paint(UNCHANGED, FAINT)
    text = number(score)
    return f"{text:>{CELL}}" if score > -np.inf else " " * max(1, CELL - len(text)) + paint(text, RED)


def share(probability: float) -> str:
    """Write a probability: only none at all is 0."""
    return f"{probability:.3f}" if probability >= 0.0005 else f"{probability:.0e}" if probability else "0"


def remark(before: Applied, after: Applied) -> str:
    """Say how many tokens an operation masked, and how near its nearest decision was."""
    count = masked(before.scores, after.scores).size
    parts = [f"masks {count:,}"] if count else []
    parts += [f"margin {distance(after.margin)}"] if after.margin < np.inf else []
    return ", ".join(parts)


def number(value: float) -> str:
    """Write a score."""
    return f"{value:.3f}" if abs(value) < 10_000 else f"{value:.3g}"


def distance(value: float) -> str:
    """Write a margin: a small one is not 0."""
    return number(value) if value == 0 or value >= 0.0005 else f"{value:.0e}"
