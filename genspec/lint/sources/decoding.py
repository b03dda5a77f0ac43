"""Turns bytes into text, and knows the files that are something else than JSON."""

import codecs
import re

from genspec.lint.finding import Span
from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.faults import quote
from genspec.lint.sources.positions import span_between

MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ZEROS = (
    (re.compile(rb"\0\0\0[\t\n\r -~]"), "utf-32-be"), (re.compile(rb"[\t\n\r -~]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0[\t\n\r -~]"), "utf-16-be"), (re.compile(rb"[\t\n\r -~]\0"), "utf-16-le"),
)
"""Where the zero bytes of the first character stand, which in JSON is an ASCII one."""

CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
LFS = re.compile(r"version https://(?:git-lfs|hawser)\.github\.com/spec/")
LFS_SIZE = re.compile(r"^size (\d{1,15})$", re.MULTILINE)
MARKUP = re.compile(r"\s*<(?:!doctype\s+html|html|head|body|\?xml|!--|error>)", re.IGNORECASE)
LINK_TEXT = re.compile(r"(?:\.{0,2}/)*[\w.@+ -]+(?:/[\w.@+ -]+)*")
LONGEST_PATH = 4096


def decode(data: bytes) -> tuple[str | None, list[Problem]]:
    """Return the text, None for binary data, and what is wrong with its encoding."""
    encoding, mark = encoding_of(data)
    if encoding != "utf-8":
        text = data[mark:].decode(encoding, "replace")
        if "\x00" not in text:
            return text, [Problem(ProblemKind.ENCODING, wide_message(encoding))]
    if is_binary(data):
        return None, [Problem(ProblemKind.ENCODING, "Binary data, not a text: check that the right file has this name")]
    problems = []
    if mark:
        problems.append(Problem(ProblemKind.ENCODING, "The file begins with a byte order mark, which JSON does not "
                                                      "allow: save it as UTF-8 without one"))
    try:
        return data[mark:].decode(), problems
    except UnicodeDecodeError as error:
        return data[mark:].decode("utf-8", "replace"), [*problems, bad_byte(error)]


def encoding_of(data: bytes) -> tuple[str, int]:
    """Return the encoding of a text, and how many bytes its byte order mark takes."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return encoding, len(mark)
    for pattern, encoding in ZEROS:
        if pattern.match(data):
            return encoding, 0
    return "utf-8", 0


def wide_message(encoding: str) -> str:
    """Say that a text is in UTF-16 or UTF-32."""
    return f"The file is encoded in {encoding[:6].upper()}, and JSON must be UTF-8: save it as UTF-8"


def is_binary(data: bytes) -> bool:
    """Tell whether bytes are no text in any encoding: a zero byte, or control characters in bytes that are no UTF-8."""
    if b"\x00" in data:
        return True
    if not CONTROLS.search(data, 0, 1024):
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return True
    return False


def bad_byte(error: UnicodeDecodeError) -> Problem:
    """Say which byte is the first that is no UTF-8."""
    before = bytes(error.object[:error.start]).decode()
    span = span_between(before + "?", len(before), len(before) + 1)
    message = f"The byte 0x{error.object[error.start]:02X} is not UTF-8, which JSON must be: save the file as UTF-8"
    return Problem(ProblemKind.ENCODING, message, span)


def impostor(text: str) -> Problem | None:
    """Recognise a text that is not a broken config but another thing altogether."""
    if not text or text.isspace():
        return Problem(ProblemKind.SYNTAX, "The file is empty: write a JSON object, at least `{}`, or remove the file")
    if LFS.match(text):
        size = LFS_SIZE.search(text, 0, 1024)
        held = f" of {int(size[1]):,} bytes" if size else ""
        message = f"A Git LFS pointer stands here instead of the file{held}: fetch it with `git lfs pull`"
        return Problem(ProblemKind.LFS_POINTER, message, whole(text))
    if MARKUP.match(text):
        message = "An HTML page, not JSON: the download was probably refused. Log in, or correct the address"
        return Problem(ProblemKind.SYNTAX, message, first_line(text))
    if len(text) <= LONGEST_PATH and LINK_TEXT.fullmatch(text.strip()) and is_path(text.strip()):
        message = (f"The path {quote(text.strip())}, not JSON: a symbolic link that was checked out as a text. "
                   "Put the file that it points to in its place")
        return Problem(ProblemKind.SYNTAX, message, first_line(text))
    return None


def is_path(text: str) -> bool:
    """Tell whether a line without blanks at its ends is more likely a path than a sentence."""
    return text.endswith(".json") or ("/" in text and " " not in text)


def whole(text: str) -> Span:
    """Return the span of all of a text but the blanks at its end."""
    return span_between(text, 0, len(text.rstrip()))


def first_line(text: str) -> Span:
    """Return the span of the first line that is not blank."""
    start = len(text) - len(text.lstrip())
    return span_between(text, start, start + len(text[start:].splitlines()[0]))
