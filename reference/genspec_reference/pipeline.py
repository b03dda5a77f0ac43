"""From the logits of a step to its scores: one operation after another. Text: docs/spec/pipeline.md."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec.config.plan import Operation
from genspec.config.profile import Profile
from genspec_reference.context import Context
from genspec_reference.scores import Scores

Apply = Callable[..., Scores]
TRUNCATIONS = frozenset({
    "top_h", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_n_sigma", "xtc", "mirostat",
})
"""The operations that only take tokens away from a distribution."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The scores after one operation, and how near its nearest decision was to falling the other way."""

    name: str           # the operation's, or "logits" or "log_softmax" for what the pipeline starts from
    clause: str
    scores: Scores      # float[V]
    margin: float = np.inf


def run_pipeline(
    start: Applied, operations: Iterable[Operation], context: Context, profile: Profile
) -> tuple[Applied, ...]:
    """Apply the operations in their order, each to what the one before it gave. PIPELINE-1.

    Returns what it started from and one `Applied` an operation. Raises `Rejected` for NaN or plus infinity. SCORES-2
    """
    applied = [start]
    operations = tuple(operations)
    checked_from = position_of_repair(operations)
    for place, operation in enumerate(operations):
        require_real(applied[-1], place > checked_from)
        context = remember_unfiltered(context, operation, applied[-1].scores)
        applied.append(apply_operation(operation, applied[-1].scores, context, profile))
    require_real(applied[-1], len(operations) > checked_from)
    return tuple(applied)


def apply_operation(operation: Operation, scores: Scores, context: Context, profile: Profile) -> Applied:
    """Apply one operation. Its function is found by its name, and its parameters are filled by theirs. PIPELINE-1.

    Raises ValueError for a token id that the model has no score for: the plan was made without `vocab_size`.
    """
    apply, margin = functions_of(operation.name)
    arguments = arguments_of(apply, operation.arguments, context, profile)
    try:
        with np.errstate(over="ignore", invalid="ignore"):      # what overflows is refused by its value: SCORES-2
            nearest = np.inf if margin is None else margin(scores, **arguments)
            return Applied(operation.name, operation.clause, apply(scores, **arguments), nearest)
    except IndexError as error:
        named = dict(operation.arguments)
        raise ValueError(f"{operation.name}: an id of {named} has no score, the model gives {scores.size}") from error


@cache
def functions_of(name: str) -> tuple[Apply, Callable[..., float] | None]:
    """Find `operations/<name>.py::<name>` and, where there is one, `<name>_margin`.

    Raises ValueError for a name that is no operation.
    """
    try:
        module = import_module(f"genspec_reference.operations.{name}")
    except ModuleNotFoundError as error:
        raise ValueError(f"{name!r} is no operation of the specification") from error
    return getattr(module, name), getattr(module, f"{name}_margin", None)


def arguments_of(
    apply: Apply, given: Mapping[str, object], context: Context, profile: Profile
) -> dict[str, Any]:
    """Fill the parameters after the scores by name: from the plan, else the context, else the profile's choice."""
    arguments = {"context": context, **given} if "context" in parameters_of(apply) else dict(given)
    for name in parameters_of(apply):
        for source in (context, profile):
            if name not in arguments and hasattr(source, name):
                arguments[name] = getattr(source, name)
    return arguments


@cache
def parameters_of(apply: Apply) -> tuple[str, ...]:
    """Name the parameters of an operation's function after the scores."""
    return tuple(inspect.signature(apply).parameters)[1:]


def remember_unfiltered(context: Context, operation: Operation, scores: Scores) -> Context:
    """Keep the scores that the first truncation of the step is given."""
    if context.unfiltered is None and operation.name in TRUNCATIONS:
        return replace(context, unfiltered=scores)
    return context


def position_of_repair(operations: tuple[Operation, ...]) -> int:
    """Give the place of `remove_invalid_values`, before which any score may stand; -1 without it. SCORES-2."""
    return next((place for place, operation in enumerate(operations) if operation.name == "remove_invalid_values"), -1)


def require_real(applied: Applied, checked: bool) -> None:
    """Refuse NaN and plus infinity. SCORES-2."""
    if not checked or applied.scores.max() < np.inf:      # NaN is not below either
        return
    token = int(np.flatnonzero(~(applied.scores < np.inf))[0])
    raise Rejected((Reason(
        applied.name, float(applied.scores[token]), "SCORES-2",
        f"the score of token {token} is {applied.scores[token]} after {applied.name}.",
        "Give finite scores, or set remove_invalid_values.",
    ),))
