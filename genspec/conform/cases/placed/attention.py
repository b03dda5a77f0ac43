"""Calls on a model that reads its whole row by attention: for engines that load checkpoints, docs/guide/checkpoints.md.

A model of the last token cannot show a cache that is read at a wrong place, nor a hypothesis that goes on with the
cache of another one. Decisions here are further apart than such a checkpoint rounds.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from genspec.backends.call import Call, Tokens
from genspec.backends.checkpoints.models import History
from genspec_reference import Scripted

SIZE = 24
PROMPTS: tuple[Tokens, ...] = ((5,), (3, 9, 3), (1, 2, 3, 4, 5, 6, 7), (20, 4, 11, 4, 20, 4, 11, 0, 17, 9, 9, 2))
RAGGED = (PROMPTS[2], PROMPTS[0], PROMPTS[1])
ENDS = (3, 7)
CONFIGS: Mapping[str, tuple[tuple[str, ...], Mapping[str, Any]]] = {
    "greedy": (("GREEDY-1", "CACHE-1"), {}),
    "beams": (("BEAM-SEARCH-2", "CACHE-1"), {"num_beams": 3, "num_return_sequences": 3, "early_stopping": True}),
    "beams-to-the-end": (("BEAM-SEARCH-5", "CACHE-1"), {
        "num_beams": 4, "num_return_sequences": 2, "early_stopping": "never", "length_penalty": 2.0}),
    "penalty": (("REPETITION-PENALTY-2", "CACHE-1"), {"repetition_penalty": 1.5}),
    "ngrams": (("NO-REPEAT-NGRAM-1", "CACHE-1"), {"no_repeat_ngram_size": 2}),
}
"""Of each name the clauses and the config."""
SEEDS: Mapping[str, int] = {
    "attention-beams-1": 2,
    "attention-beams-to-the-end-0": 8,
    "attention-beams-to-the-end-2": 6,
    "attention-beams-to-the-end-2-ending": 2,
    "attention-beams-to-the-end-3": 6,
    "attention-beams-to-the-end-3-ending": 2,
    "attention-beams-to-the-end-batch": 6,
}
"""Of calls whose decisions are near under the seed 1 another one."""


def attention_calls(profile: str, batched: bool) -> Iterator[tuple[str, tuple[str, ...], Call]]:
    """Give the calls of a profile, each with its name and its clauses. `batched`: several prompts together, too."""
    for name, (clauses, config) in CONFIGS.items():
        for number, prompt in enumerate(PROMPTS):
            for ends in ((), ENDS):
                whole = f"attention-{name}-{number}{'-ending' if ends else ''}"
                yield whole, clauses, call_of(whole, config, (prompt,), ends, profile)
        if batched:
            whole = f"attention-{name}-batch"
            yield whole, ("OUTPUTS-15", *clauses), call_of(whole, config, RAGGED, ENDS, profile)


def call_of(name: str, config: Mapping[str, Any], prompts: tuple[Tokens, ...], ends: Tokens, profile: str) -> Call:
    """Make a call of a few new tokens; without EOS ids of more."""
    ending = {"eos_token_id": [*ends], "pad_token_id": 0} if ends else {}
    model = History(Scripted("table", SEEDS.get(name, 1), SIZE, ends))
    return Call({"max_new_tokens": 10 if ends else 16, **ending, **config}, model, prompts, profile=profile)
