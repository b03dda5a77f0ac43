"""What is known of onnxruntime-genai 0.18.0. Source read: 0.16.0-dev."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "ORT-1", "a beam search whose candidates are nearly all EOS continues hypotheses that are not there",
        "A step takes 2 candidates a beam, whatever the number of EOS ids. Where fewer of them than beams go on, the "
        "rest of the beams is read from memory that nobody has written: the process ends by SIGSEGV, or the model is "
        "given a token id far outside of its vocabulary and refuses it.",
        "bug", differences=("SIGSEGV", "refusal"), features=("beam_search", "several EOS ids"),
    ),
)
