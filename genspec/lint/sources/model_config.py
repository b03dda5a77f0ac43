"""Reads config.json for its own sake: where there is no generation_config.json that would speak for the folder."""

import os

from genspec.lint.sources.document import Document, Place, Source
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.nothing import nothing
from genspec.lint.sources.walk import SPOKEN_FOR

TRIGGER = b'"architectures"'
"""What every config.json of a model holds, and hardly another file of the name."""


def parse_model_config(path: str, data: bytes) -> Document:
    """Read config.json. What is wrong with its text is another program's business."""
    beside = os.path.join(os.path.dirname(path), SPOKEN_FOR["config.json"])
    if TRIGGER not in data or os.path.lexists(beside):
        return nothing(path)
    document = parse_document(path, data)
    values = document.value if isinstance(document.value, dict) else {}
    return document._replace(problems=(), places=(Place(Source.MODEL_FOLDER, values),))
