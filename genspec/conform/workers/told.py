"""What comes back from a worker that did not answer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Broken:
    """A decoder raised, or its process ended."""

    error: str                          # the name of the exception, or of the signal
    message: str

    def __str__(self) -> str:
        """Write it as Python does."""
        return f"{self.error}: {self.message}"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A decoder did not answer in time."""

    seconds: float


class NoDecoder(Exception):
    """A name behind which there is no decoder; the message says what was looked for."""
