"""The results of a run that has not come to its end, so that it can go on: one line a result, beside the report."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genspec.conform.kit.report import Result, result_from_json, result_to_json


class JournalError(ValueError):
    """A journal that is none of this run; the message says what to do."""


class Journal:
    """A file of results that is appended to. A line is whole, or it is not read."""

    def __init__(self, report: Path) -> None:
        """Keep the place: beside the report."""
        self.path = report.with_name(f"{report.name}.partial")

    def begin(self, run: Mapping[str, Any], resume: bool) -> dict[str, Result]:
        """Begin a run, or go on with one, and return the results that there are. Raises `JournalError`."""
        if resume and self.path.exists():
            return self.read(run)
        self.path.write_text(line_of(run), encoding="utf-8")
        return {}

    def read(self, run: Mapping[str, Any]) -> dict[str, Result]:
        """Read the results of a run. Raises `JournalError` when they are those of another one."""
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self.path, len(whole))
        try:
            head, *lines = [json.loads(line) for line in whole.splitlines()]
            if head != json.loads(line_of(run)):
                raise JournalError(f"{self.path} holds another run: give the same options, or go without --resume")
            results = [result_from_json(line) for line in lines]
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, JournalError):
                raise
            raise JournalError(f"{self.path} holds no run: go without --resume") from None
        return {result.id: result for result in results}

    def add(self, results: list[Result]) -> None:
        """Append results."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write("".join(line_of(result_to_json(result)) for result in results))

    def end(self) -> None:
        """Remove what nobody needs any more."""
        self.path.unlink(missing_ok=True)


def line_of(data: Mapping[str, Any]) -> str:
    """Write one line."""
    return json.dumps(data, separators=(",", ":")) + "\n"
