"""Run a request by the mode of its plans."""

import numpy as np
import torch

from genspec.backends.torch.beams import decode_beams
from genspec.backends.torch.decoded import Decoded
from genspec.backends.torch.request import Request
from genspec.backends.torch.rows import decode_rows


@torch.no_grad()
def decode(request: Request) -> Decoded:
    """Decode all prompts of a request. Raises `Rejected` where no token can be produced. SCORES-2, SCORES-6."""
    with np.errstate(invalid="ignore"):     # lines without a token, or with NaN, are refused by their scores
        return decode_rows(request) if request.plan.beams is None else decode_beams(request)
