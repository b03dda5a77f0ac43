"""The facts that a model's own `config.json` states: vocabulary, context length, architecture."""

import json
from dataclasses import dataclass
from pathlib import Path

from genspec.config.plan import Architecture

NESTED = ("text_config", "llm_config", "language_config", "lm_config", "decoder", "thinker_config")
CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx", "max_target_positions")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model. None: its file does not say."""

    vocab_size: int | None = None
    context_length: int | None = None
    architecture: Architecture = "decoder-only"


def read_model_facts(folder: Path) -> ModelFacts:
    """Read the facts beside a generation config; a missing or broken `config.json` states none."""
    try:
        return facts_in((folder / "config.json").read_bytes())
    except OSError:
        return ModelFacts()


def facts_in(data: bytes) -> ModelFacts:
    """Find the facts in the bytes of a `config.json`; what is no config states none."""
    try:
        config = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return ModelFacts()
    return model_facts(config) if isinstance(config, dict) else ModelFacts()


def model_facts(config: dict[str, object]) -> ModelFacts:
    """Find the facts in a model's config, looking into the nested text model where the top says nothing."""
    places = [config, *(part for key in NESTED if isinstance(part := config.get(key), dict))]
    encoder_decoder = config.get("is_encoder_decoder") is True
    return ModelFacts(
        vocab_size=first_count(places, ("vocab_size",)),
        context_length=first_count(places, CONTEXT_KEYS),
        architecture="encoder-decoder" if encoder_decoder else "decoder-only",
    )


def first_count(places: list[dict[str, object]], keys: tuple[str, ...]) -> int | None:
    """Return the first positive integer under any of the keys."""
    for place in places:
        for key in keys:
            value = place.get(key)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    return None
