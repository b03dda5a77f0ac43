"""Cuts a text into the tokens of JSON, and, where it is not JSON, into what its writer will have meant."""

import json
import re
from typing import NamedTuple

from genspec.lint.sources.document import ProblemKind
from genspec.lint.sources.faults import Faults, quote
from genspec.lint.sources.positions import BLANK, match_end
from genspec.lint.sources.words import Word, read_number, read_word

BUDGET = 200_000
"""Tokens. A text with more is read no further: every step is bounded, whatever the file holds."""

WINDOW = 500
"""Characters. How far a broken token is looked into."""

STRICT = re.compile(r"""
    [ \t\n\r]*+(?:
        (?P<string> "[^"\\\x00-\x1f]*+(?:\\[^\x00-\x1f][^"\\\x00-\x1f]*+)*+" )
      | (?P<punctuation> [][}:,] | \{(?!%|\{[^{}"\r\n]*+\}\}) )
      | (?P<number> -?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+(?![\w.+-]) )
      | (?P<word> (?:true|false|null)(?![\w.+-]) )
      | (?P<end> \Z )
    )""", re.VERBOSE)
ODD_BLANK = re.compile(r"(?:[^\S \t\n\r]|[\x00\ufeff\u200b-\u200d\u2060])++")
COMMENT = re.compile(r"(?:(?://|\#)[^\r\n]*+(?:[\r\n]+[ \t]*+(?=//|\#))?+)++")
FENCE = re.compile(r"```\w*")
CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?:[ \t][^\r\n]*+)?(?=[\r\n]|\Z)")
PLACEHOLDER = re.compile(r"\{\{[^{}\"\r\n]*+\}\}|\{%[^{}\r\n]*+\}|\$\{[^{}\"\r\n]*+\}")
QUOTED = re.compile(r"""
    '(?:[^'\\\r\n]|\\.)*+' | `(?:[^`\\\r\n]|\\.)*+` | [\u201c-\u201f][^"\u201c-\u201f\r\n]*+[\u201c-\u201f"]
  | [\u2018-\u201b][^\u2018-\u201b\r\n]*+[\u2018-\u201b] | "[^"\u201c-\u201f\r\n]*+[\u201c-\u201f](?=\s*[:,\]}])
    """, re.VERBOSE)
WORD = re.compile(r"""[^\s{}[\]:,;="'`\u2018-\u201f#/]*+(?:/(?![/*])[^\s{}[\]:,;="'`\u2018-\u201f#/]*+)*+""")
CLOSES_A_KEY = re.compile(r"[\"'\u2018-\u201f](?=\s{0,20}[:=])")
ON_ONE_LINE = re.compile(r'"(?:[^"\\\r\n]|\\.)*+"')
OVER_LINES = re.compile(r'"(?:[^"\\]|\\.)*+"(?=[ \t]*(?:[]},:\r\n]|\Z))', re.DOTALL)
NAME_AND_COLON = re.compile(r"""["'\u2018-\u201f]([\w.-]+)(?=[ \t]*:)""")
LINE_END = re.compile(r"[\r\n]")
STRINGS = json.JSONDecoder(strict=False)
BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[][{}]', re.DOTALL)


class Token(NamedTuple):
    """One word of the text. ``word`` holds the value of a string, a number or a literal, and its fault."""

    kind: str                           # a punctuation mark, or string, scalar, unknown, end
    start: int
    end: int
    word: Word = Word(None)


class Scanner:
    """Yields the tokens of a text, from the first to the last."""

    def __init__(self, text: str, faults: Faults) -> None:
        """Take the text and the place for faults between tokens."""
        self.text = text
        self.faults = faults
        self.offset = 0
        self.budget = BUDGET
        self.ahead: Token | None = None
        self.cut = False                # the text ends inside a token, or was not read to its end

    def peek(self) -> Token:
        """Return the next token and leave it there."""
        if self.ahead is None:
            self.ahead = self.scan(False)
        return self.ahead

    def take(self, key_expected: bool = False) -> Token:
        """Return the next token."""
        token = self.ahead or self.scan(key_expected)
        self.ahead = None
        return token

    def rewind(self, offset: int) -> None:
        """Read on from an earlier place."""
        self.offset, self.ahead = offset, None

    def stop(self) -> None:
        """Read no further, and say so."""
        if not self.cut:
            message = "Reading stopped here: too much in this file is not JSON. What follows was not checked"
            if self.budget <= 0:
                message = "Reading stopped here: the file is too long for a config. What follows was not checked"
            self.faults.give_up(message, self.offset)
        self.offset, self.cut = len(self.text), True

    def scan(self, key_expected: bool) -> Token:
        """Cut off the next token."""
        while True:
            self.budget -= 1
            if self.budget <= 0 or self.faults.hopeless:
                self.stop()
            if match := STRICT.match(self.text, self.offset):
                return self.strict(match)
            self.offset = match_end(BLANK, self.text, self.offset)
            if not self.pass_over():
                return self.loose(self.offset, key_expected)

    def strict(self, match: re.Match[str]) -> Token:
        """Read a token of JSON."""
        kind = str(match.lastgroup)
        start, self.offset = match.span(kind)
        if kind == "punctuation":
            return Token(match[kind], start, self.offset)
        if kind == "string":
            return self.string(start, self.offset)
        if kind == "end":
            return Token("end", start, self.offset)
        return Token("scalar", start, self.offset, (read_number if kind == "number" else read_word)(match[kind]))

    def string(self, start: int, end: int) -> Token:
        """Read a string whose end is known."""
        inside = self.text[start + 1:end - 1]
        if "\\" not in inside:
            return Token("string", start, end, Word(inside))
        try:
            return Token("string", start, end, Word(STRINGS.decode(self.text[start:end])))
        except ValueError:
            message = f"The string {quote(inside)} has an escape that JSON does not know: write `\\\\` for a backslash"
            return Token("string", start, end, Word(inside, ProblemKind.SYNTAX, message))

    def loose(self, start: int, key_expected: bool) -> Token:
        """Read a token that is no JSON."""
        if self.text[start] == '"' and not QUOTED.match(self.text, start, start + WINDOW):
            return self.open_string(start, key_expected)
        return self.quoted(start) or self.bare_word(start)

    def pass_over(self) -> bool:
        """Skip what stands between tokens and should not: comments, blanks of other kinds, marks of tools."""
        start, text = self.offset, self.text
        if match := ODD_BLANK.match(text, start):
            self.faults.habit(f"A blank that JSON does not know ({ascii(text[start])[1:-1]}): use plain spaces",
                              start, match.end())
        elif match := COMMENT.match(text, start):
            self.faults.syntax("A comment: JSON has none. Remove it", start, len(match[0].rstrip()) + start)
        elif text.startswith("/*", start):
            self.offset = self.block_comment(start)
            return True
        elif match := FENCE.match(text, start):
            self.faults.habit("A fence of Markdown: keep only the JSON inside", start, match.end())
        elif (start == 0 or text[start - 1] in "\r\n") and (match := CONFLICT.match(text, start)):
            self.faults.merge_conflict(start, match.end())
        if match is None:
            return False
        self.offset = match.end()
        return True

    def block_comment(self, start: int) -> int:
        """Report a comment and return its end: of its line when it is never closed."""
        end = self.text.find("*/", start + 2)
        if end >= 0:
            self.faults.syntax("A comment: JSON has none. Remove it", start, end + 2)
            return end + 2
        self.spend(len(self.text) - start)
        end = self.line_end(start)
        self.faults.syntax("A comment that is never closed: JSON has none. Remove it", start, end)
        return end

    def quoted(self, start: int) -> Token | None:
        """Read a string in other quotes than JSON's, or a placeholder of a template."""
        window = start + WINDOW
        if match := QUOTED.match(self.text, start, window):
            self.offset = match.end()
            inside = match[0][1:-1].replace("\\'", "'")
            message = "Single quotes: JSON puts strings in double quotes"
            if match[0][0] != "'":
                message = "Quotes of a word processor or of another language: JSON takes plain double quotes"
            return Token("string", start, self.offset, Word(inside, ProblemKind.SYNTAX, message, habit=True))
        if match := PLACEHOLDER.match(self.text, start, window):
            self.offset = match.end()
            message = f"{quote(match[0])} is a placeholder of a template: check the file after it is filled in"
            return Token("scalar", start, self.offset, Word(None, ProblemKind.SYNTAX, message))
        return None

    def bare_word(self, start: int) -> Token:
        """Read a run of characters without quotes."""
        end = self.offset = max(match_end(WORD, self.text, start), start + 1)
        text = self.text[start:end]
        if text in ";=":
            return Token(text, start, end)
        if end - start < WINDOW and (quote_mark := CLOSES_A_KEY.match(self.text, end)):
            self.offset = quote_mark.end()
            message = f"The opening quote of {quote(text)} is missing: add it"
            return Token("string", start, self.offset, Word(text, ProblemKind.SYNTAX, message))
        word = read_word(text)
        if end == len(self.text) and word.kind is not None:
            self.cut = True
            word = word._replace(message=f"The text ends inside {quote(text)}: the file is cut short")
        return Token("scalar" if word.known else "unknown", start, end, word)

    def open_string(self, start: int, key_expected: bool) -> Token:
        """Read a string that does not end as a string of JSON must."""
        text = self.text
        name = NAME_AND_COLON.match(text, start, start + WINDOW) if key_expected else None
        if match := ON_ONE_LINE.match(text, start):
            return self.raw_string(start, match.end(), "a control character: write it as an escape, such as `\\t`")
        self.spend(self.line_end(start) - start)
        if name is not None:
            return self.unclosed(start, name.end())
        if match := OVER_LINES.match(text, start, start + WINDOW):
            return self.raw_string(start, match.end(), "a line break: write it as `\\n`")
        end = self.line_end(start)
        content = text[start:end].rstrip(" \t,]}")
        self.cut = self.cut or (end == len(text) and len(content) == end - start)
        return self.unclosed(start, start + max(len(content), 1))

    def raw_string(self, start: int, end: int, what: str) -> Token:
        """Return a string that holds characters which JSON wants escaped."""
        word = self.string(start, end).word
        self.offset = end
        message = f"The string {quote(self.text[start + 1:end - 1])} holds {what}"
        return Token("string", start, end, Word(word.value, ProblemKind.SYNTAX, message))

    def unclosed(self, start: int, end: int) -> Token:
        """Return a string without its closing quote."""
        self.offset = end
        inside = self.text[start + 1:end]
        message = f"The string {quote(inside)} is not closed: add the closing quote"
        if self.cut:
            message = f"The text ends inside the string {quote(inside)}: the file is cut short"
        return Token("string", start, end, Word(inside, ProblemKind.SYNTAX, message, excuses=True))

    def line_end(self, start: int) -> int:
        """Return the offset at which the line ends."""
        match = LINE_END.search(self.text, start)
        return match.start() if match else len(self.text)

    def spend(self, characters: int) -> None:
        """Charge for characters that will be read again."""
        self.budget -= characters // 64

    def skip_nested(self, start: int) -> int:
        """Pass over everything inside the bracket at an offset, and return where its other half ends."""
        depth = 0
        for count, match in enumerate(BRACKET.finditer(self.text, start)):
            self.budget -= count % 8 == 0
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(match[0], 0)
            if depth == 0 or self.budget <= 0:
                self.rewind(match.end())
                return match.end()
        self.cut = True
        self.rewind(len(self.text))
        return len(self.text)
