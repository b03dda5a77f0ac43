"""What is the same for every engine: from a call to the options of its dialect, and from its rows to an answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from genspec.backends.call import Call, Tokens
from genspec.backends.checkpoints.tokenizer import text_of
from genspec.backends.decoder import Answer, EngineFault, Info, Refusal, Unsupported
from genspec.backends.engines.installed import require, version_of
from genspec.backends.engines.models import Load, Models, prepare
from genspec.config.decision import Rejected
from genspec.config.fields import FIELDS
from genspec.config.mode import Mode
from genspec.config.plan import DecodingPlan
from genspec.dialects import Dialect
from genspec.dialects.spelling import Facts, Unspoken, spelled
from genspec_reference import FinishReason, GenerateOutput, Row

Words = tuple[Tokens, ...]
LENGTHS = ("max_new_tokens", "min_new_tokens")
"""The fields under which the length that a config resolves to is spelled. LENGTH-1, LENGTH-6."""
OTHER_LENGTHS = ("max_length", "min_length")
"""Fields that say the same in other words."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A row as an engine returns it."""

    new_tokens: Tokens                  # the EOS included
    score: float | None = None          # of a beam search, where the engine tells it


@dataclass(frozen=True, slots=True)
class Asked:
    """What an engine is asked: the prompts of a batch and the options of all of them."""

    prompts: tuple[Tokens, ...]
    options: Mapping[str, Any]          # by the engine's own names
    plans: tuple[DecodingPlan, ...]
    seed: int | None = None             # of the engine's own random numbers, where it draws
    sources: tuple[Tokens, ...] = ()    # the encoder's tokens of each, for an encoder-decoder model

    @property
    def plan(self) -> DecodingPlan:
        """Return what all prompts share."""
        return self.plans[0]


Generate = Callable[[Any, Asked], Sequence[Sequence[Hypothesis]]]
"""From a loaded engine and what it is asked to the rows of each prompt.

What it raises is a refusal by the engine; `Unspoken`: it takes no part; `EngineFault`: an error of the engine.
"""


@dataclass(frozen=True, slots=True)
class Engine:
    """What an adapter has: its dialect, the format that it reads, and two functions."""

    dialect: Dialect
    form: str                           # of checkpoints
    load: Load
    generate: Generate
    batched: bool = False               # whether several prompts are given at once
    ends_inside: bool = False           # whether EOS ids are read from the folder, and not given with a call
    spare: int = 0                      # improbable tokens behind those of a model without an EOS
    more: Mapping[str, Any] = field(default_factory=dict)       # capabilities that the dialect does not tell


@dataclass
class EngineDecoder:
    """An engine behind the interface of all decoders."""

    engine: Engine
    dtype: str = "float32"
    models: Models = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no model. Raises ImportError that names the command to install the engine."""
        require(self.engine.dialect)
        prepare(self.engine.form, self.engine.spare, self.engine.more.get("kinds", ("table", "lines")))
        self.models = Models(self.engine.form, self.engine.load, self.engine.ends_inside, self.engine.spare)

    @cached_property
    def info(self) -> Info:
        """Tell which decoder this is."""
        dialect = self.engine.dialect
        return Info(dialect.name, version_of(dialect), self.dtype, dialect.profile)

    @cached_property
    def capabilities(self) -> Mapping[str, Any]:
        """Say what the dialect spells, with noise of the engine's own."""
        dialect = self.engine.dialect
        return {
            "levels": ["L3", "L4"], "modes": dialect.modes, "fields": ["do_sample", *dialect.fields],
            "inputs": ["prompts"] if self.engine.batched else [], "kinds": ["table", "lines"], "refuses": False,
            **self.engine.more,
        }

    def decode(self, call: Call) -> Answer:
        """Decode every prompt of a call."""
        try:
            asked = asked_of(call, self.engine.dialect)
            rows = self.engine.generate(self.models.of(call.model, asked.plan.stopping.eos_token_ids), asked)
            return tuple(output_of(asked, number, found) for number, found in enumerate(rows))
        except Unspoken as reason:
            return Unsupported(str(reason))
        except Rejected as rejected:
            return Refusal("Rejected", str(rejected), tuple(sorted({reason.clause for reason in rejected.reasons})))
        except EngineFault:
            raise
        except Exception as error:      # whatever it is, it is the answer of the engine
            return Refusal(type(error).__name__, str(error))


def asked_of(call: Call, dialect: Dialect) -> Asked:
    """Spell a call as the dialect does. Raises `Rejected`, or `Unspoken` where the dialect has no word for it."""
    plans = call.plans
    if any(plan.length.max_new_tokens < 1 for plan in plans):
        raise Unspoken("the prompt leaves no room for a token, and is cut by genspec before a decoder sees it")
    spoken = [spelled(dialect, values_of(call, plan, dialect), facts_of(call, plan)) for plan in plans]
    if any(options != spoken[0] for options in spoken):
        raise Unspoken(f"{dialect.title} takes the same options for all rows of a batch, and their lengths differ")
    prompts = tuple(call.decoder_prompt(number) for number in range(len(plans)))
    return Asked(prompts, spoken[0], plans, seed_of(call), call.sources or ())


def values_of(call: Call, plan: DecodingPlan, dialect: Dialect) -> dict[str, Any]:
    """Give the value of each field that the dialect spells: what is set, or what genspec takes for an unset field.

    None: it has no effect in the mode, and is to be switched off.
    """
    values: dict[str, Any] = {}
    for option in dialect.options:
        known = FIELDS[option.field]
        if option.field in (*LENGTHS, *OTHER_LENGTHS):
            continue
        if plan.mode not in known.modes or (option.modes and plan.mode.value not in option.modes):
            values[option.field] = None             # off, where there is a word for that
            continue
        value = call.config.get(known.key)
        values[option.field] = known.unset if value is None and option.unset == "sent" else value
    words = plan.operation("bad_words")
    if dialect.option("bad_words_ids"):             # without those that are an EOS alone. BAD-WORDS-1
        values["bad_words_ids"] = words and [list(word) for word in cast("Words", words.arguments["words"])]
    values["max_new_tokens"] = plan.length.max_new_tokens
    if dialect.option("min_new_tokens"):
        values["min_new_tokens"] = plan.length.min_new_tokens
    elif dialect.option("min_length"):
        values["min_length"] = plan.length.min_length if plan.length.min_new_tokens else 0
    return values


def facts_of(call: Call, plan: DecodingPlan) -> Facts:
    """Give what values may depend on."""
    return Facts(plan.length.prompt_length, call.model.vocab_size, text_of)


def seed_of(call: Call) -> int | None:
    """Give the seed of a call that draws."""
    return call.seeds[0] if call.seeds else call.seed


def output_of(asked: Asked, number: int, rows: Sequence[Hypothesis]) -> GenerateOutput:
    """Write the rows of one prompt; why they ended follows from their last tokens."""
    prompt, plan = asked.prompts[number], asked.plans[number]
    return GenerateOutput(tuple(
        Row((*prompt, *row.new_tokens), len(prompt), ending(row.new_tokens, plan), row.score) for row in rows
    ), ())


def ending(new_tokens: Tokens, plan: DecodingPlan) -> FinishReason:
    """Say why a row ended."""
    ends = new_tokens and new_tokens[-1] in plan.stopping.eos_token_ids
    return FinishReason.EOS if ends else FinishReason.LENGTH


def is_beams(plan: DecodingPlan) -> bool:
    """Tell whether a plan keeps beams."""
    return plan.mode in (Mode.BEAM_SEARCH, Mode.BEAM_SAMPLE, Mode.GROUP_BEAM_SEARCH)
