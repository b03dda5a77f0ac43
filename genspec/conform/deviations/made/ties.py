"""DEV-37: which of equal scores at the boundary of a truncation stay. The sorts of torch decide."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.entropy import Ranked, as_transformers, in_float32, is_another_law, typical
from genspec.conform.oracle.requests import with_operations
from genspec_reference.scores import Scores


def ties_as_torch_sorts(situation: Situation) -> Situation | None:
    """Keep of equal scores what the sorts of torch bring first.

    An oracle excuses neither of two, equal or not but for rounding, where drafts hang on them: there float32 decides.
    """
    request, size = situation.request, situation.call.model.vocab_size
    operations = tuple(sorting(one, size) for one in request.plan.operations)
    ranked = [place for place, one in enumerate(operations) if one is not request.plan.operations[place]]
    if not ranked:
        return None
    request = with_operations(request, operations)
    if request.plan.mode is Mode.ASSISTED:
        request = in_float32(request, ranked[-1])
    return replace(situation, request=request)


def sorting(operation: Operation, vocab_size: int) -> Operation:
    """Give an operation that ranks with torch, where there is one."""
    given: dict[str, Any] = dict(operation.arguments)
    function: Callable[[Scores], Scores]
    if operation.name == "top_p":
        function = partial(nucleus, p=float(given["p"]), min_keep=int(given.get("min_keep", 1)))
    elif operation.name == "top_h" and not is_another_law(float(given["h"]), vocab_size):
        function = partial(as_transformers, share=float(given["h"]))
    elif operation.name == "min_p" and given.get("min_keep", 1) > 1:
        function = partial(probable, p=float(given["p"]), min_keep=int(given["min_keep"]))
    elif operation.name == "typical_p" and given.get("min_keep", 1) > 1:
        function = partial(typical, p=float(given["p"]), min_keep=int(given["min_keep"]))
    else:
        return operation

    return Operation("processor", {"function": Ranked(function)}, operation.clause)


def nucleus(scores: Scores, p: float, min_keep: int) -> Scores:
    """Drop the least probable tokens up to a mass of 1 - p, but for the last `min_keep`. float[V] -> float[V]."""
    import torch

    given = torch.tensor(np.asarray(scores, dtype=np.float32)[None])     # a batch: how it sorts hangs on the shape
    ascending, ids = torch.sort(given, descending=False)
    dropped = ascending.softmax(-1).cumsum(-1) <= 1 - p
    dropped[:, -min_keep:] = False
    kept = np.array(scores)
    kept[ids[dropped].numpy()] = -np.inf
    return kept


def probable(scores: Scores, p: float, min_keep: int) -> Scores:
    """Keep tokens of at least a share p of the highest probability, and `min_keep` always. float[V] -> float[V]."""
    import torch

    probabilities = torch.tensor(np.asarray(scores, dtype=np.float32)[None]).softmax(-1)
    dropped = probabilities < p * probabilities.amax(-1, keepdim=True)
    dropped.scatter_(-1, torch.topk(probabilities, min(min_keep, dropped.shape[-1])).indices, False)
    kept = np.array(scores)
    kept[dropped[0].numpy()] = -np.inf
    return kept
