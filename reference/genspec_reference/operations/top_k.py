"""Keep the k highest scores. Text: docs/spec/top_k.md. Source: Fan et al., ACL 2018."""

import numpy as np

from genspec_reference.scores import Scores, highest, mask, support


def top_k(scores: Scores, k: int, min_keep: int = 1, top_k_ties: str = "kept") -> Scores:
    """Keep the `k` highest scores.

    `scores`: float[V]; `k`: at least 1, any number above V keeps all. Returns float[V], minus infinity elsewhere.
    """
    first = highest(scores, max(k, min_keep))                   # TOP-K-2
    drop = scores < scores[first[-1]]                           # TOP-K-3  ties with the kth are kept
    if top_k_ties == "exact":
        drop = ~np.isin(np.arange(scores.size), first)          # TOP-K-4  the first k of the ranking
    return mask(scores, drop)


def top_k_margin(scores: Scores, k: int, min_keep: int = 1, top_k_ties: str = "kept") -> float:
    """Give the lead, in nats, of the lowest score that is kept on the highest that is not. TOP-K-3, TOP-K-4."""
    count = max(k, min_keep)
    if top_k_ties == "kept":
        count = int((scores >= scores[highest(scores, count)[-1]]).sum())
    return gap_after(scores, count)


def gap_after(values: Scores, count: int) -> float:
    """Give the least change of a value that alters which are the `count` highest; infinite when none can.

    `values`: float[n]. Minus infinity is no value. Equal values are equal in every decoder: when some of them are
    among the `count` and some are not, they change places with others only.
    """
    ranked = np.sort(values[support(values)])[::-1]
    if not 0 < count < ranked.size:
        return np.inf
    last, following = ranked[count - 1], ranked[count]
    others = ranked[ranked != last] if last == following else following
    return float(np.abs(last - others).min(initial=np.inf))
