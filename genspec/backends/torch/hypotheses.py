"""Hypotheses as back-pointers, and the pool of finished ones. Text: docs/spec/beam_search.md."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from genspec.backends.torch.decoded import Drawn
from genspec.backends.torch.request import Tokens
from genspec.backends.torch.stopping import Detokenize, Stops
from genspec.config.plan import BeamRules, DecodingPlan
from genspec.config.profile import Profile
from genspec_reference import FinishReason, Row

Stopped = Callable[[Sequence[Tokens]], list[bool]]
"""Tell which rows a rule of the caller's own ends."""


@dataclass(slots=True, eq=False)
class Hypothesis:
    """One token more than another hypothesis; the prompt alone, where there is no other."""

    parent: "Hypothesis | None" = None
    token: int = -1
    beam: int = 0                           # the number of the parent among the open ones. BEAM-SEARCH-11
    total: float = 0.0                      # BEAM-SEARCH-1
    new_tokens: int = 0
    text: str | None = None                 # of the whole row, once it has been asked for

    def newest_first(self) -> "Iterator[Hypothesis]":
        """Walk back to the first new token."""
        one: Hypothesis | None = self
        while one is not None and one.parent is not None:
            yield one
            one = one.parent


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished hypothesis."""

    hypothesis: Hypothesis
    score: float                            # BEAM-SEARCH-4
    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one prompt between two steps."""

    open: tuple[Hypothesis, ...]            # highest total first. BEAM-SEARCH-8
    pool: tuple[Finished, ...] = ()         # at most B, best first. BEAM-SEARCH-5


@dataclass(frozen=True, slots=True)
class Rules:
    """How the hypotheses of one prompt are kept, scored and finished."""

    prompt: Tokens
    beams: BeamRules
    profile: Profile
    stops: Stops
    detokenize: Detokenize | None
    stopped: Stopped | None                 # the caller's own rules
    copies: int                             # of the prompt, with which a search begins. BEAM-SEARCH-7, BEAM-SAMPLE-1

    @classmethod
    def of(
        cls, plan: DecodingPlan, prompt: Tokens, detokenize: Detokenize | None, stopped: Stopped | None = None
    ) -> "Rules":
        """Read them from the plan of a beam mode."""
        assert plan.beams is not None
        copies = plan.beams.num_beams if draws_from_copies(plan) else 1
        return cls(prompt, plan.beams, plan.profile, Stops.of(plan), detokenize, stopped, copies)


def draws_from_copies(plan: DecodingPlan) -> bool:
    """Tell whether a search begins with copies of the prompt and draws 2 candidates a beam. BEAM-SAMPLE-1."""
    return plan.draws and plan.profile.drawn_start == "copies"


def started(rules: Rules) -> Search:
    """Begin with the prompt; with no token to add it is finished already. BEAM-SEARCH-7."""
    prompt = Hypothesis()
    if rules.stops.max_new_tokens > 0:
        return Search((prompt,) * rules.copies)
    return Search((), (Finished(prompt, 0.0, FinishReason.LENGTH),))


def continued(rules: Rules, search: Search, candidates: Sequence[Drawn], elapsed: float) -> Search:
    """Take one step, the candidates given by rank. BEAM-SEARCH-3 to BEAM-SEARCH-10."""
    size = rules.beams.num_beams
    made = [extended(search.open[one.beam], one) for one in candidates]
    reasons = reasons_of(rules, made, elapsed)
    high = len(made) if rules.profile.finishing_rank == "any" else size                             # BEAM-SEARCH-3
    joining = [finished_as(rules, one, why) for one, why in zip(made[:high], reasons, strict=False) if why]
    others = [one for one, why in zip(made, reasons, strict=True) if not why]
    going = tuple(sorted(others, key=lambda one: -one.total)[:size])                                # BEAM-SEARCH-8
    after = Search(going, best(rules, (*search.pool, *joining)))
    if not is_hopeful(rules, after, made):
        return replace(after, open=())
    return closed(rules, after, elapsed)


def extended(hypothesis: Hypothesis, drawn: Drawn) -> Hypothesis:
    """Append one token."""
    return Hypothesis(hypothesis, drawn.token, drawn.beam, drawn.total, hypothesis.new_tokens + 1)


def reasons_of(rules: Rules, made: Sequence[Hypothesis], elapsed: float) -> list[FinishReason | None]:
    """Tell why candidates finish: by any rule, or by an EOS only. BEAM-SEARCH-3, BEAM-SEARCH-10."""
    if rules.profile.finishing_rules == "eos":
        return [FinishReason.EOS if one.token in rules.stops.eos else None for one in made]
    return ended(rules, made, elapsed)


def ended(rules: Rules, hypotheses: Sequence[Hypothesis], elapsed: float) -> list[FinishReason | None]:
    """Tell which hypotheses any rule ends, and why. STOPPING-1 to STOPPING-5, and the caller's own."""
    reasons = [
        rules.stops.reason(one.token, one.new_tokens, partial(texts_of, rules, one), elapsed) for one in hypotheses
    ]
    if rules.stopped is None:
        return reasons
    done = rules.stopped([tokens_of(rules, one) for one in hypotheses])
    return [why or (FinishReason.STOP_STRING if own else None) for why, own in zip(reasons, done, strict=True)]


def texts_of(rules: Rules, one: Hypothesis) -> tuple[str, str]:
    """Give the text of the row without its newest token, and with it. STOPPING-6."""
    assert one.parent is not None
    return text_of(rules, one.parent), text_of(rules, one)


def text_of(rules: Rules, one: Hypothesis) -> str:
    """Give the text of a whole row, decoded once."""
    if one.text is None:
        assert rules.detokenize is not None     # a call with stop strings has a detokenizer
        one.text = rules.detokenize(tokens_of(rules, one))
    return one.text


def tokens_of(rules: Rules, one: Hypothesis) -> Tokens:
    """Follow the back-pointers. Prompt and new tokens."""
    return (*rules.prompt, *reversed([step.token for step in one.newest_first()]))


def finished_as(rules: Rules, one: Hypothesis, reason: FinishReason) -> Finished:
    """Score a hypothesis that ends now. BEAM-SEARCH-4."""
    return Finished(one, normalised(rules, one.total, one.new_tokens, reason is FinishReason.EOS), reason)


def normalised(rules: Rules, total: float, new_tokens: int, ends_in_eos: bool) -> float:
    """Divide a total by its length to the power of `length_penalty`. BEAM-SEARCH-4."""
    counted = rules.profile.hypothesis_length
    length = float(new_tokens)
    length += len(rules.prompt) if counted.startswith("row") else 0
    length -= 1 if ends_in_eos and counted.endswith("without EOS") else 0
    length = max(1.0, length)
    if rules.profile.length_normalisation == "gnmt":
        length = (5 + length) / 6
    if total == 0:
        return 0.0                          # also where the divisor rounds to 0
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        return float(total / np.float64(length) ** rules.beams.length_penalty)


def best(rules: Rules, finished: Sequence[Finished]) -> tuple[Finished, ...]:
    """Keep the highest scores; of equal ones those that finished earlier. BEAM-SEARCH-5."""
    return tuple(sorted(finished, key=lambda one: -one.score)[:rules.beams.num_beams])


def is_hopeful(rules: Rules, search: Search, made: Sequence[Hypothesis]) -> bool:
    """Tell whether a search goes on for all that its pool holds. BEAM-SEARCH-6."""
    if len(search.pool) < rules.beams.num_beams:
        return True
    if rules.beams.early_stopping is True or not search.open:
        return False
    among = search.open if rules.profile.stop_bound == "open" else made
    return hope(rules, max(among, key=lambda one: one.total)) > search.pool[-1].score


def hope(rules: Rules, one: Hypothesis) -> float:
    """Score a hypothesis as if it ended in an EOS now, or at the greatest length. BEAM-SEARCH-6."""
    latest = rules.beams.early_stopping == "never" and rules.beams.length_penalty > 0
    return normalised(rules, one.total, rules.stops.max_new_tokens if latest else one.new_tokens, ends_in_eos=True)


def closed(rules: Rules, search: Search, elapsed: float) -> Search:
    """Finish all open hypotheses, when a rule ends every one of them. BEAM-SEARCH-10."""
    if not search.open or rules.profile.finishing_rules == "all":
        return search                       # what a rule ends is not open
    reasons = ended(rules, search.open, elapsed)
    ends = [finished_as(rules, one, why) for one, why in zip(search.open, reasons, strict=True) if why]
    return search if len(ends) < len(search.open) else Search((), best(rules, (*search.pool, *ends)))


def row_of(rules: Rules, finished: Finished) -> Row:
    """Write a finished hypothesis as a row. BEAM-SEARCH-11."""
    beams = tuple(reversed([step.beam for step in finished.hypothesis.newest_first()]))
    tokens = tokens_of(rules, finished.hypothesis)
    return Row(tokens, len(rules.prompt), finished.reason, finished.score, beams)
