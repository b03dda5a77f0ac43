"""Deviations that end in an exception: what the call has to be like, and what the exception says."""

import re
from collections.abc import Callable

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.deviation import Explains, Seen

Condition = Callable[[Call, DecodingPlan], bool]
BEAMS = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE)


def refuses(error: str, message: str, condition: Condition) -> Explains:
    """Explain a refusal with this exception and message, of a call that meets the condition for some prompt."""
    pattern = re.compile(message)

    def explains(seen: Seen) -> bool:
        answer = seen.answer
        if not isinstance(answer, Refusal) or not isinstance(seen.expected, tuple):
            return False
        matches = answer.error in error.split("|") and pattern.search(answer.message) is not None
        return matches and any(condition(seen.call, plan) for plan in seen.call.plans)

    return explains


def either(*several: Explains) -> Explains:
    """Explain what one of several explains."""
    return lambda seen: any(explains(seen) for explains in several)


def fills_max_length(call: Call, plan: DecodingPlan) -> bool:
    """DEV-1: the prompt, with its padding, has `max_length` tokens or more."""
    length = call.config.get("max_length")
    return length is not None and call.config.get("max_new_tokens") is None and width(call) >= length


def width(call: Call) -> int:
    """Count the tokens of the longest prompt; of an encoder-decoder model without prompts, its start token."""
    return max(1, *map(len, call.prompts))


def too_few_candidates(call: Call, plan: DecodingPlan) -> bool:
    """DEV-40: a step asks for max(2, 1 + EOS ids) · B candidates, and there are B · V."""
    return plan.beams is not None and max(2, 1 + len(plan.stopping.eos_token_ids)) > call.model.vocab_size


def guides_rows_from_a_negative_prompt(call: Call, plan: DecodingPlan) -> bool:
    """DEV-27: there are more rows than negative prompts."""
    several = plan.beams is not None or plan.outputs.num_return_sequences > 1
    return plan.operation("guidance") is not None and several and call.negative_prompts is not None


def guides_an_encoder_decoder(call: Call, plan: DecodingPlan) -> bool:
    """DEV-58."""
    return plan.operation("guidance") is not None and call.sources is not None


def assists_without_a_cache(call: Call, plan: DecodingPlan) -> bool:
    """DEV-59."""
    return plan.mode is Mode.ASSISTED and call.config.get("use_cache") is False


def assists_with_stop_strings(call: Call, plan: DecodingPlan) -> bool:
    """DEV-60."""
    return plan.mode is Mode.ASSISTED and call.assistant is not None and bool(plan.stopping.stop_strings)


SELFHASH_TOKENS = 40
"""The tokens that the watermark of the scheme selfhash looks at."""


def marks_as_transformers_cannot(call: Call, plan: DecodingPlan) -> bool:
    """DEV-38."""
    given = plan.operation("watermark")
    if given is None:
        return False
    marks = given.arguments
    few = marks["seeding_scheme"] == "selfhash" and call.model.vocab_size < SELFHASH_TOKENS
    return few or marks["greenlist_ratio"] in (0, 1) or abs(int(str(marks["hashing_key"]))) >= 1 << 63


def assists_with_a_static_cache(call: Call, plan: DecodingPlan) -> bool:
    """DEV-68."""
    return plan.mode is Mode.ASSISTED and call.config.get("cache_implementation") is not None


DRAFTING_TWICE = 3
"""The new tokens that a row must have room for, so that an assistant drafts twice: it leaves room for one behind."""


def assists_with_a_named_cache(call: Call, plan: DecodingPlan) -> bool:
    """DEV-68: an assistant that drafts again is given the field, and the cache that it had."""
    named = plan.mode is Mode.ASSISTED and call.config.get("cache_implementation") == "dynamic"
    return named and call.assistant is not None and plan.length.max_length - width(call) >= DRAFTING_TWICE


def chunks_without_a_cache(call: Call, _: DecodingPlan) -> bool:
    """DEV-63."""
    return call.config.get("prefill_chunk_size") is not None and call.config.get("use_cache") is False


def has_a_compile_config(call: Call, _: DecodingPlan) -> bool:
    """DEV-61."""
    return isinstance(call.config.get("compile_config"), dict)


REALS = ("temperature", "repetition_penalty", "encoder_repetition_penalty")
"""Fields for which a whole number other than 1 is refused."""


def has_a_whole_number(call: Call, _: DecodingPlan) -> bool:
    """DEV-8."""
    biases = call.config.get("sequence_bias") or ()
    pairs = biases if isinstance(biases, (list, tuple)) else ()
    given = [*(call.config.get(name) for name in REALS), *(pair[1] for pair in pairs)]
    return any(isinstance(number, int) and number != 1 for number in given)


def has_an_empty_list(call: Call, _: DecodingPlan) -> bool:
    """DEV-18."""
    return any(call.config.get(name) == [] for name in ("bad_words_ids", "sequence_bias", "forced_eos_token_id"))


def has_low_memory(call: Call, plan: DecodingPlan) -> bool:
    """DEV-20."""
    return call.config.get("low_memory") is True and plan.mode in BEAMS
