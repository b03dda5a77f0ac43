"""The choice points of a profile and their options, as data. Text: docs/spec/profiles.md."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from typing import Any, Literal, get_args, get_origin, get_type_hints

from genspec.config.mode import Mode
from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES


@dataclass(frozen=True, slots=True)
class Point:
    """A question that a profile answers."""

    name: str                           # the field of `Profile`
    clause: str
    options: tuple[Any, ...]            # those that its type lists, or those that named profiles take


CLAUSES: Mapping[str, str] = {
    "version": "CONFIG-10", "modes": "PROFILES-3", "default_length": "LENGTH-4", "order": "PIPELINE-1",
    "beam_order": "PROFILES-4", "nucleus_boundary": "TOP-P-2", "nucleus_mass": "TOP-P-5", "nucleus_ties": "TOP-P-6",
    "top_k_ties": "TOP-K-4", "typical_boundary": "TYPICAL-P-2", "typical_ties": "TYPICAL-P-3",
    "xtc_boundary": "XTC-3", "xtc_ties": "XTC-4", "penalty_scope": "REPETITION-PENALTY-2",
    "penalty_window": "REPETITION-PENALTY-3", "count_scope": "PRESENCE-PENALTY-2", "ngram_scope": "NO-REPEAT-NGRAM-2",
    "beam_input": "BEAM-SEARCH-1", "beam_candidates": "BEAM-SEARCH-2", "finishing_rank": "BEAM-SEARCH-3",
    "finishing_rules": "BEAM-SEARCH-10", "hypothesis_length": "BEAM-SEARCH-4", "length_normalisation": "BEAM-SEARCH-4",
    "default_early_stopping": "PROFILES-5", "stop_bound": "BEAM-SEARCH-6", "drawn_order": "BEAM-SAMPLE-2",
    "drawn_start": "BEAM-SAMPLE-1",
}
"""The clause of each choice point."""

WORDS: Mapping[tuple[str, Any], str] = {
    ("default_length", "new tokens"): "without a length, 20 new tokens",
    ("default_length", "total length"): "without a length, 20 tokens with the prompt",
    ("nucleus_boundary", "<"): "the token at which the mass reaches p is the last one kept",
    ("nucleus_boundary", "<="): "where the mass equals p, one token more is kept",
    ("nucleus_mass", "renormalised"): "the mass is that of the scores that top_p is given",
    ("nucleus_mass", "full"): "the mass is that of the scores before the first truncation",
    ("nucleus_ties", "ranked"): "of equal scores the lowest ids are kept first",
    ("nucleus_ties", "kept"): "of equal scores all are kept, or none",
    ("top_k_ties", "kept"): "scores equal to the kth are kept",
    ("top_k_ties", "exact"): "exactly k tokens are kept",
    ("typical_boundary", ">="): "tokens are kept until the mass reaches p",
    ("typical_boundary", ">"): "tokens are kept until the mass exceeds p",
    ("typical_ties", "kept"): "what is as typical as the last token kept is kept",
    ("typical_ties", "exact"): "nothing is kept behind the last token, as typical as it may be",
    ("xtc_boundary", ">="): "a token of the threshold itself is a choice",
    ("xtc_boundary", ">"): "a token of the threshold itself is no choice",
    ("xtc_ties", "ranked"): "one choice stays",
    ("xtc_ties", "kept"): "all choices stay that are as probable as the last one",
    ("penalty_scope", "row"): "prompt and new tokens count for the repetition penalty",
    ("penalty_scope", "output"): "new tokens alone count for the repetition penalty",
    ("penalty_window", None): "all tokens count for the repetition penalty",
    ("count_scope", "row"): "prompt and new tokens are counted",
    ("count_scope", "output"): "new tokens alone are counted",
    ("ngram_scope", "row"): "sequences of the prompt are not repeated either",
    ("ngram_scope", "output"): "sequences of the new tokens alone are not repeated",
    ("beam_input", "log_softmax"): "the operations act on log-probabilities",
    ("beam_input", "logits"): "the operations act on logits, and the log-softmax follows",
    ("beam_candidates", "eos"): "a step has one candidate more a beam than there are EOS ids",
    ("beam_candidates", "two"): "a step has two candidates a beam",
    ("finishing_rank", "beams"): "a candidate finishes when it ranks among the first num_beams",
    ("finishing_rank", "any"): "a candidate finishes whatever its rank",
    ("finishing_rules", "all"): "length, strings and time finish a candidate as an EOS does",
    ("finishing_rules", "eos"): "only an EOS finishes a candidate",
    ("hypothesis_length", "new"): "the length is that of the new tokens, EOS included",
    ("hypothesis_length", "new without EOS"): "the length is that of the new tokens without the EOS",
    ("hypothesis_length", "row"): "the length counts the prompt",
    ("hypothesis_length", "row without EOS"): "the length counts the prompt, and not the EOS",
    ("length_normalisation", "power"): "the sum is divided by a power of the length",
    ("length_normalisation", "gnmt"): "the sum is divided by a power of (5 + length) / 6",
    ("default_early_stopping", False): "an unset early_stopping is false",
    ("default_early_stopping", True): "an unset early_stopping is true",
    ("default_early_stopping", "never"): 'an unset early_stopping is "never"',
    ("stop_bound", "open"): "the best open hypothesis decides whether a row ends",
    ("stop_bound", "candidate"): "the best candidate of the step decides whether a row ends",
    ("drawn_order", "draw"): "candidates rank in the order in which they were drawn",
    ("drawn_order", "score"): "drawn candidates rank by their totals",
    ("drawn_start", "prompt"): "a search that draws begins with the prompt",
    ("drawn_start", "copies"): "a search that draws begins with copies of the prompt",
}
"""What each option means, for a person."""


@cache
def points() -> tuple[Point, ...]:
    """Give every choice point, in the order of `Profile`."""
    hints = get_type_hints(Profile)
    return tuple(
        Point(field.name, CLAUSES[field.name], options_of(field.name, hints[field.name]))
        for field in fields(Profile) if field.name != "name"
    )


def options_of(name: str, hint: Any) -> tuple[Any, ...]:
    """Give the options of a choice point: what its type lists, else what named profiles take."""
    listed = words_of(hint) or tuple(word for part in get_args(hint) for word in words_of(part))
    taken = tuple(getattr(profile, name) for profile in PROFILES.values())
    return tuple(dict.fromkeys(listed or taken))


def words_of(part: Any) -> tuple[Any, ...]:
    """Give the options that a part of a type lists."""
    if part is bool:
        return (False, True)
    return get_args(part) if get_origin(part) is Literal else ()


def point_named(name: str) -> Point:
    """Give a choice point by its name."""
    return next(point for point in points() if point.name == name)


def others(point: Point, profile: Profile) -> tuple[Any, ...]:
    """Give the options that a profile does not take."""
    return tuple(option for option in point.options if option != getattr(profile, point.name))


def written(option: Any) -> str:
    """Write an option as docs/spec/profiles.md does."""
    if option is None:
        return "none"
    if isinstance(option, bool):
        return str(option).lower()
    if isinstance(option, frozenset):
        return ", ".join(mode.value for mode in Mode if mode in option)
    if isinstance(option, tuple):
        version = bool(option) and isinstance(option[0], int)
        return ".".join(map(str, option)) if version else ", ".join(option) or "no operation"
    return str(option)


def meaning(name: str, option: Any) -> str:
    """Say what an option means, in a few words."""
    if (name, option) in WORDS:
        return WORDS[name, option]
    if name == "penalty_window":
        return f"the last {option} tokens count for the repetition penalty"
    if name == "version":
        return f"the fields are those of transformers {written(option)}"
    if name == "modes":
        return f"the modes are {written(option)}"
    return f"the operations are {written(option)}" if option is not None else "beam modes have the operations of all"


def rearranged(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    """Say how an order of operations differs from another one: which are lacking, and which come first now."""
    lacking = [name for name in before if name not in now]
    new = [name for name in now if name not in before]
    first = [f"{one} before {other}" for one, other in pairwise(name for name in now if name in before)
             if before.index(one) > before.index(other)]
    parts = (f"no {', '.join(lacking)}" if lacking else "", f"{', '.join(new)} too" if new else "", ", ".join(first))
    return "; ".join(part for part in parts if part)


def takers(name: str, option: Any) -> tuple[str, ...]:
    """Name the profiles that take an option."""
    return tuple(profile.name for profile in PROFILES.values() if getattr(profile, name) == option)
