"""Family 1: length."""

from collections.abc import Iterator

from genspec.config.fields import FIELDS
from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.kind import Kind
from genspec.lint.node import ConfigNode, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.effect import accepted, looks_encoder_decoder
from genspec.lint.rules.where import EVERY_CALL, EVERYWHERE, FILE, PYTHON
from genspec.lint.sources.document import Source

LENGTHS = ("max_new_tokens", "max_length", "min_new_tokens", "min_length")
OLD_DEFAULT = 20
"""What max_length was before transformers 5.0 when nobody set it; a file that dumps every default holds it."""

DUMP = 5
"""Nulls in a file from which on it is a dump of every field: nobody writes that many by hand."""

NEW_TOKENS_WHEN_UNSET = 20


@rule(
    "GS101", "both-max-lengths", severity=Severity.WARNING, clauses=["LENGTH-3"],
    rationale="""max_new_tokens decides, from whichever source it comes, and max_length is dead text. Whoever lowers
    max_length later changes nothing, and a max_length given in a call loses to the max_new_tokens of the file too
    (run with transformers 5.23: a file with 2 and a call with max_length=10 give 2 new tokens). Some releases warn at
    every call. A max_length of 20 among the nulls of a dumped config was the default and nobody's choice: that is
    reported as an info.""",
    help="Keep one of the two: max_new_tokens, unless the limit is meant to count the prompt.",
    bad={"max_length": 50, "max_new_tokens": 20}, good={"max_new_tokens": 20},
    evidence=[
        "huggingface/transformers#22636", "huggingface/transformers#21369", "huggingface/transformers#13983",
        "EleutherAI/lm-evaluation-harness#2730",
    ],
    sources=EVERY_CALL,
)
def both_max_lengths(config: ConfigNode) -> Iterator[Draft]:
    total, new = accepted(config, "max_length"), accepted(config, "max_new_tokens")
    if total is None or new is None:
        return
    message = f"`max_length` ({total}) is ignored: `max_new_tokens` ({new}) decides"
    if total <= new:
        message += ", and the sequence may grow beyond max_length"
    severity = Severity.INFO if total == OLD_DEFAULT and is_dump(config) else None
    fix = unsafe("Remove `max_length`", config.remove("max_length"))
    yield config.finding("max_length", message, fix=fix, severity=severity)


@rule(
    "GS104", "max-length-counts-prompt", severity=Severity.INFO, clauses=["LENGTH-2"],
    rationale="""For a decoder-only model max_length is the length of prompt and output together, so the output gets
    shorter as the prompt gets longer, and transformers raises ValueError once the prompt alone has max_length tokens.
    Engines that take their limits from this file, vLLM among them, read max_new_tokens only. Not reported where the
    file speaks of a decoder with a start token of its own: there max_length counts output.""",
    help="If the limit is meant for the output, write max_new_tokens.",
    bad={"max_length": 512}, good={"max_new_tokens": 512},
    evidence=["EleutherAI/lm-evaluation-harness#1513", "hiyouga/LLaMA-Factory#6599"],
    sources=FILE + PYTHON,
)
def max_length_counts_prompt(config: ConfigNode) -> Iterator[Draft]:
    total = accepted(config, "max_length")
    if total is None or config.value("max_new_tokens") is not None or counts_output_only(config):
        return
    if total == OLD_DEFAULT and is_dump(config):
        return
    fix = unsafe("Rename `max_length` to `max_new_tokens`", config.rename("max_length", "max_new_tokens"))
    message = f"`max_length` counts the prompt: a prompt of n tokens leaves {total} - n new tokens"
    yield config.finding("max_length", message, fix=fix)


@rule(
    "GS105", "min-exceeds-max", severity=Severity.ERROR, clauses=["LENGTH-9"],
    rationale="""No EOS can be chosen before the minimum, and the maximum comes first: every row runs to the maximum
    and ends in the middle of its text. transformers warns and goes on; vLLM and OpenVINO GenAI refuse the request.
    min_new_tokens is held against max_new_tokens, or against max_length, of which the prompt takes one token at least
    (with neither, against the 20 new tokens that then apply: a warning, because a call may raise them). min_length is
    held against max_length, when neither has a counterpart in new tokens.""",
    help="Lower the minimum below the maximum.",
    bad={"max_new_tokens": 20, "min_new_tokens": 50}, good={"max_new_tokens": 50, "min_new_tokens": 20},
    sources=EVERYWHERE,
)
def min_exceeds_max(config: ConfigNode) -> Iterator[Draft]:
    if accepted(config, "min_new_tokens") is not None:
        yield from min_new_tokens_exceed(config)
    elif accepted(config, "min_length") is not None and config.value("max_new_tokens") is None:
        least, most = accepted(config, "min_length"), accepted(config, "max_length")
        if least is not None and most is not None and least > most:
            yield config.finding("min_length", f"`min_length` ({least}) exceeds `max_length` ({most}): no row can end")


def min_new_tokens_exceed(config: ConfigNode) -> Iterator[Draft]:
    """Hold min_new_tokens against the maximum that decides."""
    least = accepted(config, "min_new_tokens") or 0
    new, total = accepted(config, "max_new_tokens"), accepted(config, "max_length")
    here = f"`min_new_tokens` ({least}) exceeds"
    if new is not None:
        if least > new:
            yield config.finding("min_new_tokens", f"{here} `max_new_tokens` ({new}): no row can end with EOS")
    elif total is not None:
        if least >= total:
            message = f"{here} what `max_length` ({total}) leaves beside any prompt: no row can end with EOS"
            yield config.finding("min_new_tokens", message)
    elif least > NEW_TOKENS_WHEN_UNSET and not {"max_new_tokens", "max_length"} & config.refused.keys():
        message = f"{here} the {NEW_TOKENS_WHEN_UNSET} new tokens that apply while no maximum is set"
        yield config.finding("min_new_tokens", message, severity=Severity.WARNING)


@rule(
    "GS106", "min-length-counts-prompt", severity=Severity.INFO, clauses=["LENGTH-7"],
    rationale="""For a decoder-only model min_length is the length of prompt and output together: any prompt of that
    length satisfies it, and it then has no effect. Not reported where the file speaks of a decoder with a start token
    of its own.""",
    help="If the minimum is meant for the output, write min_new_tokens.",
    bad={"max_new_tokens": 128, "min_length": 32}, good={"max_new_tokens": 128, "min_new_tokens": 32},
    evidence=[
        "huggingface/transformers#20614", "huggingface/transformers#20756", "huggingface/transformers#20814",
    ],
    sources=FILE + PYTHON,
)
def min_length_counts_prompt(config: ConfigNode) -> Iterator[Draft]:
    least = accepted(config, "min_length")
    if not least or config.value("min_new_tokens") is not None or counts_output_only(config):
        return
    fix = unsafe("Rename `min_length` to `min_new_tokens`", config.rename("min_length", "min_new_tokens"))
    message = f"`min_length` counts the prompt: a prompt of {least} tokens leaves no minimum"
    yield config.finding("min_length", message, fix=fix)


@rule(
    "GS108", "nonpositive-length", severity=Severity.ERROR, clauses=["CONFIG-4", "LENGTH-1", "LENGTH-2"],
    rationale="""A maximum below 1 leaves no room for a token. transformers raises ValueError when it loads a
    max_new_tokens of 0 or less, and at every call with such a max_length. A negative minimum is silently none at
    all.""",
    help="Give a maximum of at least 1 token, a minimum of at least 0; to set no limit, remove the field.",
    bad={"max_new_tokens": 0}, good={"max_new_tokens": 1},
    sources=EVERYWHERE,
)
def nonpositive_length(config: ConfigNode) -> Iterator[Draft]:
    for name in LENGTHS:
        if name in config.refused and isinstance(config.number(name), int):
            value, bounds = config.value(name), FIELDS[name].bounds
            yield config.finding(name, f"`{name}` is {value}, outside {bounds}")


def counts_output_only(config: ConfigNode) -> bool:
    """Tell whether a length may well count the output alone: a decoder with a start of its own, another program."""
    if config.place.source is not Source.GENERATION_CONFIG and config.place.decoder_only is None:
        return True
    return looks_encoder_decoder(config) or config.kind is Kind.MIXED


def is_dump(config: ConfigNode) -> bool:
    """Tell whether the file is a dump of every field, defaults included."""
    return list(config.values.values()).count(None) >= DUMP
