"""Reads shell scripts."""

from genspec.lint.sources.document import Document
from genspec.lint.sources.endpoints import WORDS
from genspec.lint.sources.nothing import nothing, utf8
from genspec.lint.sources.shell.programs import TRIGGERS as PROGRAMS

TRIGGERS = (*PROGRAMS, *WORDS, b"PARAMETER")


def parse_script(path: str, data: bytes) -> Document:
    """Read a shell script, if there can be anything in it. One that is not UTF-8 holds nothing that can be checked."""
    text = utf8(data) if any(trigger in data for trigger in TRIGGERS) else None
    if text is None:
        return nothing(path)
    from genspec.lint.sources.shell.document import document_of
    from genspec.lint.sources.shell.flags import settings_of
    from genspec.lint.sources.shell.heredoc import modelfiles_in
    from genspec.lint.sources.shell.words import Reader

    reader = Reader(text, 0, len(text))
    found = [given for words in reader.commands() for given in settings_of(words)]
    found += modelfiles_in(text, reader.bodies)
    return document_of(path, text, sorted(found, key=lambda given: given.start))
