"""DEV-35 and DEV-36: `top_h` of a hundred tokens, and sums in float32 that decide at 1."""

from dataclasses import replace
from typing import Any

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.oracle.requests import with_operations
from genspec_reference.scores import Scores

MOST = 100
"""The tokens that transformers looks at."""


def sums_in_float32(situation: Situation) -> Situation | None:
    """Add up the entropy of at most a hundred tokens in float32, where h is 1 or there are more tokens."""
    request = situation.request
    given = request.plan.operation("top_h")
    if given is None:
        return None
    share = float(str(given.arguments["h"]))
    if not is_another_law(share, situation.call.model.vocab_size):
        return None
    truncated = Operation("processor", {"function": lambda scores, _: as_transformers(scores, share)}, given.clause)
    operations = tuple(truncated if one is given else one for one in request.plan.operations)
    return replace(situation, request=with_operations(request, operations))


def is_another_law(share: float, vocab_size: int) -> bool:
    """Tell whether more than the order of equal scores makes the difference."""
    return share == 1 or vocab_size > MOST


def as_transformers(scores: Scores, share: float) -> Scores:
    """Keep tokens, the most probable first, while their summed entropy is at most a share of all. float[V] -> float[V].

    In float32 and with the functions of torch: which of them rounds how is what the deviation is about.
    """
    import torch

    with np.errstate(over="ignore"):
        narrow = np.asarray(scores).astype(np.float32)
    if not np.isfinite(narrow).any():       # transformers raises, and without a token the request is refused as well
        return np.full_like(scores, -np.inf)
    given = torch.tensor(narrow[None])
    highest, ids = torch.topk(given, min(MOST, given.shape[1]))
    distribution: Any = torch.distributions.Categorical(logits=highest)
    terms = -distribution.probs * torch.log(distribution.probs)
    stay = torch.cumsum(terms, dim=-1) <= (distribution.entropy() * share)[:, None]
    stay[:, 0] = True
    kept = np.full_like(scores, -np.inf)
    places = ids[stay].numpy()
    kept[places] = scores[places]
    return kept
