"""mlx-lm as a decoder: `generate_step` on a checkpoint of the model in the Hugging Face format, in float32.

A row ends at the first EOS id, as in `stream_generate`, which wants a tokenizer of texts besides.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from genspec.backends.checkpoints import Checkpoint
from genspec.backends.engines.engine import Asked, Engine, EngineDecoder, Hypothesis
from genspec.dialects.mlx_lm import DIALECT

SAMPLER = ("temp", "top_p", "min_p", "top_k")
PENALTIES = ("repetition_penalty", "repetition_context_size")


def load(folder: Path, _: Checkpoint) -> Any:
    """Load a model."""
    from mlx_lm.utils import load_model

    return load_model(folder)[0]


def generate(model: Any, asked: Asked) -> Sequence[Sequence[Hypothesis]]:
    """Decode one prompt, as often as rows are drawn."""
    import mlx.core as mx

    rows = []
    for number in range(asked.plan.outputs.num_return_sequences):
        mx.random.seed(((asked.seed or 0) + number) % 2**32)
        rows.append(Hypothesis(tuple(tokens_of(model, asked))))
    return [rows]


def tokens_of(model: Any, asked: Asked) -> Iterator[int]:
    """Decode one row: new tokens, the EOS included."""
    import mlx.core as mx
    from mlx_lm.sample_utils import make_logits_processors, make_sampler

    options = dict(asked.options)
    ends = options.pop("eos_token_ids", ())
    chance = {name: options.pop(name) for name in SAMPLER if name in options}
    penalties = {name: options.pop(name) for name in PENALTIES if name in options}
    sampler = make_sampler(**chance) if asked.plan.draws else make_sampler(temp=0.0)
    # The package's `generate` is a function that hides the module of this name.
    steps = sys.modules["mlx_lm.generate"].generate_step(
        mx.array(asked.prompts[0]), model, sampler=sampler, logits_processors=make_logits_processors(**penalties),
        **options,
    )
    for token, _ in steps:
        yield int(token)
        if int(token) in ends:
            return


class MlxLm(EngineDecoder):
    """Whole calls, and the functions of its sampler alone."""

    def process(self, request: Any) -> Mapping[str, Any]:
        """Apply filters to scores. L0, L1. What they leave keeps its score; temperature divides."""
        import mlx.core as mx
        import numpy as np

        scores = mx.array(np.asarray(request.scores, np.float32))[None]
        for name, arguments in request.operations:
            if name not in OPERATIONS:
                return {"unsupported": f"mlx-lm has no function for {name}"}
            scores = OPERATIONS[name](scores, arguments, request.tokens)
        return {"scores": np.asarray(scores[0], np.float64).tolist()}


def masked(scores: Any, kept: Any) -> Any:
    """Leave the scores that a filter of log-probabilities leaves."""
    import mlx.core as mx

    return mx.where(kept == -mx.inf, -mx.inf, scores)


def log_softmax(scores: Any) -> Any:
    """Normalise. Filters of mlx-lm take log-probabilities."""
    import mlx.core as mx

    return scores - mx.logsumexp(scores, keepdims=True)


def temperature(scores: Any, arguments: Mapping[str, Any], _: Any) -> Any:
    """Divide, as `categorical_sampling` does."""
    return scores * (1 / arguments["temperature"])


def top_k(scores: Any, arguments: Mapping[str, Any], _: Any) -> Any:
    """Keep exactly k."""
    from mlx_lm.sample_utils import apply_top_k

    k, size = max(arguments["k"], arguments.get("min_keep", 1)), scores.shape[-1]
    return scores if not 0 < k < size else masked(scores, apply_top_k(log_softmax(scores), k))


def top_p(scores: Any, arguments: Mapping[str, Any], _: Any) -> Any:
    """Keep the nucleus."""
    from mlx_lm.sample_utils import apply_top_p

    return masked(scores, apply_top_p(log_softmax(scores), arguments["p"]))


def min_p(scores: Any, arguments: Mapping[str, Any], _: Any) -> Any:
    """Keep what is probable beside the best."""
    from mlx_lm.sample_utils import apply_min_p

    return masked(scores, apply_min_p(log_softmax(scores), arguments["p"], arguments.get("min_keep", 1)))


def repetition_penalty(scores: Any, arguments: Mapping[str, Any], tokens: Any) -> Any:
    """Divide or multiply the scores of the last 20 tokens of a row."""
    import mlx.core as mx
    from mlx_lm.sample_utils import make_logits_processors

    (penalty,) = make_logits_processors(repetition_penalty=arguments["penalty"])
    return penalty(mx.array([*tokens]), scores) if tokens else scores


OPERATIONS = {
    "temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p,
    "repetition_penalty": repetition_penalty,
}
"""The functions of its sampler, by the names of genspec."""


def decoder() -> MlxLm:
    """Make the decoder. Raises ImportError that says what to install."""
    more = {"levels": ["L0", "L1", "L3", "L4"], "operations": sorted(OPERATIONS),
            "kinds": ["table", "lines", "attention"]}
    return MlxLm(Engine(DIALECT, "hf", load, generate, more=more))
