"""Configs that the specification refuses, each with the clauses by which it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import inf, nan
from typing import Any

from hypothesis import strategies as st

from genspec.backends.call import Call
from genspec.config.annotations import alternatives, simplified
from genspec.config.bounds import Bounds
from genspec.config.fields import FIELDS, Field
from genspec.config.mode import Mode
from genspec.config.types import TokenId
from genspec.conform.strategies.calls import calls

Config = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """Members that make a config wrong, and the clause of each reason."""

    members: Mapping[str, Any]
    clauses: tuple[str, ...]
    without: tuple[str, ...] = ()       # members that must not stand beside them


NUMERIC = [field for field in FIELDS.values() if field.bounds is not None and simplified(field.type)[0] in (int, float)]
"""Fields that hold one number within a range."""
NOT_TEXT = [field for field in FIELDS.values() if not any(part in (str, Any) for part in alternatives(field.type))]
"""Fields that hold no text, or a few words at most."""


def out_of_range() -> st.SearchStrategy[Fault]:
    """Give a number outside the range of its field. Each field's own clause."""
    return st.sampled_from(NUMERIC).flatmap(lambda field: outside(field).map(
        lambda number: Fault({field.key: number}, (field.clause,))
    ))


def outside(field: Field) -> st.SearchStrategy[float]:
    """Give numbers outside the range of a field, of its own type."""
    bounds = field.bounds or Bounds(0, 1)
    whole = simplified(field.type)[0] is int
    numbers: list[float] = [number for number in (-1, 0, 2, -5, 1) if number not in bounds]
    numbers += [] if whole else [number for number in (-0.5, 1.5) if number not in bounds]
    return st.sampled_from(numbers) if numbers else st.nothing()


def no_number() -> st.SearchStrategy[Fault]:
    """Give what is no finite number. CONFIG-4."""
    real = [field for field in NUMERIC if simplified(field.type)[0] is float]
    return st.builds(lambda field, number: Fault({field.key: number}, ("CONFIG-4",)),
                     st.sampled_from(real), st.sampled_from((nan, inf, -inf)))


def wrong_type() -> st.SearchStrategy[Fault]:
    """Give a value of another type. CONFIG-3, or the clause of a field that holds one of a few words."""
    plain = [field for field in NOT_TEXT if not named(field)]
    return st.builds(lambda field, value: Fault({field.key: value}, ("CONFIG-3",)),
                     st.sampled_from(plain), st.sampled_from(("1", "x")))


def named(field: Field) -> bool:
    """Tell whether a field holds one of a few words."""
    return any(hasattr(part, "__args__") and isinstance(part.__args__[0], str) for part in alternatives(field.type))


def id_beyond() -> st.SearchStrategy[Fault]:
    """Give an id that is no token, for whatever V is drawn. TOKENS-1."""
    one = [name for name in ("forced_eos_token_id", "pad_token_id", "eos_token_id", "bos_token_id")
           if any(part == TokenId for part in alternatives(FIELDS[name].type))]
    many = ("suppress_tokens", "begin_suppress_tokens")
    single = st.sampled_from(one).map(lambda name: Fault({name: 10**6}, ("TOKENS-1",)))
    return single | st.sampled_from(many).map(lambda name: Fault({name: [10**6]}, ("TOKENS-1",)))


TOGETHER: tuple[Fault, ...] = (
    Fault({"num_return_sequences": 2}, ("MODE-9",), ("do_sample", "num_beams", "prompt_lookup_num_tokens")),
    Fault({"num_beams": 2, "num_return_sequences": 3}, ("MODE-10",), ("prompt_lookup_num_tokens",)),
    Fault({"do_sample": True, "temperature": 0.0}, ("TEMPERATURE-2",)),
    Fault({"suppress_tokens": [0], "forced_eos_token_id": 0}, ("SUPPRESS-2",)),
    Fault({"suppress_tokens": [0], "forced_bos_token_id": 0}, ("SUPPRESS-2",)),
    Fault({"bad_words_ids": [[]]}, ("BAD-WORDS-1",)),
    Fault({"sequence_bias": [[[], 1.0]]}, ("SEQUENCE-BIAS-1",)),
    Fault({"exponential_decay_length_penalty": [1, 1.5]}, ("EXPONENTIAL-DECAY-LENGTH-PENALTY-1",), ("eos_token_id",)),
    Fault({"watermarking_config": {"greenlist_ratio": 2.0}}, ("WATERMARK-1",)),
    Fault({"watermarking_config": {"colour": "green"}}, ("WATERMARK-1",)),
    Fault({"early_stopping": "always"}, ("BEAMS-2",)),
    Fault({"early_stopping": 1}, ("BEAMS-2",)),
    Fault({"cache_implementation": "fast"}, ("CACHE-2",)),
    Fault({"top_kk": 5}, ("CONFIG-2",)),
    Fault({"streamer": True}, ("CONFIG-9",)),
    Fault({"_commit_hash": "a", "commit_hash": "a"}, ("CONFIG-7",)),
    Fault({"do_sample": 1}, ("CONFIG-3",)),
    Fault({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0}, ("CONFIG-10",)),
    Fault({"num_beams": 2, "force_words_ids": [[0]]}, ("CONFIG-10",), ("do_sample",)),
    Fault({"penalty_alpha": 0.5, "top_k": 4}, ("CONFIG-10",), ("do_sample", "num_beams", "prompt_lookup_num_tokens")),
    Fault({"dola_layers": "high"}, ("CONFIG-10",), ("do_sample", "num_beams", "prompt_lookup_num_tokens")),
)
"""Members that are refused together, or for more than type and range."""

FAULTS: tuple[Callable[[], st.SearchStrategy[Fault]], ...] = (
    lambda: st.sampled_from(TOGETHER), out_of_range, wrong_type, no_number, id_beyond,
)


def faults() -> st.SearchStrategy[Fault]:
    """Draw what makes a config of profile hf wrong, with the clauses that refuse it."""
    return st.one_of([make() for make in FAULTS])


@st.composite
def rejected_calls(draw: st.DrawFn, /, **wanted: Any) -> Call:
    """Draw a call that is refused; its note names the clauses of which some are among the reasons.

    `wanted`: as for `calls`, without `decoder_modes` and `profile`.
    """
    call, fault = draw(calls(decoder_modes=(Mode.GREEDY,), profile="hf", **wanted)), draw(faults())
    kept = {key: value for key, value in call.config.items() if key not in fault.without}
    return replace(call, config={**kept, **fault.members}, note={"clauses": list(fault.clauses)})


def rejected_configs(vocab_size: int = 8) -> st.SearchStrategy[tuple[Config, tuple[str, ...]]]:
    """Configs of profile hf that `resolve` refuses, each with clauses that are among its reasons."""
    return rejected_calls(vocab_size=vocab_size, batched=False).map(
        lambda call: (dict(call.config), tuple(call.note["clauses"]))
    )
