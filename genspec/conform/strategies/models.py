"""Scripted models: the hard regions that a decoder meets."""

from functools import cache
from math import inf

from hypothesis import strategies as st

from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered
from genspec_reference.scripted import KINDS

TIED = st.sampled_from(("table", "history", "ties", "history", "table", "ties", "history", "lines"))
DISTINCT = st.sampled_from(("table", "history", *("history", "table", "history") * 6, "lines"))
"""Kinds of models, as often as they are drawn."""
LEVELS = st.sampled_from((0.0, 1.0, -1.0, 2.5, -2.25, 3.75, -inf, 0.125, -0.5, 1.75, -3.5, -inf))
"""Logits of a table that is written down: exact in every number type."""
VOCABULARIES = (3, 4, 2, 5, 6, 8, 11, 13, 17, 24, 33)
"""Sizes of V: few tokens, so that ties, bans and counts beyond V come about."""
SIZES = st.sampled_from((*VOCABULARIES * 2, 1))
SEEDS = st.integers(0, 2**16)
KINDS_OF_SEEDS = st.sampled_from(KINDS)
OFTEN = st.sampled_from((True, True, True, False))
LAYERS, WIDTHS = st.sampled_from((4, 2, 8, 6)), st.sampled_from((4, 2, 8))


def vocabularies() -> st.SearchStrategy[int]:
    """Draw sizes of V, small ones, and now and then a single token."""
    return SIZES


def seeds() -> st.SearchStrategy[int]:
    """Draw seeds of models and of noise; the simplest is 0."""
    return SEEDS


@st.composite
def models(
    draw: st.DrawFn, vocab_size: int | None = None, eos: tuple[int, ...] | None = None
) -> Scripted | Table:
    """Draw scripted models of every kind: tables, of the whole row, with ties, written down with minus infinity.

    `vocab_size`: V, drawn when None. `eos`: the ids that the model often favours, drawn when None.
    """
    size = draw(SIZES) if vocab_size is None else vocab_size
    return scripted(draw, size, tuple(draw(few_ids(size))) if eos is None else eos)


@cache
def few_ids(vocab_size: int) -> st.SearchStrategy[list[int]]:
    """Draw up to two different ids."""
    return st.lists(st.integers(0, vocab_size - 1), max_size=2, unique=True)


def scripted(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...], ties: bool = True) -> Scripted | Table:
    """Draw a scripted model with V tokens, which favours the EOS ids more often than not.

    Without `ties` they are rare: no decoder promises which of several equal totals its search keeps.
    """
    kind = draw(TIED if ties else DISTINCT)
    if kind == "lines":
        return table(draw, vocab_size, eos)
    favoured = bool(eos) and draw(OFTEN)
    return Scripted(kind, draw(SEEDS), vocab_size, eos if favoured else ())


def table(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] = ()) -> Table:
    """Draw a table of one to three lines that is written down, minus infinity in it, no line without a token."""
    lines = draw(lines_of(vocab_size))
    left = draw(st.integers(0, vocab_size - 1))
    return Table(tuple(tuple(0.0 if token == left and logit == -inf else logit for token, logit in enumerate(line))
                       for line in lines), eos)


@cache
def lines_of(vocab_size: int) -> st.SearchStrategy[list[list[float]]]:
    """Draw one to three lines of V logits."""
    return st.lists(st.lists(LEVELS, min_size=vocab_size, max_size=vocab_size), min_size=1, max_size=3)


def layered(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] = ()) -> Layered:
    """Draw a model that shows its layers, for contrastive search and DoLa."""
    return Layered(draw(SEEDS), vocab_size, eos, draw(LAYERS), draw(WIDTHS), draw(st.booleans()))


@st.composite
def scripted_models(draw: st.DrawFn) -> Scripted:
    """Draw a scripted model of any kind that is computed from a seed."""
    size = draw(SIZES)
    return Scripted(draw(KINDS_OF_SEEDS), draw(SEEDS), size, tuple(draw(few_ids(size))))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table that is written down."""
    size = draw(SIZES)
    return table(draw, size, tuple(draw(few_ids(size))))
