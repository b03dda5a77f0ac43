"""When a row ends, and why, decided on the host from one new token. Text: docs/spec/stopping.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genspec.backends.torch.drivers.padding import left_padded
from genspec.config.plan import DecodingPlan
from genspec_reference import FinishReason

Detokenize = Callable[[Sequence[int]], str]
"""Give the text of a row. STOPPING-3."""
Texts = Callable[[], tuple[str, str]]
"""Give the text of a row without its newest token, and with it. STOPPING-6."""


Criterion = Callable[[Tensor, None], Tensor | bool]
"""A rule of the caller's own: int64[n, L], rows filled on the left; and None, as transformers gives it where no scores
are kept. Gives bool[n], which rows end, or one answer for all of them."""


@dataclass(frozen=True, slots=True)
class Stops:
    """The rules that end the rows of one prompt."""

    eos: frozenset[int]
    strings: tuple[str, ...]
    max_new_tokens: int
    max_time: float | None

    @classmethod
    def of(cls, plan: DecodingPlan) -> "Stops":
        """Read them from a plan."""
        stopping = plan.stopping
        return cls(frozenset(stopping.eos_token_ids), stopping.stop_strings, plan.length.max_new_tokens,
                   stopping.max_time)

    def reason(self, token: int, new_tokens: int, texts: Texts, elapsed: float) -> FinishReason | None:
        """Tell why a row ends after its newest token, or None when it goes on. STOPPING-1 to STOPPING-5.

        `new_tokens` counts the newest one; `elapsed`: seconds since the start.
        """
        if token in self.eos:
            return FinishReason.EOS                         # STOPPING-1
        if self.strings and completes(self.strings, *texts()):
            return FinishReason.STOP_STRING                 # STOPPING-3
        if new_tokens >= self.max_new_tokens:
            return FinishReason.LENGTH                      # STOPPING-2
        late = self.max_time is not None and elapsed > self.max_time
        return FinishReason.MAX_TIME if late else None      # STOPPING-4


def stopped_by(
    criteria: Sequence[Criterion], pad: int, device: torch.device, rows: Sequence[Sequence[int]]
) -> list[bool]:
    """Ask every rule of the caller's own once, for all rows. Raises ValueError for an answer of another shape."""
    ids, _ = left_padded(rows, device, fill=pad)
    done = torch.zeros(len(rows), dtype=torch.bool, device=device)
    for criterion in criteria:
        answer = torch.as_tensor(criterion(ids, None), device=device)
        if answer.shape not in {(), (len(rows),)}:
            raise ValueError(f"stopping_criteria: {criterion} was given {len(rows)} rows, and returned "
                             f"{list(answer.shape)}; it returns one answer a row, or one for all")
        done |= answer.bool()
    return done.tolist()


def completes(strings: Sequence[str], before: str, text: str) -> bool:
    """Tell whether a string ends in what the newest token changed of the text. STOPPING-6, STOPPING-7."""
    same = shared(before, text)
    return any(string in text[max(0, same - len(string) + 1):] for string in strings)


def shared(one: str, other: str) -> int:
    """Count the characters that both texts begin with."""
    if other.startswith(one):               # nearly always: what came before stays
        return len(one)
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))
