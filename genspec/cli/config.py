"""The config that a verb is given: a file, the folder of a model, standard input, or its own text."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from genspec.cli.errors import Failure
from genspec.config.model_facts import ModelFacts, facts_in
from genspec.config.reading import decoded
from genspec.lint.sources.document import Problem
from genspec.lint.sources.limits import MOST_BYTES
from genspec.lint.sources.reading import read_bytes, too_large

NAME = "generation_config.json"
STDIN = "-"
OPERAND = """PATH is a generation_config.json or the folder of a model; `-` is standard input, and `{...}` the config
        itself. A config.json beside a file tells the vocabulary, the context length and whether the model has an
        encoder."""
"""What an operand may be, for the help of a verb."""


class NoInput(Failure):
    """There is nothing to read where the config should be."""

    status = 3


@dataclass(frozen=True, slots=True)
class Given:
    """A config as it was given, not parsed yet."""

    name: str               # what messages call it
    data: bytes
    facts: ModelFacts       # of the config.json beside it

    def members(self) -> dict[str, object]:
        """Return the members by key. Raises `Rejected` when this is no config."""
        return decoded(self.data, self.name)


def read_config(operand: str) -> Given:
    """Read what an operand stands for. Raises `Failure` when it cannot be read, `NoInput` when it is not there."""
    if operand == STDIN:
        return Given("<stdin>", from_stdin(), ModelFacts())
    if operand.lstrip().startswith("{") and not os.path.lexists(operand):
        return Given("the argument", operand.encode("utf-8", "surrogateescape"), ModelFacts())
    path = Path(operand)
    file = path / NAME if path.is_dir() else path
    data = read_bytes(file)
    if isinstance(data, Problem):
        raise (Failure if os.path.lexists(file) else NoInput)(f"{file}: {data.message}")
    beside = read_bytes(file.parent / "config.json")
    return Given(str(file), data, ModelFacts() if isinstance(beside, Problem) else facts_in(beside))


def from_stdin() -> bytes:
    """Read standard input, and no more of it than a file may have."""
    data = sys.stdin.buffer.read(MOST_BYTES + 1) if sys.stdin else b""
    if len(data) > MOST_BYTES:
        raise Failure(f"<stdin>: {too_large(len(data)).message}")
    return data
