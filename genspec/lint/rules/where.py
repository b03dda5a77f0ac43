"""For which kinds of places rules speak."""

from genspec.lint.sources.document import Source

FILE = (Source.GENERATION_CONFIG,)
PYTHON = (Source.GENERATE_CALL, Source.CONFIG_CALL, Source.ASSIGNMENT)
"""Places in programs whose words are those of transformers."""

SECTIONS = (Source.SECTION,)
"""Places in the words of transformers in files of programs that run it, as tasks of an evaluation."""

EVERYWHERE = FILE + PYTHON + SECTIONS

EVERY_CALL = (*EVERYWHERE, Source.PIPELINE_CALL)
"""Those, and calls of a pipeline, whose own config nobody sees: for rules about what is given alone."""
