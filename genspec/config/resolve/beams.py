"""How hypotheses are kept and scored. Text: docs/spec/beams.md."""

from typing import cast

from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import BeamRules, EarlyStopping
from genspec.config.resolve.ledger import Ledger

WHEN_TO_STOP = {
    True: "a row ends as soon as as many hypotheses are finished as beams are kept.",
    False: "a row ends once the best {bound}, scored at its present length, cannot beat the worst finished.",
    "never": "a row ends only once no open hypothesis can still beat the worst finished.",
}
BOUND_BY_CANDIDATES = frozenset({Mode.GROUP_BEAM_SEARCH, Mode.CONSTRAINED_BEAM_SEARCH})
"""Whatever the profile. GROUP-BEAM-SEARCH-6, CONSTRAINED-BEAM-SEARCH-10."""
BOUNDS = {"open": "open hypothesis", "candidate": "candidate of the step"}
LENGTHS = {
    "new": "new tokens",
    "new without EOS": "new tokens, EOS not counted,",
    "row": "tokens, prompt included,",
    "row without EOS": "tokens, prompt included and EOS not counted,",
}


def decide_beams(ledger: Ledger, mode: Mode) -> BeamRules | None:
    """Gather the rules of beam search, or None when no beams are kept. BEAMS-1 to BEAMS-6."""
    if mode not in BEAMS:
        return None
    early = decide_early_stopping(ledger, mode)
    penalty, profile = ledger.real("length_penalty"), ledger.facts.profile
    divisor = "((5 + n) / 6)" if profile.length_normalisation == "gnmt" else "n"
    counted = LENGTHS[profile.hypothesis_length]
    ledger.decide("length_penalty", penalty, f"a hypothesis of n {counted} scores sum / {divisor}^{penalty:g}.")
    groups, diversity = decide_groups(ledger, mode)
    return BeamRules(
        num_beams=ledger.integer("num_beams"),
        early_stopping=early,
        length_penalty=penalty,
        num_beam_groups=groups,
        diversity_penalty=diversity,
        force_words_ids=decide_conditions(ledger, "force_words_ids"),
        constraints=decide_conditions(ledger, "constraints"),
    )


def decide_early_stopping(ledger: Ledger, mode: Mode) -> EarlyStopping:
    """Return the rule that ends a row. BEAMS-2; unset, the profile's: PROFILES-5."""
    profile = ledger.facts.profile
    early = cast("EarlyStopping", ledger.given("early_stopping"))
    clause = None
    if early is None:
        early = profile.default_early_stopping
        clause = "PROFILES-5" if early is not False else None
    bound = "candidate" if mode in BOUND_BY_CANDIDATES else profile.stop_bound
    ledger.decide("early_stopping", early, WHEN_TO_STOP[early].format(bound=BOUNDS[bound]), clause=clause)
    return early


def decide_groups(ledger: Ledger, mode: Mode) -> tuple[int, float]:
    """Return the number of beam groups and the penalty between them. BEAMS-4, BEAMS-5."""
    if mode is not Mode.GROUP_BEAM_SEARCH:
        return 1, 0.0
    groups, beams, penalty = ledger.integer("num_beam_groups"), ledger.integer("num_beams"), ledger.real(
        "diversity_penalty"
    )
    if beams % groups:
        ledger.refuse("num_beam_groups", f"{beams} beams cannot be split into {groups} equal groups.",
                      "Choose a divisor of num_beams.", clause="BEAMS-4")
    if penalty == 0:
        ledger.refuse("diversity_penalty", "it is 0, so that all groups would be the same.",
                      "Set it above 0.", clause="BEAMS-5")
    ledger.decide("num_beam_groups", groups, f"{beams} beams in {groups} groups.")
    ledger.decide("diversity_penalty", penalty, f"a token chosen by an earlier group loses {penalty:g}.")
    return groups, penalty


def decide_conditions(ledger: Ledger, name: str) -> tuple[object, ...]:
    """Return the conditions that every hypothesis must meet, and refuse those that say nothing. BEAMS-6."""
    if not ledger.is_set(name):
        return ()
    conditions = cast("list[object]", ledger.given(name))
    if not conditions or (name == "force_words_ids" and not all(map(has_ids, conditions))):
        ledger.refuse(name, "it has no condition, or one without token ids.",
                      "Give each condition token ids, or unset the field.")
    number = "1 condition" if len(conditions) == 1 else f"{len(conditions)} conditions"
    ledger.decide(name, conditions, f"every hypothesis meets {number}.")
    return tuple(conditions)


def has_ids(condition: object) -> bool:
    """Tell whether a condition of force_words_ids has ids, and each of its alternatives too."""
    return isinstance(condition, list) and condition != [] and [] not in condition
