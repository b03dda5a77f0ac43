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
        "A step takes 2 candidates a beam. With a vocabulary of one token there are fewer, and the process ends by "
        "SIGSEGV.",
        "bug", differences=("SIGSEGV",), features=("beam_search",),
    ),
    Finding(
        "CT2-4", "a hypothesis goes on behind its EOS where every candidate is an EOS",
        "Seen where all tokens of the vocabulary are EOS ids: no candidate is left that goes on. Not read in the "
        "source.",
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
        "CT2-7", "a row goes on with a banned token where all are banned",
        "As CT2-2.", "choice", clauses=("SCORES-6", "OUTPUTS-6"), differences=("refusal", "number of rows"),
        label="with-prompt",
    ),
    Finding(
        "CT2-9", "the rows of a prompt come sorted, the most probable one first",
        "As CT2-8.", "choice", clauses=("SAMPLE-4",), differences=("law",), label="with-prompt",
    ),
)
