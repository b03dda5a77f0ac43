"""The OpenAI API, Chat Completions and Completions. Read: openai 3.3.1 for Python."""

from genspec.dialects.dialect import Dialect, Option, Own

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
    own=(
        Own("max_tokens", "int", least=1, note="reasoning models refuse it"),
        Own("presence_penalty", "float", least=-2.0, greatest=2.0),
        Own("frequency_penalty", "float", least=-2.0, greatest=2.0),
        Own("seed", "int"),
        Own("logprobs"),
        Own("top_logprobs", "int", least=0, greatest=20),
        Own("logit_bias", "object"),
        Own("best_of", "int", least=1, note="of Completions alone"),
        Own("response_format", "object"),
        Own("reasoning_effort", "text"),
        Own("verbosity", "text"),
    ),
    greedy={"temperature": 0.0},
)
