"""What is known of transformers.js 4.3.1, whose source was read."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "TJS-2", "`num_return_sequences` has no effect on a beam search: one row comes back",
        "The loop of `generate` keeps one row a prompt, whatever the option says. Greedy search refuses more than "
        "one, and sampling draws one.",
        "limit", differences=("number of rows", "sequences"), features=("beam_search",),
    ),
    Finding(
        "TJS-3", "a beam search is greedy search",
        "`BeamSearchSampler` gives `num_beams` candidates, and the loop of `generate` takes the first of them and "
        "leaves the others (`TODO: Support beam search` in `modeling_utils.js`). Neither `num_beams` nor "
        "`early_stopping` nor `length_penalty` changes a token, and nothing says so: in 162 calls with 3 beams the row "
        "was that of greedy search each time.",
        "limit", features=("beam_search",),
    ),
    Finding(
        "TJS-4", "top_p has no effect",
        "The lines that would add `TopPLogitsWarper` are a comment (`TODO: Add TopPLogitsWarper and TopKLogitsWarper` "
        "in `modeling_utils.js`), and that class has no code yet. top_k acts in `MultinomialSampler` instead, and a "
        "token is drawn from all that it leaves, 50 unless given.",
        "limit", clauses=("TOP-P",), differences=("support", "law"),
    ),
    Finding(
        "TJS-5", "of tokens that are equal to the k-th score not all stay",
        "`MultinomialSampler` takes exactly k tokens by `topk`.",
        "choice", clauses=("TOP-K-3",), differences=("law",),
    ),
    Finding(
        "TJS-6", "a row of a batch goes on behind its EOS until every row has ended",
        "Stopping is looked at for all rows together, and a row that has ended is given tokens like the others, no "
        "padding (`TODO: ensure all_input_ids is padded correctly` in `modeling_utils.js`). Each prompt alone is "
        "answered right.",
        "bug", clauses=("STOPPING",), differences=("batch",),
    ),
    Finding(
        "TJS-7", "padding on the left counts for the repetition penalty",
        "Processors read the padded row and no mask.",
        "bug", differences=("batch",), features=("ragged batch", "repetition_penalty"),
    ),
)
