"""Smaller calls than Hypothesis finds on a model that is written down.

Hypothesis shrinks what it draws. The lines of a model for a decoder that knows no other kind are computed from a seed,
so its smallest call has as many lines as tokens, and numbers that say nothing.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

from genspec.backends.call import Call
from genspec_reference import Table

Line = tuple[float, ...]
BOUNDS = ("max_new_tokens", "max_length")
"""Fields without which a row gets longer."""


def smallest(call: Call, shows: Callable[[Call], bool], seconds: float) -> Call:
    """Take the first smaller call that shows the same, and again one that is smaller than that, for so many seconds."""
    ends, found = time.monotonic() + seconds, True
    while found:
        found = False
        for smaller in smaller_calls(call):
            if time.monotonic() >= ends:
                return call
            if shows(smaller):
                call, found = smaller, True
                break
    return call


def smaller_calls(call: Call) -> Iterator[Call]:
    """Give calls with a smaller model, a prompt of its last token, a field less; none on a model of other kinds."""
    if isinstance(call.model, Table):
        for lines in smaller_lines(call.model.lines):
            yield replace(call, model=Table(lines, call.model.eos))
        if len(call.prompts) == 1 and len(call.prompts[0]) > 1:
            yield replace(call, prompts=(call.prompts[0][-1:],))
        for left_out in (name for name in call.config if name not in BOUNDS):
            yield replace(call, config={name: value for name, value in call.config.items() if name != left_out})


def smaller_lines(lines: tuple[Line, ...]) -> Iterator[tuple[Line, ...]]:
    """Give each line alone, all but the last, and the same lines with their logits as counted from the lowest."""
    if len(lines) > 1:
        yield from ((line,) for line in lines)
        yield lines[:-1]
    counted = tuple(map(in_steps, lines))
    if counted != lines:
        yield counted


def in_steps(line: Line) -> Line:
    """Count the logits of a line from the lowest up, equal ones alike. Minus infinity stays."""
    order = sorted({logit for logit in line if logit != -inf})
    return tuple(logit if logit == -inf else float(order.index(logit)) for logit in line)
