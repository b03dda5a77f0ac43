"""For which kinds of places rules speak."""

from genspec.lint.sources.document import Source

FILE = (Source.GENERATION_CONFIG,)
PYTHON = (Source.GENERATE_CALL, Source.CONFIG_CALL, Source.ASSIGNMENT)
"""Places in programs whose words are those of transformers."""

EVERYWHERE = FILE + PYTHON
