"""OpenVINO GenAI, `GenerationConfig` of LLMPipeline. Read: da1db86; run: 2026.4.1."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="openvino-genai",
    title="OpenVINO GenAI",
    package="openvino-genai",
    module="openvino_genai",
    least="2026.4",
    newest="2026.4.1",
    profile="openvino-genai",
    call="openvino_genai.GenerationConfig",
    modes=("greedy", "sample", "beam_search", "group_beam_search"),
    options=(
        Option("max_new_tokens", "max_new_tokens", note="without end, unless given"),
        Option("max_length", "max_length", note="without end, unless given; max_new_tokens decides"),
        Option("min_new_tokens", "min_new_tokens", default=0, off=0, note="the maximum at most"),
        Option("do_sample", "do_sample", default=False),
        Option("num_beams", "num_beams", default=1, least=1),
        Option("num_beam_groups", "num_beam_groups", default=1, least=1),
        Option("diversity_penalty", "diversity_penalty", default=0.0, off=0.0),
        Option("num_return_sequences", "num_return_sequences", default=1, least=1),
        Option("early_stopping", "stop_criteria", "stop criteria", default="HEURISTIC", unset="left out"),
        Option("length_penalty", "length_penalty", default=1.0),
        Option("temperature", "temperature", default=1.0),
        Option("top_k", "top_k", "none for 0", note="every token, unless given"),
        Option("top_p", "top_p", default=1.0, off=1.0, least=0.0, greatest=1.0),
        Option("min_p", "min_p", default=0.0, off=0.0, least=0.0, greatest=1.0),
        Option("repetition_penalty", "repetition_penalty", default=1.0, off=1.0, modes=("greedy", "sample"),
               note="in beam search any other value than 1 is refused"),
        Option("no_repeat_ngram_size", "no_repeat_ngram_size", "none for 0", note="off, unless given"),
        Option("eos_token_id", "stop_token_ids", "set", note="added to the EOS of the model folder, unless "
               "`eos_token_id` names one"),
    ),
)
