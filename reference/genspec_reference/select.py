"""From scores to one token: the highest, or a draw. Text: docs/spec/greedy.md and docs/spec/sample.md."""

from dataclasses import dataclass

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec_reference.scores import Scores, log_softmax


@dataclass(frozen=True, slots=True)
class Choice:
    """One token that a step took, and how near another one was."""

    token: int
    score: float            # its score; in beam modes the sum over the hypothesis
    margin: float           # nats between it and the runner-up; infinite without one
    beam: int = 0           # the open hypothesis that it extends


def highest_score(scores: Scores) -> Choice:
    """Take the token of the highest score, equal scores the lowest id. GREEDY-1, GREEDY-2.

    Raises `Rejected` when no token is left. SCORES-6
    """
    require_a_token(scores)
    return first_of(scores, scores)


def exponential_race(scores: Scores, noise: Scores) -> Choice:
    """Draw a token from the softmax: the greatest q / noise. float[V], float[V] of Exp(1) numbers. SAMPLE-1.

    The margin is the logarithm of the winner's lead. Raises `Rejected` when no token is left. SCORES-6
    """
    require_a_token(scores)
    return first_of(log_softmax(scores) - np.log(noise), scores)


def first_of(ranked_by: Scores, scores: Scores) -> Choice:
    """Take the first token of a ranking, equal ones the lowest id, and its lead on the second. float[V], float[V]."""
    token = int(ranked_by.argmax())
    others = np.concatenate((ranked_by[:token], ranked_by[token + 1:]))
    return Choice(token, float(scores[token]), float(ranked_by[token] - others.max(initial=-np.inf)))


def require_a_token(scores: Scores) -> None:
    """Refuse scores that are all minus infinity. SCORES-6."""
    if scores.max() == -np.inf:
        raise Rejected((Reason(
            "scores", None, "SCORES-6", "no token is left: every score is minus infinity.",
            "Ban or force fewer tokens, or set remove_invalid_values.",
        ),))
