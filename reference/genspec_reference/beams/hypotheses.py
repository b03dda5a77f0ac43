"""Hypotheses: open ones, candidates and finished ones, and their scores. Text: docs/spec/beam_search.md."""

from dataclasses import dataclass

import numpy as np

from genspec.config.plan import BeamRules
from genspec_reference.request import Request
from genspec_reference.stopping import FinishReason


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A row that a search considers."""

    tokens: tuple[int, ...]                 # prompt and new tokens
    total: float = 0.0                      # the sum of its new tokens' scores. BEAM-SEARCH-1
    beam_indices: tuple[int, ...] = ()      # the open hypothesis that each new token extended. BEAM-SEARCH-11


@dataclass(frozen=True, slots=True)
class Candidate:
    """One open hypothesis with one token more. BEAM-SEARCH-2."""

    hypothesis: Hypothesis
    key: float                              # what the candidates of the step are ranked by
    reason: FinishReason | None             # why it finishes; None: it can go on. BEAM-SEARCH-3


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished hypothesis."""

    hypothesis: Hypothesis
    score: float                            # the total made comparable over lengths. BEAM-SEARCH-4
    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Beams:
    """A search between two steps: of a whole row, or of one group of it."""

    size: int                               # how many hypotheses it keeps
    open: tuple[Hypothesis, ...]            # those that go on; none: the search has ended
    finished: tuple[Finished, ...] = ()     # all so far, best first: the first `size` are the pool. BEAM-SEARCH-5


@dataclass(frozen=True, slots=True)
class Selection:
    """What one step did to one search: kept when the call asks for a trace."""

    before: Beams
    candidates: tuple[Candidate, ...]       # best first, or as drawn
    after: Beams
    lead: float                             # of the hope of the open ones; at or below 0 they end. BEAM-SEARCH-6


def rules_of(request: Request) -> BeamRules:
    """Give the plan's rules for beams. Raises ValueError for a plan that has none."""
    if request.plan.beams is None:
        raise ValueError(f"a plan for {request.plan.mode} has rules for beams, and this one has none")
    return request.plan.beams


def finished_as(request: Request, hypothesis: Hypothesis, reason: FinishReason) -> Finished:
    """Score a hypothesis that ends now. BEAM-SEARCH-4."""
    new_tokens = len(hypothesis.tokens) - len(request.prompt)
    score = normalised(request, hypothesis.total, new_tokens, reason is FinishReason.EOS)
    return Finished(hypothesis, score, reason)


def normalised(request: Request, total: float, new_tokens: int, ends_in_eos: bool) -> float:
    """Divide a total by its length to the power of `length_penalty`. BEAM-SEARCH-4.

    Source of "gnmt": Wu et al., Google's Neural Machine Translation System, 2016.
    """
    length = np.float64(counted_length(request, new_tokens, ends_in_eos))
    if request.plan.profile.length_normalisation == "gnmt":
        length = (5 + length) / 6
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        divisor = length ** rules_of(request).length_penalty
        return float(total / divisor) if total else 0.0     # 0 / L^p is 0 also where L^p rounds to 0


def counted_length(request: Request, new_tokens: int, ends_in_eos: bool) -> int:
    """Count the tokens that a total is divided by, at least 1. BEAM-SEARCH-4."""
    counted = request.plan.profile.hypothesis_length
    prompt = len(request.prompt) if counted in ("row", "row without EOS") else 0
    eos = 1 if ends_in_eos and counted in ("new without EOS", "row without EOS") else 0
    return max(1, prompt + new_tokens - eos)


def best_first(finished: tuple[Finished, ...]) -> tuple[Finished, ...]:
    """Rank finished hypotheses by score; of equal ones the one finished earlier first. BEAM-SEARCH-5."""
    return tuple(sorted(finished, key=lambda one: -one.score))
