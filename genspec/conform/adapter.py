"""From what an author writes to what is asked and answered: a question becomes a request, a result becomes a reply.

A decoder has `info`, and of `decode`, `process` and `select` what it can. Guide: docs/guide/conform.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities, near
from genspec.conform.question import Question, Reply
from genspec.conform.request import DecodeRequest, Request, request_of
from genspec.conform.vectors.runner import Unsupported
from genspec.conform.workers.told import Broken

METHODS = {"L0": "process", "L1": "process", "L2": "select", "L3": "decode", "L4": "decode"}
"""The method that a decoder answers a level with."""
MEMBERS = ("sequences", "finish_reasons", "sequences_scores", "beam_indices", "scores", "logits")
"""What a result of L3 may have. docs/spec/vectors.md"""
DTYPES = ("float64", "float32", "float16", "bfloat16")


class Answering(Protocol):
    """What every kind of decoder is turned into."""

    @property
    def info(self) -> Info:
        """Tell which decoder this is."""

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do."""

    def reply(self, question: Question) -> Reply | Broken:
        """Answer a question. An exception is an error of the decoder."""


@dataclass(frozen=True)
class Adapter:
    """A decoder that an author has written for the kit."""

    decoder: Any
    info: Info
    capabilities: Capabilities = field(default_factory=Capabilities)

    def reply(self, question: Question) -> Reply | Broken:
        """Answer a question by the method for its level."""
        method = getattr(self.decoder, METHODS.get(question.level, ""), None)
        if method is None:
            return {"unsupported": f"has no `{METHODS.get(question.level)}`"}
        request = request_of(question)
        before = repr(request)
        try:
            result = method(request)
        except Unsupported as reason:
            return {"unsupported": str(reason)}
        except Exception as error:
            if not refuses(error):
                raise
            return refusal(error)
        if repr(request) != before:
            return Broken("MutatedInput", f"`{method.__name__}` changes its request; copy what you change")
        return reply_of(result, request)


def refuses(error: Exception) -> bool:
    """Tell whether an exception is a no to the question: a ValueError, or the Rejected of genspec."""
    return isinstance(error, ValueError) or hasattr(error, "reasons") or hasattr(error, "clauses")


def refusal(error: Exception) -> Reply:
    """Write a no, with the clauses that it names."""
    clauses = getattr(error, "clauses", None) or [reason.clause for reason in getattr(error, "reasons", ())]
    return {"reject": [str(clause) for clause in clauses], "error": f"{type(error).__name__}: {error}"[:2000]}


def reply_of(result: Any, request: Request) -> Reply:
    """Write what a method returned. Raises TypeError that says what it is to return."""
    if isinstance(result, Mapping):
        return told(result, request)
    if request.level == "L2":
        tokens = result if isinstance(result, Sequence) or hasattr(result, "tolist") else None
        several = isinstance(plain(result), list)
        return {"tokens": plain(tokens)} if several else {"token": whole(plain(result))}
    if result is None:
        raise TypeError(f"`{METHODS[request.level]}` returned nothing: {WANTED[request.level]}")
    if isinstance(request, DecodeRequest):
        return told({"sequences": result}, request)
    return {"scores": plain(result)}


WANTED = {
    "L0": "return the scores, a list of V numbers", "L1": "return the scores, a list of V numbers",
    "L2": "return a token id", "L3": "return rows of token ids, prompt included, or a dict with `sequences`",
    "L4": "return rows of token ids, prompt included, or a dict with `sequences`",
}


def told(result: Mapping[str, Any], request: Request) -> Reply:
    """Write a result that is told by names; `new_tokens` are rows without the prompt."""
    given = {str(name): plain(value) for name, value in result.items() if value is not None}
    if not isinstance(request, DecodeRequest):
        return given
    if "new_tokens" in given:
        given = {"sequences": [[*request.prompt, *row] for row in given.pop("new_tokens")], **given}
    unknown = [name for name in given if name not in (*MEMBERS, "prompts", "unsupported", "reject", "error")]
    if unknown:
        raise TypeError(f"`decode` returned {unknown[0]!r:.60}: {near(unknown[0], [*MEMBERS, 'new_tokens'])}")
    if "sequences" in given:
        require_rows(given["sequences"])
    return given


def require_rows(rows: Any) -> None:
    """Raise TypeError unless rows are lists of integers."""
    good = isinstance(rows, list) and all(
        isinstance(row, list) and all(isinstance(token, int) for token in row) for row in rows
    )
    if not good:
        raise TypeError(f"{WANTED['L3']}; not {rows!r:.80}")


def plain(value: Any) -> Any:
    """Give lists of numbers for arrays and tensors, at any depth; integers stay integers."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def whole(token: Any) -> int:
    """Give a token id. Raises TypeError for what is none."""
    if isinstance(token, bool) or not isinstance(token, int):
        raise TypeError(f"`select` returned {token!r:.60}: {WANTED['L2']}")
    return token
