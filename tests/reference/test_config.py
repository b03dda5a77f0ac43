"""What a config is, as far as a run shows it: what is refused, what changes nothing. Text: docs/spec/config.md."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal, run
from support.strategies import described
from support.vectors import Case, generate_case, layered_case, noise_table

from genspec import GenerationConfig, Rejected
from genspec.config.fields import FIELDS
from genspec.config.suggest import CALLS
from genspec_reference import Scripted, generate, seeded_noise

MODEL = Scripted("history", 5, 8, eos=(3,))
TEXTS_REFUSED = [
    ("empty", "", "CONFIG-1"), ("blank", "  ", "CONFIG-1"), ("list", "[]", "CONFIG-1"), ("null", "null", "CONFIG-1"),
    ("number", "7", "CONFIG-1"), ("two-objects", '{"top_k": 5} {"top_k": 5}', "CONFIG-1"),
    ("words-before", 'x {"top_k": 5}', "CONFIG-1"), ("words-after", '{"top_k": 5} x', "CONFIG-1"),
    ("byte-order-mark", '\ufeff{"top_k": 5}', "CONFIG-1"), ("comma-at-the-end", '{"top_k": 5,}', "CONFIG-1"),
    ("key-twice", '{"top_k": 5, "top_k": 5}', "CONFIG-7"),
    ("key-twice-as-null", '{"top_k": 5, "top_k": null}', "CONFIG-7"),
    ("key-twice-inside", '{"watermarking_config": {"bias": 1.0, "bias": 2.0}}', "CONFIG-7"),
    ("nan", '{"top_p": NaN}', "CONFIG-4"), ("infinity", '{"length_penalty": Infinity}', "CONFIG-4"),
    ("minus-infinity", '{"length_penalty": -Infinity}', "CONFIG-4"),
    ("beyond-float64", '{"temperature": 1e400}', "CONFIG-4"),
]
VALUES_REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"Top_k": 5}, ["CONFIG-2"]), ({"decoder_end_token_id": 2}, ["CONFIG-2"]), ({"": 1}, ["CONFIG-2"]),
    ({"do_sample": 1}, ["CONFIG-3"]), ({"num_beams": True}, ["CONFIG-3"]), ({"num_beams": 2.0}, ["CONFIG-3"]),
    ({"temperature": "0.7"}, ["CONFIG-3"]), ({"stop_strings": 5}, ["CONFIG-3"]),
    ({"bad_words_ids": [5]}, ["CONFIG-3"]),
    ({"min_p": 1.5}, ["MIN-P-1"]), ({"num_beams": 1, "top_p": 1.5}, ["TOP-P-1"]), ({"max_length": 0}, ["LENGTH-2"]),
    ({"suppress_tokens": [1, -1]}, ["SUPPRESS-1"]),
    ({"top_p": 1.5, "do_sample": "yes", "top_kk": 1}, ["CONFIG-2", "CONFIG-3", "TOP-P-1"]),
]
METADATA = {"transformers_version": "4.46.3", "_from_model_config": True, "_commit_hash": "abc"}


@pytest.mark.parametrize(("_", "text", "clause"), TEXTS_REFUSED)
@clauses("CONFIG-1", "CONFIG-4", "CONFIG-7")
def test_a_text_that_is_no_config_is_refused_before_the_model_is_asked(_: str, text: str, clause: str) -> None:
    assert clauses_of_refusal(text) == [clause]


@pytest.mark.parametrize("data", [b"\xff\xfe{}", b'{"stop_strings": "\xe9"}', b"\xef\xbb\xbf{}"])
@clauses("CONFIG-1")
def test_bytes_that_are_not_utf8_or_begin_with_a_mark_are_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "generation_config.json"
    path.write_bytes(data)
    with pytest.raises(Rejected) as refused:
        GenerationConfig.read(path)
    assert {reason.clause for reason in refused.value.reasons} == {"CONFIG-1"}


@pytest.mark.parametrize(("config", "expected"), VALUES_REFUSED, ids=str)
@clauses("CONFIG-2", "CONFIG-3", "CONFIG-4")
def test_keys_types_and_ranges_are_refused_whatever_the_mode(config: dict[str, Any], expected: list[str]) -> None:
    for mode in ({}, {"num_beams": 2}, {"max_new_tokens": 1}):
        assert clauses_of_refusal({**mode, **config}) == expected


SETTINGS = st.fixed_dictionaries({}, optional={
    "do_sample": st.booleans(), "temperature": st.sampled_from((0.5, 2)), "top_k": st.sampled_from((0, 1, 3)),
    "top_p": st.sampled_from((0.25, 1)), "repetition_penalty": st.sampled_from((1.5, 1)),
    "max_new_tokens": st.integers(1, 5), "min_new_tokens": st.integers(0, 3),
    "eos_token_id": st.sampled_from((3, [3, 5])),
    "num_beams": st.sampled_from((1, 2)),
})


@given(config=SETTINGS, nulls=st.sets(st.sampled_from(sorted(FIELDS)), max_size=5))
@clauses("CONFIG-5")
def test_a_null_is_an_absent_key(config: Mapping[str, Any], nulls: set[str]) -> None:
    keys = {FIELDS[name].key for name in nulls} - config.keys()
    assert answer(config | dict.fromkeys(keys), MODEL) == answer(config, MODEL), described(config=config, nulls=keys)


@given(temperature=st.integers(1, 3))
@clauses("CONFIG-3")
def test_an_integer_is_a_real_number(temperature: int) -> None:
    drawing = {"do_sample": True, "max_new_tokens": 4}
    assert answer({**drawing, "temperature": temperature}, MODEL) == answer(
        {**drawing, "temperature": float(temperature)}, MODEL)


@given(call=SETTINGS, given_config=SETTINGS, file=SETTINGS)
@clauses("CONFIG-6")
def test_each_field_comes_from_the_first_source_that_sets_it(
    call: Mapping[str, Any], given_config: Mapping[str, Any], file: Mapping[str, Any]
) -> None:
    layered = GenerationConfig.layered(call=dict(call), given=dict(given_config), model=dict(file))
    output = generate(layered, MODEL, (1, 2, 0), vocab_size=8, noise=seeded_noise(0))
    flat = {**file, **given_config, **call}
    assert output.sequences == run(flat, MODEL).sequences, described(call=call, given=given_config, file=file)


@clauses("CONFIG-6")
def test_a_null_of_a_call_switches_off_and_a_null_of_a_config_does_not() -> None:
    drawing = {"do_sample": True, "max_new_tokens": 6}

    def rows(**sources: Any) -> Any:
        layered = GenerationConfig.layered(**sources)
        return generate(layered, MODEL, (1, 2, 0), vocab_size=8, noise=seeded_noise(3)).sequences

    all_tokens = run({**drawing, "top_k": 0}, MODEL).sequences
    one_token = run({**drawing, "top_k": 1}, MODEL).sequences
    assert all_tokens != one_token
    assert rows(given={**drawing, "top_k": None}, model={"top_k": 1}) == rows(given={**drawing, "top_k": 1})
    off = GenerationConfig.layered(call={"top_k": None}, given=drawing, model={"top_k": 1}).resolve().plan
    assert off.operation("top_k") is None, "unset it would be 50"
    assert rows(call={"top_k": None}, given=drawing, model={"top_k": 1}) == rows(given={**drawing, "top_k": 0})


@given(config=SETTINGS, keys=st.sets(st.sampled_from(sorted(METADATA))))
@clauses("CONFIG-8")
def test_metadata_changes_no_token(config: Mapping[str, Any], keys: set[str]) -> None:
    assert answer(config | {key: METADATA[key] for key in keys}, MODEL) == answer(config, MODEL)


@pytest.mark.parametrize("name", sorted(CALLS))
@clauses("CONFIG-9")
def test_arguments_of_a_call_are_refused_null_included(name: str) -> None:
    assert clauses_of_refusal({name: None}) == clauses_of_refusal({name: True}) == ["CONFIG-9"]


MOVED: list[dict[str, Any]] = [
    {"num_beams": 2, "num_beam_groups": 2, "diversity_penalty": 0.5}, {"num_beams": 2, "force_words_ids": [[3]]},
    {"penalty_alpha": 0.5}, {"dola_layers": "low"},
]


@pytest.mark.parametrize("config", MOVED, ids=str)
@clauses("CONFIG-10")
def test_a_mode_that_moved_out_runs_under_older_profiles_only(config: dict[str, Any]) -> None:
    assert clauses_of_refusal(config) == ["CONFIG-10"]
    for profile in ("hf-4.46", "hf-4.50"):
        mode = GenerationConfig.from_dict(config).resolve(vocab_size=8, profile=profile).plan.mode
        assert mode not in ("greedy", "sample")


@pytest.mark.parametrize("field", [
    {"forced_decoder_ids": [[1, 2]]}, {"penalty_alpha": 0.0}, {"num_beam_groups": 2}, {"diversity_penalty": 0.5},
    {"return_legacy_cache": True},
], ids=str)
@clauses("CONFIG-10")
def test_a_field_that_was_removed_changes_no_token(field: dict[str, Any]) -> None:
    assert answer(field, MODEL) == answer({}, MODEL)


def vectors() -> Iterator[Case]:
    yield from example_cases("config", shows={
        "example-nothing": ("CONFIG-1",), "example-do-sample-true-temperature-2": ("CONFIG-3",),
        "example-do-sample-true-top-k-null": ("CONFIG-5",),
        **dict.fromkeys((
            "example-call-given-do-sample-true-model-top-k-7",
            "example-call-given-do-sample-true-top-k-null-model-top-k-7",
            "example-call-given-do-sample-true-top-k-9-model-top-k-7",
            "example-call-top-k-4-given-do-sample-true-top-k-9-model-top-k-7",
            "example-call-top-k-null-given-do-sample-true-top-k-9-model-top-k-7",
            "example-call-max-new-tokens-null-max-length-10-given-model-max-new-tokens-2",
            "example-call-max-new-tokens-null-given-model-max-new-tokens-2",
            "example-call-num-beams-null-given-model-num-beams-4",
        ), ("CONFIG-6",)),
    })
    for name, text, clause in TEXTS_REFUSED:
        yield generate_case(f"text-{name}", [clause], text, [1, 2], MODEL, flags=("refused",))
    for config, found in VALUES_REFUSED:
        named = sorted({*found, *(("CONFIG-4",) if set(found) - {"CONFIG-2", "CONFIG-3"} else ())})
        yield generate_case(f"refused-{in_words(config)}", named, config, [1, 2], MODEL, flags=("refused",))
    for name in sorted(CALLS):
        yield generate_case(f"argument-{in_words(name)}", ["CONFIG-9"], {name: None}, [1], MODEL, flags=("refused",))
    for config in MOVED:
        yield generate_case(f"moved-{in_words(config)}", ["CONFIG-10"], config, [1], MODEL, flags=("refused",))
    yield generate_case("metadata", ["CONFIG-8"], {**METADATA, "max_new_tokens": 4}, [1, 2], MODEL)
    nulls = dict.fromkeys(sorted(field.key for field in FIELDS.values()))
    yield generate_case("nulls", ["CONFIG-5"], nulls, [1], MODEL)
    yield generate_case(
        "all-reasons-at-once", ["CONFIG-2", "CONFIG-3", "CONFIG-4"],
        {"num_beams": "4", "max_new_token": 3, "top_p": -0.5, "min_p": 2.0}, [1], MODEL, flags=("refused",),
    )
    yield layered_case("sources-meet", ["CONFIG-6"], [1, 2], MODEL, call={"max_new_tokens": 4}, given={"max_length": 9},
                       file={"max_new_tokens": 2, "eos_token_id": 3, "repetition_penalty": 1.5})
    yield layered_case("null-in-a-call", ["CONFIG-6"], [1, 2], MODEL, call={"top_k": None, "do_sample": True},
                       given={"top_k": 1}, file={"max_new_tokens": 4}, noise=noise_table(4, 4, 8))
