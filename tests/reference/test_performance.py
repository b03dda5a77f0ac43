"""No field that chooses how a step is computed changes a row. Text: docs/spec/performance.md."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases
from support.runs import answer, clauses_of_refusal
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec_reference import Scripted

FIELDS = st.fixed_dictionaries({}, optional={
    "disable_compile": st.booleans(), "prefill_chunk_size": st.integers(1, 9), "low_memory": st.booleans(),
    "compile_config": st.just({"mode": "reduce-overhead"}), "continuous_batching_config": st.just({"block_size": 32}),
})
MODES = (
    {}, {"do_sample": True}, {"num_beams": 3}, {"num_beams": 2, "do_sample": True}, {"prompt_lookup_num_tokens": 2},
)


@given(model=models(), fields=FIELDS, mode=st.sampled_from(MODES))
@clauses("PERFORMANCE-1")
def test_fields_of_speed_change_no_token_and_no_plan(
    model: Scripted, fields: dict[str, Any], mode: dict[str, Any]
) -> None:
    config = {**mode, "eos_token_id": list(model.eos), "max_new_tokens": 5}
    with_them, without = answer(config | fields, model, [0, 0]), answer(config, model, [0, 0])
    assert with_them == without, described(fields=fields, model=model)
    plans = [GenerationConfig.from_dict(one).resolve().plan for one in (config | fields, config)]
    assert plans[0] == plans[1]


@pytest.mark.parametrize("size", [0, -1])
@clauses("PERFORMANCE-1")
def test_a_chunk_below_1_is_refused(size: int) -> None:
    assert clauses_of_refusal({"prefill_chunk_size": size}) == ["PERFORMANCE-1"]


def vectors() -> Iterator[Case]:
    yield from example_cases("performance", shows={"example-num-beams-2-low-memory-true": ("PERFORMANCE-1",)})
    model = Scripted("history", 51, 7, eos=(3,))
    modes: dict[str, dict[str, Any]] = {
        "greedy": {}, "beam-search": {"num_beams": 3}, "assisted": {"prompt_lookup_num_tokens": 2},
    }
    for mode, switches in modes.items():
        for name, field in (("plain", {}), ("chunks", {"prefill_chunk_size": 2}), ("low-memory", {"low_memory": True}),
                            ("no-compile", {"disable_compile": True})):
            config = {**switches, **field, "max_new_tokens": 6, "eos_token_id": 3}
            yield generate_case(f"{mode}-{name}", ["PERFORMANCE-1"], config, [1, 2, 0, 1, 2], model)
    for size in (0, -1):
        name = f"chunk-of-{'0' if size == 0 else 'minus-1'}"
        yield generate_case(name, ["PERFORMANCE-1"], {"prefill_chunk_size": size}, [1], model, flags=("refused",))
