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
)
