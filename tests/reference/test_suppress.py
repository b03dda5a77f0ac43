"""Suppressed tokens. Text: docs/spec/suppress.md."""

from collections.abc import Iterator
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_ids, drawn_row, random_cases
from support.hf_processors import processed
from support.plans import planned, refusing_clauses
from support.strategies import described, models, score_vectors
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec_reference import Scripted, generate
from genspec_reference.operations.suppress import suppress
from genspec_reference.scores import Scores, support


@given(score_vectors(), st.data())
@clauses("SUPPRESS-3")
def test_suppress_bans_the_listed_tokens(scores: Scores, data: st.DataObject) -> None:
    listed = tuple(data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=5)))
    after = suppress(scores, listed)
    values = described(listed=listed, before=scores, after=after)
    assert set(support(after)) == set(support(scores)) - set(listed), values
    others = [token for token in range(scores.size) if token not in listed]
    assert after[others].tolist() == scores[others].tolist(), values
    assert suppress(after, listed).tolist() == after.tolist(), "twice is once"
    assert suppress(scores + 3, listed).tolist() == (after + 3).tolist(), "shift invariance"


@given(score_vectors(), st.data())
@clauses("SUPPRESS-3")
def test_suppress_against_transformers(scores: Scores, data: st.DataObject) -> None:
    listed = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=5))
    theirs = processed("SuppressTokensLogitsProcessor", [0], scores, listed)
    np.testing.assert_array_equal(suppress(scores, tuple(listed)), theirs)


@given(models(vocab_size=8), st.lists(st.integers(0, 7), min_size=1, max_size=5))
@clauses("SUPPRESS-3")
def test_suppress_holds_of_whole_rows(model: Scripted, listed: list[int]) -> None:
    config = GenerationConfig(suppress_tokens=listed, max_new_tokens=6)
    (row,) = generate(config, model, listed[:1]).rows
    assert not set(row.new_tokens) & set(listed), described(row=row, listed=listed)


@clauses("SUPPRESS-1", "SUPPRESS-2")
def test_suppress_in_a_plan() -> None:
    operation = planned("suppress", {"suppress_tokens": [3, 4]})
    assert operation is not None and operation.arguments == {"tokens": (3, 4)}
    assert planned("suppress", {"suppress_tokens": []}) is None
    assert refusing_clauses({"suppress_tokens": [2, 3], "forced_eos_token_id": [2, 3]}) == {"SUPPRESS-2"}
    assert refusing_clauses({"suppress_tokens": [2, 3], "forced_eos_token_id": [2, 4]}) == set()


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    return {"tokens": drawn_ids(rng, size, 5)}, {"tokens": row, "prompt_length": rng.randint(1, len(row))}


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, list[float], list[int], tuple[str, ...]]] = [
        ("one-token", [1.0, 2.0, -1.0], [1], ()),
        ("several-tokens", [1.0, 2.0, -1.0], [2, 0], ()),
        ("equal-ids", [1.0, 2.0, -1.0], [1, 1], ("repeated-ids",)),
        ("last-id", [1.0, 2.0, -1.0], [2], ()),
        ("masked-too", [1.0, -np.inf, 0.0], [1], ("masked",)),
        ("all-tokens", [1.0, 2.0, -1.0], [0, 1, 2], ("all-masked",)),
        ("vocabulary-of-one", [1.0], [0], ("small-vocabulary", "all-masked")),
    ]
    for name, scores, listed, flags in cases:
        yield operation_case(name, ["SUPPRESS-3"], "suppress", scores, {"tokens": listed}, flags=flags)
    yield from random_cases("suppress", ["SUPPRESS-3"], drawn, count=25)
    model = Scripted("history", 27, 6, (2,))
    yield generate_case("loop", ["SUPPRESS-1", "SUPPRESS-3"], {"suppress_tokens": [1, 4], "max_new_tokens": 6}, [1],
                        model)
    yield generate_case("loop-without-eos", ["SUPPRESS-3"],
                        {"suppress_tokens": [2], "eos_token_id": 2, "max_new_tokens": 6}, [1], model,
                        flags=("eos-rich",))
    yield generate_case("empty-list-is-off", ["SUPPRESS-1"], {"suppress_tokens": [], "max_new_tokens": 2}, [1], model,
                        flags=("empty",))
    yield generate_case("nothing-left", ["SUPPRESS-3"], {"suppress_tokens": [0, 1, 2, 3, 4, 5]}, [1], model,
                        flags=("refused", "all-masked"))
    yield generate_case("forced-eos-suppressed", ["SUPPRESS-2"],
                        {"suppress_tokens": [2, 3], "forced_eos_token_id": [3, 2]}, [1], model, flags=("refused",))
    yield generate_case("one-forced-eos-left", ["SUPPRESS-2"],
                        {"suppress_tokens": [2, 3], "forced_eos_token_id": [2, 4], "max_new_tokens": 2}, [1], model)
    yield generate_case("forced-bos-suppressed", ["SUPPRESS-2"],
                        {"suppress_tokens": [2], "forced_bos_token_id": 2}, [1], model, flags=("refused",))
