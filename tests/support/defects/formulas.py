"""What an operation computes, written wrongly: a function of the right one, the scores and the arguments."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from genspec_reference.scores import entropy, log_softmax, softmax
from support.defects.computed import Wrong


def lowest_kept(right: Wrong, scores: Any, k: int, **named: Any) -> Any:
    return -right(-scores, k=k, **named)


def crossing_dropped(right: Wrong, scores: Any, p: float, min_keep: int = 1, **named: Any) -> Any:
    ranked = np.argsort(-scores, kind="stable")
    keep = np.cumsum(softmax(scores)[ranked]) <= p
    keep[:min_keep] = True
    found = scores.copy()
    found[ranked[~keep]] = -np.inf
    return found


def unsorted(right: Wrong, scores: Any, p: float, min_keep: int = 1, **named: Any) -> Any:
    keep = np.cumsum(softmax(scores)) - softmax(scores) < p
    keep[:min_keep] = True
    return np.where(keep, scores, -np.inf)


def absolute(right: Wrong, scores: Any, p: float, min_keep: int = 1) -> Any:
    q = softmax(scores)
    return np.where((q >= p) | (q == q.max()), scores, -np.inf)


def strictly_above(right: Wrong, scores: Any, p: float, min_keep: int = 1) -> Any:
    q, keep = softmax(scores), None
    keep = q > p * q.max()
    keep[np.argsort(-scores, kind="stable")[:min_keep]] = True
    return np.where(keep, scores, -np.inf)


def of_highest(right: Wrong, scores: Any, epsilon: float, min_keep: int = 1) -> Any:
    return right(scores, epsilon=epsilon * softmax(scores).max(), min_keep=min_keep)


def eta_of(cutoff: Callable[[float, float], float]) -> Callable[[Any], Any]:
    return lambda right: lambda scores, epsilon: cutoff(epsilon, entropy(scores))


def always_divided(right: Wrong, scores: Any, penalty: float, **named: Any) -> Any:
    found = right(np.abs(scores) + 1.0, penalty=penalty, **named)
    return np.where(found != np.abs(scores) + 1.0, scores / penalty, scores)


def each_time(right: Wrong, scores: Any, *, penalty: float, tokens: Any, prompt_length: int, **named: Any) -> Any:
    for place in range(len(tokens)):
        before = place < prompt_length
        scores = right(
            scores, penalty=penalty, tokens=tokens[place : place + 1], prompt_length=1 if before else 0, **named
        )
    return scores


def never_twice(right: Wrong, scores: Any, *, penalty: float, tokens: Any, prompt_length: int, **named: Any) -> Any:
    new = tuple(dict.fromkeys(tokens[prompt_length:]))
    old = tuple(dict.fromkeys(tokens[:prompt_length]))
    return right(scores, penalty=penalty, tokens=(*old, *new), prompt_length=len(old), **named)


def one_token_words(right: Wrong, scores: Any, words: Any, tokens: Any) -> Any:
    return right(scores, words=[word for word in words if len(word) == 1], tokens=tokens)


def whole_words(right: Wrong, scores: Any, words: Any, tokens: Any) -> Any:
    return right(scores, words=[word[-1:] for word in words], tokens=tokens)


def last_two(right: Wrong, scores: Any, words: Any, tokens: Any) -> Any:
    return right(scores, words=[word[-2:] for word in words], tokens=tokens)


def first_of_words(right: Wrong, scores: Any, words: Any, tokens: Any) -> Any:
    return right(scores, words=[word[:1] for word in words], tokens=tokens)


def bias_replaces(right: Wrong, scores: Any, biases: Any, **named: Any) -> Any:
    """Let the last bias of a token replace the others."""
    found = scores.copy()
    for one in biases:
        biased = right(scores, biases=[one], **named)
        found = np.where(biased != scores, biased, found)
    return found


def bias_sets(right: Wrong, scores: Any, biases: Any, **named: Any) -> Any:
    """Take the bias for the score."""
    biased = right(np.zeros_like(scores), biases=biases, **named)
    return np.where(biased != 0, biased, scores)


def bias_of_last_two(right: Wrong, scores: Any, biases: Any, tokens: Any) -> Any:
    return right(scores, biases=[(sequence[-2:], bias) for sequence, bias in biases], tokens=tokens)


def bias_of_one(right: Wrong, scores: Any, biases: Any, tokens: Any) -> Any:
    return right(scores, biases=[(sequence, bias) for sequence, bias in biases if len(sequence) == 1], tokens=tokens)


def forced_first(right: Wrong, scores: Any, token: int, tokens: Any) -> Any:
    """At the first new token, whatever the prompt: told by the row alone, at its second token."""
    return right(scores, token=token, tokens=tokens[:1] if len(tokens) <= 2 else tokens)


def keeping_score(right: Wrong, scores: Any, **named: Any) -> Any:
    """Ban the others, and leave the forced token its score."""
    found = right(scores, **named)
    return np.where(found == 0, scores, found)


def adding(right: Wrong, scores: Any, **named: Any) -> Any:
    """Force without banning the others."""
    found = right(scores, **named)
    return found if (found == scores).all() else np.where(np.isneginf(found), scores, 0.0)


def raised_signed(
    right: Wrong, scores: Any, start: int, factor: float, *, eos: Any, tokens: Any, prompt_length: int
) -> Any:
    """Without the absolute value."""
    found, k = scores.copy(), len(tokens) - prompt_length - start
    if k > 0:
        found[list(eos)] *= factor**k
    return found


def raised_whole(
    right: Wrong, scores: Any, start: int, factor: float, *, eos: Any, tokens: Any, prompt_length: int
) -> Any:
    """Without taking one away."""
    found, k = scores.copy(), len(tokens) - prompt_length - start
    if k > 0:
        found[list(eos)] += np.abs(scores[list(eos)]) * factor**k
    return found


def raised_at_once(
    right: Wrong, scores: Any, start: int, factor: float, *, eos: Any, tokens: Any, prompt_length: int
) -> Any:
    """With k = 1 at every step."""
    k = len(tokens) - prompt_length - start
    return (
        right(
            scores,
            start=start,
            factor=factor,
            eos=eos,
            tokens=tokens[: prompt_length + start + min(k, 1)],
            prompt_length=prompt_length,
        )
        if k > 0
        else scores
    )


def guided_on(right: Wrong, scores: Any, scale: float, unconditional_logits: Any) -> Any:
    """Give c + g (c - u) instead of u + g (c - u)."""
    return right(scores, scale=scale + 1, unconditional_logits=unconditional_logits)


def guided_raw(right: Wrong, scores: Any, scale: float, unconditional_logits: Any) -> Any:
    """Of logits and not of their log-softmax."""
    return unconditional_logits + scale * (scores - unconditional_logits)


def invalid_as(nan: float, posinf: float | None = None, neginf: float | None = None) -> Wrong:
    greatest = float(np.finfo(np.float32).max)
    return lambda right, scores: np.nan_to_num(
        scores, nan=nan, posinf=greatest if posinf is None else posinf, neginf=-greatest if neginf is None else neginf
    )


def normal(right: Wrong, scores: Any) -> Any:
    return softmax(scores)


def plain_sum(right: Wrong, scores: Any) -> Any:
    """Without taking the highest score away first."""
    return scores - np.log(np.exp(scores).sum())


def bans_only_if_others(right: Wrong, scores: Any, **named: Any) -> Any:
    """Ban nothing when nothing would be left."""
    found = right(scores, **named)
    return scores if np.isneginf(found).all() else found


def ddof(right: Wrong, scores: Any, n: float) -> Any:
    left = scores[np.isfinite(scores)]
    spread = left.std(ddof=1) if left.size > 1 else 0.0
    return np.where(scores < left.max(initial=-np.inf) - n * spread, -np.inf, scores)


def of_mean(right: Wrong, scores: Any, n: float) -> Any:
    left = scores[np.isfinite(scores)]
    if not left.size:
        return scores
    return np.where((scores < left.mean() + n * left.std()) & (scores < left.max()), -np.inf, scores)


def of_banned(right: Wrong, scores: Any, n: float) -> Any:
    """Banned tokens count as the least number."""
    return right(np.where(np.isneginf(scores), -100.0, scores), n=n) + np.where(np.isneginf(scores), -np.inf, 0.0)


def entropy_of_all(right: Wrong, scores: Any, h: float) -> Any:
    most = math.log(scores.size)
    return right(scores, h=min(1.0, h * most / max(entropy(scores), 1e-9)))


def least_removed(right: Wrong, scores: Any, threshold: float, **named: Any) -> Any:
    found = right(scores, threshold=threshold, **named)
    if (found == scores).all():
        return found
    return np.where(softmax(scores) >= threshold, -np.inf, scores)


def xtc_unless(right: Wrong, scores: Any, probability: float, **named: Any) -> Any:
    return right(scores, probability=1 - probability, **named)


def green_before(right: Wrong, scores: Any, tokens: Any, **named: Any) -> Any:
    """Seed with the token before the newest one."""
    return right(scores, tokens=tokens[:-1] if len(tokens) > 1 else tokens, **named)


def red(right: Wrong, scores: Any, *, bias: float = 2.0, **named: Any) -> Any:
    """Mark the other tokens."""
    found = right(scores, bias=bias, **named)
    return np.where(found == scores, scores + bias, scores)


def of_row(right: Wrong, scores: Any, *, tokens: Any, source: Any, **named: Any) -> Any:
    return right(scores, tokens=tokens, source=tokens, **named)


def sizes_below(right: Wrong, scores: Any, size: int, **named: Any) -> Any:
    """Ban what repeats an n-gram of any smaller size, too."""
    for smaller in range(2, size + 1):
        scores = right(scores, size=smaller, **named)
    return right(scores, size=size, **named)


def ngrams_short(right: Any) -> Any:
    """Forget the newest n-gram: a range that ends one too early."""

    def wrong(tokens: Any, row: Any, size: int) -> Any:
        return right(tokens[:-1], row, size) if len(tokens) > size else right(tokens, row, size)

    return wrong


def ngrams_late(right: Any) -> Any:
    """Forget the first n-gram: a range that begins at 1."""
    return lambda tokens, row, size: right(tokens[1:], row, size)


def only_large(size: int) -> Wrong:
    """Do nothing for n-grams of one token."""
    return lambda right, scores, **named: right(scores, **named) if named["size"] > size else scores


def prefix_of_prompt(right: Wrong, scores: Any, *, allowed_tokens: Any, tokens: Any) -> Any:
    return right(scores, allowed_tokens=lambda row: allowed_tokens(row[:1]), tokens=tokens)


def over(right: Wrong, scores: Any, temperature: float) -> Any:
    return scores * temperature


def not_below_one(right: Wrong, scores: Any, temperature: float) -> Any:
    return scores / max(1.0, temperature)


def softened(right: Wrong, scores: Any, temperature: float) -> Any:
    """Of log-probabilities: other scores, the same tokens."""
    return log_softmax(scores) / temperature


def typical_of(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda right: change


def distance_in_bits(scores: Any) -> Any:
    return np.abs(-log_softmax(scores) - entropy(scores) / math.log(2))


def distance_signed(scores: Any) -> Any:
    found = -log_softmax(scores) - entropy(scores)
    return np.where(np.isinf(found), np.inf, found)
