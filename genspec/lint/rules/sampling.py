"""Family 2: sampling, penalties, and values of the wrong type or outside their range."""

from collections.abc import Iterator

from genspec.config.annotations import alternatives, expected
from genspec.config.fields import FIELDS
from genspec.config.mode import SAMPLING
from genspec.config.values import fault, locate, range_message, reason_against, shown, type_message
from genspec.config.watermark import OPTIONS, allowed
from genspec.lint.draft import Draft
from genspec.lint.finding import Fix, Severity
from genspec.lint.node import ConfigNode, safe, unsafe
from genspec.lint.rule import rule
from genspec.lint.rules.effect import accepted, beams, draws, inert_severity
from genspec.lint.rules.where import EVERY_CALL, EVERYWHERE
from genspec.lint.target import holds


def fields_of(*types: type) -> frozenset[str]:
    """Return the names of the fields whose values are of these types and no others."""
    return frozenset(name for name, field in FIELDS.items() if alternatives(field.type) == types)


WHOLE = fields_of(int)
REAL = fields_of(int, float)
BOOLEAN = fields_of(bool)
ELSEWHERE = BOOLEAN.union(
    ("max_length", "max_new_tokens", "min_length", "min_new_tokens", "early_stopping", "cache_implementation",
     "compile_config"),
    (name for name, field in FIELDS.items() if "token id" in expected(field.type)),
)
"""Fields whose refused values are another rule's: GS108, GS209, GS305, GS404, GS405, GS408, GS604 or GS708."""

VLLM_LEAST_TEMPERATURE = 0.01
DEFAULT_TOP_K = 50
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@rule(
    "GS201", "sampling-flag-without-do-sample", severity=Severity.WARNING, clauses=["MODE-2"],
    rationale="""Greedy and beam search never draw, so the field changes nothing. The file still looks as if it did,
    and engines that ignore do_sample, vLLM among them, sample with it. From transformers 4.37 to 5.22 a model whose
    file holds such a field cannot be saved (ValueError; run with 4.38.2, 4.46.3, 4.57.6 and 5.22.2), which is an
    error here; since 5.23 only when the config was changed after loading.""",
    help="Set do_sample to true to sample, or remove the field.",
    bad={"temperature": 0.7}, good={"do_sample": True, "temperature": 0.7},
    evidence=["huggingface/transformers#29988", "huggingface/transformers#29665", "huggingface/transformers#36896"],
    sources=EVERYWHERE,
)
def sampling_flag_without_do_sample(config: ConfigNode) -> Iterator[Draft]:
    if draws(config) is not False:
        return
    for name in config.set_fields(acting_in=SAMPLING):
        value = config.value(name)
        if value == FIELDS[name].unset or name in config.refused or (name == "temperature" and value == 0):
            continue
        if name == "top_k" and (accepted(config, "penalty_alpha") or 0) > 0:
            continue        # the number of candidates in contrastive search
        fix = unsafe("Set `do_sample` to true", config.set("do_sample", True))
        message = f"`{name}` has no effect: `do_sample` is not true"
        yield config.finding(name, message, fix=fix, severity=inert_severity(config))


@rule(
    "GS202", "temperature-zero", severity=Severity.ERROR, clauses=["TEMPERATURE-2"],
    rationale="""Scores are divided by the temperature. With do_sample true transformers raises ValueError at every
    call (run with 5.23). Without it decoding is greedy and 0 has no effect; vLLM reads it as greedy too, so both do
    what was meant, and this is a warning: a call that sets do_sample=True fails, and up to transformers 5.22 saving
    the model fails (an error here for 4.37 to 5.22).""",
    help="For greedy search set do_sample to false and leave the temperature out; otherwise give one above 0.",
    bad={"do_sample": True, "temperature": 0.0}, good={"do_sample": False},
    evidence=["huggingface/transformers#25722", "huggingface/trl#4915", "meta-llama/llama#687"],
    sources=EVERY_CALL,
)
def temperature_zero(config: ConfigNode) -> Iterator[Draft]:
    if config.number("temperature") != 0 or (drawing := draws(config)) is None:
        return
    if drawing:
        fix = unsafe("Set `do_sample` to false and remove `temperature`", config.set("do_sample", False),
                     config.remove("temperature"))
        yield config.finding("temperature", "`temperature` is 0 and `do_sample` is true: every call fails", fix=fix)
    else:
        message = "`temperature` is 0 and `do_sample` is not true: decoding is greedy already"
        fix = unsafe("Remove `temperature`", config.remove("temperature"))
        yield config.finding("temperature", message, fix=fix, severity=inert_severity(config))


@rule(
    "GS203", "number-type", severity=Severity.ERROR, clauses=["CONFIG-3"],
    rationale="""A number in quotes is text, and 50.0 is no whole number: transformers loads most of them and fails at
    the first call that uses the field (temperature "0.7", top_k 50.0), or on loading (max_new_tokens "8"). A boolean
    counts as 1 or 0. 0.0 is off wherever 0 is, and only a warning. And although 2 is a real number, transformers of
    every version from 4.38 to 5.23 demands a float in three places: temperature (when drawing), repetition_penalty
    and encoder_repetition_penalty raise ValueError for every integer but 1; so did diversity_penalty while group beam
    search was built in.""",
    help="Write a number without quotes: with a decimal point for a real number, without one for a count.",
    bad={"do_sample": True, "temperature": "0.7"}, good={"do_sample": True, "temperature": 0.7},
    sources=EVERY_CALL,
)
def number_type(config: ConfigNode) -> Iterator[Draft]:
    for name, reason in config.refused.items():
        if wrong_number_type(name, config.value(name)):
            message = f"`{name}`: {reason.message.rstrip('.')}"
            harmless = name in WHOLE and config.number(name) == 0       # which is off, however it is written
            severity = Severity.WARNING if harmless else None
            yield config.finding(name, message, fix=retyping(config, name), severity=severity)
    for name in ("temperature", "repetition_penalty", "encoder_repetition_penalty", "diversity_penalty"):
        if isinstance(config.value(name), int) and crashes_as_integer(config, name):
            message = f"`{name}` is the integer {shown(config.value(name))}, and transformers demands a float"
            yield config.finding(name, message, fix=retyping(config, name))


def wrong_number_type(name: str, value: object) -> bool:
    """Tell whether a field that holds a number holds something else, or a fraction where a count is asked."""
    if name not in WHOLE and name not in REAL:
        return False
    return isinstance(value, bool) or not isinstance(value, int if name in WHOLE else int | float)


def crashes_as_integer(config: ConfigNode, name: str) -> bool:
    """Tell whether transformers raises for the field because its value is an integer."""
    value = accepted(config, name)
    if value is None or value == FIELDS[name].unset:
        return False
    if name == "temperature":
        return value != 0 and draws(config) is True
    if name == "diversity_penalty":
        return holds("transformers<4.57", config.target) and (accepted(config, "num_beam_groups") or 1) > 1
    return True


def retyping(config: ConfigNode, name: str) -> Fix | None:
    """Return the fix that writes the number as the field wants it. Safe: what fails now works then."""
    number = meant(name, config.value(name))
    if number is None or reason_against(name, number) is not None:
        return None
    return safe(f"Write {shown(number)}", config.set(name, number))


def meant(name: str, value: object) -> int | float | None:
    """Return the number that a value stands for, as a float for a real field and as an int for a count."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > 30:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    if name in WHOLE:
        return int(number) if number.is_integer() else None
    return number


@rule(
    "GS204", "invalid-value", severity=Severity.ERROR, clauses=["CONFIG-4", "CONFIG-3"],
    rationale="""The field cannot have this value. What transformers does differs from field to field: it raises
    an error on loading (assistant_ensemble_weight 1.5, an unknown option of watermarking_config), at the first call
    (top_p -0.1, min_p 2, num_beams 0), or silently switches the field off (top_p 1.5, typical_p 1.2,
    no_repeat_ngram_size -2). Other engines refuse the request, or clamp the value. The message names the range.""",
    help="Choose a value in the range, or remove the field.",
    bad={"do_sample": True, "top_p": 1.5}, good={"do_sample": True, "top_p": 0.95},
    sources=EVERY_CALL,
)
def invalid_value(config: ConfigNode) -> Iterator[Draft]:
    for name, reason in config.refused.items():
        value = config.value(name)
        if name in ELSEWHERE or wrong_number_type(name, value) or (name == "top_k" and value == -1):
            continue
        found = fault(name, value)
        inside = tuple(part for part in found.path if isinstance(part, str | int)) if found else ()
        yield config.finding((name, *inside), f"`{name}`: {reason.message.rstrip('.')}")
    options = config.value("watermarking_config")
    if isinstance(options, dict):
        yield from faults_of_watermark(config, options)


def faults_of_watermark(config: ConfigNode, options: dict[str, object]) -> Iterator[Draft]:
    """Report the options that a watermark does not have, and values that they cannot have."""
    for key, value in options.items():
        where = ("watermarking_config", key)
        if key not in OPTIONS:
            yield config.finding(where, f"`watermarking_config`: it has no option {shown(key)}", on_key=True)
        elif not allowed(key, value):
            found = locate(OPTIONS[key].type, OPTIONS[key].bounds, value, (key,))
            message = type_message(found) if found.bounds is None else range_message(found)
            yield config.finding(where, f"`watermarking_config`: {message.rstrip('.')}")


@rule(
    "GS205", "implicit-top-k-50", severity=Severity.INFO, clauses=["TOP-K-1"],
    rationale="""Where no source sets top_k, transformers draws from the 50 most probable tokens; vLLM, SGLang,
    OpenVINO GenAI and TGI draw from all, llama.cpp and Ollama from 40. The same file therefore gives different
    distributions, and log-probabilities computed over the whole vocabulary are not those of the sampled text.""",
    help="Write top_k: 50 to keep what transformers does, 0 to draw from all tokens.",
    bad={"do_sample": True, "temperature": 0.7}, good={"do_sample": True, "temperature": 0.7, "top_k": 50},
    evidence=["huggingface/transformers#38549", "huggingface/trl#3494"],
)
def implicit_top_k_50(config: ConfigNode) -> Iterator[Draft]:
    if config.value("top_k") is not None or draws(config) is not True or only_choice(config) is not None:
        return
    if "top_k" in config.values and holds("transformers<5", config.target):
        return      # before 5.0 a null in a file switched top_k off
    fix = unsafe(f"Set `top_k` to {DEFAULT_TOP_K}", config.set("top_k", DEFAULT_TOP_K))
    message = f"`top_k` is not set: transformers draws from the {DEFAULT_TOP_K} most probable tokens"
    yield config.finding("do_sample", message, fix=fix)


@rule(
    "GS206", "top-k-disable-dialect", severity=Severity.ERROR, clauses=["TOP-K-1"],
    rationale="""-1 switches top_k off in vLLM and SGLang. transformers raises ValueError for it at the first call that
    draws (run with 5.23). 0 is off in transformers, vLLM and llama.cpp, but SGLang refuses it: no value is off
    everywhere, so the fix counts as unsafe.""",
    help="Write 0 for transformers and vLLM; for SGLang pass top_k in the request.",
    bad={"do_sample": True, "top_k": -1}, good={"do_sample": True, "top_k": 0},
    evidence=["huggingface/trl#4927"],
    sources=EVERYWHERE,
)
def top_k_disable_dialect(config: ConfigNode) -> Iterator[Draft]:
    value = config.value("top_k")
    if value == -1 and isinstance(value, int):
        fix = unsafe("Write 0", config.set("top_k", 0))
        yield config.finding("top_k", "`top_k` is -1: transformers switches it off with 0 and refuses -1", fix=fix)


@rule(
    "GS207", "near-zero-temperature", severity=Severity.INFO, clauses=["TEMPERATURE-1"],
    rationale="""Below 0.01 two scores that differ by 0.1 differ by 10 nats after the division: all but exact ties is
    greedy. vLLM raises such a temperature to 0.01, and takes one below 0.00001 for greedy. Below about 1e-38 the scores
    overflow, and transformers raises RuntimeError (run with 5.23 and 1e-40).""",
    help="For greedy search set do_sample to false; to sample, give a temperature of 0.01 or more.",
    bad={"do_sample": True, "temperature": 0.001}, good={"do_sample": False},
    evidence=["vllm-project/vllm#16718"],
    sources=EVERYWHERE,
)
def near_zero_temperature(config: ConfigNode) -> Iterator[Draft]:
    temperature = accepted(config, "temperature")
    if temperature is None or not 0 < temperature < VLLM_LEAST_TEMPERATURE or draws(config) is not True:
        return
    if only_choice(config) is None:
        yield config.finding("temperature", f"`temperature` {temperature:g} is greedy search in all but name")


@rule(
    "GS208", "greedy-in-disguise", severity=Severity.WARNING, clauses=["MODE-2", "TOP-K-1", "TOP-P-1", "MIN-P-1"],
    rationale="""do_sample is true, yet one token is left to draw from: top_k 1 keeps the best one, min_p 1 keeps what
    is as probable as the best, and a nucleus of at most 1/k ends with the first of k tokens, whose share is never
    less (k is top_k, 50 when unset). The other sampling fields have no effect then, and readers take the output for
    varied. In beam sampling at least two tokens stay, so it is not reported there.""",
    help="Set do_sample to false for greedy search, or widen the field to sample.",
    bad={"do_sample": True, "top_k": 1}, good={"do_sample": True, "top_k": 20},
    evidence=["vllm-project/vllm#15241"],
    sources=EVERYWHERE,
)
def greedy_in_disguise(config: ConfigNode) -> Iterator[Draft]:
    name = only_choice(config) if draws(config) is True else None
    if name is not None:
        number = config.number(name) or 0
        message = f"`{name}` {number:g} leaves one token to draw from: this is greedy search"
        yield config.finding(name, message)


def only_choice(config: ConfigNode) -> str | None:
    """Name the field that leaves a single token to draw from, or None."""
    if beams(config) != 1:
        return None
    k, p = accepted(config, "top_k"), accepted(config, "top_p")
    if k == 1:
        return "top_k"
    best = 1 / (DEFAULT_TOP_K if k is None else k) if k != 0 else 0     # the least share that the best token can have
    if p is not None and p <= best:
        return "top_p"
    return "min_p" if accepted(config, "min_p") == 1 else None


@rule(
    "GS209", "boolean-type", severity=Severity.ERROR, clauses=["CONFIG-3"],
    rationale="""The text "false" is true in Python wherever a flag is tested for truth, and true to nothing where it
    is compared with true: with do_sample "false" transformers 5.23 draws tokens, with renormalize_logits "true" it
    does nothing. The numbers 1 and 0 are read either way in the same manner.""",
    help="Write true or false, without quotes.",
    bad={"do_sample": "false"}, good={"do_sample": False},
    sources=EVERY_CALL,
)
def boolean_type(config: ConfigNode) -> Iterator[Draft]:
    for name, reason in config.refused.items():
        if name in BOOLEAN:
            message = f"`{name}`: {reason.message.rstrip('.')}"
            yield config.finding(name, message, fix=flag_fix(config, name))


def flag_fix(config: ConfigNode, name: str) -> Fix | None:
    """Return the fix that writes the flag. Safe where no token depends on it, or do_sample stays true."""
    value = config.value(name)
    if isinstance(value, str):
        flag = WORDS.get(value.strip().lower())
    else:
        flag = bool(value) if isinstance(value, int | float) and value in (0, 1) else None
    if flag is None:
        return None
    kept = not FIELDS[name].modes or (name == "do_sample" and flag)
    return (safe if kept else unsafe)(f"Write {shown(flag)}", config.set(name, flag))
