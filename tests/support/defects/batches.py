"""Prompts that are decoded together and get into each other's way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from genspec_reference.request import Request
from support.defects.defect import Defect, Json


def written(what: str, change: Callable[[Json, list[dict[str, Any]]], Any], *pages: str) -> Defect:
    """Change the replies of a batch: of its input and all of them."""

    def says(level: str, given: Json, reply: Json) -> Json:
        if "prompts" not in reply or len(reply["prompts"]) < 2:
            return reply
        return {"prompts": change(given, [dict(one) for one in reply["prompts"]])}

    return Defect(f"batch: {what}", pages or ("",), says=says, batched=True)


def asked(what: str, change: Callable[[Json], Json]) -> Defect:
    """Change what a batch is asked."""
    return Defect(
        f"batch: {what}",
        ("",),
        batched=True,
        asks=lambda given: change(given) if len(given.get("prompts", ())) > 1 else given,
    )


def new_of(given: Json, number: int, row: list[int]) -> list[int]:
    return row[max(1, len(given["prompts"][number])) :] if given["prompts"][number] else row[1:]


def shortest(given: Json, replies: list[dict[str, Any]]) -> Any:
    """All rows end with the first one."""
    least = min(len(new_of(given, n, row)) for n, one in enumerate(replies) for row in one["sequences"])
    return [
        {**one, "sequences": [row[: len(row) - len(new_of(given, n, row)) + least] for row in one["sequences"]]}
        for n, one in enumerate(replies)
    ]


def longest(given: Json, replies: list[dict[str, Any]]) -> Any:
    """Rows are filled to the longest one with pads, which are left there."""
    most = max(len(new_of(given, n, row)) for n, one in enumerate(replies) for row in one["sequences"])
    pad = given["config"].get("pad_token_id") or 0
    return [
        {**one, "sequences": [row + [pad] * (most - len(new_of(given, n, row))) for row in one["sequences"]]}
        for n, one in enumerate(replies)
    ]


def pads_taken(given: Json, replies: list[dict[str, Any]]) -> Any:
    """Take pads from the end of rows, and an EOS with them that is the pad."""
    pad = given["config"].get("pad_token_id")
    return [{**one, "sequences": [without_end(row, pad) for row in one["sequences"]]} for one in replies]


def without_end(row: list[int], pad: int | None) -> list[int]:
    while len(row) > 1 and row[-1] == pad:
        row = row[:-1]
    return row


def front_taken(given: Json, replies: list[dict[str, Any]]) -> Any:
    """Take pads from the front of rows, prompts or not."""
    pad = given["config"].get("pad_token_id", 0)

    def strip(row: list[int]) -> list[int]:
        while len(row) > 1 and row[0] == pad:
            row = row[1:]
        return row

    return [{**one, "sequences": [strip(row) for row in one["sequences"]]} for one in replies]


def same_room(given: Json) -> Json:
    """Let the longest prompt decide how many new tokens all rows get."""
    config = given["config"]
    if config.get("max_length") is None or config.get("max_new_tokens") is not None:
        return given
    room = max(1, config["max_length"] - max(map(len, given["prompts"])))
    return {**given, "config": {**config, "max_new_tokens": room}}


def first_for_all(name: str) -> Callable[[Json], Json]:
    return lambda given: (
        {**given, name: [given[name][0]] * len(given[name])} if isinstance(given.get(name), list) else given
    )


WIDE: list[int] = [0]


def filled_context(right: Any) -> Any:
    """Let operations see the padding in front of a prompt."""

    def wrong(request: Request, tokens: Any, *rest: Any) -> Any:
        context = right(request, tokens, *rest)
        missing, pad = WIDE[0] - len(request.prompt), request.plan.tokens.pad
        if missing <= 0 or pad is None:
            return context
        return replace(context, tokens=(pad,) * missing + context.tokens, prompt_length=context.prompt_length + missing)

    return wrong


def filled_model(request: Request) -> Request:
    """Let the model see the padding in front of a prompt."""
    missing, pad, model = WIDE[0] - len(request.prompt), request.plan.tokens.pad, request.model
    if missing <= 0 or pad is None or request.source is not None:
        return request
    return replace(request, model=lambda tokens: model((pad,) * missing + tuple(tokens)))


def wide(given: Json) -> Json:
    WIDE[0] = max(map(len, given["prompts"])) if "prompts" in given else 0
    return given


def leaking(given: Json) -> Json:
    """Decode the second row after the prompt of the first."""
    prompts = list(given["prompts"])
    return {**given, "prompts": [prompts[0], prompts[0], *prompts[2:]]}


def interleaved(given: Json, replies: list[dict[str, Any]]) -> Any:
    """Rows of all prompts take turns, and are handed out in order."""
    size = len(replies[0]["sequences"])
    rows = [one["sequences"][place] for place in range(size) for one in replies if place < len(one["sequences"])]
    return [{**one, "sequences": rows[n * size : (n + 1) * size]} for n, one in enumerate(replies)]


def members(name: str, change: Callable[[list[Any]], list[Any]]) -> Callable[[Json, list[dict[str, Any]]], Any]:
    """Exchange a member among the prompts."""

    def wrong(given: Json, replies: list[dict[str, Any]]) -> Any:
        if not all(name in one for one in replies):
            return replies
        return [
            {**one, name: value} for one, value in zip(replies, change([one[name] for one in replies]), strict=True)
        ]

    return wrong


def offset(given: Json, replies: list[dict[str, Any]]) -> Any:
    """Beams are counted through all prompts."""
    beams = given["config"].get("num_beams") or 1
    return [
        {**one, "beam_indices": [[n * beams + index for index in row] for row in one["beam_indices"]]}
        if "beam_indices" in one
        else one
        for n, one in enumerate(replies)
    ]


DEFECTS = (
    written("all rows end with the first", shortest),
    written("rows are filled to the longest", longest),
    written("pads are taken from the end", pads_taken),
    written("pads are taken from the front", front_taken),
    written("prompts in reverse", lambda given, replies: replies[::-1]),
    written(
        "shortest prompts first",
        lambda given, replies: [
            one for _, one in sorted(zip(given["prompts"], replies, strict=True), key=lambda pair: len(pair[0]))
        ],
    ),
    written("the last prompt is missing", lambda given, replies: replies[:-1]),
    written("the first prompt for all", lambda given, replies: [replies[0]] * len(replies)),
    written("rows take turns", interleaved),
    written("beams are counted through", offset),
    written("finish reasons of another prompt", members("finish_reasons", lambda all_: all_[::-1])),
    written("scores of another prompt", members("sequences_scores", lambda all_: all_[::-1])),
    asked("one noise for all", first_for_all("seed")),
    asked("one source for all", first_for_all("source")),
    asked("one negative prompt for all", first_for_all("negative_prompt")),
    asked("the longest prompt decides the room", same_room),
    asked("a row leaks", leaking),
    Defect(
        "batch: padding counts in operations",
        ("",),
        {("genspec_reference.step", "context_of"): filled_context},
        asks=wide,
        batched=True,
    ),
    Defect("batch: the model reads padding", ("",), asks=wide, breaks=filled_model, batched=True),
)
