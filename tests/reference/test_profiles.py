"""What a profile changes in a run. Text: docs/spec/profiles.md. The values are held to the page in tests/config."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clauses import clauses
from support.free_choices import free_choices
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case, noise_table
from support.witnesses import Witness, rows, witnesses

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.mode import BEAMS
from genspec.config.plan import Operation
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from genspec_reference import GenerateOutput, Scripted, decode, seeded_noise

ENGINES = [profile for profile in PROFILES.values() if not profile.name.startswith("hf")]
WITH_BEAMS = [profile for profile in ENGINES if profile.modes & BEAMS]
Values = dict[str, Any]
SAMPLED: Values = {
    "do_sample": True, "temperature": 0.5, "top_k": 6, "top_p": 0.75, "min_p": 0.05, "typical_p": 0.9,
    "repetition_penalty": 1.5, "max_new_tokens": 6,
}
PENALISED: Values = {"repetition_penalty": 2.0, "no_repeat_ngram_size": 2, "max_new_tokens": 8}
BEAM: Values = {
    "num_beams": 3, "num_return_sequences": 3, "max_new_tokens": 6, "eos_token_id": [2, 5], "repetition_penalty": 1.25,
}


def run(values: Values, model: Scripted, profile: Profile, prompt: tuple[int, ...] = (1, 0),
        added: tuple[Operation, ...] = ()) -> GenerateOutput:
    config = GenerationConfig.from_dict({"output_scores": True, "return_dict_in_generate": True, **values})
    plan = config.resolve(prompt_length=len(prompt), vocab_size=model.vocab_size, profile=profile).plan
    return decode(replace(plan, operations=plan.operations + added), model, prompt, noise=seeded_noise(3))


def seen(output: GenerateOutput) -> object:
    """Give everything that a run returns and that can be compared."""
    scores = [[one.tolist() for one in step.scores or ()] for each in output.runs for step in each]
    return [(row.tokens, row.finish_reason, row.score, row.beam_indices) for row in output.rows], scores


@settings(max_examples=20)
@given(st.data(), st.sampled_from((SAMPLED, PENALISED, {**BEAM, "max_new_tokens": 3})))
@clauses("PROFILES-1", "PROFILES-2")
def test_the_name_of_a_profile_changes_nothing(data: st.DataObject, values: Values) -> None:
    model = data.draw(models(vocab_size=8))
    prompt = data.draw(prompts(8))
    other = replace(HF, name="other")
    try:
        expected = seen(run(values, model, HF, prompt))
    except Rejected:
        return
    assert seen(run(values, model, other, prompt)) == expected


WITNESSES: dict[str, tuple[Values, Scripted]] = {
    "default_length": ({}, Scripted("history", 0, 4)),
    "nucleus_boundary": ({"do_sample": True, "top_p": 0.5, "max_new_tokens": 1}, Scripted("ties", 0, 2)),
    "nucleus_mass": ({"do_sample": True, "top_k": 3, "top_p": 0.75, "max_new_tokens": 1}, Scripted("history", 0, 8)),
    "nucleus_ties": ({"do_sample": True, "top_p": 0.5, "max_new_tokens": 1}, Scripted("ties", 0, 8)),
    "top_k_ties": ({"do_sample": True, "top_k": 2, "max_new_tokens": 1}, Scripted("ties", 0, 8)),
    "typical_boundary": ({"do_sample": True, "typical_p": 0.5, "max_new_tokens": 1}, Scripted("ties", 0, 2)),
    "typical_ties": ({"do_sample": True, "typical_p": 0.5, "max_new_tokens": 1}, Scripted("ties", 0, 8)),
    "xtc_boundary": ({"do_sample": True, "max_new_tokens": 1}, Scripted("ties", 0, 2)),
    "xtc_ties": ({"do_sample": True, "max_new_tokens": 1}, Scripted("ties", 0, 4)),
    "penalty_scope": ({"repetition_penalty": 2.0, "max_new_tokens": 2}, Scripted("history", 0, 4)),
    "penalty_window": ({"repetition_penalty": 2.0, "max_new_tokens": 4}, Scripted("history", 0, 4)),
    "count_scope": ({"max_new_tokens": 2}, Scripted("history", 0, 4)),
    "ngram_scope": ({"no_repeat_ngram_size": 1, "max_new_tokens": 1}, Scripted("history", 0, 4)),
    "beam_input": ({**BEAM, "max_new_tokens": 2}, Scripted("history", 0, 8)),
    "beam_candidates": ({**BEAM, "max_new_tokens": 4}, Scripted("history", 0, 8, (2, 5))),
    "finishing_rank": ({**BEAM, "length_penalty": 0.0, "max_new_tokens": 4}, Scripted("history", 0, 8, (2, 5))),
    "finishing_rules": ({**BEAM, "early_stopping": True, "max_new_tokens": 3}, Scripted("history", 0, 8, (2, 5))),
    "hypothesis_length": ({**BEAM, "max_new_tokens": 4}, Scripted("history", 0, 8, (2, 5))),
    "length_normalisation": ({**BEAM, "max_new_tokens": 4}, Scripted("history", 0, 8, (2, 5))),
    "default_early_stopping": ({**BEAM, "max_new_tokens": 8}, Scripted("history", 0, 8, (2, 5))),
    "stop_bound": ({**BEAM, "max_new_tokens": 8}, Scripted("history", 0, 8, (2, 5))),
    "drawn_order": ({**BEAM, "do_sample": True, "max_new_tokens": 3}, Scripted("history", 0, 8, (2, 5))),
    "drawn_start": ({**BEAM, "do_sample": True, "max_new_tokens": 3}, Scripted("history", 0, 8, (2, 5))),
}
ADDED = {
    "xtc_boundary": (Operation("xtc", {"threshold": 0.5, "probability": 1.0}, "XTC-3"),),
    "xtc_ties": (Operation("xtc", {"threshold": 0.2, "probability": 1.0}, "XTC-4"),),
    "count_scope": (Operation("presence_penalty", {"penalty": 1.0}, "PRESENCE-PENALTY-3"),),
}


def options() -> Iterator[tuple[str, object]]:
    """Give every option of every choice point that `hf` does not take."""
    for field in fields(Profile):
        if field.name in WITNESSES:
            declared = get_args(get_type_hints(Profile)[field.name])
            every = {word for option in declared for word in get_args(option) or (option,)}
            words = (every | {True, False} if bool in every else every | {2} if int in every else every)
            for option in sorted((word for word in words if not isinstance(word, type)), key=str):
                if option is not None and option != getattr(HF, field.name):
                    yield field.name, option


@pytest.mark.parametrize(("name", "option"), list(options()))
@clauses("PROFILES-2")
def test_every_option_changes_what_is_returned(name: str, option: object) -> None:
    """On some model of its kind: otherwise nobody could be held to it."""
    values, model = WITNESSES[name]
    base = replace(HF, typical_ties="exact") if name == "typical_boundary" else HF
    changed = replace(base, **{name: option})
    some = (replace(model, seed=seed) for seed in range(300))
    assert any(
        seen(run(values, one, base, added=ADDED.get(name, ())))
        != seen(run(values, one, changed, added=ADDED.get(name, ()))) for one in some
    )


@clauses("PROFILES-2")
def test_every_choice_point_has_a_witness() -> None:
    assert {field.name for field in fields(Profile)} - WITNESSES.keys() == {
        "name", "version", "modes", "order", "beam_order",
    }


@pytest.mark.parametrize("profile", ENGINES, ids=lambda profile: profile.name)
@clauses("PIPELINE-1", "PIPELINE-5", "PROFILES-4")
def test_a_run_has_the_operations_of_the_profile_in_its_order(profile: Profile) -> None:
    model = Scripted("history", 4, 8)
    for values in (SAMPLED, BEAM):
        if "num_beams" in values and not profile.modes & BEAMS:
            continue
        plan = GenerationConfig.from_dict(values).resolve(prompt_length=2, vocab_size=8, profile=profile).plan
        order = plan.profile.order_in(plan.mode)
        output = decode(plan, model, (1, 3), noise=seeded_noise(0), trace=True)
        names = [applied.name for applied in output.runs[0][0].applied[0]][1:]
        asked = {"temperature", "top_k", "top_p", "min_p", "typical_p"} if plan.draws else set()
        assert names == [name for name in order if name in asked | {"repetition_penalty"}]
        assert len(names) > 1 or not plan.draws


@pytest.mark.parametrize("profile", ENGINES, ids=lambda profile: profile.name)
@clauses("PROFILES-3")
def test_beams_are_refused_where_there_are_none(profile: Profile) -> None:
    if profile.modes & BEAMS:
        assert len(run(BEAM, Scripted("history", 4, 8, (2, 5)), profile).rows) > 0
    else:
        with pytest.raises(Rejected, match="PROFILES-3"):
            run(BEAM, Scripted("history", 4, 8, (2, 5)), profile)


@clauses("PROFILES-5")
def test_early_stopping_ends_rows_of_engines_that_have_it() -> None:
    ends_early = next(
        model for model in (Scripted("history", seed, 8, (2, 5)) for seed in range(99))
        if len(run({**BEAM, "max_new_tokens": 9}, model, PROFILES["ctranslate2"]).runs[0])
        < len(run({**BEAM, "max_new_tokens": 9, "early_stopping": "never"}, model, PROFILES["ctranslate2"]).runs[0])
    )
    never = run({**BEAM, "max_new_tokens": 9}, ends_early, PROFILES["t5x"])
    early = run({**BEAM, "max_new_tokens": 9, "early_stopping": True}, ends_early, PROFILES["t5x"])
    assert len(early.runs[0]) <= len(never.runs[0])


@pytest.mark.parametrize("witness", list(witnesses()), ids=lambda witness: witness.name)
@clauses("PROFILES-2")
def test_a_published_call_tells_an_option_from_another(witness: Witness) -> None:
    here, there = (rows(witness.case, profile) for profile in (witness.profile, witness.other))
    assert witness.tells_apart, described(here=here, there=there)


def vectors() -> Iterator[Case]:
    yield from (witness.case for witness in witnesses())
    yield from free_choices()
    for profile in ENGINES:
        name = profile.name.replace(".", "-")
        more = {"profile": profile.name, "flags": ("choice-point",), "note": f"As in {profile.name}."}
        for seed in (1, 2, 3):
            yield generate_case(f"{name}-sample-{seed}", ["PROFILES-1", "PROFILES-2", "PIPELINE-1"], SAMPLED, [1, 3],
                                Scripted("history", seed, 13), noise=noise_table(seed, 6, 13), **more)
            tied = {**SAMPLED, "top_k": 4, "max_new_tokens": 3}
            yield generate_case(f"{name}-sample-ties-{seed}", ["PROFILES-2"], tied, [1, 3],
                                Scripted("ties", seed, 13), noise=noise_table(seed, 3, 13), **more)
            yield generate_case(f"{name}-penalties-{seed}", ["PROFILES-2", "PIPELINE-5"], PENALISED, [1, 3, 1, 3],
                                Scripted("history", seed, 5), **more)
        yield generate_case(f"{name}-lacks-guidance-fields", ["PIPELINE-5"],
                            {"encoder_repetition_penalty": 2.0, "remove_invalid_values": True, "max_new_tokens": 4},
                            [1, 3], Scripted("history", 9, 5), **more)
    for profile in WITH_BEAMS:
        more = {"profile": profile.name, "note": f"As in {profile.name}."}
        flags = ("choice-point", "eos-rich", "several-eos")
        for seed, penalty in enumerate((0.0, 1.0, 2.0, -1.0), start=5):
            yield generate_case(f"{profile.name}-beams-{seed}", ["PROFILES-2", "PROFILES-4", "PROFILES-5"],
                                {**BEAM, "length_penalty": penalty}, [1, 3], Scripted("history", seed, 8, (2, 5)),
                                flags=flags, **more)
    for profile in ENGINES:
        if not profile.modes & BEAMS:
            yield generate_case(f"{profile.name.replace('.', '-')}-beams", ["PROFILES-3"], BEAM, [1],
                                Scripted("history", 4, 8, (2, 5)), profile=profile.name, flags=("refused",))
