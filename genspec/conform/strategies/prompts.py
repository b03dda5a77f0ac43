"""Prompts of a batch: ragged, with special tokens in them, the shortest first."""

from hypothesis import strategies as st

from genspec.conform.strategies.values import ids

Tokens = tuple[int, ...]


@st.composite
def prompts(
    draw: st.DrawFn, vocab_size: int, *, special: Tokens = (), batched: bool = True, longest: int = 6
) -> tuple[Tokens, ...]:
    """Draw the prompts of a batch, each of at least one token.

    `special`: ids that stand in some prompts on purpose (EOS, pad). Without `batched` there is one prompt.
    """
    tokens = ids(vocab_size) if not special else ids(vocab_size) | st.sampled_from(special)
    row = st.lists(tokens, min_size=1, max_size=longest).map(tuple)
    count = draw(st.sampled_from((1, 1, 2, 3))) if batched else 1
    return tuple(draw(row) for _ in range(count))


def sources(vocab_size: int, count: int, longest: int = 5) -> st.SearchStrategy[tuple[Tokens, ...]]:
    """Draw the encoder's tokens for each of `count` prompts."""
    row = st.lists(ids(vocab_size), min_size=1, max_size=longest).map(tuple)
    return st.tuples(*[row] * count)
