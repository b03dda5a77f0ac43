"""From the logits of a step to its tokens, for all lines of a batch at once. Text: docs/spec/pipeline.md.

A line is what one token is added to: a row of a mode without beams, or an open hypothesis of a beam mode. A prompt has
`lines_per_prompt` of them, side by side, and every line has the plan of its prompt.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genspec.backends.torch import wide
from genspec.backends.torch.adapter import Rows, by_reference
from genspec.backends.torch.lines import LineScores, Marks
from genspec.backends.torch.narrow import Ids, Narrow, Reals, finished, is_ranked, race, ranked, summed
from genspec.backends.torch.narrow import first_of as narrow_first_of
from genspec.backends.torch.noise import Noise
from genspec.backends.torch.nucleus import nucleus
from genspec.backends.torch.ranking import GONE, log_softmax
from genspec.backends.torch.selection import first_of, keys_of
from genspec.backends.torch.slots import Slot, slots_of
from genspec.backends.torch.sparse import Line, moved
from genspec.backends.torch.wide import WideScores
from genspec.config.plan import DecodingPlan, Operation
from genspec_reference.pipeline import TRUNCATIONS
from genspec_reference.request import Request
from genspec_reference.step import operations_of

NOTHING_LEFT, NOT_REAL = -1, -2
"""What stands in the place of a token that could not be taken. SCORES-6, SCORES-2"""
Allowed = Callable[[int, tuple[int, ...]], Iterable[int]]
"""Give the ids that may follow a row of a prompt, given its number. PREFIX-ALLOWED-TOKENS-1."""
Processor = Callable[[Tensor, Tensor], Tensor]
"""An operation of the caller's own on all lines: int64[N, L], float32[N, V] -> float32[N, V]. PIPELINE-4."""


SAFE = TRUNCATIONS | {
    "no_repeat_ngram", "encoder_no_repeat_ngram", "bad_words", "min_length", "min_new_tokens", "suppress",
    "begin_suppress", "prefix_allowed_tokens", "forced_bos", "forced_eos", "renormalize",
}
"""The operations that make no NaN and no infinity of real scores. SCORES-2."""
Scored = LineScores | WideScores


@dataclass(frozen=True, slots=True)
class Taken:
    """One token a line."""

    tokens: list[int]               # below 0 one of NOTHING_LEFT and NOT_REAL
    scores: Tensor | None = None    # float32[N, V], when the pipeline keeps them


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of every prompt, in the order of their rank. BEAM-SEARCH-2, BEAM-SAMPLE-2.

    On a CPU they are arrays of NumPy, which are the quicker of the two for few numbers.
    """

    totals: Tensor | Reals          # float64[P, count]: -inf is no candidate; NaN: a line of the prompt is NOT_REAL
    beams: Tensor | Ids             # int64[P, count]: which line of the prompt is continued
    tokens: Tensor | Ids            # int64[P, count]
    scores: Tensor | None = None    # float32[N, V], when the pipeline keeps them


class Pipeline:
    """The operations, and what they know of every line, from one step to the next."""

    def __init__(
        self, plans: Sequence[DecodingPlan], prompts: Sequence[tuple[int, ...]],
        sources: Sequence[tuple[int, ...]] | None, vocab_size: int, device: torch.device | str = "cpu", *,
        lines_per_prompt: int = 1, allowed_tokens: Allowed | None = None, processors: Sequence[Processor] = (),
        keep_scores: bool = False,
    ) -> None:
        """Begin with the prompts. `plans`, `prompts`, `sources`: one a prompt. Raises ValueError. PIPELINE-5."""
        self.plan, self.vocab_size, self.device = plans[0], vocab_size, torch.device(device)
        self.lines_per_prompt, self.keep_scores, self.step = lines_per_prompt, keep_scores, 0
        of_lines = [number for number in range(len(prompts)) for _ in range(lines_per_prompt)]
        self.rows = Rows([prompts[number] for number in of_lines],
                         None if sources is None else [sources[number] for number in of_lines])
        self.slots = slots_of([
            operations_for(plans[number], prompts[number], number, allowed_tokens, processors) for number in of_lines
        ])
        for slot in self.slots:
            slot.begin([Line(prompt, source, vocab_size)
                        for prompt, source in zip(self.rows.prompts, self.rows.sources, strict=True)],
                       self.plan.profile)
        names = [slot.name for slot in self.slots]
        self.checked_from = names.index("remove_invalid_values") if "remove_invalid_values" in names else -1
        self.surprised, self.chanced, self.processed = (
            name in names for name in ("mirostat", "xtc", "processor")
        )
        self.rows_are_read = self.processed or any(slot.function is None for slot in self.slots)
        self.remembered = self.plan.profile.nucleus_mass == "full" or any(slot.function is None for slot in self.slots)
        self.wide = (
            vocab_size >= wide.WIDE and self.device.type == "cpu" and self.checked_from < 0 and not keep_scores
            and (self.plan.beams is None or self.plan.profile.beam_input == "log_softmax")
        )
        self.narrow_from, self.narrow_count = narrowing(self.slots)
        if keep_scores or self.remembered or (self.plan.beams is not None and self.plan.profile.beam_input == "logits"):
            self.narrow_from = -1
        self.nucleus_at = nucleus_place(self.slots, self.narrow_from)
        self.narrow_steps = [ranked(slot, self.plan.profile) for slot in self.slots[self.narrow_from:]
                             if self.narrow_from >= 0]

    def scores(
        self, logits: Tensor, unconditional: Tensor | None = None, normalised: bool = False,
        noise: Noise | None = None,
    ) -> Tensor:
        """Give the scores after all operations. [N, V] -> float32[N, V], which may be the logits themselves.

        `unconditional`: [N, V], the logits without the prompt, for guidance. `normalised`: start from the
        log-softmax of the logits, as beam modes do. The logits are never written to.
        """
        lines, narrow = self.run(logits, unconditional, normalised, noise)
        if narrow is None:
            return lines.settled().matrix
        tokens, few = torch.from_numpy(narrow.tokens.copy()), torch.from_numpy(narrow.scores)
        scores = torch.full(logits.shape, GONE)
        return scores.scatter_reduce_(1, tokens, few.float(), "amax")       # rows may be filled up with token 0

    def take(self, logits: Tensor, noise: Noise | None = None, unconditional: Tensor | None = None) -> Taken:
        """Take a token for each line: the highest score, or drawn when the plan draws. GREEDY-1, SAMPLE-1.

        `logits`: [N, V]. Raises `Rejected` where an operation refuses its arguments.
        """
        lines, narrow = self.run(logits, unconditional, False, noise)
        highest, tokens = self.drawn(lines, narrow, noise) if self.plan.draws else lines.highest()
        if self.surprised:
            self.rows.chosen_from(lines.settled().matrix, torch.as_tensor(tokens))
        return Taken(marked(tokens, highest, lines.refused), self.kept(lines, logits))

    def drawn(
        self, lines: Scored, narrow: Narrow | None, noise: Noise | None
    ) -> tuple[Tensor, Tensor] | tuple[Reals, Ids]:
        """Draw a token for each line. Gives the highest score of the line too. SAMPLE-1."""
        assert noise is not None, "a plan that draws needs noise"
        if narrow is None:
            scores = lines.settled().matrix
            return scores.amax(1), keys_of(scores, noise.exponentials(self.step, self.vocab_size)).argmax(1)
        return race(narrow, noise.at(self.step, self.vocab_size, narrow.tokens), self.vocab_size)

    def candidates(
        self, logits: Tensor, totals: Sequence[float], count: int, noise: Noise | None = None,
        unconditional: Tensor | None = None,
    ) -> Candidates:
        """Give the candidates of each prompt: the highest totals, or drawn when the plan draws. BEAM-SEARCH-2.

        `totals`: one a line, minus infinity for a line that is no open hypothesis; `count`: how many candidates a
        prompt has at most. Of equal ones the lowest beam comes first, then the lowest id.
        """
        of_lines = np.array(totals, dtype=np.float64)
        lines, narrow = self.run(logits, unconditional, self.plan.profile.beam_input == "log_softmax", noise)
        if narrow is not None:
            narrow = summed(narrow, of_lines, self.lines_per_prompt, self.vocab_size)
        elif self.narrow_from == len(self.slots) and not self.plan.draws:
            narrow = lines.leading(count, of_lines, self.lines_per_prompt)
        of_places, places = (
            self.first_of_all(lines, torch.from_numpy(of_lines).to(self.device), count, noise) if narrow is None
            else self.first_of_few(narrow, count, noise)
        )
        if self.plan.draws and self.plan.profile.drawn_order == "score":        # BEAM-SAMPLE-2
            of_places, places = by_total(of_places, places)
        beams = places // self.vocab_size
        of_places = without_refused(of_places, lines.refused, of_lines, self.lines_per_prompt)
        return Candidates(of_places, beams, places - beams * self.vocab_size, self.kept(lines, logits))

    def first_of_all(
        self, lines: Scored, totals: Tensor, count: int, noise: Noise | None
    ) -> tuple[Tensor, Tensor]:
        """Rank the places beam * V + token of each prompt. Gives totals and places, [P, count] each."""
        scores = lines.settled().matrix
        if self.plan.profile.beam_input == "logits":
            scores = log_softmax(scores)
        sums = torch.where((totals > GONE)[:, None], scores.double() + totals[:, None], GONE)
        sums = keys = sums.view(-1, self.lines_per_prompt * self.vocab_size)
        if self.plan.draws:
            assert noise is not None, "a plan that draws needs noise"
            keys = keys_of(sums, noise.exponentials(self.step, sums.shape[1]).double())
            keys = keys.masked_fill_(sums == GONE, GONE)
        first, places = first_of(keys, count)
        return sums.gather(1, places).masked_fill_(first == GONE, GONE), places

    def first_of_few(self, narrow: Narrow, count: int, noise: Noise | None) -> tuple[Reals, Ids]:
        """Rank the places that are left of each prompt, and their sums. Gives totals and places, [P, count] each."""
        sums = keys = narrow.scores
        if self.plan.draws:
            assert noise is not None, "a plan that draws needs noise"
            size = self.lines_per_prompt * self.vocab_size                      # BEAM-SAMPLE-3
            highest = np.maximum(sums.max(1, keepdims=True), -1e300)
            keys = sums - highest - np.log(noise.at(self.step, size, narrow.tokens), dtype=np.float64)
        first, found = narrow_first_of(keys, narrow.tokens, count)
        rows = np.arange(len(sums))[:, None]
        if self.plan.draws:
            first = np.where(first > -np.inf, sums[rows, found], -np.inf)
        return first, narrow.tokens[rows, found]

    def kept(self, lines: Scored, logits: Tensor) -> Tensor | None:
        """Give the scores to somebody who keeps them, never in the memory of the logits."""
        if not self.keep_scores:
            return None
        scores = lines.settled().matrix
        return scores.clone() if scores.data_ptr() == logits.data_ptr() else scores

    def advance(self, parents: Sequence[int], tokens: Sequence[int | None]) -> None:
        """Go on to the next step: line i continues the old line `parents[i]` with `tokens[i]`.

        None instead of a token: the line has ended, and nothing that it is given from now on matters. Lines that
        nobody continues are gone, in a beam mode all lines of a prompt together; so are their streams of noise, which
        `Noise.keep` is told.
        """
        for slot in self.slots:
            if not slot.has_states:
                slot.operations = [slot.operations[parent] for parent in parents]
            elif slot.states:
                slot.states = moved(slot.states, parents, tokens)
        if self.rows_are_read:
            self.rows.advance(parents, tokens)
        self.step += 1

    def run(
        self, logits: Tensor, unconditional: Tensor | None, normalised: bool, noise: Noise | None
    ) -> tuple[Scored, Narrow | None]:
        """Apply the operations in their order. PIPELINE-1, PIPELINE-3.

        Gives the scores, and where the last operations were applied to few tokens alone, those.
        """
        lines: Scored = (
            WideScores(logits, normalised) if self.wide
            else LineScores(logits, normalised, checked=self.checked_from < 0)
        )
        more: dict[str, Any] = {"unconditional_logits": unconditional, "unfiltered": None}
        if self.processed:
            more["input_ids"] = self.rows.padded(self.plan.tokens.pad or 0, self.device)
        for place, slot in enumerate(self.slots):
            if place == self.narrow_from:
                narrow = lines.narrowed(self.narrow_count)
                if narrow is not None:
                    return lines, finished(narrow, self.narrow_steps)
                if self.nucleus_at is not None and isinstance(lines, WideScores):
                    narrow = self.nucleus(lines, self.nucleus_at)
                    if narrow is not None:
                        return lines, narrow
            if slot.name in TRUNCATIONS and self.remembered and more["unfiltered"] is None:
                more["unfiltered"] = lines.settled().matrix
            if slot.has_states:
                lines = slot.apply_states(lines, self.vocab_size)
            else:
                lines = lines.settled()
                lines.replace(self.applied(slot, lines.matrix, more, noise))
            if place >= self.checked_from and slot.name not in SAFE:
                lines.check()
        every = self.plan.draws and self.narrow_from == len(self.slots)
        return lines, lines.narrowed(None) if every else None

    def nucleus(self, lines: WideScores, at: int) -> Narrow | None:
        """Apply the last operations from a `top_p` on, with nothing but temperatures before it, to a nucleus."""
        steps = self.narrow_steps
        narrow = nucleus(lines, prod(cast("list[float]", steps[:at]), start=1.0), cast("partial[Any]", steps[at]))
        return None if narrow is None else finished(narrow, steps[at + 1:])

    def applied(self, slot: Slot, scores: Tensor, more: dict[str, Any], noise: Noise | None) -> Tensor:
        """Apply an operation that changes all scores; where the plans differ, to each line alone."""
        if slot.function is None:
            return by_reference(slot.operations, scores, self.rows, profile=self.plan.profile, more=more,
                                chances=self.chances(noise))
        if slot.alike:
            return slot.call(scores, slot.first, self.plan.profile, more)  # type: ignore[no-any-return]  # by name
        changed = scores.clone()
        for line, operation in enumerate(slot.operations):
            if operation is not None:
                here = slice(line, line + 1)
                of_line = {name: value[here] if isinstance(value, Tensor) else value for name, value in more.items()}
                changed[here] = slot.call(scores[here], operation, self.plan.profile, of_line)
        return changed

    def chances(self, noise: Noise | None) -> list[float]:
        """Draw a number for each line where an operation asks for one; the beams of a prompt share it. XTC-2."""
        if not self.chanced or noise is None:
            return [0.0] * len(self.rows)
        size = self.vocab_size * (1 if self.plan.beams is None else self.plan.beams.num_beams)
        drawn = noise.chances(self.step, size)
        return [chance for chance in drawn for _ in range(len(self.rows) // len(drawn))]


def operations_for(
    plan: DecodingPlan, prompt: tuple[int, ...], number: int, allowed_tokens: Allowed | None,
    processors: Sequence[Processor],
) -> list[Operation]:
    """List the operations of a line, with those of the call in their places. PIPELINE-1, PIPELINE-4."""
    allowed = None if allowed_tokens is None else partial(allowed_tokens, number)
    # `no_model` is no model of the reference: it is never asked
    called: Any = Request(plan, no_model, prompt, allowed_tokens=allowed, processors=processors)  # type: ignore[arg-type]
    return [
        Operation(one.name, {"allowed_tokens": allowed}, one.clause) if one.name == "prefix_allowed_tokens" else one
        for one in operations_of(called)
    ]


def by_total(totals: Tensor | Reals, places: Tensor | Ids) -> tuple[Tensor, Tensor]:
    """Rank what was drawn by total, of equal totals the one drawn earlier first. [P, count] each. BEAM-SAMPLE-2."""
    ranked = torch.as_tensor(totals).sort(dim=1, descending=True, stable=True)
    return ranked.values, torch.as_tensor(places).gather(1, ranked.indices)


def marked(tokens: Tensor | Ids, highest: Tensor | Reals, refused: Marks) -> list[int]:
    """Put what is wrong into the place of the token that a line does not have. int64[N], float[N], bool[N]."""
    if isinstance(tokens, Tensor):
        refused = torch.as_tensor(refused, device=tokens.device)
        return tokens.masked_fill(highest == GONE, NOTHING_LEFT).masked_fill_(refused, NOT_REAL).tolist()
    return [
        NOT_REAL if wrong else NOTHING_LEFT if score == GONE else token
        for token, score, wrong in zip(tokens.tolist(), highest.tolist(), refused.tolist(), strict=True)
    ]


def without_refused(
    of_places: Tensor | Reals, refused: Marks, totals: NDArray[np.float64], together: int
) -> Tensor | Reals:
    """Put NaN into the totals of a prompt of which an open line is refused. float64[P, count], bool[N], float64[N]."""
    if isinstance(of_places, Tensor):
        device = of_places.device
        wrong = torch.as_tensor(refused, device=device) & torch.from_numpy(totals > GONE).to(device)
        return of_places.masked_fill(wrong.view(-1, together).any(1, keepdim=True), torch.nan)
    if not refused.any():
        return of_places
    return np.where((refused & (totals > GONE)).reshape(-1, together).any(1, keepdims=True), np.nan, of_places)


def narrowing(slots: Sequence[Slot]) -> tuple[int, int | None]:
    """Tell from which operation on all can be applied to few tokens, and how many of the highest of each line matter.

    How many is known where a `top_k` comes first, but for temperatures.
    """
    start = len(slots)
    while start and is_ranked(slots[start - 1]):
        start -= 1
    first = next((slot for slot in slots[start:] if slot.name != "temperature"), None)
    if first is None or first.name != "top_k":
        return start, None
    arguments = cast("Mapping[str, int]", first.first.arguments)
    return start, max(arguments["k"], arguments.get("min_keep", 1))


def nucleus_place(slots: Sequence[Slot], start: int) -> int | None:
    """Tell where behind `start` a `top_p` stands with nothing but temperatures before it; None: it does not."""
    names = [slot.name for slot in slots[max(0, start):]]
    cut = next((place for place, name in enumerate(names) if name != "temperature"), None)
    return cut if start >= 0 and cut is not None and names[cut] == "top_p" else None


def no_model(*_: object) -> Any:
    """Stand for the model of a request that is not asked for logits."""
    raise AssertionError("the pipeline asks no model")
