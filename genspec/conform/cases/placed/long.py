"""What shows after many tokens, at the ends of prompts and rows, and with fewer tokens than are counted."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call
from genspec_reference import Scripted, Table

SIZE = 24
CHAIN = Table(tuple(tuple(4.0 - ((token - last - 1) % SIZE) / 4 for token in range(SIZE)) for last in range(SIZE)), ())
"""After a token t comes t + 1, then, a little less probable, t + 2 and so on."""
FAR = (0, 1, *(10 + place % 14 for place in range(124)), 0)
"""Many tokens, of which the first two stand nowhere else but at the end, where the first one stands again."""
ENDING = (*range(10, 24), 5, 10, 11, 12, 13, 0)
ZEROS = Table(((3.0, 1.0, 0.0, 2.0), (0.5, 2.0, 0.0, 1.0), (0.0, 1.0, 3.0, 2.0), (2.0, 0.0, 1.0, 0.5)), ())
"""After 0 comes 0, again and again."""
NEAR = Table(((0.0, 1.0, 1.0 + 2.0**-12, -1.0), (2.0, 0.5, 0.0, 2.0 - 2.0**-10), (1.0, 1.0 - 2.0**-11, 0.0, 0.5)), ())
"""Two tokens are nearly as good as each other: numbers of 16 bits do not tell them apart."""
HISTORY = Scripted("history", 11, SIZE)
RICH = Scripted("history", 5, SIZE, (3, 7))
ENDS: Mapping[str, Any] = {"eos_token_id": [3, 7]}
STARTS: Mapping[str, Any] = {"decoder_start_token_id": 0}
BEAMS: Mapping[str, Any] = {"num_beams": 4, "num_return_sequences": 4}
SYLLABLES = ("a", "ab", "ba", "c", "ca", "bc", "", " ", "b a", "d", "da", "e")


def call(config: Mapping[str, Any], model: Scripted | Table, prompt: tuple[int, ...], **rest: Any) -> Call:
    """Give a call of a few new tokens."""
    return Call({"max_new_tokens": 4, **config}, model, (prompt,), **rest)


def spoken(seed: int, strings: list[str], prompt: tuple[int, ...] = (2, 5), **config: Any) -> Call:
    """Give a call that stops at texts which begin and end within tokens."""
    return call({"max_new_tokens": 16, "stop_strings": strings, **config}, Scripted("history", seed, 12), prompt,
                pieces=SYLLABLES)


LONG: Mapping[str, tuple[tuple[str, ...], Call]] = {
    "long-prompt": (("SCORES-1",), call({}, HISTORY, tuple(n * 7 % 24 for n in range(130)))),
    "long-row": (("MIN-NEW-TOKENS-2", "STOPPING-1"), call(
        {"max_new_tokens": 150, "min_new_tokens": 130, **ENDS}, RICH, (1, 2))),
    "long-beams": (("BEAM-SEARCH-2", "BEAM-SEARCH-5"), call(
        {"max_new_tokens": 30, "min_new_tokens": 24, **ENDS, **BEAMS}, RICH, (1, 2))),
    "long-draws": (("SAMPLE-1",), call(
        {"do_sample": True, "max_new_tokens": 90, "top_k": 0}, HISTORY, (4,), seeds=(8,))),
    "far-repetition": (("REPETITION-PENALTY-4", "REPETITION-PENALTY-2"), call({"repetition_penalty": 3.0}, CHAIN, FAR)),
    "far-ngram": (("NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-2"), call({"no_repeat_ngram_size": 2}, CHAIN, FAR)),
    "far-ngram-of-beams": (("NO-REPEAT-NGRAM-3", "NO-REPEAT-NGRAM-2"), call(
        {"no_repeat_ngram_size": 2, **BEAMS}, CHAIN, FAR)),
    "long-ngrams": (("NO-REPEAT-NGRAM-3",), call({"no_repeat_ngram_size": 5}, CHAIN, (*range(24), *range(9, 13)))),
    "far-source-ngram": (("ENCODER-NO-REPEAT-NGRAM-3",), call(
        {"encoder_no_repeat_ngram_size": 2, **STARTS}, CHAIN, (), sources=(FAR,))),
    "far-source-repetition": (("ENCODER-REPETITION-PENALTY-2",), call(
        {"encoder_repetition_penalty": 2.0, **STARTS}, CHAIN, (), sources=((3, *FAR[2:]),))),
    "long-source": (("SCORES-1",), call(STARTS, HISTORY, (), sources=(tuple(n * 7 % 24 for n in range(130)),))),
    "long-bad-words": (("BAD-WORDS-2",), call(
        {"bad_words_ids": [[10, 11, 12, 13, 0, 1], [9, 11, 12, 13, 0, 2], [5, 9, 11, 12, 13, 0, 3]]}, CHAIN, ENDING)),
    "bad-words-to-the-front": (("BAD-WORDS-3",), call({"bad_words_ids": [[4, 0, 1], [8, 4, 0, 2]]}, CHAIN, (4, 0))),
    "long-sequence-bias": (("SEQUENCE-BIAS-2",), call(
        {"sequence_bias": [[[10, 11, 12, 13, 0, 5], 3.0], [[9, 11, 12, 13, 0, 6], 5.0]]}, CHAIN, ENDING)),
    "biases-add-up": (("SEQUENCE-BIAS-4",), call({"sequence_bias": [[[0, 5], 0.625], [[5], 0.625]]}, CHAIN, (9, 0))),
    "an-eos-in-the-prompt": (("STOPPING-1", "TOKENS-2"), call({**ENDS, "max_new_tokens": 8}, RICH, (3, 7, 5, 3))),
    "an-eos-in-the-prompt-of-beams": (("STOPPING-1", "TOKENS-2"), call(
        {**ENDS, **BEAMS, "max_new_tokens": 6}, RICH, (3, 5, 7))),
    "pad-is-an-eos": (("TOKENS-3", "OUTPUTS-7"), call(
        {"eos_token_id": 3, "pad_token_id": 3, "max_new_tokens": 8}, Scripted("history", 9, SIZE, (3,)), (3, 3, 5))),
    "pad-is-an-eos-of-beams": (("TOKENS-3", "OUTPUTS-7"), call(
        {"eos_token_id": 3, "pad_token_id": 3, "max_new_tokens": 6, **BEAMS},
        Scripted("history", 9, SIZE, (3,)), (3, 5))),
    "pads-are-tokens": (("TOKENS-3", "OUTPUTS-7"), call({"pad_token_id": 0, "eos_token_id": 2}, ZEROS, (0, 0, 3))),
    "pads-are-tokens-of-beams": (("TOKENS-3", "OUTPUTS-7"), call(
        {"pad_token_id": 0, "eos_token_id": 2, "num_beams": 2, "num_return_sequences": 2}, ZEROS, (0, 0, 3))),
    "no-pad": (("TOKENS-3", "OUTPUTS-7"), call({"eos_token_id": 2}, ZEROS, (3,))),
    "zero-is-an-eos": (("TOKENS-2", "STOPPING-1"), call({"eos_token_id": 0}, ZEROS, (3,))),
    "no-bos-in-a-row-of-two": (("FORCED-BOS-3",), call({"forced_bos_token_id": 4}, HISTORY, (5, 2))),
    "a-bad-word-forced-first": (("FORCED-BOS-2", "BAD-WORDS-1", "PIPELINE-1"), call(
        {"forced_bos_token_id": 4, "bad_words_ids": [[4]]}, HISTORY, (5,))),
    "a-repetition-forced-first": (("FORCED-BOS-2", "NO-REPEAT-NGRAM-1", "PIPELINE-1"), call(
        {"forced_bos_token_id": 4, "no_repeat_ngram_size": 1}, HISTORY, (4,))),
    "an-eos-forced-first": (("FORCED-EOS-2", "FORCED-BOS-2", "PIPELINE-1"), call(
        {"forced_bos_token_id": 4, "forced_eos_token_id": 7, "max_new_tokens": 1}, HISTORY, (5,))),
    "scores-near-each-other": (("GREEDY-1", "SCORES-1"), call({}, NEAR, (0,))),
    "scores-near-each-other-in-beams": (("BEAM-SEARCH-2", "SCORES-1"), call(
        {"num_beams": 2, "num_return_sequences": 2}, NEAR, (0,))),
    "one-token-left": (("LENGTH-1",), call({"max_new_tokens": 1, **ENDS}, RICH, (3,))),
    "more-beams-than-tokens": (("BEAM-SEARCH-2",), call(
        {"num_beams": 6, "num_return_sequences": 6, "max_new_tokens": 5, "eos_token_id": 2},
        Scripted("history", 4, 3, (2,)), (1,))),
    "beams-of-two-tokens": (("BEAM-SEARCH-2",), call(
        {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6, "eos_token_id": 1},
        Scripted("history", 2, 2, (1,)), (0,))),
    "more-kept-than-tokens": (("TOP-K-1",), call(
        {"do_sample": True, "top_k": 100, "max_new_tokens": 8}, Scripted("history", 4, 5), (1,), seeds=(3,))),
    "rows-of-draws": (("SAMPLE-2", "OUTPUTS-6"), call(
        {"do_sample": True, "num_return_sequences": 5, "top_k": 0, "max_new_tokens": 6, **ENDS},
        RICH, (1, 2), seeds=(6,))),
    "text-over-tokens": (("STOPPING-3", "STOPPING-6"), spoken(1, ["bca", "cab", "abab", "aba b"])),
    "text-of-many-tokens": (("STOPPING-3",), spoken(3, ["aaba", "cabc", "bcca"], max_new_tokens=40)),
    "text-within-a-token": (("STOPPING-3",), spoken(4, [" a", "d"])),
    "text-of-the-prompt": (("STOPPING-3", "STOPPING-6"), spoken(5, ["bc", "ba"], (2, 5, 2))),
    "text-from-the-prompt": (("STOPPING-3", "STOPPING-6"), spoken(
        6, ["bca", "bcb", "bcd", "bc ", "bce", "bcc"], (2, 5))),
    "text-of-beams": (("STOPPING-3", "BEAM-SEARCH-10"), spoken(
        7, ["bc", "ca", "da"], num_beams=3, num_return_sequences=3)),
}
"""Of each name the clauses and the call."""
