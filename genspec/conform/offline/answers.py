"""The answers to written questions: lines of JSON, each with the id of its question."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genspec.backends.decoder import Info
from genspec.conform.capabilities import Capabilities
from genspec.conform.protocol.messages import ONLY_MESSAGES, Malformed, parsed, ready_from, reply_from
from genspec.conform.question import Question, Told
from genspec.conform.workers.told import Broken

SHOWN = 3
"""Faults of a file that are named; the others are counted."""
Message = dict[str, Any]
ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.)*")')
"""Where a line that cannot be read says what it answers."""


class BadAnswers(ValueError):
    """A file that cannot be judged; the message says which lines are to blame, and what to do."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a file says."""

    name: str
    ready: tuple[Info, Capabilities] | None = None      # what the decoder says of itself, if it does
    by_id: dict[str, list[Message | Malformed]] = field(default_factory=dict)


@dataclass
class Recorded:
    """A target that has answered already."""

    name: str                               # of the file
    answers: Answers
    info: Info
    capabilities: Capabilities

    def ask(self, question: Question, seconds: float | None = None) -> Told:
        """Look an answer up. One that is missing, or there twice, is none."""
        found = self.answers.by_id.get(question.id, [])
        if not found:
            return Broken("Missing", "the file has no answer to it")
        if any(one != found[0] for one in found):
            return Broken("Duplicate", f"the file has {len(found)} different answers to it")
        try:
            if isinstance(found[0], Malformed):
                raise found[0]
            return reply_from(found[0], question)
        except Malformed as wrong:
            return Broken("Malformed", str(wrong))

    def stop(self) -> None:
        """Do nothing."""


def read(path: Path, known: Collection[str]) -> Answers:
    """Read a file of answers. `known`: the ids of all questions that there are. Raises `BadAnswers`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadAnswers(f"{path}: {error.strerror or error}") from None
    answers, faults = Answers(str(path)), list[str]()
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            message = parsed(line)
            if "protocol" in message and "id" not in message:
                answers = begun(answers, message)
            else:
                answers.by_id.setdefault(id_of(message, known), []).append(message)
        except Malformed as wrong:
            said = Malformed(str(wrong).removesuffix(f". {ONLY_MESSAGES}"))
            name = id_within(line)
            if name in known:
                answers.by_id.setdefault(name, []).append(said)
            else:
                faults.append(f"line {number}: {said}")
    if faults:
        more = f"; and {len(faults) - SHOWN:,} more lines are wrong" if len(faults) > SHOWN else ""
        raise BadAnswers(f"{path}: {'; '.join(faults[:SHOWN])}{more}")
    if not answers.by_id:
        raise BadAnswers(f"{path} has no answers: one line of JSON is wanted for each line of `genspec vectors emit`")
    return answers


def id_within(line: bytes) -> str:
    """Find the id in a line that cannot be read; empty when it has none."""
    found = ID.search(line)
    try:
        return str(json.loads(found[1])) if found else ""
    except ValueError:
        return ""


def begun(answers: Answers, message: Message) -> Answers:
    """Read what a decoder says of itself before its first answer. Raises `Malformed`."""
    if answers.ready is not None or answers.by_id:
        raise Malformed("a decoder says once what it is, before its first answer")
    return Answers(answers.name, ready_from(message))


def id_of(message: Message, known: Collection[str]) -> str:
    """Give the id of an answer. Raises `Malformed` for one that no question has."""
    name = message.get("id")
    if not isinstance(name, str):
        raise Malformed(f"an answer is to have the `id` of its question; this has {sorted(message)}"[:200])
    if name not in known and not name.startswith("smoke/"):
        raise Malformed(f"no question has the id {name!r:.80}: is it of another version of genspec?")
    return name


def faults_of_selection(answers: Answers, selected: Collection[str], profile: str) -> Iterator[str]:
    """Say that a file answers none of the questions that are judged."""
    if not set(answers.by_id) & set(selected):
        yield (f"{answers.name} answers none of the {len(selected):,} questions of the profile {profile} that are "
               "judged: give --profile, --level and --select as for `genspec vectors emit`")
