"""Conditions of values that are accepted, and what they are taken for."""

from dataclasses import replace
from typing import Any

from genspec.backends.call import Call
from genspec.config.decision import Reason
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Change, Situation
from genspec.conform.oracle.requests import with_operations

OF_DRAWING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h")
OF_ASSISTANTS = (
    "num_assistant_tokens", "num_assistant_tokens_schedule", "assistant_confidence_threshold", "assistant_lookbehind",
    "target_lookbehind",
)
OF_NOBODY = ("max_cache_len", "generation_kwargs")
"""Fields that change no token; `max_cache_len` is read for static caches alone."""

FLAGS = ("renormalize_logits", "remove_invalid_values", "use_cache", "low_memory", "return_dict_in_generate")


def draws(call: Call) -> bool:
    """Tell whether tokens are drawn."""
    return bool(call.config.get("do_sample"))


def acts(field: str, call: Call) -> bool:
    """Tell whether a field has anything to do in a call."""
    if field in OF_DRAWING:
        return draws(call)
    if field in OF_ASSISTANTS:
        return call.assistant is not None
    return field not in OF_NOBODY or call.config.get("cache_implementation") is not None


def does_not_act(reason: Reason, call: Call) -> bool:
    """DEV-21: a number in a field that has nothing to do."""
    number = isinstance(reason.value, int | float) and not isinstance(reason.value, bool)
    return number and not acts(reason.field, call)


def is_no_number(reason: Reason, call: Call) -> bool:
    """DEV-71: anything else in a field that has nothing to do."""
    return not isinstance(reason.value, int | float) and not acts(reason.field, call)


def is_above_1(reason: Reason, call: Call) -> bool:
    """DEV-4."""
    return draws(call) and bool(reason.value > 1)  # type: ignore[operator]  # a number, as it was refused for its size


def is_drawn(_: Reason, call: Call) -> bool:
    """DEV-5."""
    return draws(call)


def is_negative(reason: Reason, _: Call) -> bool:
    """DEV-6, DEV-12."""
    return isinstance(reason.value, int | float) and reason.value < 0


def is_true(reason: Reason, _: Call) -> bool:
    """DEV-9."""
    return reason.value is True


def is_0_or_1(reason: Reason, _: Call) -> bool:
    """DEV-17."""
    return reason.value in (0, 1)


def is_below_1(reason: Reason, _: Call) -> bool:
    """DEV-19."""
    return isinstance(reason.value, int) and reason.value < 1


def ids_within(value: Any, call: Call) -> Any:
    """Give the ids that are tokens; None where none is. DEV-3."""
    given = value if isinstance(value, list | tuple) else [value]
    kept = [token for token in given if 0 <= token < call.model.vocab_size]
    return (kept if isinstance(value, list | tuple) else kept[0]) if kept else None


def its_truth(value: Any, _: Call) -> bool:
    """Give what a value counts for as a flag. DEV-10, DEV-70."""
    return bool(value)


def one(*_: Any) -> int:
    """Give 1. DEV-9, DEV-19."""
    return 1


def false(*_: Any) -> bool:
    """Give false. DEV-17."""
    return False


def without_empty(value: Any, _: Call) -> Any:
    """Give the sequences that have a token; None where none has. DEV-76."""
    kept = [one for one in value if one and one[0]]
    return kept or None


def a_scale(*_: Any) -> float:
    """Give a scale that a config may have, in the place of one that it may not. DEV-25."""
    return 2.0


def a_decay(*_: Any) -> list[float]:
    """Give a decay that a config may have. DEV-77."""
    return [0, 2.0]


def scaled_by(value: Any) -> Change:
    """Guide with a scale. DEV-25."""
    return with_arguments("guidance", scale=value)


def decaying_by(value: Any) -> Change:
    """Raise the EOS from a place on, by a factor. DEV-77."""
    return with_arguments("exponential_decay_length_penalty", start=value[0], factor=value[1])


def with_arguments(name: str, **arguments: Any) -> Change:
    """Make the change that gives an operation other arguments."""
    def changed(situation: Situation) -> Situation | None:
        operations = situation.request.plan.operations
        again = tuple(
            replace(one, arguments={**one.arguments, **arguments}) if one.name == name else one for one in operations
        )
        if again == operations:
            return None
        return replace(situation, request=with_operations(situation.request, again))

    return changed


def has_no_eos_in_a_list(call: Call, _: DecodingPlan) -> bool:
    """DEV-13."""
    return call.config.get("eos_token_id") == [] and call.config.get("pad_token_id") is None


def fills_the_context(call: Call, _: DecodingPlan) -> bool:
    """DEV-2."""
    lengths = [call.config.get(name) for name in ("max_length", "max_new_tokens")]
    longest = max(1, *map(len, call.prompts))
    return lengths == [None, None] and call.context_length is not None and longest >= call.context_length


def has_no_stop_string(call: Call, _: DecodingPlan) -> bool:
    """DEV-74."""
    return call.config.get("stop_strings") == [] and call.pieces is None


def starts_as_many_rows(call: Call, _: DecodingPlan) -> bool:
    """DEV-75."""
    starts = call.config.get("decoder_start_token_id")
    return isinstance(starts, list) and len(starts) != len(call.prompts)
