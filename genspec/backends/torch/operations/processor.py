"""An operation of the caller's own. Text: docs/spec/pipeline.md."""

from collections.abc import Callable

from torch import Tensor


def processor(scores: Tensor, function: Callable[[Tensor, Tensor], Tensor], input_ids: Tensor) -> Tensor:
    """Give what the caller's function makes of the scores. [N, V] -> float32[N, V]. PIPELINE-4.

    `input_ids`: int64[N, L], the rows, padded on the left. Raises ValueError when it gives another number of scores.
    """
    processed = function(input_ids, scores.clone())
    if processed.shape != scores.shape:
        given, returned = tuple(scores.shape), tuple(processed.shape)
        raise ValueError(f"a processor was given scores of the shape {given} and returned {returned}")
    return processed.float()
