"""Classifier-free guidance. Text: docs/spec/guidance.md."""

import torch
from torch import Tensor

from genspec.backends.torch.ranking import GONE, log_softmax


def guidance(scores: Tensor, scale: float, unconditional_logits: Tensor | None) -> Tensor:
    """Move away from what the model says without the prompt: u + g (c - u). [N, V] -> [N, V].

    Raises ValueError without the unconditional logits.
    """
    if unconditional_logits is None or unconditional_logits.shape != scores.shape:
        raise ValueError("guidance needs unconditional logits, as many as there are scores")
    c, u = log_softmax(scores), log_softmax(unconditional_logits.float())
    if scale == 0:
        return u                                            # GUIDANCE-3
    finite = (c != GONE) & (u != GONE)
    only_conditional = (u == GONE) & (c > GONE)             # GUIDANCE-4
    without_u = torch.where(only_conditional, torch.inf if scale > 1 else GONE, GONE)
    return torch.where(finite, u + scale * (c - u), without_u)      # GUIDANCE-3
