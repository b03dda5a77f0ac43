"""Ranks of scores: highest first, equal scores lowest id first. All lines at once. Text: docs/spec/scores.md."""

import torch
from torch import Tensor

GONE = -torch.inf


def kth(scores: Tensor, k: int) -> Tensor:
    """Give the k-th highest score of each line, the lowest where there are fewer. [N, n] -> [N, 1]."""
    return scores.topk(min(k, scores.shape[1]), sorted=True).values[:, -1:]


def first(scores: Tensor, count: int) -> Tensor:
    """Mark the first `count` tokens of the ranking of each line. [N, n] -> bool[N, n]. SCORES-5."""
    if count >= scores.shape[1]:
        return torch.ones_like(scores, dtype=torch.bool)
    last = kth(scores, count)
    higher, equal = scores > last, scores == last
    return higher | (equal & (equal.cumsum(1) <= count - higher.sum(1, keepdim=True)))


def descending(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores and tokens in the order of their rank. [N, n] -> [N, n], int64[N, n]. SCORES-5."""
    ranked = scores.sort(dim=1, descending=True, stable=True)
    return ranked.values, ranked.indices


def without(scores: Tensor, ranked: Tensor, kept: Tensor) -> Tensor:
    """Take away the tokens whose ranks are not kept. `ranked`: int64[N, n], `kept`: bool[N, n], by rank."""
    return scores.masked_fill(torch.empty_like(kept).scatter_(1, ranked, ~kept), GONE)


def log_softmax(scores: Tensor) -> Tensor:
    """Give the logarithm of the probabilities; all minus infinity stays so. [N, n] -> [N, n]. SCORES-3."""
    below = torch.log_softmax(scores, dim=1)
    empty = scores.amax(1, keepdim=True) == GONE
    return below.masked_fill_(empty, GONE)


def softmax(scores: Tensor) -> Tensor:
    """Give the probabilities; all zero when every score is minus infinity. [N, n] -> [N, n]. SCORES-3."""
    empty = scores.amax(1, keepdim=True) == GONE
    return torch.softmax(scores, dim=1).masked_fill_(empty, 0.0)


def entropy(log_q: Tensor) -> Tensor:
    """Give the entropy of log-probabilities in nats. [N, n] -> [N, 1]. SCORES-4."""
    return entropy_terms(log_q).sum(1, keepdim=True)


def entropy_terms(log_q: Tensor) -> Tensor:
    """Give what each token adds to the entropy. [N, n] -> [N, n]. SCORES-4."""
    return torch.where(log_q > GONE, -log_q.exp() * log_q, 0.0)
