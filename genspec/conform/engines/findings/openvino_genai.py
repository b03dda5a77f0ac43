"""What is known of OpenVINO GenAI 2026.4.1. Source read: da1db86."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "OV-1", "a beam search fails where the candidates of a group are all EOS",
        "A beam has two candidates a hypothesis of its group, whatever the number of EOS ids. Where both are EOS the "
        "beam has ended without a hypothesis that goes on, and the search raises RuntimeError: Failed to remove "
        "sequence with specified ID.",
        "bug", differences=("refusal",), features=("several EOS ids",), without=("greedy",),
    ),
    Finding(
        "OV-2", "a beam search over fewer than two tokens a beam fails",
        "RuntimeError: No beams left to search. A step asks for two candidates a beam, and a vocabulary of one token "
        "has fewer.",
        "limit", differences=("refusal",), without=("greedy", "sample", "several EOS ids"),
    ),
    Finding(
        "OV-5", "the repetition penalty of a row counts what the other rows of its prompt have drawn",
        "With `num_return_sequences` above 1 all rows of a prompt share one set of seen tokens (`LogitProcessor`), so "
        "that a row is penalised for tokens that only another row has. A row alone is right in 60 of 60 draws of four "
        "tokens.",
        "bug", clauses=("REPETITION-PENALTY",), differences=("support", "law"),
    ),
    Finding(
        "OV-6", "the rows of a batch draw with the same random numbers",
        "Each prompt of a batch has a generator of its own, and all begin with the same `rng_seed`: equal prompts get "
        "equal rows.",
        "bug", clauses=("SAMPLE-2",), differences=("noise",),
    ),
    Finding(
        "OV-7", "the mass of top_p is counted in probabilities that are not renormalised after min_p",
        "min_p takes tokens away, and what is left adds up to less than 1 (`logit_transformers.hpp`): top_p keeps more "
        "than of a renormalised rest.",
        "choice", clauses=("PIPELINE-1",), differences=("support", "law"), features=("min_p", "top_p"),
    ),
    Finding(
        "OV-8", "whether better hypotheses may come is decided by the hypotheses of the step before",
        "`is_done` runs before the step's beams take the place of their parents, so that `stop_criteria` HEURISTIC, "
        "its default, compares the worst finished hypothesis with the best parent: its sum without the newest token, "
        "divided by its length, one less (`sampler.cpp`). With `length_penalty` 2 and 2 new tokens the rows of this "
        "case are 0 6 and 6, where 0 0 has the higher score. Of 150 calls on random tables 146 fit this rule and 139 "
        "that of transformers; in 3 of the other 4 hypotheses of equal sums change places. EARLY and NEVER are right. "
        "The profile has no option for it (`stop_bound` is of the step that was taken): that a check runs before an "
        "update is no choice, it holds in one of three criteria, one call in 150 does not fit it, and an option would "
        "call the release that mends it wrong.",
        "bug", clauses=("BEAM-SEARCH-2", "BEAM-SEARCH-6"), differences=("sequences",),
        features=("beam_search", "length_penalty"),
    ),
)
