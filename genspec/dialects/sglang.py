"""SGLang, `sampling_params` of a request. Read: 0.5.23."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="sglang",
    title="SGLang",
    package="sglang",
    module="sglang",
    least="0.5",
    newest="0.5.23",
    profile="sglang",
    call="sampling_params",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_new_tokens", default=128, least=0),
        Option("min_new_tokens", "min_new_tokens", default=0, off=0, least=0),
        Option("temperature", "temperature", default=1.0, least=1e-6, note="0 takes the highest score"),
        Option("top_k", "top_k", "-1 for 0", default=-1, off=-1, note="0 is refused"),
        Option("top_p", "top_p", default=1.0, off=1.0, least=1e-9, greatest=1.0),
        Option("min_p", "min_p", default=0.0, off=0.0, least=0.0, greatest=1.0),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0, least=1e-9, greatest=2.0,
               note="counts the output alone"),
        Option("num_return_sequences", "n", default=1, least=1),
        Option("eos_token_id", "stop_token_ids", "list", note="added to the EOS of the model and of the tokenizer"),
        Option("stop_strings", "stop", "list of texts"),
    ),
    greedy={"temperature": 0.0},
)
