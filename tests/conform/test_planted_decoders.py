"""Wrong decoders, one defect each: the default run finds every one of them, soon, and blames the right page.

A fixed part of them is planted here; `make planted` plants them all and prints what finds each.
"""

from math import ceil

import pytest
from support.defects import FAMILIES
from support.defects.finding import Found, found
from support.strategies import described

EVERY = 7
"""One of so many is planted here."""
RIGHT = 0.9
"""The share for which the page that is blamed is to be the right one; of a part, one more may be another."""


def shown(told: list[Found]) -> str:
    return described(told="\n".join(map(str, told)))


@pytest.mark.parametrize("part", range(EVERY), ids=lambda part: f"part-{part}")
def test_wrong_decoders_are_found(part: int) -> None:
    every = [defect for defects in FAMILIES.values() for defect in defects]
    planted = every[::EVERY][part::EVERY]
    told = [found(defect) for defect in planted]
    missed = [one for one in told if not one.case]
    assert not missed, shown(missed)
    elsewhere = [one for one in told if not one.right_page]
    assert len(elsewhere) <= ceil((1 - RIGHT) * len(told)), shown(elsewhere)


def test_each_defect_has_a_name_of_its_own_and_there_are_enough() -> None:
    names = [defect.name for defects in FAMILIES.values() for defect in defects]
    assert len(names) == len(set(names)) and len(names[::EVERY]) >= 100, len(names)
