"""Text Generation Inference, `parameters` of a request. Read: 3.3.7."""

from genspec.dialects.dialect import Dialect, Option, Own

DIALECT = Dialect(
    name="tgi",
    title="TGI",
    package="text-generation",
    module="text_generation",
    least="3.0",
    newest="3.3.7",
    profile="hf",
    call="POST /generate",
    modes=("greedy", "sample"),
    options=(
        Option("max_new_tokens", "max_new_tokens", note="until the context is full, unless given", least=1),
        Option("do_sample", "do_sample", default=False, note="any filter, and a temperature but 1, switches it on"),
        Option("temperature", "temperature", least=1e-9, note="0 is refused", unset="left out"),
        Option("top_k", "top_k", "none for 0", least=1, note="0 is refused"),
        Option("top_p", "top_p", "none for 1", least=1e-9, greatest=0.999999, note="1 is refused"),
        Option("typical_p", "typical_p", "none for 1", least=1e-9, greatest=0.999999, note="1 is refused"),
        Option("repetition_penalty", "repetition_penalty", least=1e-9, unset="left out"),
        Option("stop_strings", "stop", "list of texts"),
    ),
    own=(
        Own("best_of", "int", least=1, note="more than 1 needs sampling, and takes no seed"),
        Own("frequency_penalty", "float", least=-2.0, greatest=2.0),
        Own("seed", "int", least=0),
        Own("truncate", "int", least=1),
        Own("top_n_tokens", "int", least=0),
        Own("watermark", "bool"),
        Own("details", "bool"),
        Own("decoder_input_details", "bool"),
        Own("return_full_text", "bool"),
        Own("grammar", "object"),
        Own("adapter_id", "text"),
    ),
    greedy={"do_sample": False},
)
