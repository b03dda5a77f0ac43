"""The smallest case for a decoder that knows models as lines alone: as small as one for a decoder of every kind."""

from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.kit_fakes import Deaf
from support.strategies import described

from genspec.conform import run
from genspec.conform.cases.smaller import in_steps, smaller_lines, smallest
from genspec.conform.strategies import calls
from genspec.conform.vectors.reference import Reference
from genspec_reference import Table

LINES = st.lists(st.lists(st.sampled_from((-float("inf"), -1.5, 0.0, 2.25, 3.0)), min_size=3, max_size=3),
                 min_size=1, max_size=3)
FIELDS = ["max_new_tokens", "eos_token_id", "no_repeat_ngram_size", "repetition_penalty", "num_beams", "do_sample"]


class DeafInLines(Deaf):
    """Goes on after an EOS, and reads lines alone."""

    capabilities: ClassVar = {**Deaf.capabilities, "kinds": ["lines"]}


class LongerNgrams:
    """Bans sequences that are longer by one than those that are to be banned."""

    info = Deaf.info
    capabilities: ClassVar = {"levels": ["L3"], "modes": ["greedy", "beam_search"], "fields": FIELDS,
                              "kinds": ["lines"], "refuses": False}

    def answer(self, level: str, profile: str, given: dict[str, Any]) -> Any:
        size = given["config"].get("no_repeat_ngram_size")
        config = {**given["config"], **({"no_repeat_ngram_size": size + 1} if size else {})}
        return Reference().answer(level, profile, {**given, "config": config})


@pytest.mark.parametrize(("decoder", "fields"), [
    (DeafInLines(), {"max_new_tokens", "eos_token_id"}), (LongerNgrams(), {"max_new_tokens", "no_repeat_ngram_size"}),
])
def test_the_smallest_case_has_one_short_line_and_two_fields(decoder: object, fields: set[str]) -> None:
    report = run(decoder, levels=["L3"], max_cases=150, shrink_seconds=600.0, infer_seconds=0.0)
    small = [result.input for result in report.failures if result.shrunk and result.input is not None]
    least = min(small, key=lambda given: len(str(given)))
    assert set(least["config"]) == fields and len(least["prompt"]) <= 2, described(least=least)
    (line,) = least["model"]["lines"]
    assert sorted(line) == list(map(float, range(len(line)))) and len(line) <= 3, described(least=least)


@given(lines=LINES)
def test_smaller_lines_are_lines_of_the_model_or_in_steps(lines: list[list[float]]) -> None:
    given = tuple(map(tuple, lines))
    for fewer in smaller_lines(given):
        counted = fewer == tuple(map(in_steps, given))
        assert counted or (len(fewer) < len(given) and set(fewer) <= set(given)), described(given=given, fewer=fewer)


@given(line=st.tuples(*[st.sampled_from((-float("inf"), -1.5, 0.0, 2.25, 3.0))] * 4))
def test_steps_keep_the_order_and_what_is_equal(line: tuple[float, ...]) -> None:
    steps = in_steps(line)
    for one, its in zip(line, steps, strict=True):
        assert [one < other for other in line] == [its < other for other in steps], described(line=line, steps=steps)
    assert in_steps(steps) == steps


@given(call=calls())
def test_the_smallest_call_shows_the_same_and_keeps_its_bound(call: Any) -> None:
    """Whatever is looked for: here, anything with as many prompts."""
    least = smallest(call, lambda smaller: len(smaller.prompts) == len(call.prompts), 5.0)
    if isinstance(call.model, Table):
        named, lines = set(least.config), least.model.lines
        assert named <= {"max_new_tokens", "max_length"} and len(lines) == 1, described(least=least)
        assert len(least.prompts) > 1 or len(least.prompts[0]) <= 1, described(least=least)
    else:
        assert least is call
