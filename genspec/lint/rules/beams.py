"""Family 3: beam search, assisted decoding and stop strings."""

from collections.abc import Iterator

from genspec.config.fields import FIELDS
from genspec.config.values import shown
from genspec.lint.draft import Draft
from genspec.lint.finding import Fix, Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.effect import accepted, beams, draws, inert_severity, is_silent_on
from genspec.lint.rules.where import EVERYWHERE
from genspec.lint.sources.document import Source
from genspec.lint.target import holds

ASSISTANTS = ("prompt_lookup_num_tokens", "assistant_early_exit", "use_mtp")
"""Fields that select assisted decoding without another model."""


@rule(
    "GS301", "early-stopping-without-beams", severity=Severity.WARNING, clauses=["MODE-3", "BEAMS-2"],
    rationale="""early_stopping ends beam search, and one beam is no beam search: the field has no effect, although
    its name promises that output gets shorter. From transformers 4.37 to 5.22 a model whose file holds it cannot be
    saved (ValueError; run with 4.38.2, 4.46.3, 4.57.6 and 5.22.2), which is an error here; since 5.23 only when
    the config was changed after loading.""",
    help="""Set num_beams above 1, or remove early_stopping. Removing it changes calls that pass num_beams
    themselves, so the fix counts as unsafe.""",
    bad={"early_stopping": True}, good={"num_beams": 4, "early_stopping": True},
    evidence=["vllm-project/vllm#1829", "OpenRLHF/OpenRLHF#714"],
    sources=EVERYWHERE,
)
def early_stopping_without_beams(config: ConfigNode) -> Iterator[Draft]:
    if config.value("early_stopping") in (None, False) or "early_stopping" in config.refused:
        return
    if beams(config) == 1 and not is_silent_on(config, "num_beams"):
        yield inert(config, "early_stopping")


@rule(
    "GS302", "beam-field-without-beams", severity=Severity.WARNING, clauses=["MODE-3", "BEAMS-3"],
    rationale="""length_penalty ranks the hypotheses of beam search, and num_beam_groups and diversity_penalty divide
    them: one beam is no beam search, and the field has no effect on the length or on anything else. diversity_penalty
    has none either while there is a single group. Saving fails as for early_stopping: an error for transformers 4.37
    to 5.22.""",
    help="""Set num_beams above 1, or remove the field; max_new_tokens and min_new_tokens bound the length in every
    mode. Removing it changes calls that pass num_beams themselves, so the fix counts as unsafe.""",
    bad={"length_penalty": 2.0}, good={"num_beams": 4, "length_penalty": 2.0},
    evidence=["huggingface/transformers#18208", "openvinotoolkit/openvino.genai#1143"],
    sources=EVERYWHERE,
)
def beam_field_without_beams(config: ConfigNode) -> Iterator[Draft]:
    for name in ("length_penalty", "num_beam_groups", "diversity_penalty"):
        value, kept = accepted(config, name), beams(config)
        if value is None or value == FIELDS[name].unset or kept is None or is_silent_on(config, "num_beams"):
            continue
        if kept == 1:
            yield inert(config, name)
        elif name == "diversity_penalty" and config.value("num_beam_groups") in (None, 1):
            fix = unsafe(f"Remove `{name}`", config.remove(name))
            yield config.finding(name, f"`{name}` has no effect: there is one group of beams", fix=fix)


def inert(config: ConfigNode, name: str) -> Draft:
    """Say that a field of beam search has no effect."""
    fix = unsafe(f"Remove `{name}`", config.remove(name))
    beams_are = "`num_beams` is 1" if config.value("num_beams") is not None else "`num_beams` is not set"
    message = f"`{name}` has no effect: {beams_are}"
    return config.finding(name, message, fix=fix, severity=inert_severity(config))


@rule(
    "GS303", "length-penalty-direction", severity=Severity.INFO, clauses=["BEAMS-3"],
    rationale="""A hypothesis of n new tokens scores its sum of log-probabilities divided by n to the power of
    length_penalty. The sum is negative, so a positive value favours longer output, the reverse of what the name
    says; 0 leaves the plain sum and a negative value multiplies it by a power of the length: both favour
    shorter output. One file cannot tell what was meant, so only 0 and negative values are mentioned.""",
    help="""To favour longer output give a positive value; 1 compares mean log-probabilities and favours neither. For
    shorter output the value is right, and the finding can be ignored.""",
    bad={"num_beams": 4, "length_penalty": -1.0}, good={"num_beams": 4, "length_penalty": 1.0},
    evidence=["huggingface/transformers#18971", "huggingface/transformers#16930"],
    sources=EVERYWHERE,
)
def length_penalty_direction(config: ConfigNode) -> Iterator[Draft]:
    penalty = accepted(config, "length_penalty")
    if penalty is not None and penalty <= 0 and (beams(config) or 1) > 1:
        yield config.finding("length_penalty", f"`length_penalty` {penalty:g} favours shorter output")


@rule(
    "GS304", "num-return-sequences", severity=Severity.ERROR, clauses=["MODE-9", "MODE-10"],
    rationale="""Greedy search finds one sequence and beam search num_beams of them. transformers raises ValueError
    when it loads a file that asks for more, so the model does not load either. Before 5.0 a null is more, too.""",
    help="Set do_sample to true to draw several sequences, or num_beams to at least num_return_sequences.",
    bad={"num_return_sequences": 3}, good={"num_beams": 3, "num_return_sequences": 3},
    evidence=["huggingface/transformers#28896"],
    sources=EVERYWHERE,
)
def num_return_sequences(config: ConfigNode) -> Iterator[Draft]:
    wanted, kept = accepted(config, "num_return_sequences"), beams(config)
    if is_fatal_null(config, "num_return_sequences"):
        yield null_before_5(config, "num_return_sequences")
    if wanted is None or wanted == 1 or kept is None:
        return
    if kept > 1 and wanted > kept:
        message = f"`num_return_sequences` ({wanted}) exceeds `num_beams` ({kept})"
        yield config.finding("num_return_sequences", message)
    elif kept == 1 and draws(config) is False:
        message = f"`num_return_sequences` is {wanted}, and greedy search gives one: `do_sample` is not true"
        yield config.finding("num_return_sequences", message)


@rule(
    "GS305", "early-stopping-type", severity=Severity.ERROR, clauses=["BEAMS-2", "CONFIG-3"],
    rationale="""transformers raises ValueError on loading for every value but true, false and "never" in this very
    spelling, yet lets the numbers 1 and 0 pass, because Python holds them equal to true and false. The search then
    compares by identity: 1 acts as false since 4.50 (run with 5.23: 4 tokens instead of 3), and as "never" before.
    Before 5.0 null is refused as well.""",
    help='Write true, false or "never".',
    bad={"num_beams": 4, "early_stopping": 1}, good={"num_beams": 4, "early_stopping": True},
    sources=EVERYWHERE,
)
def early_stopping_type(config: ConfigNode) -> Iterator[Draft]:
    if is_fatal_null(config, "early_stopping"):
        yield null_before_5(config, "early_stopping")
    reason = config.refused.get("early_stopping")
    if reason is not None:
        fix = respelling(config, config.value("early_stopping"))
        yield config.finding("early_stopping", f"`early_stopping`: {reason.message.rstrip('.')}", fix=fix)


def is_fatal_null(config: ConfigNode, name: str) -> bool:
    """Tell whether the file holds a null that the target refuses to load, instead of taking it for unset."""
    return name in config.values and config.value(name) is None and holds("transformers<5", config.target)


def null_before_5(config: ConfigNode, name: str) -> Draft:
    """Say that a null does not mean unset to the target."""
    fix = safe(f"Remove `{name}`", config.remove(name))
    return config.finding(name, f"`{name}` is null, which transformers refuses before 5.0", fix=fix)


def respelling(config: ConfigNode, value: object) -> Fix | None:
    """Return the fix for a value that is meant to be one of the three. Text fails to load, so nothing depends on it."""
    if isinstance(value, str):
        meant = {"true": True, "false": False, "never": "never"}.get(value.strip().lower())
        return None if meant is None else safe(f"Write {shown(meant)}", config.set("early_stopping", meant))
    if isinstance(value, int | float) and value in (0, 1):
        return unsafe(f"Write {shown(bool(value))}", config.set("early_stopping", bool(value)))
    return None


@rule(
    "GS307", "assisted-decoding-conflict", severity=Severity.WARNING, clauses=["MODE-7", "MODE-9"],
    rationale="""Assisted decoding extends greedy search and sampling only. With num_beams above 1 transformers warns
    at every call and ignores the assistant, so that nothing gets faster; up to 4.51 it raises ValueError. With
    num_return_sequences above 1, or with use_cache false, every call raises ValueError (run with 5.23), which is an
    error here.""",
    help="Remove the assistant field, or the field that it does not go with.",
    bad={"prompt_lookup_num_tokens": 3, "num_beams": 4}, good={"prompt_lookup_num_tokens": 3},
    sources=EVERYWHERE,
)
def assisted_decoding_conflict(config: ConfigNode) -> Iterator[Draft]:
    name = next((name for name in ASSISTANTS if config.value(name) not in (None, False)), None)
    if name is None or name in config.refused:
        return
    kept = beams(config) or 1
    if kept > 1:
        message = f"`{name}` has no effect: assisted decoding keeps no beams, and `num_beams` is {kept}"
        severity = Severity.ERROR if holds("transformers<4.52", config.target) else Severity.WARNING
        yield config.finding(name, message, severity=severity)
    elif (accepted(config, "num_return_sequences") or 1) > 1 and draws(config):
        message = "assisted decoding gives one sequence: every call fails while `num_return_sequences` is above 1"
        yield config.finding(name, message, severity=Severity.ERROR)
    elif config.value("use_cache") is False:
        message = "assisted decoding needs the cache: every call fails while `use_cache` is false"
        yield config.finding(name, message, severity=Severity.ERROR)


@rule(
    "GS308", "stop-strings-without-tokenizer", severity=Severity.WARNING, clauses=["STOPPING-3"],
    rationale="""Stop strings are found in decoded text. With the field in the file every call of generate that passes
    no tokenizer raises ValueError, also calls that want no stop string; trainers, evaluation harnesses and most
    scripts pass none. An empty list fails in the same way (run with transformers 5.23).""",
    help="""Pass stop_strings with tokenizer= in the calls that need them, or stop at a token: add its id to
    eos_token_id.""",
    bad={"stop_strings": ["\n\n"]}, good={"eos_token_id": [2, 198]},
    evidence=["huggingface/transformers#34571", "huggingface/transformers#34843"],
    targets="transformers>=4.41", sources=(Source.GENERATION_CONFIG, Source.GENERATE_CALL),
)
def stop_strings_without_tokenizer(config: ConfigNode) -> Iterator[Draft]:
    if "tokenizer" in config.keys or not config.place.whole:
        return
    if config.place.source is Source.GENERATE_CALL and "stop_strings" in config.keys:
        message = "`stop_strings` without `tokenizer`: the call raises ValueError"
        yield config.finding("stop_strings", message, severity=Severity.ERROR)
    elif config.value("stop_strings") is not None and "stop_strings" not in config.refused:
        message = "`stop_strings` makes every call of generate fail that passes no tokenizer"
        yield config.finding("stop_strings", message)
