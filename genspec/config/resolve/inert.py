"""Why a field that is set changes nothing. Text: docs/spec/mode.md (MODE-2, MODE-3)."""

from genspec.config.decision import Status
from genspec.config.field import Field
from genspec.config.fields import FIELDS
from genspec.config.mode import BEAMS, SAMPLING, Mode
from genspec.config.resolve.ledger import Ledger
from genspec.config.versions import version_of


def decide_inert(ledger: Ledger, mode: Mode, draws: bool) -> None:
    """Write a decision for every field that is set and that no stage before has used."""
    decided = {decision.field for decision in ledger.decisions} | {reason.field for reason in ledger.reasons}
    for name, field in FIELDS.items():
        if ledger.is_set(name) and name not in decided:
            clause, reason = why_inert(field, ledger, mode, draws)
            ledger.decide(name, None, reason, clause=clause, status=Status.INERT)


def why_inert(field: Field, ledger: Ledger, mode: Mode, draws: bool) -> tuple[str, str]:
    """Give the clause and the sentence that say why a field has no effect."""
    version = ledger.facts.profile.version
    if field.removed is not None and version >= version_of(field.removed):
        return "CONFIG-10", f"transformers {field.removed} removed it."
    if not field.modes:
        return field.clause, "it never changes a token."
    if field.modes <= SAMPLING and not draws:
        return "MODE-2", "it acts only when tokens are drawn, and do_sample is not true."
    if field.modes <= BEAMS and mode not in BEAMS:
        return "MODE-3", "it acts only in beam search, and num_beams is 1."
    drawn = draws and field.modes <= SAMPLING       # in assisted decoding and DoLa too, which extend sampling
    if mode not in field.modes and not drawn:
        return "MODE-1", f"it does not act in {mode}."
    return field.clause, "its value leaves everything as it is."
