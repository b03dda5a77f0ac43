"""Forced positions of older files, which no profile here honours. Text: docs/spec/forced_decoder_ids.md."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.examples import example_cases, in_words
from support.runs import answer, clauses_of_refusal
from support.strategies import described, models
from support.vectors import Case, generate_case

from genspec_reference import Scripted

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 1)).map(list), max_size=3)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"forced_decoder_ids": [1, 2]}, "CONFIG-3"), ({"forced_decoder_ids": [[1]]}, "CONFIG-3"),
    ({"forced_decoder_ids": [["one", 2]]}, "CONFIG-3"), ({"forced_decoder_ids": [[None, 2]]}, "CONFIG-3"),
    ({"forced_decoder_ids": [[-1, 2]]}, "FORCED-DECODER-IDS-1"),
]


@given(model=models(), pairs=PAIRS)
@clauses("FORCED-DECODER-IDS-1")
def test_forced_decoder_ids_change_no_token(model: Scripted, pairs: list[list[int | None]]) -> None:
    config = {"max_new_tokens": 5, "eos_token_id": list(model.eos)}
    for profile in ("hf", "hf-4.50", "hf-4.46"):
        forced = answer({**config, "forced_decoder_ids": pairs}, model, [0], profile=profile)
        assert forced == answer(config, model, [0], profile=profile), described(model=model, pairs=pairs)


@pytest.mark.parametrize(("config", "clause"), REFUSED, ids=str)
@clauses("FORCED-DECODER-IDS-1")
def test_what_is_no_list_of_pairs_is_refused(config: dict[str, Any], clause: str) -> None:
    assert clauses_of_refusal(config) == [clause]


@clauses("FORCED-DECODER-IDS-1")
def test_a_release_that_honours_them_is_not_specified() -> None:
    assert clauses_of_refusal({"forced_decoder_ids": [[1, 2]]}, profile="hf-4.38") == ["FORCED-DECODER-IDS-1"]
    for empty in ({}, {"forced_decoder_ids": []}):
        answer({**empty, "max_new_tokens": 1}, Scripted("table", 0, 3), [0], profile="hf-4.38")


def vectors() -> Iterator[Case]:
    yield from example_cases("forced_decoder_ids")
    model = Scripted("history", 61, 7, eos=(3,))
    for pairs in ([], [[1, 4]], [[1, 4], [2, None]], [[0, 0], [3, 6]]):
        config = {"forced_decoder_ids": pairs, "max_new_tokens": 5}
        yield generate_case(f"inert-{in_words(pairs)}", ["FORCED-DECODER-IDS-1"], config, [1], model,
                            flags=() if pairs else ("empty",))
    for config, clause in REFUSED:
        yield generate_case(f"refused-{in_words(config)}", sorted({clause, "FORCED-DECODER-IDS-1"}), config, [1], model,
                            flags=("refused",))
