"""How the other modes are parametrised. Text: docs/spec/assisted.md, contrastive_search.md, dola.md."""

from typing import cast

from genspec.config.mode import Mode
from genspec.config.plan import Assistance, Contrastive
from genspec.config.resolve.ledger import Ledger

LONGEST_NGRAM = 2
"""What applies when max_matching_ngram_size is unset. ASSISTED-1."""

SHAPES_OF_DRAFTS = (
    "max_matching_ngram_size", "num_assistant_tokens", "num_assistant_tokens_schedule",
    "assistant_confidence_threshold", "assistant_lookbehind", "target_lookbehind", "speculation_type",
)
"""Fields that change how fast drafts are made and accepted, and never what is produced. ASSISTED-9."""


def decide_assistance(ledger: Ledger, mode: Mode) -> Assistance | None:
    """Gather how drafts are proposed, or None when there are none. ASSISTED-1."""
    if mode is not Mode.ASSISTED:
        return None
    if ledger.is_set("prompt_lookup_num_tokens") and ledger.is_set("assistant_ensemble_weight"):
        ledger.refuse("assistant_ensemble_weight", "it weighs an assistant model, and drafts come from the prompt.",
                      "Unset one of the two.")
    for name in SHAPES_OF_DRAFTS:
        if ledger.is_set(name):
            ledger.decide(name, ledger.given(name), "it shapes the drafts, never the law of the output.")
    if ledger.is_set("assistant_ensemble_weight"):
        weight = ledger.real("assistant_ensemble_weight")
        ledger.decide("assistant_ensemble_weight", weight, f"drafts are accepted against a mixture in which the model "
                      f"weighs {weight:g} and the assistant {1 - weight:g}: where there is a draft, the output follows "
                      "the mixture.")
    return Assistance(
        cast("int | None", ledger.given("prompt_lookup_num_tokens")),
        cast("int", ledger.given("max_matching_ngram_size") or LONGEST_NGRAM),
        cast("int | None", ledger.effective("num_assistant_tokens")),
        cast("float | None", ledger.effective("assistant_confidence_threshold")),
        cast("int | None", ledger.given("assistant_early_exit")),
        cast("float | None", ledger.given("assistant_ensemble_weight")),
    )


def decide_contrastive(ledger: Ledger, mode: Mode) -> Contrastive | None:
    """Gather how candidates are re-ranked, or None in any other mode. CONTRASTIVE-SEARCH-1."""
    if mode is not Mode.CONTRASTIVE_SEARCH:
        return None
    alpha, k = ledger.real("penalty_alpha"), ledger.integer("top_k")
    ledger.decide("penalty_alpha", alpha, f"likeness to the context weighs {alpha:g}, the model {1 - alpha:g}.")
    ledger.decide("top_k", k, f"the {k} most probable tokens are candidates.", clause="CONTRASTIVE-SEARCH-1")
    return Contrastive(alpha, k)


def decide_dola(ledger: Ledger, mode: Mode) -> str | tuple[int, ...] | None:
    """Return the layers that are contrasted, or None in any other mode. DOLA-1."""
    if mode is not Mode.DOLA:
        return None
    layers = ledger.given("dola_layers")
    return layers if isinstance(layers, str) else tuple(cast("list[int]", layers))
