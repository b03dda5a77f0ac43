"""What a scripted model writes into its cache and reads out of it: token ids, in the place of keys and values.

All the model knows of earlier tokens comes from here. A cache that lost, cropped or reordered its entries wrongly gives
other tokens, and so other logits.
"""

from typing import Any

import torch
from transformers import cache_utils

from genspec.backends.transformers.version import HAS_CACHES

Ids = torch.Tensor
"""int64[n, length]"""


def new_cache() -> Any:
    """Make the cache of a model that is called without one: an object, or before transformers 4.42 a tuple."""
    return cache_utils.DynamicCache() if HAS_CACHES else ()


def length_of(cache: Any) -> int:
    """Count the tokens that a cache holds."""
    if not cache:
        return 0
    return int(cache[0][0].shape[2] if isinstance(cache, tuple) else cache.get_seq_length())


def append(cache: Any, ids: Ids) -> tuple[Ids, Any]:
    """Write the new tokens of each row behind the earlier ones. Gives all of them, and the cache to go on with."""
    if cache is None:
        return ids, None
    if isinstance(cache, tuple):
        kept = torch.cat((cache[0][0], entries(ids)), dim=2) if cache else entries(ids)
        return tokens(kept), ((kept, kept, *(cache[0][2:] if cache else ())),)
    keys, _ = getattr(cache, "self_attention_cache", cache).update(entries(ids), entries(ids), 0)
    return tokens(keys), cache


def source_of(cache: Any, ids: Ids) -> tuple[Ids, Any]:
    """Read the source of each row from the cache, after its first step; at the first, write it there.

    `ids`: the source as the encoder gives it. A decoder with cross attention computes its keys once, too.
    """
    if isinstance(cache, tuple):
        own, across = cache[0][:2], cache[0][2:] or (entries(ids), entries(ids))
        return tokens(across[0]), ((*own, *across),)
    others = getattr(cache, "cross_attention_cache", None)
    if others is None:
        return ids, cache
    if cache.is_updated.get(0):
        return tokens(others.layers[0].keys if hasattr(others, "layers") else others.key_cache[0]), cache
    others.update(entries(ids), entries(ids), 0)
    cache.is_updated[0] = True
    return ids, cache


def reordered(cache: Any, rows: torch.Tensor) -> Any:
    """Reorder the rows of a tuple, as `generate` asks the model to do before transformers 4.42."""
    return tuple(tuple(kept.index_select(0, rows) for kept in layer) for layer in cache)


def entries(ids: Ids) -> torch.Tensor:
    """Write ids as keys of one head of width 1. float32[n, 1, length, 1], exact below 2^24."""
    return ids[:, None, :, None].float()


def tokens(keys: torch.Tensor) -> Ids:
    """Read ids from keys."""
    return keys[:, 0, :, 0].long()
