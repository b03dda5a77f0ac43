"""Every operation on torch, held to the reference's function of the same name: all lines at once, each as if alone."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import described

from genspec.backends.torch import operations
from genspec.backends.torch.narrow import ranked_function_of
from genspec.backends.torch.slots import function_of, parameters_of
from genspec.backends.torch.sparse import Line
from genspec_reference.context import Context
from genspec_reference.operations.remove_invalid_values import GREATEST
from genspec_reference.pipeline import functions_of
from genspec_reference.scores import Scores

CLOSE = 1e-5
"""What float32 may do to a score of these tests, or to a decision, in nats or in probability."""
NAMES = sorted(path.stem for path in Path(operations.__path__[0]).glob("[a-z]*.py"))
PARTS = st.floats(0.01, 0.99)
KEEP = st.integers(1, 3)
Arguments = Mapping[str, st.SearchStrategy[Any]]

ON_ALL_SCORES: dict[str, Arguments] = {
    "temperature": {"temperature": st.sampled_from((0.25, 0.7, 3.0))},
    "top_k": {"k": st.integers(1, 9), "min_keep": KEEP, "top_k_ties": st.sampled_from(("kept", "exact"))},
    "top_p": {"p": PARTS, "min_keep": KEEP, "nucleus_boundary": st.sampled_from(("<", "<=")),
              "nucleus_ties": st.sampled_from(("ranked", "kept"))},
    "min_p": {"p": PARTS, "min_keep": KEEP},
    "typical_p": {"p": PARTS, "min_keep": KEEP, "typical_boundary": st.sampled_from((">=", ">")),
                  "typical_ties": st.sampled_from(("kept", "exact"))},
    "epsilon_cutoff": {"epsilon": PARTS, "min_keep": KEEP},
    "eta_cutoff": {"epsilon": PARTS, "min_keep": KEEP},
    "top_h": {"h": PARTS},
    "top_n_sigma": {"n": st.floats(0.1, 3.0)},
    "renormalize": {},
    "remove_invalid_values": {},
    "guidance": {"scale": st.sampled_from((0.0, 0.5, 1.5, 3.0))},
}
IDS = st.integers(0, 4)
SEQUENCES = st.lists(IDS, min_size=1, max_size=3).map(tuple)
SCOPES = st.sampled_from(("row", "output"))
WINDOWS = st.none() | st.integers(0, 5)
BY_LINE: dict[str, Arguments] = {
    "no_repeat_ngram": {"size": st.integers(1, 4), "ngram_scope": SCOPES},
    "encoder_no_repeat_ngram": {"size": st.integers(1, 3)},
    "bad_words": {"words": st.lists(SEQUENCES, max_size=4)},
    "sequence_bias": {"biases": st.lists(st.tuples(SEQUENCES, st.sampled_from((-1.5, 0.25, 2.0, -math.inf))),
                                         max_size=4)},
    "min_length": {"length": st.integers(0, 12), "eos": st.lists(IDS, min_size=1, max_size=2).map(tuple)},
    "min_new_tokens": {"count": st.integers(0, 6), "eos": st.lists(IDS, min_size=1, max_size=2).map(tuple)},
    "suppress": {"tokens": st.lists(IDS, min_size=1, max_size=3).map(tuple)},
    "begin_suppress": {"tokens": st.lists(IDS, min_size=1, max_size=3).map(tuple), "new_token": st.integers(0, 1)},
    "forced_bos": {"token": IDS},
    "forced_eos": {"tokens": st.lists(IDS, min_size=1, max_size=3).map(tuple), "max_length": st.integers(2, 12)},
    "repetition_penalty": {"penalty": st.sampled_from((0.5, 1.25, 2.0)), "penalty_scope": SCOPES,
                           "penalty_window": WINDOWS},
    "encoder_repetition_penalty": {"penalty": st.sampled_from((0.5, 1.25, 2.0))},
    "presence_penalty": {"penalty": st.sampled_from((-0.5, 1.5)), "count_scope": SCOPES, "penalty_window": WINDOWS},
    "frequency_penalty": {"penalty": st.sampled_from((-0.5, 1.5)), "count_scope": SCOPES, "penalty_window": WINDOWS},
    "exponential_decay_length_penalty": {"start": st.integers(0, 3), "factor": st.sampled_from((0.0, 0.5, 1.5)),
                                         "eos": st.lists(IDS, min_size=1, max_size=2).map(tuple)},
    "prefix_allowed_tokens": {"allowed_tokens": st.sampled_from((lambda tokens: (tokens[-1] % 5, 3),
                                                                 lambda tokens: [len(tokens) % 2]))},
}
ELSEWHERE = {"processor"}       # the caller's own function, in test_pipeline.py


def test_every_operation_is_held_to_the_reference_and_named_as_there() -> None:
    assert set(NAMES) == {*ON_ALL_SCORES, *BY_LINE, *ELSEWHERE}
    for name in NAMES:
        ours, theirs = function_of(name), functions_of(name)[0]
        assert ours is not None
        assert parameters_of(ours)[0] == ("line" if name in BY_LINE else "scores")
        unknown = set(parameters_of(ours)[1:]) - set(parameters_of(theirs)) - {"input_ids"}
        assert not unknown, f"{name} has parameters that the reference's has not: {unknown}"


@st.composite
def matrices(draw: st.DrawFn, masked: bool = True) -> Scores:
    """float[N, V] of up to 4 lines, with ties and tokens that are gone."""
    shape = draw(st.integers(1, 4)), draw(st.sampled_from((1, 2, 5, 8, 33)))
    rng, levels = np.random.default_rng(draw(st.integers(0, 9999))), np.arange(-128, 128) / 32
    scores = rng.choice(np.array((-2.0, -0.5, 0.0, 1.5)) if draw(st.booleans()) else levels, shape)
    return np.where(rng.random(shape) < draw(st.sampled_from((0.0, 0.3, 0.95))) * masked, -np.inf, scores)


def drawn(data: st.DataObject, arguments: Arguments) -> dict[str, Any]:
    """Draw arguments."""
    return {name: data.draw(values, label=name) for name, values in arguments.items()}


def margin_of(name: str, scores: Scores, arguments: dict[str, Any]) -> float:
    """Ask the reference how near a decision was."""
    margin = functions_of(name)[1]
    return math.inf if margin is None else margin(scores, **arguments)


def assert_near(name: str, ours: Any, scores: Scores, arguments: dict[str, Any], **more: Any) -> None:
    """Hold a line to the reference, unless a decision is nearer than float32 is exact."""
    if scores.max() == -np.inf and name in ("top_h", "typical_p"):
        return      # no token is left: nothing is decided
    theirs = functions_of(name)[0](scores, **arguments)
    values = described(scores=scores, arguments=arguments, ours=ours, theirs=theirs, **more)
    if margin_of(name, scores, arguments) > CLOSE:
        np.testing.assert_array_equal(ours > -np.inf, theirs > -np.inf, err_msg=values)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=CLOSE, err_msg=values)


@pytest.mark.parametrize("name", ON_ALL_SCORES)
@settings(max_examples=60)
@given(scores=matrices(), data=st.data())
def test_all_lines_as_each_alone(name: str, scores: Scores, data: st.DataObject) -> None:
    arguments = drawn(data, ON_ALL_SCORES[name])
    function, given_scores = function_of(name), torch.tensor(scores, dtype=torch.float32)
    assert function is not None
    others = scores[:, ::-1].copy() if name == "guidance" else None
    more = {} if others is None else {"unconditional_logits": torch.tensor(others, dtype=torch.float32)}
    ours = function(given_scores, **arguments, **more)
    assert torch.equal(given_scores, torch.tensor(scores, dtype=torch.float32)), "what is given is not written to"
    for line, row in enumerate(scores):
        extra = {} if others is None else {"unconditional_logits": others[line]}
        assert_near(name, ours[line].numpy(), row, {**arguments, **extra}, line=line)
        alone = function(given_scores[line:line + 1], **arguments,
                         **{key: value[line:line + 1] for key, value in more.items()})
        assert torch.equal(alone[0], ours[line]), described(alone=alone, ours=ours[line])


def test_remove_invalid_values_leaves_numbers_only() -> None:
    function = function_of("remove_invalid_values")
    assert function is not None
    ours = function(torch.tensor([[torch.nan, torch.inf, -torch.inf, 1.5]]))
    assert ours.tolist() == [[0.0, GREATEST, -GREATEST, 1.5]]


@pytest.mark.parametrize("name", [name for name in ON_ALL_SCORES if ranked_function_of(name) is not None])
@given(scores=matrices(), data=st.data())
def test_ranked_scores_are_cut_where_the_operation_cuts(name: str, scores: Scores, data: st.DataObject) -> None:
    arguments, keep = drawn(data, ON_ALL_SCORES[name]), ranked_function_of(name)
    assert keep is not None
    ranked = -np.sort(-scores, axis=1)
    with np.errstate(invalid="ignore"):
        ours = np.where(keep(ranked, **arguments), ranked, -np.inf)
    for line, row in enumerate(ranked):
        if row.max() > -np.inf:
            assert_near(name, ours[line], row, arguments, line=line)


def in_place(state: Any, scores: Scores) -> Scores:
    """Change single scores as the pipeline does."""
    changed = torch.tensor(scores)
    if hasattr(state, "banned"):
        changed[list(state.banned())] = -torch.inf
    elif hasattr(state, "changes"):
        ids, numbers = state.changes()
        assert len(set(ids.tolist())) == len(ids), "no token is changed twice"
        changed[ids] = state.changed(changed[ids], torch.from_numpy(numbers))
    elif state.kept() is not None:
        kept = list(state.kept())
        left = changed[kept] if state.score is None else torch.full((len(kept),), state.score, dtype=changed.dtype)
        changed = torch.full_like(changed, -torch.inf)
        changed[kept] = left
    return changed.numpy()


@pytest.mark.parametrize("name", BY_LINE)
@settings(max_examples=60)
@given(data=st.data())
def test_what_is_known_of_a_line_is_what_the_row_tells(name: str, data: st.DataObject) -> None:
    arguments, rng = drawn(data, BY_LINE[name]), np.random.default_rng(data.draw(st.integers(0, 999)))
    tokens = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=10), label="row")     # 5 to 7 have no score
    prompt_length = data.draw(st.integers(1, len(tokens)))
    source = tuple(data.draw(st.just(tokens[:prompt_length]) | st.lists(st.integers(0, 7), max_size=6)))
    function, theirs = function_of(name), functions_of(name)[0]
    assert function is not None
    state = function(Line(tuple(tokens[:prompt_length]), source, 5), **arguments)
    branches = []
    for length in range(prompt_length, len(tokens) + 1):
        scores = np.where(rng.random(5) < 0.2, -np.inf, rng.choice(np.arange(-8, 8) / 4, 5))
        context = Context(tuple(tokens[:length]), prompt_length, source)
        known = {"context": context, "tokens": context.tokens, "prompt_length": prompt_length, "source": source}
        asked = {key: value for key, value in known.items() if key in parameters_of(theirs)} | arguments
        expected = theirs(scores, **asked)
        values = described(name=name, arguments=arguments, tokens=tokens[:length], prompt_length=prompt_length,
                           source=source, scores=scores)
        np.testing.assert_allclose(in_place(state, scores), expected, err_msg=values)
        if length < len(tokens):
            branches.append((state.copy(), in_place(state, scores), scores))
            state.advance(tokens[length])
    for other, before, scores in branches:
        np.testing.assert_array_equal(in_place(other, scores), before, err_msg="a branch does not see its sibling")


def changing(name: str) -> Callable[..., Any]:
    """Find an operation."""
    function = function_of(name)
    assert function is not None
    return function


@pytest.mark.parametrize("size", [1, 3])
def test_a_step_asks_no_more_of_a_long_line(size: int) -> None:
    state = changing("no_repeat_ngram")(Line((1,), (), 1 << 20), size)
    for token in range(5000):
        state.advance(token)
    assert len(state.followers) == (1 if size == 1 else 5001 - size + 1)
    assert len(state.recent) == size - 1


def test_a_real_score_stays_real_under_a_low_temperature() -> None:
    divided = changing("temperature")(torch.tensor([[-GREATEST, GREATEST, -torch.inf, 1.0]]), 0.5)
    assert divided.tolist() == [[-GREATEST, GREATEST, -torch.inf, 2.0]]
