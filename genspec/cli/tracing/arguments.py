"""What the options of a trace may say: token ids, and a model."""

from argparse import ArgumentTypeError
from dataclasses import dataclass

from genspec.cli.errors import meant

KINDS = ("table", "history", "ties", "layers")
SETTINGS = ("vocab", "eos")
MOST_TOKENS = 1_000_000
"""A vocabulary beyond has no use here, and a typing error in it costs minutes."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model as the command line names it."""

    kind: str
    seed: int
    vocab_size: int | None = None
    eos: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Write it as the command line does."""
        eos = f",eos={';'.join(map(str, self.eos))}" if self.eos else ""
        return f"{self.kind}:{self.seed}{eos}"


def token_ids(given: str) -> tuple[int, ...]:
    """Read a list of ids: `1,2,3`. Nothing is the empty list."""
    return ids(given, ",")


def ids(given: str, between: str) -> tuple[int, ...]:
    """Read integers, at least 0, with something between them."""
    words = given.split(between) if given.strip() else []
    try:
        found = tuple(int(word) for word in words)
    except ValueError:
        example = between.join("123")
        raise ArgumentTypeError(f"{given!r:.60} is not a list of token ids like {example}") from None
    if any(token < 0 for token in found):
        raise ArgumentTypeError(f"{min(found)} is no token id: ids begin at 0")
    return found


def model_spec(given: str) -> ModelSpec:
    """Read a model: `table:7`, `history:1,vocab=100,eos=2;3`."""
    head, *settings = given.split(",")
    kind, colon, seed = head.partition(":")
    if kind not in KINDS:
        raise ArgumentTypeError(f"no kind of model is called {kind!r:.60}: {meant(kind, list(KINDS))}")
    if not colon:
        raise ArgumentTypeError(f"{given!r:.60} has no seed: write {kind}:7, or another number")
    members: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if name not in SETTINGS or not equals:
            raise ArgumentTypeError(f"{setting!r:.60} is no setting of a model: there are vocab=V and eos=ID;ID")
        members[name] = value
    size = count("vocab", members["vocab"], 1) if "vocab" in members else None
    return ModelSpec(kind, count("the seed", seed, 0), size, ids(members.get("eos", ""), ";"))


def count(what: str, given: str, low: int) -> int:
    """Read an integer of a setting."""
    try:
        number = int(given)
    except ValueError:
        raise ArgumentTypeError(f"{what} is an integer, not {given!r:.60}") from None
    if number < low:
        raise ArgumentTypeError(f"{what} is at least {low}, not {number}")
    if what == "vocab" and number > MOST_TOKENS:
        raise ArgumentTypeError(f"vocab is at most {MOST_TOKENS:,}, not {number:,}")
    return number
