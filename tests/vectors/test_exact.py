"""Vectors whose decisions no rounding turns, though they compare computed numbers. VECTORS-15."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from support.clauses import clauses
from support.strategies import described

from genspec.conform.vectors.reference import Reference
from genspec.conform.vectors.runner import Json, Verdict, cases, outcome
from vectors.test_transformers import PROCESSORS, Float32
from vectors.write import FOLDER

EXACT = [(level, case) for level, case in cases(FOLDER) if "exact" in case["flags"]]
DTYPES = (np.float16, np.float32, np.float64)


def scores_of(case: Json) -> list[float]:
    given = case["input"]
    return [float(score) for score in given.get("scores") or given["model"]["lines"][0]]


@clauses("VECTORS-15")
def test_there_are_exact_vectors_for_every_boundary_that_can_be_reached_exactly() -> None:
    pages = {case["id"].partition("/")[0] for _, case in EXACT}
    assert pages >= {"top_p", "typical_p", "top_h", "top_n_sigma", "xtc", "profiles"}
    assert all("margin" not in case["expected"] for _, case in EXACT)


@pytest.mark.parametrize("dtype", DTYPES)
@clauses("VECTORS-15")
def test_the_probabilities_of_equal_scores_are_exact_in_every_number_type(dtype: Any) -> None:
    for _, case in EXACT:
        if "n" not in case["input"].get("arguments", {}):
            scores = np.array(scores_of(case), dtype=dtype)
            weights = np.exp(scores - scores.max())
            count = int((scores == scores.max()).sum())
            found = [Fraction(float(one)) for one in weights / weights.sum(dtype=dtype) if one > 0]
            assert found == [Fraction(1, count)] * count, described(case=case["id"], found=found)


@pytest.mark.parametrize("dtype", DTYPES)
@clauses("VECTORS-15")
def test_the_mean_and_the_deviation_are_exact_in_every_number_type(dtype: Any) -> None:
    for _, case in EXACT:
        if "n" in case["input"].get("arguments", {}):
            scores = np.array([score for score in scores_of(case) if score > -np.inf], dtype=dtype)
            assert (scores.mean(dtype=dtype), scores.std(dtype=dtype)) == (2, 1), described(case=case["id"])


class Rounding(Float32):
    """The processors of transformers in a number type that rounds more."""

    def __init__(self, dtype: str) -> None:
        import torch

        self.dtype, self.epsilon = getattr(torch, dtype), torch.finfo(getattr(torch, dtype)).eps


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@clauses("VECTORS-15")
def test_transformers_conforms_in_number_types_that_round(dtype: str) -> None:
    pytest.importorskip("transformers")
    decoder, found = Rounding(dtype), {}
    for level, case in EXACT:
        if level == "L0" and case["profile"] == "hf" and case["input"]["operation"] in PROCESSORS:
            found[case["id"]] = outcome(decoder, level, case).verdict
    assert len(found) > 5 and set(found.values()) == {Verdict.CONFORMS}, described(found=found)


class Otherwise(Reference):
    """The reference with the other side of every boundary of a nucleus."""

    epsilon = 2.0**-7

    def answer(self, level: str, profile: Any, given: Json) -> Json:
        return super().answer(level, "openvino-genai" if profile == "hf" else "hf", given)


@clauses("VECTORS-15", "TOP-P-2")
def test_the_other_side_of_a_boundary_violates_in_any_number_type() -> None:
    found = {case["id"]: outcome(Otherwise(), level, case).verdict for level, case in EXACT
             if case["id"].startswith("top_p/") or "nucleus" in case["note"]}
    assert len(found) > 15 and set(found.values()) == {Verdict.VIOLATES}, described(found=found)
