"""A divergence that nothing explains: what it looks like, and the smallest call that shows it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from genspec.backends.call import Call
from genspec.conform.campaign.call_json import call_from_json, call_to_json


@dataclass(frozen=True, slots=True, order=True)
class Signature:
    """What findings of one bug have in common."""

    verdict: str                        # violates, errored or timed out
    mode: str
    difference: str                     # the kind of difference, or the name of the error
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A case of a chunk that shows a divergence."""

    chunk: int
    index: int
    signature: Signature
    call: Call


@dataclass(frozen=True, slots=True)
class Finding:
    """A bug, as far as it can be told from its cases."""

    signature: Signature
    ingredients: tuple[str, ...]        # of the minimal call
    chunk: int                          # where it was first seen
    index: int
    occurrences: int
    call: Call
    message: str
    expected: str
    answer: str
    shrunk: bool

    @property
    def id(self) -> str:
        """Name it by what it looks like, so that equal runs give equal names."""
        text = json.dumps([asdict(self.signature), self.ingredients])
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def occurrence_to_json(one: Occurrence) -> dict[str, Any]:
    """Write an occurrence as values that JSON has."""
    return {
        "chunk": one.chunk, "index": one.index, "signature": asdict(one.signature), "call": call_to_json(one.call),
    }


def occurrence_from_json(data: Mapping[str, Any]) -> Occurrence:
    """Read an occurrence."""
    signature, call = signature_from_json(data["signature"]), call_from_json(data["call"])
    return Occurrence(data["chunk"], data["index"], signature, call)


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Write a finding as values that JSON has."""
    return {
        "id": finding.id, "signature": asdict(finding.signature), "ingredients": list(finding.ingredients),
        "chunk": finding.chunk, "index": finding.index, "occurrences": finding.occurrences, "shrunk": finding.shrunk,
        "message": finding.message, "expected": finding.expected, "answer": finding.answer,
        "call": call_to_json(finding.call),
    }


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """Read a finding. Raises KeyError, TypeError or ValueError for what is none."""
    given = {name: value for name, value in data.items() if name != "id"}
    return Finding(**{
        **given, "signature": signature_from_json(data["signature"]), "ingredients": tuple(data["ingredients"]),
        "call": call_from_json(data["call"]),
    })


def signature_from_json(data: Mapping[str, Any]) -> Signature:
    """Read a signature."""
    return Signature(**{**data, "clauses": tuple(data["clauses"])})
