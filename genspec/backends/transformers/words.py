"""A tokenizer of transformers in which every token has a given text: as much of one as stop strings need."""

from collections.abc import Sequence


class Words:
    """What `StopStringCriteria` asks of a tokenizer. The text of a row is that of its tokens, one after the other."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Take the text of each token."""
        self.pieces = pieces

    def get_vocab(self) -> dict[str, int]:
        """Name the tokens by their ids, as two of them may have the same text, and by their texts.

        transformers keeps what it has made of a vocabulary, by these names and not by their texts.
        """
        return {f"{token} {piece}": token for token, piece in enumerate(self.pieces)}

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        """Give the ids of the text in front of which transformers puts each token, to see its spaces: a made-up id."""
        return {"input_ids": [-1]}

    def _convert_id_to_token(self, token: int) -> str:
        return "base"

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """Give the text of tokens, the made-up one in front included."""
        return "".join("abcdef" if token == "base" else token.partition(" ")[2] for token in tokens)
