"""Fields that force, suppress or mark tokens. Text: one page a field in docs/spec."""

from typing import Any

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.types import TokenId


@fields("Forced and suppressed tokens")
class ForcingFields(FieldGroup):
    """Which tokens must or may not stand where, and what closes the pipeline."""

    forced_bos_token_id: TokenId | None = field(
        """The token id forced as the first one after the start token of an encoder-decoder model: the target language
        of a multilingual model. It acts when the row holds one token.""",
        clause="FORCED-BOS-1",
        bounds=at_least(0),
    )
    forced_eos_token_id: TokenId | list[TokenId] | None = field(
        """The token id, or ids, of which one is forced as the last token when the greatest length is reached.""",
        clause="FORCED-EOS-1",
        bounds=at_least(0),
    )
    suppress_tokens: list[TokenId] | None = field(
        """Token ids that are never produced.""",
        clause="SUPPRESS-1",
        bounds=at_least(0),
    )
    begin_suppress_tokens: list[TokenId] | None = field(
        """Token ids that are not produced as the first new token. When the prompt holds at most one token and
        forced_bos_token_id is set, the token after the forced one is meant.""",
        clause="BEGIN-SUPPRESS-1",
        bounds=at_least(0),
    )
    remove_invalid_values: bool | None = field(
        """Whether scores that are NaN or infinite are replaced by finite ones. It keeps a faulty model from stopping
        the decoder, and hides its fault.""",
        clause="REMOVE-INVALID-VALUES-1",
        unset=False,
    )
    token_healing: bool | None = field(
        """Whether the last tokens of the prompt are taken back and replaced by longer tokens that begin with the same
        text. The decoder needs a tokenizer.""",
        clause="TOKEN-HEALING-1",
        since="4.42",
    )
    watermarking_config: dict[str, Any] | None = field(
        """The parameters of a watermark, which adds a bias to a part of the vocabulary that depends on the preceding
        tokens: greenlist_ratio, bias, hashing_key, seeding_scheme ("lefthash" or "selfhash") and context_width.""",
        clause="WATERMARK-1",
        since="4.41",
    )
    renormalize_logits: bool | None = field(
        """Whether the scores are turned into log-probabilities again after the whole pipeline. It changes beam
        search, which adds scores up, and the scores that are returned; neither a greedy choice nor a draw.""",
        clause="RENORMALIZE-1",
    )
