"""Which clause a wrong answer violates, as well as one can tell."""

from itertools import pairwise

import numpy as np

from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.conform.oracle.steps import Forced
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.beams.hypotheses import normalised
from genspec_reference.pipeline import TRUNCATIONS
from genspec_reference.request import Request
from genspec_reference.rows import take
from genspec_reference.scores import Scores
from genspec_reference.step import Scored, score_row
from genspec_reference.stopping import finish_reason

CLAUSES: dict[Mode, str] = {
    Mode.GREEDY: "GREEDY-1", Mode.SAMPLE: "SAMPLE-1", Mode.BEAM_SEARCH: "BEAM-SEARCH-2",
    Mode.BEAM_SAMPLE: "BEAM-SAMPLE-1", Mode.GROUP_BEAM_SEARCH: "GROUP-BEAM-SEARCH-1",
    Mode.CONSTRAINED_BEAM_SEARCH: "CONSTRAINED-BEAM-SEARCH-4", Mode.CONTRASTIVE_SEARCH: "CONTRASTIVE-SEARCH-7",
    Mode.ASSISTED: "ASSISTED-9", Mode.DOLA: "DOLA-8",
}
"""What says which token a mode takes."""


def clauses_of_mode(plan: DecodingPlan) -> tuple[str, ...]:
    """Give the clause that says which token the mode takes."""
    return (CLAUSES[plan.mode],)


def clauses_of_token(step: Forced, token: int) -> tuple[str, ...]:
    """Give the clause that decides against a token.

    It is the operation's that bans the token, else the last one's before which the token would have been taken, else
    the mode's own; between equal scores the one on ties.
    """
    mode = clauses_of_mode(step.request.plan)
    scores = step.scored.scores
    if not 0 <= token < scores.size:
        return ("OUTPUTS-7",)
    if scores[token] == scores[step.choice.token] and not step.request.plan.draws:
        return ("GREEDY-2",)
    applied = step.scored.applied
    for before, after in pairwise(applied):
        if after.scores[token] == -np.inf and before.scores[token] > -np.inf:
            return (after.clause,)
    for before, after in reversed(list(pairwise(applied))):
        if takes(step, before.scores, token) and not takes(step, after.scores, token):
            return (after.clause,)
    return mode


def takes(step: Forced, scores: Scores, token: int) -> bool:
    """Tell whether a token is taken from scores. float[V]."""
    return scores.max() > -np.inf and take(step.request, step.row, step.tokens, scores).token == token


def clauses_of_stopping(request: Request, reason: FinishReason) -> tuple[str, ...]:
    """Give the clause of a reason to end."""
    return {
        FinishReason.EOS: ("STOPPING-1",), FinishReason.LENGTH: ("STOPPING-2",),
        FinishReason.STOP_STRING: ("STOPPING-3",), FinishReason.MAX_TIME: ("STOPPING-4",),
    }[FinishReason(reason)]


def clauses_of_score(scored: Scored, given: Scores) -> tuple[str, ...]:
    """Give the clause of the operation that decides the first score that differs most. float[V].

    Of a token that is taken away, and is not to be, it is that of the last truncation.
    """
    right = scored.scores
    if given.shape != right.shape:
        return ("OUTPUTS-2",)
    banned = np.flatnonzero(np.isneginf(right) != np.isneginf(given))
    with np.errstate(invalid="ignore"):
        token = int(banned[0]) if banned.size else int(np.argmax(np.nan_to_num(np.abs(right - given), nan=np.inf)))
    truncated = np.isneginf(given[token]) and not np.isneginf(right[token])
    for before, after in reversed(list(pairwise(scored.applied))):
        if after.name in TRUNCATIONS if truncated else before.scores[token] != after.scores[token]:
            return (after.clause, "OUTPUTS-2")
    return ("OUTPUTS-2",)


def clauses_of_total(request: Request, row: Row, given: float, allowed: float) -> tuple[str, ...]:
    """Give the clauses of a wrong score. `row`: with the right one; `given`: what came; `allowed`: the tolerance.

    Where the right total is divided by another length, or by another power of it, the total is not made comparable as
    it is to be; else the total itself is wrong.
    """
    power = 1.0 if request.plan.beams is None else request.plan.beams.length_penalty
    counts = np.arange(1, len(row.tokens) + 1)
    lengths, exponents = np.concatenate([counts, (5 + counts) / 6]), np.array([-power, power, -1.0, 0.0])
    with np.errstate(all="ignore"):
        made = total_of(request, row) * lengths[:, None] ** exponents
        divided = np.any(np.abs(given - made) <= allowed)
    return ("BEAM-SEARCH-4" if divided else "BEAM-SEARCH-1", "OUTPUTS-8")


def total_of(request: Request, row: Row) -> float:
    """Give the total that a row's score is made of. BEAM-SEARCH-4."""
    ended = row.finish_reason is FinishReason.EOS
    return (row.score or 0.0) / (normalised(request, 1.0, len(row.new_tokens), ended) or 1.0)


def clauses_of_search(request: Request, expected: GenerateOutput, answered: GenerateOutput) -> tuple[str, ...]:
    """Give the clause that the rows of a search violate.

    It is that of an operation that bans a token of a row, or of a stopping rule that a row does not heed; else it is
    told from what the rows have in common with the expected ones.
    """
    for row in answered.rows:
        found = clauses_against(request, row)
        if found:
            return found
    if request.plan.mode not in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE):
        return clauses_of_mode(request.plan)
    if sorted(expected.sequences) == sorted(answered.sequences):
        return ("BEAM-SEARCH-9",) if expected.sequences != answered.sequences else ("BEAM-SEARCH-11",)
    steps = max((len(run) for run in expected.runs), default=0)
    if any(len(row.new_tokens) > steps for row in answered.rows):
        return ("BEAM-SEARCH-6",)
    return clauses_of_mode(request.plan)


def clauses_against(request: Request, row: Row) -> tuple[str, ...]:
    """Give the clause that a row violates whatever other rows there are, or none."""
    tokens = request.prompt
    if row.tokens[:len(tokens)] != tokens:
        return ("OUTPUTS-7",)
    for token in row.tokens[len(tokens):]:
        reason = finish_reason(request, tokens)
        if reason is not None:
            return clauses_of_stopping(request, reason)
        applied = score_row(request, tokens, normalised=request.plan.profile.beam_input == "log_softmax").applied
        if not 0 <= token < applied[-1].scores.size:
            return ("OUTPUTS-7",)
        for before, after in pairwise(applied):
            if after.scores[token] == -np.inf < before.scores[token]:
                return (after.clause,)
        tokens = (*tokens, token)
    reason = finish_reason(request, tokens)
    if reason is None:
        return clauses_of_stopping(request, row.finish_reason)
    return () if reason == row.finish_reason else ("STOPPING-5",)
