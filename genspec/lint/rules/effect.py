"""What several rules ask of a config: what it decodes with, and how bad a field without effect is."""

from genspec.lint.finding import Severity
from genspec.lint.kind import Kind
from genspec.lint.node import ConfigNode
from genspec.lint.sources.document import Source
from genspec.lint.target import holds

UNSAVEABLE = "transformers>=4.37,<5.23"
"""Versions whose save_pretrained fails on a field without effect: run with 4.38.2, 4.46.3, 4.57.6 and 5.22.2."""

ENCODER_DECODER_KEYS = ("decoder_start_token_id", "forced_bos_token_id", "forced_decoder_ids")
"""Fields that mean something only where a decoder starts from a token of its own."""


def inert_severity(config: ConfigNode) -> Severity:
    """Return how bad a field without effect is: an error where it stops the model from being saved."""
    saved = config.place.source not in (Source.GENERATE_CALL, Source.SECTION)
    return Severity.ERROR if saved and holds(UNSAVEABLE, config.target) else Severity.WARNING


def draws(config: ConfigNode) -> bool | None:
    """Tell whether tokens are drawn, or None: do_sample is no bool, or its absence tells nothing. MODE-2."""
    flag = config.value("do_sample")
    if flag is None:
        return None if is_silent_on(config, "do_sample") else False
    return flag if isinstance(flag, bool) else None


def is_silent_on(config: ConfigNode, key: str) -> bool:
    """Tell whether the absence of a field tells nothing.

    Another program's settings may mean its own default, and what a call does not name, the model's config may.
    """
    return config.value(key) is None and (config.kind is Kind.MIXED or config.may_hold(key))


def beams(config: ConfigNode) -> int | None:
    """Return the number of beams, 1 when unset; None when the value is refused, or nobody knows it. BEAMS-1."""
    number = config.value("num_beams")
    if number is None:
        return None if config.may_hold("num_beams") else 1
    return number if isinstance(number, int) and "num_beams" not in config.refused else None


def accepted(config: ConfigNode, key: str) -> float | None:
    """Return the number under a key, or None when it is unset or refused: a refused value has its own finding."""
    return None if key in config.refused else config.number(key)


def looks_encoder_decoder(config: ConfigNode) -> bool:
    """Tell whether the file speaks of a decoder with a start of its own, so that lengths count no prompt."""
    if config.place.decoder_only is not None:
        return not config.place.decoder_only
    return any(config.value(key) is not None or key in config.place.unknown for key in ENCODER_DECODER_KEYS)
