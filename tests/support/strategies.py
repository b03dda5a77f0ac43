"""What Hypothesis draws: score vectors, rows and models that reach the hard regions."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from genspec_reference.context import Context
from genspec_reference.scores import Scores
from genspec_reference.scripted import KINDS, Scripted

VOCABULARIES = st.sampled_from((1, 2, 3, 5, 8, 17, 33))
LEVELS = st.integers(-128, 127).map(lambda level: level / 32)
"""Multiples of 1/32: exact in every number type."""


@st.composite
def score_vectors(draw: st.DrawFn, masked: bool = True, distinct: bool = False) -> Scores:
    """float[V] with ties and, unless `masked` is False, tokens at minus infinity; at least one token is left."""
    size = draw(VOCABULARIES)
    few = st.sampled_from((-2.0, -0.5, 0.0, 1.5))
    levels = LEVELS if distinct else draw(st.sampled_from((LEVELS, few)))
    scores = np.array(draw(st.lists(levels, min_size=size, max_size=size, unique=distinct)))
    if masked:
        gone = draw(st.sets(st.integers(0, size - 1), max_size=size - 1))
        scores[list(gone)] = -np.inf
    return scores


@st.composite
def scored_rows(draw: st.DrawFn, min_length: int = 1, max_length: int = 12) -> tuple[Scores, tuple[int, ...]]:
    """Scores and a row of the same vocabulary, with repetitions."""
    scores = draw(score_vectors())
    tokens = st.integers(0, min(scores.size - 1, draw(st.sampled_from((1, 3, 40)))))
    return scores, tuple(draw(st.lists(tokens, min_size=min_length, max_size=max_length)))


@st.composite
def models(draw: st.DrawFn, vocab_size: int | None = None) -> Scripted:
    """Draw a scripted model of any kind, often with EOS ids that often end a row."""
    size = vocab_size or draw(st.sampled_from((2, 3, 5, 8, 13, 24)))
    eos = draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True))
    return Scripted(draw(st.sampled_from(KINDS)), draw(st.integers(0, 2**32 - 1)), size, tuple(eos))


def prompts(vocab_size: int, max_length: int = 6) -> st.SearchStrategy[tuple[int, ...]]:
    """Prompts of at least one token."""
    return st.lists(st.integers(0, vocab_size - 1), min_size=1, max_size=max_length).map(tuple)


def described(**values: object) -> str:
    """Write the values of a failed assertion, one a line."""
    with np.printoptions(precision=17, threshold=200):
        return "\n".join(("", *(f"  {name} = {value}" for name, value in values.items())))


@st.composite
def situations(draw: st.DrawFn, min_length: int = 1, max_length: int = 12) -> tuple[Scores, Context]:
    """Scores with a row, the length of its prompt, and a source: the prompt, or other tokens of the same few."""
    scores, tokens = draw(scored_rows(min_length, max_length))
    prompt_length = draw(st.integers(1, len(tokens)))
    others = st.lists(st.sampled_from(tokens) | st.integers(0, scores.size - 1), max_size=8).map(tuple)
    source = draw(st.just(tokens[:prompt_length]) | others)
    return scores, Context(tokens=tokens, prompt_length=prompt_length, source=source)


@st.composite
def sequences_for(draw: st.DrawFn, tokens: tuple[int, ...], vocab_size: int) -> tuple[int, ...]:
    """Token ids, often the last tokens of a row and one more, sometimes longer than the row."""
    ids = st.integers(0, vocab_size - 1)
    kept = list(tokens[len(tokens) - draw(st.integers(0, min(len(tokens), 3))):])
    if draw(st.integers(0, 3)) == 0:
        kept = draw(st.lists(ids, max_size=2)) + list(tokens[-2:])
    if kept and draw(st.integers(0, 3)) == 0:
        kept[draw(st.integers(0, len(kept) - 1))] = draw(ids)
    return (*kept, draw(ids))


@st.composite
def relabelings(draw: st.DrawFn, vocab_size: int) -> tuple[int, ...]:
    """Draw a permutation of the vocabulary: the new id of each token."""
    return tuple(draw(st.permutations(range(vocab_size))))


def renamed(scores: Scores, context: Context, ids: Sequence[int]) -> tuple[Scores, Context]:
    """Give scores, row and source with every token under its new id."""
    moved = np.empty_like(scores)
    moved[list(ids)] = scores
    tokens, source = (tuple(ids[token] for token in row) for row in (context.tokens, context.source))
    return moved, replace(context, tokens=tokens, source=source)
