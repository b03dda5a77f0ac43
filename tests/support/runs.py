"""Runs of the reference for the pages whose clauses are about fields: what a field changes, and what it does not."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from genspec import GenerationConfig, Rejected
from genspec_reference import GenerateOutput, generate, seeded_noise


def run(config: Mapping[str, Any], model: Any, prompt: Sequence[int] = (1, 2, 0), **call: Any) -> GenerateOutput:
    """Run a config on a scripted model. The noise is always the same."""
    return generate(
        GenerationConfig.from_dict(config), model, prompt, vocab_size=model.vocab_size, noise=seeded_noise(0), **call
    )


def answer(config: Mapping[str, Any], model: Any, prompt: Sequence[int] = (1, 2, 0), **call: Any) -> tuple[Any, ...]:
    """Give all of a run that a field may change: rows, scores, reasons."""
    rows = run(config, model, prompt, **call).rows
    return tuple((row.tokens, row.finish_reason, row.score, row.beam_indices) for row in rows)


def clauses_of_refusal(config: Mapping[str, Any] | str, prompt: Sequence[int] = (1, 2, 0), **call: Any) -> list[str]:
    """Give the clauses by which a config is refused, and see that the model was never asked."""

    def never(*_: object) -> None:
        raise AssertionError("a refused request asked the model")

    with pytest.raises(Rejected) as refused:
        given = GenerationConfig.from_json(config) if isinstance(config, str) else GenerationConfig.from_dict(config)
        generate(given, never, prompt, vocab_size=call.pop("vocab_size", 100), noise=seeded_noise(0), **call)
    return sorted({reason.clause for reason in refused.value.reasons})
