"""transformers.js, `generate` of a model. Read and run: 4.3.1.

Every option has the name that it has in transformers. `num_beams`, `num_return_sequences` and `top_p` are among those
that its documentation describes; what it does with them is what a run shows.
"""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="transformers.js",
    title="transformers.js",
    package="@huggingface/transformers",
    module="",
    least="4.0",
    newest="4.3.1",
    profile="hf",
    call="model.generate",
    runtime="Node",
    modes=("greedy", "sample", "beam_search"),
    options=(
        Option("max_new_tokens", "max_new_tokens"),
        Option("max_length", "max_length", default=20),
        Option("min_new_tokens", "min_new_tokens", off=0),
        Option("min_length", "min_length", default=0, off=0),
        Option("do_sample", "do_sample", default=False),
        Option("num_beams", "num_beams", default=1, least=1),
        Option("num_return_sequences", "num_return_sequences", default=1, least=1, modes=("greedy", "beam_search"),
               note="one row is drawn, whatever it says: a row more is a call more"),
        Option("early_stopping", "early_stopping", default=False),
        Option("length_penalty", "length_penalty", default=1.0),
        Option("temperature", "temperature", default=1.0, note="0 takes the highest score"),
        Option("top_k", "top_k", default=50, off=0),
        Option("top_p", "top_p", default=1.0, off=1.0),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0),
        Option("no_repeat_ngram_size", "no_repeat_ngram_size", default=0, off=0),
        Option("bad_words_ids", "bad_words_ids"),
        Option("suppress_tokens", "suppress_tokens"),
        Option("begin_suppress_tokens", "begin_suppress_tokens"),
        Option("forced_bos_token_id", "forced_bos_token_id", "one"),
        Option("forced_eos_token_id", "forced_eos_token_id"),
        Option("eos_token_id", "eos_token_id", "list", note="the EOS of the model folder, unless given"),
    ),
)
