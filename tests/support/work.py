"""How much work a call does, counted and not timed: the same on a busy machine as on a quiet one."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType


def steps_of(call: Callable[[], object]) -> int:
    """Count the functions that are called, of Python and of C, while a call runs."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(before)
    return count


class CountedPattern:
    """A regular expression that counts the characters which its matches cover."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        """Wrap a pattern."""
        self.pattern, self.characters = pattern, 0

    def match(self, text: str, *span: int) -> re.Match[str] | None:
        """Match, and count."""
        found = self.pattern.match(text, *span)
        self.characters += len(found[0]) if found else 0
        return found

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """Search, and count what stands before the match too."""
        found = self.pattern.search(text, start)
        self.characters += (found.end() if found else len(text)) - start
        return found

    def finditer(self, text: str, start: int = 0) -> Iterator[re.Match[str]]:
        """Find all, and count up to each."""
        for found in self.pattern.finditer(text, start):
            self.characters += found.end() - start
            start = found.end()
            yield found


@contextmanager
def characters_read(*modules: ModuleType) -> Iterator[Callable[[], int]]:
    """Let the patterns of modules count the characters that they read. Gives what tells the sum."""
    places = [(module, name, value) for module in modules for name, value in vars(module).items()
              if isinstance(value, re.Pattern)]
    counted = [CountedPattern(pattern) for _, _, pattern in places]
    for (module, name, _), instead in zip(places, counted, strict=True):
        setattr(module, name, instead)
    try:
        yield lambda: sum(one.characters for one in counted)
    finally:
        for module, name, pattern in places:
            setattr(module, name, pattern)
