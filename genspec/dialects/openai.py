"""The OpenAI API, Chat Completions, and servers that speak it."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="openai",
    title="the OpenAI API",
    package="openai",
    module="openai",
    least="1.0",
    newest="2.8",
    profile="hf",
    call="chat.completions.create",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_completion_tokens", least=1, note="`max_tokens` for models before the o series"),
        Option("temperature", "temperature", default=1.0, least=0.0, greatest=2.0),
        Option("top_p", "top_p", default=1.0, off=1.0, least=0.0, greatest=1.0),
        Option("num_return_sequences", "n", default=1, least=1),
        Option("stop_strings", "stop", "list of texts", note="four at most"),
    ),
    greedy={"temperature": 0.0},
    others=(
        "max_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "seed",
        "stream", "model", "messages", "prompt", "suffix", "best_of", "echo", "user", "tools", "tool_choice",
        "response_format", "reasoning_effort", "metadata", "store", "modalities", "verbosity", "service_tier",
        "parallel_tool_calls", "stream_options", "extra_body", "extra_headers", "extra_query", "timeout",
        "functions", "function_call", "prediction", "audio", "web_search_options", "safety_identifier",
        "prompt_cache_key", "input", "instructions", "max_output_tokens", "reasoning", "text", "truncation",
        "include", "previous_response_id", "background", "conversation", "max_tool_calls", "prompt_cache_retention",
    ),
)
