"""Samplers of the kit with chance of their own: a right one, and wrong ones that differ from it in one thing.

They are written on their own, without the reference: the models of laws say the same after every token.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from genspec.conform import Unsupported
from genspec.conform.request import DecodeRequest

Floats = NDArray[np.float64]
FIELDS = ["do_sample", "max_new_tokens", "num_return_sequences", "temperature", "top_k", "top_p", "min_p", "num_beams"]
ORDER = ("temperature", "top_k", "top_p", "min_p")
INFO = {"name": "right", "version": "1", "dtype": "float64", "profile": "hf"}
CAN = {"modes": ["sample", "beam_sample"], "fields": FIELDS, "inputs": ["prompts"], "kinds": ["lines"]}
CAN_ALONE = {"modes": ["sample"], "inputs": [], "kinds": ["lines"],
             "fields": ["do_sample", "max_new_tokens", "temperature", "top_k", "top_p", "min_p"]}


class Right:
    """Samples, in batches and with beams, from a model that always says the same."""

    info: Any = INFO
    capabilities: Any = CAN
    order: tuple[str, ...] = ORDER
    own_seed: int | None = None

    def decode(self, request: DecodeRequest) -> Any:
        config = request.config
        if len(request.model.lines) > 1:
            raise Unsupported("reads one line")
        rng = np.random.default_rng(request.seed if self.own_seed is None else self.own_seed)
        q = softmax(self.filtered(np.array(request.model([0])), config))
        rows, steps = config.get("num_return_sequences", 1), config["max_new_tokens"]
        if config.get("num_beams", 1) > 1:
            return told(request, [self.beams(q, rng) for _ in request.prompts])
        drawn = self.draws(q, rng, (len(request.prompts), rows, steps)).tolist()
        return told(request, drawn)

    def filtered(self, scores: Floats, config: dict[str, Any]) -> Floats:
        for name in self.order:
            if config.get(name) is not None:
                scores = getattr(self, name)(scores, config[name])
        return scores

    def temperature(self, scores: Floats, temperature: float) -> Floats:
        return scores / temperature

    def top_k(self, scores: Floats, k: int) -> Floats:
        return scores if k == 0 else np.where(scores < np.sort(scores)[-min(k, scores.size)], -np.inf, scores)

    def top_p(self, scores: Floats, p: float) -> Floats:
        ranked = np.argsort(-scores, kind="stable")
        above = np.concatenate(([0.0], np.cumsum(softmax(scores)[ranked])[:-1]))
        return without(scores, ranked[~self.is_inside(above, p)])

    def is_inside(self, above: Floats, p: float) -> Any:
        return above < p

    def min_p(self, scores: Floats, p: float) -> Floats:
        q = softmax(scores)
        return without(scores, np.flatnonzero(q < p * q.max()))

    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        """Draw by the race. SAMPLE-1."""
        with np.errstate(divide="ignore"):
            return np.argmax(np.log(q) + self.noise(rng, (*shape, q.size)), axis=-1)

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        return rng.gumbel(size=shape)

    def beams(self, q: Floats, rng: np.random.Generator) -> list[list[int]]:
        """Return the first two drawn of one step, the more probable one first. BEAM-SAMPLE-4."""
        drawn = np.argsort(-(np.log(q) + self.noise(rng, (q.size,))))[:2].tolist()
        return [[token] for token in sorted(drawn, key=lambda token: -q[token])]


def told(request: DecodeRequest, drawn: list[list[list[int]]]) -> Any:
    results = [{"sequences": [[*prompt, *row] for row in rows]}
               for prompt, rows in zip(request.prompts, drawn, strict=True)]
    return {"prompts": results} if request.batch else results[0]


def softmax(scores: Floats) -> Floats:
    weights = np.exp(scores - scores.max())
    return np.asarray(weights / weights.sum())


def without(scores: Floats, tokens: Any) -> Floats:
    left = scores.copy()
    left[tokens] = -np.inf
    return left


class OneAtATime(Right):
    """Knows neither rows nor batches: longer rows give the draws."""

    capabilities: Any = CAN_ALONE


class NucleusAtEqualMass(Right):
    def is_inside(self, above: Floats, p: float) -> Any:
        return above <= p


class CrossingTokenLost(Right):
    def top_p(self, scores: Floats, p: float) -> Floats:
        ranked = np.argsort(-scores, kind="stable")
        mass = np.cumsum(softmax(scores)[ranked])
        return without(scores, ranked[(mass > p) & (np.arange(scores.size) > 0)])


class TemperatureLast(Right):
    order = ("top_k", "top_p", "min_p", "temperature")


class TopPBeforeTopK(Right):
    order = ("temperature", "top_p", "top_k", "min_p")


class MinPFirst(Right):
    order = ("min_p", "temperature", "top_k", "top_p")


class MinPBeforeTopP(Right):
    order = ("temperature", "top_k", "min_p", "top_p")


class MassOfAll(Right):
    """Adds up the probabilities that there were before top-k."""

    def filtered(self, scores: Floats, config: dict[str, Any]) -> Floats:
        self.whole = softmax(scores / config.get("temperature", 1.0))
        return super().filtered(scores, config)

    def top_p(self, scores: Floats, p: float) -> Floats:
        ranked = np.argsort(-scores, kind="stable")
        above = np.concatenate(([0.0], np.cumsum(self.whole[ranked])[:-1]))
        return without(scores, ranked[above >= p])


class TemperatureTwice(Right):
    def temperature(self, scores: Floats, temperature: float) -> Floats:
        return scores / temperature**2


class TemperatureInverse(Right):
    def temperature(self, scores: Floats, temperature: float) -> Floats:
        return scores * temperature


class TopKOneMore(Right):
    def top_k(self, scores: Floats, k: int) -> Floats:
        return super().top_k(scores, k + 1)


class TopKOneLess(Right):
    def top_k(self, scores: Floats, k: int) -> Floats:
        return super().top_k(scores, k - 1)


class TopKExact(Right):
    def top_k(self, scores: Floats, k: int) -> Floats:
        return without(scores, np.argsort(-scores, kind="stable")[k:])


class Ignorant(Right):
    """Knows no filter."""

    def filtered(self, scores: Floats, config: dict[str, Any]) -> Floats:
        return scores / config.get("temperature", 1.0)


class Unnormalised(Right):
    """Inverts the cumulative sum of what the filters left, which does not reach 1."""

    def filtered(self, scores: Floats, config: dict[str, Any]) -> Floats:
        left = super().filtered(scores, config)
        self.mass = np.where(left > -np.inf, softmax(scores / config.get("temperature", 1.0)), 0)
        return left

    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        last = int(np.flatnonzero(self.mass)[-1])
        return np.minimum(np.searchsorted(np.cumsum(self.mass), rng.random(shape)), last)


class ExponentialNoise(Right):
    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        return rng.exponential(size=shape)


class UniformNoise(Right):
    """A bias that no list of mistakes names."""

    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        return 3 * rng.random(size=shape)


class LastTokenLost(Right):
    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        return super().draws(q[:-1] / q[:-1].sum(), rng, shape)


class Greedy(Right):
    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        return np.full(shape, int(np.argmax(q)))


class SameNoiseEveryStep(Right):
    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        return np.broadcast_to(rng.gumbel(size=(*shape[:-2], 1, shape[-1])), shape) if len(shape) > 1 else \
            rng.gumbel(size=shape)


class SameNoiseEveryRow(Right):
    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        if len(shape) == 1:
            return rng.gumbel(size=shape)
        return np.broadcast_to(rng.gumbel(size=(shape[0], 1, *shape[2:])), shape)


class SameNoiseEveryPrompt(Right):
    def noise(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        return np.broadcast_to(rng.gumbel(size=shape[1:]), shape) if len(shape) > 1 else rng.gumbel(size=shape)


class BestRowFirst(Right):
    """Sorts the rows of a prompt by how probable they are, as CTranslate2 does."""

    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        drawn = super().draws(q, rng, shape)
        ranked = np.argsort(-np.log(q)[drawn].sum(axis=-1), axis=1, kind="stable")
        return np.take_along_axis(drawn, ranked[..., None], axis=1)


class RowsOfOthers(Right):
    """Draws the rows of a prompt without replacement."""

    def draws(self, q: Floats, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.intp]:
        if shape[-1] > 1 or shape[1] > q.size:
            return super().draws(q, rng, shape)
        race = np.log(q) + self.noise(rng, (shape[0], q.size))
        return np.argsort(-race, axis=-1)[:, :shape[1], None]


class SameNoiseEveryCall(Right):
    own_seed = 7


class BeamsWithReplacement(Right):
    def beams(self, q: Floats, rng: np.random.Generator) -> list[list[int]]:
        return [[token] for token in sorted(rng.choice(q.size, 2, p=q).tolist(), key=lambda token: -q[token])]


class BeamsByScore(Right):
    """Ranks the four that are drawn by their totals. BEAM-SAMPLE-2."""

    def beams(self, q: Floats, rng: np.random.Generator) -> list[list[int]]:
        drawn = np.argsort(-(np.log(q) + rng.gumbel(size=q.size)))[:4].tolist()
        return [[token] for token in sorted(drawn, key=lambda token: -q[token])[:2]]


class ARowTooFew(Right):
    def decode(self, request: DecodeRequest) -> Any:
        result = super().decode(request)
        if request.config.get("num_return_sequences", 1) > 1 and not request.batch:
            result["sequences"].pop()
        return result
