"""From JSON text to the members of a config. Text: docs/spec/config.md."""

import json
import math
from pathlib import Path

from genspec.config.decision import Reason, Rejected
from genspec.config.values import KINDS


def read_members(path: str | Path) -> dict[str, object]:
    """Read a generation config file: its members by key.

    Raises OSError when the file cannot be read, and `Rejected` when it is not a config (CONFIG-1, CONFIG-7).
    """
    return decoded(Path(path).read_bytes(), path)


def decoded(data: bytes, path: str | Path) -> dict[str, object]:
    """Parse what a file holds: UTF-8, as JSON must be. Raises `Rejected` as `members` does."""
    try:
        return members(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        reason = Reason(
            str(path), f"byte {error.start}", "CONFIG-1", "the file is not UTF-8.", "Save it as UTF-8 without a mark."
        )
        raise Rejected((reason,)) from None


def members(text: str) -> dict[str, object]:
    """Parse JSON text that holds one object.

    Raises `Rejected` for anything else, for two equal keys (CONFIG-7) and for numbers that are not finite (CONFIG-4).
    """
    refused: list[Reason] = []

    def without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
        seen: dict[str, object] = {}
        for key, value in pairs:
            if key in seen:
                refused.append(Reason(key, value, "CONFIG-7", "the key stands twice.", "Keep one of the two."))
            seen[key] = value
        return seen

    def not_finite(word: str) -> float:
        refused.append(Reason("", word, "CONFIG-4", f"{word} is not a number in JSON.", "Write a finite number."))
        return math.nan

    try:
        value = json.loads(text, object_pairs_hook=without_repeats, parse_constant=not_finite)
    except (ValueError, RecursionError) as error:
        raise Rejected((not_an_object(f"the text is not JSON: {error}."),)) from None
    if refused:
        raise Rejected(tuple(refused))
    if not isinstance(value, dict):
        raise Rejected((not_an_object(f"the text holds {KINDS[type(value)]}, not an object."),))
    return value


def not_an_object(message: str) -> Reason:
    """Say that a text is no config."""
    return Reason("", None, "CONFIG-1", message, 'Write one JSON object, such as {"max_new_tokens": 64}.')
