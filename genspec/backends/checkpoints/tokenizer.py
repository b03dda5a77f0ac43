"""A tokenizer for tokens without text of their own: token i is `<i>`, and nothing else can be written."""

from typing import Any


def text_of(token: int) -> str:
    """Return the text of a token, as `genspec trace` writes it."""
    return f"<{token}>"


def token_of(text: str) -> int:
    """Return the token of a text. Raises ValueError for a text that is none."""
    return int(text.removeprefix("<").removesuffix(">"))


def tokenizer(size: int, special: tuple[int, ...]) -> dict[str, Any]:
    """Give tokenizer.json: ids and text are one to one, nothing is merged. `special`: ids that end rows."""
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [added(token) for token in sorted(set(special))],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Split", "pattern": {"Regex": "<[0-9]+>"}, "behavior": "Isolated", "invert": False,
        },
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "WordLevel",
            "vocab": {text_of(token): token for token in range(size)},
            "unk_token": "<unknown>",       # not in the vocabulary: text that is no token is an error
        },
    }


def added(token: int) -> dict[str, Any]:
    """Declare a special token."""
    return {"id": token, "content": text_of(token), "special": True, "single_word": False, "lstrip": False,
            "rstrip": False, "normalized": False}


def tokenizer_config(special: tuple[int, ...], context: int) -> dict[str, Any]:
    """Give tokenizer_config.json."""
    ends = {"eos_token": text_of(special[0])} if special else {}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False,
            "model_max_length": context, **ends}
