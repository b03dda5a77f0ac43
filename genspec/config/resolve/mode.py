"""Which decoding mode a config asks for. Text: docs/spec/mode.md."""

from genspec.config.decision import Status
from genspec.config.fields import FIELDS
from genspec.config.mode import BEAMS, Mode
from genspec.config.resolve.ledger import Ledger

EXTENDABLE = frozenset({Mode.GREEDY, Mode.SAMPLE})
MOVED = {
    Mode.GROUP_BEAM_SEARCH: "num_beam_groups",
    Mode.CONSTRAINED_BEAM_SEARCH: "force_words_ids",
    Mode.CONTRASTIVE_SEARCH: "penalty_alpha",
    Mode.DOLA: "dola_layers",
}


def decide_mode(ledger: Ledger) -> Mode:
    """Choose the mode, say why, and refuse combinations that name no mode. MODE-1."""
    mode = extended(ledger, base_mode(ledger))
    beams = ledger.integer("num_beams")
    ledger.decide("do_sample", draws(ledger, mode), sentence_on_drawing(ledger, mode), clause="MODE-2")
    ledger.decide("num_beams", beams, f"{beams} beam{'s are' if beams > 1 else ' is'} kept: the mode is {mode}.",
                  clause="MODE-1")
    refuse_combinations(ledger, mode)
    refuse_lacking(ledger, mode)
    return mode


def base_mode(ledger: Ledger) -> Mode:
    """Choose between the modes that need no helper. MODE-1, MODE-4, MODE-5, MODE-6."""
    if ledger.is_set("constraints") or ledger.is_set("force_words_ids"):
        return Mode.CONSTRAINED_BEAM_SEARCH
    if ledger.integer("num_beams") > 1:
        if (ledger.integer("num_beam_groups") or 1) > 1:
            return Mode.GROUP_BEAM_SEARCH
        return Mode.BEAM_SAMPLE if ledger.flag("do_sample") else Mode.BEAM_SEARCH
    if ledger.flag("do_sample"):
        return Mode.SAMPLE
    contrastive = ledger.real("penalty_alpha") > 0 if ledger.is_set("penalty_alpha") else False
    return Mode.CONTRASTIVE_SEARCH if contrastive and ledger.integer("top_k") > 1 else Mode.GREEDY


def extended(ledger: Ledger, base: Mode) -> Mode:
    """Let assisted decoding, else DoLa, extend greedy search and sampling, and nothing else. MODE-7, MODE-8."""
    mode = Mode.ASSISTED if ledger.facts.assistant and base in EXTENDABLE else base
    for name, extension, clause in (
        ("prompt_lookup_num_tokens", Mode.ASSISTED, "MODE-7"),
        ("assistant_early_exit", Mode.ASSISTED, "MODE-7"),
        ("use_mtp", Mode.ASSISTED, "MODE-7"),
        ("dola_layers", Mode.DOLA, "MODE-8"),
    ):
        if ledger.given(name) in (None, False):
            continue
        if mode in EXTENDABLE or mode is extension:
            mode = extension
            ledger.decide(name, ledger.given(name), f"it extends {base} to {extension}.", clause=clause)
        else:
            reason = f"it is ignored: {extension} extends greedy and sample only, and the mode is {mode}."
            ledger.decide(name, None, reason, clause=clause, status=Status.INERT)
    return mode


def draws(ledger: Ledger, mode: Mode) -> bool:
    """Tell whether the mode draws tokens. MODE-2."""
    return ledger.flag("do_sample") and mode not in (Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH)


def sentence_on_drawing(ledger: Ledger, mode: Mode) -> str:
    """Say in a sentence whether tokens are drawn."""
    if draws(ledger, mode):
        return "tokens are drawn."
    return "no token is drawn: the highest score wins, and fields that act only in sampling have no effect."


def refuse_combinations(ledger: Ledger, mode: Mode) -> None:
    """Refuse requests for which no mode is defined. MODE-4, MODE-6, MODE-9, MODE-10."""
    wanted, beams = ledger.integer("num_return_sequences"), ledger.integer("num_beams")
    if mode in (Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH) and ledger.flag("do_sample"):
        ledger.refuse("do_sample", f"{mode} does not draw.", "Set do_sample to false.",
                      clause="MODE-4" if mode is Mode.GROUP_BEAM_SEARCH else "MODE-6")
    if mode is Mode.CONSTRAINED_BEAM_SEARCH and beams < 2:
        ledger.refuse("num_beams", "constraints need beams, and there is 1.", "Set num_beams above 1.", clause="MODE-6")
    if mode in BEAMS and wanted > beams:
        ledger.refuse("num_return_sequences", f"{wanted} sequences are asked of {beams} beams.",
                      "Lower num_return_sequences or raise num_beams.", clause="MODE-10")
    if mode not in BEAMS and wanted > 1 and (mode is Mode.ASSISTED or not draws(ledger, mode)):
        ledger.refuse("num_return_sequences", f"{mode} gives one sequence, and {wanted} are asked for.",
                      "Set it to 1, or sample without assistance, or use beams.", clause="MODE-9")


def refuse_lacking(ledger: Ledger, mode: Mode) -> None:
    """Refuse a mode that the profile lacks: CONFIG-10 when a release moved it out, PROFILES-3 when it has no beams."""
    profile = ledger.facts.profile
    if mode in profile.modes:
        return
    if mode in MOVED:
        name = "constraints" if ledger.is_set("constraints") else MOVED[mode]
        left = f"{mode} left transformers with {FIELDS[name].removed}"
        ledger.refuse(name, f"{left} and is not part of profile {profile.name}.",
                      "Resolve under profile hf-4.50, or unset the field.", clause="CONFIG-10")
    else:
        name = "num_beams" if mode in BEAMS else "do_sample"
        ledger.refuse(name, f"the mode is {mode}, and profile {profile.name} does not have it.",
                      "Unset the field, or resolve under another profile.", clause="PROFILES-3")
