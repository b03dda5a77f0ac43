"""One run of the reference, with every score kept."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count

from genspec.cli.config import Given
from genspec.cli.errors import Failure, UsageError
from genspec.cli.tracing.arguments import ModelSpec
from genspec.config.decision import Rejected
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.mode import BEAMS
from genspec.config.plan import DecodingPlan
from genspec_reference import GenerateOutput, ModelOutput, Row, Scripted, seeded_noise
from genspec_reference.decode import kept_prompt, run, start_tokens
from genspec_reference.layered import Layered
from genspec_reference.pipeline import Applied
from genspec_reference.request import Clock, Request
from genspec_reference.scores import Scores
from genspec_reference.step import score_row

VOCABULARY = 16
"""V where neither the command line nor a config.json tells it."""
MOST_BYTES = 2 * 2**30
"""The most memory for the scores of a trace."""


class Refused(Exception):
    """A config that the specification refuses."""

    def __init__(self, rejected: Rejected, unknown: dict[str, object], model: ModelSpec, vocab_size: int) -> None:
        """Keep the reasons, the keys that are no fields, and what the model was."""
        super().__init__(str(rejected))
        self.rejected, self.unknown, self.model, self.vocab_size = rejected, unknown, model, vocab_size


@dataclass(frozen=True, slots=True)
class Halt:
    """A run that ended in a refusal: no token was left, or a score was no number."""

    rejected: Rejected
    row: tuple[int, ...]                # the last row that the model was asked for
    applied: tuple[Applied, ...]        # what became of its logits; empty where that is not known


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run did."""

    spec: ModelSpec
    vocab_size: int
    request: Request
    seed: int                           # of the noise
    output: GenerateOutput
    row_of: dict[int, Row]              # in the modes without beams: the row that a run produced
    halt: Halt | None = None

    def row_at(self, run: int, step: int) -> tuple[int, ...]:
        """Return the row before a step of a run, in the modes without beams."""
        row = self.row_of.get(run)
        return self.request.prompt if row is None else row.tokens[: row.prompt_length + step]


class Recorder:
    """A model that remembers the last row of a prompt that it was asked for."""

    def __init__(self, model: Scripted | Layered, prompt: tuple[int, ...]) -> None:
        """Wrap a model."""
        self.model, self.prompt, self.last = model, prompt, prompt

    def __call__(self, tokens: tuple[int, ...], *source: tuple[int, ...]) -> Scores | ModelOutput:
        """Answer as the model does. Guidance asks for rows without the prompt too."""
        if tokens[: len(self.prompt)] == self.prompt:
            self.last = tokens
        return self.model(tokens, *source)


def traced(given: Given, options: Namespace) -> tuple[Trace, dict[str, object]]:
    """Resolve a config and run it. Returns the trace, and the members that are no generation fields.

    Raises `Refused` when there is no plan, `UsageError` for tokens that the model does not have, and `Failure` when
    the reference cannot run the plan on a scripted model.
    """
    spec: ModelSpec = options.model
    vocab_size = spec.vocab_size or given.facts.vocab_size or VOCABULARY
    require_tokens(options, spec, vocab_size)
    unknown: dict[str, object] = {}
    try:
        known, unknown = split_members(given.members())
        plan = resolved(known, given, options, vocab_size)
    except Rejected as rejected:
        raise Refused(rejected, unknown, spec, vocab_size) from None
    if plan.architecture == "encoder-decoder" and options.source is None:
        raise UsageError("--source is missing: config.json says that the model has an encoder")
    if plan.architecture == "encoder-decoder" and len(options.prompt or ()) > 1:
        raise UsageError("--prompt: with --source it is the one token that the decoder starts from")
    return run_plan(spec, vocab_size, plan, options), unknown


def resolved(members: dict[str, object], given: Given, options: Namespace, vocab_size: int) -> DecodingPlan:
    """Make the plan. Raises `Rejected`."""
    has_encoder = options.source is not None or given.facts.architecture == "encoder-decoder"
    return GenerationConfig.from_dict(members).resolve(
        prompt_length=len(options.prompt or ()),
        vocab_size=vocab_size,
        context_length=given.facts.context_length,
        architecture="encoder-decoder" if has_encoder else "decoder-only",
        on_overflow=options.on_overflow,
        profile=options.profile,
    ).plan


def run_plan(spec: ModelSpec, vocab_size: int, plan: DecodingPlan, options: Namespace) -> Trace:
    """Decode, and when a step is refused give what came before it."""
    prompt = kept_prompt(plan, options.prompt or start_tokens(plan))
    model, noise = Recorder(model_of(spec, vocab_size), prompt), seeded_noise(options.seed)
    request = Request(
        plan=plan, model=model, prompt=prompt, source=options.source, noise=noise, detokenize=text_of,
        negative_prompt=options.negative_prompt, trace=True,
    )
    require_room(request, vocab_size, options.steps)
    halt = None
    try:
        output = run_first_steps(request, options.steps)
    except Rejected as rejected:
        last = model.last
        output, taken = up_to_refusal(request, last)
        halt = halted(request, last[: len(prompt) + taken], rejected)
    except ValueError as error:
        raise Failure(f"the reference cannot run this on a model of made-up logits: {error}") from error
    row_of = {row.run: row for row in output.rows}
    return Trace(spec, vocab_size, request, options.seed, output, row_of, halt)


def model_of(spec: ModelSpec, vocab_size: int) -> Scripted | Layered:
    """Make the model that the command line names."""
    if spec.kind == "layers":
        return Layered(spec.seed, vocab_size, spec.eos)
    return Scripted(spec.kind, spec.seed, vocab_size, spec.eos)


def run_request(request: Request) -> GenerateOutput:
    """Run the plan on a clock that starts anew."""
    return run(replace(request, clock=made_up_clock(), started=0.0))


def made_up_clock() -> Clock:
    """Make a clock for max_time that is the same in every trace: 1 second later at each reading, after 0 at the start.

    STOPPING-4.
    """
    seconds = count(1)
    return lambda: float(next(seconds))


def run_first_steps(request: Request, most: int | None) -> GenerateOutput:
    """Run the plan and keep the scores of the first steps; of all in beam modes, where rules look ahead."""
    if most is None or request.plan.mode in BEAMS:
        return run_request(request)
    whole = run_request(replace(request, trace=False))
    first = run_request(with_budget(request, min(most, request.plan.length.max_new_tokens)))
    runs = (steps + others[len(steps):] for steps, others in zip(first.runs, whole.runs, strict=True))
    return GenerateOutput(whole.rows, tuple(runs))


def with_budget(request: Request, new_tokens: int) -> Request:
    """Let a row have no more new tokens than this."""
    length = replace(request.plan.length, max_new_tokens=new_tokens)
    return replace(request, plan=replace(request.plan, length=length))


def require_room(request: Request, vocab_size: int, most: int | None) -> None:
    """Raise `Failure` for a trace that would fill the memory."""
    plan, steps = request.plan, steps_kept(request.plan, most)
    lines = plan.beams.num_beams if plan.beams else plan.outputs.num_return_sequences
    size = 8 * vocab_size * (len(plan.operations) + 1) * steps * lines
    if size > MOST_BYTES:
        what = f"{lines:,} {'beams' if plan.beams else 'rows'} of " if lines > 1 else ""
        raise Failure(f"the scores of {what}{steps:,} {'step' if steps == 1 else 'steps'} of {vocab_size:,} tokens "
                      f"would take {size / 2**30:,.1f} GiB: {remedy(plan, steps, lines)}")


def steps_kept(plan: DecodingPlan, most: int | None) -> int:
    """Count the steps of a run whose scores are kept, at most. The clock moves at every step. STOPPING-4."""
    steps = plan.length.max_new_tokens
    if plan.stopping.max_time is not None:
        steps = int(min(steps, plan.stopping.max_time + 1))
    return steps if most is None or plan.mode in BEAMS else min(steps, most)


def remedy(plan: DecodingPlan, steps: int, lines: int) -> str:
    """Name what makes a trace smaller: only what does so in this mode."""
    lower = [("num_beams" if plan.beams else "num_return_sequences")] if lines > 1 else []
    lower += ["max_new_tokens"] if steps > 1 else []
    fewer = ", or trace fewer steps with --steps" if steps > 1 and plan.mode not in BEAMS else ""
    return f"lower {', '.join(lower)}{', or ' if lower else ''}vocab of --model{fewer}"


def halted(request: Request, row: tuple[int, ...], rejected: Rejected) -> Halt:
    """Repeat the pipeline of the step that was refused."""
    normalised = request.plan.mode in BEAMS and request.plan.profile.beam_input == "log_softmax"
    try:
        return Halt(rejected, row, score_row(request, row, normalised=normalised).applied)
    except Rejected:
        return Halt(rejected, row, ())


def up_to_refusal(request: Request, last: tuple[int, ...]) -> tuple[GenerateOutput, int]:
    """Decode as many tokens as there were before the refused step, and tell how many.

    Nothing in beam modes, where rules look ahead. `last`: the last row that the model was asked for, which may hold
    tokens that were only tried.
    """
    tried = len(last) - len(request.prompt)
    if request.plan.mode not in BEAMS:
        for taken in range(tried, -1, -1):
            try:
                return run_request(with_budget(request, taken)), taken
            except Rejected:
                continue
    return GenerateOutput((), ()), tried


def text_of(tokens: Sequence[int]) -> str:
    """Give the text of a row: token n reads <n>."""
    return "".join(f"<{token}>" for token in tokens)


def require_tokens(options: Namespace, spec: ModelSpec, vocab_size: int) -> None:
    """Refuse tokens that the model does not have, before it is asked for them."""
    for name, tokens in (
        ("--prompt", options.prompt), ("--source", options.source), ("--negative-prompt", options.negative_prompt),
        ("--model: eos", spec.eos),
    ):
        outside = [token for token in tokens or () if token >= vocab_size]
        if outside:
            raise UsageError(f"{name}: the model has {vocab_size} tokens, 0 to {vocab_size - 1}, and {outside[0]} is "
                             f"none of them; --model {spec},vocab={max(outside) + 1} has it")
