"""DoLa. Text: docs/spec/dola.md."""

import json
import math
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described
from support.vectors import Case, generate_case, noise_table

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec_reference import ModelOutput, Scripted, decode, generate, seeded_noise
from genspec_reference.layered import Layered
from genspec_reference.modes.dola import candidate_layers, contrast, divergence, plausible_margin, premature_layer
from genspec_reference.scores import softmax

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "dola.md"
RECORDED = Path(__file__).parent / "recorded" / "transformers-4.46.3-modes.json"
PROFILE = "hf-4.50"
LOG_HALVES = [-math.inf, -1.0, 0.0, 0.5, 2.0]


def run(model: Any, prompt: tuple[int, ...] = (0, 1), **config: Any) -> Any:
    given_config = GenerationConfig(**{"max_new_tokens": 3, **config})
    return generate(given_config, model, prompt, profile=PROFILE, noise=seeded_noise(5))


def model_of(*layers: Any, tied: bool = False) -> Any:
    """Give each layer the same logits at every position; the last are the model's."""
    shown = tuple(np.array(layer, dtype=float) for layer in layers)
    return lambda tokens, source=(): ModelOutput(shown[-1], layer_logits=shown, tied_embeddings=tied)


@st.composite
def layered_models(draw: st.DrawFn) -> Layered:
    size = draw(st.integers(2, 9))
    eos = tuple(draw(st.lists(st.integers(0, size - 1), max_size=2, unique=True)))
    return Layered(draw(st.integers(0, 2**32)), size, eos, layers=draw(st.integers(1, 7)), tied=draw(st.booleans()))


def distance(p: list[float], q: list[float]) -> float:
    """D of DOLA-5, token by token."""
    terms = [((a + b) / 2, a, b) for a, b in zip(p, q, strict=True) if a + b > 0]
    return sum(m * math.log(m / a) + m * math.log(m / b) for m, a, b in terms)


@given(model=layered_models(), layers=st.lists(st.integers(0, 6), min_size=1, max_size=4))
@clauses("DOLA-1", "DOLA-2", "DOLA-5", "DOLA-6", "DOLA-7", "DOLA-8")
def test_dola_contrasts_the_layer_that_differs_most(model: Layered, layers: list[int]) -> None:
    layers = [layer % model.layers for layer in layers]
    output = run(model, dola_layers=layers, return_dict_in_generate=True, output_scores=True, output_logits=True)
    row = output.sequences[0]
    for place, step in zip(range(2, len(row)), output.runs[0], strict=True):
        answer = model(row[:place])
        assert step.logits[0].tolist() == answer.logits.tolist()
        q = [softmax(layer).tolist() for layer in answer.layer_logits]
        distances = [distance(q[-1], q[layer]) for layer in layers]
        shown = described(row=row, layers=layers, distances=distances, step=step)
        if step.margin < 1e-9:
            continue
        chosen = q[layers[distances.index(max(distances))]]
        expected = [math.log(a / b) if a >= max(q[-1]) / 10 else -math.inf for a, b in zip(q[-1], chosen, strict=True)]
        np.testing.assert_allclose(step.scores[0], expected, rtol=1e-9, atol=1e-9, err_msg=shown)
        assert row[place] == expected.index(max(expected)), shown


LAYERS = [
    ("low", 1, False, (0,)), ("low", 1, True, (0,)), ("low", 2, False, (0,)), ("low", 2, True, (1,)),
    ("low", 3, False, (0,)), ("low", 4, False, (0,)), ("low", 4, True, (2,)), ("low", 5, True, (2,)),
    ("low", 6, False, (0, 2)), ("low", 6, True, (2,)), ("low", 7, False, (0, 2)), ("low", 9, True, (2,)),
    ("low", 10, True, (2, 4)), ("low", 40, False, tuple(range(0, 20, 2))), ("low", 60, True, tuple(range(2, 20, 2))),
    ("high", 1, False, (0,)), ("high", 2, True, (1,)), ("high", 3, False, (1,)), ("high", 6, True, (3, 5)),
    ("high", 7, False, (3, 5)), ("high", 40, False, tuple(range(20, 40, 2))),
    ("high", 41, False, tuple(range(21, 41, 2))), ("high", 60, True, tuple(range(40, 60, 2))),
    ((3, 0, 3, 4), 4, True, (3, 0)),
]


@pytest.mark.parametrize(("named", "last", "tied", "expected"), LAYERS)
@clauses("DOLA-2", "DOLA-3")
def test_the_candidate_layers(named: Any, last: int, tied: bool, expected: tuple[int, ...]) -> None:
    assert candidate_layers(named, last, tied) == expected


@pytest.mark.parametrize(("config", "model"), [
    ({"dola_layers": [2, 3]}, model_of([0, 1], [1, 0], [0, 0])),
    ({"dola_layers": "low"}, model_of([0, 1], [1, 0], [1, 1], [0, 0], tied=True)),
])
@clauses("DOLA-4")
def test_without_a_candidate_it_is_refused(config: dict[str, Any], model: Any) -> None:
    with pytest.raises(Rejected) as refused:
        run(model, **config)
    assert [reason.clause for reason in refused.value.reasons] == ["DOLA-4"]


@clauses("DOLA-5")
def test_of_equal_layers_the_first_of_the_list_is_contrasted() -> None:
    last, one, other = np.array([0.0, 0.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert premature_layer(last, (one, other, last), (1, 0)) == (1, 0.0)
    assert premature_layer(last, (one, other, last), (0, 1)) == (0, 0.0)
    assert premature_layer(last, (one, other, last), (0,)) == (0, np.inf)
    assert run(model_of(one, last), max_new_tokens=1, dola_layers=[0, 0]).runs[0][0].margin > 0
    assert run(model_of(one, other, last), max_new_tokens=1, dola_layers=[1, 0]).sequences == ((0, 1, 1),)


@clauses("DOLA-5")
def test_the_margin_of_a_step_knows_how_near_another_layer_was() -> None:
    last, near, far = np.log([0.5, 0.5]), np.log([0.4, 0.6]), np.log([0.3, 0.7])
    layer, lead = premature_layer(last, (near, far, last), (0, 1))
    assert (layer, lead) == (1, pytest.approx(divergence(last, far) - divergence(last, near)))
    assert run(model_of(near, far, last), max_new_tokens=1, dola_layers=[0, 1]).runs[0][0].margin == lead


@clauses("DOLA-5")
def test_d_is_not_the_jensen_shannon_divergence_of_the_paper() -> None:
    """The two choose different layers here. What the authors' program computes is D."""
    last, one, other = [0.9, 0.05, 0.05], [0.2, 0.05, 0.75], [0.15, 0.4, 0.45]

    def of_the_paper(p: list[float], q: list[float]) -> float:
        means = [(a + b) / 2 for a, b in zip(p, q, strict=True)]
        return sum(a * math.log(a / m) + b * math.log(b / m) for a, b, m in zip(p, q, means, strict=True))

    assert distance(last, one) > distance(last, other)
    assert of_the_paper(last, one) < of_the_paper(last, other)
    scores = [np.log(probabilities) for probabilities in (one, other, last)]
    assert premature_layer(scores[-1], tuple(scores), (0, 1))[0] == 0


@given(values=st.lists(st.tuples(st.sampled_from(LOG_HALVES), st.sampled_from(LOG_HALVES)), min_size=1, max_size=5))
@clauses("DOLA-5")
def test_d_is_the_sum_over_the_tokens_that_either_can_produce(values: list[tuple[float, float]]) -> None:
    p, q = (np.array(side) for side in zip(*values, strict=True))
    if max(p) == -math.inf or max(q) == -math.inf:
        return
    d = divergence(p, q)
    if any((a == -math.inf) != (b == -math.inf) for a, b in values):
        assert d == math.inf
    else:
        assert d == pytest.approx(distance(softmax(p).tolist(), softmax(q).tolist()), abs=1e-12)
        assert d == pytest.approx(divergence(q, p), abs=1e-12)
        assert d >= -1e-12


@clauses("DOLA-6")
def test_a_token_needs_a_tenth_of_the_greatest_probability() -> None:
    tenth = math.log(10)
    scores = contrast(np.array([tenth, 1e-9, -1e-9, -math.inf]), np.zeros(4))
    assert (scores > -np.inf).tolist() == [True, True, False, False]
    assert plausible_margin(np.array([tenth, 0.25, -0.5])) == pytest.approx(0.25)
    assert plausible_margin(np.zeros(1)) == pytest.approx(tenth)
    assert contrast(np.array([0.0, np.log(0.1)]), np.zeros(2))[1] > -np.inf, "exactly a tenth"
    step = run(model_of([0, 0, 0], [tenth, 0.125, -9]), dola_layers=[0], max_new_tokens=1).runs[0][0]
    assert step.margin == pytest.approx(0.125)


@clauses("DOLA-7")
def test_a_token_that_the_layer_rules_out_is_refused() -> None:
    with pytest.raises(Rejected) as refused:
        run(model_of([0, -np.inf], [0, 0]), dola_layers=[0])
    assert [reason.clause for reason in refused.value.reasons] == ["SCORES-2"]
    assert run(model_of([0, -np.inf, 0], [0, -np.inf, 1]), dola_layers=[0], max_new_tokens=1).sequences == ((0, 1, 2),)


@clauses("DOLA-7")
def test_logits_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(Rejected) as refused:
        run(model_of([0, 0], [0, np.nan]), dola_layers=[0])
    assert [reason.clause for reason in refused.value.reasons] == ["SCORES-2"]


@clauses("DOLA-8")
def test_the_operations_act_on_the_contrast() -> None:
    model = model_of([2, 0, 0], [2, 1, 0.5])
    assert run(model, dola_layers=[0], max_new_tokens=2).sequences == ((0, 1, 1, 1),)
    assert run(model, dola_layers=[0], max_new_tokens=2, bad_words_ids=[[1]]).sequences == ((0, 1, 2, 2),)
    drawn = run(model, dola_layers=[0], do_sample=True, top_k=2, temperature=0.5, return_dict_in_generate=True,
                output_scores=True, num_return_sequences=2)
    log_q = [np.log(softmax(np.array(layer, dtype=float))) for layer in ([2, 1, 0.5], [2, 0, 0])]
    expected = (log_q[0] - log_q[1]) / 0.5
    expected[0] = -np.inf
    assert len(drawn.rows) == 2
    np.testing.assert_allclose(drawn.runs[1][0].scores[0], expected)


@clauses("DOLA-8")
def test_drawn_rows_take_the_noise_of_sample() -> None:
    """A model whose logits are the contrast draws the same rows with sample."""
    layered = Layered(8, 6, layers=3)

    def contrasted(tokens: tuple[int, ...]) -> Any:
        answer = layered(tokens)
        return contrast(answer.logits, answer.layer_logits[1])

    shared = {"do_sample": True, "top_k": 3, "num_return_sequences": 3, "max_new_tokens": 5}
    assert run(layered, dola_layers=[1], **shared).sequences == run(contrasted, **shared).sequences


@pytest.mark.parametrize("operation", [
    Operation("xtc", {"threshold": 0.1, "probability": 0.5}, "XTC-1"),
    Operation("mirostat", {"tau": 1.5, "eta": 1.0, "version": 2}, "MIROSTAT-1"),
], ids=lambda operation: operation.name)
@clauses("DOLA-8")
def test_operations_know_the_row_and_what_it_surprised(operation: Operation) -> None:
    layered = Layered(8, 6, layers=3)
    config = GenerationConfig(do_sample=True, top_k=0, num_return_sequences=4, max_new_tokens=5, dola_layers=[1],
                              return_dict_in_generate=True, output_scores=True)
    plan = replace(config.resolve(prompt_length=2, profile=PROFILE).plan, operations=(operation,))

    def contrasted(tokens: tuple[int, ...]) -> Any:
        answer = layered(tokens)
        return contrast(answer.logits, answer.layer_logits[1])

    outputs = [
        decode(one, model, (0, 1), noise=seeded_noise(3))
        for one, model in ((plan, layered), (replace(plan, mode=Mode.SAMPLE, dola_layers=None), contrasted))
    ]
    assert outputs[0].sequences == outputs[1].sequences
    scores = [[step.scores[0].tolist() for run in output.runs for step in run] for output in outputs]
    assert scores[0] == scores[1]


@clauses("DOLA-8")
def test_the_trace_begins_with_the_contrast() -> None:
    config = GenerationConfig(dola_layers=[0], max_new_tokens=1)
    applied = generate(config, Layered(1, 4), (0,), profile=PROFILE, trace=True).runs[0][0].applied[0]
    assert [(one.name, one.clause) for one in applied] == [("dola", "DOLA-7")]


@pytest.mark.parametrize("layers", [None, (), (np.zeros(3),)])
@clauses("DOLA-9")
def test_a_model_without_layers_is_refused(layers: Any) -> None:
    with pytest.raises(Rejected) as refused:
        run(lambda tokens: ModelOutput(np.zeros(3), layer_logits=layers), dola_layers="low")
    assert [reason.clause for reason in refused.value.reasons] == ["DOLA-9"]


def worked() -> list[tuple[str, ...]]:
    table = PAGE.read_text(encoding="utf-8").partition("| q_N | q_0 |")[2].partition("\n\n")[0]
    return [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.splitlines()[2:]]


@pytest.mark.parametrize("row", worked(), ids=" / ".join)
@clauses("DOLA-5", "DOLA-6", "DOLA-7")
def test_worked(row: tuple[str, ...]) -> None:
    last, zero, two = (np.log([float(word) for word in re.split(r"\s+", cell)]) for cell in row[:3])
    assert [divergence(last, zero), divergence(last, two)] == pytest.approx([float(row[3]), float(row[4])], abs=5e-5)
    assert premature_layer(last, (zero, zero, two, last), (0, 2))[0] == int(row[5])
    scores = [float(word) for word in row[6].split()]
    np.testing.assert_allclose(contrast(last, (zero, None, two)[int(row[5])]), scores, atol=5e-5)


def recorded() -> list[dict[str, Any]]:
    cases = json.loads(RECORDED.read_text(encoding="utf-8"))["cases"]
    return [case for case in cases if "dola_layers" in case["config"]]


def replayed(case: dict[str, Any], prompt: int = 0) -> Any:
    model = Layered(**{**case["model"], "eos": tuple(case["model"]["eos"])})
    config = GenerationConfig.from_dict({**case["config"], "return_dict_in_generate": True, "output_scores": True})
    return generate(config, model, case["prompts"][prompt], vocab_size=model.vocab_size, profile="hf-4.46")


SINGLE = [case for case in recorded() if len(case["prompts"]) == 1]


def test_the_recording_is_large() -> None:
    assert len(SINGLE) > 200
    assert sum("raises" in case for case in SINGLE) > 5


@pytest.mark.parametrize("case", SINGLE, ids=range(len(SINGLE)))
@clauses("DOLA-2", "DOLA-3", "DOLA-4", "DOLA-5", "DOLA-6", "DOLA-7", "DOLA-8")
def test_transformers_4_46_3_takes_the_same_tokens(case: dict[str, Any]) -> None:
    try:
        output = replayed(case)
    except Rejected as refused:
        [clause] = [reason.clause for reason in refused.reasons]
        steps = case.get("scores", [])
        all_masked = any(set(step[0]) == {"-inf"} for step in steps)
        assert (clause, all_masked, "raises" in case) in [("SCORES-6", True, False), ("DOLA-4", False, True)]
        return
    if min(step.margin for step in output.runs[0]) < 1e-4:
        return
    assert list(output.sequences[0]) == case["sequences"][0], described(case=case["config"], ours=output.sequences)
    for step, theirs in zip(output.runs[0], case["scores"], strict=True):
        np.testing.assert_allclose(step.scores[0], np.array(theirs[0], dtype=float), rtol=1e-5, atol=1e-5)


@clauses("DOLA-5")
def test_the_recording_holds_the_deviation_of_batches() -> None:
    """Two rows share a layer there: now and then one of them gets other scores than alone."""
    batches = [case for case in recorded() if len(case["prompts"]) == 2]
    same = [
        np.allclose(replayed(case, row).runs[0][0].scores[0], np.array(case["scores"][0][row], dtype=float), atol=1e-4)
        for case in batches for row in (0, 1)
    ]
    assert 0 < same.count(False) < same.count(True), same


def vectors() -> Iterator[Case]:
    short = {"max_new_tokens": 5}
    for name, layers in (("unknown-name", "middle"), ("a-negative-layer", [-1]), ("an-empty-name", "")):
        yield generate_case(name, ["DOLA-1"], {"dola_layers": layers}, [1], Layered(1, 4), profile=PROFILE,
                            flags=("refused",))
    for name, layers, count, tied in (
        ("only-the-last-layer", [4], 4, False), ("beyond-the-last-layer", [7, 9], 4, False),
        ("low-of-3-tied", "low", 3, True),
    ):
        yield generate_case(name, ["DOLA-4"], {**short, "dola_layers": layers}, [1],
                            Layered(2, 5, layers=count, tied=tied), profile=PROFILE, flags=("refused",))
    for count in (1, 2, 3, 4, 5, 8):
        for tied in (False, True):
            for layers in ("low", "high"):
                if (count, tied, layers) == (3, True, "low"):
                    continue
                name = f"{layers}-of-{count}{'-tied' if tied else ''}"
                yield generate_case(name, ["DOLA-2", "DOLA-3"], {**short, "dola_layers": layers}, [1, 2],
                                    Layered(40 + count, 6, layers=count, tied=tied), profile=PROFILE)
    for count, layers in ((40, "low"), (41, "low"), (40, "high"), (41, "high"), (44, "high")):
        yield generate_case(f"{layers}-of-{count}", ["DOLA-2"], {**short, "dola_layers": layers}, [1, 2],
                            Layered(50 + count, 6, layers=count), profile=PROFILE, flags=("boundary", "long"),
                            note="More than 40 layers: at most 20 of them are candidates, every second one.")
    shown = {**short, "output_scores": True, "return_dict_in_generate": True}
    for seed in range(4):
        yield generate_case(f"low-of-46-{seed}", ["DOLA-2"], {**shown, "dola_layers": "low"}, [1, 2],
                            Layered(90 + seed, 6, layers=46), profile=PROFILE, flags=("boundary", "long"),
                            note="No layer from 20 on is a candidate.")
        yield generate_case(f"a-tenth-of-many-{seed}", ["DOLA-6"], {**shown, "dola_layers": "high"}, [seed],
                            Layered(70 + seed, 24), profile=PROFILE)
    yield generate_case("entries-not-below-n-are-dropped", ["DOLA-2"], {**short, "dola_layers": [4, 1, 9, 1]}, [1, 2],
                        Layered(61, 6), profile=PROFILE, flags=("repeated-ids",))
    yield generate_case("vocabulary-of-one", ["DOLA-6", "DOLA-7"], {**short, "dola_layers": "low"}, [0],
                        Layered(62, 1), profile=PROFILE, flags=("small-vocabulary",))
    yield generate_case("bans-act-on-the-contrast", ["DOLA-8"],
                        {**short, "dola_layers": "high", "bad_words_ids": [[0], [3]], "repetition_penalty": 1.25},
                        [1, 2], Layered(63, 8), profile=PROFILE)
    yield generate_case("nothing-left", ["DOLA-6", "DOLA-8"], {**short, "dola_layers": [0], "suppress_tokens": [0, 1]},
                        [1], Layered(64, 2), profile=PROFILE, flags=("refused", "all-masked"))
    yield generate_case("a-model-without-layers", ["DOLA-9"], {**short, "dola_layers": "low"}, [1],
                        Scripted("history", 65, 5), profile=PROFILE, flags=("refused",))
    draw = random.Random(35)
    for number in range(30):
        size, count = draw.choice((3, 5, 8, 12)), draw.randint(1, 8)
        eos = tuple(draw.sample(range(size), draw.choice((0, 1, 2))))
        named = draw.choice(("low", "high", [draw.randrange(count) for _ in range(3)]))
        config: dict[str, Any] = {"dola_layers": named, "max_new_tokens": draw.randint(1, 5)}
        config |= {"eos_token_id": list(eos)} if eos else {}
        more: dict[str, Any] = {"flags": ("random", "eos-rich") if eos else ("random",)}
        if number % 3 == 0:
            config |= {"do_sample": True, "top_k": draw.choice((0, 2))}
            more["noise"] = noise_table(number, 5, size)
        yield generate_case(f"random-{number}", ["DOLA-5", "DOLA-6", "DOLA-7", "DOLA-8"], config,
                            [draw.randrange(size) for _ in range(draw.randint(1, 4))],
                            Layered(draw.randrange(2**32), size, eos, layers=count), profile=PROFILE, **more)
