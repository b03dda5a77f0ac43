"""Why a plan is what it is, and why a request is refused."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What became of a value."""

    APPLIED = "applied"             # it is in the plan as given
    DEFAULT = "default"             # nobody set it; this is what applies
    ADJUSTED = "adjusted"           # the plan uses another value, for the reason given
    OVERRIDDEN = "overridden"       # another field decides
    INERT = "inert"                 # it acts in another mode only, or its value switches it off
    WARNING = "warning"             # it is used as given, and the result may surprise


@dataclass(frozen=True, slots=True)
class Decision:
    """Why one field of the plan has the value it has."""

    field: str
    given: object                   # what the source said, None when unset
    effective: object               # what the decoder will use
    clause: str
    reason: str                     # one sentence, for a person
    status: Status = Status.APPLIED


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one field of a request is refused."""

    field: str
    value: object
    clause: str
    message: str                    # what is wrong, one sentence
    remedy: str                     # what to do, one sentence

    def __str__(self) -> str:
        """Write the reason on one line."""
        return f"{self.field or 'the config'}: {self.message} {self.remedy} [{self.clause}]"


class Rejected(Exception):
    """A config or a request that the specification refuses, with every reason at once."""

    def __init__(self, reasons: tuple[Reason, ...]) -> None:
        """Keep the reasons in the order in which they were found."""
        self.reasons = reasons
        lines = "\n".join(f"  {reason}" for reason in reasons)
        super().__init__(f"{len(reasons)} reason{'s' * (len(reasons) != 1)} to refuse this config\n{lines}")

    def __reduce__(self) -> tuple[type["Rejected"], tuple[tuple[Reason, ...]]]:
        """Cross process boundaries with the reasons whole."""
        return Rejected, (self.reasons,)
