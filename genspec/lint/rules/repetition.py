"""The part of family 2 that is about penalties on repetition."""

from collections.abc import Iterator

from genspec.lint.draft import Draft
from genspec.lint.finding import Severity
from genspec.lint.node import ConfigNode
from genspec.lint.rule import rule
from genspec.lint.rules.effect import accepted, beams, draws, looks_encoder_decoder
from genspec.lint.rules.where import EVERYWHERE

EXTREME_PENALTY = 1.5
SMALL_NGRAM = 3
LONG_OUTPUT = 256
"""Tokens from which on a text can hardly do without repeating some three tokens in a row."""


@rule(
    "GS211", "extreme-repetition-penalty", severity=Severity.WARNING, clauses=["REPETITION-PENALTY-1"],
    rationale="""The penalty hits every token that the prompt or the output holds: names from the question, spaces,
    full stops, EOS of earlier turns. It divides a positive score, and the best token often scores near 20: 1.1 takes 2
    nats off, 1.5 takes 7, so that a token once seen is about 800 times less likely, and text falls apart; the
    values that model makers publish lie between 1.0 and 1.3. Below 1 the score is raised instead: repeats are
    favoured, the reverse of what the name says. High values are not reported in beam search, which applies them to
    log-probabilities and so more mildly, nor for an encoder-decoder model, whose penalty does not see the prompt.""",
    help="Choose a value from 1.0 (off) to 1.3.",
    bad={"repetition_penalty": 2.0}, good={"repetition_penalty": 1.1},
    evidence=["huggingface/transformers#36642", "huggingface/transformers#26902"],
    sources=EVERYWHERE,
)
def extreme_repetition_penalty(config: ConfigNode) -> Iterator[Draft]:
    penalty = accepted(config, "repetition_penalty")
    if penalty is not None and penalty < 1:
        yield config.finding("repetition_penalty", f"`repetition_penalty` {penalty:g} is below 1: it favours repeats")
    elif is_extreme(config):
        message = f"`repetition_penalty` {penalty:g} all but bans every token of the prompt and of the output so far"
        yield config.finding("repetition_penalty", message)


def is_extreme(config: ConfigNode) -> bool:
    """Tell whether the penalty is so high that a token once seen is all but banned."""
    penalty = accepted(config, "repetition_penalty") or 1
    return penalty >= EXTREME_PENALTY and beams(config) == 1 and not looks_encoder_decoder(config)


@rule(
    "GS212", "small-ngram-ban", severity=Severity.WARNING, clauses=["NO-REPEAT-NGRAM-1"],
    rationale="""no_repeat_ngram_size n lets a run of n tokens occur once in prompt and output together. With 1 no token
    can come twice, not even a full stop. 2 and 3 suit a summary of a few sentences found by beam search, and are not
    reported there; in a long or open-ended text they ban what must repeat: JSON keys, list markers, code, a name of
    three tokens, and the model writes something else in its place. Reported for a size of 2 or 3 without beams
    and without a sign of an encoder-decoder model, when the file allows at least 256 tokens, or samples with no
    limit.""",
    help="Remove it, or use a repetition_penalty of 1.05 to 1.2; for long texts no size below 5 is sensible.",
    bad={"do_sample": True, "max_new_tokens": 2048, "no_repeat_ngram_size": 3},
    good={"do_sample": True, "max_new_tokens": 2048, "repetition_penalty": 1.05},
    evidence=["OpenNMT/CTranslate2#1498"],
    sources=EVERYWHERE,
)
def small_ngram_ban(config: ConfigNode) -> Iterator[Draft]:
    size = accepted(config, "no_repeat_ngram_size")
    if size == 1:
        yield config.finding("no_repeat_ngram_size", "`no_repeat_ngram_size` 1 lets no token occur twice")
    elif is_small_ban(config):
        message = f"`no_repeat_ngram_size` {size} lets no {size} tokens recur, in the prompt or in a long output"
        yield config.finding("no_repeat_ngram_size", message)


def is_small_ban(config: ConfigNode) -> bool:
    """Tell whether the ban forbids what the text that the file asks for must repeat."""
    size = accepted(config, "no_repeat_ngram_size") or 0
    if not 0 < size <= SMALL_NGRAM:
        return False
    return size == 1 or (beams(config) == 1 and not looks_encoder_decoder(config) and writes_long(config))


def writes_long(config: ConfigNode) -> bool:
    """Tell whether the file allows a long output, or samples without a limit of its own."""
    most = accepted(config, "max_new_tokens") or accepted(config, "max_length")
    return draws(config) is True if most is None else most >= LONG_OUTPUT


@rule(
    "GS213", "stacked-penalties", severity=Severity.INFO, clauses=["PIPELINE-1"],
    rationale="""repetition_penalty makes every token that came before less likely, and no_repeat_ngram_size bans what
    would complete a run of tokens that came before: both count the prompt, both act at every step, and neither
    knows of the other. When the output is poor it cannot be told which of the two made it so. Not reported where
    GS211 or GS212 already speaks of one of them.""",
    help="Keep one of the two.",
    bad={"repetition_penalty": 1.1, "no_repeat_ngram_size": 4}, good={"repetition_penalty": 1.1},
    sources=EVERYWHERE,
)
def stacked_penalties(config: ConfigNode) -> Iterator[Draft]:
    penalty, size = accepted(config, "repetition_penalty") or 1, accepted(config, "no_repeat_ngram_size") or 0
    if penalty > 1 and size > 0 and not is_extreme(config) and not is_small_ban(config):
        message = f"`repetition_penalty` {penalty:g} and `no_repeat_ngram_size` {size} both act on repetition"
        yield config.finding("no_repeat_ngram_size", message)
