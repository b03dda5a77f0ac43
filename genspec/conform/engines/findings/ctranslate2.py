"""What is known of CTranslate2 4.8.5. Source read: 4.8.1."""

from genspec.conform.engines.finding import Finding

FINDINGS = (
    Finding(
        "CT2-1", "the rows of a batch depend on the prompts beside them, where those have other lengths",
        "The batch is read as far as its shortest prompt, and what is left of the longer ones is fed token by token "
        "as a prefix of the result. With a prompt of one token the others begin with the rest of their prompt; "
        "otherwise minima, bans and the first EOS act at wrong places. Each prompt alone is answered right. Give "
        "prompts of one length in a batch.",
        "bug", differences=("batch",), features=("ragged batch",),
    ),
    Finding(
        "CT2-2", "a row goes on with a banned token where all are banned",
        "Bans write the lowest finite number instead of minus infinity (`DisableTokens` in `decoding.cc`), so that "
        "the highest score is that of a banned token. In a beam search hypotheses of banned tokens fill up the rows "
        "that are asked for.",
        "choice", clauses=("SCORES-6", "OUTPUTS-6"), differences=("refusal", "number of rows"),
    ),
    Finding(
        "CT2-3", "a beam search over fewer than two tokens a beam reads beyond its scores",
        "A step takes 2 candidates a beam. With a vocabulary of one token there are fewer: scores and tokens come from "
        "what stands behind them, and the process ends by SIGSEGV or SIGABRT, in this case or in a later one.",
        "bug", features=("beam_search", "one token"), anywhere=("SIGSEGV", "SIGABRT"),
    ),
    Finding(
        "CT2-11", "a search with more beams than tokens ends before it has enough rows, or returns banned ones",
        "The first step has one row and fewer tokens than beams. The other beams are filled up with tokens whose score "
        "is the lowest finite number, and an EOS among them counts as a finished hypothesis, of which `num_beams * "
        "patience` end the row (`initialize_beam_scores` and `BeamSearch::search` in `decoding.cc`).",
        "bug", differences=("tokens", "number of rows", "length", "score of a row"),
        features=("beam_search", "more beams than tokens"),
    ),
    Finding(
        "CT2-12", "a bad word counts from the first token of the result",
        "What of it stands in the prompt, or is the start token, is not looked at (`SuppressSequences` in "
        "`decoding_utils.cc`).",
        "choice", clauses=("BAD-WORDS",), features=("bad_words_ids",),
    ),
    Finding(
        "CT2-4", "a hypothesis goes on behind its EOS where every candidate is an EOS",
        "A beam that has ended is replaced by one of the candidates behind the first `num_beams` that is no EOS. Where "
        "all of those are EOS ids it stays and goes on (`BeamSearch::search` in `decoding.cc`).",
        "bug", clauses=("STOPPING-1",), differences=("tokens",), features=("beam_search", "several EOS ids"),
    ),
    Finding(
        "CT2-8", "the rows of a prompt come sorted, the most probable one first",
        "With sampling, `num_hypotheses` rows are drawn independently, as often equal as they should be, and then "
        "sorted by score: the mean of the log-probabilities of a row (600 of 600 answers of 4 rows of different "
        "lengths). So a row is no draw of its own: with p = 0.64, 0.24, 0.09, 0.03 the first of three rows is the most "
        "probable token in 95 of 100 calls, the last one in 27. Ask for one row a call, or shuffle what comes.",
        "choice", clauses=("SAMPLE-4",), differences=("law",),
    ),
    Finding(
        "CT2-10", "a source of one EOS, or of an EOS and one token more, gives an empty row",
        "The Translator does not run its model on such a source: it takes it for an empty text, with an EOS at its end "
        "or before the code of a language (`get_source_length` and `skip_translation` in `sequence_to_sequence.cc`). "
        "The EOS is that of the model folder.",
        "choice", differences=("length", "tokens"), features=("encoder-decoder", "EOS in a source"),
    ),
    Finding(
        "CT2-5", "the score of a hypothesis is divided by a length that counts the prompt, without its first token",
        "A hypothesis is its prefix and its new tokens while the prefix is returned. The order of hypotheses, and when "
        "a row ends, change with the scores.",
        "choice", clauses=("BEAM-SEARCH",), features=("beam_search",), label="with-prompt",
    ),
    Finding(
        "CT2-6", "the prompt counts for n-grams and the repetition penalty, without its first token",
        "Both look at the tokens of the hypothesis, which has the prompt in front while it is returned, and never the "
        "first token of the row (`decoding.cc`).",
        "choice", clauses=("GREEDY", "NO-REPEAT-NGRAM", "REPETITION-PENALTY"), differences=("tokens",),
        label="with-prompt",
    ),
    Finding(
        "CT2-13", "a beam search over fewer than two tokens a beam reads beyond its scores",
        "As CT2-3.", "bug", features=("beam_search", "one token"), anywhere=("SIGSEGV", "SIGABRT"), label="with-prompt",
    ),
    Finding(
        "CT2-9", "the rows of a prompt come sorted, the most probable one first",
        "As CT2-8.", "choice", clauses=("SAMPLE-4",), differences=("law",), label="with-prompt",
    ),
)
