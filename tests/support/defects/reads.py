"""Models that read other tokens than the row."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from genspec_reference.model import ModelOutput
from genspec_reference.request import Request
from support.defects.defect import Defect

R = "genspec_reference"
ANY = ("",)


def reading(what: str, change: Callable[[Request, tuple[int, ...]], tuple[int, ...]], *pages: str) -> Defect:
    """Read other tokens than the row: of the request and the row."""

    def breaks(request: Request) -> Request:
        model = request.model
        return replace(request, model=lambda tokens, *source: model(change(request, tuple(tokens)), *source))

    return Defect(f"model: {what}", pages or ANY, breaks=breaks)


def beyond(size: int) -> Callable[[Request, tuple[int, ...]], tuple[int, ...]]:
    return lambda request, tokens: tokens[-size:]


def sourced(what: str, change: Callable[[Request, tuple[int, ...], tuple[int, ...]], tuple[int, ...]]) -> Defect:
    """Read another source: of the request, the row and the source."""

    def breaks(request: Request) -> Request:
        model = request.model
        if request.source is None:
            return request
        return replace(
            request, model=lambda tokens, source: model(tokens, change(request, tuple(tokens), tuple(source)))
        )

    return Defect(f"source: {what}", ANY, breaks=breaks)


def rounded(kind: Any) -> Callable[[Request], Request]:
    def breaks(request: Request) -> Request:
        model = request.model

        def wrong(tokens: Any, *source: Any) -> Any:
            answer = model(tokens, *source)
            if isinstance(answer, ModelOutput):
                return answer
            return np.asarray(np.asarray(answer) + 1e-4, dtype=kind).astype(float)

        return replace(request, model=wrong)

    return breaks


DEFECTS = (
    reading("the newest token alone", beyond(1)),
    reading("the last 2 tokens", beyond(2)),
    reading("the last 8 tokens", beyond(8)),
    reading("the last 16 tokens", beyond(16)),
    reading("the last 32 tokens", beyond(32)),
    reading("the last 64 tokens", beyond(64)),
    reading("the last 100 tokens", beyond(100)),
    reading("without the first token", lambda request, tokens: tokens[1:] or tokens),
    reading(
        "without the first token after the first step",
        lambda request, tokens: tokens[1:] if len(tokens) > len(request.prompt) else tokens,
    ),
    reading("without the prompt after the first step", lambda request, tokens: tokens[len(request.prompt) :] or tokens),
    reading("without the newest token", lambda request, tokens: tokens[:-1] or tokens),
    reading("the newest token twice", lambda request, tokens: (*tokens, tokens[-1])),
    reading(
        "the newest token twice after the first step",
        lambda request, tokens: (*tokens, tokens[-1]) if len(tokens) > len(request.prompt) else tokens,
    ),
    reading("the prompt alone", lambda request, tokens: tokens[: len(request.prompt)]),
    reading("the last two exchanged", lambda request, tokens: (*tokens[:-2], *tokens[-2:][::-1])),
    reading("a BOS in front", lambda request, tokens: (0, *tokens)),
    reading(
        "leading zeros are lost",
        lambda request, tokens: tokens[next((n for n, t in enumerate(tokens) if t), len(tokens) - 1) :],
    ),
    reading(
        "pads are lost", lambda request, tokens: tuple(t for t in tokens if t != request.plan.tokens.pad) or tokens
    ),
    sourced("is not read", lambda request, tokens, source: source[:1]),
    sourced(
        "is read at the first step alone",
        lambda request, tokens, source: source if len(tokens) <= len(request.prompt) else source[:1],
    ),
    sourced("without its last token", lambda request, tokens, source: source[:-1] or source),
    sourced("from its end", lambda request, tokens, source: source[::-1]),
    Defect("model: in float16", ANY, breaks=rounded(np.float16)),
    Defect(
        "guidance: the negative prompt is not read",
        ("GUIDANCE",),
        breaks=lambda request: replace(request, negative_prompt=None),
    ),
    Defect(
        "guidance: the last token of the prompt, always",
        ("GUIDANCE",),
        {
            (f"{R}.step", "unconditional_logits"): lambda right: (
                lambda request, tokens: right(request, request.prompt) if request.plan.operation("guidance") else None
            )
        },
    ),
    Defect(
        "guidance: with the whole prompt",
        ("GUIDANCE",),
        {
            (f"{R}.step", "unconditional_logits"): lambda right: (
                lambda request, tokens: right(
                    replace(
                        request,
                        negative_prompt=request.prompt
                        if request.negative_prompt is None
                        else (*request.prompt, *request.negative_prompt),
                    ),
                    tokens,
                )
            )
        },
    ),
    Defect(
        "allowed tokens: those after the prompt",
        ("PREFIX-ALLOWED-TOKENS",),
        breaks=lambda request: (
            request
            if request.allowed_tokens is None
            else replace(request, allowed_tokens=lambda tokens: request.allowed_tokens(request.prompt))
        ),
    ),
)
