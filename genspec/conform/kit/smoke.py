"""Trivial questions before everything else: they tell a broken adapter from a broken engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from genspec.conform.adapter import WANTED
from genspec.conform.capabilities import Capabilities
from genspec.conform.cases.case import Ask
from genspec.conform.question import Json, Question, Told, is_answer
from genspec.conform.vectors.runner import close
from genspec.conform.workers.told import Broken, Overdue

NEAR = 2.0**-7
"""How near a number is to be to what anybody sees."""

TABLE = {"kind": "lines", "lines": [[0.0, 3.0, 1.0, 2.0], [1.0, 0.0, 3.0, 2.0], [0.0, 1.0, 2.0, 3.0]], "eos": [],
         "vocab_size": 4}
"""After a token t comes t + 1: the table has a line for 0, 1 and 2, and 3 reads the first one again."""


@dataclass(frozen=True, slots=True)
class Trivial:
    """A question whose answer anybody sees."""

    name: str
    level: str
    input: Json
    answer: Json


SMOKE = (
    Trivial("one token", "L3", {"config": {"max_new_tokens": 1}, "model": TABLE, "prompt": [0]},
            {"sequences": [[0, 1]]}),
    Trivial("three tokens", "L3", {"config": {"max_new_tokens": 3}, "model": TABLE, "prompt": [0]},
            {"sequences": [[0, 1, 2, 3]]}),
    Trivial("an EOS ends the row", "L3",
            {"config": {"max_new_tokens": 5, "eos_token_id": 2}, "model": {**TABLE, "eos": [2]}, "prompt": [0]},
            {"sequences": [[0, 1, 2]]}),
    Trivial("a temperature", "L0",
            {"operation": "temperature", "scores": [1.0, 4.0, -2.0], "arguments": {"temperature": 2.0},
             "context": {}}, {"scores": [0.5, 2.0, -1.0]}),
    Trivial("the highest score", "L2", {"scores": [0.5, 3.0, -1.0]}, {"token": 1}),
)


class BrokenAdapter(Exception):
    """The decoder does not answer as the kit asks; the message says what to do."""


def smoked(ask: Ask, profile: str, can: Capabilities) -> tuple[str, ...]:
    """Ask the trivial questions, and tell which are answered wrongly. Raises `BrokenAdapter`.

    The first question of each level that is not answered at all means that the adapter is broken: what is behind it
    cannot be blamed for that.
    """
    wrong: list[str] = []
    heard: set[str] = set()
    for trivial in SMOKE:
        if can.levels is not None and trivial.level not in can.levels:
            continue
        told = ask(Question(f"smoke/{trivial.name.replace(' ', '-')}", trivial.level, profile, trivial.input))
        if isinstance(told, Mapping) and "unsupported" in told:
            continue
        fault = fault_of(trivial, told)
        if fault is not None and trivial.level not in heard:
            raise BrokenAdapter(f"the adapter is broken: asked for {trivial.name} ({trivial.level}), {fault}")
        heard.add(trivial.level)
        if fault is not None:
            wrong.append(f"{trivial.name}: {fault}")
        elif isinstance(told, Mapping) and "probabilities" not in told and not right(told, trivial.answer):
            wrong.append(f"{trivial.name}: {dict(trivial.answer)} was expected, and {dict(told)!r:.200} came")
    return tuple(wrong)


def fault_of(trivial: Trivial, told: Told) -> str | None:
    """Say what is wrong with an answer, whatever it says."""
    if isinstance(told, Overdue):
        return f"it gave no answer within {told.seconds:g} s"
    if isinstance(told, Broken):
        return f"it failed with {told}"
    if not is_answer(told):
        return f"it refused: {told.get('error') or told.get('reject')}"
    member = next(iter(trivial.answer))
    if member == "scores" and "probabilities" in told:
        return None
    if member not in told:
        return f"it answered {sorted(told)} without `{member}`; {WANTED[trivial.level]}"
    return shape_fault(trivial, told[member])


def shape_fault(trivial: Trivial, given: object) -> str | None:
    """Say what is wrong with the shape of the first member of an answer."""
    if trivial.level == "L3":
        prompt = trivial.input["prompt"]
        if not isinstance(given, list) or len(given) != 1:
            return f"it gave {given!r:.80} for one row; {WANTED['L3']}"
        if not isinstance(given[0], list) or given[0][:len(prompt)] != prompt:
            return (f"the row {given[0]!r:.80} does not begin with its prompt {prompt}: "
                    'return prompt and new tokens, or {"new_tokens": rows}')
    if trivial.level == "L0" and (not isinstance(given, list) or len(given) != len(trivial.input["scores"])):
        return f"it gave {given!r:.80} for {len(trivial.input['scores'])} scores; {WANTED['L0']}"
    return None


def right(told: Told, answer: Json) -> bool:
    """Compare with what anybody sees; the last digits of a number are no matter here."""
    assert isinstance(told, Mapping)
    return all(close(told[name], value, NEAR, NEAR) for name, value in answer.items())
