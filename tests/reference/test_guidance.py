"""Classifier-free guidance. Text: docs/spec/guidance.md."""

import math
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clauses import clauses
from support.drawn import Made, drawn_row, drawn_scores, random_cases
from support.plans import planned, refusing_clauses
from support.strategies import LEVELS, described, models, prompts
from support.vectors import Case, generate_case, operation_case, pipeline_case

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec_reference import Scripted, generate
from genspec_reference.operations.guidance import guidance
from genspec_reference.scores import Scores, log_softmax

SCALES = st.sampled_from((0.0, 0.25, 0.5, 1.0, 1.5, 3.0, 7.5))
Pair = tuple[Scores, Scores]


@st.composite
def pairs(draw: st.DrawFn, masked: bool = False) -> Pair:
    """Two score vectors of the same V."""
    size = draw(st.sampled_from((1, 2, 3, 5, 8)))
    level = LEVELS | st.just(-np.inf) if masked else LEVELS
    vector = st.lists(level, min_size=size, max_size=size).filter(lambda scores: max(scores) > -np.inf)
    return np.array(draw(vector)), np.array(draw(vector))


@given(pairs(), SCALES)
@clauses("GUIDANCE-3")
def test_guidance_multiplies_what_the_prompt_changes(pair: Pair, scale: float) -> None:
    with_prompt, without = pair
    after = guidance(with_prompt, scale, without)
    total, total_without = (math.fsum(map(math.exp, scores)) for scores in pair)
    for token, score in enumerate(after):
        c, u = with_prompt[token] - math.log(total), without[token] - math.log(total_without)
        values = described(token=token, scale=scale, c=c, u=u, after=after)
        assert score == pytest.approx(u + scale * (c - u), abs=1e-12), values


@given(pairs(), SCALES, LEVELS, st.data())
@clauses("GUIDANCE-3")
def test_guidance_laws(pair: Pair, scale: float, shift: float, data: st.DataObject) -> None:
    scores, without = pair
    after = guidance(scores, scale, without)
    close = {"rtol": 0, "atol": 1e-12}
    np.testing.assert_allclose(guidance(scores + shift, scale, without - shift), after, **close)
    np.testing.assert_allclose(guidance(scores, 0.0, without), log_softmax(without), **close)
    np.testing.assert_allclose(guidance(scores, 1.0, without), log_softmax(scores), **close)
    np.testing.assert_allclose(guidance(scores, scale, scores), log_softmax(scores), **close)
    order = data.draw(st.permutations(range(scores.size)))
    np.testing.assert_allclose(guidance(scores[order], scale, without[order]), after[order], **close)


@given(pairs(masked=True), SCALES.filter(lambda scale: scale != 1))
@clauses("GUIDANCE-3", "GUIDANCE-4")
def test_guidance_of_minus_infinity_is_a_limit(pair: Pair, scale: float) -> None:
    """A score so low that it moves no other one stands for minus infinity, in c more so than in u."""
    after = guidance(pair[0], scale, pair[1])
    low = [np.where(scores == -np.inf, lowest, scores) for scores, lowest in zip(pair, (-1e9, -1e6), strict=True)]
    near = guidance(low[0], scale, low[1])
    for token, score in enumerate(after):
        values = described(token=token, scale=scale, pair=pair, near=near, after=after)
        if abs(near[token]) < 1e4:
            assert score == pytest.approx(near[token], abs=1e-6), values
        else:
            assert score == np.sign(near[token]) * np.inf, values


@clauses("GUIDANCE-4")
def test_guidance_refuses_plus_infinity() -> None:
    def model(tokens: tuple[int, ...]) -> list[float]:
        return [0.0, -np.inf] if len(tokens) == 1 else [0.0, 1.0]

    with pytest.raises(Rejected, match="SCORES-2"):
        generate(GenerationConfig(guidance_scale=2.0, max_new_tokens=1), model, [0, 1])
    lower = GenerationConfig(guidance_scale=0.5, max_new_tokens=1)
    assert generate(lower, model, [0, 1]).sequences == ((0, 1, 0),)


@clauses("GUIDANCE-3")
def test_guidance_needs_unconditional_logits() -> None:
    for missing in (None, np.zeros(3), np.zeros(1)):
        with pytest.raises(ValueError, match="unconditional logits"):
            guidance(np.zeros(2), 2.0, missing)


class Recorder:
    """A model that keeps what it is asked."""

    def __init__(self, model: Scripted) -> None:
        self.model = model
        self.asked: list[tuple[tuple[int, ...], tuple[int, ...]]] = []

    def __call__(self, tokens: tuple[int, ...], source: tuple[int, ...] = ()) -> Scores:
        self.asked.append((tokens, source))
        return self.model(tokens, source)


@pytest.mark.parametrize(("prompt", "source", "negative", "instead"), [
    ((1, 2, 3), None, None, (3,)), ((1, 2, 3), None, (4, 2), (4, 2)), ((1,), None, None, (1,)),
    ((0,), (1, 5), (4, 2), (4, 2)), ((0,), (1, 5), None, (0,)),
])
@clauses("GUIDANCE-2")
def test_guidance_asks_for_the_same_new_tokens_without_the_prompt(
    prompt: tuple[int, ...], source: Any, negative: Any, instead: tuple[int, ...]
) -> None:
    model = Recorder(Scripted("history", 5, 6))
    given: dict[str, Any] = {} if source is None else {"source": source}
    config = GenerationConfig(guidance_scale=2.0, max_new_tokens=3, decoder_start_token_id=0)
    (row,) = generate(config, model, prompt, negative_prompt=negative, **given).rows
    wanted = [((*start, *row.new_tokens[:new]), source or ()) for new in range(3) for start in (prompt, instead)]
    assert sorted(model.asked) == sorted(wanted)


@settings(max_examples=40)
@given(models(), st.data(), SCALES, st.booleans())
@clauses("GUIDANCE-2", "GUIDANCE-3")
def test_guidance_against_transformers(model: Scripted, data: st.DataObject, scale: float, negative: bool) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_generate, hf_model

    prompt, instead = data.draw(prompts(model.vocab_size)), data.draw(prompts(model.vocab_size))
    call = {"guidance_scale": scale, "max_new_tokens": 3}
    asked: dict[str, Any] = {"negative_prompt_ids": torch.tensor([instead])} if negative else {}
    theirs = hf_generate(hf_model(model), prompt, **call, **asked)
    config = GenerationConfig(output_scores=True, return_dict_in_generate=True, **call)
    ours = generate(config, model, prompt, negative_prompt=instead if negative else None)
    (run,) = ours.runs
    for step, scores in zip(run, theirs.scores, strict=True):
        assert step.scores is not None
        if scale != 1:                                  # 1 is off: the scores are the logits
            np.testing.assert_allclose(step.scores[0], scores[0], atol=1e-4)
        if step.margin < 1e-4:
            return                                      # two tokens are as good as each other
    assert ours.sequences[0] == tuple(theirs.sequences[0].tolist())


def transformers_guidance(logits: list[list[float]], prompt: list[int], **call: Any) -> Any:
    """Run guidance on a table: after token t the logits are line t."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_generate, hf_model

    model = hf_model(lambda tokens: logits[tokens[-1]], len(logits))
    return hf_generate(model, prompt, guidance_scale=2.0, **call)


@clauses("GUIDANCE-4")
def test_deviation_minus_infinity_becomes_nan_and_is_taken() -> None:
    logits = [[1.0, -np.inf, 0.0]] * 3
    output = transformers_guidance(logits, [0], max_new_tokens=1)
    assert np.isnan(output.scores[0][0].numpy()).tolist() == [False, True, False]
    assert output.sequences.tolist() == [[0, 1]]
    ours = generate(GenerationConfig(guidance_scale=2.0, max_new_tokens=1), lambda tokens: logits[0], [0])
    assert ours.sequences == ((0, 0),)


@clauses("GUIDANCE-1")
def test_deviation_a_scale_below_0_is_accepted() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_generate, hf_model

    output = hf_generate(hf_model(Scripted("table", 3, 5)), [0, 1], guidance_scale=-1.0, max_new_tokens=2)
    assert output.sequences.shape == (1, 4)


@clauses("GUIDANCE-2")
def test_deviation_a_negative_prompt_in_a_beam_mode() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError, match="Sizes of tensors must match"):
        transformers_guidance([[1.0, 0.0, 0.5]] * 3, [0], max_new_tokens=2, num_beams=2,
                              negative_prompt_ids=torch.tensor([[1]]))


@clauses("GUIDANCE-2")
def test_deviation_in_a_beam_mode_u_follows_the_place_and_not_the_hypothesis() -> None:
    """Rows that begin in the last token of the prompt are asked for u: they are not those of any hypothesis."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from support.hf_model import hf_generate, hf_model

    model = Recorder(Scripted("history", 3, 8))
    hf_generate(hf_model(model, 8), [1, 2], guidance_scale=2.0, num_beams=3, max_new_tokens=6)
    hypotheses = {row[1:] for row, _ in model.asked if row[:2] == (1, 2)}
    others = {row for row, _ in model.asked if row[:2] != (1, 2)}
    assert others - hypotheses, described(others=others, hypotheses=hypotheses)
    ours = Recorder(model.model)
    config = GenerationConfig(guidance_scale=2.0, num_beams=3, max_new_tokens=6)
    generate(config, ours, [1, 2])
    hypotheses = {row[1:] for row, _ in ours.asked if row[:2] == (1, 2)}
    assert {row for row, _ in ours.asked if row[:2] != (1, 2)} == hypotheses


@clauses("GUIDANCE-1")
def test_guidance_in_a_plan() -> None:
    operation = planned("guidance", {"guidance_scale": 1.5})
    assert operation is not None and operation.arguments == {"scale": 1.5}
    assert planned("guidance", {"guidance_scale": 1}) is None
    assert refusing_clauses({"guidance_scale": -0.5}) == {"GUIDANCE-1"}


def drawn(rng: Random, size: int) -> Made:
    row = drawn_row(rng, size)
    logits = [score if score > -np.inf else 0.5 for score in drawn_scores(rng, size)]
    return ({"scale": rng.choice((0.0, 0.25, 0.5, 1.5, 2.0, 3.0, 7.5))},
            {"tokens": row, "prompt_length": rng.randint(1, len(row)), "unconditional_logits": logits})


def vectors() -> Iterator[Case]:
    inf = np.inf
    cases: list[tuple[str, str, list[float], float, list[float], tuple[str, ...]]] = [
        ("twice-the-difference", "3", [1.0, 0.0, -1.0], 2.0, [0.0, 0.0, 0.0], ()),
        ("against-the-prompt", "3", [1.0, 0.0, -1.0], 0.5, [-1.0, 0.0, 1.0], ()),
        ("scale-of-zero", "3", [1.0, 0.0, -1.0], 0.0, [-1.0, 0.0, 1.0], ()),
        ("scale-of-zero-and-a-masked-token", "3", [1.0, -inf, -1.0], 0.0, [-1.0, 0.0, 1.0], ("masked",)),
        ("equal-logits", "3", [1.0, 0.0, -1.0], 3.0, [1.0, 0.0, -1.0], ()),
        ("masked", "4", [1.0, -inf, -1.0], 2.0, [-1.0, 0.0, 1.0], ("masked",)),
        ("masked-in-both", "4", [1.0, -inf, -1.0], 2.0, [-1.0, -inf, 1.0], ("masked",)),
        ("masked-in-both-below-one", "4", [1.0, -inf, -1.0], 0.5, [-1.0, -inf, 1.0], ("masked",)),
        ("masked-without-the-prompt-below-one", "4", [1.0, 0.0, -1.0], 0.5, [-1.0, -inf, 1.0], ("masked",)),
        ("masked-without-the-prompt", "4", [1.0, 0.0, -1.0], 2.0, [-1.0, -inf, 1.0], ("masked", "refused")),
        ("all-masked", "4", [-inf, -inf], 2.0, [0.0, 1.0], ("masked", "all-masked")),
        ("vocabulary-of-one", "3", [2.0], 2.0, [-1.0], ("small-vocabulary",)),
    ]
    for name, clause, scores, scale, logits, flags in cases:
        context = {"tokens": [0], "prompt_length": 1, "unconditional_logits": logits}
        yield operation_case(name, [f"GUIDANCE-{clause}"], "guidance", scores, {"scale": scale}, context=context,
                             flags=flags)
    yield pipeline_case("law", ["GUIDANCE-3"], [1.0, 0.0, -1.0], [("guidance", {"scale": 2.0})], distribution=True,
                        context={"tokens": [0], "prompt_length": 1, "unconditional_logits": [-1.0, 0.0, 1.0]})
    yield from random_cases("guidance", ["GUIDANCE-3", "GUIDANCE-4"], drawn)
    for seed in range(3):
        model = Scripted("history", 70 + seed, 8)
        call = {"guidance_scale": 2.5, "max_new_tokens": 5}
        named = ["GUIDANCE-1", "GUIDANCE-2", "GUIDANCE-3"]
        yield generate_case(f"loop-{seed}", named, call, [1, 3, 2], model)
        yield generate_case(f"loop-negative-prompt-{seed}", named, call, [1, 3], model, negative_prompt=[5, 4, 4])
        yield generate_case(f"loop-with-beams-{seed}", named, {**call, "num_beams": 3}, [1, 3, 2], model)
    yield generate_case("loop-of-an-encoder-decoder-model", named, {**call, "decoder_start_token_id": 0}, [], model,
                        source=[5, 6], negative_prompt=[1, 2])
    yield generate_case("one-is-off", ["GUIDANCE-1"], {"guidance_scale": 1, "max_new_tokens": 3}, [1], model)
    yield generate_case("below-zero", ["GUIDANCE-1"], {"guidance_scale": -0.5}, [1], model, flags=("refused",))
