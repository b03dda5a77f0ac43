"""Record what transformers 4.46.3 does in contrastive search and DoLa, on models that are integer arithmetic.

Run it where transformers 4.46.3 and what genspec needs are installed, and genspec and its reference on the path:

    PYTHONPATH=.:reference python tests/reference/recorded/record_modes.py

It writes transformers-4.46.3-modes.json beside itself. The cases come from a fixed seed, so that two runs agree.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from genspec.backends.transformers.model import ScriptedModel
from genspec.backends.transformers.pool import playing
from genspec_reference.layered import Layered

VERSION = "4.46.3"
TARGET = Path(__file__).with_name(f"transformers-{VERSION}-modes.json")


def generated(model: Layered, shows: str, prompt: list[list[int]], config: dict[str, Any]) -> dict[str, Any]:
    """Run `generate`; the rows and the scores of each step, or the exception.

    `shows`: "states", the layers show their hidden states, for contrastive search; "logits", their logits, for DoLa.
    """
    rows = torch.tensor(prompt)
    given = {"use_cache": shows == "states", "return_dict_in_generate": True, "output_scores": True, **config}
    try:
        with torch.no_grad():
            output = layered_model(model, shows).generate(rows, attention_mask=torch.ones_like(rows), **given)
    except (RuntimeError, ValueError) as error:
        return {"raises": type(error).__name__}
    return {
        "sequences": output.sequences.tolist(),
        "scores": [[[written(number) for number in row] for row in step.tolist()] for step in output.scores],
    }


def layered_model(model: Layered, shows: str) -> ScriptedModel:
    wrapped = playing("decoder-only", model)
    wrapped.config.tie_word_embeddings, wrapped.shows_layer_logits = model.tied, shows == "logits"
    return wrapped


def written(number: float) -> float | str:
    """Nine digits tell any two numbers of float32 apart."""
    return float(f"{number:.9g}") if np.isfinite(number) else str(number)


def contrastive_cases(draw: random.Random) -> Any:
    for _ in range(220):
        size = draw.choice((3, 5, 8, 13))
        eos = draw.sample(range(size), draw.choice((0, 1, 1, 2)))
        model = {"seed": draw.randrange(2**32), "vocab_size": size, "eos": eos, "layers": 1,
                 "width": draw.choice((1, 2, 3, 6)), "tied": False}
        config: dict[str, Any] = {
            "max_new_tokens": draw.randint(1, 7), "penalty_alpha": draw.choice((0.125, 0.3, 0.5, 0.6, 0.9, 1.0)),
            "top_k": draw.randint(2, size),
        } | ({"eos_token_id": eos} if eos else {})
        if draw.random() < 0.3:
            config["repetition_penalty"] = draw.choice((0.8, 1.5))
        if draw.random() < 0.25:
            config["no_repeat_ngram_size"] = draw.choice((1, 2))
        if draw.random() < 0.25:
            config["bad_words_ids"] = [[draw.randrange(size)]]
        if eos and draw.random() < 0.3:
            config["min_new_tokens"] = draw.randint(1, 3)
        yield "states", model, [prompt_of(draw, size)], config
    model = {"seed": 1, "vocab_size": 3, "eos": [], "layers": 1, "width": 2, "tied": False}
    yield "states", model, [[0, 1]], {"max_new_tokens": 2, "penalty_alpha": 0.5, "top_k": 4}


def dola_cases(draw: random.Random) -> Any:
    for number in range(220):
        size = draw.choice((2, 3, 5, 8, 13))
        eos = draw.sample(range(size), draw.choice((0, 1, 1, 2)))
        layers = draw.choice((1, 2, 3, 4, 5, 6, 7, 9)) if number % 10 else draw.choice((39, 40, 41, 44))
        model = {"seed": draw.randrange(2**32), "vocab_size": size, "eos": eos, "layers": layers, "width": 1,
                 "tied": draw.random() < 0.4}
        named: Any = draw.choice(("low", "high", "low", "high", None))
        named = named or [draw.randrange(layers + 1) for _ in range(draw.randint(1, 4))]
        config: dict[str, Any] = {"max_new_tokens": draw.randint(1, 6), "dola_layers": named} | (
            {"eos_token_id": eos} if eos else {})
        if draw.random() < 0.4:
            config["repetition_penalty"] = draw.choice((0.8, 1.2))
        if draw.random() < 0.2:
            config["no_repeat_ngram_size"] = 2
        yield "logits", model, [prompt_of(draw, size)], config
    for _ in range(20):
        size = draw.choice((3, 5))
        model = {"seed": draw.randrange(2**32), "vocab_size": size, "eos": [], "layers": 6, "width": 1, "tied": False}
        config = {"max_new_tokens": 1, "dola_layers": draw.choice(("low", "high"))}
        prompts = [[draw.randrange(size) for _ in range(2)] for _ in range(2)]
        yield "logits", model, prompts, config


def prompt_of(draw: random.Random, size: int) -> list[int]:
    return [draw.randrange(size) for _ in range(draw.randint(1, 5))]


def main() -> None:
    assert transformers.__version__ == VERSION, transformers.__version__
    transformers.logging.set_verbosity_error()
    draw, cases = random.Random(463), []
    for shows, model, prompts, config in (*contrastive_cases(draw), *dola_cases(draw)):
        layered = Layered(**{**model, "eos": tuple(model["eos"])})
        result = generated(layered, shows, prompts, {"pad_token_id": 0, "bos_token_id": None, **config})
        cases.append({"model": model, "prompts": prompts, "config": config, **result})
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    made_with = {"transformers": transformers.__version__, "torch": torch.__version__}
    TARGET.write_text(f'{{"made_with":{json.dumps(made_with)},"cases":[\n{lines}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
