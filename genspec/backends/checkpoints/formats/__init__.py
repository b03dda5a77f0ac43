"""The formats of checkpoints, one a module: `write(checkpoint, folder)`. What a format needs is imported there."""

from collections.abc import Mapping
from dataclasses import dataclass


class NotWritten(Exception):
    """Why there is no checkpoint, and what to do."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a format needs, what it holds, and how an engine loads it."""

    packages: tuple[str, ...]           # to import
    extra: str                          # of genspec, which installs them
    decoder_only: str                   # what loads such a model, with the folder as {folder}
    encoder_decoder: str = ""           # the same, where the format holds one
    refuses: str = ""                   # why it holds no encoder-decoder
    without_eos: str = ""               # why a model needs an EOS
    most_eos: int | None = None         # how many ids that end a row it can name

    def load_line(self, kind: str, folder: str) -> str:
        """Return how to load a model of a kind; empty where the format holds none."""
        line = self.encoder_decoder if kind == "encoder-decoder" else self.decoder_only
        return line.format(folder=repr(folder))


TRANSFORMERS = ("torch", "transformers", "safetensors")

TABLE: Mapping[str, Format] = {
    "hf": Format(
        ("safetensors",), "checkpoints",
        "transformers.AutoModelForCausalLM.from_pretrained({folder})",
        "transformers.AutoModelForSeq2SeqLM.from_pretrained({folder})",
    ),
    "gguf": Format(
        ("gguf",), "checkpoints",
        "llama-server -m {folder}/model.gguf -fa off -ctk f32 -ctv f32",
        refuses="llama.cpp has no BART",
        most_eos=3,
    ),
    "onnx": Format(
        (*TRANSFORMERS, "onnx", "onnx_ir", "onnxruntime_genai"), "checkpoints-onnx",
        "onnxruntime_genai.Model({folder})",
        refuses="the builder of onnxruntime-genai has no BART",
        without_eos="the builder of onnxruntime-genai asks for one",
    ),
    "ctranslate2": Format(
        (*TRANSFORMERS, "ctranslate2"), "checkpoints-ctranslate2",
        "ctranslate2.Generator({folder}, compute_type='float32')",
        "ctranslate2.Translator({folder}, compute_type='float32')",
        without_eos="CTranslate2 ends rows at token 0 when there is none",
    ),
    "openvino": Format(
        (*TRANSFORMERS, "optimum.intel", "openvino"), "checkpoints-openvino",
        "openvino_genai.LLMPipeline({folder}, 'CPU', INFERENCE_PRECISION_HINT='f32', KV_CACHE_PRECISION='f32')",
        refuses="LLMPipeline of openvino-genai runs decoder-only models",
        without_eos="LLMPipeline of openvino-genai does not run without one",
    ),
}
