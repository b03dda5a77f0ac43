"""Where the answer to a vector parts from the expected result, in words and places."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genspec.conform.vectors.runner import close, members, number, softmax, tolerance_of

Json = Mapping[str, Any]
PLACES = {"sequences": ("row", "token"), "finish_reasons": ("row",), "sequences_scores": ("row",),
          "beam_indices": ("row", "token"), "scores": ("token",), "probabilities": ("token",), "tokens": ("draw",)}
OF_STEPS = ("run", "step", "hypothesis", "token")
"""What the places in a member are called: docs/spec/vectors.md."""


@dataclass(frozen=True, slots=True)
class Parting:
    """The first difference between an answer and what is expected."""

    difference: str
    reason: str
    expected: object = None
    answered: object = None
    row: int | None = None
    step: int | None = None


def parting(level: str, vector: Json, reply: Json, epsilon: float) -> Parting:
    """Find the first difference; of several right answers, to the one that goes along the longest."""
    expected = vector["expected"]
    if expected["kind"] == "distribution" and "scores" in reply:
        reply = {"probabilities": softmax(reply["scores"])}
    allowed = tolerance_of(level, vector, epsilon)
    answers = [members(answer) for answer in expected.get("answers", [expected])]
    partings = [of_members(level, vector, reply, answer, (allowed, epsilon)) for answer in answers]
    if len(partings) > 1:
        first = partings[0]
        return Parting(first.difference, f"none of {len(partings)} right answers came: {first.reason}",
                       [one.expected for one in partings], first.answered, first.row, first.step)
    return partings[0]


def of_members(level: str, vector: Json, reply: Json, answer: Json, near: tuple[float, float]) -> Parting:
    """Find the first member that differs, and where."""
    for place, (name, wanted) in enumerate(answer.items()):
        if name not in reply:
            if place == 0:
                return Parting(name, f"the answer has no `{name}`", wanted, sorted(reply))
            continue
        path = first_difference(reply[name], wanted, near)
        if path is not None:
            return at(level, vector, name, path, wanted=wanted, given=reply[name])
    return Parting("members", "members are missing", sorted(answer), sorted(reply))


def first_difference(given: Any, wanted: Any, near: tuple[float, float]) -> list[int] | None:
    """Give the path to the first item that differs; of lists of other lengths, the path to the list."""
    if isinstance(wanted, list):
        if not isinstance(given, Sequence) or isinstance(given, str):
            return []
        if len(given) != len(wanted) and wanted and not isinstance(wanted[0], int):
            return []               # rows of tokens part at a token, and everything else at its length
        for place, (one, other) in enumerate(zip(given, wanted, strict=False)):
            path = first_difference(one, other, near)
            if path is not None:
                return [place, *path]
        return None if len(given) == len(wanted) else []
    return None if close(given, wanted, *near) else []


def at(level: str, vector: Json, name: str, path: list[int], *, wanted: Any, given: Any) -> Parting:
    """Say what differs at a path."""
    for place in path:
        wanted, given = wanted[place], given[place]
    called = OF_STEPS if level == "L3" and name in ("scores", "logits") else PLACES.get(name, ())
    where = [f"{word} {place}" for word, place in zip(called, path, strict=False)]
    reason = f"{name}{', ' if where else ''}{', '.join(where)}: {compared(wanted, given)}"
    steps = dict(zip(called, path, strict=False))
    step = steps.get("step")
    if level == "L3" and name == "sequences" and len(path) > 1 and "prompt" in vector["input"]:
        step = path[1] - len(vector["input"]["prompt"])
    return Parting(name, reason, wanted, given, steps.get("row", steps.get("run")),
                   step if step is None or step >= 0 else None)


def compared(wanted: Any, given: Any) -> str:
    """Say of two values how they differ."""
    if isinstance(wanted, list):
        if not isinstance(given, Sequence) or isinstance(given, str):
            return f"a list was expected, and {given!r:.60} came"
        if len(given) != len(wanted) and not (wanted and isinstance(wanted[0], int)):
            return f"{len(wanted)} items were expected, and {len(given)} came"
    elif isinstance(wanted, float) and math.isnan(number(given)):
        return f"{wanted:.9g} was expected, and {given!r:.60}, which is no number, came"
    return f"{wanted!r:.200} was expected, and {given!r:.200} came"
