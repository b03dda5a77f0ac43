"""What is known of the sampler of vLLM 0.33.0, whose source was read."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "VLLM-1", "what stands in the prompt does not count for bad_words",
        "`apply_bad_words` is given the new tokens alone, so that a word may be completed whose beginning stands in "
        "the prompt.",
        "choice", clauses=("BAD-WORDS",), differences=("scores",), label="as-hf",
    ),
    Finding(
        "VLLM-2", "a temperature below 0.01 is taken for 0.01",
        "`SamplingParams` raises it and logs a warning (`_MAX_TEMP` in `sampling_params.py`).",
        "choice", clauses=("TEMPERATURE-3",), differences=("scores",), label="as-hf",
    ),
)
