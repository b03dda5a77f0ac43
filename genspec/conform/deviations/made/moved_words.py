"""Constrained beam search as transformers has it before 4.57."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from genspec.config.decision import Reason, Rejected
from genspec.conform.deviations.made.moved_search import Moved, Quirk
from genspec.conform.deviations.made.search import Hypothesis
from genspec_reference import FinishReason, GenerateOutput, Row
from genspec_reference.beams.conditions import (
    Condition,
    Progress,
    advancing,
    after,
    bank_of,
    conditions_of,
    progress_of,
)
from genspec_reference.stopping import ends_in_eos

UNTOLD: tuple[int, ...] = ()
"""The beam indices of a row that transformers keeps without any."""


@dataclass
class Constrained(Moved):
    """The search of one row with conditions."""

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Return the conditions."""
        return conditions_of(self.rules.force_words_ids)

    def progress(self, one: Hypothesis) -> Progress:
        """Tell how far a hypothesis is."""
        return progress_of(self.conditions, one.tokens)

    def candidates(self) -> list[Hypothesis]:
        """Take the best continuations of all hypotheses, and keep the totals of the step."""
        found = super().candidates()
        last = self.steps[-1]
        if last.scores is not None and len(self.steps) > 1 and self.has(Quirk.TOTALS):
            self.steps[-1] = replace(last, scores=tuple(
                np.asarray(scores + one.score) for scores, one in zip(last.scores, self.running, strict=True)
            ))
        return found

    def end(self, one: Hypothesis) -> None:
        """Take a candidate that ends in an EOS, if its conditions are met."""
        if progress_of(self.conditions, one.tokens[:-1]).complete:
            self.add(one)

    def chosen(self, following: list[Hypothesis]) -> list[Hypothesis]:
        """Give those that go on, and those that are brought nearer to their conditions, bank by bank."""
        following = super().chosen(following)
        assert self.totals is not None
        seen = [one.tokens for one in following]
        nearer = list[tuple[int, Hypothesis]]()
        for place, one in enumerate(self.running):
            progress = self.progress(one)
            tokens = () if progress.complete or not self.counts(one.score) else advancing(progress)
            for token, bank in zip(tokens, self.banks(progress, tokens), strict=True):
                longer = self.extended(place, token, float(self.totals[place, token]))
                if longer.tokens not in seen and self.may_go_on(longer):
                    seen.append(longer.tokens)
                    nearer.append((bank, longer))
        if not nearer:
            return following
        numbered = [(bank_of(self.progress(one), self.conditions), one) for one in following]
        return self.by_bank([*numbered, *nearer])[:self.rules.num_beams]

    def may_go_on(self, longer: Hypothesis) -> bool:
        """Tell whether an extension may be made."""
        if ends_in_eos(self.request, longer.tokens) and not self.has(Quirk.BEHIND_AN_EOS):
            return False
        return longer.score != -np.inf or self.has(Quirk.HUNDRED)

    def banks(self, progress: Progress, tokens: tuple[int, ...]) -> list[int]:
        """Give the bank of each extension of a hypothesis. Transformers writes all into one list of matched tokens."""
        if progress.begun is None or Quirk.ALIKE not in self.quirks:
            return [bank_of(after(progress, token), self.conditions) for token in tokens]
        reached, matched = list[Progress](), progress.matched
        for token in tokens:
            reached.append(after(replace(progress, matched=matched), token))
            advanced = reached[-1].begun is not None or reached[-1].met > progress.met
            matched = (*matched, token) if advanced else matched
        found = [replace(one, matched=matched) if one.begun is not None else one for one in reached]
        banks = [bank_of(one, self.conditions) for one in found]
        if banks != [bank_of(after(progress, token), self.conditions) for token in tokens]:
            self.acted.add(Quirk.ALIKE)
        return banks

    def by_bank(self, numbered: list[tuple[int, Hypothesis]]) -> list[Hypothesis]:
        """Order hypotheses: the best of every bank, highest bank first, then the second best, and so on."""
        exact = sorted(range(len(numbered)), key=lambda place: (-numbered[place][0], -numbered[place][1].score))
        ordered = exact
        if Quirk.HUNDRED in self.quirks:
            ordered = by_hundreds(numbered)
            if [numbered[place][0] for place in ordered] != [numbered[place][0] for place in exact]:
                self.acted.add(Quirk.HUNDRED)
        turns = list[int]()
        for before, place in zip((None, *ordered), ordered, strict=False):
            same = before is not None and numbered[before][0] == numbered[place][0]
            turns.append(turns[-1] + 1 if same else 0)
        return [numbered[ordered[place]][1] for place in np.argsort(turns, kind="stable")]

    def output(self) -> GenerateOutput:
        """Give the best hypotheses. Raises `Rejected` where transformers fails to write beam indices."""
        count = self.request.plan.outputs.num_return_sequences
        running = [] if self.done else self.running
        met = [one for one in running if self.progress(one).complete]
        unmet = [] if len(met) >= count else [one for one in running if one not in met]
        for one in met:
            self.add(one)
        rest = list[Hypothesis]()
        if Quirk.MIXED in self.quirks:
            for one in unmet:
                self.add(replace(one, told=UNTOLD))
        else:
            rest = [replace(one, score=one.score / len(one.places) ** self.rules.length_penalty) for one in unmet]
        ranked = [*sorted(self.kept, key=by_score)[::-1], *sorted(rest, key=by_score)[::-1]][:count]
        rows = [self.row(one) for one in self.told(ranked)]
        return GenerateOutput(tuple(map(self.read, rows)), (tuple(self.steps),))

    def told(self, rows: list[Hypothesis]) -> list[Hypothesis]:
        """Take the beam indices from all rows where one has none, as the call has to be made again without scores."""
        if not any(one.told == UNTOLD for one in rows):
            return rows
        self.acted.add(Quirk.MIXED)
        if rows[0].told == UNTOLD:
            return [replace(one, told=UNTOLD) for one in rows]
        if self.request.plan.outputs.scores:
            raise Rejected((Reason("force_words_ids", None, "OUTPUTS-9", "a row has no beam indices.", ""),))
        return [replace(one, told=UNTOLD) for one in rows]

    def read(self, row: Row) -> Row:
        """Give a row as it is read: without beam indices it ends at an EOS that has nothing but pads behind it."""
        new, eos = row.new_tokens, self.request.plan.stopping.eos_token_ids
        if row.beam_indices or not eos:
            return row
        pad = eos[0] if self.request.plan.tokens.pad is None else self.request.plan.tokens.pad
        ends = [end for end in range(1, len(new)) if new[end - 1] in eos and set(new[end:]) <= {pad}]
        if not ends:
            return row
        return replace(row, tokens=row.tokens[:row.prompt_length + ends[0]], finish_reason=FinishReason.EOS)


def by_score(one: Hypothesis) -> float:
    """Give the score of a hypothesis."""
    return one.score


def by_hundreds(numbered: list[tuple[int, Hypothesis]]) -> list[int]:
    """Order hypotheses by 100 · bank + total, as float32 has it."""
    import torch

    banks = torch.tensor([bank for bank, _ in numbered])
    totals = torch.tensor([one.score for _, one in numbered], dtype=torch.float32)
    return [int(place) for place in (banks * 100 + totals).sort(descending=True).indices]
