"""Prompts of a batch: ragged, with special tokens in them, the shortest first."""

from functools import cache

from hypothesis import strategies as st

from genspec.conform.strategies.values import ids

Tokens = tuple[int, ...]

COUNTS = st.sampled_from((1, 1, 2, 3))
"""Prompts of a batch."""


@st.composite
def prompts(
    draw: st.DrawFn, vocab_size: int, *, special: Tokens = (), batched: bool = True, longest: int = 6
) -> tuple[Tokens, ...]:
    """Draw the prompts of a batch, each of at least one token.

    `special`: ids that stand in some prompts on purpose (EOS, pad). Without `batched` there is one prompt.
    """
    row = rows(vocab_size, special, longest)
    return tuple(draw(row) for _ in range(draw(COUNTS) if batched else 1))


@cache
def rows(vocab_size: int, special: Tokens = (), longest: int = 6) -> st.SearchStrategy[Tokens]:
    """Draw one row of at least one token."""
    tokens = ids(vocab_size) | st.sampled_from(special) if special else ids(vocab_size)
    return st.lists(tokens, min_size=1, max_size=longest).map(tuple)
