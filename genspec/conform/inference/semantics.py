"""From the answers of a run to the semantics that fit them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from genspec.config.choice_points import Point, meaning, points, rearranged, written
from genspec.config.mode import Mode
from genspec.config.profile import Profile
from genspec.config.profiles import PROFILES, profile_named
from genspec.conform.cases.case import Case, Who
from genspec.conform.inference import finding
from genspec.conform.inference.evidence import Bench, Evidence, OutOfTime, is_evidence, planned, projected
from genspec.conform.inference.explain import explained
from genspec.conform.inference.finding import Explanation, Fit, PairFinding, PointFinding, Semantics
from genspec.conform.inference.moves import options, swaps
from genspec.conform.inference.search import fitted, score
from genspec.conform.question import Json

SECONDS = 10.0
"""For all of it."""
MOST_FAILURES = 60
"""Wrong answers that are looked at, of as many operations and modes as there are."""
WITNESSES = 2
"""Answers that conform and that an option has to be held to."""
TRIES = 12
"""Cases in which each of them is looked for."""
LEVELS = ("L0", "L1", "L3")


@dataclass(frozen=True, slots=True)
class Answered:
    """A case that was asked, and what is known of the answer."""

    case: Case
    reply: Json | None                  # of a wrong answer, whole
    tells: tuple[str, ...]              # of one that conforms: its members


def inferred(
    answered: Sequence[Answered], who: Who, declared: str, seconds: float = SECONDS
) -> tuple[Semantics, dict[str, tuple[Explanation, ...]]]:
    """Find the semantics that fit the answers, and what explains each wrong one, by the id of its case."""
    profile = profile_named(declared)
    bench = Bench(who, profile, time.monotonic() + seconds, modes_with_rows(answered))
    wrong = wrong_answers(answered, profile)
    explanations: dict[str, tuple[Explanation, ...]] = {}
    evidence, found, complete = list(wrong), profile, True
    try:
        for one in wrong:
            explanations[one.case.question.id] = explained(bench, one)
        evidence += witnesses(answered, bench)
        found = fitted(bench, evidence)
    except OutOfTime:
        complete = False
    bench.deadline = float("inf") if complete else bench.deadline + seconds / 4
    return told(bench, evidence, found, complete), explanations


def modes_with_rows(answered: Iterable[Answered]) -> frozenset[Mode]:
    """Name the modes in which the decoder answers a call with rows: what fails there does not fail for the mode."""
    given = [one.case.question.input for one in answered
             if one.case.question.level == "L3" and "sequences" in (one.tells if one.reply is None else one.reply)]
    return frozenset(plan.mode for plan in map(planned, given) if plan is not None)


def wrong_answers(answered: Sequence[Answered], profile: Profile) -> list[Evidence]:
    """Make evidence of wrong answers: the cheap levels first, and each operation in turn."""
    wrong = (Evidence(one.case, profile, one.reply) for one in in_turn(
        [one for one in answered if one.reply is not None and is_evidence(one.case)]))
    return list(islice((one for one in wrong if one.points), MOST_FAILURES))


def in_turn(answered: Sequence[Answered]) -> list[Answered]:
    """Order answers so that each page of each level comes before any of them comes again."""
    counts: Counter[tuple[str, str]] = Counter()
    ranks: list[tuple[int, int, Answered]] = []
    for one in answered:
        question = one.case.question
        key = question.level, question.id.split("/")[0]
        counts[key] += 1
        ranks.append((counts[key], LEVELS.index(question.level) if question.level in LEVELS else 9, one))
    return [one for _, _, one in sorted(ranks, key=lambda rank: rank[:2])]


def witnesses(answered: Iterable[Answered], bench: Bench) -> list[Evidence]:
    """Find answers that conform and would be wrong under another option, or with two operations in another order.

    Raises `OutOfTime`.
    """
    found: list[Evidence] = []
    counts, tries = Counter[object](), Counter[object]()
    for one in likely_first(answered):
        evidence = Evidence(one.case, bench.declared, None, one.tells)
        sought = {key: changed for key, changed in alternatives(bench, evidence).items() if wanted(key, counts, tries)}
        shows = [key for key, changed in sought.items() if not bench.agrees(evidence, changed)]
        counts.update(shows)
        tries.update(list(sought))
        if shows:
            found.append(evidence)
    return found


def wanted(key: object, counts: Counter[object], tries: Counter[object]) -> bool:
    """Tell whether a witness of something is still looked for."""
    return counts[key] < WITNESSES and tries[key] < TRIES


def likely_first(answered: Iterable[Answered]) -> list[Answered]:
    """Give answers that conform, the cheap levels first, and first those that were placed for a choice."""
    right = [one for one in answered if one.reply is None and is_evidence(one.case)
             and one.case.question.level in LEVELS]
    return sorted(right, key=lambda one: (LEVELS.index(one.case.question.level), not one.case.boundary))


def alternatives(bench: Bench, evidence: Evidence) -> dict[object, Profile]:
    """Give the other options, and the other order of each two operations, that a case may show."""
    seen: dict[object, Profile] = {}
    for name, changed in options(bench.declared, evidence.points):
        if projected(evidence, name, changed) != projected(evidence, name, bench.declared):
            seen[name, getattr(changed, name)] = changed
    if evidence.case.question.level == "L1":
        seen |= {(first, then): changed for first, then, changed in swaps(bench.declared, evidence)}
    return seen


def told(bench: Bench, evidence: Sequence[Evidence], found: Profile, complete: bool) -> Semantics:
    """Say of each choice point what the answers show."""
    try:
        right = [one for one in evidence if bench.agrees(one, found)]
        order = pairs(bench, right, found)
        judged = tuple(of_point(bench, point, evidence, right, found) for point in points())
        fits = tuple(sorted((Fit(name, len(evidence) - score(bench, one, evidence)) for name, one in by_name(bench)),
                            key=lambda fit: fit.violations))
    except OutOfTime:
        order, judged, fits, complete = (), (), (Fit(bench.declared.name, len(evidence)),), False
    wrong = [one for one in evidence if one.failed]
    left = sum(one not in right for one in wrong) if complete else len(wrong)
    return Semantics(bench.declared.name, judged, order, fits, len(evidence), len(wrong), left, complete)


def by_name(bench: Bench) -> list[tuple[str, Profile]]:
    """Give the named profiles, the declared one first: it is the best of those that fit as well."""
    return sorted(PROFILES.items(), key=lambda item: item[0] != bench.declared.name)


def of_point(
    bench: Bench, point: Point, evidence: Sequence[Evidence], right: Sequence[Evidence], found: Profile
) -> PointFinding:
    """Say of one choice point which option fits, and how many answers tell it from another one."""
    option, declared = getattr(found, point.name), getattr(bench.declared, point.name)
    acting = [one for one in right if point.name in one.points]
    shown = {changed: [one for one in acting if not bench.agrees(one, changed)]
             for _, changed in options(found, [point.name])}
    possible = tuple(written(getattr(changed, point.name)) for changed, cases in shown.items() if not cases)
    cases = list({id(one): one for found_ in shown.values() for one in found_}.values())
    if option != declared:
        status = finding.INFERRED
        back = replace(found, **{point.name: declared})
        cases = [one for one in acting if not bench.agrees(one, back)]
    else:
        status = finding.CONFIRMED if cases and not possible else finding.NOT_SHOWN
    reason = "" if status != finding.NOT_SHOWN else why(point, evidence, cases)
    meant, examples = in_words(bench, acting, point.name, option), tuple(one.case.question.id for one in cases[:3])
    return PointFinding(point.name, point.clause, status, written(declared), written(option), meant, len(cases),
                        examples, possible, reason)


def in_words(bench: Bench, acting: Sequence[Evidence], name: str, option: object) -> str:
    """Say what an option means: of an order, what is another one for the operations that were seen."""
    declared = bench.declared.order
    if name not in finding.ORDERS or not isinstance(option, tuple) or option == declared:
        return meaning(name, option)
    seen = {operation for one in acting for operation in one.operations}
    return rearranged(tuple(one for one in declared if one in seen), tuple(one for one in option if one in seen))


def why(point: Point, evidence: Sequence[Evidence], cases: Sequence[Evidence]) -> str:
    """Say why a choice point is not shown."""
    if cases:
        return "no answer tells it from every other option"
    if any(point.name in one.points for one in evidence):
        return "no answer tells its options apart"
    return "no case that was answered has to do with it and tells its options apart"


def pairs(bench: Bench, right: Sequence[Evidence], found: Profile) -> tuple[PairFinding, ...]:
    """Give the pairs of operations whose order the answers show."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in right:
        for first, then, changed in swaps(found, one):
            counts[first, then] += not bench.agrees(one, changed)
    order: Callable[[str], int] = bench.declared.order.index
    known = set(bench.declared.order)
    return tuple(
        PairFinding(first, then, count, not {first, then} <= known or order(first) > order(then))
        for (first, then), count in sorted(counts.items()) if count
    )
