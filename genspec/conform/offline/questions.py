"""The questions of a selection, as lines of the protocol. What is expected stays here."""

from collections.abc import Iterator, Sequence

from genspec.conform.cases.case import Case
from genspec.conform.cases.placed import placed
from genspec.conform.cases.published import published
from genspec.conform.cases.select import Selection, UnknownName, check, wanted
from genspec.conform.protocol.messages import line_of, run_message, start_message, stop_message


def cases_of(selection: Selection, name: str | None = None) -> tuple[Case, ...]:
    """Give the published and placed cases of a selection, or the one of a name. Raises `UnknownName`."""
    check(selection)
    every: list[Case] = [*published(selection.profile), *placed(selection.profile)]
    found = tuple(case for case in every if wanted(case, selection) and name in (None, case.question.id))
    if name is not None and not found:
        raise UnknownName(f"no case of the profile {selection.profile} has the id {name!r:.100}")
    return found


def question_lines(cases: Sequence[Case], conversation: bool = False) -> Iterator[str]:
    """Write questions, a line each; as a conversation, what the kit says before and after them, too."""
    if conversation:
        yield line_of(start_message()).decode("ascii")
    for case in cases:
        yield line_of(run_message(case.question)).decode("ascii")
    if conversation:
        yield line_of(stop_message()).decode("ascii")
