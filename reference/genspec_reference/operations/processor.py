"""An operation of the caller's own. Text: docs/spec/pipeline.md."""

from collections.abc import Callable

from genspec_reference.context import Context
from genspec_reference.scores import Scores, as_scores


def processor(scores: Scores, function: Callable[[Scores, Context], Scores], context: Context) -> Scores:
    """Give what the caller's function makes of the scores. float[V] -> float[V]. PIPELINE-4.

    Raises ValueError when it gives another number of scores.
    """
    processed = as_scores(function(scores.copy(), context))
    if processed.shape != scores.shape:
        raise ValueError(f"a processor was given {scores.size} scores and returned {processed.size}")
    return processed
