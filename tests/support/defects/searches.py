"""Searches with beams that go wrong in one place."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from support.defects import steps as s
from support.defects.defect import Defect

R = "genspec_reference"
PAGES = ("BEAM-SEARCH", "BEAMS", "BEAM-SAMPLE", "GROUP-BEAM-SEARCH", "CONSTRAINED-BEAM-SEARCH", "OUTPUTS", "DIVERSITY")


def patched(what: str, place: str, name: str, wrong: Callable[[Any], Any], *pages: str) -> Defect:
    return Defect(what, pages or PAGES, {(f"{R}.{place}", name): wrong})


BEAM = (
    patched("beams: as many candidates as beams", "beams.candidates", "candidate_count", s.count(lambda n: n // 2)),
    patched("beams: one candidate fewer", "beams.candidates", "candidate_count", s.count(lambda n: n - 1)),
    patched(
        "beams: two candidates a beam, several EOS or not",
        "beams.candidates",
        "candidate_count",
        lambda right: lambda request, size: 2 * size,
    ),
    patched("beams: the sum of scores is lost", "beams.search", "totals_of", s.totals(s.bare)),
    patched("beams: ranked by the mean", "beams.search", "totals_of", s.totals(s.averaged)),
    patched(
        "beams: scores are normalised after the operations", "beams.search", "totals_of", s.totals(s.again_normalised)
    ),
    patched("beams: the prompt begins in every beam", "beams.search", "started", s.open_copies),
    patched("beams: candidates of every hypothesis", "modes.beam_search", "by_total", s.of_one_parent),
    patched("beams: parents are one more", "beams.candidates", "continued", s.indices(lambda beam, step: beam + 1)),
    patched("beams: parents are the first", "beams.candidates", "continued", s.indices(lambda beam, step: 0)),
    patched("beams: the cache is not reordered", "beams.search", "score_open", s.stale_beams),
    patched(
        "beams: operations read the first row",
        "beams.search",
        "score_open",
        s.stale_context,
        *PAGES,
        *("NO-REPEAT-NGRAM", "REPETITION-PENALTY", "BAD-WORDS", "SEQUENCE-BIAS", "PREFIX-ALLOWED-TOKENS"),
    ),
    patched("beams: an EOS goes on", "beams.search", "turned", s.selecting(s.eos_goes_on)),
    patched("beams: a full pool takes nothing", "beams.search", "turned", s.selecting(s.pool_first_come)),
    patched("beams: the newest replaces the worst", "beams.search", "turned", s.selecting(s.pool_newest)),
    patched("beams: a beam is lost with each EOS", "beams.search", "turned", s.selecting(s.fewer_open)),
    patched("beams: the worst candidates go on", "beams.search", "turned", s.selecting(s.worst_open)),
    patched("beams: the first EOS ends the search", "beams.search", "lead_of_hope", s.hope(s.at_once)),
    patched("beams: the search goes on to the end", "beams.search", "lead_of_hope", s.hope(s.never_ends)),
    patched("beams: the stop rule looks at the best", "beams.search", "lead_of_hope", s.hope(s.of_best)),
    patched("beams: a pool is full with one fewer", "beams.search", "lead_of_hope", s.hope(s.pool_of_one)),
    patched(
        "beams: s.hope is of the next length",
        "beams.stop",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, n + 1, ends)),
    ),
    patched(
        "beams: s.hope is the total",
        "beams.stop",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: total),
    ),
    patched(
        "beams: s.hope is of the length with the prompt",
        "beams.stop",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, n + len(request.prompt), ends)),
    ),
    patched(
        "beams: scores without length",
        "beams.hypotheses",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: total),
    ),
    patched(
        "beams: length with one more",
        "beams.hypotheses",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, n + 1, ends)),
    ),
    patched(
        "beams: length with one less",
        "beams.hypotheses",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, max(1, n - 1), ends)),
    ),
    patched(
        "beams: length with the prompt",
        "beams.hypotheses",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, n + len(request.prompt), ends)),
    ),
    patched(
        "beams: length without an EOS",
        "beams.hypotheses",
        "normalised",
        s.normalising(lambda right, request, total, n, ends: right(request, total, max(1, n - ends), ends)),
    ),
    patched(
        "beams: length times the penalty",
        "beams.hypotheses",
        "normalised",
        s.normalising(
            lambda right, request, total, n, ends: (
                total / max(1e-9, n * s.penalty_of(request)) if s.penalty_of(request) > 0 else total
            )
        ),
    ),
    patched("beams: a penalty of 1", "beams.hypotheses", "normalised", s.with_penalty(lambda penalty: 1.0)),
    patched(
        "beams: the penalty's other sign", "beams.hypotheses", "normalised", s.with_penalty(lambda penalty: -penalty)
    ),
    patched("beams: what ends by its length is lost", "beams.search", "turned", s.selecting(s.eos_alone)),
    patched("beams: open hypotheses join always", "beams.search", "ended", s.closing_always),
    patched("beams: rows by their s.totals", "modes.beam_search", "output_of", s.returned(s.by_total_score)),
    patched("beams: rows worst first", "modes.beam_search", "output_of", s.returned(lambda f: f[::-1])),
    patched("beams: the shortest row first", "modes.beam_search", "output_of", s.returned(s.shortest_first)),
    patched(
        "beams: the second row instead of the first",
        "modes.beam_search",
        "output_of",
        s.returned(lambda f: (*f[1:2], *f[:1], *f[2:])),
    ),
    patched(
        "beams: rows in the order in which they ended",
        "modes.beam_search",
        "output_of",
        s.returned(lambda f: tuple(sorted(f, key=lambda one: len(one.hypothesis.tokens)))),
    ),
    patched(
        "beams: an EOS counts at any rank",
        "beams.selection",
        "joining",
        lambda right: lambda request, size, candidates: right(request, len(candidates), candidates),
    ),
    patched(
        "beams: an EOS counts at the first rank alone",
        "beams.selection",
        "joining",
        lambda right: lambda request, size, candidates: right(request, 1, candidates),
    ),
    patched(
        "beams: one fewer goes on",
        "beams.selection",
        "going_on",
        lambda right: lambda candidates, size: right(candidates, max(1, size - 1)),
    ),
    patched(
        "groups: a group avoids nothing",
        "modes.group_beam_search",
        "penalised",
        lambda right: lambda request, taken: right(request, ()),
    ),
    patched(
        "groups: each group alone",
        "modes.group_beam_search",
        "penalised",
        lambda right: lambda request, taken: right(request, taken[:1]),
    ),
    patched(
        "groups: a group avoids the newest group alone",
        "modes.group_beam_search",
        "penalised",
        lambda right: (
            lambda request, taken: right(
                request, taken[-(request.plan.beams.num_beams // request.plan.beams.num_beam_groups) :]
            )
        ),
    ),
    patched(
        "groups: as many beams as all groups have",
        "modes.group_beam_search",
        "started",
        lambda right: lambda request, size: right(request, size + 1),
    ),
    patched(
        "groups: rows of the first group first",
        "modes.group_beam_search",
        "best_first",
        lambda right: lambda finished: finished,
    ),
    patched(
        "groups: numbers begin in each group",
        "modes.group_beam_search",
        "turned",
        lambda right: lambda *given, first_beam=0: right(*given, first_beam=0),
    ),
    patched(
        "constraints: forgotten",
        "modes.constrained_beam_search",
        "select_towards",
        lambda right: lambda conditions: right(conditions[:1]),
    ),
    patched(
        "constraints: one alternative alone",
        "modes.constrained_beam_search",
        "conditions_of",
        lambda right: lambda words: tuple(one[:1] for one in right(words)),
    ),
    patched(
        "constraints: rows that meet none come first",
        "modes.constrained_beam_search",
        "met_first",
        lambda right: lambda conditions, finished: tuple(finished),
    ),
    patched("constraints: nothing is advanced", "beams.banks", "advanced", lambda right: lambda *given: ()),
    patched(
        "constraints: banks from the lowest", "beams.banks", "bank_of", lambda right: lambda *given: -right(*given)
    ),
    patched("constraints: all banks are one", "beams.banks", "bank_of", lambda right: lambda *given: 0),
    patched(
        "constraints: an EOS counts before they are met",
        "beams.banks",
        "progress_of",
        lambda right: lambda conditions, tokens: replace(right(conditions, tokens), begun=None, waiting=()),
    ),
)

OLDER = ("groups:", "constraints:")
"""Defects of modes that transformers has moved out: decoders that have them declare an older profile."""
DEFECTS = tuple(replace(one, profile="hf-4.50") if one.name.startswith(OLDER) else one for one in BEAM)
