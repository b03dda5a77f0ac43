"""vLLM, `SamplingParams`. Read: 0.33.0."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="vllm",
    title="vLLM",
    package="vllm",
    module="vllm",
    least="0.10",
    newest="0.33.0",
    profile="vllm",
    call="vllm.SamplingParams",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_tokens", default=16, least=1),
        Option("min_new_tokens", "min_tokens", default=0, off=0, least=0),
        Option("temperature", "temperature", default=1.0, least=0.01, note="0 takes the highest score"),
        Option("top_k", "top_k", default=0, off=0, least=-1, note="-1 is off, too"),
        Option("top_p", "top_p", default=1.0, off=1.0, least=1e-9, greatest=1.0),
        Option("min_p", "min_p", default=0.0, off=0.0, least=0.0, greatest=1.0),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0, least=1e-9),
        Option("num_return_sequences", "n", default=1, least=1, note="in greedy search 1"),
        Option("eos_token_id", "stop_token_ids", "list", note="added to the EOS of the model"),
        Option("stop_strings", "stop", "list of texts"),
    ),
    greedy={"temperature": 0.0},
)
