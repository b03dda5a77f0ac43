"""What a law is: the probabilities of the next symbol, given the ones before it, and what else they could be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from genspec_reference.scores import Scores

State = tuple[int, ...]
"""What decides the next symbol of a row: nothing, the last one, or all of them."""
Next = Callable[[State], Scores]
"""Give the probabilities of the next symbol. float[n]."""


@dataclass(frozen=True)
class Law:
    """A row is drawn symbol by symbol. A symbol is a token; in a beam mode all rows of an answer are one symbol."""

    null: Next                          # what the specification says
    others: Mapping[str, Next]          # what a decoder may do instead, by what is wrong then
    steps: int = 1                      # symbols that are drawn one after the other, for the power
    start: State = ()
    after: Callable[[State, int], State] = field(default=lambda state, symbol: state)


def same(state: State, symbol: int) -> State:
    """Remember nothing: all symbols have one law."""
    return state


def last(state: State, symbol: int) -> State:
    """Remember the last symbol."""
    return (symbol,)


def all_of(state: State, symbol: int) -> State:
    """Remember the whole row."""
    return (*state, symbol)


def constant(probabilities: Scores) -> Next:
    """Make a law without memory. float[n]."""
    return lambda state: probabilities
