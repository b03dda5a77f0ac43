"""The few tokens of each line that a step decides between, out of a wide vocabulary."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from genspec.backends.torch.slots import Slot, arguments_of, function_of
from genspec.config.profile import Profile

Ids = NDArray[np.intp]
Reals = NDArray[np.floating[Any]]
MANY = 64
"""Numbers of a row of which most are put aside before the rest is sorted."""


Ranked = float | Callable[[Reals], NDArray[np.bool_]]
"""A temperature; or what an operation keeps of scores in the order of their rank. float[N, n] -> bool[N, n]."""


class Narrow(NamedTuple):
    """The tokens of each line that can still be among its highest; all others are gone."""

    tokens: Ids         # int[N, n]
    scores: Reals       # float[N, n]: minus infinity fills up the lines that have fewer


def gathered(count: int, lines: Ids, tokens: Ids, scores: Reals) -> Narrow:
    """Write what is left of each of the lines into a row of its own. int[m], int[m], float[m], line after line."""
    if count == 1 and len(tokens):
        return Narrow(tokens[None], scores[None])
    counts = np.bincount(lines, minlength=count)
    rank = np.arange(len(lines)) - (np.cumsum(counts) - counts)[lines]
    shape = count, max(1, int(counts.max()))
    narrow = Narrow(np.zeros(shape, dtype=np.intp), np.full(shape, -np.inf, dtype=scores.dtype))
    narrow.tokens[lines, rank], narrow.scores[lines, rank] = tokens, scores
    return narrow


@cache
def ranked_function_of(name: str) -> Callable[..., NDArray[np.bool_]] | None:
    """Find `operations/<name>.py::<name>_ranked`: what an operation keeps of scores in the order of their rank."""
    if function_of(name) is None:
        return None
    return getattr(import_module(f"genspec.backends.torch.operations.{name}"), f"{name}_ranked", None)


def finished(narrow: Narrow, steps: Sequence[Ranked]) -> Narrow:
    """Apply the last operations of a step to what is left.

    The tokens come back in the order of their rank: highest score first, equal scores lowest id first. SCORES-5
    """
    if not steps:
        return narrow
    rows, order = np.arange(len(narrow.scores))[:, None], (-narrow.scores).argsort(axis=1, kind="stable")
    tokens, scores = narrow.tokens[rows, order], narrow.scores[rows, order].astype(np.float64)
    for step in steps:
        if isinstance(step, float):
            scores /= step
        else:
            np.putmask(scores, ~step(scores), -np.inf)
    return Narrow(tokens, scores)


def ranked(slot: Slot, profile: Profile) -> Ranked:
    """Make of an operation what `finished` applies. Raises ValueError for one that has no function for ranks."""
    given = slot.first.arguments
    if slot.name == "temperature":
        return float(cast("float", given["temperature"]))
    keep = ranked_function_of(slot.name)
    if keep is None:
        raise ValueError(f"{slot.name} has no function for ranks")
    return partial(keep, **arguments_of(keep, given, profile, {}))


def is_ranked(slot: Slot) -> bool:
    """Tell whether an operation can be applied to scores in the order of their rank."""
    return slot.alike and (slot.name == "temperature" or ranked_function_of(slot.name) is not None)


def summed(narrow: Narrow, totals: Reals, together: int, vocab_size: int) -> Narrow:
    """Add the totals of the lines, and write each `together` of them, a prompt, into one row.

    `totals`: float64[N], minus infinity for a line that is not there, whatever it holds. Gives places beam * V + token
    and sums, [P, together * n] each.
    """
    sums = narrow.scores + totals[:, None]
    sums[totals == -np.inf] = -np.inf
    places = (np.arange(len(totals)) % together * vocab_size)[:, None] + narrow.tokens
    return Narrow(places.reshape(len(totals) // together, -1), sums.reshape(len(totals) // together, -1))


def race(narrow: Narrow, exponentials: Reals, vocab_size: int) -> tuple[Reals, Ids]:
    """Draw a token for each line: the greatest q / e, of equal ones the lowest id. SAMPLE-1.

    `exponentials`: float[N, n]. Gives the highest score of each line too. float[N], int[N].
    """
    highest = narrow.scores.max(1, keepdims=True)
    keys = narrow.scores - highest - np.log(exponentials, dtype=np.float64)
    won = keys == keys.max(1, keepdims=True)
    return highest[:, 0], np.where(won, narrow.tokens, vocab_size).min(1)


def first_of(keys: Reals, places: Ids, count: int) -> tuple[Reals, Ids]:
    """Rank the first `count` of each row: highest key first, equal keys lowest place first. [P, n] each.

    Gives keys, float[P, count], and where they stand, int[P, count]; minus infinity where there are fewer.
    """
    some = None
    if keys.shape[1] > MANY and count < keys.shape[1]:
        bound = np.partition(keys, -count, axis=1)[:, -count, None]
        rows, found = np.nonzero((keys >= bound) & (keys > -np.inf))
        some, keys = gathered(len(keys), rows, found, keys[rows, found])
        places = np.take_along_axis(places, some, 1)
    order: Ids = np.lexsort((places, -keys), axis=1)[:, :count]
    first = keys[np.arange(len(keys))[:, None], order]
    if some is not None:
        order = np.take_along_axis(some, order, 1)
    if order.shape[1] < count:
        missing = (0, 0), (0, count - order.shape[1])
        first, order = np.pad(first, missing, constant_values=-np.inf), np.pad(order, missing)
    return first, order
