"""From scores to tokens and candidates, for all lines at once. Text: docs/spec/sample.md, docs/spec/beam_search.md."""

import torch
from torch import Tensor
from torch.nn.functional import pad

from genspec.backends.torch.ranking import GONE, descending, first

SORTED = 4096
"""Numbers in a row that are sooner sorted than searched."""


def keys_of(scores: Tensor, exponentials: Tensor) -> Tensor:
    """Give what a race is ranked by: q / e, or its logarithm. [N, n] each -> [N, n]. SAMPLE-1.

    float32 noise is torch's: the ratio of `torch.multinomial` for the softmax in float32, number for number.
    """
    if exponentials.dtype == torch.float32:
        return torch.softmax(scores.float(), dim=1) / exponentials
    below = scores.double() - scores.amax(1, keepdim=True)      # what is near 0 is not lost beside a great number
    return below - exponentials.log()


def first_of(keys: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Rank the first `count` of each row: highest first, equal ones lowest place first. BEAM-SEARCH-2.

    [P, n] -> keys [P, count] and places int64[P, count]; minus infinity where there are fewer.
    """
    kept = min(count, keys.shape[1])
    if keys.shape[1] <= SORTED:
        values, places = descending(keys)
        values, places = values[:, :kept], places[:, :kept]
    else:
        places = keys.masked_fill(~first(keys, kept), GONE).topk(kept).indices.sort(dim=1).values
        values, order = keys.gather(1, places).sort(dim=1, descending=True, stable=True)
        places = places.gather(1, order)
    return pad(values, (0, count - kept), value=GONE), pad(places, (0, count - kept))
