"""All rules, by family. Importing this fills `RULES`."""

from genspec.lint.rules import (
    beams,
    calls,
    engine_calls,
    folder,
    format,
    length,
    llama_cpp,
    ollama,
    output,
    repetition,
    sampling,
    tgi,
    tokens,
    versions,
)

__all__ = [
    "beams", "calls", "engine_calls", "folder", "format", "length", "llama_cpp", "ollama", "output", "repetition",
    "sampling", "tgi", "tokens", "versions",
]
