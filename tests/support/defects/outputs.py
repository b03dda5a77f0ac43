"""Outputs that are written wrongly."""

from collections.abc import Callable
from typing import Any

import numpy as np

from genspec_reference.scores import log_softmax
from support.defects.defect import Defect, Json


def written(what: str, change: Callable[[Json, dict[str, Any]], Any], *pages: str) -> Defect:
    """Change the reply to a whole call: of its input and what came."""

    def says(level: str, given: Json, reply: Json) -> Json:
        if level != "L3" or "sequences" not in reply:
            return reply
        return {**reply, **(change(given, dict(reply)) or {})}

    return Defect(f"output: {what}", pages or ("OUTPUTS", "STOPPING"), says=says)


def each_row(change: Callable[[list[int], int], list[int]]) -> Callable[[Json, dict[str, Any]], Any]:
    """Change every row: of its tokens and the length of its prompt."""

    def wrong(given: Json, reply: dict[str, Any]) -> Any:
        length = len(given.get("prompt", ())) or 1
        return {"sequences": [change(list(row), length) for row in reply["sequences"]]} if "prompt" in given else {}

    return wrong


def ends_of(given: Json) -> list[int]:
    config = given.get("config")
    ends = config.get("eos_token_id") if isinstance(config, dict) else None
    return ends if isinstance(ends, list) else [] if ends is None else [ends]


def pad_of(given: Json) -> int | None:
    config = given.get("config")
    return config.get("pad_token_id") if isinstance(config, dict) else None


def stripped(given: Json, reply: dict[str, Any]) -> Any:
    """Take an EOS from the end of rows."""
    ends = ends_of(given)
    return {"sequences": [row[:-1] if row and row[-1] in ends else row for row in reply["sequences"]]}


def unpadded(given: Json, reply: dict[str, Any]) -> Any:
    """Take pads from the end of rows."""
    pad = pad_of(given)

    def strip(row: list[int]) -> list[int]:
        while len(row) > 1 and row[-1] == pad:
            row = row[:-1]
        return row

    return {"sequences": [strip(row) for row in reply["sequences"]]} if pad is not None and "prompt" in given else {}


def padded(given: Json, reply: dict[str, Any]) -> Any:
    """Fill the rows of one prompt to one length."""
    longest = max(map(len, reply["sequences"]))
    return {"sequences": [row + [pad_of(given) or 0] * (longest - len(row)) for row in reply["sequences"]]}


def filled(given: Json, reply: dict[str, Any]) -> Any:
    """Fill a row to the greatest length."""
    config = given.get("config")
    most = config.get("max_new_tokens") if isinstance(config, dict) else None
    if most is None or "prompt" not in given:
        return {}
    wide = len(given["prompt"]) + most
    return {"sequences": [row + [pad_of(given) or 0] * (wide - len(row)) for row in reply["sequences"]]}


def mapped(name: str, change: Callable[[Any], Any]) -> Callable[[Json, dict[str, Any]], Any]:
    return lambda given, reply: {name: change(reply[name])} if name in reply else {}


def steps(name: str, change: Callable[[list[Any]], list[Any]]) -> Callable[[Json, dict[str, Any]], Any]:
    """Change the steps of each run."""
    return mapped(name, lambda runs: [change(run) for run in runs])


def exchanged(given: Json, reply: dict[str, Any]) -> Any:
    return {"scores": reply["logits"], "logits": reply["scores"]} if "scores" in reply and "logits" in reply else {}


def softmaxed(values: Any) -> Any:
    return log_softmax(np.array(values, dtype=float)).tolist()


def deep(change: Callable[[Any], Any]) -> Callable[[list[Any]], list[Any]]:
    return lambda run: [[change(line) for line in step] for step in run]


DEFECTS = (
    written("an EOS is left away", stripped),
    written("pads are taken for padding", unpadded),
    written("rows are filled to one length", padded),
    written("rows are filled to the greatest length", filled),
    written("the last token is left away", each_row(lambda row, n: row[:-1] if len(row) > n + 1 else row), ""),
    written("the last token is there twice", each_row(lambda row, n: [*row, row[-1]]), ""),
    written(
        "the first new token is left away",
        each_row(lambda row, n: row[:n] + row[n + 1 :] if len(row) > n + 1 else row),
        "",
    ),
    written("the prompt is there twice", each_row(lambda row, n: row[:n] + row if len(row) > 4 else row), ""),
    written("the prompt's first token is left away", each_row(lambda row, n: row[1:] if n > 1 else row), ""),
    written(
        "rows in reverse", mapped("sequences", lambda rows: rows[::-1]), "OUTPUTS", "BEAM-SEARCH", "BEAMS", "SAMPLE", ""
    ),
    written("the first row alone", mapped("sequences", lambda rows: rows[:1]), ""),
    written("the first row for all", mapped("sequences", lambda rows: [rows[0] for _ in rows]), ""),
    written("a row too many", mapped("sequences", lambda rows: [*rows, rows[-1]] if len(rows) > 1 else rows), ""),
    written("finish reasons are eos", mapped("finish_reasons", lambda reasons: ["eos" for _ in reasons])),
    written("finish reasons are length", mapped("finish_reasons", lambda reasons: ["length" for _ in reasons])),
    written(
        "stop strings end by eos",
        mapped("finish_reasons", lambda reasons: ["eos" if one == "stop_string" else one for one in reasons]),
    ),
    written(
        "time ends by length",
        mapped("finish_reasons", lambda reasons: ["length" if one == "max_time" else one for one in reasons]),
    ),
    written("finish reasons in reverse", mapped("finish_reasons", lambda reasons: reasons[::-1])),
    written("scores are a step late", steps("scores", lambda run: run[:1] + run[:-1])),
    written("scores without the last step", steps("scores", lambda run: run[:-1] if len(run) > 1 else run)),
    written("scores are log-probabilities", steps("scores", deep(softmaxed)), "OUTPUTS", ""),
    written(
        "scores are logits",
        lambda given, reply: {"scores": reply["logits"]} if "logits" in reply else {},
        "OUTPUTS",
        "",
    ),
    written(
        "logits are scores",
        lambda given, reply: {"logits": reply["scores"]} if "scores" in reply else {},
        "OUTPUTS",
        "",
    ),
    written("scores and logits are exchanged", exchanged, "OUTPUTS", ""),
    written("logits are a step late", steps("logits", lambda run: run[:1] + run[:-1])),
    written("logits are log-probabilities", steps("logits", deep(softmaxed))),
    written(
        "beam indices are one more",
        mapped("beam_indices", lambda rows: [[n + 1 for n in row] for row in rows]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "beam indices are a step late",
        mapped("beam_indices", lambda rows: [row[:1] + row[:-1] for row in rows]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "beam indices are 0",
        mapped("beam_indices", lambda rows: [[0 for _ in row] for row in rows]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "scores of rows are negative",
        mapped("sequences_scores", lambda scores: [-one for one in scores]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "scores of rows in reverse",
        mapped("sequences_scores", lambda scores: scores[::-1]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "scores of rows are probabilities",
        mapped("sequences_scores", lambda scores: [float(np.exp(one)) for one in scores]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "scores of rows are sums",
        lambda given, reply: (
            {
                "sequences_scores": [
                    score * max(1, len(row) - len(given.get("prompt", ())))
                    for score, row in zip(reply["sequences_scores"], reply["sequences"], strict=True)
                ]
            }
            if "sequences_scores" in reply and "prompt" in given
            else {}
        ),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
    ),
    written(
        "scores of rows in float32",
        mapped("sequences_scores", lambda scores: [float(np.float32(one)) for one in scores]),
        "OUTPUTS",
        "BEAM-SEARCH",
        "BEAMS",
        "",
    ),
)
