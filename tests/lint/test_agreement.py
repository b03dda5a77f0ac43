"""The linter and `resolve` say the same of one config: what is inert, what is overridden, what is refused.

The rules answer without a plan, because a file need not be a valid config; where it is one, they may not disagree.
"""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from genspec.config.decision import Decision, Rejected, Status
from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig
from genspec.lint.check import check_document
from genspec.lint.sources.json_text import parse_document
from genspec.lint.target import Target

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "do_sample": st.booleans(), "num_beams": st.integers(1, 3), "num_return_sequences": st.integers(1, 4),
    "temperature": st.sampled_from([0.5, 1.0, 1.5]), "top_k": st.sampled_from([0, 1, 20, 50]),
    "top_p": st.sampled_from([0.0, 0.5, 1.0]), "min_p": st.sampled_from([0.0, 0.1]), "top_h": st.just(0.5),
    "typical_p": st.sampled_from([0.5, 1.0]), "epsilon_cutoff": st.sampled_from([0.0, 0.1]),
    "eta_cutoff": st.sampled_from([0.0, 0.1]), "early_stopping": st.sampled_from([True, False, "never"]),
    "length_penalty": st.sampled_from([-1.0, 0.0, 1.0, 2.0]), "max_length": st.integers(1, 60),
    "max_new_tokens": st.integers(1, 40), "output_scores": st.booleans(), "output_attentions": st.booleans(),
    "return_dict_in_generate": st.booleans(), "forced_eos_token_id": st.integers(1, 3),
    "suppress_tokens": st.lists(st.integers(1, 3), min_size=1, max_size=3, unique=True),
}
REFUSABLE = ["do_sample", "num_beams", "num_return_sequences", "forced_eos_token_id", "suppress_tokens"]
REFUSALS = {"GS304": {"MODE-9", "MODE-10"}, "GS407": {"SUPPRESS-2"}}
WITHOUT_EFFECT = {"GS201": "MODE-2", "GS301": "MODE-3", "GS302": "MODE-3", "GS601": "OUTPUTS-1", "GS101": "LENGTH-3"}


def configs(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw values for some of the fields."""
    return st.lists(st.sampled_from(names), max_size=7, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: VALUES[name] for name in chosen})
    )


def reported(config: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the code and the field of every finding."""
    text = json.dumps({"transformers_version": "5.23.0", **config})
    findings = check_document(parse_document("generation_config.json", text.encode()), Target())
    return {(finding.code, str(finding.pointer[0])) for finding in findings if finding.pointer}


def matters(decision: Decision) -> bool:
    """Tell whether a field without effect would have one if it acted: a neutral value is nobody's mistake."""
    if decision.status is Status.OVERRIDDEN or decision.clause == "OUTPUTS-1":
        return True
    return decision.status is Status.INERT and decision.given != FIELDS[decision.field].unset


@given(configs(sorted(VALUES)))
def test_what_the_rules_call_without_effect_is_what_resolve_calls_so(config: dict[str, Any]) -> None:
    try:
        decisions = GenerationConfig.from_dict(config).resolve().decisions
    except Rejected:
        return
    seen = {(WITHOUT_EFFECT[code], field) for code, field in reported(config) if code in WITHOUT_EFFECT}
    decided = {(d.clause, d.field) for d in decisions if d.clause in WITHOUT_EFFECT.values() and matters(d)
               and d.status in (Status.INERT, Status.OVERRIDDEN)}
    assert seen == decided, (config, seen ^ decided)


@given(configs(REFUSABLE))
def test_what_the_rules_call_impossible_is_what_resolve_refuses(config: dict[str, Any]) -> None:
    try:
        GenerationConfig.from_dict(config).resolve()
        refused = set()
    except Rejected as rejected:
        refused = {reason.clause for reason in rejected.reasons}
    codes = {code for code, _ in reported(config)}
    for code, clauses in REFUSALS.items():
        assert (code in codes) == bool(clauses & refused), (config, code, refused)
