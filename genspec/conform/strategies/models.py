"""Scripted models: the hard regions that a decoder meets."""

from math import inf

from hypothesis import strategies as st

from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered

TIED = ("table", "history", "ties", "history", "table", "ties", "history", "lines")
DISTINCT = ("table", "history", *("history", "table", "history") * 6, "ties", "lines")
"""Kinds of models, as often as they are drawn."""
LEVELS = (0.0, 1.0, -1.0, 2.5, -2.25, 3.75, -inf, 0.125, -0.5, 1.75, -3.5, -inf)
"""Logits of a table that is written down: exact in every number type."""
VOCABULARIES = (4, 2, 3, 5, 8, 13, 24, 33, 6, 11, 17)
"""Sizes of V: few tokens, so that ties, bans and counts beyond V come about."""


def vocabularies() -> st.SearchStrategy[int]:
    """Sizes of V, small ones, and now and then a single token."""
    return st.sampled_from((*VOCABULARIES * 2, 1))


def seeds() -> st.SearchStrategy[int]:
    """Seeds of models and of noise; the simplest is 0."""
    return st.integers(0, 2**16)


def models(
    vocab_size: int | None = None, eos: tuple[int, ...] | None = None
) -> st.SearchStrategy[Scripted | Table]:
    """Scripted models of every kind: tables, of the whole row, with ties, written down with minus infinity.

    `vocab_size`: V, drawn when None. `eos`: the ids that the model often favours, drawn when None.
    """
    sizes = vocabularies() if vocab_size is None else st.just(vocab_size)
    return sizes.flatmap(lambda size: scripted(size, eos))


@st.composite
def scripted(
    draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] | None = None, ties: bool = True
) -> Scripted | Table:
    """Draw a scripted model with V tokens, which favours the EOS ids more often than not.

    Without `ties` they are rare: a sum of scores that are equal so often says little of a search.
    """
    kind = draw(st.sampled_from(TIED if ties else DISTINCT))
    if kind == "lines":
        return draw(tables(vocab_size, eos or ()))
    if eos is None:
        eos = tuple(draw(st.lists(st.integers(0, vocab_size - 1), max_size=2, unique=True)))
    favoured = eos if draw(st.sampled_from((True, True, True, False))) else ()
    return Scripted(kind, draw(seeds()), vocab_size, favoured)


@st.composite
def tables(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] = ()) -> Table:
    """Draw a table of one to three lines that is written down, minus infinity in it, no line without a token."""
    logits = st.sampled_from(LEVELS)
    line = st.lists(logits, min_size=vocab_size, max_size=vocab_size)
    lines = draw(st.lists(line, min_size=1, max_size=3))
    left = draw(st.integers(0, vocab_size - 1))
    return Table(tuple(tuple(0.0 if token == left and logit == -inf else logit for token, logit in enumerate(one))
                       for one in lines), eos)


@st.composite
def layered(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] = ()) -> Layered:
    """Draw a model that shows its layers, for contrastive search and DoLa."""
    layers = draw(st.sampled_from((4, 2, 8, 6)))
    return Layered(draw(seeds()), vocab_size, eos, layers, draw(st.sampled_from((4, 2, 8))), draw(st.booleans()))
