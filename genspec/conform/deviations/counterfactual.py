"""Whether an answer is the right one for a request that a deviation has changed.

The narrowest way to explain a difference: the reference decodes what the deviation makes of the request, and the answer
has to be the exact one for that. Nothing else in the answer is excused.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, combinations
from typing import Protocol

from genspec.backends.call import Call
from genspec.backends.decoder import Info, Refusal
from genspec.config.decision import Rejected
from genspec.conform.oracle.prompts import judge_prompt
from genspec.conform.oracle.requests import requests_of, with_operations
from genspec.conform.verdict import Kind
from genspec_reference import GenerateOutput
from genspec_reference.decode import run
from genspec_reference.request import Request
from genspec_reference.step import operations_of


class Search(Protocol):
    """A search that is not the reference's."""

    def __call__(self, request: Request, *, rounding: int) -> GenerateOutput:
        """Decode a request. `rounding`: 0, or the number of one way in which the decoder may round."""


ROUNDINGS = 12
"""How many ways of rounding are tried: a search that is not the reference's has no oracle for equal totals."""


@dataclass(frozen=True, slots=True)
class Situation:
    """One prompt of a call, as a deviation may see it."""

    call: Call
    number: int                             # of the prompt
    info: Info                              # of the decoder
    request: Request
    answered: GenerateOutput | None         # None: the decoder refuses the call
    longest: int = 0                        # new tokens of the longest row of the whole answer
    whole: tuple[GenerateOutput, ...] = ()  # the answer to all prompts
    search: Search | None = None            # that a deviation makes, where the reference's own does not show it


UNDRAWABLE = re.compile("probability tensor contains either|distribution Categorical")
"""What transformers says of scores that are all minus infinity, NaN or plus infinity, where it has to draw."""

RAISED = ("RuntimeError", "ValueError")

Change = Callable[[Situation], Situation | None]
"""Give what a deviation makes of a prompt and of its answer; None where it does nothing."""


def explained(situations: Sequence[Situation], changes: Sequence[Change]) -> bool:
    """Tell whether changes make an answer right, prompt by prompt. What they do not touch has to be right as it is.

    Each of them has to do something, on what those before it have made.
    """
    now = list(situations)
    for change in changes:
        made = [change(one) for one in now]
        if not any(made):
            return False
        now = [new or old for new, old in zip(made, now, strict=True)]
    if situations[0].answered is None:      # one prompt that is refused is enough for a whole batch
        return any(map(is_right, now))
    return all(map(is_right, now))


def situations_of(call: Call, answer: object, info: Info) -> list[Situation]:
    """Take a call and its answer apart.

    Empty for a call that the specification refuses, without an answer, or with a refusal of another kind than of
    scores from which nothing can be drawn.
    """
    try:
        requests = [with_its_operations(request) for request in requests_of(call)]
    except Rejected:
        return []
    if isinstance(answer, Refusal) and answer.error in RAISED and UNDRAWABLE.search(answer.message):
        return [Situation(call, number, info, request, None) for number, request in enumerate(requests)]
    if not isinstance(answer, tuple) or len(answer) != len(requests):
        return []
    longest = max((len(row.new_tokens) for output in answer for row in output.rows), default=0)
    pairs = zip(requests, answer, strict=True)
    return [
        Situation(call, number, info, request, output, longest, answer)
        for number, (request, output) in enumerate(pairs)
    ]


def with_its_operations(request: Request) -> Request:
    """Give a request whose plan has the operation of `allowed_tokens` in its place, so that a change can find it."""
    if request.allowed_tokens is None:
        return request
    given = {"allowed_tokens": request.allowed_tokens}
    operations = tuple(
        replace(one, arguments=given) if one.name == "prefix_allowed_tokens" else one for one in operations_of(request)
    )
    return replace(with_operations(request, operations), allowed_tokens=None)


def is_right(situation: Situation) -> bool:
    """Tell whether an answer to one prompt is the exact one, or within the rounding of the decoder."""
    search = situation.search
    if search is None:
        return is_exact(situation, run)
    ways = getattr(search, "ways", ROUNDINGS)               # one that takes token by token is judged so
    return any(is_exact(situation, partial(search, rounding=way)) for way in range(ways))


def is_exact(situation: Situation, decode: Callable[[Request], GenerateOutput]) -> bool:
    """Tell whether an answer is the one that a decoder gives."""
    try:
        expected = decode(situation.request)
    except Rejected:
        return situation.answered is None
    if situation.answered is None:
        return False
    try:
        said = judge_prompt(situation.request, situation.number, expected, situation.answered, situation.info.dtype)
    except Rejected:
        return False
    return all(verdict.kind is not Kind.VIOLATES for verdict in said)


def needed(
    changes: Sequence[tuple[str, Change]], situations: Sequence[Situation]
) -> list[tuple[str, Change]]:
    """Give changes that explain a case together, each of which it takes, where all that act do; else none.

    For a case with more of them than the sets that are tried have, and for modes that have many.
    """
    acting, now = list[tuple[str, Change]](), list(situations)
    for name, change in changes:
        made = [change(one) for one in now]
        if any(made):
            acting.append((name, change))
            now = [new or old for new, old in zip(made, now, strict=True)]
    if not acting or not explained(situations, [change for _, change in acting]):
        return []
    for one in list(acting):
        others = [other for other in acting if other is not one]
        if explained(situations, [change for _, change in others]):
            acting = others
    return acting


def least_first(
    changes: Sequence[tuple[str, Change]], situations: Sequence[Situation], most: int, *, late: Collection[str] = ()
) -> Iterator[tuple[tuple[str, Change], ...]]:
    """Give the sets of changes that may explain a case together, small ones first.

    `late`: names of those that may act only on what others have changed.
    """
    acting = [(name, change) for name, change in changes if name in late or any(map(change, situations))]
    return chain.from_iterable(combinations(acting, size) for size in range(1, most + 1))
