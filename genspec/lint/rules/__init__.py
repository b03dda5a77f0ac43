"""All rules, by family. Importing this fills `RULES`."""

from genspec.lint.rules import (
    beams,
    calls,
    engine_calls,
    engines,
    folder,
    format,
    length,
    llama_cpp,
    modelfile,
    ollama,
    openai,
    output,
    repetition,
    sampling,
    tgi,
    tokens,
    versions,
    vllm,
)

__all__ = [
    "beams", "calls", "engine_calls", "engines", "folder", "format", "length", "llama_cpp", "modelfile", "ollama",
    "openai", "output", "repetition", "sampling", "tgi", "tokens", "versions", "vllm",
]
