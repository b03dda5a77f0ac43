"""Calls on an encoder-decoder that reads its row and its source: for engines that load checkpoints.

Text: docs/guide/checkpoints.md. What a decoder has written, and whose source it reads, changes every logit: a cache
or a source of another row shows. Decisions here are further apart than such a checkpoint rounds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from genspec.backends.call import Call, Tokens
from genspec.backends.checkpoints.models import EncoderDecoder
from genspec_reference import Scripted

SIZE, START = 24, 0
SOURCES: tuple[Tokens, ...] = ((5,), (8, 9), (9, 3, 9), (20, 4, 11, 4, 20, 4, 11, 0, 17, 9, 9, 2))
RAGGED = (SOURCES[2], SOURCES[0], SOURCES[3])
ENDS = (3, 7)
OF_AN_EOS: tuple[Tokens, ...] = ((3,), (3, 9), (9, 3))
"""Sources with little besides an EOS."""
CONFIGS: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "greedy": (("GREEDY-1", "CACHE-1"), {}),
    "beams": (("BEAM-SEARCH-2", "CACHE-1"), {"num_beams": 3, "num_return_sequences": 3, "early_stopping": True}),
    "beams-to-the-end": (("BEAM-SEARCH-5", "CACHE-1"), {
        "num_beams": 4, "num_return_sequences": 2, "early_stopping": "never", "length_penalty": 2.0}),
    "minimum": (("MIN-NEW-TOKENS-2", "LENGTH-6"), {"min_new_tokens": 6}),
    "length": (("LENGTH-2", "LENGTH-4"), {"max_length": 6, "max_new_tokens": None}),
    "penalty": (("REPETITION-PENALTY-2", "CACHE-1"), {"repetition_penalty": 1.5}),
    "ngrams": (("NO-REPEAT-NGRAM-1", "CACHE-1"), {"no_repeat_ngram_size": 2}),
    "bad-words": (("BAD-WORDS-1", "BAD-WORDS-2"), {"bad_words_ids": [[4], [8, 2], [10, 0], [22, 10], [9, 8, 9]]}),
    "source-penalty": (("ENCODER-REPETITION-PENALTY-2",), {"encoder_repetition_penalty": 2.0}),
    "source-ngrams": (("ENCODER-NO-REPEAT-NGRAM-1",), {"encoder_no_repeat_ngram_size": 1}),
}
"""Of each name the clauses and the config."""
SEEDS: Mapping[str, int] = {
    "source-beams-to-the-end-3": 2,
    "source-beams-to-the-end-batch": 13,
    "source-beams-to-the-end-ending-1": 2,
    "source-beams-to-the-end-ending-2": 2,
    "source-beams-to-the-end-ending-3": 2,
    "source-beams-to-the-end-ending-batch": 13,
    "source-bad-word-of-the-start": 8,
}
"""Of calls whose decisions are near under the seed 1 another one."""


def source_calls(profile: str, batched: bool) -> Iterator[tuple[str, tuple[str, ...], Call]]:
    """Give the calls of a profile, each with its name and its clauses. `batched`: several sources together, too."""
    for name, (clauses, config) in CONFIGS.items():
        for ends in ((), ENDS):
            whole = f"source-{name}{'-ending' if ends else ''}"
            for number, source in enumerate(SOURCES):
                yield f"{whole}-{number}", clauses, call_of(f"{whole}-{number}", config, (source,), ends, profile)
            if batched:
                called = f"{whole}-batch"
                yield called, ("OUTPUTS-15", *clauses), call_of(called, config, RAGGED, ends, profile)
    yield from corners(profile)


def corners(profile: str) -> Iterator[tuple[str, tuple[str, ...], Call]]:
    """Give calls at the ends of what there can be: a source with little besides an EOS, bad words, few tokens."""
    for number, source in enumerate(OF_AN_EOS):
        name = f"source-of-an-eos-{number}"
        yield name, ("GREEDY-1", "TOKENS-2"), call_of(name, {}, (source,), ENDS, profile)
    name, words = "source-bad-word-of-the-start", {"bad_words_ids": [[START, token] for token in range(9)]}
    yield name, ("BAD-WORDS-2",), call_of(name, words, SOURCES[:1], (), profile)
    few = EncoderDecoder(Scripted("table", 2, 3, (1,)))
    name, beams = "source-more-beams-than-tokens", {"num_beams": 4, "num_return_sequences": 4, "early_stopping": True}
    yield name, ("BEAM-SEARCH-2",), replace(call_of(name, beams, ((2,),), (1,), profile), model=few)
    name, words = "source-nothing-left", {"bad_words_ids": [[token] for token in range(3)]}
    yield name, ("SCORES-6",), replace(call_of(name, words, ((2,),), (), profile), model=few)


def call_of(name: str, config: Mapping[str, Any], sources: tuple[Tokens, ...], ends: Tokens, profile: str) -> Call:
    """Make a call of a few new tokens; without EOS ids of more."""
    given = {"max_new_tokens": 10 if ends else 16, "decoder_start_token_id": START,
             **({"eos_token_id": [*ends], "pad_token_id": 0} if ends else {}), **config}
    model = EncoderDecoder(Scripted("table", SEEDS.get(name, 1), SIZE, ends))
    return Call({key: value for key, value in given.items() if value is not None}, model, ((),) * len(sources),
                sources, profile)
