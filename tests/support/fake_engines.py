"""Modules that look like engines and answer by the reference, for tests of the adapters without the engines."""

from types import ModuleType
from typing import Any

from genspec import GenerationConfig
from genspec.backends.checkpoints import model_of
from genspec_reference import generate


class Result:
    """What ctranslate2 gives for a prompt."""

    def __init__(self, rows: Any, beams: bool) -> None:
        self.sequences_ids = [list(row.new_tokens) for row in rows]
        self.scores = [row.score if beams else -1.0 for row in rows]


class Generator:
    """`ctranslate2.Generator`."""

    def __init__(self, folder: str, **options: Any) -> None:
        self.model, self.options, self.asked = model_of(folder), options, []

    def generate_batch(self, prompts: list[list[str]], **options: Any) -> list[Result]:
        self.asked.append(options)
        beams = options.get("beam_size", 1)
        config = {
            "max_new_tokens": options["max_length"], "min_new_tokens": options["min_length"] or None,
            "num_beams": beams, "num_return_sequences": options.get("num_hypotheses", 1),
            "early_stopping": {1.0: True}.get(options.get("patience", 1.0), "never"),
            "length_penalty": options.get("length_penalty", 1.0), "eos_token_id": options["end_token"] or None,
            "repetition_penalty": options["repetition_penalty"],
            "no_repeat_ngram_size": options["no_repeat_ngram_size"],
            "bad_words_ids": [ids(words) for words in options.get("suppress_sequences", ())] or None,
        }
        said = GenerationConfig.from_dict({name: value for name, value in config.items() if value is not None})
        rows = [generate(said, self.model, ids(prompt), profile="ctranslate2").rows for prompt in prompts]
        return [Result(one, beams > 1) for one in rows]


def ids(texts: list[str]) -> list[int]:
    return [int(text[1:-1]) for text in texts]


def ctranslate2() -> ModuleType:
    """Give the module."""
    module = ModuleType("ctranslate2")
    module.Generator = Generator                            # type: ignore[attr-defined]
    module.set_random_seed = lambda seed: None              # type: ignore[attr-defined]
    return module
