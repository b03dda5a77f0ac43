"""What a profile is: one option for each choice point. Text: docs/spec/profiles.md."""

from dataclasses import dataclass
from typing import Literal

from genspec.config.mode import ANY, BEAMS, Mode

HF_ORDER = (
    "guidance",
    "sequence_bias",
    "encoder_repetition_penalty",
    "repetition_penalty",
    "no_repeat_ngram",
    "encoder_no_repeat_ngram",
    "bad_words",
    "min_length",
    "min_new_tokens",
    "prefix_allowed_tokens",
    "forced_bos",
    "forced_eos",
    "remove_invalid_values",
    "exponential_decay_length_penalty",
    "suppress",
    "begin_suppress",
    "temperature",
    "top_h",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "epsilon_cutoff",
    "eta_cutoff",
    "watermark",
    "renormalize",
)
"""The operations of transformers 5.23 in their order. PIPELINE-1."""

MOVED = frozenset({Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH, Mode.CONTRASTIVE_SEARCH, Mode.DOLA})
"""The modes that transformers 4.56 and 4.57 moved out. CONFIG-10."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One option for each choice point. A decoder is held to the profile that it declares. PROFILES-1, PROFILES-2."""

    name: str
    version: tuple[int, ...]            # CONFIG-10  the transformers release whose fields the profile knows
    modes: frozenset[Mode] = ANY - MOVED                                # PROFILES-3
    default_length: Literal["new tokens", "total length"] = "new tokens"        # LENGTH-4

    # From logits to scores
    order: tuple[str, ...] = HF_ORDER                                   # PIPELINE-1, PIPELINE-5
    beam_order: tuple[str, ...] | None = None                           # PROFILES-4  None: `order`
    nucleus_boundary: Literal["<", "<="] = "<"                          # TOP-P-2
    nucleus_mass: Literal["renormalised", "full"] = "renormalised"      # TOP-P-5
    nucleus_ties: Literal["ranked", "kept"] = "ranked"                  # TOP-P-6
    top_k_ties: Literal["kept", "exact"] = "kept"                       # TOP-K-3, TOP-K-4
    typical_boundary: Literal[">=", ">"] = ">="                         # TYPICAL-P-2
    typical_ties: Literal["kept", "exact"] = "kept"                     # TYPICAL-P-3
    xtc_boundary: Literal[">=", ">"] = ">="                             # XTC-3
    xtc_ties: Literal["ranked", "kept"] = "ranked"                      # XTC-4
    penalty_scope: Literal["row", "output"] = "row"                     # REPETITION-PENALTY-2
    penalty_window: int | None = None                                   # REPETITION-PENALTY-3  tokens; None: all
    count_scope: Literal["row", "output"] = "output"                    # PRESENCE-PENALTY-2, FREQUENCY-PENALTY-2
    ngram_scope: Literal["row", "output"] = "row"                       # NO-REPEAT-NGRAM-2

    # Beams
    beam_input: Literal["log_softmax", "logits"] = "log_softmax"        # BEAM-SEARCH-1  what the operations act on
    beam_candidates: Literal["eos", "two"] = "eos"                      # BEAM-SEARCH-2  a beam: 1 + EOS ids, or 2
    finishing_rank: Literal["beams", "any"] = "beams"                   # BEAM-SEARCH-3
    finishing_rules: Literal["all", "eos"] = "all"                      # BEAM-SEARCH-10  which rules finish a candidate
    hypothesis_length: Literal["new", "new without EOS", "row", "row without EOS"] = "new"      # BEAM-SEARCH-4
    length_normalisation: Literal["power", "gnmt"] = "power"            # BEAM-SEARCH-4
    default_early_stopping: bool | Literal["never"] = False             # PROFILES-5
    stop_bound: Literal["open", "candidate"] = "open"                   # BEAM-SEARCH-6
    drawn_order: Literal["draw", "score"] = "draw"                      # BEAM-SAMPLE-2
    drawn_start: Literal["prompt", "copies"] = "prompt"                 # BEAM-SAMPLE-1  of a search that draws

    def order_in(self, mode: Mode) -> tuple[str, ...]:
        """Return the operations that a mode has, in their order. PIPELINE-1, PROFILES-4."""
        return self.beam_order if mode in BEAMS and self.beam_order is not None else self.order
