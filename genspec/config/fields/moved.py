"""Fields that a transformers release removed, or whose mode it moved to the Hub. Text: docs/spec/config.md."""

from typing import Annotated, Any, Literal

from genspec.config.bounds import at_least, between
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import ASSISTED, CONSTRAINED, CONTRASTIVE, DOLA, GROUP_BEAMS, NEVER
from genspec.config.types import Positions, Real, TokenId

GROUP_REPOSITORY = "custom_generate='transformers-community/group-beam-search' with trust_remote_code in the call"
CONSTRAINED_REPOSITORY = (
    "custom_generate='transformers-community/constrained-beam-search' with trust_remote_code in the call"
)
CONTRASTIVE_REPOSITORY = (
    "custom_generate='transformers-community/contrastive-search' with trust_remote_code in the call"
)
DOLA_REPOSITORY = "custom_generate='transformers-community/dola' with trust_remote_code in the call"


@fields("Moved and removed")
class MovedFields(FieldGroup):
    """What a newer release no longer acts on. CONFIG-10."""

    num_beam_groups: int | None = field(
        """The number of groups into which the beams are divided, so that groups differ from each other. It divides
        num_beams; above 1 it selects group beam search.""",
        clause="BEAMS-4",
        unset=1,
        bounds=at_least(1),
        modes=GROUP_BEAMS,
        removed="4.57",
        moved_to=GROUP_REPOSITORY,
    )
    diversity_penalty: Real | None = field(
        """What is taken off a token's score for each earlier group that chose the token at the same step.""",
        clause="BEAMS-5",
        unset=0.0,
        bounds=at_least(0),
        modes=GROUP_BEAMS,
        removed="4.57",
        moved_to=GROUP_REPOSITORY,
    )
    constraints: list[Any] | None = field(
        """Conditions that every hypothesis must meet. They are Python objects, which no file can hold; setting them
        selects constrained beam search.""",
        clause="BEAMS-6",
        modes=CONSTRAINED,
        removed="4.57",
        moved_to=CONSTRAINED_REPOSITORY,
    )
    force_words_ids: list[list[TokenId] | list[list[TokenId]]] | None = field(
        """Sequences of token ids that must occur in the output, or lists of sequences of which one must. Setting it
        selects constrained beam search.""",
        clause="BEAMS-6",
        bounds=at_least(0),
        modes=CONSTRAINED,
        removed="4.57",
        moved_to=CONSTRAINED_REPOSITORY,
    )
    penalty_alpha: Real | None = field(
        """The weight of the degeneration penalty: how much a candidate's likeness to its context counts against its
        probability. Above 0, with a top_k above 1 and without drawing, it selects contrastive search.""",
        clause="CONTRASTIVE-SEARCH-1",
        bounds=between(0, 1),
        modes=CONTRASTIVE,
        removed="4.56",
        moved_to=CONTRASTIVE_REPOSITORY,
    )
    dola_layers: Literal["low", "high"] | list[int] | None = field(
        """The layers whose logits are contrasted with those of the last one: a half of the model, or their numbers.
        Setting it selects DoLa decoding.""",
        clause="DOLA-1",
        bounds=at_least(0),
        modes=DOLA,
        since="4.43",
        removed="4.56",
        moved_to=DOLA_REPOSITORY,
    )
    low_memory: bool | None = field(
        """Whether beam search, or the candidates of contrastive search, went through the model one after another. Beam
        search raises an error for true since it was rewritten.""",
        clause="PERFORMANCE-1",
        modes=NEVER,
        removed="4.50",
        moved_to='cache_implementation "offloaded"',
    )
    forced_decoder_ids: list[Annotated[list[int | None], Positions(int, TokenId | None)]] | None = field(
        """Pairs of a position and the token id forced there; null leaves the position free. Whisper models still read
        it themselves when neither language nor task is given.""",
        clause="FORCED-DECODER-IDS-1",
        bounds=at_least(0),
        removed="4.45",
        moved_to="decoder_input_ids, or language and task for Whisper",
    )
    return_legacy_cache: bool | None = field(
        """Whether the cache was returned as nested tuples instead of an object.""",
        clause="CACHE-1",
        modes=NEVER,
        since="4.42",
        removed="5.0",
        moved_to="the cache object that is returned",
    )
    generation_kwargs: dict[str, Any] | None = field(
        """Further arguments kept for the call of generate on an assistant model.""",
        clause="ASSISTED-8",
        modes=ASSISTED,
        removed="4.53",
        moved_to="the arguments of the call",
    )
