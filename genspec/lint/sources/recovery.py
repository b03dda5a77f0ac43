"""Reads any text as JSON, as far as a careful person could: every value with its place, every fault once.

On valid JSON it finds the same value as the standard library does, and no fault. On broken text each step assumes
the one slip that explains it best, reports it, and reads on.
"""

from genspec.lint.finding import Pointer
from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.faults import Faults, quote
from genspec.lint.sources.frames import CLOSER, OPEN_KEY, OPENER, VALUES, Expect, Frame
from genspec.lint.sources.limits import DEEPEST
from genspec.lint.sources.positions import Node, position
from genspec.lint.sources.scanner import Scanner, Token
from genspec.lint.sources.words import Word


class Recovery:
    """One reading of one text."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text
        self.faults = Faults(text, self.pointer)
        self.scanner = Scanner(text, self.faults)
        self.excused = False            # a fault just reported explains what is missing here
        self.stack: list[Frame] = []
        self.bottom = self.open("", Node(0, len(text)), Expect.VALUE)

    def read(self) -> tuple[Node | None, tuple[Problem, ...]]:
        """Return the value as a tree, None when there is none, and what is wrong with the text."""
        steps = {Expect.KEY: self.key, Expect.COLON: self.colon, Expect.VALUE: self.value, Expect.COMMA: self.comma}
        while True:
            frame = self.stack[-1]
            token = self.scanner.take(frame.mark == "{" and frame.expect in (Expect.KEY, Expect.COMMA))
            if token.kind == "end":
                break
            steps[frame.expect](frame, token)
        self.finish(token)
        return self.bottom.children.get(0), self.faults.problems()

    def pointer(self) -> Pointer:
        """Return the way to what is being read."""
        way: list[str | int] = []
        for frame in self.stack[1:]:
            if frame.mark == "[":
                way.append(len(frame.children) - (frame is not self.stack[-1]))
            elif frame.key is not None:
                way.append(str(frame.key.word.value))
        return tuple(way)

    # What may come next

    def key(self, frame: Frame, token: Token) -> None:
        """Read a key, or the end of the object."""
        kind = token.kind
        if kind in VALUES and self.is_key(token):
            self.open_member(frame, token)
        elif kind in ("}", "]"):
            self.close(frame, token)
        elif kind in (",", ";"):
            self.faults.syntax("A comma too many: remove it", token.start, token.end)
        elif kind in (":", "="):
            self.faults.syntax("A key is missing before this colon", token.start, token.end)
            frame.expect = Expect.VALUE
        elif kind in VALUES:
            self.skip(frame, token, f"{quote(self.shown(token))} is neither a key nor a value: remove it")
        else:
            self.faults.syntax("A key is missing before this bracket", token.start, token.end)
            self.add_nameless(frame, token)

    def colon(self, frame: Frame, token: Token) -> None:
        """Read the colon after a key."""
        key = frame.key
        if token.kind in (":", "="):
            if token.kind == "=":
                self.faults.syntax("An equals sign: JSON puts a colon between a key and its value",
                                   token.start, token.end)
            frame.expect = Expect.VALUE
        elif key is not None and (name := OPEN_KEY.match(self.text, key.start, key.end)):
            self.reopen_key(frame, key, name[1])
        elif token.kind in (",", ";", "}", "]") or self.starts_member(token):
            self.no_value(frame, token)
        else:
            self.faults.syntax(f"A colon is missing after {quote(self.shown(key))}: add it", token.start, token.end)
            self.add(frame, token)

    def value(self, frame: Frame, token: Token) -> None:
        """Read a value, or what stands in its place."""
        kind = token.kind
        if frame.mark == "":
            self.first(frame, token)
        elif frame.mark == "{" and (kind in (",", ";", "}", "]") or self.starts_member(token)):
            self.no_value(frame, token)
        elif kind in (",", ";"):
            self.faults.syntax("A comma too many: remove it", token.start, token.end)
        elif kind in ("}", "]"):
            self.close(frame, token)
        elif kind in (":", "="):
            self.faults.syntax(f"Unexpected `{kind}`: remove it", token.start, token.end)
        elif frame.mark == "[" and self.starts_member(token) and self.level_of("{"):
            self.member_in_list(token)
        else:
            self.add(frame, token)

    def comma(self, frame: Frame, token: Token) -> None:
        """Read the comma after a value, or the end of the bracket."""
        kind = token.kind
        if frame.mark == "":
            self.after_the_end(frame, token)
        elif kind in (",", ";"):
            if kind == ";":
                self.faults.syntax("A semicolon: JSON puts commas between values", token.start, token.end)
            frame.comma, frame.key = token, None
            frame.expect = Expect.KEY if frame.mark == "{" else Expect.VALUE
        elif kind in ("}", "]"):
            self.close(frame, token)
        elif frame.mark == "[":
            self.between_items(frame, token)
        else:
            self.between_members(frame, token)

    def between_items(self, frame: Frame, token: Token) -> None:
        """Read something that follows an item without a comma."""
        if token.kind in (":", "="):
            self.faults.syntax("A colon in a list: write `{` for the bracket if members are meant, else a comma",
                               token.start, token.end)
            frame.expect = Expect.VALUE
        elif self.starts_member(token) and self.level_of("{"):
            self.member_in_list(token)
        elif token.kind == "unknown":
            self.skip(frame, token, f"{quote(self.shown(token))} does not belong here: remove it")
        else:
            self.missing_comma(frame, token)
            self.add(frame, token)

    def between_members(self, frame: Frame, token: Token) -> None:
        """Read something that follows a member without a comma."""
        if token.kind in VALUES and self.is_key(token):
            self.missing_comma(frame, token)
            frame.key = None
            self.open_member(frame, token)
        elif token.kind in ("{", "["):
            self.missing_comma(frame, token)
            self.add_nameless(frame, token)
        else:
            shown = quote(self.shown(token))
            self.skip(frame, token, f"{shown} does not belong here: remove it, or add what is missing")

    # Members and items

    def is_key(self, token: Token) -> bool:
        """Tell whether a token in the place of a key is one: a string there, or a word before a colon or a value."""
        if token.kind == "string" and self.stack[-1].expect is Expect.KEY:
            return True
        after = self.scanner.peek().kind
        return after in (":", "=") or (token.kind == "string" and after in ("scalar", "{", "["))

    def starts_member(self, token: Token) -> bool:
        """Tell whether a colon follows a word."""
        return token.kind in VALUES and self.scanner.peek().kind in (":", "=")

    def open_member(self, frame: Frame, token: Token) -> None:
        """Take a token for the key of a member."""
        if token.kind != "string":
            name = self.text[token.start:token.end]
            self.faults.habit("A key without quotes: JSON puts keys in double quotes", token.start, token.end)
            token = token._replace(kind="string", word=Word(name))
        frame.key, frame.comma, frame.expect = token, None, Expect.COLON
        self.report(token)

    def reopen_key(self, frame: Frame, key: Token, name: str) -> None:
        """Take only the name at its start for a key whose closing quote is missing."""
        end = key.start + 1 + len(name)
        message = f"The key {quote(name)} is not closed: add the closing quote"
        frame.key = Token("string", key.start, end, Word(name, ProblemKind.SYNTAX, message))
        self.report(frame.key)
        self.scanner.rewind(end)
        self.excused = True

    def no_value(self, frame: Frame, token: Token) -> None:
        """Give a key without a value a null, and read on."""
        key = frame.key or token
        self.faults.syntax(f"{quote(self.shown(frame.key))} has no value: add it", key.start, key.end)
        self.attach(frame, Node(key.end, key.end))
        self.excused = True
        self.comma(frame, token)

    def add(self, frame: Frame, token: Token) -> None:
        """Put a value where it belongs: a word, or a bracket that opens."""
        if token.kind not in ("{", "["):
            self.report(token)
            self.attach(frame, Node(token.start, token.end, token.word.value))
            self.excused = token.word.excuses
        elif len(self.stack) > DEEPEST:
            self.faults.add(ProblemKind.TOO_DEEP, f"Brackets nested more than {DEEPEST} deep: no config is. "
                            "Remove them", token.start, token.end, self.pointer()[:1])
            self.attach(frame, Node(token.start, self.scanner.skip_nested(token.start)))
        else:
            node = Node(token.start, token.end, {} if token.kind == "{" else [])
            self.attach(frame, node)
            self.open(token.kind, node, Expect.KEY if token.kind == "{" else Expect.VALUE)

    def add_nameless(self, frame: Frame, token: Token) -> None:
        """Read a bracket without a key: the members of an object count as if it were not there."""
        frame.key = None
        if token.kind == "{" and len(self.stack) <= DEEPEST:
            frame.expect = Expect.COMMA
            self.open("{", frame.node, Expect.KEY).implied = frame.implied = True
        else:
            self.add(frame, token)

    def attach(self, frame: Frame, node: Node) -> None:
        """Make a value the next item, or the value of the key just read."""
        frame.expect, frame.end, frame.comma = Expect.COMMA, node.end, None
        self.excused = False
        holder = frame.node
        if isinstance(holder.value, dict):
            if frame.key is not None:
                self.attach_member(frame.children, holder.value, frame.key, node)
        else:
            frame.children[len(frame.children)] = node
            if isinstance(holder.value, list):
                holder.value.append(node.value)

    def attach_member(
        self, children: dict[str | int, Node], members: dict[str, object], key: Token, node: Node,
    ) -> None:
        """Make a value that of a key. Of two equal keys the last one counts, as JSON readers have it."""
        name = str(key.word.value)
        first = children.get(name)
        if first is not None and not self.faults.conflict:
            line = position(self.text, first.key_start)[0]
            message = f"The key {quote(name)} is already on line {line}, and this one replaces it: keep one"
            self.faults.add(ProblemKind.DUPLICATE_KEY, message, key.start, key.end)
        node.key_start, node.key_end = key.start, key.end
        children[name] = node
        members[name] = node.value

    # Brackets

    def open(self, mark: str, node: Node, expect: Expect) -> Frame:
        """Go inside a bracket."""
        node.children = {} if node.children is None else node.children
        self.stack.append(Frame(mark, node, expect, node.children, end=node.end))
        return self.stack[-1]

    def close(self, frame: Frame, token: Token) -> None:
        """Close the innermost bracket, or find out which one is meant."""
        if frame.comma is not None:
            self.faults.syntax(f"A comma before `{token.kind}`: remove it", frame.comma.start, frame.comma.end)
            frame.comma = None
        if CLOSER[frame.mark] == token.kind:
            self.shut(token)
            return
        partner = self.level_of(OPENER[token.kind])
        at_end = self.scanner.peek().kind == "end"
        if not partner and not at_end:
            self.faults.syntax(f"`{token.kind}` closes nothing: remove it", token.start, token.end)
        elif not partner or (partner == 1 and not at_end):
            self.faults.syntax(f"`{token.kind}` closes a `{frame.mark}`: write `{CLOSER[frame.mark]}`",
                               token.start, token.end)
            self.shut(token)
        else:
            self.close_inside(partner, token)
            self.shut(token)

    def level_of(self, mark: str) -> int:
        """Return how far up the innermost bracket of a kind is open; 0, which is the text itself, if there is none."""
        return max((level for level, frame in enumerate(self.stack) if frame.mark == mark), default=0)

    def member_in_list(self, token: Token) -> None:
        """Take a member inside a list for one of the object around, and the list for not closed."""
        self.close_inside(self.level_of("{"), token)
        self.excused = True
        self.comma(self.stack[-1], token)

    def close_inside(self, level: int, token: Token) -> None:
        """Report the brackets that are still open inside another, and close them."""
        while len(self.stack) > level + 1:
            frame = self.stack[-1]
            if not frame.implied:
                line, column = position(self.text, frame.node.start)
                self.faults.syntax(f"The `{frame.mark}` at line {line}, column {column} is not closed before this: "
                                   f"add `{CLOSER[frame.mark]}`", token.start, token.end)
            self.shut(token._replace(end=frame.end))

    def shut(self, token: Token) -> None:
        """Close the innermost bracket at a token."""
        node = self.stack.pop().node
        node.end = self.stack[-1].end = token.end

    # The top

    def first(self, frame: Frame, token: Token) -> None:
        """Read the value that is the document."""
        if token.kind == "string" and self.starts_member(token):
            self.faults.syntax("The opening `{` is missing: add it", token.start, token.start)
            self.imply_object(token)
            self.open_member(self.stack[-1], token)
        elif token.kind in ("string", "scalar", "{", "["):
            self.add(frame, token)
        else:
            self.prose(token)

    def prose(self, token: Token) -> None:
        """Pass over text before the document."""
        what = "looks like YAML; write it as JSON" if self.scanner.peek().kind == ":" else "is not JSON; remove it"
        end = self.scanner.line_end(token.start)
        self.faults.syntax(f"The text {quote(self.text[token.start:end])} {what}", token.start, end)
        while self.scanner.peek().kind not in ("{", "end"):
            self.scanner.take()

    def after_the_end(self, frame: Frame, token: Token) -> None:
        """Read what follows the document."""
        root = frame.children[0]
        more = self.scanner.peek().kind in VALUES if token.kind == "," else self.starts_member(token)
        if isinstance(root.value, dict) and more:
            self.faults.syntax("More keys follow the `}` that closes the object: remove that `}`",
                               root.end - 1, root.end)
            self.open("{", root, Expect.COMMA).implied = True
            self.excused = True
            self.comma(self.stack[-1], token)
        elif token.kind in ("}", "]"):
            self.faults.syntax(f"`{token.kind}` closes nothing: remove it", token.start, token.end)
        else:
            what = "A second value" if token.kind in ("{", "[") else "Text"
            self.faults.syntax(f"{what} after the end of the document: a config is one JSON object. Remove the rest",
                               token.start, token.end)
            self.scanner.rewind(len(self.text))

    def imply_object(self, token: Token) -> None:
        """Open an object whose bracket is missing."""
        node = Node(token.start, token.start, {})
        self.attach(self.bottom, node)
        self.open("{", node, Expect.KEY).implied = True

    def finish(self, end: Token) -> None:
        """Close what is still open where the text ends."""
        last = len(self.text.rstrip())
        still_open = [frame for frame in self.stack[1:] if not frame.implied]
        if still_open and not self.scanner.cut:
            line = position(self.text, still_open[-1].node.start)[0]
            many = f"{len(still_open)} brackets are" if len(still_open) > 1 else "a bracket is"
            self.faults.syntax(f"The text ends while {many} open, the innermost `{still_open[-1].mark}` since line "
                               f"{line}: close it, or fetch the rest of the file", last, last)
        while len(self.stack) > 1:
            frame = self.stack[-1]
            if frame.key is not None and frame.expect in (Expect.COLON, Expect.VALUE):
                self.attach(frame, Node(frame.key.end, frame.key.end))
            self.shut(end._replace(end=last))
        if not self.bottom.children and not self.faults.count:
            self.faults.syntax("There is no JSON value here: write an object, `{}`", 0, end.start)

    # Reports

    def report(self, token: Token) -> None:
        """Report the fault of a word, if it has one."""
        word = token.word
        if word.kind is not None:
            if word.habit:
                self.faults.habit(word.message, token.start, token.end)
            else:
                self.faults.add(word.kind, word.message, token.start, token.end)

    def missing_comma(self, frame: Frame, token: Token) -> None:
        """Report a missing comma, unless another fault explains it: a quote that is missing may have hidden it."""
        no_quote = token.kind == "string" and self.text[token.start].isalnum()
        if not (self.excused or self.faults.conflict or no_quote):
            shown = f"`{token.kind}`" if token.kind in ("{", "[") else quote(self.shown(token))
            self.faults.syntax(f"A comma is missing before {shown}: add it", frame.end, frame.end)

    def skip(self, frame: Frame, token: Token, message: str) -> None:
        """Report a stretch of text that means nothing, and read on behind it."""
        if not self.excused:
            self.faults.syntax(message, token.start, token.end)
        self.excused = True
        frame.expect, frame.comma = Expect.COMMA, None

    def shown(self, token: Token | None) -> str:
        """Return a token as it stands in the text."""
        return "the value" if token is None else self.text[token.start:token.end]
