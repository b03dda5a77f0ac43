"""Ollama, `PARAMETER` of a Modelfile and `options` of a request. Read: 0.33.0."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="ollama",
    title="Ollama",
    package="ollama",
    module="ollama",
    least="0.5",
    newest="0.33.0",
    profile="llama.cpp",
    call="Modelfile",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "num_predict", default=-1, note="-1: ten times the context at most"),
        Option("temperature", "temperature", default=0.8, note="0 takes the highest score"),
        Option("top_k", "top_k", default=40, off=0),
        Option("top_p", "top_p", default=0.9, off=1.0, least=0.0, greatest=1.0),
        Option("min_p", "min_p", default=0.0, off=0.0, least=0.0, greatest=1.0),
        Option("typical_p", "typical_p", default=1.0, off=1.0),
        Option("repetition_penalty", "repeat_penalty", default=1.0, off=1.0,
               note="over the last `repeat_last_n` tokens, 64 unless given; its default was 1.1 in older releases"),
        Option("stop_strings", "stop", "list of texts"),
    ),
    form="Modelfile",
    greedy={"temperature": 0.0},
)
