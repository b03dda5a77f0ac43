"""A generation config in the words of an engine, and all that gets lost on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from genspec.config.decision import Status
from genspec.config.fields import FIELDS
from genspec.config.generation_config import GenerationConfig
from genspec.config.mode import BEAMS
from genspec.config.plan import DecodingPlan
from genspec.config.profile import Profile
from genspec.config.profiles import HF, PROFILES
from genspec.config.resolve import Resolution
from genspec.config.values import shown
from genspec.dialects.dialect import Dialect
from genspec.dialects.spelling import Facts, Unspoken, spelled

WITHOUT_EFFECT = (Status.INERT, Status.OVERRIDDEN)
LENGTHS = ("max_new_tokens", "max_length", "min_new_tokens", "min_length")

CONCERNS = {
    "nucleus_boundary": "top_p", "nucleus_mass": "top_p", "nucleus_ties": "top_p", "top_k_ties": "top_k",
    "typical_boundary": "typical_p", "typical_ties": "typical_p", "penalty_scope": "repetition_penalty",
    "penalty_window": "repetition_penalty", "ngram_scope": "no_repeat_ngram",
}
"""Choice points of an operation: they matter where it is in the plan."""

BEAM_POINTS = ("beam_input", "beam_candidates", "finishing_rank", "finishing_rules", "hypothesis_length",
               "length_normalisation", "stop_bound")
"""Choice points of beam search."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the engine does not do as the config says."""

    field: str                          # of the config, or a choice point of the semantics
    value: object
    reason: str                         # one sentence


@dataclass(frozen=True, slots=True)
class Conversion:
    """A config in the words of an engine."""

    dialect: Dialect
    options: dict[str, Any]
    losses: tuple[Loss, ...]


def converted(config: GenerationConfig, dialect: Dialect) -> Conversion:
    """Spell a config for an engine. Raises `Rejected` for a config that is refused."""
    resolution = config.resolve(prompt_length=1)
    values, losses = words(config, resolution, dialect)
    options = dict(dialect.always)
    for name, value in values.items():
        try:
            options |= spelled(dialect, {name: value}, Facts(vocab_size=2**31))
        except Unspoken as reason:
            losses.append(Loss(name, value, f"{reason}."))
    if not resolution.plan.draws and dialect.option("do_sample") is None:
        options |= dialect.greedy
    losses += differences(resolution.plan, dialect)
    return Conversion(dialect, options, tuple(losses))


def words(config: GenerationConfig, resolution: Resolution, dialect: Dialect) -> tuple[dict[str, Any], list[Loss]]:
    """Return the fields to spell, with their values, and those that the engine has no word for."""
    plan = resolution.plan
    losses: list[Loss] = []
    silent = {decision.field for decision in resolution.decisions if decision.status in WITHOUT_EFFECT}
    given = {name: value for name in FIELDS if (value := getattr(config, name)) is not None}
    acting = {operation.name for operation in plan.operations}      # top_k acts, at 50, where nobody sets it
    values: dict[str, Any] = lengths(given, plan, dialect, losses)
    for name, field in FIELDS.items():
        if name in LENGTHS or not field.modes or plan.mode not in field.modes:
            continue
        value = given.get(name)
        if dialect.option(name) is None:
            wanted = value not in (None, field.unset) or name in acting
            if wanted and name not in silent and name not in ("do_sample", "pad_token_id"):
                losses.append(Loss(name, field.unset if value is None else value,
                                   f"{dialect.title} has no word for it."))
        elif value is not None or field.unset is not None or is_on_by_default(dialect, name):
            values[name] = field.unset if value is None else value
    if plan.mode.value not in dialect.modes:
        losses.insert(0, Loss("mode", str(plan.mode), f"{dialect.title} does not decode so: this is what is left."))
    return values, losses


def is_on_by_default(dialect: Dialect, name: str) -> bool:
    """Tell whether an engine applies an option that nobody set, so that it has to be switched off."""
    option = dialect.option(name)
    return option is not None and option.off is not None and option.default not in (None, option.off)


def lengths(given: dict[str, Any], plan: DecodingPlan, dialect: Dialect, losses: list[Loss]) -> dict[str, Any]:
    """Return the lengths to spell. One that counts the prompt cannot be said before the prompt is known."""
    values: dict[str, Any] = {}
    if "max_new_tokens" in given or "max_length" not in given:
        values["max_new_tokens"] = plan.length.max_new_tokens
    else:
        losses.append(Loss("max_length", given["max_length"], "It counts the prompt, which is not known here."))
    for name in ("min_new_tokens", "min_length"):
        if given.get(name):
            if name == "min_new_tokens" and dialect.option(name):
                values[name] = given[name]
            else:
                reason = "It counts the prompt, which is not known here." if name == "min_length" else (
                    f"{dialect.title} has no word for it.")
                losses.append(Loss(name, given[name], reason))
    return values


def differences(plan: DecodingPlan, dialect: Dialect) -> Iterator[Loss]:
    """Yield the choice points that matter for a plan and that the engine decides otherwise."""
    profile = PROFILES[dialect.profile]
    names = [operation.name for operation in plan.operations]
    theirs = [name for name in profile.order_in(plan.mode) if name in names]
    ours = [name for name in names if name in theirs]
    if ours != theirs:
        yield Loss("order", " -> ".join(ours), f"{dialect.title} applies {' -> '.join(theirs)}.")
    for point in fields(Profile):
        here, there = getattr(HF, point.name), getattr(profile, point.name)
        matters = CONCERNS.get(point.name) in names or (plan.mode in BEAMS and point.name in BEAM_POINTS)
        if here != there and matters:
            yield Loss(point.name, here, f"{dialect.title} has {shown_option(there)}.")


def shown_option(option: object) -> str:
    """Spell an option of a choice point."""
    return "no limit" if option is None else option if isinstance(option, str) else shown(option)
