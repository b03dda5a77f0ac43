"""What a verdict says, and which one decides a call."""

import pytest

from genspec.conform.verdict import CONFORMS, Kind, Verdict, errored, timed_out, worst


def test_a_verdict_is_written_on_one_line():
    verdict = Verdict(Kind.VIOLATES, "token 1 came.", ("TOP-K-3",), "tokens", 0, 1, 2)
    assert str(verdict) == "violates at prompt 0, row 1, step 2: token 1 came. [TOP-K-3]"
    assert str(CONFORMS) == "conforms"
    assert str(Verdict(Kind.UNSUPPORTED, "no beams")) == "unsupported: no beams"


@pytest.mark.parametrize(("kinds", "first"), [
    ((), "conforms"), (("ambiguous",), "ambiguous"), (("ambiguous", "violates", "violates"), "violates"),
])
def test_a_violation_decides_a_call_before_anything_ambiguous(kinds, first):
    verdicts = [Verdict(Kind(kind), step=number) for number, kind in enumerate(kinds)]
    assert worst(verdicts).kind == first
    assert worst(verdicts).step in (None, kinds.index(first) if kinds else None)


def test_what_gave_no_answer():
    assert errored(ZeroDivisionError("division by zero")).reason == "ZeroDivisionError: division by zero"
    assert timed_out(2.5).kind == "timed out"
    assert timed_out(2.5).reason == "no answer within 2.5 s"
