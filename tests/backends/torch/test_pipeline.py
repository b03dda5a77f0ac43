"""The pipeline of all lines at once, held to the reference's of each line alone. Text: docs/spec/pipeline.md."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import LEVELS, Batch, batches
from support.strategies import described

from genspec import GenerationConfig
from genspec.backends.torch import lines, wide
from genspec.backends.torch.noise import CountedNoise
from genspec.backends.torch.pipeline import NOTHING_LEFT, Pipeline
from genspec.config.plan import Operation
from genspec_reference import counted_noise, decode
from genspec_reference.beams.candidates import first_of
from genspec_reference.operations.remove_invalid_values import GREATEST
from genspec_reference.pipeline import Applied, run_pipeline
from genspec_reference.request import Request
from genspec_reference.scores import Scores, log_softmax
from genspec_reference.select import exponential_race, highest_score
from genspec_reference.step import context_of, operations_of

pytestmark = pytest.mark.filterwarnings("ignore:invalid value")       # `decode` lets NaN be

CLOSE = 2e-5
"""What float32 may add to or take from a score of these tests, in nats."""

PATHS = {
    "dense": {"WIDE": 1 << 40, "FEW": 0},
    "few": {"WIDE": 1 << 40},
    "narrow": {"WIDE": 1, "BLOCK": 3, "MOST_LEFT": 0, "CHUNK": 20, "COLUMNS": 3},
    "narrow where it pays": {"WIDE": 1, "BLOCK": 2, "MOST_LEFT": 2, "NEAR": 0.0},
}
"""The ways through a step: the fast ones are taken by vocabularies of these tests when their thresholds are low."""
paths = pytest.mark.parametrize("path", PATHS)


def taking(path: str) -> ExitStack:
    """Let a test take one of the ways."""
    stack = ExitStack()
    for name, value in PATHS[path].items():
        stack.enter_context(mock.patch.object(lines if name == "FEW" else wide, name, value))
    return stack


def pipeline_of(batch: Batch, **more: Any) -> Pipeline:
    """Make the pipeline of a batch."""
    return Pipeline(batch.plans, batch.prompts, batch.sources, batch.vocab_size, **more)


def expected(batch: Batch, line: int, step: int, start: str = "logits") -> tuple[Applied, ...]:
    """Give what the reference makes of a line's logits."""
    request = Request(batch.plans[line], lambda *_: (), batch.prompts[line],
                      source=None if batch.sources is None else batch.sources[line])
    tokens = (*batch.prompts[line], *(row[line] for row in batch.tokens[:step]))
    context = context_of(request, tokens, 0, (), batch.vocab_size)
    logits = batch.logits[step][line]
    first = Applied(start, "", log_softmax(logits) if start == "log_softmax" else logits)
    return run_pipeline(first, operations_of(request), context, request.plan.profile)


def tensor(logits: np.ndarray) -> torch.Tensor:
    return torch.tensor(logits, dtype=torch.float32)


def assert_same(ours: Sequence[float] | Scores, applied: tuple[Applied, ...], **values: object) -> None:
    """Hold scores to the reference's: the same tokens left, unless float32 can decide otherwise, and near scores."""
    theirs = applied[-1].scores
    values |= {"ours": ours, "theirs": theirs, "margin": min(one.margin for one in applied)}
    ours = np.asarray(ours, dtype=np.float64)
    if min(one.margin for one in applied) <= CLOSE:
        return
    np.testing.assert_array_equal(ours > -np.inf, theirs > -np.inf, err_msg=described(**values))
    left = theirs > -np.inf
    theirs = np.clip(theirs, -GREATEST, GREATEST)       # float32 ends there
    np.testing.assert_allclose(ours[left], theirs[left], rtol=1e-6, atol=CLOSE, err_msg=described(**values))


@paths
@settings(max_examples=70)
@given(batch=batches(), normalised=st.booleans())
def test_scores_are_the_reference_s_of_each_line(path: str, batch: Batch, normalised: bool) -> None:
    with taking(path):
        pipeline = pipeline_of(batch)
        for step, logits in enumerate(batch.logits):
            given_logits = tensor(logits)
            scores = pipeline.scores(given_logits, normalised=normalised)
            assert torch.equal(given_logits, tensor(logits)), "the logits are the model's"
            for line in range(len(batch.prompts)):
                applied = expected(batch, line, step, "log_softmax" if normalised else "logits")
                assert_same(scores[line].numpy(), applied, batch=batch, line=line, step=step)
            if step < len(batch.tokens):
                pipeline.advance(range(len(batch.prompts)), batch.tokens[step])


@paths
@settings(max_examples=70)
@given(batch=batches(), keep=st.booleans(), seed=st.integers(0, 99))
def test_take_takes_the_reference_s_token(path: str, batch: Batch, keep: bool, seed: int) -> None:
    with taking(path):
        pipeline, draws = pipeline_of(batch, keep_scores=keep), batch.plans[0].draws
        noise = CountedNoise([seed + line for line in range(len(batch.prompts))])
        for step, logits in enumerate(batch.logits):
            step_taken = pipeline.take(tensor(logits), noise)
            taken = step_taken.tokens
            for line in range(len(batch.prompts)):
                applied = expected(batch, line, step)
                margin, scores = min(one.margin for one in applied), applied[-1].scores
                assert (step_taken.scores is not None) == keep
                if step_taken.scores is not None:
                    assert_same(step_taken.scores[line].numpy(), applied, batch=batch, line=line, step=step)
                if scores.max() == -np.inf:
                    nothing = taken[line] == NOTHING_LEFT
                    assert margin <= CLOSE or nothing, described(batch=batch, line=line, taken=taken)
                    continue
                choice = (exponential_race(scores, counted_noise(seed + line)(0, step, batch.vocab_size)) if draws
                          else highest_score(scores))
                near = margin <= CLOSE or 0 < choice.margin <= CLOSE
                values = described(batch=batch, line=line, taken=taken, choice=choice)
                assert near or taken[line] == choice.token, values
            if step < len(batch.tokens):
                pipeline.advance(range(len(batch.prompts)), batch.tokens[step])


@paths
@settings(max_examples=60)
@given(batch=batches({"num_beams": 2}), seed=st.integers(0, 99), data=st.data())
def test_candidates_are_the_reference_s(path: str, batch: Batch, seed: int, data: st.DataObject) -> None:
    with taking(path):
        pipeline = pipeline_of(batch, lines_per_prompt=2, keep_scores=seed % 2 == 0)
        draws = batch.plans[0].draws
        noise, size = CountedNoise([seed + line for line in range(len(batch.prompts))]), batch.vocab_size
        totals = np.array([data.draw(LEVELS) for _ in range(2 * len(batch.prompts))])
        totals[1::2][[data.draw(st.booleans()) for _ in batch.prompts]] = -np.inf
        count, flipped = data.draw(st.integers(1, 6)), data.draw(st.booleans())
        turn = slice(None, None, -1 if flipped else 1)
        for step, logits in enumerate(batch.logits):
            twice = tensor(np.stack([logits, logits[:, turn]], axis=1).reshape(-1, size))
            found = pipeline.candidates(twice, totals.tolist(), count, noise)
            for line in range(len(batch.prompts)):
                other = Batch(batch.config, size, batch.prompts, batch.tokens,
                              tuple(one[:, turn] for one in batch.logits), batch.sources)
                both = [expected(batch, line, step, "log_softmax"), expected(other, line, step, "log_softmax")]
                if found.scores is not None:
                    assert_same(found.scores[2 * line].numpy(), both[0], batch=batch, line=line)
                    assert_same(found.scores[2 * line + 1].numpy(), both[1], batch=batch, line=line)
                sums = np.concatenate([total + one[-1].scores
                                       for total, one in zip(totals[2 * line:2 * line + 2], both, strict=True)])
                e = counted_noise(seed + line)(0, step, 2 * size)
                keys = log_softmax(sums) - np.log(e) if draws else sums
                taken = first_of(keys, count)
                margin = min(one.margin for applied in both for one in applied)
                reached = taken.keys.min(initial=np.inf) - CLOSE        # ties may stand before one that is near
                gaps = -np.diff(np.sort(keys[keys >= reached])[::-1])
                near = gaps[(gaps > 0) | flipped]       # the same numbers in another order may have another sum
                if min(margin, near.min(initial=np.inf)) <= CLOSE:
                    continue
                ours = found.beams[line] * size + found.tokens[line]
                possible = found.totals[line] > -np.inf
                values = described(batch=batch, line=line, ours=ours, found=found.totals[line], theirs=taken, sums=sums)
                assert ours[possible].tolist() == taken.places.tolist(), values
                np.testing.assert_allclose(found.totals[line][possible], sums[taken.places], atol=CLOSE, err_msg=values)
            if step < len(batch.tokens):
                parents = range(2 * len(batch.prompts))
                pipeline.advance(parents, [token for token in batch.tokens[step] for _ in range(2)])


@paths
@settings(max_examples=40)
@given(batch=batches({"num_beams": 3}), seed=st.integers(0, 999))
def test_lines_that_branch_keep_rows_of_their_own(path: str, batch: Batch, seed: int) -> None:
    rng, count = np.random.default_rng(seed), 3 * len(batch.prompts)
    with taking(path):
        pipeline = pipeline_of(batch, lines_per_prompt=3)
        grown: list[tuple[int, ...]] = [()] * count
        for step, logits in enumerate(batch.logits):
            scores = pipeline.scores(tensor(np.repeat(logits, 3, axis=0)))
            for line, tokens in enumerate(grown):
                alone = replace(batch, tokens=tuple((token,) * count for token in tokens))
                assert_same(scores[line].numpy(), expected(alone, line // 3, step), tokens=tokens, line=line)
            parents = [int(rng.integers(line // 3 * 3, line // 3 * 3 + 3)) for line in range(count)]
            tokens_taken = rng.integers(0, min(3, batch.vocab_size), count).tolist()
            pipeline.advance(parents, tokens_taken)
            grown = [(*grown[parent], token) for parent, token in zip(parents, tokens_taken, strict=True)]


@paths
@settings(max_examples=40)
@given(batch=batches(), seed=st.integers(0, 99), data=st.data())
def test_a_line_alone_is_the_line_in_its_batch(path: str, batch: Batch, seed: int, data: st.DataObject) -> None:
    line = data.draw(st.integers(0, len(batch.prompts) - 1))
    alone = Batch(batch.config, batch.vocab_size, (batch.prompts[line],), tuple((row[line],) for row in batch.tokens),
                  tuple(logits[line:line + 1] for logits in batch.logits),
                  None if batch.sources is None else (batch.sources[line],))
    with taking(path):
        together, single = pipeline_of(batch, keep_scores=True), pipeline_of(alone, keep_scores=True)
        noise = CountedNoise([seed + number for number in range(len(batch.prompts))]), CountedNoise([seed + line])
        for step, logits in enumerate(batch.logits):
            ours, theirs = together.take(tensor(logits), noise[0]), single.take(tensor(alone.logits[step]), noise[1])
            assert ours.scores is not None and theirs.scores is not None
            values = described(batch=batch, line=line, step=step, ours=ours, theirs=theirs)
            assert ours.tokens[line] == theirs.tokens[0], values
            assert torch.equal(ours.scores[line], theirs.scores[0]), values
            if step < len(batch.tokens):
                together.advance(range(len(batch.prompts)), batch.tokens[step])
                single.advance([0], alone.tokens[step])


@given(batch=batches({"eos_token_id": 1}), kept=st.data())
def test_lines_may_be_dropped(batch: Batch, kept: st.DataObject) -> None:
    left = sorted(kept.draw(st.sets(st.integers(0, len(batch.prompts) - 1), min_size=1)))
    pipeline = pipeline_of(batch)
    if batch.tokens:
        pipeline.advance(left, [batch.tokens[0][line] for line in left])
        scores = pipeline.scores(tensor(batch.logits[1][left]))
        for place, line in enumerate(left):
            assert_same(scores[place].numpy(), expected(batch, line, 1), batch=batch, line=line)


ELSEWHERE: dict[str, dict[str, Any]] = {
    "dry": {"multiplier": 1.0, "base": 2.0, "allowed_length": 1},
    "logit_bias": {"biases": ((1, 2.0), (3, -1.0))},
    "mirostat": {"tau": 1.0, "eta": 0.5, "version": 2},
    "xtc": {"threshold": 0.2, "probability": 0.5},
    "presence_penalty": {"penalty": 0.5},
    "frequency_penalty": {"penalty": 0.5},
    "top_n_sigma": {"n": 1.0},
}
"""Operations that no config asks for."""


@pytest.mark.parametrize("names", [("dry", "xtc"), ("logit_bias", "presence_penalty", "top_n_sigma", "mirostat"),
                                   ("frequency_penalty", "mirostat"), ("top_n_sigma", "xtc")])
@given(prompt=st.lists(st.integers(0, 7), min_size=1, max_size=5), seed=st.integers(0, 999))
def test_operations_without_a_port_are_the_reference_s(
    names: tuple[str, ...], prompt: list[int], seed: int
) -> None:
    plan = GenerationConfig(do_sample=True, top_k=0, max_new_tokens=9).resolve(
        prompt_length=len(prompt), vocab_size=8).plan
    plan = replace(plan, operations=tuple(Operation(name, ELSEWHERE[name], f"{name}-1") for name in names))
    rng, noise = np.random.default_rng(seed), counted_noise(seed)
    table = rng.integers(-64, 64, (8, 8)) / 16
    wanted = decode(replace(plan, length=replace(plan.length, max_new_tokens=4)), lambda tokens: table[tokens[-1]],
                    prompt, noise=noise)
    pipeline, row, margins = Pipeline([plan], [tuple(prompt)], None, 8), list(prompt), []
    for step in wanted.runs[0]:
        token = pipeline.take(tensor(table[row[-1]][None]), CountedNoise([seed])).tokens[0]
        margins.append(step.margin)
        if min(margins) <= CLOSE:
            return
        assert token == step.choices[0].token, described(names=names, prompt=prompt, row=row, wanted=wanted.rows)
        row.append(int(token))
        pipeline.advance([0], [int(token)])


@pytest.mark.clauses("PIPELINE-4", "PREFIX-ALLOWED-TOKENS-1")
def test_what_the_caller_gives_has_its_place() -> None:
    plan = GenerationConfig(do_sample=True, top_k=1, max_new_tokens=3, pad_token_id=7).resolve(
        prompt_length=1, vocab_size=8).plan
    longer = GenerationConfig(do_sample=True, top_k=1, max_new_tokens=3, pad_token_id=7).resolve(
        prompt_length=2, vocab_size=8).plan
    seen = []

    def raised(input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        seen.append((input_ids.tolist(), scores.clone()))
        scores[:, 2] += 100
        return scores

    pipeline = Pipeline([plan, longer], [(4,), (4, 5)], None, 8, processors=[raised],
                        allowed_tokens=lambda prompt, tokens: [2 - prompt, len(tokens)])
    logits = torch.arange(16.0).view(2, 8)
    before = logits.clone()
    assert pipeline.take(logits, CountedNoise([0, 1])).tokens == [2, 2]
    assert torch.equal(before, logits)
    assert seen[0][0] == [[7, 4], [4, 5]], "rows with padding on the left"
    assert (seen[0][1] > -torch.inf).nonzero().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]], "after what is allowed"
    pipeline.advance([0, 1], [2, None])
    assert pipeline.take(logits, CountedNoise([0, 1])).tokens[0] == 2
    assert seen[1][0] == [[4, 2], [4, 5]]


def test_a_processor_that_gives_other_scores_is_told() -> None:
    plan = GenerationConfig(max_new_tokens=3).resolve(prompt_length=1, vocab_size=8).plan
    pipeline = Pipeline([plan], [(4,)], None, 8, processors=[lambda input_ids, scores: scores[:, 1:]])
    with pytest.raises(ValueError, match=r"\(1, 8\) and returned \(1, 7\)"):
        pipeline.take(torch.zeros(1, 8))


@pytest.mark.parametrize("config", [{}, {"do_sample": True, "top_k": 3}, {"do_sample": True, "temperature": 0.5}])
@pytest.mark.clauses("SCORES-2", "REMOVE-INVALID-VALUES-2")
def test_what_is_no_score_is_repaired_where_the_plan_says_so(config: dict[str, Any]) -> None:
    plan = GenerationConfig(remove_invalid_values=True, max_new_tokens=3, **config).resolve(
        prompt_length=1, vocab_size=4).plan
    logits = torch.tensor([[torch.nan, 1.0, torch.inf, 2.0], [-torch.inf, torch.nan, -5.0, -torch.inf]])
    assert Pipeline([plan] * 2, [(1,)] * 2, None, 4).take(logits, CountedNoise([0, 1])).tokens == [2, 1]


def test_operations_of_prompts_of_other_lengths_keep_their_order() -> None:
    config = GenerationConfig(repetition_penalty=2.0, forced_bos_token_id=3, suppress_tokens=[1], max_new_tokens=3)
    plans = [config.resolve(prompt_length=length, vocab_size=4).plan for length in (2, 1, 3)]
    slots = Pipeline(plans, [(0, 1), (0,), (0, 1, 2)], None, 4).slots
    assert [slot.name for slot in slots] == ["repetition_penalty", "forced_bos", "suppress"]
    assert [one is not None for one in slots[1].operations] == [False, True, False]
