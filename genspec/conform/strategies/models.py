"""Scripted models: the hard regions that a decoder meets."""

from hypothesis import strategies as st

from genspec_reference import Scripted
from genspec_reference.layered import Layered
from genspec_reference.scripted import KINDS

VOCABULARIES = (4, 2, 3, 5, 8, 13, 24, 33)
"""Sizes of V: few tokens, so that ties, bans and counts beyond V come about."""


def vocabularies() -> st.SearchStrategy[int]:
    """Sizes of V, small ones, and now and then a single token."""
    return st.sampled_from((*VOCABULARIES * 2, 1))


def seeds() -> st.SearchStrategy[int]:
    """Seeds of models and of noise; the simplest is 0."""
    return st.integers(0, 2**16)


def models(
    vocab_size: int | None = None, eos: tuple[int, ...] | None = None
) -> st.SearchStrategy[Scripted]:
    """Scripted models of every kind: tables, of the whole row, with ties.

    `vocab_size`: V, drawn when None. `eos`: the ids that the model often favours, drawn when None.
    """
    sizes = vocabularies() if vocab_size is None else st.just(vocab_size)
    return sizes.flatmap(lambda size: scripted(size, eos))


@st.composite
def scripted(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] | None = None) -> Scripted:
    """Draw a scripted model with V tokens, which favours the EOS ids more often than not."""
    if eos is None:
        eos = tuple(draw(st.lists(st.integers(0, vocab_size - 1), max_size=2, unique=True)))
    favoured = eos if draw(st.sampled_from((True, True, True, False))) else ()
    return Scripted(draw(st.sampled_from(KINDS)), draw(seeds()), vocab_size, favoured)


@st.composite
def layered(draw: st.DrawFn, vocab_size: int, eos: tuple[int, ...] = ()) -> Layered:
    """Draw a model that shows its layers, for contrastive search and DoLa."""
    layers = draw(st.sampled_from((4, 2, 8, 6)))
    return Layered(draw(seeds()), vocab_size, eos, layers, draw(st.sampled_from((4, 2, 8))), draw(st.booleans()))
