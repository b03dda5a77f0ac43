"""The side of the decoder in Python: `serve(decoder)` answers on standard input and output until it is told to stop."""

import json
import os
from collections.abc import Mapping
from typing import IO, Any

from genspec.conform.adapted import adapted
from genspec.conform.adapter import Answering
from genspec.conform.kit.report import capabilities_to_json
from genspec.conform.protocol.messages import PROTOCOL, line_of, with_texts
from genspec.conform.question import question_from_json
from genspec.conform.workers.serving import place_of
from genspec.conform.workers.told import Broken


def serve(decoder: Any) -> None:
    """Answer the kit for a decoder as docs/guide/conform.md describes it. What it prints goes to standard error."""
    answering = adapted(decoder, type(decoder).__name__)
    asked, told = streams()
    for line in asked:
        message = json.loads(line)
        if message["type"] == "stop":
            return
        answer = started(answering) if message["type"] == "start" else answered(answering, message)
        told.write(line_of(with_texts(answer)))
        told.flush()


def streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take the pipes of the protocol away from whatever reads standard input or prints."""
    asked, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return asked, told


def started(answering: Answering) -> dict[str, Any]:
    """Say which decoder this is."""
    info = answering.info
    return {
        "protocol": PROTOCOL,
        "info": {"name": info.name, "version": info.version, "dtype": info.dtype, "profile": info.profile},
        "capabilities": capabilities_to_json(answering.capabilities),
    }


def answered(answering: Answering, message: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a question. An exception is told, and ends nothing."""
    try:
        reply = answering.reply(question_from_json(message))
    except Exception as error:
        reply = Broken(type(error).__name__, f"{error}{place_of(error)}")
    if isinstance(reply, Broken):
        return {"id": message["id"], "failed": str(reply)}
    return {"id": message["id"], **reply}
