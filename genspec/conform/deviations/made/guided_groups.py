"""DEV-26 in group beam search: one u is asked for by every group in turn."""

from dataclasses import dataclass, field

from genspec.config.plan import Operation
from genspec_reference.context import Context
from genspec_reference.model import evaluate
from genspec_reference.request import Request
from genspec_reference.scores import Scores


@dataclass(slots=True)
class ByGroup:
    """The u that goes on with the tokens at a place of every group in turn.

    The search says which place of which group it asks for.
    """

    request: Request
    group: int = 0
    place: int = 0
    held: dict[int, dict[tuple[int, int], int]] = field(default_factory=dict)   # of each place: by step and group

    def logits(self, context: Context) -> Scores:
        """Give the logits of u for the hypothesis at the place. float[V]."""
        now = (len(context.tokens) - context.prompt_length, self.group)
        if now == (0, 0) and self.place == 0:
            self.held = {}
        self.held.setdefault(self.place, {})[now] = context.tokens[-1]
        asked = sorted({one for tokens in self.held.values() for one in tokens if one <= now})
        tokens = tuple(self.held[self.place].get(one, self.request.prompt[-1]) for one in asked)
        given = self.request.negative_prompt
        row = (self.request.prompt[-1:] if given is None else given) + tokens[1:]
        return evaluate(self.request.model, row, self.request.source).logits


def asked_in_groups(request: Request) -> ByGroup | None:
    """Return what has to be told which place is asked for; None where nothing has."""
    found = (u_of(one) for one in request.plan.operations)
    return next((one for one in found if isinstance(one, ByGroup)), None)


def is_made(operation: Operation, made: ByGroup) -> bool:
    """Tell whether an operation is the guidance with this u."""
    return u_of(operation) is made


def u_of(operation: Operation) -> object:
    """Return what gives the u of a guidance that a deviation has made; None for other operations."""
    return getattr(getattr(operation.arguments.get("function"), "u", None), "__self__", None)
