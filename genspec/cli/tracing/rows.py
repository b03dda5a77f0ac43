"""Token ids on one line."""

from collections.abc import Sequence

LONGEST_ROW = 16


def shown_tokens(tokens: Sequence[int]) -> str:
    """Write ids one after the other; of many, the last ones."""
    return abbreviated([str(token) for token in tokens]) or "nothing"


def shown_row(tokens: Sequence[int], prompt_length: int, whole: bool = False) -> str:
    """Write a row with a bar between prompt and new tokens; of a long one the end, unless the whole is wanted."""
    words = [str(token) for token in tokens]
    if len(words) > prompt_length:
        words.insert(prompt_length, "|")
    return " ".join(words) if whole else abbreviated(words)


def abbreviated(words: Sequence[str]) -> str:
    """Join words, and leave out the first of many."""
    cut = len(words) - LONGEST_ROW
    return " ".join(words if cut <= 0 else ["...", *words[cut:]])
