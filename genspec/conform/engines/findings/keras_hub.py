"""What is known of KerasHub 0.32.0, whose samplers were read."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "KH-1", "a beam that has ended goes on: its score counts what comes behind the EOS",
        "`BeamSampler` has no finished hypotheses. Every beam is extended at every step, behind its stop token too, "
        "and the log-probabilities of what is written there are added. Several of the beams can be one hypothesis with "
        "different tokens behind its end, so that better hypotheses are lost.",
        "bug", clauses=("BEAM-SEARCH", "OUTPUTS-8", "STOPPING"), features=("beam_search",),
    ),
    Finding(
        "KH-2", "of tokens that are equal to the k-th score not all stay",
        "`TopKSampler` and `TopPSampler` take exactly k tokens by `ops.top_k`.",
        "choice", clauses=("TOP-K-3",),
    ),
    Finding(
        "KH-3", "with k given, the nucleus is counted in the distribution before the cut to k",
        "`TopPSampler` takes the k highest probabilities and does not divide them by their sum before it adds them up "
        "to p, so that the nucleus is wider than that of top_k and top_p one after the other.",
        "choice", clauses=("TOP-P-5",),
    ),
    Finding(
        "KH-4", "where tokens reach p exactly, one more stays",
        "`TopPSampler` keeps a token while the sum of those before it does not exceed p: with 4 equal tokens and p 0.5 "
        "it draws among three.",
        "choice", clauses=("TOP-P-2",),
    ),
)
