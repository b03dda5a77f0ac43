"""What a decoder is told to do, with every conflict already decided. Decoders read this and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from genspec.config.mode import Mode
from genspec.config.profile import Profile

Architecture = Literal["decoder-only", "encoder-decoder"]
OnOverflow = Literal["truncate", "error"]
EarlyStopping = bool | Literal["never"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of the pipeline from logits to scores, named as its page, with the arguments of its function."""

    name: str
    arguments: Mapping[str, object]
    clause: str


@dataclass(frozen=True, slots=True)
class LengthBudget:
    """How many tokens the row may and must get. Counts of tokens; new tokens exclude the prompt."""

    prompt_length: int              # tokens of the decoder's prompt that are kept
    dropped_prompt_tokens: int      # tokens cut from the front of an overlong prompt. LENGTH-5
    min_new_tokens: int             # no EOS before so many new tokens. LENGTH-6
    max_new_tokens: int             # LENGTH-1

    @property
    def min_length(self) -> int:
        """Return the least length of the whole row before an EOS, prompt included."""
        return self.prompt_length + self.min_new_tokens

    @property
    def max_length(self) -> int:
        """Return the greatest length of the whole row, prompt included."""
        return self.prompt_length + self.max_new_tokens


@dataclass(frozen=True, slots=True)
class BeamRules:
    """How hypotheses are kept, scored and finished. BEAMS-1 to BEAMS-6."""

    num_beams: int
    early_stopping: EarlyStopping
    length_penalty: float
    num_beam_groups: int = 1
    diversity_penalty: float = 0.0
    force_words_ids: tuple[object, ...] = ()
    constraints: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopping:
    """When a row ends besides its length."""

    eos_token_ids: tuple[int, ...]          # empty: no EOS. TOKENS-2
    stop_strings: tuple[str, ...]           # STOPPING-3
    max_time: float | None                  # seconds. STOPPING-4


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is returned for each prompt. OUTPUTS-1 to OUTPUTS-6."""

    num_return_sequences: int
    return_dict: bool
    scores: bool
    logits: bool
    attentions: bool
    hidden_states: bool


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """The token ids with a meaning. None: there is none."""

    bos: int | None
    eos: tuple[int, ...]
    pad: int | None                         # fills finished rows of a batch. TOKENS-3
    decoder_start: int | tuple[int, ...] | None     # TOKENS-5; several: one a row


@dataclass(frozen=True, slots=True)
class Assistance:
    """How drafts of several tokens are proposed and accepted. ASSISTED-1."""

    prompt_lookup_num_tokens: int | None
    max_matching_ngram_size: int
    num_assistant_tokens: int | None
    assistant_confidence_threshold: float | None
    assistant_early_exit: int | None
    assistant_ensemble_weight: float | None = None      # the model's share of the mixture. ASSISTED-6


@dataclass(frozen=True, slots=True)
class Contrastive:
    """How candidates are re-ranked against the context. CONTRASTIVE-SEARCH-1."""

    penalty_alpha: float
    top_k: int


@dataclass(frozen=True, slots=True)
class DecodingPlan:
    """One request, decided. The same config, facts and profile always give an equal plan."""

    mode: Mode
    profile: Profile
    architecture: Architecture
    length: LengthBudget
    operations: tuple[Operation, ...]
    stopping: Stopping
    outputs: Outputs
    tokens: SpecialTokens
    draws: bool                             # MODE-2
    beams: BeamRules | None = None
    assistance: Assistance | None = None
    contrastive: Contrastive | None = None
    dola_layers: str | tuple[int, ...] | None = None
    token_healing: bool = False             # TOKEN-HEALING-1

    def operation(self, name: str) -> Operation | None:
        """Return the operation of this name, or None when the plan does not have it."""
        return next((operation for operation in self.operations if operation.name == name), None)
