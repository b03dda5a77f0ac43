"""From answers to evidence: each draw as the logarithms of q / p of all bets, in the order in which draws are read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from genspec.conform.laws.law import Law, Next, State
from genspec_reference.scores import Scores

Answer = list[list[list[int]]]
"""The symbols of each row of each prompt."""

COPIED = {"call": "SAMPLE-8", "prompt": "SAMPLE-2", "row": "SAMPLE-4", "step": "SAMPLE-3"}
"""What a draw may be a copy of: the one in the same place of the call, prompt or row before, or the step before."""
TRUST = 0.9
"""What a bet on copies puts on the symbol that was there before; the rest is on the law."""


class Impossible(Exception):
    """A symbol that has no probability."""

    def __init__(self, prompt: int, row: int, step: int, symbol: int, state: State) -> None:
        """Keep where it stands."""
        super().__init__(f"symbol {symbol} at prompt {prompt}, row {row}, step {step}")
        self.prompt, self.row, self.step, self.symbol, self.state = prompt, row, step, symbol, state


@dataclass
class Reader:
    """Reads one answer after the other."""

    law: Law
    others: Mapping[str, Next]              # bets on other laws
    copies: tuple[str, ...] = tuple(COPIED)     # bets on copies; none where symbols are relabelled
    before: Answer = field(default_factory=list)
    seen: dict[State, Scores] = field(default_factory=dict)     # how often each symbol came in a state
    tables: dict[State, tuple[Scores, Scores]] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """Name the bets, in the order of a row of `ratios`."""
        return (*self.others, *self.copies, "another law")

    def ratios(self, answer: Answer) -> tuple[Scores, Impossible | None]:
        """Give log q / p of each bet, draw by draw, up to a symbol that cannot be. float[n, bets]."""
        found: list[Scores] = []
        wrong = None
        try:
            for prompt, rows in enumerate(answer):
                for row, symbols in enumerate(rows):
                    self.read(answer, (prompt, row), symbols, found)
        except Impossible as impossible:
            wrong = impossible
        self.before = answer
        return np.array(found).reshape(len(found), len(self.labels)), wrong

    def read(self, answer: Answer, place: tuple[int, int], symbols: Sequence[int], found: list[Scores]) -> None:
        """Read a row. Raises `Impossible`."""
        state = self.law.start
        for step, symbol in enumerate(symbols):
            p, logs = self.table(state)
            chance = float(p[symbol]) if 0 <= symbol < p.size else 0.0
            if chance == 0.0:
                raise Impossible(*place, step, symbol, state)
            copies = [copied(before_at(name, self.before, answer, place, step), symbol, chance) for name in self.copies]
            found.append(np.array([*logs[:, symbol], *copies, self.learnt(state, symbol, p)]))
            state = self.law.after(state, symbol)

    def table(self, state: State) -> tuple[Scores, Scores]:
        """Give the law in a state, float[n], and the logarithms of the other ones over it, float[others, n]."""
        if state not in self.tables:
            p = self.law.null(state)
            with np.errstate(divide="ignore", invalid="ignore"):
                logs = np.array([np.log(other(state)) - np.log(p) for other in self.others.values()])
            self.tables[state] = p, logs.reshape(len(self.others), p.size)
        return self.tables[state]

    def learnt(self, state: State, symbol: int, p: Scores) -> float:
        """Bet on what has come in this state so far, as much as there are symbols on the law itself."""
        counts = self.seen.setdefault(state, np.zeros(p.size))
        weight = np.count_nonzero(p)
        ratio = (counts[symbol] / p[symbol] + weight) / (counts.sum() + weight)
        counts[symbol] += 1
        return float(np.log(ratio))


def before_at(name: str, before: Answer, answer: Answer, place: tuple[int, int], step: int) -> int | None:
    """Give the symbol that a draw may be a copy of; None where there is none."""
    prompt, row = place
    source, where = {
        "call": (before, (prompt, row, step)), "prompt": (answer, (prompt - 1, row, step)),
        "row": (answer, (prompt, row - 1, step)), "step": (answer, (prompt, row, step - 1)),
    }[name]
    first, second, third = where
    if min(where) < 0 or first >= len(source) or second >= len(source[first]) or third >= len(source[first][second]):
        return None
    return source[first][second][third]


def copied(before: int | None, symbol: int, chance: float) -> float:
    """Give log q / p of a bet that a symbol is the one before."""
    return 0.0 if before is None else float(np.log(TRUST * (before == symbol) / chance + 1 - TRUST))
