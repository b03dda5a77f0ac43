"""What stands in a JSON text without quotes: numbers, literals, and what people write in their place."""

import json
import math
import re
from typing import NamedTuple

from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.faults import quote
from genspec.lint.sources.limits import LONGEST_INTEGER

NUMBERISH = re.compile(r"[+-]?(?=\.?[0-9])(?:[0-9][0-9_]*)?(?:\.[0-9_]*)?(?:[eE][+-]?[0-9]+)?[fFdDlL]?")
HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]{1,15}")
LITERALS = {"true": True, "false": False, "null": None}
STAND_INS = {"true": "true", "false": "false", "null": "null", "none": "null", "nil": "null", "undefined": "null"}
NOT_FINITE = {"nan", "inf", "infinity"}


class Word(NamedTuple):
    """A bare word as a value, with what is wrong with it."""

    value: object
    kind: ProblemKind | None = None
    message: str = ""
    known: bool = True                  # whether it is a value at all
    habit: bool = False                 # whether whole files are written like this
    excuses: bool = False               # whether the fault explains a comma missing behind it


def read_number(text: str) -> Word:
    """Read a number of JSON."""
    if not text.lstrip("-").isdigit():
        value = float(text)
        return Word(value) if math.isfinite(value) else too_big(text)
    if len(text.lstrip("-")) > LONGEST_INTEGER:
        message = f"A number of {len(text)} digits: no JSON reader is bound to take it. Write the number that is meant"
        return Word(None, ProblemKind.NUMBER_TOO_LONG, message)
    return Word(int(text))


def read_word(text: str) -> Word:
    """Read any other word, as kindly as a person would."""
    if text in LITERALS:
        return Word(LITERALS[text])
    if text.lstrip("+-").lower() in NOT_FINITE:
        return Word(None, ProblemKind.NOT_FINITE, f"{quote(text)} is no JSON number: write a finite number, or null")
    meant = STAND_INS.get(text.lower())
    if meant is not None:
        message = f"{quote(text)} is not JSON: write `{meant}`"
        return Word(LITERALS[meant], ProblemKind.SYNTAX, message)
    return read_numberish(text)


def read_numberish(text: str) -> Word:
    """Read what some other language takes for a number."""
    if len(text) > LONGEST_INTEGER or not (NUMBERISH.fullmatch(text) or HEXADECIMAL.fullmatch(text)):
        message = f"{quote(text)} is no JSON value: put a text in double quotes"
        return Word(None, ProblemKind.SYNTAX, message, known=False)
    value = int(text, 16) if HEXADECIMAL.fullmatch(text) else decimal(text)
    if not math.isfinite(value):
        return too_big(text)
    return Word(value, ProblemKind.SYNTAX, f"{quote(text)} is no JSON number: write `{json.dumps(value)}`")


def decimal(text: str) -> int | float:
    """Read a number in base ten, with its underscores, leading zeros or suffix."""
    digits = text.rstrip("fFdDlL").replace("_", "")
    return int(digits) if digits.lstrip("+-").isdigit() else float(digits)


def too_big(text: str) -> Word:
    """Say that a number is beyond every float."""
    message = f"{quote(text)} is beyond every float and reads as infinity: write a finite number"
    return Word(None, ProblemKind.NOT_FINITE, message)
