"""From logits to scores. Text: docs/spec/pipeline.md."""

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.order_pairs import order_pairs
from support.strategies import described, score_vectors
from support.vectors import Case, generate_case, noise_table, pipeline_case

from genspec import GenerationConfig, Rejected
from genspec.config.plan import DecodingPlan, Operation
from genspec.config.profile import HF_ORDER
from genspec.config.profiles import HF
from genspec_reference import Scripted, decode, generate
from genspec_reference.context import Context
from genspec_reference.pipeline import Applied, apply_operation, run_pipeline
from genspec_reference.scores import Scores, log_softmax, softmax, support

EMPTY = Context(tokens=(), prompt_length=0)
SETTINGS = {
    "repetition_penalty": 1.5, "no_repeat_ngram_size": 2, "bad_words_ids": [[3]], "min_new_tokens": 2,
    "suppress_tokens": [1], "begin_suppress_tokens": [4], "temperature": 0.7, "top_k": 4, "top_p": 0.8, "min_p": 0.05,
    "typical_p": 0.9, "epsilon_cutoff": 0.01, "eta_cutoff": 0.02, "renormalize_logits": True,
}


def plan_of(**settings: object) -> DecodingPlan:
    return GenerationConfig(eos_token_id=2, max_new_tokens=3, **settings).resolve().plan


def start(scores: Scores) -> Applied:
    return Applied("logits", "PIPELINE-3", scores)


@given(settings=st.sets(st.sampled_from(sorted(SETTINGS))), drawing=st.booleans())
@clauses("PIPELINE-1", "PIPELINE-2")
def test_operations_stand_in_the_order_of_the_profile(settings: set[str], drawing: bool) -> None:
    plan = plan_of(do_sample=drawing, **{name: SETTINGS[name] for name in settings})
    names = [operation.name for operation in plan.operations]
    assert names == sorted(names, key=HF_ORDER.index)
    assert len(set(names)) == len(names)
    only_drawing = set(HF_ORDER[HF_ORDER.index("temperature"): HF_ORDER.index("watermark")])
    assert drawing or not only_drawing & set(names)


@given(scores=score_vectors(masked=False), names=st.lists(st.sampled_from(("temperature", "top_k", "renormalize"))))
@clauses("PIPELINE-3")
def test_each_operation_is_given_what_the_one_before_gave(scores: Scores, names: list[str]) -> None:
    arguments: dict[str, dict[str, object]] = {"temperature": {"temperature": 0.5}, "top_k": {"k": 3, "min_keep": 1}}
    operations = [Operation(name, arguments.get(name, {}), "PIPELINE-1") for name in names]
    applied = run_pipeline(start(scores), operations, EMPTY, HF)
    assert [one.name for one in applied] == ["logits", *names]
    for before, operation, after in zip(applied, operations, applied[1:], strict=False):
        alone = apply_operation(operation, before.scores, EMPTY, HF)
        np.testing.assert_array_equal(alone.scores, after.scores, err_msg=described(scores=scores, names=names))


@clauses("PIPELINE-3")
def test_without_operations_the_scores_are_the_logits() -> None:
    asked = {"return_dict_in_generate": True, "output_scores": True, "output_logits": True, "max_new_tokens": 1}
    step = generate(GenerationConfig(**asked), Scripted("table", 5), [1]).runs[0][0]
    assert step.scores is not None and step.logits is not None
    np.testing.assert_array_equal(step.scores[0], step.logits[0])
    np.testing.assert_array_equal(step.logits[0], Scripted("table", 5)((1,)))


@clauses("PIPELINE-3")
def test_in_a_beam_mode_operations_are_given_log_probabilities() -> None:
    asked = {"return_dict_in_generate": True, "output_scores": True, "max_new_tokens": 1, "num_beams": 2}
    step = generate(GenerationConfig(**asked), Scripted("table", 5), [1]).runs[0][0]
    assert step.scores is not None
    np.testing.assert_allclose(step.scores[0], log_softmax(Scripted("table", 5)((1,))))


@clauses("PIPELINE-1")
def test_the_order_decides() -> None:
    """The nucleus of a hot distribution is wider than the nucleus of a cold one."""
    plan = plan_of(do_sample=True, temperature=4.0, top_p=0.6, top_k=0)
    scores = np.array([3.0, 2.0, 1.0, 0.0])
    sizes = [
        len(support(run_pipeline(start(scores), operations, EMPTY, HF)[-1].scores))
        for operations in (plan.operations, plan.operations[::-1])
    ]
    assert sizes == [2, 1]


@clauses("PIPELINE-4")
def test_a_processor_of_the_caller_stands_between_bans_and_warpers() -> None:
    seen: list[list[float]] = []

    def processor(scores: Scores, context: Context) -> Scores:
        seen.append(scores.tolist())
        assert context.tokens == (0,)
        return scores + np.array([0.0, 4.0, 0.0])

    plan = plan_of(do_sample=False, suppress_tokens=[1], renormalize_logits=True)
    plan = replace(plan, length=replace(plan.length, max_new_tokens=1))
    output = decode(plan, lambda tokens: [0.0, 1.0, 2.0], [0], processors=[processor], trace=True)
    assert seen == [[0.0, -np.inf, 2.0]]
    assert [one.name for one in output.runs[0][0].applied[0]] == ["logits", "suppress", "processor", "renormalize"]


@clauses("PIPELINE-4")
def test_a_processor_gives_as_many_scores_as_it_is_given() -> None:
    with pytest.raises(ValueError, match="was given 3 scores and returned 2"):
        decode(plan_of(), lambda tokens: [0.0, 1.0, 2.0], [0], processors=[lambda scores, context: scores[1:]])


@clauses("PIPELINE-1")
def test_the_operation_of_the_call_stands_in_its_place() -> None:
    plan = plan_of(min_new_tokens=1, suppress_tokens=[1], forced_bos_token_id=0)
    output = decode(plan, Scripted("table", 1, 5), [0], allowed_tokens=lambda tokens: [0, 3, 4], trace=True)
    assert [one.name for one in output.runs[0][0].applied[0]] == [
        "logits", "min_new_tokens", "prefix_allowed_tokens", "forced_bos", "suppress"
    ]


@clauses("PIPELINE-5")
def test_a_profile_without_allowed_tokens_says_so() -> None:
    plan = GenerationConfig(max_new_tokens=1).resolve(profile="llama.cpp").plan
    with pytest.raises(ValueError, match="the profile has no prefix_allowed_tokens in greedy"):
        decode(plan, Scripted("table", 1), [0], allowed_tokens=lambda tokens: [0])


@clauses("PIPELINE-5")
def test_an_operation_that_the_profile_lacks_is_no_part_of_a_plan() -> None:
    profile = replace(HF, name="short", order=("temperature", "top_k"))
    resolution = GenerationConfig(do_sample=True, top_p=0.5, temperature=0.5).resolve(profile=profile)
    assert [operation.name for operation in resolution.plan.operations] == ["temperature", "top_k"]
    assert [(decision.field, str(decision.status)) for decision in resolution.decisions
            if decision.clause == "PIPELINE-5"] == [("top_p", "inert")]


def test_a_name_that_is_no_operation_is_an_error() -> None:
    with pytest.raises(ValueError, match="'top_q' is no operation"):
        run_pipeline(start(np.zeros(2)), [Operation("top_q", {}, "")], EMPTY, HF)


@clauses("PIPELINE-3")
def test_the_margin_of_a_step_is_the_least_of_all() -> None:
    plan = plan_of(do_sample=True, top_k=2)
    output = decode(plan, lambda tokens: [1.0, 0.5, 0.25], [0], noise=lambda row, step, size: np.ones(size))
    assert output.runs[0][0].margin == 0.25
    assert output.runs[0][0].choices[0].margin == 0.5


def vectors() -> Iterator[Case]:
    logits = [1.5, 1.0, 0.5, 0.0, -0.5, -1.0]
    drawing = [("temperature", {"temperature": 2.0}), ("top_k", {"k": 4, "min_keep": 1}),
               ("top_p", {"p": 0.75, "min_keep": 1})]
    for number, order in enumerate(((0, 1, 2), (2, 1, 0), (1, 2, 0))):
        yield pipeline_case(f"order-{number}", ["PIPELINE-1", "PIPELINE-3"], logits, [drawing[n] for n in order],
                            note="The same three operations; the result depends on their order.")
    yield from order_pairs()
    yield pipeline_case("no-operation", ["PIPELINE-3"], logits, [])
    yield generate_case("warpers-are-inert-without-drawing", ["PIPELINE-2"],
                        {"max_new_tokens": 4, "temperature": 0.1, "top_k": 1, "top_p": 0.1}, [1], Scripted("table", 3))
    yield generate_case("the-order-lacks-typical-p", ["PIPELINE-5"],
                        {"do_sample": True, "max_new_tokens": 2, "top_k": 0, "typical_p": 0.2}, [1],
                        Scripted("table", 3, 8), noise=noise_table(1, 2, 8), profile="vllm", flags=("choice-point",),
                        note="Under a profile whose order has typical_p it acts.")
    chance = random.Random(13)
    for number in range(60):
        size = chance.choice((3, 6, 12))
        model = Scripted(chance.choice(("table", "history")), chance.randrange(2**32), size, (2,))
        config = {name: value for name, value in SETTINGS.items() if chance.random() < 0.3 and name != "bad_words_ids"}
        config |= {"do_sample": True, "max_new_tokens": 4, "eos_token_id": 2, "min_new_tokens": chance.randrange(3)}
        config |= {name: [t % size for t in value] for name, value in config.items() if isinstance(value, list)}
        yield generate_case(f"random-{number:02d}", ["PIPELINE-1", "PIPELINE-3"], config, [1, 0], model,
                            noise=noise_table(200 + number, 4, size), flags=("random", "eos-rich"))


@given(scores=score_vectors(masked=False), temperature=st.sampled_from((0.25, 0.5, 2.0, 4.0)))
@clauses("PIPELINE-3")
def test_temperatures_multiply(scores: Scores, temperature: float) -> None:
    twice = [Operation("temperature", {"temperature": temperature}, "")] * 2
    once = [Operation("temperature", {"temperature": temperature**2}, "")]
    results = [softmax(run_pipeline(start(scores), operations, EMPTY, HF)[-1].scores) for operations in (twice, once)]
    np.testing.assert_allclose(results[0], results[1], rtol=1e-12, err_msg=described(scores=scores))


TAKING_AWAY = {
    "top_h": {"h": 0.5}, "top_k": {"k": 2, "min_keep": 1}, "top_p": {"p": 0.5, "min_keep": 1},
    "min_p": {"p": 0.5, "min_keep": 1}, "typical_p": {"p": 0.5, "min_keep": 1},
    "epsilon_cutoff": {"epsilon": 0.2, "min_keep": 1}, "eta_cutoff": {"epsilon": 0.2, "min_keep": 1},
    "top_n_sigma": {"n": 1.0}, "xtc": {"threshold": 0.1, "probability": 1.0},
    "mirostat": {"tau": 1.0, "eta": 0.1, "version": 2},
}
OTHERS = {
    "temperature": {"temperature": 0.5}, "renormalize": {},
    "watermark": {"greenlist_ratio": 0.5, "bias": 1.0, "hashing_key": 3, "seeding_scheme": "lefthash",
                  "context_width": 1},
}


@pytest.mark.parametrize("name", [*TAKING_AWAY, *OTHERS])
@clauses("PIPELINE-4")
def test_a_processor_stands_before_each_of_these_alone(name: str) -> None:
    operations = (Operation(name, {**TAKING_AWAY, **OTHERS}[name], "PIPELINE-1"),)
    plan = replace(plan_of(do_sample=True), operations=operations)
    plan = replace(plan, length=replace(plan.length, max_new_tokens=1))
    output = decode(plan, Scripted("table", 1, 6), [0], processors=[lambda scores, context: scores + 1.0], trace=True,
                    noise=lambda row, step, size: np.ones(size))
    assert [one.name for one in output.runs[0][0].applied[0]] == ["logits", "processor", name]


@pytest.mark.parametrize("name", TAKING_AWAY)
@clauses("TOP-P-5")
def test_unfiltered_is_what_the_first_truncation_was_given(name: str) -> None:
    seen: list[object] = []

    def look(scores: Scores, context: Context) -> Scores:
        seen.append(None if context.unfiltered is None else context.unfiltered.tolist())
        return scores

    looking = Operation("processor", {"function": look}, "PIPELINE-4")
    operations = [looking, Operation(name, TAKING_AWAY[name], ""), looking,
                  Operation("top_k", TAKING_AWAY["top_k"], ""), looking]
    scores = np.array([1.0, 0.5, 0.25, -1.0])
    run_pipeline(start(scores), operations, replace(EMPTY, tokens=(1,)), HF)
    assert seen == [None, scores.tolist(), scores.tolist()]


@clauses("PIPELINE-4")
def test_processors_act_in_the_order_of_the_caller() -> None:
    plan = GenerationConfig(max_new_tokens=1).resolve().plan
    output = decode(plan, lambda tokens: [1.0, 2.0], [0], trace=True,
                    processors=[lambda scores, context: scores + 1.0, lambda scores, context: scores * 2.0],
                    allowed_tokens=lambda tokens: [0, 1])
    applied = output.runs[0][0].applied[0]
    assert [one.name for one in applied] == ["logits", "prefix_allowed_tokens", "processor", "processor"]
    assert applied[-1].scores.tolist() == [4.0, 6.0]


@clauses("SCORES-2")
def test_nan_is_refused_wherever_it_comes_from() -> None:
    plan = GenerationConfig(max_new_tokens=1).resolve().plan
    for model, processors in ((lambda tokens: [0.0, np.nan, 1.0], []),
                              (lambda tokens: [0.0, 0.5, 1.0], [lambda scores, context: scores * np.nan])):
        with pytest.raises(Rejected, match="SCORES-2"):
            decode(plan, model, [0], processors=processors)
