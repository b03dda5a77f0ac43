"""Whatever transformers rejects, genspec reports, for valid, boundary and wrong values of every field."""

import json
import warnings
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genspec.config.annotations import alternatives
from genspec.config.fields import FIELDS
from genspec.lint.check import check_document
from genspec.lint.finding import Finding, Severity
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import parse_target

transformers = pytest.importorskip("transformers", reason="transformers is not installed: nothing to compare with")

NOT_REPORTED: dict[str, str] = {}
"""What transformers rejects and genspec does not, by the JSON of the smallest such config, with the reason."""

COMPLETE = {"transformers_version": "5.23.0", "eos_token_id": 2, "pad_token_id": 0}
ARGUMENTS = ("streamer", "logits_processor", "stopping_criteria", "prefix_allowed_tokens_fn", "synced_gpus",
             "assistant_model", "negative_prompt_ids", "negative_prompt_attention_mask")
"""Arguments of `generate` that no config may hold."""

PLAIN = [
    True, False, 0, 1, -1, 2, 0.5, 1.0, 1e300, "", "1", "0.5", "true", "x", [], [1], [[1]], ["x"], {}, {"x": 1},
]
WATERMARKS = [
    *({"greenlist_ratio": ratio} for ratio in (0, 0.25, 1, 2, -0.1, "0.5", None)),
    {"seeding_scheme": "lefthash"}, {"seeding_scheme": "SelfHash"}, {"context_width": 0}, {"context_width": "1"},
    {"context_width": 3, "bias": 2}, {"ngram_len": 5, "keys": [1, 2, 3]}, {"hashing_key": "x", "bias": "x"},
]


def examples(name: str) -> list[Any]:
    """Return values for a field: inside its range, at its ends, beside them, and of other types."""
    field = FIELDS[name]
    values: list[Any] = [None, *PLAIN]
    for part in alternatives(field.type):
        if get_origin(part) is Literal:
            values += [*get_args(part), *(str(word).title() for word in get_args(part))]
    if field.bounds is not None:
        ends = [end for end in (field.bounds.low, field.bounds.high) if abs(end) < 1e9]
        values += [kind(end + step) for end in ends for step in (-1, 0, 1) for kind in (int, float)]
    return values + (WATERMARKS if name == "watermarking_config" else [])


MEMBERS = [(field.key, value) for name, field in FIELDS.items() for value in examples(name)]
MEMBERS += [(argument, value) for argument in ARGUMENTS for value in (None, 1)]
CONFIGS = st.lists(st.sampled_from(MEMBERS), min_size=2, max_size=6, unique_by=lambda member: member[0]).map(dict)


def rejected(config: dict[str, Any]) -> bool:
    """Tell whether transformers refuses the config, by whatever exception."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            transformers.GenerationConfig(**config).validate(strict=True)
    except Exception:  # a crash of the validator is a rejection too
        return True
    return False


def smallest(config: dict[str, Any]) -> dict[str, Any]:
    """Take away every member without which the config is still rejected."""
    for key in list(config):
        rest = {name: value for name, value in config.items() if name != key}
        if rejected(rest):
            config = rest
    return config


def check(config: dict[str, Any]) -> list[Finding]:
    """Check the config as a file of an otherwise complete model."""
    document = parse_document("generation_config.json", json.dumps(COMPLETE | config).encode())
    return check_document(document, parse_target("transformers==5.23"))


def reported(config: dict[str, Any]) -> bool:
    """Tell whether genspec has a warning or an error at one of the members."""
    return any(
        finding.severity >= Severity.WARNING and {*finding.pointer[:1]} & config.keys() for finding in check(config)
    )


@settings(max_examples=max(600, settings.default.max_examples))
@given(CONFIGS)
def test_what_transformers_rejects_is_reported(config):
    check(config)       # whatever the values are, no rule crashes
    if rejected(config):
        culprit = smallest(config)
        assert reported(culprit) or json.dumps(culprit, sort_keys=True) in NOT_REPORTED, culprit


@pytest.mark.parametrize("name", FIELDS)
def test_every_value_that_transformers_rejects_alone_is_reported(name):
    missed = [{name: value} for value in examples(name) if rejected({FIELDS[name].key: value})
              and not reported({FIELDS[name].key: value})]
    assert missed == []


def test_the_exceptions_are_still_exceptions():
    for text, reason in NOT_REPORTED.items():
        config = json.loads(text)
        assert rejected(config) and not reported(config), reason
