"""A decoder in a process of its own, in float32: `genspec conform cmd:"python decoder.py"`.

Greedy and sampling, with the operations of OPERATIONS. What speaks the protocol is `serve`.
"""

from typing import ClassVar

import numpy as np

from genspec.conform.protocol import serve

FIELDS = ["max_new_tokens", "max_length", "eos_token_id", "do_sample", "temperature", "top_k", "top_p", "min_p"]


def temperature(scores, temperature):
    return scores / np.float32(temperature)


def top_k(scores, k, min_keep=1):
    least = np.sort(scores)[-min(max(k, min_keep), len(scores))]
    return np.where(scores < least, -np.inf, scores)


def top_p(scores, p, min_keep=1):
    ranked = np.argsort(-scores, kind="stable")
    mass = np.cumsum(softmax(scores)[ranked])
    above = np.concatenate(([0], mass[:-1]))
    dropped = ranked[(above >= p) & (np.arange(len(scores)) >= min_keep)]
    return without(scores, dropped)


def min_p(scores, p, min_keep=1):
    q = softmax(scores)
    ranked = np.argsort(-scores, kind="stable")
    return without(scores, [token for token in ranked[min_keep:] if q[token] < np.float32(p) * q.max()])


def softmax(scores):
    weights = np.exp(scores - scores.max())
    return weights / weights.sum()


def without(scores, dropped):
    left = scores.copy()
    left[dropped] = -np.inf
    return left


OPERATIONS = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}


class Decoder:
    """What docs/guide/conform.md describes; nothing in it knows that it is asked from another process."""

    info: ClassVar = {"name": "example-python", "version": "1.0", "dtype": "float32", "profile": "hf"}
    capabilities: ClassVar = {
        "modes": ["greedy", "sample"], "fields": FIELDS, "operations": list(OPERATIONS), "refuses": False,
    }

    def decode(self, request):
        config, row = request.config, list(request.prompt)
        budget = config.get("max_new_tokens") or config.get("max_length", len(row) + 20) - len(row)
        ends = config.get("eos_token_id", [])
        for step in range(budget):
            scores, noise = np.array(request.model(row), dtype=np.float32), None
            if config.get("do_sample"):
                scores = filtered(scores, config)
                noise = request.noise(0, step, len(scores))
            row.append(race(scores, noise)[0])
            if row[-1] in (ends if isinstance(ends, list) else [ends]):
                break
        return [row[-config["max_length"]:] if budget < 0 else row]

    def process(self, request):
        scores = np.array(request.scores, dtype=np.float32)
        for name, arguments in request.operations:
            scores = OPERATIONS[name](scores, **arguments)
        return scores

    def select(self, request):
        ranked = race(np.array(request.scores, dtype=np.float32), request.noise)
        return ranked[0] if request.count is None else ranked[:request.count]


def filtered(scores, config):
    """Apply the operations of a config in the order of transformers."""
    scores = temperature(scores, config.get("temperature", 1.0))
    if config.get("top_k", 50):
        scores = top_k(scores, config.get("top_k", 50))
    if config.get("top_p", 1.0) < 1:
        scores = top_p(scores, config["top_p"])
    if "min_p" in config:
        scores = min_p(scores, config["min_p"])
    return scores


def race(scores, noise):
    """Rank tokens by q(t) / e(t), SAMPLE-1; without noise by score."""
    numbers = scores if noise is None else scores - np.log(np.array(noise, dtype=np.float32))
    return np.argsort(-numbers, kind="stable").tolist()


if __name__ == "__main__":
    serve(Decoder())
