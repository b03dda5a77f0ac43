"""What decoders do instead: the same request under another option, in another order, or with a known mistake."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any, get_args, get_type_hints

import numpy as np

from genspec.config.plan import DecodingPlan, Operation
from genspec.config.profile import Profile
from genspec.conform.laws.law import Next
from genspec.conform.laws.race import exponential_for_gumbel
from genspec.conform.laws.reference import next_token
from genspec_reference.pipeline import TRUNCATIONS
from genspec_reference.request import Request
from genspec_reference.scores import Scores

Change = Callable[[Request], Iterator[tuple[str, Next]]]
"""Give other laws of a request, by what is wrong then."""
MOVABLE = TRUNCATIONS | {"temperature", "repetition_penalty"}
"""The operations whose order engines have their own way of."""


def choice(name: str) -> Change:
    """Take every other option of a choice point (docs/spec/profiles.md)."""
    options = get_args(get_type_hints(Profile)[name])

    def changes(request: Request) -> Iterator[tuple[str, Next]]:
        for option in options:
            if option != getattr(request.plan.profile, name):
                profile = replace(request.plan.profile, **{name: option})
                yield f"{name} {option}", with_plan(request, replace(request.plan, profile=profile))

    return changes


def orders(request: Request) -> Iterator[tuple[str, Next]]:
    """Apply the operations in every other order. PIPELINE-1."""
    fixed = [one for one in request.plan.operations if one.name not in MOVABLE]
    movable = [one for one in request.plan.operations if one.name in MOVABLE]
    for order in permutations(movable):
        if list(order) != movable:
            yield f"order {', '.join(one.name for one in order)}", with_operations(request, [*fixed, *order])


def without(name: str) -> Change:
    """Leave an operation out."""
    def changes(request: Request) -> Iterator[tuple[str, Next]]:
        yield f"no {name}", with_operations(request, [one for one in request.plan.operations if one.name != name])

    return changes


def argument(name: str, **given: Any) -> Change:
    """Change an argument of an operation."""
    def changed(one: Operation) -> Operation:
        return replace(one, arguments={**one.arguments, **given}) if one.name == name else one

    def changes(request: Request) -> Iterator[tuple[str, Next]]:
        said = ", ".join(f"{argument}={value}" for argument, value in given.items())
        yield f"{name}({said})", with_operations(request, map(changed, request.plan.operations))

    return changes


def distorted(label: str, change: Callable[[Scores], Scores]) -> Change:
    """Change the probabilities themselves. float[V] -> float[V]."""
    def changes(request: Request) -> Iterator[tuple[str, Next]]:
        law = next_token(request)
        yield label, lambda row: change(law(row))

    return changes


def with_operations(request: Request, operations: Any) -> Next:
    """Give the law under other operations."""
    return with_plan(request, replace(request.plan, operations=tuple(operations)))


def with_plan(request: Request, plan: DecodingPlan) -> Next:
    """Give the law under another plan."""
    return next_token(replace(request, plan=plan))


def greedy(request: Request) -> Iterator[tuple[str, Next]]:
    """Take the most probable token."""
    yield from distorted("the most probable token, always", lambda q: np.eye(q.size)[int(q.argmax())])(request)


def sampler(request: Request) -> Iterator[tuple[str, Next]]:
    """Make the mistakes of samplers without any operation."""
    def evened(q: Scores) -> Scores:
        return (q > 0) / np.count_nonzero(q)

    yield from greedy(request)
    yield from distorted("all tokens alike", evened)(request)
    yield from distorted("probabilities squared", lambda q: normalised(q**2))(request)
    yield from distorted("exponential noise in the place of Gumbel noise", exponential_for_gumbel)(request)


def ends(request: Request) -> Iterator[tuple[str, Next]]:
    """Miss the first or the last token of the vocabulary, or look one place off."""
    def missing(place: int) -> Callable[[Scores], Scores]:
        return lambda q: normalised(np.where(np.arange(q.size) == place % q.size, 0, q))

    yield from distorted("the first token is never drawn", missing(0))(request)
    yield from distorted("the last token is never drawn", missing(-1))(request)
    yield from distorted("the token after the one that was drawn", lambda q: np.roll(q, 1))(request)
    yield from distorted("the token before the one that was drawn", lambda q: np.roll(q, -1))(request)


def unnormalised(request: Request) -> Iterator[tuple[str, Next]]:
    """Draw from what a truncation left without bringing its sum to 1: the rest falls to an end of the list."""
    whole = next_token(replace(request, plan=replace(request.plan, operations=tuple(
        one for one in request.plan.operations if one.name not in TRUNCATIONS
    ))))
    law = next_token(request)

    def left(row: Any, pick: Callable[[Any], int]) -> Scores:
        kept = law(row) > 0
        q = np.where(kept, whole(row), 0)
        q[pick(np.flatnonzero(kept))] += 1 - q.sum()
        return np.asarray(q)

    yield "not renormalised, the rest to the last token", lambda row: left(row, lambda kept: int(kept[-1]))
    yield "not renormalised, the rest to the first token", lambda row: left(row, lambda kept: int(kept[0]))


def one_off(request: Request) -> Iterator[tuple[str, Next]]:
    """Keep one token more or one less of the ranking."""
    whole = next_token(replace(request, plan=replace(request.plan, operations=tuple(
        one for one in request.plan.operations if one.name not in TRUNCATIONS
    ))))
    law = next_token(request)

    def moved(row: Any, by: int) -> Scores:
        q, kept = whole(row), max(1, int(np.count_nonzero(law(row))) + by)
        ranked = np.argsort(-q, kind="stable")
        return normalised(np.where(np.isin(np.arange(q.size), ranked[:kept]), q, 0))

    yield "one token more is kept", lambda row: moved(row, 1)
    yield "one token less is kept", lambda row: moved(row, -1)


def normalised(q: Scores) -> Scores:
    """Bring the sum to 1. float[V]."""
    return np.asarray(q / q.sum())
