"""The questions of a selection, as lines of the protocol. What is expected stays here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from genspec.conform.cases.case import Case
from genspec.conform.cases.placed import placed
from genspec.conform.cases.published import published
from genspec.conform.cases.select import Selection, UnknownName, check, wanted
from genspec.conform.protocol.messages import line_of, run_message, start_message, stop_message
from genspec.conform.question import LEVELS


def cases_of(selection: Selection, name: str | None = None) -> tuple[Case, ...]:
    """Give the published and placed cases of a selection, or the one of a name. Raises `UnknownName`."""
    check(selection)
    every: list[Case] = [*published(selection.profile), *placed(selection.profile)]
    named = [case for case in every if name in (None, case.question.id)]
    if name is not None and not named:
        raise UnknownName(f"no case of the profile {selection.profile} has the id {name!r:.100}")
    return tuple(case for case in named if wanted(case, selection))


def why_nothing(selection: Selection, name: str | None = None) -> str:
    """Say what a selection without cases asks for, and what to do. Raises `UnknownName`."""
    asked = " and ".join([*([f"--case {name}"] if name else []), *(f"--select {part}" for part in selection.clauses)])
    levels = {case.question.level for case in cases_of(replace(selection, levels=LEVELS), name)}
    if levels:
        of = f"{asked or f'the profile {selection.profile}'} has questions at {', '.join(sorted(levels))}"
        return f"no question is of {' or '.join(selection.levels)}: {of}: give these levels, or no --level"
    if name is not None:
        return f"the question {name} is of none of the clauses: leave out --select"
    return (f"no question of the profile {selection.profile} is of {' or '.join(selection.clauses)}: "
            "give another --profile, or other clauses; `genspec conform` also draws calls and puts laws")


def question_lines(cases: Sequence[Case], conversation: bool = False) -> Iterator[str]:
    """Write questions, a line each; as a conversation, what the kit says before and after them, too."""
    if conversation:
        yield line_of(start_message()).decode("ascii")
    for case in cases:
        yield line_of(run_message(case.question)).decode("ascii")
    if conversation:
        yield line_of(stop_message()).decode("ascii")
