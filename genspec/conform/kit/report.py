"""What a run has shown, as one value that every format is made of."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from genspec.backends.decoder import Info, Refusal
from genspec.conform.coverage.table import Coverage
from genspec.conform.inference.finding import Explanation, Semantics
from genspec.conform.question import Json
from genspec.conform.verdict import Kind, Verdict
from genspec_reference import GenerateOutput

VERSION = 1
AGREED, FOUND, NOTHING_RAN = 0, 1, 3
"""Exit statuses: no violation, violations, nothing was selected."""

COUNTED: Mapping[Kind, str] = {
    Kind.CONFORMS: "conforms", Kind.REJECTED: "conforms", Kind.VIOLATES: "violates", Kind.AMBIGUOUS: "ambiguous",
    Kind.UNSUPPORTED: "unsupported", Kind.KNOWN_DEVIATION: "known_deviation", Kind.ERRORED: "errored",
    Kind.TIMED_OUT: "timed_out",
}
"""Under which word of the summary a verdict is counted: a refusal that is specified conforms."""
FAILING = frozenset({Kind.VIOLATES, Kind.ERRORED, Kind.TIMED_OUT})
"""The verdicts with which a run fails."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    id: str
    level: str
    clauses: tuple[str, ...]                # that the case shows
    verdict: Verdict                        # its `expected` and `answered` are values that JSON has
    asked: bool = True                      # False: the decoder does not take part, and was not asked
    input: Json | None = None               # of the least question that shows the violation
    case: str = ""                          # what `--case` is given to see it again
    shrunk: bool = False                    # whether that is smaller than the case
    seconds: float = field(default=0.0, compare=False)      # that asking and judging took; not kept in a journal
    reply: Json | None = None               # the wrong answer, whole
    tells: tuple[str, ...] = ()             # the members of an answer of L3
    conforms_under: tuple[Explanation, ...] = ()    # the options and profiles under which the answer is right

    @property
    def failed(self) -> bool:
        """Tell whether the run fails with it."""
        return self.verdict.kind in FAILING


@dataclass(frozen=True, slots=True)
class Run:
    """What was asked for, and how far it came."""

    genspec: str
    profile: str
    levels: tuple[str, ...]
    clauses: tuple[str, ...]
    seed: int
    max_cases: int | None
    max_failures: int | None = None
    selected: int = 0                       # cases that the decoder takes part in
    asked: int = 0
    complete: bool = True                   # False: the time was over, or enough cases failed
    seconds: float = 0.0
    without_case: tuple[str, ...] = ()      # levels or clauses that were asked for and that no case has
    stale_deviations: tuple[str, ...] = ()  # known ones that the decoder was seen to have, and has no more
    smoke: tuple[str, ...] = ()             # what the trivial questions before everything else have shown
    started: str = ""                       # ISO 8601, UTC, to the second
    drawn: str = ""                         # the same for the same drawn questions, and for no others; empty for none


@dataclass(frozen=True, slots=True)
class Stale:
    """An expectation that is not true any more."""

    key: str                                # the id of a case, or the name of a group of drawn calls
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """How a run compares with what was expected of it. Guide: docs/guide/engine_ci.md."""

    file: str
    expected: Mapping[str, str] = field(default_factory=dict)   # ids of failures that were expected, with the reasons
    stale: tuple[Stale, ...] = ()
    unseen: tuple[str, ...] = ()            # groups that other draws have shown, and these did not: no proof


@dataclass(frozen=True, slots=True)
class Report:
    """A run with all its verdicts."""

    target: str                             # as on the command line
    decoder: Info
    capabilities: Mapping[str, Any]
    run: Run
    results: tuple[Result, ...] = field(default=())
    held: Held | None = None                # None: nothing was expected
    verb: tuple[str, ...] = ("genspec", "conform")      # what a case is shown again with
    semantics: Semantics | None = None      # None: a single case, or nothing was asked
    coverage: Coverage | None = None

    @property
    def summary(self) -> dict[str, int]:
        """Count the verdicts."""
        counts = Counter(COUNTED[result.verdict.kind] for result in self.results)
        return {word: counts[word] for word in dict.fromkeys(COUNTED.values())}

    @property
    def failures(self) -> tuple[Result, ...]:
        """Give the results with which the run fails: not those that were expected to."""
        expected = self.held.expected if self.held is not None else {}
        return tuple(result for result in self.results if result.failed and result.id not in expected)

    @property
    def expected_failures(self) -> tuple[Result, ...]:
        """Give the results that failed as expected."""
        expected = self.held.expected if self.held is not None else {}
        return tuple(result for result in self.results if result.failed and result.id in expected)

    @property
    def status(self) -> int:
        """Return the exit status. VECTORS-12: a run in which nothing took part has failed."""
        if self.failures or self.run.stale_deviations or (self.held is not None and self.held.stale):
            return FOUND
        took_part = any(result.asked and result.verdict.kind is not Kind.UNSUPPORTED for result in self.results)
        return AGREED if took_part and not self.run.without_case else NOTHING_RAN


def shown(value: object) -> Any:
    """Give a value that JSON has for whatever a verdict holds."""
    if isinstance(value, GenerateOutput):
        return [{"tokens": list(row.tokens), "finish_reason": str(row.finish_reason), "score": shown(row.score)}
                for row in value.rows]
    if isinstance(value, Refusal):
        return {"reject": list(value.clauses), "error": f"{value.error}: {value.message}"}
    if isinstance(value, Mapping):
        return {str(name): shown(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(item) for item in value]
    return shown(value.tolist()) if isinstance(value, np.ndarray | np.generic) else scalar(value)


def scalar(value: object) -> Any:
    """Give a number or a text as JSON has it."""
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def result_to_json(result: Result) -> dict[str, Any]:
    """Write a result: the members of its verdict beside those of the case. What says nothing is left out."""
    verdict = {one.name: getattr(result.verdict, one.name) for one in fields(Verdict)}
    written: dict[str, Any] = {
        "id": result.id, "level": result.level, "clauses": list(result.clauses), **shown(verdict),
        "verdict": word_of(result.verdict.kind), "violated": list(result.verdict.clauses),
    }
    written["clauses"] = list(result.clauses)
    written |= {"asked": result.asked, "input": result.input, "case": result.case, "shrunk": result.shrunk}
    written |= {"reply": result.reply, "tells": list(result.tells),
                "conforms_under": [asdict(one) for one in result.conforms_under]}
    keep = ("id", "level", "clauses", "verdict", "asked")
    return {
        name: written[name] for name in ORDER
        if name in written and (name in keep or says_something(written[name]))
    }


def says_something(value: object) -> bool:
    """Tell whether a member is worth its place. A number always is: 0 is the first row, and a token."""
    return bool(value) or (isinstance(value, int | float) and not isinstance(value, bool))


ORDER = (
    "id", "level", "clauses", "verdict", "asked", "reason", "violated", "difference", "prompt", "row", "step",
    "expected", "answered", "margin", "tied", "deviation", "draws", "log10_e_value", "error_rate", "power",
    "case", "shrunk", "input", "reply", "tells", "conforms_under",
)
"""The members of a result in JSON."""


def word_of(kind: Kind) -> str:
    """Write a kind of verdict as a word of JSON."""
    return kind.value.replace(" ", "_")


def result_from_json(data: Mapping[str, Any]) -> Result:
    """Read a result. Raises KeyError, TypeError or ValueError for what is none."""
    verdict = Verdict(
        Kind(data["verdict"].replace("_", " ")), data.get("reason", ""), tuple(data.get("violated", ())),
        **{name: data[name] for name in VERDICT if name in data},
    )
    return Result(data["id"], data["level"], tuple(data["clauses"]), verdict, data["asked"], data.get("input"),
                  data.get("case", ""), data.get("shrunk", False), reply=data.get("reply"),
                  tells=tuple(data.get("tells", ())))


VERDICT = (
    "difference", "prompt", "row", "step", "expected", "answered", "margin", "tied", "deviation", "draws",
    "log10_e_value", "error_rate", "power",
)
"""Members of a verdict that are written as they are called."""


def capabilities_to_json(can: Any) -> dict[str, Any]:
    """Write what a decoder says that it can do; what it does not say is left out."""
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in asdict(can).items() if value is not None and value != frozenset()
    }
