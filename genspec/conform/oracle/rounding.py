"""What rounding may change: scores a little, and thresholds a little."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.oracle.requests import with_operations
from genspec.conform.oracle.tolerance import EPSILONS
from genspec_reference.context import Context
from genspec_reference.pipeline import TRUNCATIONS
from genspec_reference.request import Request
from genspec_reference.scores import Scores

Nudge = Callable[[Scores, Context], Scores]
"""Give scores as a decoder may have rounded them."""

SUMS = {"top_p": "p", "typical_p": "p", "top_h": "h"}
"""Truncations that compare a sum with a bound: its rounding is absolute."""
CUTOFFS = {"min_p": "p", "epsilon_cutoff": "epsilon", "eta_cutoff": "epsilon"}
"""Truncations that compare single probabilities with a bound: their rounding is relative."""


def rounded(request: Request, nudge: Nudge, *, bounds: float = 0.0, dtype: str = "float64") -> Request:
    """Give the request whose scores are nudged before the first truncation, or at the end where there is none.

    `bounds`: from -1 to 1, the share of a decoder's rounding by which the bounds of truncations move.
    """
    operations = tuple(moved(operation, bounds, dtype) for operation in request.plan.operations)
    place = next((at for at, one in enumerate(operations) if one.name in TRUNCATIONS), len(operations))
    nudged = Operation("processor", {"function": nudge}, "PIPELINE-4")
    return with_operations(request, (*operations[:place], nudged, *operations[place:]))


def moved(operation: Operation, share: float, dtype: str) -> Operation:
    """Move the bound of a truncation by a share of what the decoder's type resolves."""
    if share == 0 or operation.name not in SUMS | CUTOFFS:
        return operation
    name = (SUMS | CUTOFFS)[operation.name]
    bound, resolved = float(str(operation.arguments[name])), 16 * EPSILONS[dtype]
    change = 2 * resolved if operation.name in SUMS else 2 * resolved * bound
    arguments: Mapping[str, object] = {**operation.arguments, name: float(np.clip(bound + share * change, 0.0, 1.0))}
    return replace(operation, arguments=arguments)
