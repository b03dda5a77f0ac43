"""Run the published vectors on a decoder. Standard library only: copy it. Text: docs/spec/vectors.md.

A decoder is an object with `epsilon`, the distance from 1 to the next number of its type, and `answer`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import chain, repeat
from pathlib import Path
from typing import Any, Protocol

Json = Mapping[str, Any]
HUGE = 2.0**16
"""Greater numbers are compared in proportion, and do not widen the tolerance of others. VECTORS-8."""


class Decoder(Protocol):
    """What is held to the vectors. It never sees the expected result."""

    epsilon: float

    def answer(self, level: str, profile: str, given: Json) -> Json:
        """Give the result's members by name, or `{"reject": clauses}`. Raises `Unsupported`."""


class Unsupported(Exception):
    """The decoder does not take part in a vector. VECTORS-12."""


class Verdict(StrEnum):
    """What became of a vector."""

    CONFORMS = "conforms"
    VIOLATES = "violates"
    AMBIGUOUS = "ambiguous"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True)
class Outcome:
    """A verdict, and what it rests on."""

    id: str
    verdict: Verdict
    clauses: tuple[str, ...]
    expected: Json
    given: Json


def run(folder: Path, decoder: Decoder, pages: str = "*") -> list[Outcome]:
    """Run all vectors of the pages. Raises ValueError when none took part. VECTORS-12."""
    outcomes = [outcome(decoder, level, case) for level, case in cases(folder, pages)]
    if all(one.verdict is Verdict.UNSUPPORTED for one in outcomes):
        raise ValueError(f"no vector of {folder}/{pages} took part")
    return outcomes


def cases(folder: Path, pages: str = "*") -> Iterator[tuple[str, Json]]:
    """Read the cases of a folder of vectors, with their levels."""
    for path in sorted(folder.glob(f"{pages}/L?.json")):
        file = json.loads(path.read_text("utf-8"))
        for case in file["cases"]:
            yield file["level"], case


def outcome(decoder: Decoder, level: str, case: Json) -> Outcome:
    """Ask the decoder, and compare."""
    try:
        given = decoder.answer(level, case["profile"], case["input"])
    except Unsupported as reason:
        found, given = Verdict.UNSUPPORTED, {"unsupported": str(reason)}
    else:
        found = verdict(level, case, given, decoder.epsilon)
    return Outcome(case["id"], found, tuple(case["clauses"]), case["expected"], given)


def verdict(level: str, case: Json, given: Json, epsilon: float) -> Verdict:
    """Compare an answer with the expected result. VECTORS-2, VECTORS-8, VECTORS-9."""
    expected = case["expected"]
    if expected["kind"] == "reject" or "reject" in given:
        named = set(given.get("reject", ()))
        return Verdict.CONFORMS if named and named <= set(expected.get("clauses", ())) else Verdict.VIOLATES
    if expected["kind"] == "distribution" and "scores" in given:
        given = {"probabilities": softmax(given["scores"])}
    tolerance = tolerance_of(level, case, epsilon)
    answers = [members(answer) for answer in expected.get("answers", [expected])]
    if any(agrees(given, answer, tolerance, epsilon) for answer in answers):
        return Verdict.CONFORMS
    if expected.get("margin", math.inf) <= tolerance and any(is_well_formed(given, answer) for answer in answers):
        return Verdict.AMBIGUOUS
    return Verdict.VIOLATES


def members(expected: Json) -> Json:
    """Give what a decoder is to answer, without what is said about it."""
    return {name: value for name, value in expected.items() if name not in ("kind", "margin", "answers")}


def agrees(given: Json, wanted: Json, tolerance: float, epsilon: float) -> bool:
    """Compare the members that the decoder gives; the first of an expected result is not optional."""
    return next(iter(wanted)) in given and all(
        close(given[name], value, tolerance, epsilon) for name, value in wanted.items() if name in given
    )


def close(given: Any, expected: Any, tolerance: float, epsilon: float) -> bool:
    """Compare lists item by item, numbers with a tolerance, and everything else exactly. VECTORS-8."""
    if expected is None:
        return True         # free: OUTPUTS-18
    if isinstance(expected, list):
        return isinstance(given, list | tuple) and len(given) == len(expected) and all(
            close(one, other, tolerance, epsilon) for one, other in zip(given, expected, strict=True)
        )
    if expected == "-inf":
        return number(given) == -math.inf
    if isinstance(expected, float):
        allowed = 16 * epsilon * abs(expected) if abs(expected) > HUGE else tolerance
        return abs(number(given) - expected) <= allowed
    return bool(given == expected)


def is_well_formed(given: Json, wanted: Json) -> bool:
    """Tell whether all members are there, of the same shape; rows of L3 may be of other lengths. VECTORS-9."""
    loop = "sequences" in wanted
    return wanted.keys() <= given.keys() and all(
        has_shape(given[name], value, any_length=loop)
        and (not loop or name in ("scores", "logits") or len(given[name]) == len(value))
        for name, value in wanted.items()
    )


def has_shape(given: Any, expected: Any, any_length: bool) -> bool:
    """Compare the kinds of values, and the lengths of lists unless any will do. VECTORS-9."""
    if expected is None:
        return True         # free: OUTPUTS-18
    if isinstance(expected, list):
        if not isinstance(given, list | tuple) or not (any_length or len(given) == len(expected)):
            return False
        more = repeat(expected[0] if expected else None)
        return all(has_shape(one, other, any_length) for one, other in zip(given, chain(expected, more), strict=False))
    if isinstance(expected, float) or expected == "-inf":
        return number(given) < math.inf
    return isinstance(given, type(expected))


def tolerance_of(level: str, case: Json, epsilon: float) -> float:
    """Give T. VECTORS-8."""
    given, expected = case["input"], case["expected"]
    answers = expected.get("answers", [expected])
    names = ("scores", "probabilities", "sequences_scores", "logits")
    numbers = [x for part in (given, *answers) for name in names for x in finite(part.get(name, []))]
    sizes = [abs(x) for x in numbers if abs(x) <= HUGE]
    if level == "L3":
        longest = max(len(row) for answer in answers for row in answer["sequences"])
        sizes.append(16.0 * (longest - max(map(len, given.get("prompts", [given.get("prompt", [])])))))
    return 16 * epsilon * (1 + max(sizes, default=0.0))


def finite(values: Any) -> Iterator[float]:
    """Find the finite numbers in lists of lists."""
    if isinstance(values, list):
        for value in values:
            yield from finite(value)
    elif values is not None and math.isfinite(number(values)):
        yield number(values)


def number(value: Any) -> float:
    """Read a number, or "-inf", "inf", "nan"; what is none of them is NaN, which conforms to nothing. VECTORS-7."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def softmax(scores: Sequence[Any]) -> list[float]:
    """Give the probabilities of scores."""
    values = [number(score) for score in scores]
    greatest = max(values, default=0.0)
    weights = [math.exp(value - greatest) for value in values]
    return [weight / sum(weights) for weight in weights]


@dataclass(frozen=True)
class Model:
    """A scripted model, from its description in a vector. VECTORS-3 to VECTORS-6, VECTORS-13, VECTORS-14."""

    kind: str
    seed: int = 0               # of every kind but `lines`
    vocab_size: int = 1
    eos: Sequence[int] = ()
    layers: int = 0             # of the kind `layers`: how many are below the last one
    width: int = 0              # numbers in a hidden state
    tied: bool = False          # whether the output layer is the embedding
    lines: Sequence[Sequence[Any]] = ()     # of the kind `lines`: the logits

    def state(self, tokens: Sequence[int], source: Sequence[int] = ()) -> int:
        """Give what stands for the tokens that are read. VECTORS-3, VECTORS-4."""
        read = (*source, *(tokens[-1:] if self.kind in ("table", "lines") else tokens))
        if any(not 0 <= token < self.vocab_size for token in read):
            raise ValueError(f"{read} has a number that is no id of {self.vocab_size} tokens")
        return self.after(*read)

    def words(self, state: int) -> list[int]:
        """Give the word of each token. VECTORS-5."""
        return [mix(state ^ (token + 1)) for token in range(self.vocab_size)]

    def logits(self, tokens: Sequence[int], source: Sequence[int] = ()) -> list[float]:
        """Give the logits of the token after a row. VECTORS-5, VECTORS-6, VECTORS-14."""
        state = self.state(tokens, source)
        if self.kind == "lines":
            return [*map(number, self.lines[(tokens[-1] + sum(source[-1:])) % len(self.lines)])]
        words, size = self.words(state), self.vocab_size
        if self.kind == "ties":
            logits = [word % 4 - 2.0 for word in words]
        elif size > 256:
            logits = [word % 2**24 / 2**21 - 4 for word in words]
        else:
            logits = [(256 * sorted(words).index(word) + word % (257 - size)) // size / 32 - 4 for word in words]
        if self.eos and state % 2 == 0:
            ranking = sorted(range(size), key=lambda token: (-logits[token], token))
            eos, other = self.eos[state // 256 % len(self.eos)], ranking[state // 2 % 2 if size > 1 else 0]
            logits[eos], logits[other] = logits[other], logits[eos]
        return logits

    def layer_logits(self, tokens: Sequence[int], source: Sequence[int] = ()) -> list[list[float]]:
        """Give the logits of each layer, the last one's last. VECTORS-13."""
        below = [replace(self, seed=self.seed + layer + 1, eos=()) for layer in range(self.layers)]
        return [model.logits(tokens, source) for model in (*below, self)]

    def hidden_states(self, tokens: Sequence[int], source: Sequence[int] = ()) -> list[list[list[float]]]:
        """Give the hidden states of each layer at each position of the row. VECTORS-13."""
        rows = [[*source, *tokens[: place + 1]] for place in range(len(tokens))]
        return [[self.hidden_state(layer, row) for row in rows] for layer in range(self.layers + 1)]

    def hidden_state(self, layer: int, row: Sequence[int]) -> list[float]:
        """Give one hidden state. VECTORS-13."""
        states = (self.after(layer, row[-1]), self.after(layer, *row))      # even places, odd places
        return [mix(states[place % 2] ^ (place + 1)) % 256 / 32 - 4 for place in range(self.width)]

    def after(self, *numbers: int) -> int:
        """Give the state after reading numbers. VECTORS-4."""
        return state_after(self.seed, *numbers)


def noise_of_seed(seed: int, row: int, step: int, size: int) -> list[float]:
    """Give the noise that a seed stands for. SAMPLE-7."""
    state = state_after(seed, row, step)
    words = (mix(state ^ (place + 1)) for place in range(size))
    return [-math.log((word // 2**12 + 0.5) / 2**52) for word in words]


def state_after(seed: int, *numbers: int) -> int:
    """Give the state of a seed after reading numbers. VECTORS-4."""
    state = mix(seed)
    for number_read in numbers:
        state = mix(state ^ (number_read + 1))
    return state


def mix(value: int) -> int:
    """Mix the bits of a number. VECTORS-4."""
    value = (value + 0x9E3779B97F4A7C15) % 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)
