"""Fields that raise, lower or ban tokens in every mode. Text: one page a field in docs/spec."""

from typing import Annotated

from genspec.config.bounds import REALS, above, at_least
from genspec.config.field import FieldGroup, field, fields
from genspec.config.types import Positions, Real, TokenId


@fields("Penalties and bans")
class PenaltyFields(FieldGroup):
    """What is done to the scores of chosen tokens, drawing or not."""

    repetition_penalty: Real | None = field(
        """The factor against tokens that already stand in the row, prompt included: a positive score is divided by
        it, a negative one multiplied, once however often the token stands there. 1 leaves the scores unchanged,
        below 1 repeats are favoured.""",
        clause="REPETITION-PENALTY-1",
        unset=1.0,
        bounds=above(0),
    )
    encoder_repetition_penalty: Real | None = field(
        """The factor in favour of tokens of the encoder's input (of the prompt, for a decoder-only model): the
        reverse of repetition_penalty, so that above 1 they become more likely. 1 leaves the scores unchanged.""",
        clause="ENCODER-REPETITION-PENALTY-1",
        unset=1.0,
        bounds=above(0),
    )
    no_repeat_ngram_size: int | None = field(
        """The size of the n-grams that may occur only once in the row, prompt included. 0 switches it off. A small
        size bans structure that must repeat, such as the keys of JSON records.""",
        clause="NO-REPEAT-NGRAM-1",
        unset=0,
        bounds=at_least(0),
    )
    encoder_no_repeat_ngram_size: int | None = field(
        """The size of the n-grams of the encoder's input (of the prompt, for a decoder-only model) that the output
        may not contain. 0 switches it off.""",
        clause="ENCODER-NO-REPEAT-NGRAM-1",
        unset=0,
        bounds=at_least(0),
    )
    bad_words_ids: list[list[TokenId]] | None = field(
        """Sequences of token ids that may not be produced: the last token of a sequence is banned where the tokens
        before it already stand.""",
        clause="BAD-WORDS-1",
        bounds=at_least(0),
    )
    sequence_bias: (
        list[Annotated[list[list[TokenId] | Real], Positions(list[TokenId], Real)]]
        | dict[tuple[TokenId, ...], Real]
        | None
    ) = field(
        """Numbers added to the score of the token that would complete a sequence: in JSON a list of pairs, each a list
        of token ids and its bias; in Python also a mapping from tuples of token ids. A positive bias makes the
        sequence more likely.""",
        clause="SEQUENCE-BIAS-1",
        bounds=REALS,
    )
    exponential_decay_length_penalty: (
        Annotated[list[Real], Positions(int, Real)] | tuple[int, Real] | None
    ) = field(
        """A start, in new tokens, and a factor f: k tokens after the start, the score of EOS grows by its size times
        (f^k - 1). A factor above 1 brings the end nearer, one below 1 puts it off.""",
        clause="EXPONENTIAL-DECAY-LENGTH-PENALTY-1",
        bounds=at_least(0),
    )
    guidance_scale: Real | None = field(
        """The weight of classifier-free guidance: scores move from those without the prompt, or under a negative
        prompt, towards those with it, by this factor. 1 leaves the scores unchanged, and above 1 the prompt weighs
        more. Every step costs a second pass of the model.""",
        clause="GUIDANCE-1",
        bounds=at_least(0),
    )
