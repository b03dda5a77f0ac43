"""Token sequences at the end of a row. Text: docs/spec/bad_words.md and docs/spec/no_repeat_ngram.md."""

from collections.abc import Sequence


def ends_with(row: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Tell whether these are the last tokens of a row; no tokens are the last of any row. BAD-WORDS-2, BAD-WORDS-3."""
    return row[max(0, len(row) - len(wanted)):] == wanted


def completes(sequence: Sequence[int], row: tuple[int, ...]) -> bool:
    """Tell whether the last token of a sequence would complete it at the end of a row. BAD-WORDS-2."""
    return ends_with(row, tuple(sequence[:-1]))


def ngram_endings(tokens: tuple[int, ...], row: tuple[int, ...], size: int) -> list[int]:
    """List the tokens that would repeat an n-gram of `tokens` at the end of a row. NO-REPEAT-NGRAM-3.

    `size`: n, at least 1. The same token may be listed several times.
    """
    ngrams = [tokens[start:start + size] for start in range(len(tokens) - size + 1)]
    return [ngram[-1] for ngram in ngrams if completes(ngram, row)]
