"""DEV-39, DEV-43 to DEV-46, DEV-97 and DEV-102 to DEV-104 in group and constrained beam search, each by itself."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from genspec.backends.call import Call
from genspec.config.decision import Rejected
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.conform.deviations.counterfactual import Change, Situation
from genspec.conform.deviations.deviation import numbers
from genspec.conform.deviations.made import old_batch
from genspec.conform.deviations.made.first_cache import Behind, behind_the_first
from genspec.conform.deviations.made.marked import marked
from genspec.conform.deviations.made.moved_batch import Batch, batch_of
from genspec.conform.deviations.made.moved_search import Quirk
from genspec.conform.oracle.numbers import unfilled
from genspec_reference import GenerateOutput
from genspec_reference.request import Request

MOVED = (Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH)


@dataclass(frozen=True)
class InItsBatch:
    """The search of one prompt beside the others of its batch, with what a release does otherwise."""

    batch: tuple[Request, ...]              # of all prompts
    number: int                             # of this one
    behind: Behind                          # what a search reads that has ended
    sees_eos: bool
    quirks: frozenset[Quirk] = frozenset()
    ranks_nan: bool = False                 # whether some scores may be NaN

    def __call__(self, request: Request, *, rounding: int) -> GenerateOutput:
        """Decode a request."""
        batch = self.searches(request, rounding)
        batch.run()
        output = batch.output(self.number)
        return marked(output) if self.ranks_nan else output

    def searches(self, request: Request, rounding: int = 0) -> Batch:
        """Give the searches of all prompts."""
        requests = [*self.batch[:self.number], request, *self.batch[self.number + 1:]]
        return batch_of(requests, self.quirks, behind=self.behind, sees_eos=self.sees_eos, rounding=rounding)

    def acting(self, request: Request) -> set[Quirk]:
        """Name the quirks that do something in a batch that has all of them: for each prompt of it, or for another."""
        batch = replace(self, quirks=frozenset(Quirk)).searches(request)
        with suppress(Rejected):
            batch.run()
            for number in range(len(batch.prompts)):
                batch.output(number)
        found = {quirk for one in batch.searches for quirk in one.acted}
        return found | {Quirk.PLACEHOLDERS for one in batch.searches if one.placeholders}


def with_quirk(quirk: Quirk) -> Change:
    """Make the change that lets a search do one thing otherwise, where that does something."""
    def change(situation: Situation) -> Situation | None:
        if situation.request.plan.mode not in MOVED:
            return None
        search = moved_search(situation)
        if quirk not in search.acting(situation.request):
            return None
        made = replace(situation, search=replace(search, quirks=search.quirks | {quirk}))
        if quirk is Quirk.NUMBERS:
            return as_read(made)
        return untold(made) if quirk is Quirk.MIXED else made

    return change


def untold(situation: Situation) -> Situation:
    """Take the beam indices from the rows: none are told, and who reads the rows may have put those of others there."""
    answered = situation.answered
    if answered is None:
        return situation
    rows = tuple(replace(row, beam_indices=()) for row in answered.rows)
    return replace(situation, answered=replace(answered, rows=rows))


def as_read(situation: Situation) -> Situation:
    """Give the rows with the beam indices that are read, whoever reads them."""
    answered = situation.answered
    if answered is None:
        return situation
    rows = tuple(replace(row, beam_indices=unfilled(row.beam_indices, len(row.new_tokens))) for row in answered.rows)
    return replace(situation, answered=replace(answered, rows=rows))


def moved_search(situation: Situation) -> InItsBatch:
    """Give the search that changes have made so far, or the specified one."""
    if isinstance(situation.search, InItsBatch):
        return situation.search
    release = numbers(situation.info.version)
    behind = partial(behind_the_first, vocab_size=situation.call.model.vocab_size, positions=release >= (4, 42))
    return InItsBatch(old_batch.batch_of(situation), situation.number, behind, sees_eos=release >= (4, 39))


def forces_words(_: Call, plan: DecodingPlan) -> bool:
    """DEV-45, DEV-46."""
    return plan.mode is Mode.CONSTRAINED_BEAM_SEARCH
