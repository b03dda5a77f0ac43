"""Constrained beam search: rows that hold given words. Text: docs/spec/constrained_beam_search.md."""

from collections.abc import Sequence

from genspec.config.decision import Reason, Rejected
from genspec_reference.beams.banks import select_towards
from genspec_reference.beams.candidates import by_total
from genspec_reference.beams.conditions import Condition, conditions_of, progress_of
from genspec_reference.beams.hypotheses import Finished, rules_of
from genspec_reference.beams.moved import with_moved_rules
from genspec_reference.beams.search import output_of, search
from genspec_reference.output import GenerateOutput
from genspec_reference.request import Request


def constrained_beam_search(request: Request) -> GenerateOutput:
    """Search for rows that meet the conditions of `force_words_ids`. CONSTRAINED-BEAM-SEARCH-1 to 9.

    Raises `Rejected` for conditions that are objects of a program. CONSTRAINED-BEAM-SEARCH-9
    Source: Post and Vilar, NAACL 2018; Hu et al., NAACL 2019.
    """
    require_no_objects(request)
    request = with_moved_rules(request)
    conditions = conditions_of(rules_of(request).force_words_ids)
    finished, steps = search(request, by_total, select_towards(conditions))
    return output_of(request, met_first(conditions, finished), steps)


def met_first(conditions: tuple[Condition, ...], finished: Sequence[Finished]) -> tuple[Finished, ...]:
    """Put hypotheses that meet every condition before those that do not. CONSTRAINED-BEAM-SEARCH-8."""
    return tuple(sorted(finished, key=lambda one: not progress_of(conditions, one.hypothesis.tokens).complete))


def require_no_objects(request: Request) -> None:
    """Refuse conditions that only a program can hold. CONSTRAINED-BEAM-SEARCH-9."""
    constraints = rules_of(request).constraints
    if constraints:
        raise Rejected((Reason(
            "constraints", constraints, "CONSTRAINED-BEAM-SEARCH-9",
            "its conditions are objects of a program, which the specification does not describe.",
            "Write them as lists of token ids in force_words_ids.",
        ),))
