"""Fields that bound the length of the output. Text: docs/spec/length.md."""

from genspec.config.bounds import at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.types import Real


@fields("Length")
class LengthFields(FieldGroup):
    """How many tokens a decoder may and must produce."""

    max_length: int | None = field(
        """The most tokens the sequence may have, prompt included (for an encoder-decoder model: decoder tokens,
        start token included). Ignored when max_new_tokens is set. A prompt that is already this long leaves room
        for no new token.""",
        clause="LENGTH-2",
        bounds=at_least(1),
    )
    max_new_tokens: int | None = field(
        """The most new tokens a decoder may produce, whatever the length of the prompt. It decides over
        max_length, from whichever source either comes. When neither is set, 20 new tokens are produced.""",
        clause="LENGTH-1",
        bounds=at_least(1),
    )
    min_length: int | None = field(
        """The length, prompt included, below which no EOS token can be chosen. Ignored when min_new_tokens is
        set. The EOS token itself is not counted.""",
        clause="LENGTH-7",
        unset=0,
        bounds=at_least(0),
    )
    min_new_tokens: int | None = field(
        """The number of new tokens before which no EOS token can be chosen. It decides over min_length. When it
        exceeds the most new tokens allowed, the maximum wins.""",
        clause="LENGTH-6",
        bounds=at_least(0),
    )
    max_time: Real | None = field(
        """Seconds after which decoding stops. The clock is read after each step, so at least one token is
        produced.""",
        clause="STOPPING-4",
        bounds=at_least(0),
    )
    stop_strings: str | list[str] | None = field(
        """Text that ends the row once the decoded sequence ends with it. The tokens that complete the string are
        kept. The decoder needs a detokenizer.""",
        clause="STOPPING-3",
        since="4.41",
    )
