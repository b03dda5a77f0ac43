"""The last token of the prompt, taken back and chosen anew. Text: docs/spec/token_healing.md."""

from dataclasses import replace

import numpy as np

from genspec_reference.model import evaluate
from genspec_reference.pipeline import Applied, require_real
from genspec_reference.request import Request
from genspec_reference.scores import highest

FAVOUR = 1.0
"""How much more the logit of the token that was there counts, in nats. TOKEN-HEALING-3."""


def healed(request: Request) -> Request:
    """Replace the last token of a prompt, where the plan says so. TOKEN-HEALING-2 to TOKEN-HEALING-4.

    Raises `Rejected` for logits that are no numbers (SCORES-2), and ValueError when the call has no detokenizer.
    """
    *before, last = request.prompt
    if not request.plan.token_healing or not before:
        return request
    logits = evaluate(request.model, tuple(before), request.source).logits
    require_real(Applied("logits", "TOKEN-HEALING-3", logits), True)
    choices = [token for token in range(logits.size) if begins_with(request, token, last)]
    if not choices:             # the last id has no logit, and no text begins with its text
        return request
    values = logits[choices] + np.where(np.array(choices) == last, FAVOUR, 0.0)
    return replace(request, prompt=(*before, choices[int(highest(values, 1)[0])]))


def begins_with(request: Request, token: int, last: int) -> bool:
    """Tell whether the text of a token begins with that of the last one. TOKEN-HEALING-2.

    Raises ValueError when the call has no detokenizer.
    """
    if request.detokenize is None:
        raise ValueError("the plan has token_healing: decode needs detokenize=, a function from token ids to text")
    text = request.detokenize((last,))
    return token == last or (text != "" and request.detokenize((token,)).startswith(text))
