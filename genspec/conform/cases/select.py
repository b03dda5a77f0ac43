"""Which cases are run: by level, clause and capabilities, spread over the clauses, boundaries first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import chain, islice

from genspec.backends.decoder import Info, Refusal
from genspec.conform.capabilities import Capabilities, inputs_of, lacking
from genspec.conform.cases.case import Case
from genspec.conform.cases.drawn import Drawn, drawn_cases
from genspec.conform.cases.placed import Placed, attentive, batches, placed, sourced
from genspec.conform.cases.published import Published, all_published, published
from genspec.conform.cases.weight import weight
from genspec.conform.laws.case import laws
from genspec.conform.oracle.tolerance import EPSILONS
from genspec.conform.question import LEVELS, Question
from genspec.conform.vectors import folder
from genspec.conform.vectors.runner import finite

DRAWN = 400
"""Calls that are drawn when nobody says how many."""
DRAWN_SHARE = 3
"""One case of so many is drawn when there are to be few."""
MOST_PASSED = 20
"""Calls that are drawn for one that has to do with the clauses asked for."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for."""

    profile: str
    levels: tuple[str, ...] = LEVELS
    clauses: tuple[str, ...] = ()       # beginnings of ids, as TOP-P or TOP-P-2; none: all
    max_cases: int | None = None
    seed: int = 0


class UnknownName(ValueError):
    """A level or a clause that there is not; the message suggests another one."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What there is to run, and what a decoder does not take part in."""

    cases: Iterator[Case]               # drawn as they are asked for
    expected: int                       # how many, at most
    left_out: tuple[tuple[Case, str], ...]      # with the reason


def selected(selection: Selection, info: Info, can: Capabilities) -> Selected:
    """Choose cases. Raises `UnknownName`."""
    check(selection)
    every: list[Case] = [*published(selection.profile), *placed(selection.profile)]
    every += batches(selection.profile) if "prompts" in (inputs_of(can) or ()) else ()
    for kind, calls in (("attention", attentive), ("encoder-decoder", sourced)):
        if kind in (can.kinds or ()):           # it is asked of those alone that name it
            every += calls(selection.profile, "prompts" in (inputs_of(can) or ()))
    every += laws(selection.profile, selection.seed) if "L4" in selection.levels else ()
    fitting = [case for case in every if wanted(case, selection)]
    reasons = [(case, why_not(case.question, info, can) or not_refused(case, can)) for case in fitting]
    asked = spread([case for case, reason in reasons if reason is None])
    left_out = tuple((case, reason) for case, reason in reasons if reason is not None)
    most = selection.max_cases
    draws = "L3" in selection.levels and (can.levels is None or "L3" in can.levels)
    share = 0 if not draws else DRAWN if most is None else max(most // DRAWN_SHARE, most - len(asked))
    first = asked if most is None else asked[:max(most - share, 0)]
    drawn = islice(calls_for(selection, can), share)
    return Selected(chain(first, drawn), len(first) + share, left_out)


def calls_for(selection: Selection, can: Capabilities) -> Iterator[Case]:
    """Draw cases that have to do with the clauses asked for; none when they hardly come about."""
    passed = 0
    for case in drawn_cases(selection.profile, can, selection.seed):
        if wanted(case, selection) and not_refused(case, can) is None:
            passed = 0
            yield case
        else:
            passed += 1
            if passed > MOST_PASSED * 10:
                return


def wanted(case: Case, selection: Selection) -> bool:
    """Tell whether a case is of the levels and has to do with the clauses."""
    return case.question.level in selection.levels and (
        not selection.clauses or any(begins(clause, part) for clause in case.clauses for part in selection.clauses)
    )


def begins(clause: str, part: str) -> bool:
    """Tell whether a clause belongs to what was asked for. A page, which has no number, does when it is of the clause.

    TOP-P-2 belongs to TOP-P and to TOP-P-2, and to nothing else.
    """
    return clause == part or clause.startswith(f"{part}-") or (not has_number(clause) and page_of(part) == clause)


def has_number(clause: str) -> bool:
    """Tell whether this is a clause, and not a page."""
    return clause.rpartition("-")[2].isdigit()


def page_of(clause: str) -> str:
    """Give the page that a clause stands on."""
    return clause.rpartition("-")[0] if has_number(clause) else clause


def why_not(question: Question, info: Info, can: Capabilities) -> str | None:
    """Say why a decoder does not take part in a question, or None. VECTORS-12."""
    return lacking(can, question) or inexact(question, info.dtype)


def not_refused(case: Case, can: Capabilities) -> str | None:
    """Say that a decoder does not claim to refuse what is to be refused."""
    return "refuses nothing" if not can.refuses and is_refused(case) else None


def is_refused(case: Case) -> bool:
    """Tell whether the specification refuses what a case asks: in the plan or, as SCORES-6, at a step."""
    if isinstance(case, Published):
        return bool(case.vector["expected"]["kind"] == "reject")
    return isinstance(case, Drawn) and not isinstance(case, Placed) and isinstance(case.expected, Refusal)


def inexact(question: Question, dtype: str) -> str | None:
    """Say that a number type does not hold the numbers of an input."""
    if dtype not in ("float16", "bfloat16"):
        return None
    given = question.input
    parts = [given.get(name, []) for name in ("scores", "logits", "noise")]
    parts += [given["model"].get("lines", [])] if "model" in given else []
    wide = "model" in given and given["model"]["kind"] != "lines" and given["model"]["vocab_size"] > 256
    if wide or any(rounded(x, dtype) != x for part in parts for x in finite(part)):
        return f"{dtype} does not hold the numbers of the input"
    return None


def rounded(value: float, dtype: str) -> float:
    """Round a number to a type with as many digits; the range of the type does not matter below its greatest number."""
    from math import frexp, ldexp

    part, exponent = frexp(value)
    digits = -int(frexp(EPSILONS[dtype])[1]) + 2
    return ldexp(round(ldexp(part, digits)), exponent - digits)


def spread(cases: Sequence[Case]) -> list[Case]:
    """Order cases so that every beginning shows as many clauses as it can: page by page, clause by clause.

    Of each clause the boundaries come first, and of them those that combine least. In each turn of the pages those
    come first that the others rest on, then what combines less than the rest, so that what is wrong everywhere is
    blamed on the page that says it.
    """
    pages: dict[str, dict[str, list[Case]]] = {}
    for case in sorted(cases, key=lambda case: (not case.boundary, weight_of(case), case.question.id)):
        clause = case.clauses[0] if case.clauses else ""
        pages.setdefault(page_of(clause), {}).setdefault(clause, []).append(case)
    ordered = sorted(pages.items(), key=place_of)
    return [case for turn in turns([list(chain.from_iterable(turns(list(clauses.values())))) for _, clauses in ordered])
            for case in sorted(turn, key=lambda case: (not is_first(case), weight_of(case)))]


def weight_of(case: Case) -> int:
    """Tell how much a case combines."""
    return weight(case.question.level, case.question.input)


def is_first(case: Case) -> bool:
    """Tell whether a case is of a page that the others rest on."""
    return bool(case.clauses) and page_of(case.clauses[0]) in FIRST


FIRST = ("GREEDY", "SAMPLE", "LENGTH", "STOPPING", "TOKENS")
LAST = ("OUTPUTS", "BEAM-SEARCH", "BEAMS", "BEAM-SAMPLE", "GROUP-BEAM-SEARCH", "DIVERSITY", "CONSTRAINED-BEAM-SEARCH",
        "CONTRASTIVE-SEARCH", "DOLA", "ASSISTED", "TOKEN-HEALING", "PIPELINE", "MODE", "PROFILES", "CONFIG", "CACHE",
        "PERFORMANCE", "VECTORS")
"""Pages that the others rest on, and pages that rest on the others, in order."""


def place_of(item: tuple[str, object]) -> tuple[int, str]:
    """Give the place of a page among all."""
    page = item[0]
    return (FIRST.index(page) - len(FIRST) if page in FIRST else 1 + LAST.index(page) if page in LAST else 0, page)


def turns(queues: Sequence[Sequence[Case]]) -> Iterator[list[Case]]:
    """Take one of each queue, again and again."""
    for turn in range(max(map(len, queues), default=0)):
        yield [queue[turn] for queue in queues if turn < len(queue)]


def check(selection: Selection) -> None:
    """Raise `UnknownName` for a level or a clause that there is not."""
    for level in selection.levels:
        if level not in LEVELS:
            raise UnknownName(f"no level is called {level!r:.60}: there are {', '.join(LEVELS)}")
    every: list[Case] = [*all_published(folder()), *laws("hf")]
    known = {clause for case in every for clause in case.clauses}
    pages = {page_of(clause) for clause in known}
    for part in selection.clauses:
        if not any(clause == part or clause.startswith(f"{part}-") for clause in known):
            near = get_close_matches(part.upper().replace("_", "-"), sorted(known | pages), n=1, cutoff=0.5)
            meant = f"did you mean {near[0]}?" if near else "docs/spec lists them"
            raise UnknownName(f"no case shows a clause {part!r:.60}: {meant}")


def known_ids() -> frozenset[str]:
    """Give the ids of all cases that have one for good: those that are not drawn."""
    lasting: list[Case] = [*all_published(folder()), *placed("hf"), *batches("hf"), *attentive("hf", True),
                           *sourced("hf", True), *laws("hf")]
    return frozenset(case.question.id for case in lasting)


def case_named(name: str, profile: str, can: Capabilities) -> Case:
    """Give the case of an id: a vector's, a drawn call's, or an input of L3 as JSON. Raises `UnknownName`."""
    import json

    from genspec.conform.cases import drawn

    if name.lstrip().startswith("{"):
        try:
            return drawn.of_json(json.loads(name), profile)
        except ValueError as error:
            raise UnknownName(f"--case: {error}") from None
    parts = name.split("/")
    if parts[0] == "drawn" and len(parts) == 3 and all(part.isdigit() for part in parts[1:]):
        seed, number = int(parts[1]), int(parts[2])
        calls = drawn.chunk(profile, can, seed, number // drawn.CHUNK)
        if number % drawn.CHUNK < len(calls):
            return drawn.Drawn(name, calls[number % drawn.CHUNK])
    every: list[Case] = [*all_published(folder()), *placed(profile), *batches(profile), *attentive(profile, True),
                         *sourced(profile, True), *laws(profile)]
    vectors = {case.question.id: case for case in every}
    if name in vectors:
        return vectors[name]
    near = get_close_matches(name, vectors, n=1)
    raise UnknownName(f"no case has the id {name!r:.100}{f': did you mean {near[0]}?' if near else ''}")
