"""Which rule is broken, where a call and the wrong rows tell: in a search the one whose change alone gives them."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from genspec.backends.call import Call
from genspec.backends.decoder import Refusal
from genspec.config.choice_points import others, point_named
from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import Mode
from genspec.conform.oracle.blame import clauses_against, clauses_of_mode
from genspec.conform.oracle.requests import requests_of, with_operations
from genspec.conform.verdict import Kind, Verdict
from genspec_reference import GenerateOutput
from genspec_reference.beams.candidates import by_race, by_total
from genspec_reference.beams.hypotheses import Finished, rules_of
from genspec_reference.beams.search import started, turned
from genspec_reference.decode import run
from genspec_reference.healing import healed
from genspec_reference.request import Request

GREATEST = ("LENGTH-1", "LENGTH-2", "LENGTH-4", "LENGTH-5")
"""The clauses that set a greatest length."""
Sequences = tuple[tuple[int, ...], ...]
POINTS = ("beam_input", "beam_candidates", "finishing_rank", "finishing_rules", "hypothesis_length",
          "length_normalisation", "stop_bound")
DRAWING = ("drawn_order", "drawn_start")
"""The choice points of a search, and those of one that draws."""


def with_rule(call: Call, answer: object, said: Verdict) -> Verdict:
    """Name the broken rule more exactly, where the call and the rows tell which one it is.

    Of rows that came where no token is left it is what bans theirs; of a row that does not end at its greatest length
    what sets that length, too. Of a search see `explaining`; where it draws from one generator it is left as it is.
    """
    if said.kind is not Kind.VIOLATES or not isinstance(answer, tuple):
        return said
    if isinstance(said.expected, Refusal):
        return replace(said, clauses=tuple(dict.fromkeys((*clauses_of_rows(call, answer), *said.clauses))))
    if said.prompt is None:
        return said
    if said.clauses == ("STOPPING-2",):
        return replace(said, clauses=(*said.clauses, clause_of_length(call, said.prompt)))
    request = requests_of(call)[said.prompt]
    searches = request.plan.mode in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE) and call.seed is None
    if not searches or said.clauses[:1] not in (clauses_of_mode(request.plan), ("BEAM-SEARCH-6",)):
        return said
    found = explaining(request, answer[said.prompt])
    return replace(said, clauses=tuple(dict.fromkeys((*found, *said.clauses[1:])))) if found else said


def clauses_of_rows(call: Call, answer: Iterable[GenerateOutput]) -> tuple[str, ...]:
    """Give the clause that the first wrong row violates; none where the call itself is refused."""
    with suppress(Rejected):
        pairs = zip(requests_of(call), answer, strict=False)
        said = (clauses_against(request, row) for request, output in pairs for row in output.rows)
        return next((clauses for clauses in said if clauses), ())
    return ()


def clause_of_length(call: Call, number: int) -> str:
    """Give the clause by which the greatest length of a prompt's rows was decided. LENGTH-1 to LENGTH-5."""
    config = GenerationConfig.from_dict(dict(call.config))
    decisions = call.resolution(config, call.prompts[number]).decisions
    return next(one.clause for one in decisions if one.clause in GREATEST)


def explaining(request: Request, output: GenerateOutput) -> tuple[str, ...]:
    """Give the clauses of the rules of a search of which the change of one alone gives the rows that came.

    It is the operation without which, the option of a choice point with which, or the step after which the search
    gives them; all of them where several do.
    """
    return tuple(dict.fromkeys(clause for clause, rows in one_rule_changed(request) if rows == output.sequences))


def one_rule_changed(request: Request) -> Iterator[tuple[str, Sequences]]:
    """Give the rows of searches that differ in one rule, with its clause: what needs no other rule in its place first.

    A search that is refused once the rule is changed has none.
    """
    for clause, changed in without_an_operation(request):
        with suppress(Rejected):
            yield clause, run(changed).sequences
    with suppress(Rejected):
        yield from (("BEAM-SEARCH-6", rows) for rows in after_each_step(healed(request)))
    for clause, changed in with_another_option(request):
        with suppress(Rejected):
            yield clause, run(changed).sequences


def without_an_operation(request: Request) -> Iterator[tuple[str, Request]]:
    """Leave out one operation of the plan."""
    operations = request.plan.operations
    for place, one in enumerate(operations):
        yield one.clause, with_operations(request, (*operations[:place], *operations[place + 1:]))


def with_another_option(request: Request) -> Iterator[tuple[str, Request]]:
    """Take another option of a choice point, or no length penalty, or that of a plan in which none is set."""
    plan, beams = request.plan, rules_of(request)
    for point in map(point_named, (*POINTS, *(DRAWING if plan.draws else ()))):
        for option in others(point, plan.profile):
            profile = replace(plan.profile, **{point.name: option})
            yield point.clause, replace(request, plan=replace(plan, profile=profile))
    for penalty in (0.0, 1.0):
        yield "BEAM-SEARCH-4", replace(request, plan=replace(plan, beams=replace(beams, length_penalty=penalty)))


def after_each_step(request: Request) -> Iterator[Sequences]:
    """Give the rows that a search would return if it ended after each of its steps, later ones too. BEAM-SEARCH-6."""
    plan, beams = request.plan, started(request, rules_of(request).num_beams)
    for _ in range(plan.length.max_new_tokens if plan.profile.finishing_rules == "all" else 0):
        turn = turned(request, beams, by_race if plan.draws else by_total)
        beams = turn.selection.after
        if turn.selection.lead <= 0:
            beams = replace(beams, open=turn.chosen)
        yield sequences_of(beams.finished[:plan.outputs.num_return_sequences])
        if not beams.open:
            return


def sequences_of(finished: tuple[Finished, ...]) -> Sequences:
    """Give the tokens of finished hypotheses."""
    return tuple(one.hypothesis.tokens for one in finished)
