"""Calls that Hypothesis draws as cases of L3, judged by the oracle against the reference."""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, cast

from genspec.backends.call import Call
from genspec.backends.checkpoints.models import EncoderDecoder
from genspec.backends.decoder import Answer
from genspec.backends.reference import ReferenceDecoder
from genspec.config.decision import Rejected
from genspec.config.mode import BEAMS, Mode
from genspec.config.plan import Architecture
from genspec.conform.backend import call_of, input_of
from genspec.conform.capabilities import Capabilities, acting, inputs_of, lacking
from genspec.conform.cases.case import Ask, Who, unanswered
from genspec.conform.cases.known import explained
from genspec.conform.cases.outputs import Malformed, answer_of
from genspec.conform.cases.smaller import smallest
from genspec.conform.json import Model, model_from_json
from genspec.conform.question import Json, Question, Reply, Told
from genspec.conform.verdict import Kind, Verdict
from genspec_reference import Scripted, Table

if TYPE_CHECKING:
    from genspec.conform.drawing import Strategy

LOW = -8.0
"""What stands for minus infinity in the table of an encoder-decoder, whose logits are sums of its lines."""
DRAWING = 0.8
"""Share of the time for a smallest case in which Hypothesis looks for it."""
CHUNK = 50
"""Calls that are drawn together. The number of a call tells its chunk, which is drawn whole."""


@dataclass(frozen=True)
class Drawn:
    """A call, asked at L3."""

    name: str                           # drawn/SEED/NUMBER, or JSON when it is no call that a seed gives
    call: Call

    @property
    def question(self) -> Question:
        """Give what a decoder sees of it."""
        return Question(self.name, "L3", self.call.profile, input_of(self.call))

    @property
    def clauses(self) -> tuple[str, ...]:
        """Name the pages of the specification that the call has to do with."""
        return pages_of(self.call)

    @property
    def boundary(self) -> bool:
        """Say no: nobody has placed it."""
        return False

    def examine(self, ask: Ask, who: Who) -> Verdict:
        """Ask once and judge; where the rows of a batch are wrong, ask for each prompt alone."""
        said = self.judged(ask(self.question), who)
        wrong = said.kind is Kind.VIOLATES and len(self.call.prompts) > 1 and self.call.seed is None
        return self.blamed(said, ask, who) if wrong else said

    def blamed(self, said: Verdict, ask: Ask, who: Who) -> Verdict:
        """Say that the batch is to blame, where each of its prompts alone is answered as specified."""
        for number in range(len(self.call.prompts)):
            alone = Drawn(self.name, self.call.alone(number))
            if alone.judged(ask(alone.question), who).kind not in (Kind.CONFORMS, Kind.AMBIGUOUS):
                return said
        return replace(said, difference="batch",
                       reason=f"{said.reason} In this batch alone: each prompt by itself is answered as specified.")

    @cached_property
    def expected(self) -> Answer:
        """Give the reference's answer."""
        return ReferenceDecoder().decode(self.call)

    def judged(self, told: Told, who: Who) -> Verdict:
        """Judge an answer, known deviations apart."""
        said = unanswered(told)
        if said is not None and said.kind is Kind.UNSUPPORTED:
            return said
        call, answer = self.asked_of(told, who.can), cast("object", told)
        if said is None:
            reply = cast("Reply", told)
            try:
                answer = read = answer_of(call, self.expected, reply)
            except Malformed as wrong:
                return Verdict(Kind.VIOLATES, f"{wrong}.", ("OUTPUTS-6",), "answer", answered=dict(reply))
            said = self.broken_promise(reply, who.can) or self.verdict(call, read, who)
        from genspec.conform.oracle.one_rule import with_rule

        return with_rule(call, answer, explained(call, self.expected, answer, said, who))

    def broken_promise(self, reply: Reply, can: Capabilities) -> Verdict | None:
        """Say that scores do not come that were asked for and promised. OUTPUTS-2, OUTPUTS-3."""
        if not isinstance(self.expected, tuple) or not any(run for output in self.expected for run in output.runs):
            return None
        wanted = self.call.plans[0].outputs
        for name, asked, clause in (("scores", wanted.scores, "OUTPUTS-2"), ("logits", wanted.logits, "OUTPUTS-3")):
            if asked and name in can.outputs and "reject" not in reply and not tells(reply, name):
                return Verdict(Kind.VIOLATES, f"the {name} were asked for and are missing.", (clause,), name)
        return None

    def asked_of(self, told: Told, can: Capabilities) -> Call:
        """Give the call without the outputs that a decoder neither promises nor gives. VECTORS-8."""
        names = {f"output_{name}" for name in ("scores", "logits") if name not in can.outputs and not tells(told, name)}
        if not names & set(self.call.config):
            return self.call
        return replace(self.call, config={name: value for name, value in self.call.config.items() if name not in names})

    def verdict(self, call: Call, answer: Answer, who: Who) -> Verdict:
        """Judge by the oracle."""
        from genspec.conform.oracle import judge

        return judge(call, self.expected, answer, who.info)


def tells(told: Told, name: str) -> bool:
    """Tell whether a reply has a member."""
    replies = told.get("prompts", [told]) if isinstance(told, Mapping) else []
    return isinstance(replies, list) and any(isinstance(one, Mapping) and name in one for one in replies)


def pages_of(call: Call) -> tuple[str, ...]:
    """Name the pages of the specification that a call has to do with: its operations, its mode, how rows end."""
    try:
        plans = call.plans
    except Rejected as rejected:
        return tuple(sorted({reason.clause for reason in rejected.reasons}))
    mode = plans[0].mode
    names = {operation.name for plan in plans for operation in plan.operations} | {mode.value, "stopping", "length"}
    names |= {"beams", "beam_search"} if mode in BEAMS else set()
    names |= {"outputs"} if len(call.prompts) > 1 or plans[0].outputs.scores or plans[0].outputs.logits else set()
    return tuple(sorted(name.upper().replace("_", "-") for name in names))


@lru_cache(maxsize=8)
def strategy(profile: str, can: Capabilities) -> "Strategy | None":
    """Make the strategy of calls that a decoder takes part in; None when there are none."""
    from genspec.config.profiles import profile_named
    from genspec.conform.strategies import calls

    known = inputs_of(can)
    noisy = known is None or "noise" in known
    modes = [
        mode for mode in profile_named(profile).modes
        if (can.modes is None or mode.value in can.modes) and (noisy or mode not in (Mode.SAMPLE, Mode.BEAM_SAMPLE))
    ]
    if not modes:
        return None
    one: tuple[Architecture, ...] = ("decoder-only",)
    both: tuple[Architecture, ...] = (*one * 3, "encoder-decoder")
    models: Any = None if can.models is None else [model_from_json(json.loads(text)) for text in sorted(can.models)]
    drawn = calls(
        profile=profile, decoder_modes=modes, batched=known is not None and "prompts" in known,
        architectures=both if known is None or "source" in known else one,
        noise="any" if known is not None and "generator_seed" in known else "seeds",
        models=models,
    )
    return drawn.map(lambda call: fitted(call, can)).filter(lambda call: taken(call, can))


def fitted(call: Call, can: Capabilities) -> Call:
    """Take from a call what a decoder does not know: fields and arguments."""
    known = inputs_of(can)
    config = call.config
    if can.fields is not None:
        unknown = set(acting(config, [])) - can.fields
        config = {name: value for name, value in config.items() if name not in unknown}
    rest: dict[str, Any] = {}
    if known is not None:
        names = {"pieces": "pieces", "allowed_tokens": "allowed_tokens", "negative_prompts": "negative_prompt",
                 "assistant": "assistant"}
        rest = {name: None for name, member in names.items() if member not in known}
    model = known_model(call.model, can) if call.sources is None else known_reader(call.model, can)
    if not rest and len(config) == len(call.config) and model is call.model:
        return call
    return replace(call, config=config, model=model, **rest)


def known_model(model: Model, can: Capabilities) -> Model:
    """Give a model of a kind that a decoder knows: who knows lines alone gets those that follow each token."""
    if can.kinds is None or model.kind in can.kinds or "lines" not in can.kinds or not isinstance(model, Scripted):
        return model
    return Table(tuple(tuple(model((token,)).tolist()) for token in range(model.vocab_size)), model.eos)


def known_reader(model: Model, can: Capabilities) -> Model:
    """Give a model of a source: who knows checkpoints of encoder-decoders gets one of those."""
    if "encoder-decoder" not in (can.kinds or ()) or not isinstance(model, Scripted | Table):
        return known_model(model, can)
    if isinstance(model, Scripted):
        return EncoderDecoder(replace(model, kind="table"))
    return EncoderDecoder(Table(tuple(tuple(max(logit, LOW) for logit in line) for line in model.lines), model.eos))


def taken(call: Call, can: Capabilities) -> bool:
    """Tell whether a call is one that the specification accepts and the decoder takes part in."""
    try:
        if not call.plans:
            return False
    except Rejected:
        return False
    if (call.pieces is None) and call.plans[0].stopping.stop_strings:
        return False
    return lacking(can, Drawn("", call).question) is None


def drawn_cases(profile: str, can: Capabilities, seed: int) -> Iterator[Drawn]:
    """Draw cases, chunk by chunk, without end unless there are no more."""
    number = 0
    while True:
        calls = chunk(profile, can, seed, number)
        for index, call in enumerate(calls):
            yield Drawn(f"drawn/{seed}/{number * CHUNK + index}", call)
        if len(calls) < CHUNK:
            return
        number += 1


def chunk(profile: str, can: Capabilities, seed: int, number: int) -> list[Call]:
    """Draw the calls of a chunk."""
    from genspec.conform.drawing import drawn

    made = strategy(profile, can)
    return [] if made is None else drawn(made, seed_of(seed, number), CHUNK)


def seed_of(seed: int, number: int) -> int:
    """Give the seed of a chunk, another one for every chunk of every seed."""
    return (seed << 32) + number


def shrunk(case: Drawn, who: Who, ask: Ask, sought: Verdict, seconds: float) -> Drawn:
    """Give the smallest case that shows the same violation: its kind and its difference, under no other clauses."""
    from genspec.conform.drawing import minimal

    _, seed, number = case.name.split("/")
    place = int(number) // CHUNK

    def shows(call: Call) -> bool:
        said = Drawn("shrinking", call).examine(ask, who)
        return is_alike(said, sought)

    made, ends = strategy(case.call.profile, who.can), time.monotonic() + seconds
    if made is None:
        return case
    least = minimal(made, seed_of(int(seed), place), CHUNK, target=case.call, shows=shows, seconds=seconds * DRAWING)
    least = smallest(least, lambda call: taken(call, who.can) and shows(call), ends - time.monotonic())
    return case if repr(least) == repr(case.call) else of_call(least)


def is_alike(said: Verdict, sought: Verdict) -> bool:
    """Tell whether a verdict shows what is looked for: a smaller case may have to do with fewer clauses."""
    return (said.kind, said.difference) == (sought.kind, sought.difference) and set(said.clauses) <= set(sought.clauses)


def of_call(call: Call) -> Drawn:
    """Name a case by what it is."""
    return Drawn(json.dumps({"profile": call.profile, **input_of(call)}, separators=(",", ":")), call)


def of_json(given: Json, profile: str) -> Drawn:
    """Read a case that somebody has written down: an input of L3. Raises ValueError that says why it is none."""
    named = {name: value for name, value in given.items() if name != "profile"}
    try:
        call = call_of(given.get("profile", profile), named)
    except (KeyError, TypeError, ValueError) as error:
        why = f"`{error.args[0]}` is missing" if isinstance(error, KeyError) else f"{type(error).__name__} {error}"
        raise ValueError(f"this is no input of L3: {why}") from None
    if isinstance(call, str):
        raise ValueError(f"this input cannot be run alone: {call}")
    return of_call(call)
