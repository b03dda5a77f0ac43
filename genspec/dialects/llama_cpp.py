"""llama.cpp, the JSON of its server's `/completion`. Read: 0c1e570; run: xllamacpp 2026.10, the server as a library."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="llama.cpp",
    title="llama.cpp",
    package="xllamacpp",
    module="xllamacpp",
    least="2026.10",
    newest="2026.10.11549",
    profile="llama.cpp",
    call="POST /completion",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "n_predict", default=-1, note="-1: until the context is full"),
        Option("max_length", "n_predict", "less the prompt"),
        Option("temperature", "temperature", default=0.8, note="0 takes the highest score"),
        Option("top_k", "top_k", default=40, off=0),
        Option("top_p", "top_p", default=0.95, off=1.0),
        Option("min_p", "min_p", default=0.05, off=0.0),
        Option("typical_p", "typical_p", default=1.0, off=1.0),
        Option("repetition_penalty", "repeat_penalty", default=1.0, off=1.0,
               note="over the last `repeat_last_n` tokens, 64 unless given"),
        Option("eos_token_id", "eos_token_id", "list", note="of the model's file, with the ends of turn and message"),
    ),
    greedy={"temperature": 0.0},
    always={
        "presence_penalty": 0.0, "frequency_penalty": 0.0, "dry_multiplier": 0.0, "xtc_probability": 0.0,
        "mirostat": 0, "top_n_sigma": -1.0, "repeat_last_n": 64,
    },
)
