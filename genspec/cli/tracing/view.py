"""How a trace is shown."""

from dataclasses import dataclass

from genspec.cli.tracing.run import Trace
from genspec.lint.report.paint import Paint


@dataclass(frozen=True, slots=True)
class View:
    """A trace, and what of it to print in which way."""

    trace: Trace
    top: int                # how many of the highest tokens of a step
    most: int | None        # how many steps of a run; None: all
    paint: Paint
