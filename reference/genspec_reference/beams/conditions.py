"""Conditions that a row must meet, and how far a row is with them. Text: docs/spec/constrained_beam_search.md."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

Condition = tuple[tuple[int, ...], ...]
"""Alternatives, each a sequence of ids: one of them must occur. CONSTRAINED-BEAM-SEARCH-1."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a row is with its conditions. CONSTRAINED-BEAM-SEARCH-2, CONSTRAINED-BEAM-SEARCH-3."""

    waiting: tuple[Condition, ...]          # no token of these has been matched
    begun: Condition | None = None          # the one that the newest tokens have begun
    matched: tuple[int, ...] = ()           # those tokens
    met: int = 0                            # how many conditions are met

    @property
    def complete(self) -> bool:
        """Tell whether every condition is met."""
        return self.begun is None and not self.waiting


def conditions_of(force_words_ids: Iterable[object]) -> tuple[Condition, ...]:
    """Read the conditions of a plan. CONSTRAINED-BEAM-SEARCH-1."""
    return tuple(condition_of(cast("Sequence[Any]", given)) for given in force_words_ids)


def condition_of(given: Sequence[Any]) -> Condition:
    """Read one condition: a list of ids has one alternative. CONSTRAINED-BEAM-SEARCH-1."""
    return (tuple(given),) if isinstance(given[0], int) else tuple(tuple(one) for one in given)


def progress_of(conditions: tuple[Condition, ...], tokens: Iterable[int]) -> Progress:
    """Read a row from its first token to its newest. CONSTRAINED-BEAM-SEARCH-2."""
    progress = Progress(conditions)
    for token in tokens:
        progress = after(progress, token)
    return progress


def after(progress: Progress, token: int) -> Progress:
    """Read one token more. CONSTRAINED-BEAM-SEARCH-2, CONSTRAINED-BEAM-SEARCH-3."""
    if progress.begun is not None:
        if token in following(progress.begun, progress.matched):
            return matching(progress, progress.begun, (*progress.matched, token))
        return Progress((*progress.waiting, progress.begun), met=progress.met)
    for place, condition in enumerate(progress.waiting):
        if token in following(condition, ()):
            others = progress.waiting[:place] + progress.waiting[place + 1:]
            return matching(replace(progress, waiting=others), condition, (token,))
    return progress


def matching(progress: Progress, condition: Condition, matched: tuple[int, ...]) -> Progress:
    """Record the tokens matched of one condition, and whether they meet it."""
    if matched in condition:
        return Progress(progress.waiting, met=progress.met + 1)
    return Progress(progress.waiting, condition, matched, progress.met)


def following(condition: Condition, matched: tuple[int, ...]) -> tuple[int, ...]:
    """Give the ids that may follow those matched, in the order of the alternatives."""
    size = len(matched)
    return tuple(one[size] for one in condition if len(one) > size and one[:size] == matched)


def advancing(progress: Progress) -> tuple[int, ...]:
    """Give the ids that bring a row nearer to its conditions. CONSTRAINED-BEAM-SEARCH-4."""
    if progress.begun is not None:
        return following(progress.begun, progress.matched)
    return tuple(token for condition in progress.waiting for token in following(condition, ()))


def bank_of(progress: Progress, conditions: tuple[Condition, ...]) -> int:
    """Give the number of a row's bank: its progress in tokens. CONSTRAINED-BEAM-SEARCH-5."""
    longest = max(height(condition) for condition in conditions)
    begun = 0 if progress.begun is None else longest - height(progress.begun) + len(progress.matched)
    return progress.met * longest + begun


def height(condition: Condition) -> int:
    """Give the length of the longest alternative."""
    return max(len(alternative) for alternative in condition)
