"""No EOS in a short row, prompt included. Text: docs/spec/min_length.md."""

from genspec.backends.torch.operations.min_new_tokens import HeldBack
from genspec.backends.torch.sparse import Line


def min_length(line: Line, length: int, eos: tuple[int, ...]) -> HeldBack:
    """Ban every EOS while the row has fewer than `length` tokens. MIN-LENGTH-2, MIN-LENGTH-3."""
    return HeldBack(eos, length - len(line.tokens))
