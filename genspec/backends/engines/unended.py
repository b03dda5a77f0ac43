"""Rows that an engine gives back without the EOS that ended them."""

from collections.abc import Callable, Sequence

from genspec.backends.call import Tokens
from genspec.config.plan import DecodingPlan
from genspec.dialects.spelling import Unspoken
from genspec_reference.scores import Scores

TELLING_APART = ("repetition_penalty", "no_repeat_ngram")
"""Operations after which another EOS may be the most probable one."""


def ended(rows: Sequence[Tokens], prompt: Tokens, plan: DecodingPlan, says: Callable[[Tokens], Scores]) -> list[Tokens]:
    """Write the EOS behind rows that ended before their length.

    Which one it was is not told where there are several: the more probable one is taken, and where rows are equal,
    the next one for the next row. `says`: the model, from a row to float[V].
    Raises `Unspoken` where operations can have changed which one that is.
    """
    said: list[Tokens] = []
    ends = plan.stopping.eos_token_ids
    if len(ends) > 1 and any(plan.operation(name) for name in TELLING_APART):
        raise Unspoken("rows come back without their EOS, and it cannot be known which of several it was")
    for row in rows:
        if len(row) >= plan.length.max_new_tokens or not ends:
            said.append(tuple(row))
            continue
        logits = says((*prompt, *row))
        ranked = sorted(ends, key=lambda token: (-logits[token], token))
        whole = [(*row, token) for token in ranked]
        said.append(next((one for one in whole if one not in said), whole[0]))
    return said
