"""Rows that an engine gives back without the EOS that ended them."""

from collections.abc import Sequence

import numpy as np

from genspec.backends.call import Tokens
from genspec.config.plan import DecodingPlan
from genspec_reference.scores import Scores


def ended(rows: Sequence[Tokens], prompt: Tokens, plan: DecodingPlan, line_after: Sequence[Scores]) -> list[Tokens]:
    """Write the EOS behind rows that ended before their length.

    Which one it was is not told where there are several: the more probable one is taken, and where rows are equal,
    the next one for the next row. `line_after`: float[V, V], what a model of the last token says after each.
    """
    said: list[Tokens] = []
    ends = plan.stopping.eos_token_ids
    for row in rows:
        if len(row) >= plan.length.max_new_tokens or not ends:
            said.append(tuple(row))
            continue
        logits = line_after[(row or prompt)[-1]]
        ranked = sorted(ends, key=lambda token: -float(np.asarray(logits)[token]))
        whole = [(*row, token) for token in ranked]
        said.append(next((one for one in whole if one not in said), whole[0]))
    return said
