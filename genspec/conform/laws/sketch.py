"""What a law is made of: a config, a model of written lines, and what decoders do instead."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from genspec.config.decision import Rejected
from genspec.conform.json import model_to_json
from genspec.conform.laws import law as memory
from genspec.conform.laws.beams import Outcomes, by_orders, other_laws, without_replacement
from genspec.conform.laws.changes import Change
from genspec.conform.laws.law import Law, Next, State, constant
from genspec.conform.laws.reference import next_token, request_of
from genspec.conform.laws.rows import rows_law
from genspec.conform.laws.tied import Counting, in_order
from genspec_reference import Table
from genspec_reference.request import Request


@dataclass(frozen=True)
class Sketch:
    """A law, before a profile says which one it is."""

    name: str
    clauses: tuple[str, ...]
    config: Mapping[str, Any]
    lines: tuple[tuple[float, ...], ...]            # logits, exact in every number type
    changes: tuple[Change, ...] = ()                # what decoders do instead
    needs: tuple[str, ...] = ()                     # operations without which a profile does not have this law
    memory: Callable[[State, int], State] = memory.same
    steps: int = 16                                 # new tokens of a row
    tied: tuple[int, ...] = ()                      # tokens of equal scores, of which any may be kept
    prompts: int = 1                                # in a batch
    rows: int | None = None                         # that are returned; None: as many as there are draws to make
    assistant: tuple[tuple[float, ...], ...] = ()   # the lines of the model that makes drafts
    operations: tuple[Mapping[str, Any], ...] = ()  # that no field of a config sets
    together: bool = field(default=False)           # all rows of an answer are one draw

    @property
    def model(self) -> Table:
        """Give the model."""
        return Table(self.lines)

    def request(self, profile: str) -> Request | None:
        """Resolve the config under a profile; None when it has no such law."""
        more = {"max_new_tokens": self.steps, "num_return_sequences": self.rows} if self.together else {}
        config = {**self.config, **more}
        try:
            request = request_of(config, self.model, (0,), profile, operations=self.operations,
                                 assistant=bool(self.assistant))
        except Rejected:
            return None
        begins_with_copies = request.plan.beams is not None and request.plan.profile.drawn_start == "copies"
        has_all = all(request.plan.operation(name) for name in self.needs)
        return request if has_all and not begins_with_copies else None

    def law(self, request: Request) -> tuple[Law, Outcomes | None]:
        """Give the law of a request, with the answers that there may be where all rows are one draw."""
        if request.plan.beams is not None:
            return search_law(request)
        return rows_law(request, self.rows or 1) if self.together else (self.token_law(request), None)

    def token_law(self, request: Request) -> Law:
        """Give the law of the tokens of a row."""
        null = next_token(request)
        others = {label: other for change in self.changes for label, other in change(request)}
        if self.memory is memory.same:
            null, others = constant(null((0,))), {label: constant(other((0,))) for label, other in others.items()}
        if self.tied:
            others = {label: in_order(other((0,)), self.tied) for label, other in others.items()}
            return Law(in_order(null((0,)), self.tied), others, self.steps, (0,), Counting(self.tied))
        if self.memory is memory.same:
            return Law(null, others)
        return Law(null, others, self.steps, (0,), self.memory)

    def input(self) -> dict[str, Any]:
        """Write the question that a decoder has to understand, without the numbers that hang on it."""
        given: dict[str, Any] = {
            "config": {"do_sample": True, "max_new_tokens": self.steps, **self.config},
            "model": model_to_json(self.model),
        }
        if self.rows is not None and self.rows > 1:
            given["config"]["num_return_sequences"] = self.rows
        given |= {"prompts": [[0]] * self.prompts} if self.prompts > 1 else {"prompt": [0]}
        if self.assistant:
            given["assistant"] = model_to_json(Table(self.assistant))
        if self.operations:
            given["operations"] = [dict(one) for one in self.operations]
        return given


def search_law(request: Request) -> tuple[Law, Outcomes]:
    """Give the law of the answers of beam sampling. BEAM-SAMPLE-5."""
    null, others = by_orders(request, without_replacement), dict(other_laws(request))
    outcomes = Outcomes(tuple(sorted(null)))
    return Law(outcomes.law(null), {label: outcomes.law(other) for label, other in others.items()}), outcomes


def differs(law: Law, other: Next, known: Next) -> bool:
    """Tell whether two laws differ in a state that a row of the law passes through."""
    states, seen = [law.start], {law.start}
    for _ in range(law.steps):
        following = []
        for state in states:
            p, q = known(state), other(state)
            if not np.allclose(p, q, rtol=0, atol=1e-9):
                return True
            following += [law.after(state, int(symbol)) for symbol in np.flatnonzero(law.null(state) > 0)]
        states = [state for state in dict.fromkeys(following) if state not in seen]
        seen |= set(states)
    return False
