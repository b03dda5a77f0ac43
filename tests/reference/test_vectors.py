"""The scripted models, and what a vector is. Text: docs/spec/vectors.md."""

import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described
from support.vectors import (
    Case,
    answer,
    generate_case,
    noise_table,
    operation_case,
    pipeline_case,
    selection_case,
    written,
)

from genspec.conform.vectors.runner import Model, Unsupported, Verdict, mix, outcome, tolerance_of, verdict
from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered
from genspec_reference.scripted import KINDS, mixed, mixed_each, state_after

TEXT = (Path(__file__).parents[2] / "docs" / "spec" / "vectors.md").read_text("utf-8")
SIZES = st.sampled_from((1, 2, 3, 5, 16, 100, 255, 256, 257, 300))


@st.composite
def scripted_models(draw: st.DrawFn) -> Scripted:
    size = draw(SIZES)
    eos = draw(st.lists(st.integers(0, size - 1), max_size=3))
    return Scripted(draw(st.sampled_from(KINDS)), draw(st.integers(0, 2**64 - 1)), size, tuple(eos))


@given(model=scripted_models(), data=st.data())
@clauses("VECTORS-3", "VECTORS-4", "VECTORS-5", "VECTORS-6")
def test_scripted_is_the_model_of_the_text(model: Scripted, data: st.DataObject) -> None:
    """The runner's model is written from the clauses in integers; the reference's in NumPy."""
    ids = st.lists(st.integers(0, model.vocab_size - 1), max_size=5)
    tokens, source = tuple(data.draw(ids)), tuple(data.draw(ids))
    by_the_text = Model(model.kind, model.seed, model.vocab_size, model.eos).logits(tokens, source)
    assert model(tokens, source).tolist() == by_the_text, described(model=model, tokens=tokens, source=source)


@given(seed=st.integers(0, 2**64 - 1), size=st.integers(1, 9), data=st.data())
@clauses("VECTORS-13")
def test_layered_is_the_model_of_the_text(seed: int, size: int, data: st.DataObject) -> None:
    ids = st.lists(st.integers(0, size - 1), min_size=1, max_size=4).map(tuple)
    model = Layered(seed, size, eos=(0,), layers=3, width=5)
    tokens, source = data.draw(ids), data.draw(ids | st.just(()))
    by_the_text = Model("layers", seed, size, (0,), layers=3, width=5)
    output = model(tokens, source)
    assert output.logits.tolist() == by_the_text.logits(tokens, source), described(model=model)
    assert [logits.tolist() for logits in output.layer_logits] == by_the_text.layer_logits(tokens, source)
    assert [states.tolist() for states in output.hidden_states] == by_the_text.hidden_states(tokens, source)


@given(model=scripted_models(), data=st.data())
@clauses("VECTORS-5", "VECTORS-7")
def test_logits_are_exact_in_the_small_number_types(model: Scripted, data: st.DataObject) -> None:
    logits = model((data.draw(st.integers(0, model.vocab_size - 1)),))
    kept = np.float32 if model.vocab_size > 256 and model.kind != "ties" else np.float16
    assert (logits.astype(kept) == logits).all()
    if kept is np.float16:
        assert (logits * 32 == np.round(logits * 32)).all(), "8 bits: exact in bfloat16 too"
    assert (logits >= -4).all() and (logits < 4).all()


@given(value=st.integers(0, 2**64 - 1))
@clauses("VECTORS-4")
def test_mixed_is_one_step_of_splitmix64(value: int) -> None:
    assert mix(value) == mixed(value) == int(mixed_each(np.array([value], dtype=np.uint64))[0])


@clauses("VECTORS-4")
def test_mixed_gives_the_published_numbers_of_splitmix64() -> None:
    """The first outputs for the seed 1234567, as the tests of several public implementations have them."""
    gamma = 0x9E3779B97F4A7C15
    numbers = [mixed((1234567 + step * gamma) % 2**64) for step in range(5)]
    assert numbers == [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821,
    ]
    assert mixed(0) == 0xE220A8397B1DCDAF


@pytest.mark.parametrize("kind", KINDS)
@clauses("VECTORS-3")
def test_what_a_model_reads(kind: str) -> None:
    model = Scripted(kind, seed=3, vocab_size=7)
    reads_all = kind != "table"
    assert (model((1, 2, 3)).tolist() != model((2, 2, 3)).tolist()) == reads_all
    assert (model((1, 2, 3)).tolist() != model((2, 1, 3)).tolist()) == reads_all
    assert model((1, 2, 3)).tolist() != model((1, 2, 4)).tolist()
    assert model((3,), (5,)).tolist() != model((3,), (6,)).tolist(), "the source is read by every kind"
    for outside in (-1, 7):
        with pytest.raises(ValueError, match="not in"):
            model((1, outside))


@clauses("VECTORS-6")
def test_eos_stands_first_or_second_in_every_second_state() -> None:
    """Counted: of 4,000 states half exchange, of those half put an EOS first, and the ids take turns."""
    model, plain = Scripted("history", 5, 12, eos=(3, 7)), Scripted("history", 5, 12)
    first = [int(np.argmax(model((a, b, c)))) for a in range(12) for b in range(12) for c in range(12)]
    before = [int(np.argmax(plain((a, b, c)))) for a in range(12) for b in range(12) for c in range(12)]
    share = {eos: sum(token == eos for token in first) / len(first) for eos in (3, 7)}
    assert all(0.15 < part < 0.25 for part in share.values()), share
    assert 0.1 < sum(token in (3, 7) for token in before) / len(before) < 0.22, "an even share of 2 in 12 is 0.17"


@clauses("VECTORS-4", "VECTORS-5", "VECTORS-6")
def test_the_worked_state_of_the_page() -> None:
    """Each number of the table and of the paragraph after it."""
    state, model = state_after(6, (2,)), Scripted("table", 6, 5, (4,))
    assert f"{state:X}" in TEXT and state % 2 == 0 and state // 2 % 2 == 0
    rows = re.findall(r"^\| (\d) \| ([0-9A-F]{16}) \| (\d) \| (\S+) \| (\S+) \|$", TEXT, re.MULTILINE)
    words = [mixed(state ^ (token + 1)) for token in range(5)]
    assert [(int(row[0]), int(row[1], 16), int(row[2])) for row in rows] == [
        (token, word, sum(other < word for other in words)) for token, word in enumerate(words)
    ]
    assert [float(row[3]) for row in rows] == Scripted("table", 6, 5)((1, 2)).tolist()
    assert [float(row[4]) for row in rows] == model((1, 2)).tolist()
    said = TEXT.partition("With seed 7")[2]
    assert f"{state_after(7, (1, 2)):X}" in said
    for logit in Scripted("history", 7, 300)((1, 2))[:3]:
        assert repr(float(logit)) in said
    ties = ", ".join(f"{logit:g}" for logit in Scripted("ties", 7, 5)((1, 2)))
    assert f"are {ties} there" in said


@clauses("VECTORS-1", "VECTORS-2", "VECTORS-11")
def test_a_case_has_an_answer_of_each_kind() -> None:
    assert [answer(case)["kind"] for case in kinds()] == ["exact", "any-of", "distribution", "reject"]
    vector = written(next(kinds()), "vectors")
    assert list(vector) == ["id", "clauses", "profile", "flags", "note", "input", "expected"]
    assert vector["id"] == "vectors/kind-exact"


@clauses("VECTORS-7")
def test_numbers_that_json_lacks_are_texts() -> None:
    case = operation_case("x", ["VECTORS-7"], "remove_invalid_values", [math.nan, math.inf, -math.inf, 0.5, -0.0], {})
    vector = written(case, "vectors")
    assert vector["input"]["scores"] == ["nan", "inf", "-inf", 0.5, 0.0]
    assert str(vector["input"]["scores"][-1]) == "0.0", "there is one zero"


@clauses("VECTORS-8")
def test_the_tolerance_grows_with_the_numbers() -> None:
    case = {"input": {"scores": [1.0, "-inf", -7.0]}, "expected": {"kind": "exact", "scores": [3.0, "-inf", "-inf"]}}
    assert tolerance_of("L0", case, 2.0**-23) == 16 * 2.0**-23 * 8
    assert tolerance_of("L0", case, 2.0**-52) == 16 * 2.0**-52 * 8


@clauses("VECTORS-8")
def test_a_huge_number_does_not_excuse_the_others() -> None:
    greatest = 3.4028234663852886e38
    case = written(operation_case("x", ["VECTORS-8"], "remove_invalid_values", [np.inf, 0.5, np.nan], {}), "vectors")
    assert case["expected"]["scores"] == [greatest, 0.5, 0.0]
    assert tolerance_of("L0", case, 2.0**-23) == 16 * 2.0**-23 * 1.5
    for scores, conforms in (
        ([greatest, 0.5, 0.0], True), ([greatest * (1 - 2.0**-22), 0.5, 0.0], True),
        ([greatest, 123456.0, 0.0], False), ([greatest / 2, 0.5, 0.0], False), ([np.inf, 0.5, 0.0], False),
    ):
        assert (verdict("L0", case, {"scores": scores}, 2.0**-23) is Verdict.CONFORMS) == conforms, scores


@clauses("VECTORS-9")
def test_an_answer_with_a_member_missing_is_no_ambiguity() -> None:
    case = written(selection_case("race", ["SAMPLE-1"], [1.0, 1.0], [0.5, 0.5]), "vectors")
    assert case["expected"]["margin"] == 0.0
    other = {"token": 1 - case["expected"]["token"]}
    assert verdict("L2", case, other, 2.0**-52) is Verdict.AMBIGUOUS
    for wrong in ({}, {"tokens": [1]}, {"token": [1]}, {"token": None}):
        assert verdict("L2", case, wrong, 2.0**-52) is Verdict.VIOLATES, wrong


@clauses("VECTORS-9")
def test_a_margin_is_given_where_rounding_can_turn_a_decision() -> None:
    scores = [2.0, 2.0, 1.0]
    assert answer(operation_case("p", ["TOP-P-2"], "top_p", scores, {"p": 0.5}))["margin"] < 0.1
    assert "margin" not in answer(operation_case("k", ["TOP-K-2"], "top_k", scores, {"k": 1})), "scores as they are"
    assert "margin" not in answer(operation_case("t", ["TEMPERATURE-2"], "temperature", scores, {"temperature": 2.0}))
    assert "margin" not in answer(selection_case("highest", ["GREEDY-1"], scores))
    assert answer(selection_case("race", ["SAMPLE-1"], scores, [1.0, 2.0, 1.0]))["margin"] == math.log(2)
    model = Scripted("history", 1, 5)
    assert "margin" not in answer(generate_case("g", ["GREEDY-1"], {"max_new_tokens": 3}, [1], model))
    beams = answer(generate_case("b", ["BEAMS-1"], {"num_beams": 2, "max_new_tokens": 3}, [1], model))
    assert beams["margin"] > 0


@clauses("VECTORS-10")
def test_noise_is_given_row_by_row_and_step_by_step() -> None:
    config = {"do_sample": True, "top_k": 0, "max_new_tokens": 2, "num_return_sequences": 2}
    few, many = 2.0**-10, 64.0      # the token with little noise wins
    rows = [[[few, many, many], [many, many, few]], [[many, few, many], [many, few, many]]]
    model = Scripted("history", 4, 3)
    both = answer(generate_case("both", ["VECTORS-10"], config, [0], model, noise=rows))["sequences"]
    single = {**config, "num_return_sequences": 1}
    alone = [answer(generate_case("alone", ["VECTORS-10"], single, [0], model, noise=row)) for row in rows]
    assert both == [one["sequences"][0] for one in alone] and both == [[0, 0, 2], [0, 1, 1]]


@clauses("VECTORS-12")
def test_a_decoder_says_what_it_cannot() -> None:
    class Tiny:
        epsilon = 2.0**-23

        def answer(self, level: str, profile: str, given: object) -> dict[str, object]:
            if level != "L2":
                raise Unsupported(f"it has no {level}")
            return {"token": 0}

    case = written(operation_case("one", ["TOP-P-2"], "top_p", [1.0], {"p": 0.5}), "vectors")
    found = outcome(Tiny(), "L0", case)
    assert found.verdict is Verdict.UNSUPPORTED and found.given == {"unsupported": "it has no L0"}
    choice = written(selection_case("two", ["GREEDY-1"], [1.0, 0.0]), "vectors")
    assert outcome(Tiny(), "L2", choice).verdict is Verdict.CONFORMS


def kinds() -> Iterator[Case]:
    """One case of each kind of result."""
    yield operation_case("kind-exact", ["VECTORS-1", "VECTORS-2"], "top_k", [1.0, 3.0, 2.0], {"k": 2})
    yield operation_case(
        "kind-any-of", ["VECTORS-2", "TOP-P-3"], "top_p", [0.0, 0.0], {"p": 0.25}, flags=("tie",),
        any_of=({"scores": [-np.inf, 0.0]},),
    )
    yield pipeline_case(
        "kind-distribution", ["VECTORS-1", "VECTORS-2"], [2.0, 2.0, 0.0], [("top_k", {"k": 1})], distribution=True,
        flags=("tie",),
    )
    yield pipeline_case("kind-reject", ["VECTORS-2", "VECTORS-7", "SCORES-2"], [0.0, np.inf], [], flags=("refused",))


def vectors() -> Iterator[Case]:
    yield from kinds()
    yield pipeline_case("no-operation", ["VECTORS-1"], [1.0, -0.5, -np.inf], [], flags=("masked", "empty"))
    yield pipeline_case(
        "minus-infinity-is-a-text", ["VECTORS-7"], [0.5, -np.inf, 1.25], [("renormalize", {})], flags=("masked",),
    )
    yield selection_case("choice-without-noise", ["VECTORS-1"], [0.25, 2.0, 1.0])
    yield selection_case("choice-by-noise", ["VECTORS-1", "VECTORS-10"], [0.25, 2.0, 1.0], [0.25, 8.0, 2.0])
    yield selection_case("a-margin-of-0", ["VECTORS-9"], [1.0, 1.0], [0.5, 0.5], flags=("tie",),
                         note="The ratios are equal over real numbers.", any_of=({"token": 1},))
    for count in (1, 2, 3, 4):
        yield selection_case(
            f"first-{count}-of-a-race", ["VECTORS-10", "SAMPLE-5"], [0.25, 2.0, 1.0, 1.5], [0.25, 8.0, 2.0, 0.5],
            count=count,
        )
    yield generate_case(
        "noise-of-two-rows", ["VECTORS-10", "SAMPLE-4"],
        {"do_sample": True, "top_k": 0, "max_new_tokens": 4, "num_return_sequences": 2}, [0], Scripted("history", 4, 5),
        noise=[noise_table(1, 4, 5), noise_table(2, 4, 5)],
    )
    yield from logits_of_the_models()
    yield from models_of_lines()


def logits_of_the_models() -> Iterator[Case]:
    """Yield the logits themselves, to check a scripted model before anything else."""
    shown = {"max_new_tokens": 3, "return_dict_in_generate": True, "output_logits": True}
    drawn = random.Random(20)
    for kind in KINDS:
        for size in (1, 2, 3, 5, 16, 33, 256, 257):
            seed = drawn.choice((0, 7, 2**32, 2**64 - 1, drawn.getrandbits(64)))
            prompt = [drawn.randrange(size) for _ in range(drawn.choice((1, 3)))]
            yield generate_case(
                f"logits-{kind}-{size}", ["VECTORS-3", "VECTORS-4", "VECTORS-5"], shown, prompt,
                Scripted(kind, seed, size), flags=("small-vocabulary",) if size == 1 else (),
            )
        for number, eos in enumerate(((4,), (1, 6), (2, 2, 5))):
            flags = ("eos-rich", *(("several-eos",) if number else ()), *(("repeated-ids",) if number == 2 else ()))
            yield generate_case(
                f"logits-{kind}-eos-{number}", ["VECTORS-3", "VECTORS-6"], {**shown, "max_new_tokens": 6}, [3, 3],
                Scripted(kind, 40 + number, 7, eos), flags=flags, note="No EOS ends the row: the config names none.",
            )
    yield generate_case(
        "layers", ["VECTORS-13"], {"penalty_alpha": 0.5, "max_new_tokens": 3}, [3, 1],
        Layered(8, 6, (2,), layers=2, width=4), profile="hf-4.50",
        note="Contrastive search reads the hidden states of the last layer.",
    )
    yield generate_case(
        "logits-of-one-token-with-eos", ["VECTORS-6"], shown, [0], Scripted("history", 2, 1, (0,)),
        flags=("small-vocabulary",),
    )
    for kind in KINDS:
        yield generate_case(
            f"logits-{kind}-with-a-source", ["VECTORS-3"], {**shown, "decoder_start_token_id": 0}, [],
            Scripted(kind, 9, 6), source=[5, 1, 2],
        )


NONE = -math.inf
LINES = ((0.5, NONE, 2.0), (NONE, NONE, -1.25), (1.0, 0.75, NONE))


def models_of_lines() -> Iterator[Case]:
    """Yield rows of models whose logits are written down: tokens that cannot be, and fewer lines than tokens."""
    kept = {"max_new_tokens": 3, "return_dict_in_generate": True, "output_logits": True}
    table, narrow = Table(LINES, eos=(2,)), Table(((0.0, 1.5, -0.5), (2.0, 0.0, NONE)))
    yield generate_case("lines", ["VECTORS-14", "VECTORS-7"], kept, [1, 0], table, flags=("masked",),
                        note="The EOS ids of a model of lines change no logit.")
    yield generate_case("lines-fewer-than-tokens", ["VECTORS-14"], kept, [2], narrow, flags=("masked",))
    yield generate_case("one-line", ["VECTORS-14"], kept, [3], Table(((0.0, 1.0, 1.0, -4.0),)), flags=("tie",))
    for number, source in enumerate(([2], [0, 1], [1, 0])):
        yield generate_case(
            f"lines-with-a-source-{number}", ["VECTORS-14"], {**kept, "decoder_start_token_id": 2}, [], table,
            source=source, flags=("masked",),
        )
    ends = {"max_new_tokens": 4, "eos_token_id": 2}
    drawn = {**ends, "do_sample": True, "top_k": 2}
    for number in range(3):
        yield generate_case(
            f"lines-drawn-{number}", ["VECTORS-14", "SAMPLE-1", "TOP-K-3"], drawn, [0], table,
            noise=noise_table(number, 4, 3), flags=("masked",),
        )
    for beams in (2, 3):
        for mode, more in (("search", {}), ("sample", {"do_sample": True, "top_k": 0})):
            noise = {"noise": noise_table(9, 4, 3 * beams)} if more else {}
            yield generate_case(
                f"lines-beam-{mode}-{beams}", ["VECTORS-14", f"BEAM-{mode.upper()}-1"],
                {**ends, **more, "num_beams": beams, "num_return_sequences": beams}, [0], table,
                flags=("masked",), **noise,
            )
    yield generate_case(
        "line-of-minus-infinity", ["VECTORS-14", "SCORES-6"], ends, [0], Table(((NONE, 1.0, 0.0), (NONE, NONE, NONE))),
        flags=("masked", "all-masked", "refused"),
    )
    odd = Table(((math.inf, 0.5, math.nan), (NONE, 3.0, 2.0)))
    infinite = Table(((math.inf, 0.5, 2.0), (NONE, 3.0, 2.0)))
    yield generate_case("a-line-with-infinity", ["SCORES-2", "VECTORS-14"], ends, [0], infinite, flags=("refused",))
    yield generate_case("lines-that-are-no-logits", ["VECTORS-14", "SCORES-2"], ends, [0], odd, flags=("refused",))
    yield generate_case(
        "lines-repaired", ["VECTORS-14", "REMOVE-INVALID-VALUES-1"], {**kept, "remove_invalid_values": True}, [1], odd,
        flags=("masked",),
    )


@clauses("VECTORS-3")
@pytest.mark.parametrize(("given", "said"), [
    ({"kind": "tables"}, "one of table, history, ties, not 'tables'"), ({"vocab_size": 0}, "V is at least 1"),
    ({"seed": -1}, "the seed at least 0"), ({"eos": (16,)}, "token 16 is not in"),
])
def test_a_scripted_model_that_cannot_be_is_an_error(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Scripted(**{"kind": "table", "seed": 1, **given})


@clauses("VECTORS-5")
@pytest.mark.parametrize("vocab_size", [2, 13, 100, 255, 256])
def test_no_two_logits_are_equal_up_to_256(vocab_size: int) -> None:
    for seed in range(40):
        assert len(set(Scripted("table", seed, vocab_size)((1,)).tolist())) == vocab_size
