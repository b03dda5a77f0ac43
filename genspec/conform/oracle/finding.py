"""Where an answer parts from the reference, before it is called anything."""

from dataclasses import dataclass, replace

from genspec.conform.verdict import Kind, Verdict


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a call."""

    prompt: int
    row: int | None = None
    step: int | None = None

    def violates(
        self, difference: str, clauses: tuple[str, ...], reason: str, expected: object = None, answered: object = None
    ) -> Verdict:
        """Say that the answer is wrong here."""
        return Verdict(Kind.VIOLATES, reason, clauses, difference, self.prompt, self.row, self.step,
                       expected, answered)

    def ambiguous(
        self, difference: str, clauses: tuple[str, ...], *, margin: float, tied: bool, expected: object,
        answered: object,
    ) -> Verdict:
        """Say that rounding, or the order of equal scores, explains the answer here."""
        why = "equal scores were ranked another way" if tied else f"rounding by {margin:.1g} explains it"
        return Verdict(Kind.AMBIGUOUS, f"{difference}: {expected} was expected and {answered} came; {why}.", clauses,
                       difference, self.prompt, self.row, self.step, expected, answered, margin, tied)

    def at(self, step: int) -> "Place":
        """Give the place of a step of the same row."""
        return replace(self, step=step)

