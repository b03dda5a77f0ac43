"""The last token of each prompt, taken back and chosen anew. Text: docs/spec/token_healing.md."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from genspec.backends.torch.drivers.driver import Driver
from genspec.backends.torch.pipeline import NOT_REAL
from genspec.backends.torch.refusal import refusal
from genspec.backends.torch.request import Request, Tokens
from genspec.backends.torch.stopping import Detokenize

FAVOUR = 1.0
"""How much more the logit of the token that was there counts, in nats. TOKEN-HEALING-3."""


@torch.no_grad()
def healed(request: Request, drivers: Callable[[], Driver]) -> Request:
    """Replace the last token of every prompt that has one before it. TOKEN-HEALING-2 to TOKEN-HEALING-4.

    `drivers`: makes a driver of the request's model, which reads the prompts without their last tokens. Raises
    `Rejected` for logits that are no numbers.
    """
    if not request.plan.token_healing or request.detokenize is None:
        return request
    before = [prompt[:-1] or prompt for prompt in request.prompts]      # a prompt of one token stays, whatever comes
    logits = drivers().start(before, 1).logits.float()
    texts = [request.detokenize((token,)) for token in range(logits.shape[1])]
    return replace(request, prompts=tuple(
        healed_prompt(number, prompt, logits[number], texts, request.detokenize)
        for number, prompt in enumerate(request.prompts)
    ))


def healed_prompt(number: int, prompt: Tokens, logits: Tensor, texts: list[str], detokenize: Detokenize) -> Tokens:
    """Choose the last token of a prompt anew. `logits`: float32[V] after the prompt without it."""
    *before, last = prompt
    if not before:
        return prompt
    if not bool((logits < torch.inf).all()):        # NaN is not below either
        raise refusal(NOT_REAL, number)
    text = detokenize((last,))
    choices = [token for token, one in enumerate(texts) if token == last or (text and one.startswith(text))]
    if not choices:             # the last id has no logit, and no text begins with its text
        return prompt
    values = logits[choices] + torch.tensor([FAVOUR * (token == last) for token in choices], device=logits.device)
    return (*before, choices[int(values.argmax())])
