"""The messages of the protocol as lines of JSON. Both sides use this file; the expected answers are in no message."""

import json
import math
from collections.abc import Mapping
from typing import Any

from genspec import __version__
from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities, capabilities_from
from genspec.conform.protocol.shapes import fault_of, fault_of_ready, with_whole_ids
from genspec.conform.question import Question, Reply, question_to_json
from genspec.conform.workers.told import Broken

PROTOCOL = 1
"""The version that both sides name. A message that means something else gets another one."""
LONGEST_SHOWN = 80


class Malformed(Exception):
    """A line that is no message, or not the one that was due; the text says what is wrong with it."""


def start_message() -> dict[str, Any]:
    """Make the first message to a decoder."""
    return {"type": "start", "protocol": PROTOCOL, "kit": __version__}


def run_message(question: Question) -> dict[str, Any]:
    """Make the message that asks a question."""
    return {"type": "run", **question_to_json(question)}


def stop_message() -> dict[str, Any]:
    """Make the last message."""
    return {"type": "stop"}


def line_of(message: Mapping[str, Any]) -> bytes:
    """Write a message as one line of ASCII. Raises ValueError for a number that JSON has not."""
    return json.dumps(message, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def parsed(line: bytes) -> dict[str, Any]:
    """Read a line as JSON, strictly. Raises `Malformed`."""
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=no_number, object_pairs_hook=no_name_twice)
    except Malformed as wrong:
        raise Malformed(f"{wrong}: {shown(line)}") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON ({str(error)[:LONGEST_SHOWN]}): {shown(line)}. {ONLY_MESSAGES}") from None
    if not isinstance(message, dict):
        raise Malformed(f"no JSON object: {shown(line)}. {ONLY_MESSAGES}")
    return message


ONLY_MESSAGES = "Standard output carries one message a line and nothing else; print to standard error"


def no_number(word: str) -> None:
    """Raise `Malformed` for NaN and the infinities, which JSON has not."""
    raise Malformed(f'{word} is no number of JSON; write it as text, "{TEXTS[word]}"')


TEXTS = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Give an object whose names are all different. Raises `Malformed`."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise Malformed("an object has a name twice")
    return made


def shown(line: bytes) -> str:
    """Show the beginning of a line."""
    text = line[: LONGEST_SHOWN + 1].decode("utf-8", "backslashreplace")
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")


def ready_from(message: Mapping[str, Any]) -> tuple[Info, Capabilities]:
    """Read what a decoder says when it has started. Raises `Malformed`."""
    from genspec.conform.adapted import info_from

    version = message.get("protocol")
    if version != PROTOCOL:
        raise Malformed(f"it speaks the protocol {version!r:.40}, and this is {PROTOCOL}: answer start with "
                        f'{{"protocol": {PROTOCOL}, "info": {{"name": ...}}}}')
    wrong = fault_of_ready(message)
    if wrong is not None:
        raise Malformed(wrong)
    try:
        return info_from(message["info"]), capabilities_from(message.get("capabilities", {}))
    except ValueError as error:
        raise Malformed(str(error)) from None


def reply_from(message: Mapping[str, Any], question: Question) -> Reply | Broken:
    """Read the answer to a question. Raises `Malformed` for a message that is none to this question."""
    if "id" not in message:
        raise Malformed(f"an answer without an id: {sorted(message)}")
    if message["id"] != question.id:
        raise Malformed(f"an answer to {message['id']!r:.80} where {question.id!r:.80} was asked")
    reply = {name: value for name, value in message.items() if name != "id"}
    wrong = fault_of(question.level, reply)
    if wrong is not None:
        return Broken("Malformed", wrong)
    if "failed" in reply:
        error, colon, text = reply["failed"].partition(": ")
        return Broken(error, text) if colon else Broken("Failed", reply["failed"])
    return with_whole_ids(reply)


def with_texts(value: Any) -> Any:
    """Write the numbers that JSON has not as texts, at any depth. VECTORS-7."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {name: with_texts(item) for name, item in value.items()}
    return [with_texts(item) for item in value] if isinstance(value, list | tuple) else value
