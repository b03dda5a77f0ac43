"""Modules that look like engines and answer by the reference, for tests of the adapters without the engines.

Each has the part of an engine's API that its adapter uses, and reads checkpoints in the format of transformers.
"""

import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from genspec import GenerationConfig
from genspec.backends.checkpoints import checkpoint_of, model_of
from genspec.dialects import dialect_named
from genspec_reference import generate
from support import fake_loops

keras_hub, litgpt, module = fake_loops.keras_hub, fake_loops.litgpt, fake_loops.module
"""Those of engines that read no checkpoint, and what makes a module."""


MEANT = ("length_penalty", "early_stopping", "decoder_start_token_id")
"""Fields that 0 does not switch off."""


def decoded(engine: str, folder: str | Path, prompt: list[int], config: dict[str, Any], **more: Any) -> Any:
    """Give the rows of the reference under the profile of an engine. What is None, or off, is not set."""
    said = {name: value for name, value in config.items()
            if value not in (None, []) and (value != 0 or name in MEANT)}
    return generate(GenerationConfig.from_dict(said), model_of(folder), prompt,
                    profile=dialect_named(engine).profile, **more).rows


class Generator:
    """`ctranslate2.Generator`."""

    def __init__(self, folder: str, **options: Any) -> None:
        self.folder = folder

    def generate_batch(self, prompts: list[list[str]], **options: Any) -> list[Any]:
        config = self.config(options["max_length"], options["min_length"], options)
        found = [decoded("ctranslate2", self.folder, ids(prompt), config) for prompt in prompts]
        return [SimpleNamespace(sequences_ids=[[*row.new_tokens] for row in rows], scores=scores(rows))
                for rows in found]

    def config(self, most: int, least: int, options: dict[str, Any]) -> dict[str, Any]:
        beams = options.get("beam_size", 1)
        penalty = {"length_penalty": options["length_penalty"]} if beams > 1 else {}
        return {
            "max_new_tokens": most, "min_new_tokens": least, "num_beams": beams,
            "num_return_sequences": options.get("num_hypotheses", 1),
            "early_stopping": {1.0: True}.get(options.get("patience", 1.0), "never"),
            "eos_token_id": options["end_token"], "repetition_penalty": options["repetition_penalty"],
            "no_repeat_ngram_size": options["no_repeat_ngram_size"],
            "bad_words_ids": [ids(words) for words in options.get("suppress_sequences", ())], **penalty,
        }


class Translator(Generator):
    """`ctranslate2.Translator`."""

    def translate_batch(self, sources: list[list[str]], prefixes: list[list[str]], **options: Any) -> list[Any]:
        config = self.config(options["max_decoding_length"], options["min_decoding_length"], options)
        found = [decoded("ctranslate2", self.folder, [], config | {"decoder_start_token_id": start}, source=ids(source))
                 for source, (start,) in zip(sources, map(ids, prefixes), strict=True)]
        return [SimpleNamespace(hypotheses=[[f"<{token}>" for token in row.new_tokens] for row in rows],
                                scores=scores(rows)) for rows in found]


def scores(rows: Any) -> list[float]:
    return [-1.0 if row.score is None else row.score for row in rows]


def ids(texts: list[str]) -> list[int]:
    return [int(text[1:-1]) for text in texts]


def ctranslate2() -> dict[str, ModuleType]:
    """Give the modules of CTranslate2."""
    return {"ctranslate2": module("ctranslate2", Generator=Generator, Translator=Translator,
                                  set_random_seed=lambda seed: None)}


class Server:
    """`xllamacpp.Server`."""

    def __init__(self, settings: Any) -> None:
        self.folder = str(Path(settings.model.path).parent)

    def handle_completions(self, asked: dict[str, Any]) -> dict[str, Any]:
        if "logit_bias" in asked:
            return told("top_probs", [{"id": token, "prob": p} for token, p in enumerate(self.left(asked)) if p])
        ends = checkpoint_of(self.folder).eos
        row, = decoded("llama.cpp", self.folder, asked["prompt"], {
            "max_new_tokens": asked["n_predict"], "eos_token_id": [*ends],
            "repetition_penalty": asked["repeat_penalty"],
        })
        return told("top_logprobs", *[[{"id": token}] for token in row.new_tokens])

    def left(self, asked: dict[str, Any]) -> Any:
        """Run the part of the chain that the tests ask for."""
        scores = np.array([-np.inf if bias is False else bias for _, bias in asked["logit_bias"]])
        if asked["top_k"]:
            scores[np.argsort(-scores, kind="stable")[asked["top_k"]:]] = -np.inf
        weights = np.exp(scores / asked["temperature"])
        return (weights / weights.sum()).tolist()


def told(name: str, *steps: list[dict[str, Any]]) -> dict[str, Any]:
    content = [{"id": step[0]["id"], name: step} for step in steps]
    return {"choices": [{"logprobs": {"content": content}}]}


def llama_cpp() -> dict[str, ModuleType]:
    """Give the module of xllamacpp."""
    kinds = SimpleNamespace(GGML_TYPE_F32=0, LLAMA_FLASH_ATTN_TYPE_DISABLED=0)

    def settings() -> Any:
        return SimpleNamespace(model=SimpleNamespace(path=""), cpuparams=SimpleNamespace(),
                               cpuparams_batch=SimpleNamespace())

    return {"xllamacpp": module("xllamacpp", Server=Server, CommonParams=settings, ggml_type=kinds,
                                llama_flash_attn_type=kinds)}


class OnnxModel:
    """`onnxruntime_genai.Model`."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.ends = json.loads((Path(self.folder) / "genai_config.json").read_text())["model"]["eos_token_id"]


class OnnxParams:
    """`onnxruntime_genai.GeneratorParams`."""

    def __init__(self, model: OnnxModel) -> None:
        self.options: dict[str, Any] = {}

    def set_search_options(self, **options: Any) -> None:
        self.options = options


class OnnxGenerator:
    """`onnxruntime_genai.Generator`: rows come back without their EOS."""

    def __init__(self, model: OnnxModel, settings: OnnxParams) -> None:
        self.model, self.options = model, settings.options
        self.rows: Any = None

    def append_tokens(self, prompt: list[int]) -> None:
        self.prompt = prompt

    def is_done(self) -> bool:
        return self.rows is not None

    def generate_next_token(self) -> None:
        given, beams = self.options, self.options.get("num_beams", 1)
        config = {name: given.get(name) for name in (
            "max_length", "min_length", "num_beams", "num_return_sequences", "repetition_penalty",
            "no_repeat_ngram_size")}
        config |= {name: given[name] for name in ("length_penalty", "early_stopping") if name in given and beams > 1}
        self.rows = decoded("onnxruntime-genai", self.model.folder, self.prompt,
                            config | {"eos_token_id": self.model.ends})

    def get_sequence(self, number: int) -> Any:
        row = self.rows[number].tokens
        return np.array(row[:-1] if row[-1] in self.model.ends and len(row) > len(self.prompt) else row)


def onnxruntime_genai() -> dict[str, ModuleType]:
    """Give the module of onnxruntime-genai."""
    return {"onnxruntime_genai": module("onnxruntime_genai", Model=OnnxModel, GeneratorParams=OnnxParams,
                                        Generator=OnnxGenerator)}


class LLMPipeline:
    """`openvino_genai.LLMPipeline`."""

    def __init__(self, folder: str, device: str, **options: Any) -> None:
        self.folder = folder

    def generate(self, batch: Any, config: Any) -> Any:
        given = vars(config)
        beams = given.get("num_beams", 1)
        wanted = {name: given.get(name) for name in (
            "max_new_tokens", "min_new_tokens", "num_beams", "num_return_sequences", "repetition_penalty",
            "no_repeat_ngram_size", "num_beam_groups", "diversity_penalty")}
        size = checkpoint_of(self.folder).vocab_size
        wanted["eos_token_id"] = sorted(end for end in given["stop_token_ids"] if end < size)
        if beams > 1:
            wanted["length_penalty"] = given["length_penalty"]
            wanted["early_stopping"] = {"EARLY": True, "NEVER": "never"}.get(given.get("stop_criteria"), False)
        rows = [row for ids, mask in zip(batch.ids, batch.mask, strict=True)
                for row in decoded("openvino-genai", self.folder, ids[mask == 1].tolist(), wanted)]
        return SimpleNamespace(tokens=[[*row.new_tokens] for row in rows], scores=[row.score for row in rows])


def openvino_genai() -> dict[str, ModuleType]:
    """Give the modules of OpenVINO."""
    return {
        "openvino": module("openvino", Tensor=lambda array: array),
        "openvino_genai": module(
            "openvino_genai", LLMPipeline=LLMPipeline, GenerationConfig=SimpleNamespace,
            TokenizedInputs=lambda ids, mask: SimpleNamespace(ids=ids, mask=mask),
            StopCriteria=SimpleNamespace(EARLY="EARLY", HEURISTIC="HEURISTIC", NEVER="NEVER"),
        ),
    }


def generate_step(prompt: Any, model: str, *, max_tokens: int, sampler: Any, logits_processors: Any) -> Any:
    """`mlx_lm.generate_step`: it knows no EOS, and goes on until nobody asks for more."""
    assert sampler == {"temp": 0.0}
    config = {"max_new_tokens": max_tokens, **{name: value for name, value in logits_processors.items()
                                               if name == "repetition_penalty" and value != 1.0}}
    row, = decoded("mlx-lm", model, prompt.tolist(), config)
    yield from ((token, None) for token in row.new_tokens)


def mlx_lm() -> dict[str, ModuleType]:
    """Give the modules of MLX and mlx-lm."""
    core = module("mlx.core", array=np.array, random=SimpleNamespace(seed=lambda seed: None))
    return {
        "mlx": module("mlx", core=core), "mlx.core": core, "mlx_lm": module("mlx_lm"),
        "mlx_lm.generate": module("mlx_lm.generate", generate_step=generate_step),
        "mlx_lm.utils": module("mlx_lm.utils", load_model=lambda folder: (str(folder),)),
        "mlx_lm.sample_utils": module("mlx_lm.sample_utils", make_sampler=lambda **options: options,
                                      make_logits_processors=lambda **options: options),
    }
