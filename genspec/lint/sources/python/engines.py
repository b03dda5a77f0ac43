"""Which calls configure an engine other than transformers, and where in the call its settings stand.

A call counts only where the module imports the engine, and its receiver, if it can be told where that comes from, comes
from there. Method names that hardly anything else has stand for themselves.
"""

import ast
from collections.abc import Mapping
from typing import NamedTuple

from genspec.lint.sources.document import Source
from genspec.lint.sources.python.calls import origin_of, roots
from genspec.lint.sources.python.values import Names


class Way(NamedTuple):
    """How a call gives settings."""

    source: Source
    under: str = ""                 # the argument whose dict holds them; empty: they are arguments themselves
    place: int | None = None        # of that argument, when it is given by its place
    merged: str = ""                # an argument whose dict is sent along with the others
    ordered: tuple[str, ...] = ()   # arguments that may be given by their places, whose values are then not looked at
    open: bool = False              # whether the model's own config is added
    aliases: Mapping[str, str] = {}     # arguments that the engine gets under another name


OPENAI = Way(Source.OPENAI_PAYLOAD, merged="extra_body")
RESPONSES = Way(
    Source.OPENAI_PAYLOAD, merged="extra_body", aliases={"max_output_tokens": "max_completion_tokens"})
OLLAMA = Way(Source.OLLAMA_OPTIONS, under="options")
LLAMA_CPP = Way(Source.LLAMA_CPP_CALL, ordered=("prompt", "suffix", "max_tokens", "temperature", "top_p"))
CTRANSLATE2 = Way(Source.CTRANSLATE2_OPTIONS)
OPENVINO = Way(Source.OPENVINO_OPTIONS, open=True)
TGI = Way(Source.TGI_PARAMS, aliases={"stop_sequences": "stop"})
MLX_CALL = Way(Source.MLX_CALL)

FUNCTIONS: Mapping[tuple[str, str], Way] = {
    ("vllm", "SamplingParams"): Way(
        Source.VLLM_PARAMS,
        ordered=("n", "presence_penalty", "frequency_penalty", "repetition_penalty", "temperature", "top_p", "top_k"),
    ),
    ("vllm", "LLM"): Way(Source.VLLM_ARGS),
    ("vllm", "EngineArgs"): Way(Source.VLLM_ARGS),
    ("vllm", "AsyncEngineArgs"): Way(Source.VLLM_ARGS),
    ("sglang", "Engine"): Way(Source.SGLANG_ARGS),
    ("ollama", "chat"): OLLAMA,
    ("ollama", "generate"): OLLAMA,
    ("litellm", "completion"): Way(Source.LITELLM_CALL),
    ("litellm", "acompletion"): Way(Source.LITELLM_CALL),
    ("litellm", "text_completion"): Way(Source.LITELLM_CALL),
    ("openvino_genai", "GenerationConfig"): Way(Source.OPENVINO_OPTIONS),
    ("mlx_lm", "make_sampler"): Way(
        Source.MLX_OPTIONS, ordered=("temp", "top_p", "min_p", "min_tokens_to_keep", "top_k"),
    ),
    ("mlx_lm", "generate"): MLX_CALL,
    ("mlx_lm", "stream_generate"): MLX_CALL,
}
"""Functions and classes, by the package that they come from and their name."""

METHODS: Mapping[tuple[str, str, str], Way] = {
    ("ollama", "Client", "chat"): OLLAMA,
    ("ollama", "Client", "generate"): OLLAMA,
    ("ollama", "AsyncClient", "chat"): OLLAMA,
    ("ollama", "AsyncClient", "generate"): OLLAMA,
    ("sglang", "Engine", "generate"): Way(Source.SGLANG_PARAMS, under="sampling_params", place=1),
    ("sglang", "Engine", "async_generate"): Way(Source.SGLANG_PARAMS, under="sampling_params", place=1),
    ("llama_cpp", "Llama", ""): LLAMA_CPP,
    ("openvino_genai", "LLMPipeline", ""): OPENVINO,
    ("openvino_genai", "LLMPipeline", "generate"): OPENVINO,
    ("openvino_genai", "VLMPipeline", ""): OPENVINO,
    ("openvino_genai", "VLMPipeline", "generate"): OPENVINO,
}
"""Methods of what a class of a package makes; the object itself is called where the last name is empty."""

SPEAKING: Mapping[tuple[str, str], Way] = {
    ("openai", "chat.completions.create"): OPENAI,
    ("openai", "chat.completions.parse"): OPENAI,
    ("openai", "completions.create"): OPENAI,
    ("openai", "ChatCompletion.create"): OPENAI,        # before 1.0
    ("openai", "ChatCompletion.acreate"): OPENAI,
    ("openai", "Completion.create"): OPENAI,
    ("openai", "responses.create"): RESPONSES,
    ("openai", "responses.parse"): RESPONSES,
    ("llama_cpp", "create_completion"): LLAMA_CPP,
    ("llama_cpp", "create_chat_completion"): Way(Source.LLAMA_CPP_CHAT),
    ("ctranslate2", "generate_batch"): CTRANSLATE2,
    ("ctranslate2", "translate_batch"): CTRANSLATE2,
    ("onnxruntime_genai", "set_search_options"): Way(Source.GENAI_CONFIG, open=True),
    ("huggingface_hub", "text_generation"): TGI,
    ("text_generation", "generate"): TGI,
    ("text_generation", "generate_stream"): TGI,
}
"""Methods that hardly anything but the package has, by the end of what is called."""


def way_of(call: ast.Call, imports: Mapping[str, str], names: Names) -> Way | None:
    """Tell how a call gives settings of an engine, or None when it does not."""
    origin = origin_of(call.func, imports)
    root, _, rest = origin.partition(".")
    known = FUNCTIONS.get((root, origin.rpartition(".")[2])) if rest else None
    if known is not None and root in roots(imports):
        return known
    receiver, method = parts_of(call.func)
    maker = maker_of(receiver, imports, names)
    if maker is not None and (way := METHODS.get((*maker, method))):
        return way
    return speaking(origin, maker, roots(imports))


def parts_of(callee: ast.expr) -> tuple[ast.expr, str]:
    """Return the receiver and the method of what is called; an object that is itself called has none."""
    return (callee.value, callee.attr) if isinstance(callee, ast.Attribute) else (callee, "")


def maker_of(node: ast.expr, imports: Mapping[str, str], names: Names) -> tuple[str, str] | None:
    """Return the package and the class of the call that made an object, or None where nobody knows."""
    while isinstance(node, ast.Attribute):
        node = node.value
    made = names(node.id) if isinstance(node, ast.Name) else node
    if not isinstance(made, ast.Call):
        return None
    origin = origin_of(made.func, imports)
    root, _, rest = origin.partition(".")
    if rest in ("Llama.from_pretrained",):
        return root, "Llama"
    return (root, origin.rpartition(".")[2]) if rest else None


def speaking(origin: str, maker: tuple[str, str] | None, imported: set[str]) -> Way | None:
    """Look for a method that stands for itself."""
    for (package, ending), way in SPEAKING.items():
        if package in imported and origin.endswith(f".{ending}"):
            return way if maker is None or maker[0] == package else None
    return None


def sets_openvino(receiver: ast.expr, imports: Mapping[str, str], names: Names) -> bool:
    """Tell whether an object whose attributes are set is a generation config of OpenVINO GenAI."""
    made = names(receiver.id) if isinstance(receiver, ast.Name) else None
    if not isinstance(made, ast.Call) or "openvino_genai" not in roots(imports):
        return False
    origin = origin_of(made.func, imports)
    return origin.endswith(".get_generation_config") or origin == "openvino_genai.GenerationConfig"
