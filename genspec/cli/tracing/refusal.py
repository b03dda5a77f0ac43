"""A config that is refused, as `genspec explain` shows it."""

from collections.abc import Iterator

from genspec.cli.explain import unknown_lines
from genspec.cli.tracing.run import Refused
from genspec.config.decision import Rejected
from genspec.config.explain import refusal_lines
from genspec.config.values import shown
from genspec.lint.report.json import encoded
from genspec.lint.report.printable import printable

VERSION = 1


def refused_pieces(refused: Refused, as_json: bool) -> Iterator[str]:
    """Yield every reason, and for ids beyond the vocabulary what the model has to do with them."""
    if as_json:
        yield encoded({"version": VERSION, "refused": reasons(refused.rejected)}) + "\n"
        return
    for line in [*refusal_lines(refused.rejected), *hint(refused), *unknown_lines(refused.unknown)]:
        yield printable(line) + "\n"


def reasons(rejected: Rejected) -> list[dict[str, object]]:
    """Return the reasons as JSON spells them."""
    return [
        {"field": reason.field, "value": shown(reason.value), "clause": reason.clause, "message": reason.message,
         "remedy": reason.remedy}
        for reason in rejected.reasons
    ]


def hint(refused: Refused) -> Iterator[str]:
    """Say how large the model is, and how to make it larger."""
    if any(reason.clause == "TOKENS-1" for reason in refused.rejected.reasons):
        yield (f"The model of this trace has {refused.vocab_size} tokens; --model {refused.model},vocab=V gives it V.")
