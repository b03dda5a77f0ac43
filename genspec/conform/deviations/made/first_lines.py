"""DEV-85: `encoder_repetition_penalty` on the first lines of a batch alone, as many as there are prompts."""

from dataclasses import dataclass, replace
from typing import Any

from genspec.backends.call import Tokens
from genspec.config.mode import Mode
from genspec.config.plan import Operation
from genspec.conform.deviations.counterfactual import Situation
from genspec.conform.deviations.made.placeholders import in_its_batch
from genspec.conform.oracle.requests import with_operations
from genspec_reference.context import Context
from genspec_reference.operations.encoder_repetition_penalty import encoder_repetition_penalty
from genspec_reference.scores import Scores

SEARCHES = (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH)


def first_lines_alone(situation: Situation) -> Situation | None:
    """Penalise a hypothesis, or a row, by the source of its line in the batch, where there is one."""
    request = situation.request
    given = request.plan.operation("encoder_repetition_penalty")
    lines = lines_of(situation)
    if given is None or lines < 2:
        return None
    searches = request.plan.mode in SEARCHES
    copies = searches and request.plan.draws and request.plan.profile.drawn_start == "copies"
    penalty: Any = given.arguments["penalty"]
    places = Places(situation.number * lines, lines, sources_of(situation), float(penalty), searches, copies)
    penalised = Operation("processor", {"function": places.penalise}, given.clause)
    operations = tuple(penalised if one is given else one for one in request.plan.operations)
    search = situation.search or in_its_batch(situation) if searches else situation.search
    return replace(situation, request=with_operations(request, operations), search=search)


def lines_of(situation: Situation) -> int:
    """Count the lines of each prompt."""
    plan = situation.request.plan
    if plan.mode in SEARCHES and plan.beams is not None:
        return plan.beams.num_beams // plan.beams.num_beam_groups       # each group has a batch of its own
    return plan.outputs.num_return_sequences if plan.mode is Mode.SAMPLE else 1


def sources_of(situation: Situation) -> tuple[Tokens, ...]:
    """Give the sources, or the prompts, as they stand in the batch."""
    from genspec.backends.transformers.arguments import fill_of

    call, fill = situation.call, (fill_of(situation.call),)
    given = call.prompts if call.sources is None else call.sources
    width = max(map(len, given))
    padding = [fill * (width - len(one)) for one in given]
    if call.sources is None:
        return tuple(pad + one for pad, one in zip(padding, given, strict=True))
    return tuple(one + pad for pad, one in zip(padding, given, strict=True))


@dataclass(slots=True)
class Places:
    """Which line of the batch is asked for. The reference asks in the order of the lines, at every step or row."""

    first: int                              # the first line of the prompt
    lines: int                              # of the prompt
    sources: tuple[Tokens, ...]
    penalty: float
    searches: bool                          # all lines go on together; else one row comes after the other
    copies: bool                            # all lines are there at the first step
    step: int = -1
    place: int = -1

    def penalise(self, scores: Scores, context: Context) -> Scores:
        """Penalise the next line. float[V] -> float[V]."""
        step = len(context.tokens) - context.prompt_length
        if self.searches:
            again = step != self.step or (step == 0 and not self.copies)
            self.place = 0 if again else (self.place + 1) % self.lines
        elif step == 0:
            self.place = (self.place + 1) % self.lines
        self.step = step
        line = self.first + self.place
        if line >= len(self.sources):
            return scores
        return encoder_repetition_penalty(scores, self.penalty, self.sources[line])
