"""No field of the cache changes a row. Text: docs/spec/cache.md."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal
from support.strategies import described, models
from support.vectors import Case, generate_case, noise_table

from genspec import GenerationConfig
from genspec_reference import Scripted

NAMES = (
    "dynamic", "static", "offloaded", "offloaded_static", "quantized", "paged", "sliding_window", "hybrid",
    "hybrid_chunked", "offloaded_hybrid", "offloaded_hybrid_chunked",
)
FIELDS = st.fixed_dictionaries({}, optional={
    "use_cache": st.booleans(), "cache_implementation": st.sampled_from(NAMES), "max_cache_len": st.integers(1, 40),
    "cache_config": st.just({"nbits": 4}), "return_legacy_cache": st.booleans(),
})
MODES = (
    {}, {"do_sample": True}, {"num_beams": 3}, {"num_beams": 2, "do_sample": True}, {"prompt_lookup_num_tokens": 2},
)


@given(model=models(), fields=FIELDS, mode=st.sampled_from(MODES))
@clauses("CACHE-1", "CACHE-2", "CACHE-3")
def test_fields_of_the_cache_change_no_token_and_no_plan(
    model: Scripted, fields: dict[str, Any], mode: dict[str, Any]
) -> None:
    config = {**mode, "eos_token_id": list(model.eos), "max_new_tokens": 5}
    assert answer(config | fields, model, [0]) == answer(config, model, [0]), described(fields=fields, model=model)
    plans = [GenerationConfig.from_dict(one).resolve().plan for one in (config | fields, config)]
    assert plans[0] == plans[1]


REFUSED = [
    ({"use_cache": "yes"}, "CONFIG-3", "CACHE-1"), ({"cache_implementation": "fast"}, "CACHE-2", "CACHE-2"),
    ({"cache_implementation": "Static"}, "CACHE-2", "CACHE-2"), ({"max_cache_len": 0}, "CACHE-3", "CACHE-3"),
    ({"max_cache_len": -1}, "CACHE-3", "CACHE-3"), ({"use_cache": False, "max_cache_len": 0}, "CACHE-3", "CACHE-3"),
]


@pytest.mark.parametrize(("config", "clause", "_"), REFUSED, ids=str)
@clauses("CACHE-1", "CACHE-2", "CACHE-3")
def test_what_the_page_refuses(config: dict[str, Any], clause: str, _: str) -> None:
    assert clauses_of_refusal(config) == [clause]


def vectors() -> Iterator[Case]:
    yield from example_cases("cache")
    model, drawing = Scripted("history", 41, 7, eos=(3,)), {"do_sample": True, "max_new_tokens": 6}
    for name in NAMES:
        for use in (True, False):
            named = ["CACHE-1", "CACHE-2", *(() if use else ("CACHE-3",))]
            config = {**drawing, "use_cache": use, "cache_implementation": name, "max_cache_len": 9, "eos_token_id": 3}
            label = f"{name.replace('_', '-')}-{'used' if use else 'not-used'}"
            yield generate_case(label, named, config, [1, 2], model, noise=noise_table(6, 6, 7))
    for config, clause, about in REFUSED:
        name = f"refused-{in_words(config)}" + ("-in-capitals" if "Static" in str(config) else "")
        yield generate_case(name, sorted({clause, about}), config, [1], model, flags=("refused",))
