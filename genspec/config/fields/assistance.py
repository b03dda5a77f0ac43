"""Fields of assisted decoding: drafts of several tokens that the model then checks. Text: docs/spec/assisted.md."""

from typing import Literal

from genspec.config.bounds import at_least, between, strictly_between
from genspec.config.field import FieldGroup, field, fields
from genspec.config.mode import ASSISTED
from genspec.config.types import Real


@fields("Assisted decoding")
class AssistanceFields(FieldGroup):
    """Where drafts come from, how long they are, and how they are accepted."""

    prompt_lookup_num_tokens: int | None = field(
        """The length, in tokens, of drafts copied from the prompt: what followed the last n-gram where it occurred
        before. Setting it selects assisted decoding; no second model is needed.""",
        clause="ASSISTED-1",
        bounds=at_least(1),
        modes=ASSISTED,
    )
    max_matching_ngram_size: int | None = field(
        """The longest n-gram, in tokens, that is looked up in the prompt. 2 applies when it is unset.""",
        clause="ASSISTED-1",
        bounds=at_least(1),
        modes=ASSISTED,
        since="4.39",
    )
    num_assistant_tokens: int | None = field(
        """The length, in tokens, of the drafts that an assistant model makes.""",
        clause="ASSISTED-2",
        unset=20,
        bounds=at_least(1),
        modes=ASSISTED,
    )
    num_assistant_tokens_schedule: Literal["constant", "heuristic", "heuristic_transient"] | None = field(
        """How the length of the drafts changes: "constant" keeps it, "heuristic" adds 2 after a draft that was wholly
        accepted and takes 1 off otherwise, and "heuristic_transient" does the same within one call.""",
        clause="ASSISTED-2",
        unset="constant",
        modes=ASSISTED,
    )
    assistant_confidence_threshold: Real | None = field(
        """The probability of the assistant model's token below which it stops drafting. 0 switches it off.""",
        clause="ASSISTED-3",
        unset=0.4,
        bounds=between(0, 1),
        modes=ASSISTED,
        since="4.45",
    )
    is_assistant: bool | None = field(
        """Whether the model is the one that makes drafts. It is set while a draft is made; in a file it lets
        assistant_confidence_threshold end the row.""",
        clause="ASSISTED-3",
        since="4.45",
    )
    assistant_early_exit: int | None = field(
        """The number of layers of the model itself that make the drafts. Setting it selects assisted decoding; the
        model must be trained for early exit.""",
        clause="ASSISTED-4",
        bounds=at_least(1),
        modes=ASSISTED,
        since="4.47",
    )
    assistant_lookbehind: int | None = field(
        """How many of the assistant model's last tokens are encoded again to align two different tokenizers.""",
        clause="ASSISTED-5",
        unset=10,
        bounds=at_least(1),
        modes=ASSISTED,
        since="4.47",
    )
    target_lookbehind: int | None = field(
        """How many of the model's own last tokens are encoded again to align two different tokenizers.""",
        clause="ASSISTED-5",
        unset=10,
        bounds=at_least(1),
        modes=ASSISTED,
        since="4.47",
    )
    assistant_ensemble_weight: Real | None = field(
        """The weight of the model in the mixture with the assistant model against which drafts are accepted. When it
        is unset the model alone decides and the distribution is exact; with it more drafts are accepted, and the
        distribution is the mixture's.""",
        clause="ASSISTED-6",
        bounds=strictly_between(0, 1),
        modes=ASSISTED,
        since="5.14",
    )
    use_mtp: bool | None = field(
        """Whether the model's own heads for later tokens make the drafts. true selects assisted decoding; the model
        must have such heads.""",
        clause="ASSISTED-7",
        modes=ASSISTED,
        since="5.14",
    )
    speculation_type: Literal["dflash"] | None = field(
        """The method by which an assistant model makes its drafts, where it has one of its own.""",
        clause="ASSISTED-7",
        modes=ASSISTED,
        since="5.15",
    )
