"""Which mode runs, and which fields then change nothing. Text: docs/spec/mode.md."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal, run
from support.strategies import described
from support.vectors import Case, generate_case, noise_table

from genspec import GenerationConfig, Rejected
from genspec.config.mode import Mode
from genspec_reference import Scripted, generate
from genspec_reference.layered import Layered

MODEL = Scripted("history", 11, 7, eos=(3,))
OLD = "hf-4.50"
SWITCHES: dict[str, tuple[Any, ...]] = {
    "do_sample": (None, True), "num_beams": (None, 1, 2), "num_beam_groups": (None, 2), "diversity_penalty": (0.5,),
    "penalty_alpha": (None, 0.0, 0.6), "top_k": (None, 0, 1, 2), "force_words_ids": (None, [[2]]),
    "prompt_lookup_num_tokens": (None, 2), "use_mtp": (None, False, True), "assistant_early_exit": (None, 1),
    "dola_layers": (None, "low"),
}


def mode_by_the_tables(config: Mapping[str, Any]) -> str:
    """Read the two tables of the page from the top."""
    beams, groups = config.get("num_beams", 1) > 1, config.get("num_beam_groups", 1) > 1
    contrasts = config.get("penalty_alpha", 0.0) > 0 and config.get("top_k", 50) > 1
    lines = [
        ("force_words_ids" in config, "constrained_beam_search"), (beams and groups, "group_beam_search"),
        (beams and config.get("do_sample", False), "beam_sample"), (beams, "beam_search"),
        (config.get("do_sample", False), "sample"), (contrasts, "contrastive_search"), (True, "greedy"),
    ]
    base = next(name for holds, name in lines if holds)
    if base not in ("greedy", "sample"):
        return base
    if {"prompt_lookup_num_tokens", "assistant_early_exit"} & config.keys() or config.get("use_mtp", False):
        return "assisted"
    return "dola" if "dola_layers" in config else base


def switched() -> Iterator[dict[str, Any]]:
    """Give every combination of the switches: 6,912 configs."""
    for values in product(*SWITCHES.values()):
        yield {name: value for name, value in zip(SWITCHES, values, strict=True) if value is not None}


@clauses("MODE-1", "MODE-4", "MODE-5", "MODE-6", "MODE-7", "MODE-8")
def test_mode_is_the_one_of_the_tables() -> None:
    modes = Counter()
    for config in switched():
        try:
            plan = GenerationConfig.from_dict(config).resolve(profile=OLD, vocab_size=7).plan
        except Rejected:
            continue        # what is refused stands below
        modes[plan.mode] += 1
        assert plan.mode == mode_by_the_tables(config), described(config=config)
        never_draws = plan.mode in ("group_beam_search", "constrained_beam_search")
        assert plan.draws == (config.get("do_sample", False) and not never_draws), described(config=config)
    assert modes.keys() == set(Mode), modes


@pytest.mark.parametrize("mode", list(Mode))
@clauses("MODE-1")
def test_every_mode_is_a_function_of_its_name(mode: Mode) -> None:
    assert callable(getattr(import_module(f"genspec_reference.modes.{mode}"), mode))


ONLY_WHEN_DRAWING = {
    "temperature": 0.25, "top_h": 0.5, "top_k": 2, "top_p": 0.25, "min_p": 0.5, "typical_p": 0.25,
    "epsilon_cutoff": 0.25, "eta_cutoff": 0.25,
}


@pytest.mark.parametrize("mode", [{}, {"num_beams": 3}, {"prompt_lookup_num_tokens": 2}], ids=str)
@clauses("MODE-2")
def test_fields_of_sampling_change_nothing_where_nothing_is_drawn(mode: dict[str, Any]) -> None:
    for name, value in ONLY_WHEN_DRAWING.items():
        for do_sample in ({}, {"do_sample": False}):
            assert answer({**mode, **do_sample, name: value}, MODEL) == answer(mode, MODEL), name


@clauses("MODE-2")
def test_without_drawing_no_noise_is_asked_for() -> None:
    plan = GenerationConfig(temperature=0.5).resolve(prompt_length=3, vocab_size=7).plan
    assert not plan.draws
    assert run({"temperature": 0.5}, MODEL).sequences == run({}, Scripted("history", 11, 7, eos=(3,))).sequences


@pytest.mark.parametrize("field", [
    {"early_stopping": True}, {"length_penalty": 3.0}, {"num_beam_groups": 2}, {"diversity_penalty": 2.0},
], ids=str)
@pytest.mark.parametrize("mode", [{}, {"num_beams": 1}, {"do_sample": True}], ids=str)
@clauses("MODE-3")
def test_fields_of_beams_change_nothing_with_one_beam(mode: dict[str, Any], field: dict[str, Any]) -> None:
    assert answer({**mode, **field}, MODEL, profile=OLD) == answer(mode, MODEL, profile=OLD)


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5, "do_sample": True}, ["MODE-4"]),
    ({"force_words_ids": [[2]]}, ["MODE-6"]),
    ({"force_words_ids": [[2]], "num_beams": 2, "do_sample": True}, ["MODE-6"]),
    ({"num_return_sequences": 2}, ["MODE-9"]),
    ({"num_return_sequences": 2, "penalty_alpha": 0.6}, ["MODE-9"]),
    ({"num_return_sequences": 2, "prompt_lookup_num_tokens": 2}, ["MODE-9"]),
    ({"num_return_sequences": 2, "prompt_lookup_num_tokens": 2, "do_sample": True}, ["MODE-9"]),
    ({"num_return_sequences": 3, "num_beams": 2}, ["MODE-10"]),
    ({"num_return_sequences": 3, "num_beams": 2, "do_sample": True}, ["MODE-10"]),
]


@pytest.mark.parametrize(("config", "expected"), REFUSED, ids=str)
@clauses("MODE-4", "MODE-6", "MODE-9", "MODE-10")
def test_combinations_without_a_mode_are_refused(config: dict[str, Any], expected: list[str]) -> None:
    assert clauses_of_refusal(config, profile=OLD) == expected


@pytest.mark.parametrize("top_k", [0, 1])
@clauses("MODE-5")
def test_penalty_alpha_changes_nothing_where_top_k_leaves_no_choice(top_k: int) -> None:
    assert answer({"penalty_alpha": 0.6, "top_k": top_k}, MODEL) == answer({}, MODEL)


@clauses("MODE-5")
def test_contrastive_search_draws_nothing() -> None:
    model = Layered(3, 7, eos=(3,))
    assert run({"penalty_alpha": 0.6, "max_new_tokens": 5}, model, profile=OLD).rows[0].new_tokens
    drawn = GenerationConfig(penalty_alpha=0.6, do_sample=True).resolve(profile=OLD).plan
    assert drawn.mode == "sample" and drawn.contrastive is None


DRAFTS = [{"prompt_lookup_num_tokens": 2}, {"assistant_early_exit": 1}, {"use_mtp": True}]


@pytest.mark.parametrize("drafts", DRAFTS, ids=str)
@clauses("MODE-7")
def test_a_source_of_drafts_changes_nothing_in_beam_modes(drafts: dict[str, Any]) -> None:
    for beams in ({"num_beams": 2}, {"num_beams": 2, "do_sample": True}):
        assert answer({**beams, **drafts}, MODEL) == answer(beams, MODEL)


@pytest.mark.parametrize("other", [{"num_beams": 2}, {"prompt_lookup_num_tokens": 2}], ids=str)
@clauses("MODE-8")
def test_dola_changes_nothing_over_beams_and_beside_drafts(other: dict[str, Any]) -> None:
    assert answer({**other, "dola_layers": "low"}, MODEL, profile=OLD) == answer(other, MODEL, profile=OLD)


@pytest.mark.parametrize("beams", [2, 3])
@clauses("MODE-10")
def test_as_many_rows_as_beams_are_allowed(beams: int) -> None:
    assert len(run({"num_beams": beams, "num_return_sequences": beams}, MODEL).rows) == beams


def vectors() -> Iterator[Case]:
    needs_layers = {"example-penalty-alpha-0-6-profile-hf-4-50", "example-dola-layers-low-profile-hf-4-50"}
    yield from example_cases("mode", leave_out=needs_layers)
    for config, found in REFUSED:
        yield generate_case(f"refused-{in_words(config)}", found, config, [1, 2], MODEL, profile=OLD,
                            flags=("refused",))
    for name, value in ONLY_WHEN_DRAWING.items():
        yield generate_case(f"greedy-with-{name.replace('_', '-')}", ["MODE-2"], {name: value, "max_new_tokens": 6},
                            [1, 2], MODEL)
        yield generate_case(
            f"sample-with-{name.replace('_', '-')}", ["MODE-2"], {name: value, "do_sample": True, "max_new_tokens": 6},
            [1, 2], MODEL, noise=noise_table(3, 6, 7),
        )
    layered = Layered(3, 7, eos=(3,))
    yield generate_case("contrastive-search", ["MODE-1", "MODE-5"], {"penalty_alpha": 0.6, "max_new_tokens": 5}, [1, 2],
                        layered, profile=OLD)
    yield generate_case("contrastive-search-with-top-k-1", ["MODE-5"],
                        {"penalty_alpha": 0.6, "top_k": 1, "max_new_tokens": 5}, [1, 2], layered, profile=OLD)
    yield generate_case("dola", ["MODE-1", "MODE-8"], {"dola_layers": "low", "max_new_tokens": 5}, [1, 2], layered,
                        profile=OLD)
    yield generate_case("dola-over-beams", ["MODE-8"], {"dola_layers": "low", "num_beams": 2, "max_new_tokens": 5},
                        [1, 2], layered, profile=OLD)


@clauses("MODE-1", "MODE-7")
def test_an_assistant_in_the_call_is_a_source_of_drafts() -> None:
    model, assistant = Scripted("history", 5), Scripted("history", 6)
    for asked, mode in (({}, "assisted"), ({"do_sample": True}, "assisted"), ({"num_beams": 2}, "beam_search")):
        plan = GenerationConfig(**asked).resolve(assistant=True).plan
        assert plan.mode == mode
        assert (plan.assistance is not None) == (mode == "assisted")
    alone, helped = (generate(GenerationConfig(max_new_tokens=6), model, [1], **call)
                     for call in ({}, {"assistant": assistant}))
    assert alone.sequences == helped.sequences
