"""A tokenizer of transformers in which every token has a given text."""

from collections.abc import Sequence


class Words:
    """What `StopStringCriteria` asks of a tokenizer; the text of a row is that of its tokens, one after the other."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self.pieces = pieces

    def get_vocab(self) -> dict[str, int]:
        return {f"t{token}": token for token in range(len(self.pieces))}

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        return {"input_ids": [-1]}

    def _convert_id_to_token(self, token: int) -> str:
        return "base"

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        return "".join("abcdef" if token == "base" else self.pieces[int(token[1:])] for token in tokens)
