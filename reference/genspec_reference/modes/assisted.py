"""Assisted decoding: cheap drafts, of which the model keeps what it would produce. Text: docs/spec/assisted.md.

Source: Leviathan et al., Fast Inference from Transformers via Speculative Decoding, ICML 2023.
"""

from dataclasses import replace

import numpy as np

from genspec_reference.drafts import Draft, assistance_of, propose
from genspec_reference.output import GenerateOutput, Row, Step
from genspec_reference.request import Request
from genspec_reference.rows import extended, take
from genspec_reference.scores import Scores, log_softmax, softmax
from genspec_reference.select import Choice, exponential_race, first_of, require_a_token
from genspec_reference.step import noise_of, score_row, step_of
from genspec_reference.stopping import finish_reason


def assisted(request: Request) -> GenerateOutput:
    """Check a draft token by token; after it, or where it fails, take a token and draft anew. ASSISTED-12, ASSISTED-14.

    Raises `Rejected` for a mixture without an assistant (ASSISTED-15).
    """
    tokens, pending, steps = request.prompt, tuple[Draft | None, ...](), list[Step]()
    surprises: tuple[float, ...] = ()
    while (reason := finish_reason(request, tokens)) is None:
        draft, *rest = pending or (*propose(request, tokens), None)     # None: the token after the draft
        scored = score_row(request, tokens, surprises=surprises)
        choice = verified(request, tokens, scored.scores, draft)
        surprises = extended(request, surprises, scored.scores, choice)
        tokens = (*tokens, choice.token)
        steps.append(step_of(request, [scored], [choice], choice.margin))
        pending = tuple(rest) if draft is not None and draft.token == choice.token else ()
    return GenerateOutput((Row(tokens, len(request.prompt), reason),), (tuple(steps),))


def verified(request: Request, tokens: tuple[int, ...], scores: Scores, draft: Draft | None) -> Choice:
    """Take the token of one position, of which there may be a draft. float[V]. ASSISTED-12 to ASSISTED-15.

    Raises ValueError for an assistant with another vocabulary, and `Rejected` when no token is left (SCORES-6).
    """
    require_a_token(scores)
    if draft is None or draft.scores is None:
        return take(request, 0, tokens, scores)
    if draft.scores.shape != scores.shape:
        raise ValueError(f"the assistant has {draft.scores.size} tokens and the model {scores.size}: "
                         "they need one vocabulary")
    weight = assistance_of(request).assistant_ensemble_weight
    judged = scores if weight is None else mixture(scores, draft.scores, weight)
    if request.plan.draws:
        return speculative(scores, judged, draft, noise_of(request, tokens, 0, 2 * scores.size + 2))
    best = first_of(judged, scores)
    return best if weight is None else replace(best, margin=min(best.margin, draft.margin))


def speculative(scores: Scores, judged: Scores, draft: Draft, noise: Scores) -> Choice:
    """Keep the draft token with probability min(1, v / q), else draw from what p has more. ASSISTED-13, ASSISTED-16.

    `scores`: float[V], of p; `judged`: float[V], of v, which is p without a mixture; `noise`: float[2 V + 2].
    """
    assert draft.scores is not None, "an assistant's draft has them"
    lead = acceptance(judged, draft.scores, draft.token) + noise[scores.size + 1]
    if lead >= 0:
        return Choice(draft.token, float(scores[draft.token]), min(draft.margin, float(lead)))
    drawn = exponential_race(excess(scores, draft.scores), noise[:scores.size])
    return Choice(drawn.token, float(scores[drawn.token]), min(draft.margin, -float(lead), drawn.margin))


def acceptance(judged: Scores, proposed: Scores, token: int) -> float:
    """Give log(v / q) of a draft token. float[V], float[V]. ASSISTED-13."""
    return float(log_softmax(judged)[token] - log_softmax(proposed)[token])


def excess(scores: Scores, proposed: Scores) -> Scores:
    """Give the scores of the distribution max(p - q, 0), normalised. float[V], float[V] -> float[V]. ASSISTED-13."""
    more = np.maximum(softmax(scores) - softmax(proposed), 0.0)
    if more.max() == 0.0:
        return scores           # p is q up to rounding, and no draft of it is rejected over real numbers
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(more))


def mixture(scores: Scores, proposed: Scores, weight: float) -> Scores:
    """Give the scores of v = w p + (1 - w) q. float[V], float[V] -> float[V]. ASSISTED-15."""
    model, assistant = np.log(weight) + log_softmax(scores), np.log1p(-weight) + log_softmax(proposed)
    return np.asarray(np.logaddexp(model, assistant))
