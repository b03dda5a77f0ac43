"""mlx-lm, `generate_step` with its samplers and logits processors. Read and run: 0.32.2."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="mlx-lm",
    title="mlx-lm",
    package="mlx-lm",
    module="mlx_lm",
    least="0.32",
    newest="0.32.2",
    profile="mlx-lm",
    call="mlx_lm.generate_step",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_tokens", default=256, least=1),
        Option("max_length", "max_tokens", "less the prompt"),
        Option("temperature", "temp", default=0.0, note="0, its default, takes the highest score"),
        Option("top_p", "top_p", default=0.0, off=1.0, least=1e-9, note="0 is off, too"),
        Option("min_p", "min_p", default=0.0, off=0.0, least=0.0, greatest=1.0),
        Option("top_k", "top_k", "0 from the vocabulary on", default=0, off=0, note="V and more are refused"),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0,
               note="over the last `repetition_context_size` tokens"),
        Option("eos_token_id", "eos_token_ids", "list", note="of the tokenizer, by `stream_generate`"),
    ),
    always={"repetition_context_size": 20},
    greedy={"temp": 0.0},
)
