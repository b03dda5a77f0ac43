"""The formats of checkpoints, one a module: `write(checkpoint, folder)`. What a format needs is imported there."""

from dataclasses import dataclass

DECODER_ONLY = ("bigram", "history")


@dataclass(frozen=True, slots=True)
class Format:
    """What a format needs, what it holds, and how an engine loads it."""

    packages: tuple[str, ...]           # to import
    extra: str                          # of genspec, which installs them
    load: str                           # Python, with the folder as {folder}
    kinds: tuple[str, ...] = DECODER_ONLY
    refuses: str = ""                   # why it holds no other kind


TABLE = {
    "hf": Format(
        ("safetensors",), "checkpoints",
        "transformers.AutoModelForCausalLM.from_pretrained({folder!r})",
        kinds=(*DECODER_ONLY, "encoder-decoder"),
    ),
    "gguf": Format(
        ("gguf",), "checkpoints",
        "llama_cpp.Llama({folder!r} + '/model.gguf', logits_all=True, type_k=0, type_v=0)",
        refuses="llama.cpp has no BART",
    ),
    "onnx": Format(
        ("torch", "transformers", "safetensors", "onnx", "onnxruntime_genai"), "checkpoints-onnx",
        "onnxruntime_genai.Model({folder!r})",
        refuses="the builder of onnxruntime-genai has no BART",
    ),
    "ctranslate2": Format(
        ("torch", "transformers", "safetensors", "ctranslate2"), "checkpoints-ctranslate2",
        "ctranslate2.Generator({folder!r}, compute_type='float32')",
        kinds=(*DECODER_ONLY, "encoder-decoder"),
    ),
    "openvino": Format(
        ("torch", "transformers", "safetensors", "optimum.intel", "openvino"), "checkpoints-openvino",
        "openvino_genai.LLMPipeline({folder!r}, 'CPU', INFERENCE_PRECISION_HINT='f32')",
        refuses="LLMPipeline of openvino-genai runs decoder-only models",
    ),
}
