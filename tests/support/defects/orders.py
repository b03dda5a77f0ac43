"""Operations in another order."""

from dataclasses import replace
from typing import Any

from support.defects.defect import Defect


def swapped(one: str, other: str) -> Defect:
    """Do an operation before another one that comes first."""

    def order(request: Any) -> Any:
        operations = list(request.plan.operations)
        names = [operation.name for operation in operations]
        if one in names and other in names:
            first, second = names.index(one), names.index(other)
            if first < second:
                operations.insert(first, operations.pop(second))
        return replace(request, plan=replace(request.plan, operations=tuple(operations)))

    pages = tuple(name.upper().replace("_", "-") for name in (one, other))
    return Defect(f"order: {other} before {one}", (*pages, "PIPELINE", "SCORES", "OUTPUTS"), breaks=order)


ORDERS = (
    ("guidance", "sequence_bias"),
    ("guidance", "repetition_penalty"),
    ("sequence_bias", "repetition_penalty"),
    ("sequence_bias", "encoder_repetition_penalty"),
    ("no_repeat_ngram", "forced_eos"),
    ("min_length", "forced_eos"),
    ("min_new_tokens", "forced_eos"),
    ("bad_words", "forced_bos"),
    ("min_new_tokens", "forced_bos"),
    ("forced_eos", "remove_invalid_values"),
    ("forced_eos", "suppress"),
    ("forced_bos", "forced_eos"),
    ("remove_invalid_values", "suppress"),
    ("remove_invalid_values", "begin_suppress"),
    ("no_repeat_ngram", "remove_invalid_values"),
    ("sequence_bias", "exponential_decay_length_penalty"),
    ("temperature", "top_h"),
    ("temperature", "top_p"),
    ("temperature", "min_p"),
    ("temperature", "typical_p"),
    ("temperature", "epsilon_cutoff"),
    ("temperature", "eta_cutoff"),
    ("temperature", "watermark"),
    ("top_h", "top_k"),
    ("top_h", "top_p"),
    ("top_k", "top_p"),
    ("top_k", "typical_p"),
    ("top_k", "epsilon_cutoff"),
    ("top_k", "eta_cutoff"),
    ("top_p", "min_p"),
    ("top_p", "typical_p"),
    ("top_p", "epsilon_cutoff"),
    ("min_p", "typical_p"),
    ("min_p", "epsilon_cutoff"),
    ("typical_p", "epsilon_cutoff"),
    ("typical_p", "eta_cutoff"),
    ("epsilon_cutoff", "eta_cutoff"),
    ("top_k", "watermark"),
    ("top_p", "watermark"),
    ("watermark", "renormalize"),
    ("top_p", "renormalize"),
)
"""Pairs of operations in their order, which another order makes another result of."""

DEFECTS = tuple(swapped(*pair) for pair in ORDERS)
