"""LitGPT, `litgpt.generate.base.generate`. Read and run: 0.5.13."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="litgpt",
    title="LitGPT",
    package="litgpt",
    module="litgpt",
    least="0.5",
    newest="0.5.13",
    profile="hf",
    call="litgpt.generate.base.generate",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_returned_tokens", "with the prompt"),
        Option("max_length", "max_returned_tokens"),
        Option("temperature", "temperature", default=1.0, note="0 takes the highest score"),
        Option("top_k", "top_k", "none for 0", note="every token, unless given"),
        Option("top_p", "top_p", default=1.0, off=1.0, least=0.0, greatest=1.0),
        Option("eos_token_id", "eos_id", "one"),
    ),
    greedy={"temperature": 0.0},
)
