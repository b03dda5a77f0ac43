"""A fix is safe when no supported engine decodes otherwise after it: the reference decides, under every profile.

Every place in the rules that makes a safe fix is visited by a text here; one that no text visits fails the last test.
"""

import ast
import importlib
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import genspec.lint.rules
from genspec.config import GenerationConfig, Rejected
from genspec.config.profiles import PROFILES
from genspec.lint.check import check_document
from genspec.lint.finding import Severity
from genspec.lint.fixing.fix import fixed
from genspec.lint.sources.readers import reader_of
from genspec.lint.target import parse_target
from genspec_reference import Scripted, generate, seeded_noise

RULES_FOLDER = Path(genspec.lint.rules.__file__).parent
MODELS = {size: Scripted("history", size, vocab_size=24, eos=(2,)) for size in (2, 3)}
PROMPT = (5, 9, 5)
CHAT = {"model": "o3-mini", "messages": [{"role": "user", "content": "Hi"}]}

CONFIGS: list[tuple[dict, str]] = [
    ({"do_sample": True, "temperature": "0.7"}, ""), ({"do_sample": True, "top_k": 5.0}, ""),
    ({"do_sample": True, "temperature": 2}, ""), ({"repetition_penalty": 2}, ""), ({"max_new_tokens": "6"}, ""),
    ({"eos_token_id": "2"}, ""), ({"eos_token_id": ["2", 7]}, ""), ({"eos_token_id": []}, ""),
    ({"pad_token_id": [0]}, ""), ({"suppress_tokens": [5, 5, 6]}, ""), ({"bad_words_ids": []}, ""),
    ({"sequence_bias": []}, ""), ({"sequence_bias": [[[5], -2]]}, ""),
    ({"early_stopping": None}, "transformers==4.46"), ({"num_beams": 2, "early_stopping": "True"}, ""),
    ({"num_beams": 2, "early_stopping": "Never"}, ""), ({"num_return_sequences": None}, "transformers==4.46"),
    ({"use_cache": False, "cache_implementation": "static"}, ""), ({"max_cache_len": 9}, ""),
    ({"cache_config": {"nbits": 4}}, ""), ({"cache_implementation": "hybrid"}, ""),
    ({"cache_implementation": "sliding_window"}, ""), ({"cache_implementation": "mamba"}, "transformers==5.1"),
    ({"num_beams": 2, "low_memory": True}, ""), ({"low_memory": True}, ""), ({"streamer": None, "num_beams": 2}, ""),
    ({"tokenizer": "x", "num_beams": 2}, ""), ({"use_cache": "true"}, ""),
    ({"compile_config": {"mode": "default"}}, ""),
]
"""Generation configs with a safe fix, each with its target."""

OTHERS = [
    ("request.json", json.dumps(CHAT | {"max_tokens": 64})),
    ("request.json", json.dumps({"inputs": "Hi", "parameters": {"do_sample": True, "top_p": 1.0}})),
    ("Modelfile", "FROM qwen3\nPARAMETER temperature 0.2\nPARAMETER temperature 0.7\n"),
    ("Modelfile", "FROM qwen3\nPARAMETER top_k 40.0\n"),
]
"""Files in the words of other engines with a safe fix."""


def outputs(config, profile, size):
    """Decode with a config under a profile; None where it is refused."""
    try:
        config = GenerationConfig.from_dict({"max_new_tokens": 6, **config})
        found = generate(config, MODELS[size], PROMPT, vocab_size=24, profile=profile, noise=seeded_noise(size))
    except Rejected:
        return None
    return found.sequences


def repaired(name, text, target=""):
    """Apply the safe fixes of a file."""
    targets = (parse_target(target or "transformers"),)
    return fixed(reader_of(name)(name, text.encode()), lambda document: check_document(document, targets))


def same_under_every_profile(before, after):
    """Compare outputs. What was refused has decoded nothing before: whatever it does now changes no output."""
    for profile in PROFILES:
        for size in MODELS:
            was = outputs(before, profile, size)
            assert was is None or outputs(after, profile, size) == was, (profile, before, after)


@pytest.mark.parametrize(("config", "target"), CONFIGS, ids=[json.dumps(config) for config, _ in CONFIGS])
def test_a_safe_fix_of_a_config_changes_no_output(config, target):
    result = repaired("generation_config.json", json.dumps(config), target)
    assert result.applied, result.left
    same_under_every_profile(config, json.loads(result.document.text))


@pytest.mark.parametrize(("name", "text"), OTHERS, ids=[f"{name} {text[:40]!r}" for name, text in OTHERS])
def test_a_safe_fix_in_other_words_mends_what_is_refused_or_says_the_same(name, text):
    before, result = reader_of(name)(name, text.encode()), repaired(name, text)
    assert result.applied, result.left
    for finding in result.applied:
        again = [place.values for place in before.places] == [place.values for place in result.document.places]
        assert finding.severity is Severity.ERROR or again, (finding, result.document.text)


VALUES = {
    "do_sample": [True, False], "num_beams": [1, 2], "temperature": [0.5, "0.7", 2, 1, True],
    "top_k": [5, 5.0, "5", 0], "top_p": [0.5, "0.5", 1], "repetition_penalty": [1.5, 2, "1.1"],
    "eos_token_id": [2, "2", [2, 2], ["2", 7], []], "pad_token_id": [0, "0", [0], -1], "max_new_tokens": [5, "5", 5.0],
    "early_stopping": [True, "True", 1, "Never", None], "suppress_tokens": [[5], [5, 5], ["5"], []],
    "bad_words_ids": [[[5]], [], [5]], "sequence_bias": [[[[5], -2]], [[[5], -2.5]], []], "use_cache": [True, False],
    "cache_implementation": ["static", "hybrid", "Static"], "low_memory": [True, False], "streamer": [None],
    "min_new_tokens": [3, "3"], "no_repeat_ngram_size": [2, 2.0], "length_penalty": [2, 2.0, "2"],
    "forced_eos_token_id": [2, "2", [2]], "num_return_sequences": [1, None, "2"],
}
MEMBERS = [(key, value) for key, values in VALUES.items() for value in values]


@given(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=6, unique_by=lambda member: member[0]).map(dict),
       st.sampled_from(["", "transformers==4.46"]))
def test_safe_fixes_of_any_config_change_no_output(config, target):
    config = {"eos_token_id": 2, **config}
    result = repaired("generation_config.json", json.dumps(config), target)
    if result.applied:
        same_under_every_profile(config, json.loads(result.document.text))


def makers():
    """Return the places in the rules that make a safe fix: the module and the line."""
    found = set()
    for path in sorted(RULES_FOLDER.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Name) and node.id == "safe" and isinstance(node.ctx, ast.Load):
                found.add((path.stem, node.lineno))
    return found


def test_every_place_that_makes_a_safe_fix_is_visited(monkeypatch):
    visited = set()
    for name in {module for module, _ in makers()}:
        module = importlib.import_module(f"genspec.lint.rules.{name}")
        real = module.safe

        def noted(*arguments, real=real, name=name):
            visited.add((name, sys._getframe(1).f_lineno))
            return real(*arguments)

        monkeypatch.setattr(module, "safe", noted)
    for config, target in CONFIGS:
        repaired("generation_config.json", json.dumps(config), target)
    for name, text in OTHERS:
        repaired(name, text)
    assert makers() - visited == set(), "add a text with this fix to CONFIGS or OTHERS"
