"""How an operation of the reference is computed wrongly."""

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from support.defects.defect import Defect

Wrong = Callable[..., Any]
"""Of the right function, the scores and the arguments: other scores."""
MODULE = "genspec_reference.operations"


def operation(name: str, what: str, wrong: Wrong, *pages: str) -> Defect:
    """Compute an operation wrongly."""

    def made(right: Callable[..., Any]) -> Callable[..., Any]:
        shape = signature(right)

        @wraps(right)
        def computed(*given: Any, **named: Any) -> Any:
            arguments = shape.bind(*given, **named).arguments
            with np.errstate(all="ignore"):
                return wrong(right, arguments.pop("scores"), **arguments)

        return computed

    page = name.upper().replace("_", "-")
    return Defect(f"{name}: {what}", (page, *pages), {(f"{MODULE}.{name}", name): made})


def inside(name: str, what: str, place: tuple[str, str], made: Callable[[Any], Any], *pages: str) -> Defect:
    """Replace a function that an operation is made of."""
    return Defect(f"{name}: {what}", (name.upper().replace("_", "-"), *pages), {place: made})


def setting(**values: Any) -> Wrong:
    """Give other arguments than what the plan or the profile says."""
    return lambda right, scores, **named: right(scores, **{**named, **values})
