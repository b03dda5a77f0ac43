"""Where rules count: rows of one token, rows shorter than what is counted, fields that have no effect, lone spaces."""

from collections.abc import Mapping
from typing import Any

from genspec.backends.call import Call, Tokens
from genspec.conform.cases.placed.long import CHAIN, SIZE, ZEROS
from genspec_reference import Scripted, Table

Named = tuple[tuple[str, ...], Call]
"""The clauses that a call shows, and the call."""

EAGER = Table((
    (0.0, 1.0, 0.5, 4.0, 1.75, 2.5), (0.25, 0.0, 1.0, 4.0, 2.75, 1.5), (1.0, 0.5, 0.0, 4.0, 1.25, 3.0),
    (1.0, 0.0, 1.5, 3.5, 2.0, 0.5), (0.5, 2.25, 1.0, 4.5, 0.0, 2.75), (0.0, 1.5, 2.5, 4.25, 1.0, 0.75),
), (3,))
"""Everywhere the EOS 3 is best."""
ECHO = Table(tuple(
    tuple(4.0 + last / 16 - ((token - last) % 6) * (8 + last) / 16 for token in range(6)) for last in range(6)
), ())
"""After a token comes the same one, then, a little less probable, the next one."""
FREE = Scripted("history", 11, SIZE)
BEAMS: Mapping[str, Any] = {"num_beams": 2, "num_return_sequences": 2}
UNLIKELY = Table(((3.0, 1.0, 0.0, 2.0, -1.0, 0.5), (2.0, 1.0, 0.75, 1.5, -1.0, 0.0)), ())
SPACED = ("a", " ", "b ", "c", "\n", "d")
NAN = float("nan")


def call(config: Mapping[str, Any], model: Scripted | Table = EAGER, prompt: Tokens = (2,), **rest: Any) -> Call:
    """Give a call of a few new tokens; what is None is not set."""
    given = {"max_new_tokens": 6, **({"eos_token_id": 3} if model is EAGER else {}), **config}
    return Call({name: value for name, value in given.items() if value is not None}, model, (prompt,), **rest)


def sourced(config: Mapping[str, Any], model: Scripted | Table = EAGER) -> Call:
    """Give a call with a source that is longer than the row."""
    return call({"decoder_start_token_id": 2, **config}, model, (), sources=((1, 4, 1, 4, 0, 1),))


def drawn(config: Mapping[str, Any], model: Scripted | Table, seed: int, **rest: Any) -> Call:
    """Give a call that draws."""
    return call({"do_sample": True, "top_k": 0, "max_new_tokens": 16, **config}, model, seeds=(seed,), **rest)


def lengths() -> dict[str, Named]:
    """Hold EOS back, or end a row, at prompts of one token and more, of a BOS and beside a source."""
    found: dict[str, Named] = {}
    starts: Mapping[str, tuple[Mapping[str, Any], Tokens]] = {
        "one-token": ({}, (2,)), "three-tokens": ({}, (2, 0, 1)), "a-bos": ({"bos_token_id": 2}, ()),
        "one-token-in-beams": (BEAMS, (2,)), "three-tokens-in-beams": (BEAMS, (2, 0, 1)),
    }
    for start, (more, prompt) in starts.items():
        size = max(1, len(prompt))
        rules: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
            "a-min-length": (("MIN-LENGTH-2", "LENGTH-7"), {"min_length": size + 2}),
            "a-min-length-of-one-more": (("MIN-LENGTH-2", "LENGTH-7"), {"min_length": size + 1}),
            "a-min-length-that-is-reached": (("MIN-LENGTH-3", "LENGTH-7"), {"min_length": size}),
            "min-new-tokens": (("MIN-NEW-TOKENS-2", "LENGTH-6"), {"min_new_tokens": 2}),
            "a-max-length": (("LENGTH-2",), {"max_length": size + 3, "max_new_tokens": None, "eos_token_id": None}),
            "no-min-new-tokens-beside-a-min-length": (("LENGTH-8",), {"min_new_tokens": 0, "min_length": size + 4}),
        }
        for rule, (clauses, config) in rules.items():
            found[f"{start}-and-{rule}"] = clauses, call({**more, **config}, prompt=prompt)
    return found


SOURCES: Mapping[str, Named] = {
    "a-source-and-a-min-length": (("MIN-LENGTH-2", "LENGTH-7"), sourced({"min_length": 4})),
    "a-source-and-a-max-length": (("LENGTH-2",), sourced(
        {"max_length": 4, "max_new_tokens": None, "eos_token_id": None})),
    "a-source-and-min-new-tokens": (("MIN-NEW-TOKENS-2", "LENGTH-6"), sourced({"min_new_tokens": 3})),
    "a-source-and-a-begin": (("FORCED-BOS-1",), sourced({"forced_bos_token_id": 4})),
    "a-source-and-begin-suppress": (("BEGIN-SUPPRESS-2",), sourced({"begin_suppress_tokens": [3, 5]})),
    "a-source-and-bad-words": (("BAD-WORDS-2",), sourced({"bad_words_ids": [[1, 3], [2, 5]], "min_new_tokens": 1})),
    "a-source-and-a-penalty": (("REPETITION-PENALTY-2",), sourced(
        {"repetition_penalty": 4.0, "eos_token_id": None}, ECHO)),
}
ROWS: Mapping[str, Named] = {
    "forced-eos-at-the-default-length": (("FORCED-EOS-1", "LENGTH-4"), call(
        {"forced_eos_token_id": 7, "max_new_tokens": None}, FREE)),
    "forced-eos-at-the-max-length": (("FORCED-EOS-1", "LENGTH-2"), call(
        {"forced_eos_token_id": 7, "max_new_tokens": None, "max_length": 4}, FREE)),
    "ngrams-longer-than-the-prompt": (("NO-REPEAT-NGRAM-4", "NO-REPEAT-NGRAM-2"), call(
        {"no_repeat_ngram_size": 2}, ZEROS, (0,))),
    "ngrams-much-longer-than-the-prompt": (("NO-REPEAT-NGRAM-4", "NO-REPEAT-NGRAM-2"), call(
        {"no_repeat_ngram_size": 3, "max_new_tokens": 10}, ZEROS, (0,))),
    "ngrams-as-long-as-the-prompt": (("NO-REPEAT-NGRAM-4", "NO-REPEAT-NGRAM-3"), call(
        {"no_repeat_ngram_size": 2}, ZEROS, (0, 0))),
    "ngrams-of-one-token": (("NO-REPEAT-NGRAM-4",), call({"no_repeat_ngram_size": 1, "max_new_tokens": 4}, ECHO)),
    "source-ngrams-longer-than-the-source": (("ENCODER-NO-REPEAT-NGRAM-3",), call(
        {"encoder_no_repeat_ngram_size": 3}, ZEROS, (0, 0))),
    "a-newest-token-is-penalised": (("REPETITION-PENALTY-2", "REPETITION-PENALTY-4"), call(
        {"repetition_penalty": 4.0}, ECHO)),
    "a-newest-token-is-penalised-in-beams": (("REPETITION-PENALTY-2", "REPETITION-PENALTY-4"), call(
        {"repetition_penalty": 4.0, **BEAMS}, ECHO)),
    "a-token-is-penalised-once": (("REPETITION-PENALTY-5",), call(
        {"repetition_penalty": 1.25, "max_new_tokens": 2}, ECHO, (2, 2, 2))),
    "bad-words-of-two-eos": (("BAD-WORDS-1",), call({"eos_token_id": [4, 3], "bad_words_ids": [[3], [5]]})),
    "a-choice-of-bad-words": (("BAD-WORDS-2",), call(
        {"bad_words_ids": [[5], [2, 3], [4]], "max_new_tokens": 2})),
    "biases-to-the-front": (("SEQUENCE-BIAS-3", "SEQUENCE-BIAS-2"), call(
        {"sequence_bias": [[[4, 0, 5], 9.0], [[8, 4, 0, 2], 12.0]]}, CHAIN, (4, 0))),
    "an-eos-of-the-prompt-is-penalised-and-raised": (("EXPONENTIAL-DECAY-LENGTH-PENALTY-2", "PIPELINE-1"), call(
        {"repetition_penalty": 4.0, "exponential_decay_length_penalty": [0, 3.0], "eos_token_id": 3},
        Table(((2.0, 1.5, 1.75, -1.0, 1.0, 0.5),), (3,)), (3, 2))),
    "a-begin-that-is-not-allowed": (("FORCED-BOS-2", "PREFIX-ALLOWED-TOKENS-5", "PIPELINE-1"), call(
        {"forced_bos_token_id": 4, "max_new_tokens": 3}, UNLIKELY, allowed_tokens=((1, 2),) * 6)),
    "a-begin-that-is-not-allowed-in-beams": (("FORCED-BOS-2", "PREFIX-ALLOWED-TOKENS-5", "PIPELINE-1"), call(
        {"forced_bos_token_id": 4, "max_new_tokens": 3, **BEAMS}, UNLIKELY, allowed_tokens=((1, 2),) * 6)),
    "logits-that-are-none-are-repaired": (("REMOVE-INVALID-VALUES-2",), call(
        {"remove_invalid_values": True, "max_new_tokens": 1, "return_dict_in_generate": True, "output_scores": True},
        Table(((-1.0, NAN, -2.0, float("-inf")),), ()))),
}
"""Rows that are as short as what is counted in them."""
TEXTS: Mapping[str, Named] = {
    f"text-of-{name}": (("STOPPING-3", "STOPPING-6"), call(
        {"stop_strings": strings, "max_new_tokens": 8}, Table(following, ()), (0,), pieces=SPACED))
    for name, strings, following in (
        ("a-space", [" "], ((0.0, 2.0, 1.0, 1.5, 0.5, 0.0),) + ((1.0, 0.0, 0.5, 2.0, 0.0, 1.5),) * 5),
        ("a-space-at-its-end", ["b "], ((0.0, 1.0, 2.0, 1.5, 0.5, 0.0),) + ((1.0, 0.0, 0.5, 2.0, 0.0, 1.5),) * 5),
        ("a-line", ["\n"], ((0.0, 1.0, 0.5, 1.5, 2.0, 0.0),) + ((1.0, 0.0, 0.5, 2.0, 0.0, 1.5),) * 5),
        ("a-space-after-a-token", ["c "], ((0.0, 1.0, 0.5, 2.0, 0.0, 0.0),) * 3
         + ((0.0, 2.0, 0.5, 1.0, 0.0, 0.0),) * 3),
    )
}
"""Stop strings of which white space is a part."""
SAMPLING: Mapping[str, Any] = {
    "temperature": 0.25, "top_k": 1, "top_p": 0.2, "min_p": 0.9, "typical_p": 0.2, "epsilon_cutoff": 0.5,
    "eta_cutoff": 0.5, "top_h": 0.2,
}
"""Of each field that acts only where tokens are drawn a value that takes away nearly all of them."""
INERT: Mapping[str, Named] = {
    f"{field}-without-drawing{where}".replace("_", "-"): (("MODE-2", "PIPELINE-2"), call(
        {field: value, "max_new_tokens": 3, "return_dict_in_generate": True, "output_scores": True, **more}, FREE))
    for field, value in SAMPLING.items() for where, more in (("", {}), ("-in-beams", BEAMS))
}
DRAWS: Mapping[str, Named] = {
    "min-p-of-1-and-ties": (("MIN-P-1", "MIN-P-2"), drawn({"min_p": 1.0}, Table(((2.0, 0.0, 2.0, 1.0, 2.0),), ()), 4)),
    "eta-of-little-entropy": (("ETA-CUTOFF-2",), drawn(
        {"eta_cutoff": 0.03}, Table(((4.0, 1.25, 1.0, -3.0),), ()), 3, prompt=(0,))),
    "eta-of-much-entropy": (("ETA-CUTOFF-2",), drawn(
        {"eta_cutoff": 0.125}, Table((tuple(-token / 8 for token in range(24)),), ()), 2, prompt=(0,))),
    "top-k-of-a-million": (("TOP-K-1",), drawn({"top_k": 1_000_000}, FREE, 1)),
    "top-h-then-min-p": (("TOP-H-1", "MIN-P-1", "PIPELINE-1"), drawn(
        {"top_h": 0.6, "min_p": 0.125}, Table((tuple(-token / 4 for token in range(24)),), ()), 5, prompt=(0,))),
    "lookup-that-draws": (("ASSISTED-12", "ASSISTED-9"), drawn(
        {"prompt_lookup_num_tokens": 4, "temperature": 2.0}, CHAIN, 1, prompt=(1, 2, 3, 1, 2))),
}
WATERMARKS: Mapping[str, Named] = {
    f"watermark-{name}": (clauses, call({"watermarking_config": {"bias": 6.0, **config}}, FREE, (5, 2)))
    for name, clauses, config in (
        ("of-part-of-a-token", ("WATERMARK-2",), {"greenlist_ratio": 0.29}),
        ("wider-than-the-row", ("WATERMARK-6",), {"context_width": 4}),
        ("of-itself-wider-than-the-row", ("WATERMARK-6", "WATERMARK-5"), {
            "context_width": 4, "seeding_scheme": "selfhash"}),
        ("of-itself-over-the-prompt", ("WATERMARK-5", "WATERMARK-4"), {
            "context_width": 2, "seeding_scheme": "selfhash"}),
    )
}

EDGES: Mapping[str, Named] = {
    **lengths(), **SOURCES, **ROWS, **TEXTS, **INERT, **DRAWS, **WATERMARKS,
}
"""Of each name the clauses and the call."""
