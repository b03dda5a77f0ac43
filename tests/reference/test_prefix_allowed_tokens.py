"""What the caller allows. Text: docs/spec/prefix_allowed_tokens.md."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_ids, drawn_row, random_cases
from support.hf_processors import first_scores, processed
from support.plans import refusing_clauses
from support.strategies import described, relabelings, renamed, situations
from support.vectors import Case, generate_case, operation_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, decode, generate
from genspec_reference.context import Context
from genspec_reference.operations.prefix_allowed_tokens import prefix_allowed_tokens
from genspec_reference.scores import Scores, support


@given(situations(), st.data())
@clauses("PREFIX-ALLOWED-TOKENS-2", "PREFIX-ALLOWED-TOKENS-5")
def test_prefix_allowed_tokens_leaves_what_is_allowed(case: tuple[Scores, Context], data: st.DataObject) -> None:
    scores, context = case
    allowed = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=5))
    asked: list[tuple[int, ...]] = []

    def function(tokens: tuple[int, ...]) -> Iterable[int]:
        asked.append(tokens)
        return iter(allowed)

    after = prefix_allowed_tokens(scores, function, context.tokens)
    values = described(allowed=allowed, before=scores, after=after)
    assert asked == [context.tokens]
    assert set(support(after)) == set(support(scores)) & set(allowed), values
    assert all(after[token] == scores[token] for token in allowed), values
    ids = data.draw(relabelings(scores.size))
    moved, _ = renamed(scores, context, ids)
    named = prefix_allowed_tokens(moved, lambda tokens: [ids[token] for token in allowed], context.tokens)
    assert named[list(ids)].tolist() == after.tolist(), "names mean nothing"


@given(situations(), st.data())
@clauses("PREFIX-ALLOWED-TOKENS-2")
def test_prefix_allowed_tokens_against_transformers(case: tuple[Scores, Context], data: st.DataObject) -> None:
    scores, context = case
    allowed = data.draw(st.lists(st.integers(0, scores.size - 1), min_size=1, max_size=5))
    after = prefix_allowed_tokens(scores, lambda tokens: allowed, context.tokens)
    if len(support(after)) > 0:
        theirs = processed("PrefixConstrainedLogitsProcessor", context.tokens, scores, lambda batch, row: allowed, 1)
        np.testing.assert_array_equal(after, theirs)


def refused(allowed: list[int]) -> set[str]:
    with pytest.raises(Rejected) as caught:
        prefix_allowed_tokens(np.zeros(3), lambda tokens: allowed, (0,))
    return {reason.clause for reason in caught.value.reasons}


@clauses("PREFIX-ALLOWED-TOKENS-3", "PREFIX-ALLOWED-TOKENS-4")
def test_prefix_allowed_tokens_refuses_no_id_and_ids_outside() -> None:
    assert refused([]) == {"PREFIX-ALLOWED-TOKENS-3"}
    for outside in ([-1], [0, -1], [3], [3, 1]):
        assert refused(outside) == {"PREFIX-ALLOWED-TOKENS-4"}, outside
    for inside in ([0], [2], [0, 2]):
        assert support(prefix_allowed_tokens(np.zeros(3), lambda tokens, ids=inside: ids, (0,))).tolist() == inside


@clauses("PREFIX-ALLOWED-TOKENS-3")
def test_transformers_refuses_no_id_too() -> None:
    with pytest.raises(ValueError, match="empty list"):
        processed("PrefixConstrainedLogitsProcessor", [0], np.zeros(3), lambda batch, row: [], 1)


@clauses("PREFIX-ALLOWED-TOKENS-2")
def test_prefix_allowed_tokens_needs_a_function() -> None:
    with pytest.raises(ValueError, match="needs a function"):
        prefix_allowed_tokens(np.zeros(3), None, (0,))


@clauses("PREFIX-ALLOWED-TOKENS-2", "PREFIX-ALLOWED-TOKENS-5")
def test_prefix_allowed_tokens_in_a_loop() -> None:
    """The row may only count upwards; a banned number is not let through, and nothing else is."""
    def follows(tokens: tuple[int, ...]) -> list[int]:
        return [(tokens[-1] + 1) % 5]

    model = Scripted("history", 23, 5)
    (row,) = generate(GenerationConfig(max_new_tokens=6), model, [3], allowed_tokens=follows).sequences
    assert row == (3, 4, 0, 1, 2, 3, 4)
    with pytest.raises(Rejected, match="SCORES-6"):
        generate(GenerationConfig(max_new_tokens=6, bad_words_ids=[[1]]), model, [3], allowed_tokens=follows)


ALL_BANNED: dict[str, Any] = {
    "bad_words_ids": [[1]], "prefix_allowed_tokens_fn": lambda batch, row: [1],
}


@clauses("PREFIX-ALLOWED-TOKENS-5")
def test_deviation_allowed_tokens_at_minus_infinity_are_forced() -> None:
    """Where bad_words bans the only allowed token, transformers produces it."""
    after = prefix_allowed_tokens(np.array([1.0, -np.inf, 0.0]), lambda tokens: [1], (0,))
    assert after.tolist() == [-np.inf] * 3
    (forced,) = first_scores([[0]], [1.0, 2.0, 0.0], **ALL_BANNED)
    assert forced.tolist() == [-np.inf, 0, -np.inf]


@clauses("PREFIX-ALLOWED-TOKENS-5")
def test_deviation_in_a_beam_mode_it_hangs_on_the_other_hypotheses() -> None:
    """The same hypothesis, alone and beside one that has a token left."""
    torch = pytest.importorskip("torch")
    process = pytest.importorskip("transformers").generation.logits_process

    def forced(beams: int) -> Any:
        processor = process.PrefixConstrainedLogitsProcessor(lambda batch, row: [1], beams)
        scores = torch.tensor([[1.0, -torch.inf], [0.0, 2.0]])[:beams]
        return processor(torch.zeros((beams, 1), dtype=torch.long), scores)[0].tolist()

    assert (forced(1), forced(2)) == ([-np.inf, 0], [-np.inf, -np.inf])


@clauses("PREFIX-ALLOWED-TOKENS-4")
def test_deviation_minus_1_is_the_last_token() -> None:
    theirs = processed("PrefixConstrainedLogitsProcessor", [0], np.zeros(3), lambda batch, row: [-1], 1)
    assert theirs.tolist() == [-np.inf, -np.inf, 0]


@clauses("PREFIX-ALLOWED-TOKENS-1")
def test_prefix_allowed_tokens_stands_where_the_order_has_it() -> None:
    assert refusing_clauses({"prefix_allowed_tokens_fn": None}) == {"CONFIG-9"}
    config = GenerationConfig(min_new_tokens=1, eos_token_id=2, suppress_tokens=[1], max_new_tokens=1)
    plan, _ = config.resolve(prompt_length=1, vocab_size=5)
    for allowed, names in ((None, ["min_new_tokens", "suppress"]),
                           (lambda tokens: [0, 3], ["min_new_tokens", "prefix_allowed_tokens", "suppress"])):
        output = decode(plan, Scripted("table", 1, 5), [0], allowed_tokens=allowed, trace=True)
        assert [applied.name for applied in output.runs[0][0].applied[0]] == ["logits", *names]


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    allowed = drawn_ids(rng, size, 6)
    return {}, {"tokens": row, "prompt_length": rng.randint(1, len(row)), "allowed_tokens": [*allowed, allowed[0]]}


def vectors() -> Iterator[Case]:
    cases: list[tuple[str, str, list[float], list[int], tuple[str, ...], str]] = [
        ("one-token", "2", [1.0, 2.0, 3.0], [1], (), ""),
        ("all-tokens", "2", [1.0, 2.0, 3.0], [2, 0, 1], (), ""),
        ("equal-ids", "2", [1.0, 2.0, 3.0], [2, 2, 0, 2], ("repeated-ids",), ""),
        ("vocabulary-of-one", "2", [1.0], [0], ("small-vocabulary",), ""),
        ("no-id", "3", [1.0, 2.0, 3.0], [], ("refused", "empty"), ""),
        ("last-id", "4", [1.0, 2.0, 3.0], [2], ("boundary",), "V - 1 is the greatest id."),
        ("first-id-outside", "4", [1.0, 2.0, 3.0], [0, 3], ("refused", "boundary"), "V is no id."),
        ("masked-and-allowed", "5", [-np.inf, 2.0, 3.0], [0, 1], ("masked",), ""),
        ("only-masked-allowed", "5", [-np.inf, 2.0, -np.inf], [0, 2], ("masked", "all-masked"), ""),
    ]
    for name, clause, scores, allowed, flags, note in cases:
        yield operation_case(name, [f"PREFIX-ALLOWED-TOKENS-{clause}"], "prefix_allowed_tokens", scores, {},
                             context={"tokens": [0], "prompt_length": 1, "allowed_tokens": allowed}, flags=flags,
                             note=note)
    yield from random_cases("prefix_allowed_tokens", ["PREFIX-ALLOWED-TOKENS-2", "PREFIX-ALLOWED-TOKENS-5"], drawn)
    model = Scripted("history", 23, 5, (4,))
    paths = [[1, 2], [2, 3, 4], [0, 4], [4, 1], [0]]
    named = ["PREFIX-ALLOWED-TOKENS-1", "PREFIX-ALLOWED-TOKENS-2"]
    call = {"max_new_tokens": 8, "eos_token_id": 4}
    yield generate_case("loop", named, call, [0], model, allowed_tokens=paths, flags=("eos-rich",))
    yield generate_case("loop-with-beams", named, {**call, "num_beams": 2}, [0], model, allowed_tokens=paths,
                        flags=("eos-rich",))
    yield generate_case("loop-held-open", named, {**call, "min_new_tokens": 6}, [0], model, allowed_tokens=paths,
                        flags=("eos-rich",))
    yield generate_case("loop-into-a-ban", ["PREFIX-ALLOWED-TOKENS-5"], {**call, "bad_words_ids": [[2], [1]]}, [0],
                        model, allowed_tokens=paths, flags=("refused", "all-masked"))
    yield generate_case("loop-without-an-answer", ["PREFIX-ALLOWED-TOKENS-3"], call, [0], model,
                        allowed_tokens=[[1], [2], [], [0], [0]], flags=("refused", "empty"))
    yield generate_case("in-a-config", ["PREFIX-ALLOWED-TOKENS-1"], {"prefix_allowed_tokens_fn": None}, [0], model,
                        flags=("refused",))
