"""DEV-35 and DEV-36: `top_h` of a hundred tokens, and sums in float32 that decide at 1. What float32 decides."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.guided import Guided, guided_in, with_function
from genspec.conform.deviations.made.overflow import narrowed
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.operations.guidance import guidance
from genspec_reference.request import Request
from genspec_reference.scores import Scores

MOST = 100
"""The tokens that transformers looks at."""

HELD = "VECTORS-8"
"""The clause of the numbers in which scores are held."""


@dataclass(frozen=True)
class Ranked:
    """A truncation that ranks with torch."""

    function: Callable[[Scores], Scores]

    def __call__(self, scores: Scores, context: Context) -> Scores:
        """Truncate. float[V] -> float[V]."""
        return self.function(scores)


def sees_a_hundred(situation: Situation) -> Situation | None:
    """Let `top_h` see the hundred most probable tokens, where there are more. DEV-35."""
    return summed_in_float32(situation) if situation.call.model.vocab_size > MOST else None


def rounding_drops_tokens(situation: Situation) -> Situation | None:
    """Let `top_h` 1 keep what the sums in float32 keep. DEV-36."""
    given = situation.request.plan.operation("top_h")
    decides = given is not None and given.arguments["h"] == 1 and situation.call.model.vocab_size <= MOST
    return summed_in_float32(situation) if decides else None


def summed_in_float32(situation: Situation) -> Situation | None:
    """Add up the entropy in float32, of scores that are in float32 from the start on: the last bit of them decides."""
    request = situation.request
    given = request.plan.operation("top_h")
    if given is None:
        return None
    request = in_float32(request, request.plan.operations.index(given))
    operations = request.plan.operations
    place = operations.index(given)
    start = (processor(begun, "PIPELINE-3"),) if request.plan.beams is not None else ()
    truncation = processor(Ranked(partial(as_transformers, share=float(str(given.arguments["h"])))), given.clause)
    operations = (*start, *operations[:place], truncation, *operations[place + 1:])
    return replace(situation, request=with_operations(request, operations))


def in_float32(request: Request, count: int) -> Request:
    """Hold what each of the first operations gives in float32: which of nearly equal scores is above hangs on it."""
    guided = guided_in(request)
    if guided is not None and guided[0] < count:
        request = with_function(request, guided[0], GuidedInFloat32(guided[1].scale, guided[1].u))
    operations = request.plan.operations
    before = [each for one in operations[:count] for each in (narrowly(one), processor(rounded, HELD))]
    return with_operations(request, (*before, *operations[count:]))


def rounded(scores: Scores, context: Context) -> Scores:
    """Round scores to float32, but for those beyond it: what becomes of these is DEV-69. float[V] -> float[V]."""
    near = narrowed(scores, context)
    return np.where(np.isfinite(near), near, scores)


def processor(function: Callable[[Scores, Context], Scores], clause: str) -> Operation:
    """Give an operation that is a function."""
    return Operation("processor", {"function": function}, clause)


def begun(scores: Scores, _: Context) -> Scores:
    """Give the log-softmax from which a search starts in the numbers of torch. float[V] -> float[V].

    It takes the greatest logit from all before anything else, so that scores that differ by as much give the same.
    """
    import torch

    highest = scores.max()
    if not np.isfinite(highest):
        return scores
    logits = torch.tensor((scores - highest).astype(np.float32)[None])
    return np.asarray(torch.log_softmax(logits, dim=-1)[0].double().numpy())


class GuidedInFloat32(Guided):
    """Guidance in the numbers of torch, where both scores of a token are real numbers."""

    def __call__(self, scores: Scores, context: Context) -> Scores:
        """Guide. float[V] -> float[V]."""
        u = self.u(context)
        c, besides = begun(scores, context), begun(u, context)
        with np.errstate(invalid="ignore"):
            moved = narrowed(self.scale * narrowed(c - besides, context), context) + besides
        return np.where(np.isfinite(moved), moved, guidance(scores, self.scale, u))


def narrowly(operation: Operation) -> Operation:
    """Give an operation in float32. Which of nearly equally typical tokens are kept is decided within it."""
    if operation.name != "typical_p":
        return with_narrow_arguments(operation)
    given: dict[str, Any] = dict(operation.arguments)
    function = partial(typical, p=float(given["p"]), min_keep=int(given.get("min_keep", 1)))
    return processor(Ranked(function), operation.clause)


def with_narrow_arguments(operation: Operation) -> Operation:
    """Give an operation whose real numbers are those of float32; a source's penalty is held as what divides by it."""
    inverse = operation.name == "encoder_repetition_penalty"
    arguments = {
        name: 1 / narrow(1 / value) if inverse and isinstance(value, float) else narrow(value)
        for name, value in operation.arguments.items()
    }
    return replace(operation, arguments=arguments)


def narrow(value: Any) -> Any:
    """Give the nearest number of float32, and of values of which some are real numbers the nearest ones."""
    if isinstance(value, tuple):
        return tuple(map(narrow, value))
    return float(np.float32(value)) if isinstance(value, float) else value


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


def typical(scores: Scores, p: float, min_keep: int) -> Scores:
    """Keep the tokens whose surprise is nearest the entropy up to a mass of p, and `min_keep` always. float[V]."""
    import torch

    with np.errstate(over="ignore"):
        given = torch.tensor(np.asarray(scores).astype(np.float32)[None])
    log_q = given.log_softmax(-1)
    entropy = -(log_q.exp() * log_q).nansum(-1, keepdim=True)
    nearest, ids = torch.sort((-log_q - entropy).abs(), descending=False)
    short = given.gather(-1, ids).softmax(-1).cumsum(-1) < p
    last = short.sum(-1, keepdim=True).clamp(max=given.shape[-1] - 1)
    dropped = nearest > nearest.gather(-1, last)
    dropped[:, :min_keep] = False
    kept = np.array(scores)
    kept[ids[dropped].numpy()] = -np.inf
    return kept
