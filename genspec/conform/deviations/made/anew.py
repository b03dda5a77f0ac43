"""DEV-96: an assistant that decodes for itself, with the row before a draft as its prompt."""

from dataclasses import replace
from functools import partial

from genspec.backends.call import Call
from genspec.config.generation_config import GenerationConfig
from genspec.conform.deviations.made.guided import guided_in
from genspec.conform.deviations.made.trail import Trail, ending, followed
from genspec_reference import Noise
from genspec_reference.request import Request
from genspec_reference.scores import Scores

Tokens = tuple[int, ...]
NOT_GIVEN = ("encoder_no_repeat_ngram",)
"""Operations on the ids of a source, of which an assistant is given -100 alone (DEV-92)."""


def begun_anew(call: Call, request: Request, tokens: Tokens, count: int, release: tuple[int, ...]) -> Request:
    """Give a request as the assistant has it that is to draft `count` tokens behind a row: a prompt of its own.

    So the last token of a draft is the last one of its row, and what is done to first tokens is done in each draft.
    Neither a negative prompt nor the allowed tokens come to it.
    """
    plan, before = request.plan, len(tokens) - len(request.prompt)
    count = max(1, min(count, plan.length.max_length - len(tokens) - 1))
    given = {name: value for name, value in call.config.items() if name != "max_length"} | {"max_new_tokens": count}
    if release >= (4, 39):                  # before, its minimum is as it is given, and of its own row as well
        given |= {"min_length": None, "min_new_tokens": max(0, min(count, plan.length.min_new_tokens - before))}
    own = call.resolved(GenerationConfig.from_dict(given), tokens)
    operations = tuple(one for one in own.operations if call.sources is None or one.name not in NOT_GIVEN)
    begun = replace(
        request, model=request.assistant or request.model, prompt=tokens, negative_prompt=None, allowed_tokens=None,
        plan=replace(own, operations=operations, length=plan.length, assistance=plan.assistance),
        noise=None if request.noise is None else partial(later, request.noise, before),
    )
    guided = guided_in(begun)
    if guided is None:
        return begun
    trail = Trail(guided[1])
    return ending(followed(begun, guided[0], trail), trail.spoil)         # NaN cannot be drawn from. DEV-24


def later(noise: Noise, before: int, row: int, step: int, size: int) -> Scores:
    """Give the noise of a step of the whole row. float[size]."""
    return noise(row, step + before, size)
