"""A penalty for every time a token was seen. Text: docs/spec/frequency_penalty.md."""

from genspec.backends.torch.operations.presence_penalty import Subtracted
from genspec.backends.torch.operations.repetition_penalty import Seen
from genspec.backends.torch.sparse import Line


def frequency_penalty(
    line: Line, penalty: float, count_scope: str = "output", penalty_window: int | None = None
) -> Subtracted:
    """Subtract `penalty` for each time that a token is counted. FREQUENCY-PENALTY-2, FREQUENCY-PENALTY-3."""
    return Subtracted(Seen.of(line, count_scope, penalty_window), each=penalty)
