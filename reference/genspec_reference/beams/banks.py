"""How hypotheses that advance their conditions are kept. Text: docs/spec/constrained_beam_search.md."""

from collections.abc import Sequence
from itertools import groupby

from genspec_reference.beams.candidates import Taken, continued, reason_of
from genspec_reference.beams.conditions import Condition, advancing, bank_of, progress_of
from genspec_reference.beams.hypotheses import Beams, Candidate, Hypothesis, best_first
from genspec_reference.beams.margins import least_gap, margin_of_selection
from genspec_reference.beams.selection import Select, going_on, joining
from genspec_reference.request import Request
from genspec_reference.scores import Scores


def select_towards(conditions: tuple[Condition, ...]) -> Select:
    """Make the choice of a step whose hypotheses have conditions to meet. CONSTRAINED-BEAM-SEARCH-4 to 7."""

    def choose(
        request: Request, beams: Beams, taken: Taken, candidates: tuple[Candidate, ...], totals: Scores
    ) -> tuple[Beams, float]:
        joined = joining(request, beams.size, candidates)
        met = [one for one in joined if progress_of(conditions, one.hypothesis.tokens[:-1]).complete]
        others = going_on(candidates, beams.size)
        nearer = advanced(request, conditions, beams.open, totals, others)
        kept, margin = by_bank((*others, *nearer), conditions) if nearer else (others, float("inf"))
        selected = Beams(beams.size, kept[:beams.size], best_first((*beams.finished, *met)))
        return selected, min(margin, margin_of_selection(request, beams.size, taken, candidates))

    return choose


def advanced(
    request: Request, conditions: tuple[Condition, ...], hypotheses: Sequence[Hypothesis], totals: Scores,
    others: Sequence[Hypothesis],
) -> tuple[Hypothesis, ...]:
    """Extend every open hypothesis by each id that advances its conditions. CONSTRAINED-BEAM-SEARCH-4.

    `totals`: float[n * V]; `others`: what goes on anyway.
    """
    seen, added = {one.tokens for one in others}, []
    vocab_size = totals.size // len(hypotheses)
    for beam, hypothesis in enumerate(hypotheses):
        for token in advancing(progress_of(conditions, hypothesis.tokens)):
            longer = continued(hypothesis, beam, token, float(totals[beam * vocab_size + token]))
            possible = longer.total > -float("inf") and reason_of(request, longer.tokens) is None
            if possible and longer.tokens not in seen:
                seen.add(longer.tokens)
                added.append(longer)
    return tuple(added)


def by_bank(
    hypotheses: Sequence[Hypothesis], conditions: tuple[Condition, ...]
) -> tuple[tuple[Hypothesis, ...], float]:
    """Order hypotheses: the best of every bank, highest bank first, then the second best, and so on.

    Returns them with the least gap inside a bank. CONSTRAINED-BEAM-SEARCH-5, CONSTRAINED-BEAM-SEARCH-6
    """
    numbered = [(bank_of(progress_of(conditions, one.tokens), conditions), one) for one in hypotheses]
    ranked = sorted(numbered, key=lambda pair: (-pair[0], -pair[1].total))
    banks = [[one for _, one in members] for _, members in groupby(ranked, key=lambda pair: pair[0])]
    rounds = range(max(len(bank) for bank in banks))
    ordered = tuple(bank[turn] for turn in rounds for bank in banks if turn < len(bank))
    return ordered, min(least_gap(one.total for one in bank) for bank in banks)
