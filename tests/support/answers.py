"""What the reference answers to a case of the vectors. Text: docs/spec/vectors.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from genspec import GenerationConfig
from genspec.config import Rejected
from genspec.config.plan import DecodingPlan, Operation
from genspec.config.profiles import profile_named
from genspec_reference import GenerateOutput, Noise, Scripted, Table, counted_noise, decode, given_noise
from genspec_reference.context import Context
from genspec_reference.decode import start_tokens
from genspec_reference.layered import Layered
from genspec_reference.padded import kept_of, padded
from genspec_reference.pipeline import Applied, run_pipeline
from genspec_reference.scores import Scores, as_scores, highest, log_softmax, softmax
from genspec_reference.select import exponential_race, highest_score

if TYPE_CHECKING:
    from support.vectors import Case

EXACT = frozenset({
    "no_repeat_ngram", "encoder_no_repeat_ngram", "bad_words", "min_length", "min_new_tokens", "prefix_allowed_tokens",
    "forced_bos", "forced_eos", "suppress", "begin_suppress", "top_k",
})
"""Operations that compare and write scores as they are: no rounding can turn what they decide."""


def answer(case: "Case") -> dict[str, Any]:
    """Run the reference on a case: `{"kind": "exact" | "any-of" | "distribution" | "reject", ...}`.

    `margin`: the least distance of a decision that rounding can turn; absent where there is none. VECTORS-9, 15
    """
    try:
        given, margin = ANSWERS[case.level](case)
    except Rejected as rejected:
        return {"kind": "reject", "clauses": sorted({reason.clause for reason in rejected.reasons})}
    near = {} if margin == np.inf or case.exact else {"margin": number(margin)}
    if case.any_of:
        return {"kind": "any-of", "answers": [given, *({**given, **encoded(other)} for other in case.any_of)], **near}
    return {"kind": "distribution" if case.distribution else "exact", **given, **near}


def operation_answer(case: "Case") -> tuple[dict[str, Any], float]:
    applied = applied_to(case, case.input["scores"], [(case.input["operation"], case.input["arguments"])])
    return {"scores": numbers(applied[-1].scores)}, least_margin(applied)


def pipeline_answer(case: "Case") -> tuple[dict[str, Any], float]:
    steps = [(step["operation"], step["arguments"]) for step in case.input["operations"]]
    applied = applied_to(case, case.input["logits"], steps)
    scores = applied[-1].scores
    given = {"probabilities": numbers(softmax(scores))} if case.distribution else {"scores": numbers(scores)}
    return given, least_margin(applied)


def applied_to(
    case: "Case", logits: Sequence[float], steps: Sequence[tuple[str, Mapping[str, Any]]]
) -> tuple[Applied, ...]:
    operations = [Operation(name, arguments, case.clauses[0]) for name, arguments in steps]
    start = Applied("logits", "PIPELINE-3", as_scores(logits))
    return run_pipeline(start, operations, context_of(case.input["context"]), profile_named(case.profile))


def context_of(written: Mapping[str, Any]) -> Context:
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in written.items()}
    for name in ("unconditional_logits", "unfiltered"):
        if name in given:
            given[name] = as_scores(given[name])
    if "allowed_tokens" in given:
        allowed = given["allowed_tokens"]
        given["allowed_tokens"] = lambda tokens: allowed
    return Context(**{"tokens": (), "prompt_length": 0, **given})


def least_margin(applied: Sequence[Applied]) -> float:
    """Give the least margin of the operations whose decisions hang on a rounded number."""
    rounded = [place for place, one in enumerate(applied[1:], start=1) if one.name not in EXACT]
    return min((one.margin for one in applied[min(rounded, default=len(applied)):]), default=np.inf)


def selection_answer(case: "Case") -> tuple[dict[str, Any], float]:
    scores = as_scores(case.input["scores"])
    if "noise" not in case.input:
        return {"token": highest_score(scores).token}, np.inf
    noise = as_scores(case.input["noise"])
    if "count" in case.input:
        return first_of_race(log_softmax(scores) - np.log(noise), case.input["count"])
    choice = exponential_race(scores, noise)
    return {"token": choice.token}, choice.margin


def first_of_race(race: Scores, count: int) -> tuple[dict[str, Any], float]:
    """Give the tokens of the first `count` places of a race, and the least lead of one of them. SAMPLE-5."""
    tokens = highest(race, count + 1)
    leads = -np.diff(race[tokens])
    return {"tokens": tokens[:count].tolist()}, float(leads.min(initial=np.inf))


def generate_answer(case: "Case") -> tuple[dict[str, Any], float]:
    given = dict(case.input)
    if "prompts" in given:
        runs = [decoded(case, prompt) for prompt in given["prompts"]]
        return arrays_of(runs), min(margin for _, _, margin in runs)
    plan, output, margin = decoded(case, given["prompt"])
    return answered(plan, output), margin


def decoded(case: "Case", prompt: Sequence[int]) -> tuple[DecodingPlan, GenerateOutput, float]:
    """Decode one prompt of a case. Gives the margin of the run too, infinite where no rounding can turn it."""
    given = {name: value for name, value in case.input.items() if name not in ("prompt", "prompts")}
    model, config = scripted(given.pop("model")), config_of(given)
    plan = config.resolve(
        prompt_length=len(prompt), vocab_size=model.vocab_size, profile=case.profile,
        architecture="encoder-decoder" if "source" in given else "decoder-only",
        context_length=given.pop("context_length", None), on_overflow=given.pop("on_overflow", "truncate"),
    ).plan
    plan = with_operations(plan, given.pop("operations", ()))
    output = decode(plan, model, prompt or start_tokens(plan), **beside_the_prompt(given))
    return plan, output, np.inf if is_exact(plan) else margin_of(output)


def with_operations(plan: DecodingPlan, written: Sequence[Mapping[str, Any]]) -> DecodingPlan:
    """Add operations that no field of a config sets, each in its place in the profile's order. PIPELINE-1."""
    added = tuple(Operation(one["operation"], one["arguments"], "PIPELINE-1") for one in written)
    order = plan.profile.order_in(plan.mode)
    in_order = sorted((*plan.operations, *added), key=lambda operation: order.index(operation.name))
    return replace(plan, operations=tuple(in_order)) if added else plan


def config_of(given: dict[str, Any]) -> GenerationConfig:
    """Take the config out of an input: an object, a text, or three sources."""
    if "sources" in given:
        sources = given.pop("sources")
        return GenerationConfig.layered(call=sources["call"], given=sources["given"], model=sources["file"])
    config = given.pop("config")
    return GenerationConfig.from_json(config) if isinstance(config, str) else GenerationConfig.from_dict(config)


def scripted(written: Mapping[str, Any]) -> Scripted | Layered | Table:
    if written["kind"] == "lines":
        return Table(written["lines"], tuple(written["eos"]))
    kind = Layered if written["kind"] == "layers" else Scripted
    return kind(**{**written, "eos": tuple(written["eos"])})


def noise_of_rows(rows: Sequence[Sequence[Sequence[float]]]) -> Noise:
    """Make noise from numbers written down: one list of steps a returned row."""
    of_row = [given_noise(steps) for steps in rows]
    return lambda row, step, size: of_row[row](0, step, size)


def readings(times: Sequence[float]) -> Callable[[], float]:
    """Make a clock that shows these seconds, one a reading, and then the last one again and again."""
    shown = chain(times, repeat(times[-1]))
    return lambda: next(shown)


READ: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "noise": ("noise", noise_of_rows),
    "seed": ("noise", counted_noise),
    "pieces": ("detokenize", lambda pieces: lambda tokens: "".join(pieces[token] for token in tokens)),
    "clock": ("clock", readings),
    "allowed_tokens": ("allowed_tokens", lambda following: lambda tokens: following[tokens[-1]]),
    "assistant": ("assistant", scripted),
}
"""What an input says beside the config: the argument of `decode`, made from its JSON."""


def beside_the_prompt(given: Mapping[str, Any]) -> dict[str, Any]:
    return dict((READ[name][0], READ[name][1](value)) if name in READ else (name, value)
                for name, value in given.items())


def answered(plan: DecodingPlan, output: GenerateOutput) -> dict[str, Any]:
    given: dict[str, Any] = {
        "sequences": [list(row.tokens) for row in output.rows],
        "finish_reasons": [str(row.finish_reason) for row in output.rows],
    }
    if output.rows[0].score is not None:
        given["sequences_scores"] = numbers(row.score for row in output.rows)
        given["beam_indices"] = [list(row.beam_indices) for row in output.rows]
    for name in ("scores", "logits"):
        if getattr(plan.outputs, name):
            given[name] = [[[numbers(one) for one in getattr(step, name)] for step in run] for run in output.runs]
    return given


def arrays_of(runs: Sequence[tuple[DecodingPlan, GenerateOutput, float]]) -> dict[str, Any]:
    """Give the arrays of several prompts, None where what they hold is free. OUTPUTS-15 to OUTPUTS-18."""
    plan, outputs = runs[0][0], [output for _, output, _ in runs]
    beams = 1 if plan.beams is None else plan.beams.num_beams
    arrays = padded(outputs, plan.tokens.pad, beams)
    given: dict[str, Any] = {
        "sequences": arrays.sequences.tolist(),
        "finish_reasons": [str(row.finish_reason) for output in outputs for row in output.rows],
    }
    if arrays.sequences_scores is not None and arrays.beam_indices is not None:
        given["sequences_scores"] = numbers(arrays.sequences_scores)
        given["beam_indices"] = arrays.beam_indices.tolist()
    for name in ("scores", "logits"):
        if (steps := kept_of(outputs, beams, name)) is not None:
            given[name] = [[None if line is None else numbers(line) for line in lines] for lines in steps]
    return given


def is_exact(plan: DecodingPlan) -> bool:
    """Tell whether every decision of a run compares logits as the model gives them."""
    searching = plan.mode == "greedy" or (plan.mode == "assisted" and not plan.draws)
    return searching and {operation.name for operation in plan.operations} <= EXACT


def margin_of(output: GenerateOutput) -> float:
    return min((step.margin for run in output.runs for step in run), default=np.inf)


ANSWERS = {"L0": operation_answer, "L1": pipeline_answer, "L2": selection_answer, "L3": generate_answer}


def numbers(values: Iterable[Any]) -> list[float | str]:
    return [number(value) for value in values]


def number(value: float) -> float | str:
    """Write a number as JSON has it: what is no finite number as text. VECTORS-7."""
    if np.isnan(value):
        return "nan"
    return float(value) + 0.0 if np.isfinite(value) else ("inf" if value > 0 else "-inf")


def encoded(value: Any) -> Any:
    """Write a value as JSON has it."""
    if isinstance(value, Mapping):
        return {str(key): encoded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [encoded(item) for item in value]
    if isinstance(value, (float, np.floating)):
        return number(value)
    return value.item() if isinstance(value, np.generic) else value
