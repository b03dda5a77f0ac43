"""Which clause a wrong answer violates, as well as one can tell."""

from itertools import pairwise

import numpy as np

from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.conform.oracle.steps import Forced
from genspec_reference import FinishReason, GenerateOutput
from genspec_reference.request import Request
from genspec_reference.rows import take
from genspec_reference.scores import Scores

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



def clauses_of_search(request: Request, expected: GenerateOutput, answered: GenerateOutput) -> tuple[str, ...]:
    """Give the clause that the rows of a search violate."""
    return clauses_of_mode(request.plan)
