"""Which operations stand between logits and scores, in which order. Text: docs/spec/pipeline.md."""

from collections.abc import Callable

from genspec.config.decision import Status
from genspec.config.mode import BEAMS
from genspec.config.plan import Operation
from genspec.config.resolve import penalties, truncations
from genspec.config.resolve.ledger import Ledger
from genspec.config.resolve.situation import Situation, Step
from genspec.config.resolve.watermark import watermark

Build = Callable[[Situation], Step | None]
"""Give the step that an operation is, or None when the plan does not have it."""

PENALTIES: dict[str, tuple[str, Build]] = {
    "guidance": ("guidance_scale", penalties.guidance),
    "sequence_bias": ("sequence_bias", penalties.sequence_bias),
    "encoder_repetition_penalty": ("encoder_repetition_penalty", penalties.encoder_repetition_penalty),
    "repetition_penalty": ("repetition_penalty", penalties.repetition_penalty),
    "no_repeat_ngram": ("no_repeat_ngram_size", penalties.no_repeat_ngram),
    "encoder_no_repeat_ngram": ("encoder_no_repeat_ngram_size", penalties.encoder_no_repeat_ngram),
    "bad_words": ("bad_words_ids", penalties.bad_words),
    "min_length": ("min_length", penalties.min_length),
    "min_new_tokens": ("min_new_tokens", penalties.min_new_tokens),
    "forced_bos": ("forced_bos_token_id", penalties.forced_bos),
    "forced_eos": ("forced_eos_token_id", penalties.forced_eos),
    "remove_invalid_values": ("remove_invalid_values", penalties.remove_invalid_values),
    "exponential_decay_length_penalty": (
        "exponential_decay_length_penalty", penalties.exponential_decay_length_penalty
    ),
    "suppress": ("suppress_tokens", penalties.suppress),
    "begin_suppress": ("begin_suppress_tokens", penalties.begin_suppress),
    "watermark": ("watermarking_config", watermark),
    "renormalize": ("renormalize_logits", penalties.renormalize),
}
TRUNCATIONS: dict[str, tuple[str, Build]] = {
    "temperature": ("temperature", truncations.temperature),
    "top_h": ("top_h", truncations.top_h),
    "top_k": ("top_k", truncations.top_k),
    "top_p": ("top_p", truncations.top_p),
    "min_p": ("min_p", truncations.min_p),
    "typical_p": ("typical_p", truncations.typical_p),
    "epsilon_cutoff": ("epsilon_cutoff", truncations.epsilon_cutoff),
    "eta_cutoff": ("eta_cutoff", truncations.eta_cutoff),
}
"""The operations that are part of a plan only when tokens are drawn. PIPELINE-2."""


def decide_operations(situation: Situation) -> tuple[Operation, ...]:
    """Build the operations in the profile's order, and say which ones it lacks. PIPELINE-1, PIPELINE-2, PIPELINE-5.

    `prefix_allowed_tokens` is an argument of the call, not of the config, so no config puts it here.
    """
    builders = {**PENALTIES, **(TRUNCATIONS if situation.draws else {})}
    refuse_forced_and_suppressed(situation.ledger)
    refuse_forced_positions(situation.ledger)
    for name, builder in builders.items():
        if name not in situation.order:
            leave_out(situation, name, *builder)
    return tuple(
        operation
        for name in situation.order
        if name in builders and (operation := build_operation(situation, name, *builders[name])) is not None
    )


def build_operation(situation: Situation, name: str, field: str, build: Build) -> Operation | None:
    """Build one operation and write down its effect."""
    step = build(situation)
    if step is None:
        return None
    clause = f"{name.upper().replace('_', '-')}-1"
    if step.adjusted is None:
        situation.ledger.decide(field, situation.ledger.effective(field), step.sentence, clause=clause)
    else:
        situation.ledger.decide(field, step.adjusted, step.sentence, clause=clause, status=Status.ADJUSTED)
    return Operation(name, step.arguments, clause)


def leave_out(situation: Situation, name: str, field: str, build: Build) -> None:
    """Say that the profile lacks an operation that the config asks for. PIPELINE-5."""
    if situation.ledger.is_set(field) and build(situation) is not None:
        beams = " in beam modes" if situation.mode in BEAMS else ""
        reason = f"profile {situation.ledger.facts.profile.name} has no {name}{beams}."
        situation.ledger.decide(field, None, reason, clause="PIPELINE-5", status=Status.INERT)


def refuse_forced_positions(ledger: Ledger) -> None:
    """Refuse positions forced under a release that honours them: how is not specified. FORCED-DECODER-IDS-1."""
    if ledger.given("forced_decoder_ids") and ledger.facts.profile.version < (4, 45):
        ledger.refuse("forced_decoder_ids", "how this release forces positions is not specified.",
                      "Unset it, or resolve under profile hf-4.46 or later, where it is inert.")


def refuse_forced_and_suppressed(ledger: Ledger) -> None:
    """Refuse to force a token that is suppressed: no token would be left. SUPPRESS-2."""
    suppressed = set(penalties.id_list(ledger.given("suppress_tokens")))
    for name in ("forced_bos_token_id", "forced_eos_token_id"):
        forced = set(penalties.id_list(ledger.given(name)))
        if forced and forced <= suppressed:
            ledger.refuse(name, f"{sorted(forced)} is suppressed by suppress_tokens too: no token would be left.",
                          "Remove it from one of the two.", clause="SUPPRESS-2")
