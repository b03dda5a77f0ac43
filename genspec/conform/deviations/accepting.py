"""Values that the specification refuses and a decoder accepts: what it takes them for, and whether its answer is that.

Every reason of a refusal has to be accepted by a deviation, and the answer has to be the right one for the call with
what they make of its values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal
from genspec.config.decision import Reason, Rejected
from genspec.conform.deviations.counterfactual import Change
from genspec.conform.oracle.requests import requests_of
from genspec_reference import GenerateOutput, Row
from genspec_reference.request import Request

Answers = tuple[GenerateOutput, ...]
Becomes = Callable[[Any, Call], Any]
"""Give what a value is taken for; None: for unset."""


@dataclass(frozen=True, slots=True)
class Accepts:
    """Values of fields that are accepted."""

    clauses: tuple[str, ...]                                # one of them refuses the value
    fields: tuple[str, ...] = ()                            # empty: whatever the field
    when: Callable[[Reason, Call], bool] = lambda reason, call: True
    becomes: Becomes = lambda value, call: None             # unset
    change: Callable[[Any], Change] | None = None           # of the request: what a value does that no config may have

    def takes(self, reason: Reason, call: Call) -> bool:
        """Tell whether a value that is refused for a reason is accepted."""
        named = not self.fields or reason.field in self.fields
        return named and reason.clause in self.clauses and self.when(reason, call)


def reasons_of(call: Call) -> Sequence[Reason]:
    """Give the reasons for which the specification refuses a call before any step."""
    try:
        requests_of(call)
    except Rejected as rejected:
        return rejected.reasons
    return ()


def taken_for(call: Call, values: Sequence[tuple[str, Any]]) -> Call:
    """Give the call with other values of fields. It draws from the one generator that a refused call draws from."""
    changed = {**call.config, **dict(values)}
    config = {name: value for name, value in changed.items() if value is not None}
    return replace(call, config=config, seeds=None, seed=call.seed or 0)


def placed(call: Call, answer: object) -> object:
    """Give an answer whose rows begin with their prompts: who reads the answer to a refused call knows no prompt."""
    if isinstance(answer, Refusal) or not isinstance(answer, tuple) or len(answer) != len(call.prompts):
        return answer
    return tuple(
        replace(output, rows=tuple(with_prompt(row, request) for row in output.rows))
        for request, output in zip(requests_of(call), answer, strict=True)
    )


def with_prompt(row: Row, request: Request) -> Row:
    """Give a row the length of its prompt, where nobody has told it."""
    return replace(row, prompt_length=len(request.prompt)) if row.prompt_length == len(row.tokens) else row
