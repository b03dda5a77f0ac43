"""When a search ends because no open hypothesis promises enough. Text: docs/spec/beam_search.md."""

from collections.abc import Sequence

import numpy as np

from genspec_reference.beams.hypotheses import Beams, Candidate, Hypothesis, normalised, rules_of
from genspec_reference.request import Request


def lead_of_hope(request: Request, beams: Beams, candidates: Sequence[Candidate]) -> float:
    """Tell by how much the best hope beats the worst hypothesis of a full pool. BEAM-SEARCH-6.

    Infinite while the pool is not full; at or below 0 the search ends.
    """
    if len(beams.finished) < beams.size:
        return np.inf
    if rules_of(request).early_stopping is True or not beams.open:
        return -np.inf
    return hope_of(request, hopeful(request, beams, candidates)) - beams.finished[beams.size - 1].score


def hopeful(request: Request, beams: Beams, candidates: Sequence[Candidate]) -> Hypothesis:
    """Give the hypothesis with the highest total, of the open ones or of the step's candidates. BEAM-SEARCH-6."""
    among = beams.open if request.plan.profile.stop_bound == "open" else [one.hypothesis for one in candidates]
    return max(among, key=lambda one: one.total)


def hope_of(request: Request, hypothesis: Hypothesis) -> float:
    """Score a hypothesis as if it ended in an EOS now, or at the greatest length. BEAM-SEARCH-6."""
    rules = rules_of(request)
    new_tokens = len(hypothesis.tokens) - len(request.prompt)
    if rules.early_stopping == "never" and rules.length_penalty > 0:
        new_tokens = request.plan.length.max_new_tokens
    return normalised(request, hypothesis.total, new_tokens, ends_in_eos=True)


def margin_of_stop(request: Request, beams: Beams, candidates: Sequence[Candidate], lead: float) -> float:
    """Give the distance of the stop rule from equality. BEAM-SEARCH-13.

    A candidate that bounds the search and is itself the worst of the pool is equal to itself: nothing is near.
    """
    if lead == 0 and hopeful(request, beams, candidates) is beams.finished[beams.size - 1].hypothesis:
        return np.inf
    return abs(lead)
