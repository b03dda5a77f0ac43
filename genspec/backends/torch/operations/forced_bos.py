"""Force the first new token. Text: docs/spec/forced_bos.md."""

from genspec.backends.torch.operations.forced_eos import Forced
from genspec.backends.torch.sparse import Line


def forced_bos(line: Line, token: int) -> Forced:
    """Leave one token alone, with the score 0, while the row holds one token. FORCED-BOS-2, FORCED-BOS-3."""
    return Forced((token,), 1 - len(line.tokens))
