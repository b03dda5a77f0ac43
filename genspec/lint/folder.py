"""The folder of a model: the files that say together how it generates, each read when a rule asks for it."""

import os
from collections.abc import Iterator
from functools import cached_property

from genspec.lint.sources.document import Document, Problem
from genspec.lint.sources.json_text import parse_document
from genspec.lint.sources.reading import read_bytes

GENERATION, CONFIG, TOKENIZER = "generation_config.json", "config.json", "tokenizer_config.json"
SPECIAL, VOCABULARY, TEMPLATE = "special_tokens_map.json", "tokenizer.json", "chat_template.jinja"
ADAPTER = "adapter_config.json"

INNER = ("text_config", "decoder", "llm_config", "language_config", "language_model", "lm_config", "thinker_config")
"""Where the config of a composed model keeps that of the part which writes text."""


class Folder:
    """What stands beside a file."""

    def __init__(self, path: str) -> None:
        """Take the folder."""
        self.path = path
        self.read: dict[str, Document | None] = {}

    def document(self, name: str) -> Document | None:
        """Return a JSON file of the folder; None when it is not there, or holds no object."""
        if name not in self.read:
            path = os.path.join(self.path, name)
            data = read_bytes(path)
            document = None if isinstance(data, Problem) else parse_document(path, data)
            self.read[name] = document if document and isinstance(document.value, dict) else None
        return self.read[name]

    def values(self, name: str) -> dict[str, object]:
        """Return the members of a JSON file; none when it is not there."""
        document = self.document(name)
        return document.value if document is not None and isinstance(document.value, dict) else {}

    def has(self, name: str) -> bool:
        """Tell whether a file is there."""
        return os.path.lexists(os.path.join(self.path, name))

    @cached_property
    def configs(self) -> tuple[dict[str, object], ...]:
        """The model's config and those inside it, outermost first."""
        return tuple(nested(self.values(CONFIG)))

    def of_model(self, key: str) -> object:
        """Return what the model's config says, the outermost one that says anything."""
        return next((config[key] for config in self.configs if config.get(key) is not None), None)

    @cached_property
    def ids(self) -> dict[str, int]:
        """The ids of the added tokens, by text."""
        added = self.values(TOKENIZER).get("added_tokens_decoder")
        found = dict(decoder_ids(added)) if isinstance(added, dict) else {}
        return found or dict(list_ids(self.values(VOCABULARY).get("added_tokens")))

    def special(self, name: str) -> str | None:
        """Return the text of a special token, such as `eos_token`."""
        for file in (TOKENIZER, SPECIAL):
            token = self.values(file).get(name)
            text = token.get("content") if isinstance(token, dict) else token
            if isinstance(text, str):
                return text
        return None

    @cached_property
    def template(self) -> str | None:
        """The chat template: the default one, where there are several."""
        given = self.values(TOKENIZER).get("chat_template")
        if isinstance(given, list):
            named = {item.get("name"): item.get("template") for item in given if isinstance(item, dict)}
            given = named.get("default")
        if isinstance(given, str):
            return given
        data = read_bytes(os.path.join(self.path, TEMPLATE))
        return None if isinstance(data, Problem) else data.decode("utf-8", "replace")


def nested(config: dict[str, object]) -> Iterator[dict[str, object]]:
    """Yield a config and those of the parts that write text."""
    yield config
    for key in INNER:
        inner = config.get(key)
        if isinstance(inner, dict):
            yield from nested(inner)


def decoder_ids(added: dict[str, object]) -> Iterator[tuple[str, int]]:
    """Yield the tokens of `added_tokens_decoder`: ids as keys, in quotes."""
    for key, token in added.items():
        if isinstance(token, dict) and isinstance(token.get("content"), str) and key.isdecimal() and len(key) < 10:
            yield token["content"], int(key)


def list_ids(added: object) -> Iterator[tuple[str, int]]:
    """Yield the tokens of `added_tokens` in tokenizer.json."""
    for token in added if isinstance(added, list) else ():
        if isinstance(token, dict) and isinstance(token.get("content"), str) and type(token.get("id")) is int:
            yield token["content"], token["id"]
