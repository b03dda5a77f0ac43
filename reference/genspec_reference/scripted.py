"""Models that are integer arithmetic, so that every decoder on every machine sees the same logits.

Up to V = 256 the logits are multiples of 1/32 in [-4, 4): exact in float32, float16 and bfloat16. Text:
docs/spec/vectors.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genspec_reference.scores import Scores, highest

KINDS = ("table", "history", "ties")
STEP, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
MODULUS = 1 << 64
COARSE, FINE = 256, 1 << 24     # levels of a logit: exact in bfloat16, exact in float32


@dataclass(frozen=True, slots=True)
class Scripted:
    """A model of a given kind. Calling it gives the logits of the token after a row. VECTORS-3 to VECTORS-6.

    `table`: the logits depend on the last token only. `history`: on the whole row, so that a lost or reordered cache
    shows. `ties`: on the whole row, with 4 levels only. With `eos`, after every second row one of these ids stands
    first or second: a model that never ends a row tests nothing of how rows end.
    """

    kind: str
    seed: int
    vocab_size: int = 16
    eos: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a kind that is not known, no vocabulary, or an EOS outside it."""
        if self.kind not in KINDS:
            raise ValueError(f"a scripted model is one of {', '.join(KINDS)}, not {self.kind!r}")
        if self.vocab_size < 1 or self.seed < 0:
            raise ValueError(f"V is at least 1 and the seed at least 0, not {self.vocab_size} and {self.seed}")
        require_inside(self.eos, self.vocab_size)

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Scores:
        """Give float[V]. Raises ValueError for a token outside the vocabulary."""
        read = (*source, *(tokens[-1:] if self.kind == "table" else tokens))
        require_inside(read, self.vocab_size)
        state = state_after(self.seed, read)
        return with_eos(logits_of(state, self.vocab_size, ties=self.kind == "ties"), state, self.eos)


def require_inside(tokens: tuple[int, ...], vocab_size: int) -> None:
    """Raise ValueError for a token that is no id of the vocabulary."""
    outside = [token for token in tokens if not 0 <= token < vocab_size]
    if outside:
        raise ValueError(f"token {outside[0]} is not in [0, {vocab_size})")


def state_after(seed: int, tokens: tuple[int, ...]) -> int:
    """Give the 64 bits that stand for what a model has read. VECTORS-4."""
    state = mixed(seed % MODULUS)
    for token in tokens:
        state = mixed(state ^ (token + 1))
    return state


def mixed(value: int) -> int:
    """Mix 64 bits: one step of splitmix64 (Steele et al., OOPSLA 2014). VECTORS-4."""
    value = (value + STEP) % MODULUS
    value = ((value ^ (value >> 30)) * FIRST) % MODULUS
    value = ((value ^ (value >> 27)) * SECOND) % MODULUS
    return value ^ (value >> 31)


def mixed_each(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Mix 64 bits of each number, as `mixed` does. uint64[n] -> uint64[n]; products wrap around. VECTORS-4."""
    values = values + np.uint64(STEP)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(FIRST)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(SECOND)
    return values ^ (values >> np.uint64(31))


def words_of(state: int, count: int) -> NDArray[np.uint64]:
    """Give the word of each of the numbers 0 to count - 1 in a state. uint64[count]. VECTORS-5, SAMPLE-7."""
    return mixed_each(np.uint64(state) ^ np.arange(1, count + 1, dtype=np.uint64))


def logits_of(state: int, vocab_size: int, ties: bool) -> Scores:
    """Give the logits of a state: distinct up to V = 256, or of 4 levels. float[V]. VECTORS-5."""
    words = words_of(state, vocab_size)
    if ties:
        return (words % np.uint64(4)).astype(np.float64) - 2.0
    if vocab_size > COARSE:
        return (words % np.uint64(FINE)).astype(np.float64) * (8.0 / FINE) - 4.0
    ranks = np.argsort(np.argsort(words, kind="stable"), kind="stable")
    levels = (ranks * COARSE + (words % np.uint64(COARSE - vocab_size + 1)).astype(np.intp)) // vocab_size
    return np.asarray(levels * (8.0 / COARSE) - 4.0, dtype=np.float64)


def with_eos(logits: Scores, state: int, eos: tuple[int, ...]) -> Scores:
    """Exchange the logit of an EOS for the highest or the second highest one, in every second state. VECTORS-6."""
    if not eos or state & 1:
        return logits
    chosen = eos[(state >> 8) % len(eos)]
    ranked = highest(logits, 2)
    other = int(ranked[min((state >> 1) & 1, len(ranked) - 1)])
    exchanged = logits.copy()
    exchanged[[chosen, other]] = logits[[other, chosen]]
    return exchanged
