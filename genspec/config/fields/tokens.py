"""Fields that give token ids a meaning. Text: docs/spec/special_tokens.md."""

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.types import TokenId


@fields("Special tokens")
class TokenFields(FieldGroup):
    """Which token ids start, end and fill a row."""

    pad_token_id: TokenId | None = field(
        """The token id that fills finished rows of a batch. 0 is an id like any other. When it is unset the first EOS
        id is used.""",
        clause="TOKENS-3",
        bounds=at_least(0),
    )
    bos_token_id: TokenId | None = field(
        """The token id that starts a row when the prompt is empty, and the decoder of an encoder-decoder model without
        decoder_start_token_id.""",
        clause="TOKENS-6",
        bounds=at_least(0),
    )
    eos_token_id: TokenId | list[TokenId] | None = field(
        """The token id, or ids, that end a row. Unset, or an empty list, means that no token ends it. A chat model
        usually needs its end-of-turn id here too.""",
        clause="TOKENS-2",
        bounds=at_least(0),
    )
    decoder_start_token_id: TokenId | list[TokenId] | None = field(
        """The token id that the decoder of an encoder-decoder model starts from, or a list with one for each row of
        the batch. When it is unset bos_token_id is used.""",
        clause="TOKENS-5",
        bounds=at_least(0),
    )
