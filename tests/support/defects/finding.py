"""How the kit finds a wrong decoder: after how many cases, how late, under which clause."""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from genspec.conform import run
from genspec.conform.cases.select import page_of
from support.defects.defect import Defect, Defective


@dataclass(frozen=True)
class Found:
    """What a run has said of a defect."""

    defect: Defect
    asked: int
    seconds: float  # of this process
    case: str = ""  # the first that failed; none: the defect was not found
    clauses: tuple[str, ...] = ()

    @property
    def right_page(self) -> bool:
        """Tell whether a page is blamed that the defect is against; any will do for a defect against none."""
        return "" in self.defect.pages or bool({page_of(clause) for clause in self.clauses} & set(self.defect.pages))

    def __str__(self) -> str:
        blamed = ", ".join(self.clauses[:3])
        return (
            f"{self.defect.name:72} {self.case or 'not found':44} {blamed:44} {'' if self.right_page else '*':1} "
            f"{self.asked:5} cases {self.seconds:6.2f} s"
        )


def found(defect: Defect, levels: Sequence[str] | None = None) -> Found:
    """Run the default selection on a defect until the first violation."""
    started = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = run(Defective(defect, levels), max_failures=1, shrink_seconds=0.0, infer_seconds=0.0)
    first = report.failures[0] if report.failures else None
    return Found(
        defect,
        report.run.asked,
        time.process_time() - started,
        "" if first is None else first.id,
        () if first is None else first.verdict.clauses or first.clauses,
    )
