"""How engines spell a generation config: one small file an engine, data alone. No engine is imported here."""

from genspec.dialects.dialect import Dialect, Option

__all__ = ["NAMES", "SERVED", "SHORT", "Dialect", "Option", "dialect_named", "module_of"]

NAMES = ("ctranslate2", "keras-hub", "litgpt", "llama.cpp", "mlx-lm", "onnxruntime-genai", "openvino-genai",
         "transformers.js", "vllm")
"""The engines that have a dialect and an adapter, as the command line calls them."""

SERVED = ("sglang", "tgi", "ollama", "openai")
"""Servers whose words are known, and that no adapter starts."""

SHORT = {"openvino": "openvino-genai"}
"""Other names of engines, by which people call them."""


def dialect_named(name: str) -> Dialect:
    """Return the dialect of an engine, also by a short name. Raises ValueError that names the known ones."""
    from importlib import import_module

    name = SHORT.get(name, name)
    if name not in (*NAMES, *SERVED):
        raise ValueError(f"no dialect is called {name!r}; known: {', '.join((*NAMES, *SERVED))}")
    dialect: Dialect = import_module(f"genspec.dialects.{module_of(name)}").DIALECT
    return dialect


def module_of(name: str) -> str:
    """Return what the modules of an engine are called, here and among the adapters."""
    return name.replace("-", "_").replace(".", "_")
