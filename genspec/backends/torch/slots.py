"""The operations of a batch in their order, each for all lines at once."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from genspec.backends.torch.sparse import Line
from genspec.config.plan import Operation
from genspec.config.profile import Profile

Place = tuple[str, int]
"""An operation's name, and how many of that name stand before it."""


class Slot:
    """One operation for all lines."""

    def __init__(self, name: str, operations: Sequence[Operation | None]) -> None:
        """Take the operation of each line; None where its plan does not have it."""
        self.name, self.operations, self.function = name, operations, function_of(name)
        self.first = next(operation for operation in operations if operation is not None)
        self.alike = all(one is not None and one.arguments == self.first.arguments for one in operations)
        self.has_states = self.function is not None and parameters_of(self.function)[0] == "line"
        self.states: list[Any] = []

    def begin(self, lines: Sequence[Line], profile: Profile) -> None:
        """Begin what the operation knows of each line whose plan has it."""
        if self.has_states:
            self.states = [None if operation is None else self.call(line, operation, profile, {})
                           for line, operation in zip(lines, self.operations, strict=True)]

    def call(self, given: Any, operation: Operation, profile: Profile, more: Mapping[str, object]) -> Any:
        """Call the operation's function for a line, or for scores."""
        assert self.function is not None
        return self.function(given, **arguments_of(self.function, operation.arguments, profile, more))


    def apply_states(self, lines: Any, vocab_size: int) -> Any:
        """Change single scores of the lines, by what the operation knows of each."""
        known = [(line, state) for line, state in enumerate(self.states) if state is not None]
        if not known:
            return lines
        state = known[0][1]
        if hasattr(state, "banned"):
            banned = [line * vocab_size + token for line, state in known for token in state.banned()]
            if banned:
                lines.ban(banned)
        elif hasattr(state, "changes"):
            ids, numbers = zip(*(state.changes() for _, state in known), strict=True)
            places = np.concatenate([line * vocab_size + one for (line, _), one in zip(known, ids, strict=True)])
            if len(places):
                amounts = torch.from_numpy(np.concatenate(numbers)).to(lines.device)
                lines.change(places, lambda scores: state.changed(scores, amounts).to(scores.dtype))
        else:
            kept = [(line, state.kept()) for line, state in known]
            if any(tokens is not None for _, tokens in kept):
                lines = lines.settled()
                for line, tokens in kept:
                    if tokens is not None:
                        lines.keep(line, list(tokens), state.score)
        return lines


def slots_of(lists: Sequence[Sequence[Operation]]) -> list[Slot]:
    """Put the operations of all lines into one order, each with its arguments for every line that has it.

    Prompts of one call differ by length only, so their operations stand in the same order; some lack one. PIPELINE-1
    """
    numbered = [dict(places_of(operations)) for operations in lists]
    order: list[Place] = []
    for operations in numbered:
        at = 0
        for place in operations:
            if place not in order:
                order.insert(at, place)
            at = order.index(place) + 1
    return [Slot(place[0], [operations.get(place) for operations in numbered]) for place in order]


def places_of(operations: Iterable[Operation]) -> Iterable[tuple[Place, Operation]]:
    """Give each operation its place among those of its name: a call may have several of its own."""
    seen: dict[str, int] = {}
    for operation in operations:
        seen[operation.name] = seen.get(operation.name, 0) + 1
        yield (operation.name, seen[operation.name]), operation


@cache
def function_of(name: str) -> Callable[..., Any] | None:
    """Find `operations/<name>.py::<name>`, or nothing: then the reference's is used."""
    path = f"genspec.backends.torch.operations.{name}"
    return getattr(import_module(path), name) if find_spec(path) else None


@cache
def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Name the parameters of an operation's function. The first is `scores` or `line`."""
    return tuple(inspect.signature(function).parameters)


def arguments_of(
    function: Callable[..., Any], given: Mapping[str, object], profile: Profile, more: Mapping[str, object]
) -> dict[str, Any]:
    """Fill the parameters after the first by name: from the plan, else the step, else the profile's choice."""
    arguments = dict(given)
    for name in parameters_of(function)[1:]:
        if name in arguments:
            continue
        if name in more:
            arguments[name] = more[name]
        elif hasattr(profile, name):
            arguments[name] = getattr(profile, name)
    return arguments
