"""DoLa: the last layer contrasted with an earlier one, then greedy or sample. Text: docs/spec/dola.md.

Source: Chuang et al., DoLa: Decoding by Contrasting Layers Improves Factuality in Large Language Models, ICLR 2024.
"""

from functools import partial

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec_reference.model import Layers, ModelOutput, evaluate
from genspec_reference.output import GenerateOutput
from genspec_reference.pipeline import Applied, run_pipeline
from genspec_reference.request import Request
from genspec_reference.rows import decode_rows, take
from genspec_reference.scores import Scores, highest, log_softmax
from genspec_reference.step import Scored, context_of, operations_of

FARTHEST = 20
"""How many layers below the last, or above the first, "high" and "low" reach at most. DOLA-2."""
RELATIVE_TOP = 0.1
"""The share of the greatest probability that a token needs. DOLA-6."""


def dola(request: Request) -> GenerateOutput:
    """Take a token from the contrast of two layers at every step, as greedy or sample does. DOLA-8."""
    return decode_rows(request, lambda row: partial(take, request, row), score=score_contrast)


def score_contrast(
    request: Request, tokens: tuple[int, ...], *, row: int = 0, surprises: tuple[float, ...] = ()
) -> Scored:
    """Give the scores of the token after a row, made of the contrast instead of the logits. DOLA-8.

    Raises `Rejected` without a candidate layer (DOLA-4), and for a model that shows no layers (DOLA-9).
    """
    answer, named = evaluate(request.model, tokens, request.source), request.plan.dola_layers
    assert named is not None, "a plan of this mode names layers"
    layers = layers_of(answer)
    candidates = candidate_layers(named, len(layers) - 1, answer.tied_embeddings)
    layer, lead = premature_layer(answer.logits, layers, candidates)
    margin = min(lead, plausible_margin(answer.logits))
    start = Applied("dola", "DOLA-7", contrast(answer.logits, layers[layer]), margin)
    context = context_of(request, tokens, row, surprises, answer.logits.size)
    return Scored(answer, run_pipeline(start, operations_of(request), context, request.plan.profile))


def layers_of(answer: ModelOutput) -> Layers:
    """Return the logits of the layers 0 to N, N at least 1. Raises `Rejected` when the model gives none. DOLA-9."""
    if answer.layer_logits is None or len(answer.layer_logits) < 2:
        raise Rejected((Reason(
            "dola_layers", None, "DOLA-9", "the model gives no logits of its layers.",
            "Give a model whose output has layer_logits, float[V] a layer, or unset the field.",
        ),))
    return answer.layer_logits


def candidate_layers(named: str | tuple[int, ...], last: int, tied: bool) -> tuple[int, ...]:
    """List the layers among which one is chosen. `last`: N. DOLA-2, DOLA-3.

    Raises `Rejected` when there is none (DOLA-4).
    """
    if not isinstance(named, str):
        found = tuple(layer for layer in dict.fromkeys(named) if layer < last)
    elif named == "high":
        found = tuple(range(max(last // 2, last - FARTHEST), last, 2))
    else:
        found = low_layers(first_layer(last, tied), last)
    if not found:
        raise Rejected((Reason(
            "dola_layers", named, "DOLA-4", f"a model of {last} layers has none of them below the last.",
            f"Name layers from 0 to {last - 1}.",
        ),))
    return found


def first_layer(last: int, tied: bool) -> int:
    """Give the first layer of "low": tied embeddings say nothing of the next token. DOLA-3."""
    return min(last - 1, 2) if tied else 0


def low_layers(first: int, last: int) -> tuple[int, ...]:
    """List every second layer of the lower half. DOLA-2."""
    middle = last // 2
    return (first,) if first == middle else tuple(range(first, min(middle, FARTHEST), 2))


def premature_layer(logits: Scores, layers: Layers, candidates: tuple[int, ...]) -> tuple[int, float]:
    """Choose the candidate that differs most from the last layer, and tell by how much more than the next. DOLA-5."""
    divergences = np.array([divergence(logits, layers[layer]) for layer in candidates])
    ranked = divergences[highest(divergences, 2)]
    lead = np.inf if len(ranked) == 1 else 0.0 if ranked[0] == ranked[1] else float(ranked[0] - ranked[1])
    return candidates[int(highest(divergences, 1)[0])], lead


def divergence(scores: Scores, others: Scores) -> float:
    """Give the sum of the divergences of the mean of two distributions from each. float[V], float[V]. DOLA-5."""
    log_p, log_q = log_softmax(scores), log_softmax(others)
    with np.errstate(invalid="ignore"):     # NaN stays NaN, to be refused. SCORES-2
        log_mean = np.logaddexp(log_p, log_q) - np.log(2)
    kept = log_mean > -np.inf
    return float((np.exp(log_mean[kept]) * (2 * log_mean[kept] - log_p[kept] - log_q[kept])).sum())


def contrast(logits: Scores, base: Scores) -> Scores:
    """Subtract an earlier layer's log-probabilities where the last one's are high enough. float[V]. DOLA-6, DOLA-7."""
    log_q = log_softmax(logits)
    kept = ~(log_q < log_q.max() + np.log(RELATIVE_TOP))        # NaN stays NaN, to be refused. SCORES-2
    contrasted = np.full_like(log_q, -np.inf)
    contrasted[kept] = log_q[kept] - log_softmax(base)[kept]
    return contrasted


def plausible_margin(logits: Scores) -> float:
    """Give the least distance in nats of a token from the bound that it must reach. DOLA-6."""
    log_q = log_softmax(logits)
    return float(np.abs(log_q - (log_q.max() + np.log(RELATIVE_TOP))).min())
