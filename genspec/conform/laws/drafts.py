"""What goes wrong in speculative decoding: laws of the token at a position that has a draft. ASSISTED-13."""

from collections.abc import Iterator, Sequence

import numpy as np

from genspec.conform.laws.changes import Change, normalised
from genspec.conform.laws.law import Next
from genspec.conform.laws.reference import next_token
from genspec_reference.request import Request
from genspec_reference.scores import Scores, softmax


def drafts(line: Sequence[float]) -> Change:
    """Accept or replace the tokens of an assistant, whose logits these are, in other ways. float[V]."""
    q = softmax(np.array(line))

    def changes(request: Request) -> Iterator[tuple[str, Next]]:
        law = next_token(request)
        p = law(request.prompt)
        both = np.minimum(p, q)
        yield "every draft is accepted", lambda row: q
        yield "what replaces a draft is drawn from p", lambda row: both + (1 - both.sum()) * p
        yield "a draft is accepted when p is not below q", lambda row: accepted_above(p, q)
        yield "drafts are accepted as often as p", lambda row: normalised(p * q)

    return changes


def accepted_above(p: Scores, q: Scores) -> Scores:
    """Accept a draft token where p >= q alone, and replace it by the residual elsewhere. float[V]."""
    residual = normalised(np.maximum(p - q, 0))
    kept = np.where(p >= q, q, 0)
    return np.asarray(kept + (1 - kept.sum()) * residual)
