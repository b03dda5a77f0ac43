"""A line on the terminal that says how far a long run has come."""

import sys
import time

QUIET = 1.0
"""Seconds before a run counts as long."""

EVERY = 0.1
"""Seconds between two updates."""


class Progress:
    """Count files on standard error, when that is a terminal and the run is long. Used as a context."""

    def __init__(self) -> None:
        """Start the clock."""
        self.files = 0
        self.next = time.monotonic() + QUIET
        self.shown = False
        self.wanted = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, path: str) -> None:
        """Count one more file."""
        self.files += 1
        if self.wanted and time.monotonic() >= self.next:
            self.next = time.monotonic() + EVERY
            self.shown = True
            sys.stderr.write(f"\r{self.files:,} files ...")
            sys.stderr.flush()

    def __enter__(self) -> "Progress":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the line."""
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
