"""What ends a row. Text: docs/spec/stopping.md."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clauses import clauses
from support.strategies import described, models, prompts
from support.vectors import Case, generate_case

from genspec import GenerationConfig
from genspec.backends.transformers.words import Words
from genspec.config import Rejected
from genspec_reference import FinishReason, Row, Scripted, generate
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "stopping.md"
UP = [1, 2, 3, 4, 5, 0]
"""After token t the model below gives t + 1."""


def counting(tokens: tuple[int, ...]) -> list[float]:
    return [float(token == UP[tokens[-1]]) for token in range(6)]


def run(config: dict[str, Any], prompt: Sequence[int] = (0,), **call: Any) -> Row:
    return generate(GenerationConfig(**config), counting, list(prompt), **call).rows[0]


def text_of(pieces: Sequence[str]) -> Any:
    return lambda tokens: "".join(pieces[token] for token in tokens)


def clock(*times: float) -> Any:
    return iter(times).__next__


@given(model=models(), data=st.data())
@clauses("STOPPING-1", "STOPPING-2")
def test_a_row_ends_at_its_first_new_eos_or_at_its_budget(model: Scripted, data: st.DataObject) -> None:
    prompt, budget = data.draw(prompts(model.vocab_size)), data.draw(st.integers(1, 6))
    row = generate(GenerationConfig(max_new_tokens=budget, eos_token_id=list(model.eos)), model, prompt).rows[0]
    ended = row.new_tokens[-1] in model.eos
    values = described(model=model, prompt=prompt, row=row)
    assert row.tokens[: len(prompt)] == prompt, values
    assert not set(row.new_tokens[:-1]) & set(model.eos), values
    assert len(row.new_tokens) == budget or ended, values
    assert row.finish_reason == ("eos" if ended else "length"), values


@clauses("STOPPING-1")
def test_an_eos_in_the_prompt_ends_nothing() -> None:
    assert run({"eos_token_id": [0, 3], "max_new_tokens": 9}, (3, 0)).new_tokens == (1, 2, 3)


@clauses("STOPPING-2", "LENGTH-5")
def test_a_budget_of_nothing_takes_no_step() -> None:
    output = generate(GenerationConfig(max_length=2), counting, [0, 1])
    assert (output.rows[0].new_tokens, output.rows[0].finish_reason, output.runs) == ((), "length", ((),))


@clauses("STOPPING-3")
def test_a_stop_string_needs_a_detokenizer() -> None:
    with pytest.raises(ValueError, match="detokenize="):
        run({"stop_strings": "a"})


@clauses("STOPPING-3")
def test_stop_strings_are_one_string_or_several() -> None:
    plans = [GenerationConfig(stop_strings=given).resolve().plan for given in ("ab", ["ab"], [], None)]
    assert [plan.stopping.stop_strings for plan in plans] == [("ab",), ("ab",), (), ()]


@clauses("STOPPING-4")
def test_max_time_needs_a_clock() -> None:
    with pytest.raises(ValueError, match="clock="):
        run({"max_time": 1.0})
    with pytest.raises(Rejected, match="STOPPING-4"):
        run({"max_time": -1.0}, clock=clock(0.0))


TIMES = [
    (0.0, (5.0, 5.0, 5.5), 2), (0.0, (5.0, 6.0), 1), (2.0, (1.0, 2.0, 3.0, 3.5), 3), (9.0, (0.0, 1.0, 2.0, 3.0, 4.0), 4)
]


@pytest.mark.parametrize(("limit", "times", "steps"), TIMES)
@clauses("STOPPING-4")
def test_time_ends_a_row_when_more_than_max_time_has_passed(limit: float, times: tuple[float, ...], steps: int) -> None:
    row = run({"max_time": limit, "max_new_tokens": 4}, clock=clock(*times))
    assert len(row.new_tokens) == steps
    assert row.finish_reason == ("max_time" if steps < 4 else "length")


REASONS = [("eos", {"eos_token_id": 1}), ("stop_string", {"stop_strings": ["b"]}), ("length", {"max_new_tokens": 1}),
           ("max_time", {"max_time": 0.5})]


@pytest.mark.parametrize("held", range(1, 16))
@clauses("STOPPING-5")
def test_of_several_reasons_the_first_is_given(held: int) -> None:
    """Every set of rules that hold at once after the first step."""
    holding = [REASONS[place] for place in range(4) if held >> place & 1]
    config = {"max_new_tokens": 9} | {name: value for _, rule in holding for name, value in rule.items()}
    row = run(config, detokenize=text_of("abcdef"), clock=clock(0.0, 1.0))
    assert (len(row.new_tokens), row.finish_reason) == (1, holding[0][0])


@clauses("STOPPING-5")
def test_the_reasons_stand_in_the_order_of_the_clause() -> None:
    clause = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| STOPPING-5 "))
    assert re.findall(r"`(\w+)`", clause) == [str(reason) for reason in FinishReason]


TEXTS = st.text("ab ", max_size=3)


def ends_of(pieces: Sequence[str], prompt: Sequence[int], new: Sequence[int], strings: Sequence[str]) -> int | None:
    """How many of the new tokens are produced before a string ends the row, None when none does."""
    plan = GenerationConfig(stop_strings=list(strings), max_new_tokens=len(new) + 1).resolve(
        prompt_length=len(prompt)).plan
    request = Request(plan, counting, tuple(prompt), detokenize=text_of(pieces))
    for count in range(len(new) + 1):
        if finish_reason(request, (*prompt, *new[:count])) is FinishReason.STOP_STRING:
            return count
    return None


@st.composite
def spoken_rows(draw: st.DrawFn, empty: bool = True) -> tuple[list[str], list[int], list[int], list[str]]:
    """Texts of tokens, a prompt, new tokens, and stop strings."""
    pieces = draw(st.lists(TEXTS if empty else TEXTS.filter(bool), min_size=2, max_size=4, unique=not empty))
    tokens = st.integers(0, len(pieces) - 1)
    strings = draw(st.lists(st.text("ab ", min_size=0 if empty else 1, max_size=4), min_size=1, max_size=3))
    return pieces, draw(st.lists(tokens, min_size=1, max_size=3)), draw(st.lists(tokens, max_size=5)), strings


@given(row=spoken_rows())
@clauses("STOPPING-3", "STOPPING-6", "STOPPING-7")
def test_a_row_ends_with_the_token_that_holds_the_last_character_of_a_stop_string(
    row: tuple[list[str], list[int], list[int], list[str]]
) -> None:
    """By looking for every string at every place of the text, and asking which token its last character came from."""
    pieces, prompt, new, strings = row
    tokens = [*prompt, *new]
    origin = [place for place, token in enumerate(tokens) for _ in pieces[token]]
    text = "".join(pieces[token] for token in tokens)
    hits = [origin[start + len(string) - 1] for string in strings for start in range(len(text))
            if string and text.startswith(string, start)]
    hits = [place for place in hits if place >= len(prompt)] + ([len(prompt)] if "" in strings else [])
    first = min(hits) - len(prompt) + 1 if min(hits, default=len(tokens)) < len(tokens) else None
    assert ends_of(pieces, prompt, new, strings) == first, described(row=row)


@clauses("STOPPING-6")
def test_a_token_may_complete_a_character_of_the_token_before() -> None:
    """Half a character reads as a replacement character; the row's text grows by nothing when it is completed."""
    halves = [b"a", "é".encode()[:1], "é".encode()[1:], b"b"]

    def detokenize(tokens: Sequence[int]) -> str:
        return b"".join(halves[token] for token in tokens).decode(errors="replace")

    plan = GenerationConfig(stop_strings=["é"]).resolve(prompt_length=1).plan
    request = Request(plan, counting, (0,), detokenize=detokenize)
    assert [finish_reason(request, row) for row in ((0, 1), (0, 1, 2), (0, 1, 2, 3))] == [None, "stop_string", None]


@clauses("STOPPING-6")
def test_a_detokenizer_may_take_text_away() -> None:
    request = Request(GenerationConfig(stop_strings=["b", "a "]).resolve().plan, counting, (0,),
                      detokenize=lambda tokens: "ab a  "[: 4 - len(tokens)])
    assert [finish_reason(request, row) for row in ((0, 1), (0, 1, 2))] == [None, None]


@given(row=spoken_rows(empty=False))
@clauses("STOPPING-3", "STOPPING-6")
def test_stop_strings_end_a_row_where_transformers_ends_it(
    row: tuple[list[str], list[int], list[int], list[str]]
) -> None:
    pytest.importorskip("transformers")
    pieces, prompt, new, strings = row
    theirs = next((count for count in range(1, len(new) + 1)
                   if transformers_stops(pieces, strings, [*prompt, *new[:count]])), None)
    assert ends_of(pieces, prompt, new, strings) == theirs, described(row=row)


def transformers_stops(pieces: Sequence[str], strings: Sequence[str], tokens: Sequence[int]) -> bool:
    import torch
    from transformers import StopStringCriteria

    ending = [string for string in strings if any(ends_in(piece, string) for piece in pieces)]
    if not ending:
        return False                                    # it refuses a string that no token can end
    return bool(StopStringCriteria(Words(pieces), ending)(torch.tensor([list(tokens)]), None)[0])


def ends_in(piece: str, string: str) -> bool:
    """Tell whether a token with this text can hold the end of a string."""
    return any(string.endswith(piece[:size]) or string in piece for size in range(1, len(piece) + 1))


@clauses("STOPPING-3", "STOPPING-6")
def test_deviation_a_token_without_text_hides_a_stop_string_from_transformers() -> None:
    pytest.importorskip("transformers")
    assert not transformers_stops(["a", "b", ""], ["ab"], [0, 2, 1])
    assert ends_of(["a", "b", ""], [0], [2, 1], ["ab"]) == 2


@clauses("STOPPING-3")
def test_deviation_transformers_refuses_a_string_that_no_token_ends() -> None:
    pytest.importorskip("transformers")
    from transformers import StopStringCriteria

    with pytest.raises(ValueError, match="Stop string preprocessing"):
        StopStringCriteria(Words(["a", "b"]), ["x"])
    assert ends_of(["a", "b"], [0], [1], ["x"]) is None


@clauses("STOPPING-7")
def test_the_empty_string_ends_a_row_in_transformers_too() -> None:
    pytest.importorskip("transformers")
    import torch
    from transformers import StopStringCriteria

    assert StopStringCriteria(Words(["aa", ""]), [""])(torch.tensor([[0], [1]]), None).tolist() == [True, True]
    assert [ends_of(["aa", ""], [0], [token], [""]) for token in (0, 1)] == [1, 1]


@clauses("STOPPING-3")
def test_deviation_transformers_goes_on_with_an_ended_row_of_a_batch_without_eos() -> None:
    pytest.importorskip("transformers")
    import torch
    from support.hf_model import hf_model

    model = hf_model(counting, vocab_size=6)
    pieces = ["a", "b", "c", "d", "e", "f"]
    batch = torch.tensor([[0], [2]])
    theirs = model.generate(batch, attention_mask=torch.ones_like(batch), use_cache=False, pad_token_id=0,
                            max_new_tokens=3, stop_strings=["b"], tokenizer=Words(pieces)).tolist()
    ours = [run({"max_new_tokens": 3, "stop_strings": ["b"]}, prompt, detokenize=text_of(pieces)).tokens
            for prompt in ([0], [2])]
    assert (theirs, ours) == ([[0, 1, 2, 3], [2, 3, 4, 5]], [(0, 1), (2, 3, 4, 5)])


@given(model=models(vocab_size=5), data=st.data())
@clauses("STOPPING-1", "STOPPING-2", "STOPPING-3")
def test_rows_end_where_generate_of_transformers_ends_them(model: Scripted, data: st.DataObject) -> None:
    hf = pytest.importorskip("support.hf_model")
    pieces, prompt = ["a", "b", "ab", "c", "ca"], data.draw(prompts(5))
    asked = {"max_new_tokens": 6, "eos_token_id": list(model.eos) or None,
             "stop_strings": data.draw(st.lists(st.sampled_from(("ab", "ca", "abab", "cb")), min_size=1, max_size=2))}
    output = generate(GenerationConfig(**asked), model, prompt, detokenize=text_of(pieces))
    if min(step.margin for step in output.runs[0]) == 0:
        return                                          # a tie: either token is right
    theirs = hf.hf_generate(hf.hf_model(model), prompt, tokenizer=Words(pieces), **asked).sequences[0].tolist()
    assert theirs == list(output.sequences[0]), described(model=model, prompt=prompt, asked=asked)


def worked() -> list[tuple[list[str], list[int], list[int], list[str], int | None]]:
    rows = re.findall(r"^\| (`.*`) \| ([\d ]+) \| ([\d ]+) \| `(\[.*\])` \| (not|\d)", PAGE.read_text("utf-8"), re.M)
    return [
        ([piece.replace("_", "") for piece in re.findall(r"`(.+?)`", texts)], [int(token) for token in prompt.split()],
         [int(token) for token in new.split()], json.loads(strings), None if ends == "not" else int(ends))
        for texts, prompt, new, strings, ends in rows
    ]


@pytest.mark.parametrize("row", worked(), ids=str)
@clauses("STOPPING-3", "STOPPING-6", "STOPPING-7")
def test_the_worked_examples_of_the_page(row: Any) -> None:
    assert ends_of(*row[:4]) == row[4]


def test_the_worked_examples_are_found() -> None:
    assert len(worked()) == 7


def vectors() -> Iterator[Case]:
    model, prompt, free = Scripted("history", 12, 6), [1, 1], {"max_new_tokens": 6}
    new = generate(GenerationConfig(**free), model, prompt).rows[0].new_tokens
    letters = list("abcdef")
    said = "".join(letters[token] for token in new)

    def case(name: str, ids: Sequence[str], config: dict[str, Any], **more: Any) -> Case:
        return generate_case(name, ids, free | config, prompt, model, **more)

    yield case("eos-in-the-prompt", ["STOPPING-1"], {"eos_token_id": 1}, flags=("boundary",),
               note="An EOS in the prompt ends nothing.")
    yield case("eos-at-once", ["STOPPING-1"], {"eos_token_id": new[0]}, flags=("boundary",),
               note="The first new token is the EOS: it is kept, and it is the last.")
    yield case("several-eos", ["STOPPING-1"], {"eos_token_id": [new[3], new[2]]}, flags=("several-eos",))
    yield case("budget-of-one", ["STOPPING-2"], {"max_new_tokens": 1}, flags=("boundary",),
               note="One step is taken, and the row ends.")
    yield generate_case("budget-of-none", ["STOPPING-2", "LENGTH-5"], {"max_length": 2}, prompt, model,
                        flags=("boundary", "empty"), note="The prompt fills the budget: no step is taken.")
    yield case("negative-time", ["STOPPING-4"], {"max_time": -0.5}, clock=[0.0], flags=("refused",))
    strings = {"two-tokens": said[1:3], "straddles-the-prompt": "b" + said[0], "wholly-in-the-prompt": "bb",
               "never-said": "z", "whole-row": "bb" + said[:3]}
    for name, string in strings.items():
        yield case(f"stop-string-{name}", ["STOPPING-3", "STOPPING-6"], {"stop_strings": string}, pieces=letters,
                   flags=("boundary",) if "prompt" in name else (),
                   note="A string may begin in the prompt; one that ends there ends nothing.")
    yield case("stop-string-inside-a-token", ["STOPPING-3"], {"stop_strings": ["x"]}, flags=("boundary",),
               pieces=["pxq" if token == new[1] else letters[token] for token in range(6)],
               note="The text goes on after the string: the token is kept whole.")
    yield case("stop-string-around-a-token-without-text", ["STOPPING-3", "STOPPING-6"],
               {"stop_strings": [said[0] + said[2]]}, flags=("boundary",),
               pieces=["" if token == new[1] else letters[token] for token in range(6)],
               note="A token without text stands between the parts of the string.")
    yield case("stop-string-before-a-token-without-text", ["STOPPING-6"], {"stop_strings": ["b"]},
               pieces=["" if token == new[0] else letters[token] for token in range(6)], flags=("boundary",),
               note="A token without text completes nothing.")
    yield case("stop-string-in-capitals", ["STOPPING-6"], {"stop_strings": [said[:2].upper()]}, pieces=letters)
    yield case("stop-string-first-of-two", ["STOPPING-3"], {"stop_strings": [said[2:4], said[:2]]}, pieces=letters)
    yield case("stop-string-empty", ["STOPPING-7"], {"stop_strings": ["", "zz"]}, pieces=letters,
               flags=("boundary", "empty"), note="Every new token completes the empty string.")
    yield case("stop-strings-none", ["STOPPING-3"], {"stop_strings": []}, flags=("empty",))
    times_read = ((0.0, [0.0, 0.0, 1.0]), (0.0, [3.0, 3.5]), (2.0, [1.0, 2.0, 3.0, 3.5]), (2.0, [1.0, 3.0, 3.0]))
    for limit, times in times_read:
        name = f"max-time-{limit:g}-{len(times)}-readings-to-{times[-1]:g}".replace(".", "-")
        yield case(name, ["STOPPING-4"], {"max_time": limit}, clock=times, flags=("boundary",),
                   note="The clock is read at the start and after each step; a row goes on at exactly max_time.")
    for rows, times in ((2, [0.0, 1.0, 2.0, 10.0, 11.0, 12.0]), (3, [0.0, 2.0, 9.0, 10.5, 11.0, 20.0, 21.0, 30.0])):
        yield case(f"max-time-of-{rows}-rows", ["STOPPING-4", "SAMPLE-4"],
                   {"do_sample": True, "top_k": 0, "max_time": 1.5, "num_return_sequences": rows}, clock=times, seed=3,
                   flags=("boundary",), note="Each row after the first starts the clock anew.")
    for held in range(1, 16):
        rules = [{"eos_token_id": new[0]}, {"stop_strings": said[0]}, {"max_new_tokens": 1}, {"max_time": 0.5}]
        config = {name: value for place, rule in enumerate(rules) if held >> place & 1 for name, value in rule.items()}
        yield case(f"reasons-{held:04b}", ["STOPPING-5"], config, pieces=letters, clock=[0.0, 1.0],
                   flags=("boundary",) if held.bit_count() > 1 else (),
                   note="Of the reasons that hold at once the first of the list is given.")
    yield from random_vectors()


def random_vectors() -> Iterator[Case]:
    chance = random.Random(31)
    for number in range(30):
        size = chance.choice((2, 3, 5, 8))
        eos = tuple(chance.sample(range(size), chance.choice((0, 1))))
        model = Scripted(chance.choice(("table", "history")), chance.randrange(2**32), size, eos)
        pieces = ["".join(chance.choice("ab") for _ in range(chance.choice((0, 1, 1, 2)))) for _ in range(size)]
        strings = ["".join(chance.choice("ab") for _ in range(chance.choice((2, 3, 4)))) for _ in range(2)]
        yield generate_case(f"random-{number}", ["STOPPING-1", "STOPPING-2", "STOPPING-3", "STOPPING-6"],
                            {"max_new_tokens": 6, "eos_token_id": list(eos), "stop_strings": strings},
                            [chance.randrange(size) for _ in range(chance.choice((1, 3)))], model, pieces=pieces,
                            flags=("random",))
