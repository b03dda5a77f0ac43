"""How far a campaign has come."""

import sys
import time

from genspec.cli.progress import Progress


class Cases(Progress):
    """Count cases on standard error, when that is a terminal and the run is long. Used as a context."""

    def __init__(self, wanted: int) -> None:
        """Start the clock."""
        super().__init__()
        self.wanted_cases, self.cases, self.started = wanted, 0, time.monotonic()
        self.before: int | None = None      # cases of an earlier run, which took no time now

    def __enter__(self) -> "Cases":
        """Begin."""
        return self

    def add(self, cases: int) -> None:
        """Count more cases. The first count is what is there already."""
        self.before = cases if self.before is None else self.before
        self.cases += cases
        if self.wanted and time.monotonic() >= self.next:
            speed = (self.cases - self.before) / (time.monotonic() - self.started)
            self.shown = True
            sys.stderr.write(f"\r\x1b[K{self.cases:,} of {self.wanted_cases:,} cases, {speed:.0f} a second ...")
            sys.stderr.flush()
