"""A file as the linter holds it: its value, what is wrong with its text, and where everything stands."""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from genspec.lint.finding import Edit, Pointer, Span


class ProblemKind(StrEnum):
    """What can be wrong with a file before its keys are looked at."""

    UNREADABLE = "unreadable"           # no permission, a directory, a broken or circular link, gone
    TOO_LARGE = "too-large"             # more bytes than a generation config can sensibly have
    LFS_POINTER = "lfs-pointer"         # Git LFS left its pointer instead of the file
    ENCODING = "encoding"               # not UTF-8, or with a byte order mark
    SYNTAX = "syntax"                   # not JSON: empty, HTML, a missing comma, ...
    TOO_DEEP = "too-deep"               # brackets nested deeper than any config
    DUPLICATE_KEY = "duplicate-key"
    NOT_FINITE = "not-finite"           # NaN, Infinity, 1e400
    NUMBER_TOO_LONG = "number-too-long"  # an integer of thousands of digits


class Problem(NamedTuple):
    """One fault of the text itself."""

    kind: ProblemKind
    message: str
    span: Span = Span()
    pointer: Pointer = ()


class Source(StrEnum):
    """A kind of place where generation settings live. A rule says for which of them it speaks."""

    GENERATION_CONFIG = "generation_config.json"
    MODEL_FOLDER = "model folder"                       # the files of a model, seen together
    GENERATE_CALL = "call of generate"                  # of a model of transformers
    CONFIG_CALL = "GenerationConfig(...)"
    ASSIGNMENT = "generation_config.field = ..."
    PIPELINE_CALL = "call of pipeline"
    SECTION = "settings in another program's file"      # in the words of transformers
    VLLM_PARAMS = "vLLM sampling parameters"            # of SamplingParams
    VLLM_OVERRIDE = "vLLM override of the generation config"    # in the words of transformers, read by vLLM
    VLLM_ARGS = "vLLM engine arguments"                 # of `vllm serve` and of LLM(...)
    OPENAI_PAYLOAD = "request of the OpenAI API"
    LITELLM_CALL = "call of LiteLLM"                    # which hands the options on in each provider's own words
    OLLAMA_MODELFILE = "Modelfile"
    OLLAMA_OPTIONS = "options of an Ollama request"
    LLAMA_CPP_FLAGS = "llama.cpp flags"
    LLAMA_CPP_PARAMS = "llama.cpp parameters"           # of a request
    LLAMA_CPP_CALL = "completion of llama-cpp-python"
    LLAMA_CPP_CHAT = "chat completion of llama-cpp-python"
    GGUF = "GGUF file"
    TGI_ARGS = "TGI launcher arguments"
    TGI_PARAMS = "TGI parameters"
    SGLANG_ARGS = "SGLang server arguments"
    SGLANG_PARAMS = "SGLang sampling parameters"
    CTRANSLATE2_OPTIONS = "CTranslate2 options"
    GENAI_CONFIG = "genai_config.json"                  # of onnxruntime-genai
    OPENVINO_OPTIONS = "OpenVINO GenAI options"
    MLX_OPTIONS = "mlx-lm options"                      # of make_sampler
    MLX_CALL = "call of mlx_lm.generate"


ENGINE_OF = {
    Source.VLLM_PARAMS: "vllm", Source.VLLM_OVERRIDE: "vllm", Source.VLLM_ARGS: "vllm",
    Source.OPENAI_PAYLOAD: "openai", Source.LITELLM_CALL: "openai",
    Source.OLLAMA_MODELFILE: "ollama", Source.OLLAMA_OPTIONS: "ollama",
    Source.LLAMA_CPP_FLAGS: "llama.cpp", Source.LLAMA_CPP_PARAMS: "llama.cpp",
    Source.LLAMA_CPP_CALL: "llama.cpp", Source.LLAMA_CPP_CHAT: "llama.cpp", Source.GGUF: "llama.cpp",
    Source.TGI_ARGS: "tgi", Source.TGI_PARAMS: "tgi",
    Source.SGLANG_ARGS: "sglang", Source.SGLANG_PARAMS: "sglang",
    Source.CTRANSLATE2_OPTIONS: "ctranslate2",
    Source.GENAI_CONFIG: "onnxruntime-genai",
    Source.OPENVINO_OPTIONS: "openvino-genai",
    Source.MLX_OPTIONS: "mlx-lm", Source.MLX_CALL: "mlx-lm",
}
"""The engine in whose own words a place is written, as dialects call it. A place without one is in the words of
transformers, which other engines read too: it is held against every target that the user names."""


class Place(NamedTuple):
    """One set of generation settings inside a document."""

    source: Source
    values: dict[str, object]               # what is known, by key, as whoever reads the place spells it
    at: Pointer = ()                        # where it stands
    unknown: frozenset[str] = frozenset()   # keys that are set to what nobody knows without running the program
    open: bool = False                      # whether more may be set where nobody sees it: `**options`, another file
    whole: bool = True                      # whether all arguments of the call are seen
    decoder_only: bool | None = None        # whether the model is; None: nobody knows


class Comment(NamedTuple):
    """A comment that silences the findings of one line."""

    line: int                       # that it silences: its own, or the next one when nothing else stands on its own
    codes: tuple[str, ...]          # codes and prefixes; empty: all
    span: Span                      # of the comment
    place: Span | None = None       # what it silences, where a line of the file holds several of the program


class Document(NamedTuple):
    """A file that was read.

    ``value`` is the JSON value, with everything that could be recovered when the text is broken (of two equal keys
    the last one, as JSON parsers do), or None when there was nothing. ``locate`` maps a pointer to its span, of the
    key alone or of the whole member. ``places`` are the settings in a file that is not itself a set of them, as a
    program; None stands for a file that is, whose kind is then told by its keys. ``rewrite`` makes
    the text after an edit, or None where it cannot; it is not needed for JSON. ``comments`` are those
    that silence findings.
    """

    path: str
    text: str
    value: object
    problems: tuple[Problem, ...]
    locate: Callable[[Pointer, bool], Span]
    places: tuple[Place, ...] | None = None
    rewrite: Callable[[Edit], str | None] | None = None
    comments: tuple[Comment, ...] = ()

    @property
    def is_fixable(self) -> bool:
        """Tell whether any edit can be made: not of broken JSON, and not of what is only read."""
        return not self.problems if self.rewrite is None else self.rewrite is not untouched


def untouched(edit: Edit) -> None:
    """Make no text: the `rewrite` of files that are read and never changed, as notebooks."""
