"""The published vectors as cases, judged by VECTORS-8 and VECTORS-9. Text: docs/spec/vectors.md."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

from genspec.backends.call import Call
from genspec.backends.decoder import Answer
from genspec.backends.reference import ReferenceDecoder
from genspec.conform.backend import call_of
from genspec.conform.capabilities import inputs_of
from genspec.conform.cases.case import Ask, Who, unanswered
from genspec.conform.cases.difference import Parting, parting
from genspec.conform.cases.known import UNEXPLAINED, explained
from genspec.conform.cases.outputs import Malformed, answer_of
from genspec.conform.oracle import judge
from genspec.conform.oracle.one_rule import with_rule
from genspec.conform.oracle.tolerance import EPSILONS
from genspec.conform.question import Question, Told
from genspec.conform.vectors import folder, runner
from genspec.conform.verdict import CONFORMS, Kind, Verdict

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """A vector."""

    level: str
    vector: Json

    @property
    def question(self) -> Question:
        """Give what a decoder may see of it."""
        return Question(self.vector["id"], self.level, self.vector["profile"], self.vector["input"])

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name the clauses that it shows."""
        return tuple(self.vector["clauses"])

    @property
    def boundary(self) -> bool:
        """Tell whether it stands at a boundary, or shows what engines do differently."""
        return not {"boundary", "choice-point", "tie"}.isdisjoint(self.vector["flags"])

    def examine(self, ask: Ask, who: Who) -> Verdict:
        """Ask once and judge, known deviations apart."""
        told = ask(self.asked_of(who))
        said = self.judged(told, who)
        return self.known(told, said, who) if said.kind in UNEXPLAINED and self.level == "L3" else said

    def asked_of(self, who: Who) -> Question:
        """Give the question. Of a batch arrays are wanted, from who can give them beside the rows of each prompt."""
        question = self.question
        if "prompts" not in question.input or "arrays" not in (inputs_of(who.can) or ()):
            return question
        return replace(question, input={**question.input, "arrays": True})

    def known(self, told: Told, said: Verdict, who: Who) -> Verdict:
        """Tell what the clauses leave free, and known deviations, from the rest, where the input is a call.

        A vector has one result, or a few. The oracle knows all: scores of more hypotheses (OUTPUTS-18), other orders.
        The clause that it blames comes before those that the vector is there for.
        """
        call = call_of(self.vector["profile"], self.vector["input"])
        if isinstance(call, str):
            return said
        expected = ReferenceDecoder().decode(call)
        if "prompts" in self.vector["input"]:
            return self.known_of_arrays(call, expected, told, said, who)
        try:
            answer = answer_of(call, expected, told) if isinstance(told, Mapping) else told
        except Malformed:
            return said
        if isinstance(answer, tuple):
            again = judge(call, expected, answer, who.info)
            if again.kind is Kind.CONFORMS:
                return again
            known = explained(call, expected, answer, again, who)
            blamed = again if known.kind is Kind.KNOWN_DEVIATION else with_rule(call, answer, again)
            said = replace(said, clauses=tuple(dict.fromkeys((*blamed.clauses, *said.clauses))))
        else:
            known = explained(call, expected, answer, said, who)
        return known if known.kind is Kind.KNOWN_DEVIATION else said

    def known_of_arrays(self, call: Call, expected: Answer, told: Told, said: Verdict, who: Who) -> Verdict:
        """Tell known deviations in what fills the rows of a batch: all else in the arrays is to be right."""
        if not isinstance(told, Mapping) or "sequences" not in told:
            return said
        rest = self.compared({**told, "sequences": self.vector["expected"]["sequences"]}, EPSILONS[who.info.dtype])
        return explained(call, expected, told, said, who) if rest is CONFORMS else said

    def judged(self, told: Told, who: Who) -> Verdict:
        """Compare an answer with the expected result."""
        said = unanswered(told)
        if said is not None:
            return said if said.kind is Kind.UNSUPPORTED else replace(said, clauses=self.clauses)
        assert isinstance(told, Mapping)
        if "prompts" in told:
            return Verdict(Kind.UNSUPPORTED, "gives the rows of each prompt, and not the arrays of a batch")
        return self.compared(told, EPSILONS[who.info.dtype])

    def compared(self, reply: Json, epsilon: float) -> Verdict:
        """Judge a result, or a refusal."""
        expected = self.vector["expected"]
        if expected["kind"] == "reject" or "reject" in reply:
            return refusal(self.clauses, expected, reply)
        vector = as_probabilities(self.vector) if "probabilities" in reply else self.vector
        if vector is None:
            return Verdict(Kind.UNSUPPORTED, "tells probabilities, and scores with an infinity have none")
        found = runner.verdict(self.level, vector, reply, epsilon)
        if found is runner.Verdict.CONFORMS:
            return CONFORMS
        parted = parting(self.level, vector, reply, epsilon)
        if found is runner.Verdict.AMBIGUOUS:
            why = f"{parted.reason}; the margin of the case is {expected['margin']:.1g}"
            return self.verdict(Kind.AMBIGUOUS, replace(parted, reason=why))
        return self.verdict(Kind.VIOLATES, parted)

    def verdict(self, kind: Kind, parted: Parting) -> Verdict:
        """Say where an answer parts from what is expected."""
        return Verdict(kind, parted.reason, self.clauses, parted.difference, None, parted.row, parted.step,
                       parted.expected, parted.answered, self.vector["expected"].get("margin"))


def as_probabilities(vector: Json) -> Json | None:
    """Give a vector of scores as one of probabilities, for decoders that tell no others. None: there are none."""
    expected = vector["expected"]
    if not all(has_probabilities(one.get("scores", [0.0])) for one in expected.get("answers", [expected])):
        return None
    answers = [{"probabilities": runner.softmax(one["scores"])} if "scores" in one else one
               for one in expected.get("answers", [expected])]
    changed = {"answers": answers} if "answers" in expected else answers[0]
    kept = {name: value for name, value in expected.items() if name not in ("scores", "answers")}
    return {**vector, "expected": {**kept, **changed}}


def has_probabilities(scores: Sequence[Any]) -> bool:
    """Tell whether the softmax of scores is one: nothing is infinite or NaN but what is masked."""
    numbers = [runner.number(score) for score in scores]
    return max(numbers) > -inf and all(number < inf for number in numbers)


def refusal(clauses: tuple[str, ...], expected: Json, reply: Json) -> Verdict:
    """Judge where a refusal is expected or came. A decoder need not name clauses; those that it names are right.

    VECTORS-2
    """
    wanted, named = set(expected.get("clauses", ())), set(reply.get("reject", ()))
    if expected["kind"] != "reject":
        by = tuple(map(str, reply["reject"]))
        said = reply.get("error") or ", ".join(by) or "no reason given"
        return Verdict(Kind.VIOLATES, f"this is to be answered, and it was refused: {said}",
                       tuple(dict.fromkeys((*by, *clauses))), "refusal", expected="an answer", answered=dict(reply))
    if "reject" not in reply:
        reason = f"this is to be refused ({', '.join(sorted(wanted))}), and an answer came."
        return Verdict(Kind.VIOLATES, reason, tuple(sorted(wanted)), "refusal", expected="a refusal",
                       answered=dict(reply))
    if not named <= wanted:
        reason = f"this is to be refused by {', '.join(sorted(wanted))}, and {', '.join(sorted(named))} was named."
        return Verdict(Kind.VIOLATES, reason, tuple(sorted(wanted)), "refusal", expected=sorted(wanted),
                       answered=dict(reply))
    return Verdict(Kind.REJECTED, clauses=clauses)


def published(profile: str, path: Path | None = None) -> tuple[Published, ...]:
    """Read the vectors of a profile."""
    return tuple(case for case in all_published(path or folder()) if case.vector["profile"] == profile)


@cache
def all_published(path: Path) -> tuple[Published, ...]:
    """Read all vectors."""
    return tuple(Published(level, vector) for level, vector in runner.cases(path))
