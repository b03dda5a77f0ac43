"""Names for the types that fields hold, as JSON gives them."""

from typing import Annotated, Any, TypeAlias

Real: TypeAlias = int | float
"""A real number. An int stays an int, so that a config is written back as it was read."""

TokenId: TypeAlias = Annotated[int, "token id"]
"""The index of a token in the vocabulary, 0 to V - 1."""


class Positions:
    """The types of a list's items by position, in `Annotated[list[...], Positions(...)]`: JSON has no tuples."""

    def __init__(self, *items: Any) -> None:
        """Take one annotation for each position."""
        self.items = items
