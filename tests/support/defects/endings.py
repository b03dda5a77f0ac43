"""Rows that end wrongly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from genspec_reference.request import Request
from genspec_reference.stopping import FinishReason
from support.defects.defect import Defect

R = "genspec_reference"
ENDS = ("STOPPING", "LENGTH", "TOKENS", "OUTPUTS", "GREEDY", "MODE", "BEAM-SEARCH", "BEAMS", "SPECIAL-TOKENS")
ANY = ("",)


def ending(what: str, change: Callable[[Any, Request, tuple[int, ...]], Any], *pages: str) -> Defect:
    """Change when a row ends: of the right function, the request and the row."""
    places = ("rows", "beams.candidates", "beams.search", "modes.assisted")
    patches = {
        (f"{R}.{place}", "finish_reason"): (lambda right: lambda request, tokens: change(right, request, tokens))
        for place in places
    }
    return Defect(f"end: {what}", pages or ENDS, patches)


def any_eos(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    """End a row at an EOS anywhere in it, prompt included."""
    eos = request.plan.stopping.eos_token_ids
    if len(tokens) > len(request.prompt) and any(token in eos for token in tokens):
        return FinishReason.EOS
    return right(request, tokens)


def eos_of_prompt(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    """Take a prompt that ends in an EOS for finished."""
    if tokens == request.prompt and tokens[-1] in request.plan.stopping.eos_token_ids:
        return FinishReason.EOS
    return right(request, tokens)


def eos_not_first(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    """Go on after an EOS that is the first new token."""
    reason = right(request, tokens)
    first = len(tokens) == len(request.prompt) + 1
    return None if reason is FinishReason.EOS and first and len(tokens) < request.plan.length.max_length else reason


def eos_never(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    reason = right(request, tokens)
    if reason is not FinishReason.EOS:
        return reason
    return FinishReason.LENGTH if len(tokens) >= request.plan.length.max_length else None


def length_first(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    """At the greatest length the reason is the length, whatever the token."""
    reason = right(request, tokens)
    return FinishReason.LENGTH if reason and len(tokens) >= request.plan.length.max_length else reason


def one_longer(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    return (
        right(request, tokens[:-1])
        if len(tokens) > len(request.prompt) + 1 and right(request, tokens) is FinishReason.LENGTH
        else right(request, tokens)
    )


def one_shorter(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    limit = request.plan.length.max_length - 1
    return FinishReason.LENGTH if len(tokens) > len(request.prompt) and len(tokens) >= limit else right(request, tokens)


def text(change: Callable[[Request, tuple[int, ...], str], bool]) -> Callable[[Any, Request, tuple[int, ...]], Any]:
    """Change when a stop string is seen: of the request, the row and a string."""

    def wrong(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
        strings = request.plan.stopping.stop_strings
        stopping = replace(request.plan.stopping, stop_strings=())
        plain = right(replace(request, plan=replace(request.plan, stopping=stopping)), tokens)
        if plain is FinishReason.EOS or not strings or len(tokens) == len(request.prompt):
            return plain
        return FinishReason.STOP_STRING if any(change(request, tokens, one) for one in strings) else plain

    return wrong


def spell(request: Request, tokens: tuple[int, ...]) -> str:
    assert request.detokenize is not None
    return request.detokenize(tokens)


STRINGS = {
    "in the whole row": lambda request, tokens, one: one in spell(request, tokens),
    "of the new tokens alone": lambda request, tokens, one: spell(request, tokens[len(request.prompt) :]).endswith(one),
    "in the newest token alone": lambda request, tokens, one: one in spell(request, tokens[-1:]),
    "in two tokens at most": lambda request, tokens, one: (
        one in spell(request, tokens[-2:]) and one not in spell(request, tokens[:-1])[-len(one) :]
    ),
    "at the end alone": lambda request, tokens, one: spell(request, tokens).endswith(one),
    "equal to the newest token": lambda request, tokens, one: one == spell(request, tokens[-1:]),
    "its first letter": lambda request, tokens, one: one[:1] in spell(request, tokens[-1:]),
    "whatever its case": lambda request, tokens, one: one.lower() in spell(request, tokens[-len(one) - 1 :]).lower(),
    "without spaces": lambda request, tokens, one: one.strip() in spell(request, tokens[-len(one) - 1 :]),
}


def late(right: Any, request: Request, tokens: tuple[int, ...]) -> Any:
    """Without a clock."""
    reason = right(request, tokens)
    return None if reason is FinishReason.MAX_TIME else reason


DEFECTS = (
    ending("an EOS anywhere", any_eos),
    ending("a prompt that ends in EOS", eos_of_prompt),
    ending("not at the first token", eos_not_first),
    ending("EOS ends nothing", eos_never, ""),
    ending("length before EOS", length_first),
    ending("one token more", one_longer),
    ending("one token fewer", one_shorter),
    *(ending(f"stop string {what}", text(change)) for what, change in STRINGS.items()),
    ending("the time is not looked at", late),
    Defect(
        "end: the time is over at the limit",
        ENDS,
        {
            (f"{R}.stopping", "is_late"): lambda right: (
                lambda request, tokens: (
                    request.plan.stopping.max_time is not None
                    and len(tokens) > len(request.prompt)
                    and request.clock() - request.started >= request.plan.stopping.max_time
                )
            )
        },
    ),
    Defect(
        "prompt: the end of a long one is cut",
        ENDS,
        {
            (f"{R}.decode", "kept_prompt"): lambda right: (
                lambda plan, prompt: (
                    prompt[: len(prompt) - plan.length.dropped_prompt_tokens]
                    if plan.length.dropped_prompt_tokens
                    else right(plan, prompt)
                )
            )
        },
    ),
)
