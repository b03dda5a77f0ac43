"""Searches and draws whose rows are others when one rule of them is: how they end, how many candidates, which ties."""

from collections.abc import Callable, Mapping
from typing import Any

from genspec.backends.call import Call
from genspec.conform.cases.placed.seeds import CHOICE_SEEDS
from genspec_reference import Scripted

V, EOS = 12, (3, 7)
Make = Callable[[int], Call]


def searched(
    eos: tuple[int, ...] = EOS, size: int = V, prompt: tuple[int, ...] = (5, 2), profile: str = "hf", **config: Any
) -> Make:
    """Give the maker of a beam search."""
    given = {"num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 10, "eos_token_id": list(eos), **config}
    return lambda seed: Call(given, Scripted("history", seed, size, eos), (prompt,), profile=profile,
                             seeds=(seed,) if config.get("do_sample") else None)


def drawn(kind: str = "history", **config: Any) -> Make:
    """Give the maker of a call that samples."""
    given = {"do_sample": True, "max_new_tokens": 12, "top_k": 0, **config}
    return lambda seed: Call(given, Scripted(kind, seed, V), ((5, 2),), seeds=(seed,))


def kept(**config: Any) -> Make:
    """Give the maker of a search that draws, with a filter that would keep one token."""
    return searched(do_sample=True, num_beams=2, num_return_sequences=1, max_new_tokens=5, top_k=0, **config)


CHOICES: Mapping[str, tuple[tuple[str, ...], Make]] = {
    "false-is-not-never": (("BEAMS-2", "BEAM-SEARCH-6"), searched(early_stopping=False, length_penalty=2.0)),
    "false-is-not-true": (("BEAMS-2", "BEAM-SEARCH-6"), searched(early_stopping=False)),
    "never-is-not-false": (("BEAMS-2", "BEAM-SEARCH-6"), searched(early_stopping="never", length_penalty=2.0)),
    "never-is-not-true": (("BEAMS-2", "BEAM-SEARCH-6"), searched(early_stopping="never")),
    "true-is-not-false": (("BEAMS-2", "BEAM-SEARCH-6"), searched(early_stopping=True)),
    "no-early-stopping-set": (("BEAMS-2", "PROFILES-5"), searched()),
    "candidates-of-a-rank": (("BEAM-SEARCH-3",), searched((0, 1, 3, 7, 9, 10), early_stopping=True, max_new_tokens=6)),
    "a-stop-bound": (("BEAM-SEARCH-6",), searched(max_new_tokens=8)),
    "one-beam-less": (("BEAMS-1",), searched(num_beams=4, num_return_sequences=1)),
    "one-beam-more": (("BEAMS-1",), searched(num_beams=4, num_return_sequences=2)),
    "penalty-2": (("BEAMS-3", "BEAM-SEARCH-4"), searched(length_penalty=2.0)),
    "penalty-below-zero": (("BEAMS-3", "BEAM-SEARCH-4"), searched(length_penalty=-1.0)),
    "length-with-its-eos": (("BEAM-SEARCH-4",), searched(length_penalty=1.0, num_return_sequences=2)),
    "length-without-its-prompt": (("BEAM-SEARCH-4",), searched(prompt=(5, 2, 9, 4, 1, 0, 6), num_return_sequences=2)),
    "both-minima": (("LENGTH-8",), lambda seed: Call(
        {"min_new_tokens": 2, "min_length": 12, "max_new_tokens": 12, "eos_token_id": list(EOS)},
        Scripted("history", seed, V, EOS), ((5, 2),))),
    "both-minima-the-other-way": (("LENGTH-8",), lambda seed: Call(
        {"min_new_tokens": 6, "min_length": 3, "max_new_tokens": 12, "eos_token_id": list(EOS)},
        Scripted("history", seed, V, EOS), ((5, 2),))),
    "both-maxima": (("LENGTH-3",), lambda seed: Call(
        {"max_new_tokens": 6, "max_length": 5}, Scripted("history", seed, V), ((5, 2),))),
    "top-k-keeps-ties": (("TOP-K-3",), drawn("ties", top_k=3)),
    "typical-keeps-ties": (("TYPICAL-P-3",), drawn("ties", typical_p=0.4)),
    "nucleus-drops-ties": (("TOP-P-3",), drawn("ties", top_p=0.4)),
    **{f"{name}-keeps-one-more-than-eos".replace("_", "-"): ((clause,), kept(**{name: value}))
       for name, value, clause in (("top_p", 0.1, "TOP-P-4"), ("min_p", 1.0, "MIN-P-3"),
                                   ("typical_p", 0.1, "TYPICAL-P-4"), ("epsilon_cutoff", 0.9, "EPSILON-CUTOFF-3"),
                                   ("eta_cutoff", 0.9, "ETA-CUTOFF-4"))},
    "totals-order-what-is-drawn": (("BEAM-SAMPLE-2",), searched(
        do_sample=True, early_stopping=True, num_return_sequences=2, max_new_tokens=6, top_k=0, profile="hf-4.38")),
    "rows-with-noise-of-their-own": (("SAMPLE-2",), drawn(num_return_sequences=3)),
    "suppressed-at-the-begin": (("BEGIN-SUPPRESS-2",), lambda seed: Call(
        {"begin_suppress_tokens": [0, 1, 2, 4, 5, 6], "max_new_tokens": 6},
        Scripted("history", seed, V), ((5, 2, 9),))),
}
"""Of each name the clauses and the maker of a call, given a seed."""

CHOICE_CALLS: Mapping[str, tuple[tuple[str, ...], Call]] = {
    name: (clauses, make(CHOICE_SEEDS[name])) for name, (clauses, make) in CHOICES.items() if name in CHOICE_SEEDS
}
