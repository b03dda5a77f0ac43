"""Laws as cases of L4: asked until the evidence is against the decoder, or there was enough for it to be. SAMPLE-3."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from math import log
from typing import Any

import numpy as np

from genspec.conform.cases.case import Ask, Who, unanswered
from genspec.conform.laws.asking import Shape, Unreadable, as_outcomes, asked, rows_of, seed_of, shapes
from genspec.conform.laws.catalogue import SHARE, SKETCHES
from genspec.conform.laws.evidence import Evidence
from genspec.conform.laws.reading import COPIED, Answer, Impossible, Reader
from genspec.conform.laws.tied import relabelled
from genspec.conform.laws.trial import Trial, named_laws, trial_of
from genspec.conform.question import Question, Told
from genspec.conform.verdict import Kind, Verdict


@dataclass(frozen=True, slots=True)
class LawCase:
    """A law, by its name."""

    name: str
    profile: str
    seed: int = 0

    @property
    def question(self) -> Question:
        """Give what is asked first."""
        return self.numbered(Shape(SKETCHES[self.name].prompts, SKETCHES[self.name].rows or 1,
                                   SKETCHES[self.name].steps), 0)

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name the clauses whose law it is."""
        return SKETCHES[self.name].clauses

    @property
    def boundary(self) -> bool:
        """Say no."""
        return False

    def numbered(self, shape: Shape, number: int) -> Question:
        """Write one of the questions."""
        given = asked(SKETCHES[self.name], shape, seed_of(self.seed, self.name, number))
        return Question(f"law/{self.name}", "L4", self.profile, given)

    def examine(self, ask: Ask, who: Who) -> Verdict:
        """Ask for draws until there is a verdict."""
        trial = trial_of(self.name, self.profile, who.info.dtype)
        rounded = trial.told_apart()
        if rounded is not None:
            return Verdict(Kind.UNSUPPORTED, rounded)
        return Hearing(self, trial, ask).verdict(who)


class Hearing:
    """The draws of one decoder, and what they have shown."""

    def __init__(self, case: LawCase, trial: Trial, ask: Ask) -> None:
        """Begin without draws."""
        self.case, self.trial, self.ask = case, trial, ask
        self.reader: Reader = trial.reader()
        self.evidence = Evidence(len(self.reader.labels), trial.drift)
        self.counts = Counter[int]()
        self.narrow: Shape | None = None        # the only shape that the decoder takes

    def verdict(self, who: Who) -> Verdict:
        """Ask question after question."""
        widening = shapes(self.trial.sketch, who.can)
        for number in count():
            shape = self.narrow or next(widening)
            told = self.ask(self.case.numbered(shape, number))
            if shape.widened and isinstance(told, Mapping) and "unsupported" in told:
                self.narrow = next(shapes(self.trial.sketch, who.can))
                continue
            said = unanswered(told) or self.refused(told) or self.heard(told, shape)
            if said is not None:
                return said
        raise AssertionError("a trial ends")

    def refused(self, told: Told) -> Verdict | None:
        """Judge a refusal: every law is of a call that the specification accepts."""
        if not isinstance(told, Mapping) or "reject" not in told:
            return None
        reason = f"this is to be answered, and it was refused: {told.get('error', 'no reason given')}"
        return Verdict(Kind.VIOLATES, reason, self.case.clauses[:1], "refusal", answered=dict(told))

    def heard(self, told: Told, shape: Shape) -> Verdict | None:
        """Judge the draws so far; None when there are to be more."""
        assert isinstance(told, Mapping)
        try:
            answer = self.read(told, shape)
        except Unreadable as wrong:
            return Verdict(Kind.VIOLATES, f"{wrong}.", ("OUTPUTS-6",), "answer", answered=dict(told))
        ratios, impossible = self.reader.ratios(answer)
        self.counts.update(symbol for rows in answer for row in rows for symbol in row)
        if self.evidence.add(ratios, self.trial.bound):
            return self.against()
        if impossible is not None:
            return self.outside(impossible)
        return self.conforms() if self.evidence.draws >= self.trial.enough else None

    def read(self, told: Mapping[str, Any], shape: Shape) -> Answer:
        """Read an answer as symbols. Raises `Unreadable`."""
        answer = rows_of(told, shape)
        if self.trial.outcomes is not None:
            return as_outcomes(answer, self.trial.outcomes)
        tied = self.trial.sketch.tied
        return [[relabelled(row, tied) for row in rows] for rows in answer] if tied else answer

    def conforms(self) -> Verdict:
        """Say what would have been found."""
        needed = self.trial.needed
        found = f"Each of these would have been found: {'; '.join(needed)}." if needed else ""
        return self.numbers(Verdict(Kind.CONFORMS, found))

    def against(self) -> Verdict:
        """Say what the draws speak against, and what they look like."""
        label = self.reader.labels[self.evidence.best]
        rate = f"{self.evidence.draws:,} draws, a chance of less than {SHARE:.1g} under the law"
        if label in COPIED:
            return self.numbers(Verdict(Kind.VIOLATES, f"{COPIES[label]} ({rate})", (COPIED[label],), "noise"))
        like = "" if label == self.reader.labels[-1] else f" They look like this: {label}."
        clause = "PIPELINE-1" if label.startswith("order ") else self.case.clauses[0]
        return self.numbers(Verdict(
            Kind.VIOLATES, f"The draws have another law ({rate}).{like}", (clause,), "law",
            **self.compared(),
        ))

    def compared(self) -> dict[str, Any]:
        """Set the law beside how often each symbol came, where all draws have one law."""
        law = self.trial.law
        if law.start != ():
            return {}
        return {"expected": self.shown(law.null(())), "answered": self.shown(self.frequencies())}

    def outside(self, wrong: Impossible) -> Verdict:
        """Say that something was drawn that has no probability."""
        law, trial = self.trial.law, self.trial
        like = [label for label, other in trial.different.items()
                if wrong.symbol < len(other(wrong.state)) and other(wrong.state)[wrong.symbol] > 0]
        looks = f" So it is with each of these: {'; '.join(like)}." if like else ""
        what = f"token {wrong.symbol} was drawn" if trial.outcomes is None else "these rows were drawn"
        if trial.sketch.tied and wrong.symbol in trial.sketch.tied:
            what = "one more of the equal tokens was drawn"
        return self.numbers(Verdict(
            Kind.VIOLATES, f"After {self.evidence.draws:,} draws {what}, which cannot be.{looks}",
            (self.case.clauses[0],), "support", wrong.prompt, wrong.row, wrong.step,
            expected=self.shown(law.null(wrong.state)), answered=wrong.symbol,
        ))

    def frequencies(self) -> Any:
        """Give how often each symbol came. float[n]."""
        size = self.trial.law.null(()).size
        counts = np.array([self.counts[symbol] for symbol in range(size)], dtype=float)
        return counts / max(1, sum(self.counts.values()))

    def shown(self, law: Any) -> dict[str, float]:
        """Write a law for people: what has no probability is left out."""
        outcomes = self.trial.outcomes
        names = [str(symbol) for symbol in range(len(law))] if outcomes is None else [
            " ".join(str(token) for row in rows for token in row) for rows in outcomes.rows] + ["other rows"]
        return {name: round(float(chance), 4) for name, chance in zip(names, law, strict=True) if chance > 0}

    def numbers(self, verdict: Verdict) -> Verdict:
        """Add what is counted and stated."""
        return replace(verdict, draws=self.evidence.draws, log10_e_value=round(self.evidence.greatest / log(10), 2),
                       error_rate=SHARE, power=self.trial.power)


COPIES = {
    "call": "Calls with different seeds have the same draws: seed from the question's `seed`, or not at all",
    "prompt": "Rows of different prompts of a batch have the same draws",
    "row": "Rows of one prompt have the same draws",
    "step": "Steps of a row have the same draws",
}


def laws(profile: str, seed: int = 0) -> tuple[LawCase, ...]:
    """Give the laws that a profile has."""
    return tuple(LawCase(name, profile, seed) for name in named_laws(profile))
