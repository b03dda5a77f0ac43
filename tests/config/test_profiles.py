"""The profiles: what the page says of them, what the code has, and what they change in a plan."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from support.clauses import clauses

from genspec import GenerationConfig
from genspec.config import Rejected, Resolution, Status
from genspec.config.explain import explain_lines
from genspec.config.mode import ANY, BEAMS, Mode
from genspec.config.profile import HF_ORDER, Profile
from genspec.config.profiles import HF, PROFILES, VLLM, profile_named

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "docs" / "spec"
PAGE = (SPEC / "profiles.md").read_text(encoding="utf-8")
NOT_IN_THE_MATRIX = {"name", "version", "modes", "order", "beam_order"}
SAME = {"=", "?", "-"}


def table(head: str) -> list[list[str]]:
    """Give the rows of the table whose head begins so."""
    lines = iter(PAGE.splitlines())
    for line in lines:
        if line.startswith(head):
            next(lines)
            break
    rows = []
    for line in lines:
        if not line.startswith("|"):
            return rows
        rows.append([cell.strip() for cell in line.split("|")[1:-1]])
    return rows


MATRIX = {row[0].strip("`"): row[1:] for row in table("| choice point | hf |")}


def said(value: object) -> str:
    """Write an option as the page does."""
    return {None: "none", True: "true", False: "false"}.get(value, str(value)) if value != 64 else "64"


@clauses("PROFILES-1", "PROFILES-2")
def test_the_table_has_every_choice_point_and_every_profile() -> None:
    assert [*MATRIX] == [field.name for field in fields(Profile) if field.name not in NOT_IN_THE_MATRIX]
    heads = re.search(r"^\| choice point (\| hf \|.*)$", PAGE, re.MULTILINE)
    assert heads is not None
    assert [cell.strip() for cell in heads[1].split("|")[1:-1]] == [*PROFILES]
    assert next(iter(PROFILES)) == HF.name


@pytest.mark.parametrize("name", MATRIX)
@clauses("PROFILES-2")
def test_the_table_says_what_the_profiles_have(name: str) -> None:
    of_hf = getattr(HF, name)
    assert MATRIX[name][0] == said(of_hf)
    for profile, cell in zip(PROFILES.values(), MATRIX[name], strict=True):
        value = getattr(profile, name)
        assert value == of_hf if cell in SAME else said(value) == cell, f"{profile.name}: {value!r} and not {cell}"
        assert cell in SAME or value != of_hf or profile is HF, f"{profile.name} has the option of hf: =, ? or -"


@pytest.mark.parametrize("name", MATRIX)
@clauses("PROFILES-2")
def test_every_option_is_explained_and_taken_by_a_profile(name: str) -> None:
    explained = {row[0].strip("`"): (row[1], row[2]) for row in table("| choice point | clause |")}
    assert [*explained] == [*MATRIX]
    clause, text = explained[name]
    assert clause in comments()[name]
    options = get_args(get_type_hints(Profile)[name])
    words = {word for option in options for word in (get_args(option) or (option,)) if isinstance(word, str)}
    assert {f'"{word}"' for word in words} <= set(re.findall(r'"[^"]*"', text)), text
    taken = {getattr(profile, name) for profile in PROFILES.values()}
    assert len(taken) > 1, "no profile differs: it is no choice point"


def comments() -> dict[str, list[str]]:
    """Give the clauses named in the comment of each field of `Profile`."""
    source = (ROOT / "genspec" / "config" / "profile.py").read_text(encoding="utf-8")
    found = re.findall(r"^    (\w+): .*?# (.*)$", source, re.MULTILINE)
    return {name: re.findall(r"[A-Z]+(?:-[A-Z]+)*-\d+", comment) for name, comment in found}


@pytest.mark.parametrize("name", [field.name for field in fields(Profile) if field.name != "name"])
@clauses("PROFILES-2")
def test_every_choice_point_has_a_clause_that_exists(name: str) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in SPEC.glob("*.md"))
    defined = set(re.findall(r"^\| ([A-Z-]+-\d+) \|", text, re.MULTILINE))
    assert comments()[name] and set(comments()[name]) <= defined


@clauses("PROFILES-2")
def test_a_profile_is_named_by_its_key_and_by_nothing_else() -> None:
    assert all(name == profile.name == profile_named(name).name for name, profile in PROFILES.items())
    with pytest.raises(ValueError, match="profile 'vLLM' is not known; known: ctranslate2, "):
        profile_named("vLLM")


def listed(head: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the profiles of a table and what it lists for each."""
    for names, items in table(head):
        for name in names.split(", "):
            yield name, () if items == "no operation" else tuple(items.split(", "))


@clauses("PIPELINE-1", "PROFILES-4")
def test_the_orders_of_the_page() -> None:
    orders = {name: HF_ORDER if "pipeline.md" in items[0] else items for name, items in listed("| profile | `order` |")}
    assert orders == {name: profile.order for name, profile in PROFILES.items()}
    beams = dict(listed("| profile | `beam_order` |"))
    assert beams == {name: profile.beam_order for name, profile in PROFILES.items() if profile.beam_order is not None}


@clauses("PROFILES-3")
def test_the_versions_and_modes_of_the_page() -> None:
    rows = {row[0]: (row[4], row[5]) for row in table("| profile | decoder |")}
    assert [*rows] == [*PROFILES]
    for name, profile in PROFILES.items():
        version, modes = rows[name]
        assert version == ".".join(map(str, profile.version))
        assert profile.modes == (ANY if modes == "all" else {Mode(mode) for mode in modes.split(", ")})


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@clauses("PIPELINE-1")
def test_an_order_names_pages_of_operations_once_each(profile: Profile) -> None:
    for order in (profile.order, profile.beam_order or ()):
        assert len(set(order)) == len(order)
        assert [name for name in order if not (SPEC / f"{name}.md").exists()] == []


def resolved(values: dict[str, Any], profile: str | Profile = "hf", **facts: Any) -> Resolution:
    return GenerationConfig.from_dict(values).resolve(prompt_length=3, profile=profile, **facts)


ALL_AT_ONCE: dict[str, Any] = {
    "guidance_scale": 2.0, "sequence_bias": [[[1], 2.0]], "encoder_repetition_penalty": 1.5, "repetition_penalty": 1.5,
    "no_repeat_ngram_size": 2, "encoder_no_repeat_ngram_size": 2, "bad_words_ids": [[1, 2]], "min_new_tokens": 2,
    "forced_eos_token_id": 2, "remove_invalid_values": True, "exponential_decay_length_penalty": [3, 1.5],
    "suppress_tokens": [5], "begin_suppress_tokens": [6], "temperature": 0.5, "top_h": 0.5, "top_k": 5, "top_p": 0.5,
    "min_p": 0.5, "typical_p": 0.5, "epsilon_cutoff": 0.5, "eta_cutoff": 0.5, "renormalize_logits": True,
    "watermarking_config": {"bias": 2.0}, "eos_token_id": 2, "do_sample": True,
}


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@clauses("PIPELINE-1", "PIPELINE-5", "PROFILES-4")
def test_a_plan_has_the_operations_of_the_profile_and_says_which_it_lacks(profile: Profile, beams: int) -> None:
    if beams > 1 and not profile.modes & BEAMS:
        pytest.skip("the profile has no beam mode: three beams are no case of it")
    values = {**ALL_AT_ONCE, "num_beams": beams}
    of_hf = {operation.name for operation in resolved(values).plan.operations}
    assert of_hf == {name for name in HF_ORDER if name not in ("min_length", "prefix_allowed_tokens", "forced_bos")}
    plan, decisions = resolved(values, profile)
    order = profile.beam_order if beams > 1 and profile.beam_order is not None else profile.order
    assert [operation.name for operation in plan.operations] == [name for name in order if name in of_hf]
    lacking = {d.field: d for d in decisions if d.clause == "PIPELINE-5"}
    assert len(lacking) == len(of_hf - set(order))
    assert all(d.status is Status.INERT and d.effective is None and profile.name in d.reason for d in lacking.values())
    assert len({decision.field for decision in decisions if decision.field in lacking}) == len(lacking)
    assert sum(decision.field in lacking for decision in decisions) == len(lacking), "each is decided once"


@clauses("PIPELINE-5")
def test_an_operation_that_the_config_does_not_ask_for_is_not_missed() -> None:
    for profile, values in (("t5x", {"repetition_penalty": 1.0, "top_k": None}), ("vllm", {"num_beams": 2})):
        decisions = resolved({"do_sample": True, **values}, profile).decisions
        assert [decision for decision in decisions if decision.clause == "PIPELINE-5"] == []
    (decision,) = [d for d in resolved({"num_beams": 2, "bad_words_ids": [[1]]}, "vllm").decisions
                   if d.clause == "PIPELINE-5"]
    assert (decision.field, decision.given) == ("bad_words_ids", [[1]])
    assert decision.reason == "profile vllm has no bad_words in beam modes."
    (alone,) = [d for d in resolved({"no_repeat_ngram_size": 2}, "vllm").decisions if d.clause == "PIPELINE-5"]
    assert alone.reason == "profile vllm has no no_repeat_ngram."


@clauses("PIPELINE-5")
@pytest.mark.parametrize(("profile", "values", "least", "operation"), [
    ("hf", {"min_new_tokens": 4, "min_length": 9}, 4, "min_new_tokens"),
    ("onnxruntime-genai", {"min_new_tokens": 4, "min_length": 9}, 6, "min_length"),
    ("onnxruntime-genai", {"min_new_tokens": 4}, 0, None),
    ("vllm", {"min_new_tokens": 4, "min_length": 9}, 4, "min_new_tokens"),
    ("vllm", {"min_length": 9}, 0, None),
    ("llama.cpp", {"min_new_tokens": 4, "min_length": 9}, 0, None),
    ("ctranslate2", {"min_new_tokens": 4, "min_length": 9}, 4, "min_new_tokens"),
    ("ctranslate2", {"min_length": 9}, 6, "min_length"),
])
def test_there_is_a_minimum_where_the_profile_holds_eos_back(
    profile: str, values: dict[str, Any], least: int, operation: str | None
) -> None:
    plan = resolved({**values, "eos_token_id": 2, "max_new_tokens": 30}, profile).plan
    assert plan.length.min_new_tokens == least
    assert [one.name for one in plan.operations] == ([operation] if operation else [])


@clauses("PROFILES-3")
@pytest.mark.parametrize("values", [{"num_beams": 2}, {"num_beams": 2, "do_sample": True}], ids=str)
def test_a_mode_that_the_profile_lacks_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as caught:
        resolved(values, "llama.cpp")
    (reason,) = caught.value.reasons
    assert (reason.field, reason.value, reason.clause) == ("num_beams", 2, "PROFILES-3")
    assert "profile llama.cpp does not have it" in reason.message
    only_beams = Profile("only-beams", (5, 23), modes=BEAMS)
    with pytest.raises(Rejected) as caught:
        resolved({"do_sample": True}, only_beams)
    assert [(reason.field, reason.clause) for reason in caught.value.reasons] == [("do_sample", "PROFILES-3")]


@clauses("PROFILES-5")
@pytest.mark.parametrize("profile", [name for name, profile in PROFILES.items() if profile.modes & BEAMS])
def test_an_unset_early_stopping_is_the_profiles(profile: str) -> None:
    plan, decisions = resolved({"num_beams": 2}, profile)
    assert plan.beams is not None and plan.beams.early_stopping == PROFILES[profile].default_early_stopping
    (decision,) = [decision for decision in decisions if decision.field == "early_stopping"]
    assert decision.clause == ("BEAMS-2" if plan.beams.early_stopping is False else "PROFILES-5")
    assert decision.status is Status.DEFAULT
    for given in (True, False, "never"):
        beams = resolved({"num_beams": 2, "early_stopping": given}, profile).plan.beams
        assert beams is not None and beams.early_stopping == given


SENTENCES: list[tuple[str, dict[str, Any], str]] = [
    ("hf", {"repetition_penalty": 2}, "tokens of the prompt and of the output so far are penalised by 2."),
    ("llama.cpp", {"repetition_penalty": 2}, "the last 64 tokens of the prompt and of the output so far are penalised"),
    ("sglang", {"repetition_penalty": 2}, ": tokens of the output so far are penalised by 2."),
    ("hf", {"do_sample": True, "top_k": 5}, "the 5 highest scores are kept, ties included."),
    ("sglang", {"do_sample": True, "top_k": 5}, "the 5 highest scores are kept.  [TOP-K-1]"),
    ("hf", {"no_repeat_ngram_size": 2}, "no sequence of 2 tokens occurs twice, prompt included."),
    ("fairseq", {"no_repeat_ngram_size": 2}, "no sequence of 2 tokens occurs twice in the output."),
    ("hf", {"num_beams": 2}, "the best open hypothesis, scored at its present length, cannot beat the worst finished."),
    ("hf-4.46", {"num_beams": 2}, "once the best candidate of the step, scored at its present length, cannot beat"),
    ("hf-4.50", {"num_beams": 2, "num_beam_groups": 2, "diversity_penalty": 0.5}, "once the best candidate of the"),
    ("t5x", {"num_beams": 2}, "a hypothesis of n new tokens scores sum / ((5 + n) / 6)^1.  [BEAMS-3]"),
    ("t5x", {"num_beams": 2}, "no open hypothesis can still beat the worst finished.  [PROFILES-5]"),
    ("onnxruntime-genai", {"num_beams": 2},
     "a hypothesis of n tokens, prompt included and EOS not counted, scores sum / n^1."),
    ("vllm", {"num_beams": 2, "repetition_penalty": 2}, "profile vllm has no repetition_penalty in beam modes.  [PIPE"),
]


@pytest.mark.parametrize(("profile", "values", "sentence"), SENTENCES)
@clauses("PROFILES-2")
def test_an_explanation_says_what_the_profile_does(profile: str, values: dict[str, Any], sentence: str) -> None:
    assert sentence in "\n".join(explain_lines(resolved(values, profile)))


@clauses("PROFILES-1")
def test_an_explanation_names_a_profile_that_is_not_the_baseline() -> None:
    assert next(iter(explain_lines(resolved({}, VLLM)))) == "Profile: vllm"
    assert next(iter(explain_lines(resolved({})))) == "Mode: greedy"


def test_the_words_for_lengths_cover_all_options() -> None:
    every = get_args(get_type_hints(Profile)["hypothesis_length"])
    texts = []
    for option in every:
        made = Profile("made", (5, 23), hypothesis_length=option)
        texts.append(next(line for line in explain_lines(resolved({"num_beams": 2}, made)) if "sum /" in line))
    assert len(set(texts)) == len(every)
