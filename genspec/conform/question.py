"""What a decoder is asked and what it may say. A question is JSON through and through, and holds no answer.

The input is that of the published vectors: docs/spec/vectors.md.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from genspec.conform.workers.told import Broken, Overdue

Json = Mapping[str, Any]
Reply = Mapping[str, Any]
"""The members of a result, or `{"reject": clauses, "error": text}`, or `{"unsupported": reason}`."""
Told = Reply | Broken | Overdue
"""What comes of a question."""

LEVELS = ("L0", "L1", "L2", "L3", "L4")
NO_ANSWERS = ("reject", "unsupported")


@dataclass(frozen=True, slots=True)
class Question:
    """One question to a decoder. It is all that a decoder gets to see of a case."""

    id: str
    level: str                          # L0, L1, L2 or L3 (VECTORS-1), or L4
    profile: str                        # the semantics that the decoder is held to
    input: Json


def question_to_json(question: Question) -> dict[str, Any]:
    """Write a question."""
    return asdict(question)


def question_from_json(data: Json) -> Question:
    """Read a question. Raises KeyError or TypeError for what is none."""
    return Question(**{name: data[name] for name in ("id", "level", "profile", "input")})


def is_answer(told: Told) -> bool:
    """Tell whether a decoder gave a result."""
    return isinstance(told, Mapping) and not any(name in told for name in NO_ANSWERS)
