"""Versions of transformers as tuples, so that they compare as numbers."""


def version_of(text: str) -> tuple[int, ...]:
    """Return `4.57` as (4, 57)."""
    return tuple(map(int, text.split(".")))
