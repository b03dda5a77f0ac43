"""Where the boundary of top_p shows: at L0, in the scores of L3 and at L4, and never in rows alone."""

from dataclasses import replace
from typing import Any, ClassVar

from support.clauses import clauses
from support.strategies import described

from genspec.config.profiles import HF
from genspec.conform import run
from genspec.conform.vectors.reference import Reference

ONE_MORE = replace(HF, nucleus_boundary="<=")


class OneMore:
    """Keeps one token more where the mass equals p, and gives its rows alone."""

    info: ClassVar = {"name": "one-more", "version": "1.0", "dtype": "float64", "profile": "hf"}
    capabilities: ClassVar[dict[str, Any]] = {"refuses": False}

    def answer(self, level: str, profile: str, given: dict[str, Any]) -> Any:
        told = Reference().answer(level, ONE_MORE, given)
        return {name: told[name] for name in told if level != "L3" or name not in ("scores", "logits")}


class WithScores(OneMore):
    """Gives its scores, too."""

    capabilities: ClassVar = {"refuses": False, "outputs": ["scores", "logits"]}

    def answer(self, level: str, profile: str, given: dict[str, Any]) -> Any:
        return Reference().answer(level, ONE_MORE, given)


class ByChance(OneMore):
    """Draws by its own chance."""

    capabilities: ClassVar = {"levels": ["L4"], "inputs": ["prompts"], "refuses": False}

    def answer(self, level: str, profile: str, given: dict[str, Any]) -> Any:
        return Reference().answer("L3", ONE_MORE, given)


TIED = ("profiles/tied-half-of-two", "profiles/tied-half-of-four")
"""Calls in which the mass equals p."""


@clauses("TOP-P-2", "TOP-P-3")
def test_the_boundary_of_top_p_shows_in_scores_and_not_in_rows() -> None:
    for decoder, kind in ((OneMore(), "conforms"), (WithScores(), "violates")):
        for case in TIED:
            (result,) = run(decoder, case=case).results
            assert result.verdict.kind == kind, described(decoder=decoder.capabilities, result=result)


@clauses("TOP-P-2")
def test_the_boundary_of_top_p_shows_at_level_0() -> None:
    report = run(OneMore(), levels=["L0"], clauses=["TOP-P"])
    assert report.semantics is not None and report.failures
    (point,) = (one for one in report.semantics.points if one.point == "nucleus_boundary")
    assert (point.status, point.option) == ("inferred", "<="), described(point=point)


@clauses("TOP-P-2", "SAMPLE-9")
def test_the_law_of_the_boundary_shows_it_in_draws() -> None:
    (result,) = run(ByChance(), case="law/nucleus-boundary").results
    assert result.verdict.kind == "violates" and result.verdict.clauses == ("TOP-P-2",), described(result=result)
