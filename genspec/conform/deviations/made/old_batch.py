"""DEV-97: a batch of searches before 4.50, which stop strings end all together."""

from dataclasses import dataclass, replace

from genspec.conform.deviations.counterfactual import Situation, with_its_operations
from genspec.conform.deviations.made.old_search import OldSearch
from genspec.conform.deviations.made.padding import padding_counts
from genspec.conform.deviations.made.search import Hypothesis
from genspec.conform.oracle.requests import requests_of
from genspec_reference import GenerateOutput
from genspec_reference.request import Request
from genspec_reference.stopping import finish_reason


@dataclass
class InBatch(OldSearch):
    """The search of one prompt that stops when every place of every prompt ends."""

    batch: tuple[Request, ...] = ()         # of all prompts
    number: int = 0                         # of this one

    def run(self) -> GenerateOutput:
        """Search step by step beside the others."""
        others = [OldSearch(request) for request in self.batch]
        searches = [*others[:self.number], self, *others[self.number + 1:]]
        for one in searches:
            one.begin()
        while not stopped(searches):
            filling = searches[0].running[0]
            for one in searches:
                if one.done:
                    one.running = [filled(one, filling)] * len(one.running)
                else:
                    one.step()
        return self.output()


def batch_of(situation: Situation) -> tuple[Request, ...]:
    """Give the requests of all prompts as they are in their batch: with padding. DEV-29."""
    requests = enumerate(map(with_its_operations, requests_of(situation.call)))
    ones = [replace(situation, number=number, request=one, answered=None) for number, one in requests]
    return tuple((padding_counts(one) or one).request for one in ones)


def stopped(searches: list[OldSearch]) -> bool:
    """Tell whether all searches are done, or no place of any goes on."""
    return all(one.done for one in searches) or all(
        finish_reason(one.request, place.tokens) is not None for one in searches for place in one.running
    )


def filled(search: OldSearch, first: Hypothesis) -> Hypothesis:
    """Give what stands at the places of a search that is done: the first place of the batch, and a pad."""
    tokens, eos = search.request.plan.tokens, search.request.plan.stopping.eos_token_ids
    return replace(first, tokens=(*first.tokens, eos[0] if tokens.pad is None else tokens.pad))
