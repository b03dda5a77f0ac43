"""KerasHub, its samplers. Read and run: 0.32.0."""

from genspec.dialects.dialect import Dialect, Option

DIALECT = Dialect(
    name="keras-hub",
    title="KerasHub",
    package="keras-hub",
    module="keras_hub",
    least="0.20",
    newest="0.32.0",
    profile="hf",
    call="keras_hub.samplers",
    modes=("greedy", "sample", "beam_search"),
    options=(
        Option("max_new_tokens", "max_length", "with the prompt", note="of the row, as `generate` takes it"),
        Option("max_length", "max_length"),
        Option("temperature", "temperature", default=1.0),
        Option("top_k", "k", "within the vocabulary",
               note="TopKSampler, its default 5; of TopPSampler, every token unless given"),
        Option("top_p", "p", off=1.0, note="TopPSampler, its default 0.1"),
        Option("num_beams", "num_beams", default=1, least=1, note="BeamSampler, its default 5"),
        Option("length_penalty", "length_penalty", least=0.0, greatest=0.0, modes=("beam_search",),
               note="hypotheses are ranked by their sums: only 0 can be said"),
        Option("eos_token_id", "stop_token_ids", "list"),
    ),
)
