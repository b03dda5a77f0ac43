"""Tokens that are not produced first. Text: docs/spec/begin_suppress.md."""

from genspec_reference.context import Context
from genspec_reference.scores import Scores, mask


def begin_suppress(scores: Scores, tokens: tuple[int, ...], new_token: int, context: Context) -> Scores:
    """Ban the tokens at the step that has `new_token` new tokens before it. BEGIN-SUPPRESS-2, BEGIN-SUPPRESS-3.

    `scores`: float[V]. Returns float[V].
    """
    new_tokens = len(context.tokens) - context.prompt_length
    return mask(scores, tokens) if new_tokens == new_token else scores
