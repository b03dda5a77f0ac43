"""onnxruntime-genai, `GeneratorParams.set_search_options`. Read: 0.16.0-dev; run: 0.18.0."""

from genspec.dialects.dialect import Dialect, Option, Own

DIALECT = Dialect(
    name="onnxruntime-genai",
    title="onnxruntime-genai",
    package="onnxruntime-genai",
    module="onnxruntime_genai",
    least="0.18",
    newest="0.18.0",
    profile="onnxruntime-genai",
    call="onnxruntime_genai.GeneratorParams.set_search_options",
    section="search",
    modes=("greedy", "sample", "beam_search"),
    options=(
        Option("max_new_tokens", "max_length", "with the prompt", note="the context length, unless given"),
        Option("max_length", "max_length"),
        Option("min_length", "min_length", default=0, off=0),
        Option("do_sample", "do_sample", default=False),
        Option("num_beams", "num_beams", default=1, least=1),
        Option("num_return_sequences", "num_return_sequences", default=1, least=1, modes=("beam_search",),
               note="at most `num_beams`: sampling draws one row a call"),
        Option("early_stopping", "early_stopping", "true or false", default=True, unset="left out"),
        Option("length_penalty", "length_penalty", default=1.0),
        Option("temperature", "temperature", default=1.0, least=0.0, note="0 takes the highest score"),
        Option("top_k", "top_k", "within the vocabulary", default=50, off=0, note="1 takes the highest score"),
        Option("top_p", "top_p", default=0.0, off=1.0, least=0.0, greatest=1.0,
               note="0, its default, keeps one token where top_k is off"),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0),
        Option("no_repeat_ngram_size", "no_repeat_ngram_size", default=0, off=0, least=0),
        Option("eos_token_id", "eos_token_id", "list", section="model",
               note="of genai_config.json in the model folder, not of a call"),
    ),
    own=(
        Own("batch_size", "int", least=1),
        Own("past_present_share_buffer", "bool"),
        Own("random_seed", "int"),
        Own("chunk_size", "int"),
        Own("diversity_penalty", "float", note="read, and used nowhere"),
        Own("blank_penalty", "float"),
    ),
)
