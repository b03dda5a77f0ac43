"""Cases of the published vectors: what a test module writes down. Text: docs/spec/vectors.md.

A test module `tests/reference/test_<page>.py` has a function `vectors()` that yields its cases. `make vectors` adds
the reference's answers (support/answers.py) and writes them to `reference/vectors/v1/<page>/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from genspec_reference import Scripted, Table
from genspec_reference.layered import Layered
from support.answers import answer, encoded

Model = Scripted | Layered | Table
BESIDE_THE_CONFIG = (
    "operations", "source", "noise", "seed", "context_length", "on_overflow", "negative_prompt", "pieces", "clock",
    "allowed_tokens", "assistant",
)


@dataclass(frozen=True)
class Case:
    """One vector without its answer, or with alternatives where the specification leaves freedom."""

    name: str                           # unique in its folder; never changes once published
    level: str                          # L0 operation, L1 pipeline, L2 selection, L3 loop
    clauses: tuple[str, ...]
    input: Mapping[str, Any]
    profile: str = "hf"
    flags: tuple[str, ...] = ()         # why the case is special, from the list in docs/spec/vectors.md
    note: str = ""
    any_of: tuple[Mapping[str, Any], ...] = ()      # other answers that conform, beside the reference's
    distribution: bool = False          # the answer is the law of the token

    @property
    def exact(self) -> bool:
        """Tell whether no rounding can turn what the case decides. VECTORS-15."""
        return "exact" in self.flags


def operation_case(
    name: str, clauses: Sequence[str], operation: str, scores: Iterable[float], arguments: Mapping[str, Any],
    *, context: Mapping[str, Any] | None = None, **more: Any,
) -> Case:
    """L0: one operation on one score vector. `context`: tokens, prompt_length, source, ... where it needs them."""
    given = {"operation": operation, "scores": list(scores), "arguments": dict(arguments), "context": context or {}}
    return Case(name, "L0", tuple(clauses), given, **more)


def pipeline_case(
    name: str, clauses: Sequence[str], logits: Iterable[float], operations: Sequence[tuple[str, Mapping[str, Any]]],
    *, context: Mapping[str, Any] | None = None, **more: Any,
) -> Case:
    """L1: several operations in order, or, with `distribution=True`, the law of the token drawn after them."""
    given = {"logits": list(logits), "operations": written_operations(operations), "context": context or {}}
    return Case(name, "L1", tuple(clauses), given, **more)


def written_operations(operations: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    return [{"operation": operation, "arguments": dict(arguments)} for operation, arguments in operations]


def selection_case(
    name: str, clauses: Sequence[str], scores: Iterable[float], noise: Iterable[float] | None = None,
    *, count: int | None = None, **more: Any,
) -> Case:
    """L2: one token from scores, the highest or, with noise, the winner of the race; or the first `count` of it."""
    given: dict[str, Any] = {"scores": list(scores)}
    given |= {} if noise is None else {"noise": list(noise)}
    given |= {} if count is None else {"count": count}
    return Case(name, "L2", tuple(clauses), given, **more)


def generate_case(
    name: str, clauses: Sequence[str], config: Mapping[str, Any] | str, prompt: Sequence[int], model: Model,
    **more: Any,
) -> Case:
    """L3: a config, or the text of one, run on a scripted model, or refused. The vocabulary is the model's.

    Takes, beside what `Case` has: `source`, `negative_prompt` (ids); `noise` (steps of one row, or of each row),
    or `seed`, which stands for it; `context_length`, `on_overflow`; `pieces` (the text of each token; a row's text is
    theirs, joined); `clock` (what it shows at each reading, then the last again); `allowed_tokens` (for each last
    token of the row, the ids that may follow); `assistant` (a scripted model); `operations` (that no field of a config
    sets, as `pipeline_case` takes them).
    """
    given = config if isinstance(config, str) else dict(config)
    return loop_case(name, clauses, {"config": given}, prompt, model, **more)


def batch_case(
    name: str, clauses: Sequence[str], config: Mapping[str, Any], prompts: Sequence[Sequence[int]], model: Model,
    **more: Any,
) -> Case:
    """L3: several prompts, each decoded alone without drawing, and the arrays of all. OUTPUTS-15 to OUTPUTS-18."""
    case = loop_case(name, clauses, {"config": dict(config)}, (), model, **more)
    given = {key: value for key, value in case.input.items() if key != "prompt"}
    return replace(case, input={**given, "prompts": [list(prompt) for prompt in prompts]})


def layered_case(
    name: str, clauses: Sequence[str], prompt: Sequence[int], model: Model,
    *, call: Mapping[str, Any] | None = None, given: Mapping[str, Any] | None = None,
    file: Mapping[str, Any] | None = None, **more: Any,
) -> Case:
    """L3: a config from three sources: the call's arguments, a given config, the model's file. CONFIG-6."""
    sources = {"call": dict(call or {}), "given": dict(given or {}), "file": dict(file or {})}
    return loop_case(name, clauses, {"sources": sources}, prompt, model, **more)


def loop_case(
    name: str, clauses: Sequence[str], source_of_config: Mapping[str, Any], prompt: Sequence[int], model: Model,
    **more: Any,
) -> Case:
    given: dict[str, Any] = {**source_of_config, "prompt": list(prompt), "model": described_model(model)}
    for key in BESIDE_THE_CONFIG:
        if key in more:
            given[key] = more.pop(key)
    if "noise" in given and np.ndim(given["noise"][0][0]) == 0:
        given["noise"] = [given["noise"]]
    if "operations" in given:
        given["operations"] = written_operations(given["operations"])
    if "assistant" in given:
        given["assistant"] = described_model(given["assistant"])
    return Case(name, "L3", tuple(clauses), given, **more)


def described_model(model: Model) -> dict[str, Any]:
    if isinstance(model, Table):
        return {"kind": model.kind, "vocab_size": model.vocab_size, "eos": list(model.eos), "lines": model.lines}
    described = {"kind": model.kind, "seed": model.seed, "vocab_size": model.vocab_size, "eos": list(model.eos)}
    if isinstance(model, Layered):
        described |= {"layers": model.layers, "width": model.width, "tied": model.tied}
    return described


def noise_table(seed: int, steps: int, size: int) -> list[list[float]]:
    """Make Exp(1) numbers to write into a case: exact in float32."""
    drawn = np.random.default_rng(seed).standard_exponential((steps, size)).astype(np.float32)
    return [[float(number) for number in step] for step in np.maximum(drawn, np.float32(2**-20))]


def written(case: Case, page: str = "") -> dict[str, Any]:
    """Give the vector as JSON has it: a case of the files of a page."""
    return {
        "id": f"{page}/{case.name}", "clauses": list(case.clauses), "profile": case.profile,
        "flags": list(case.flags), "note": case.note, "input": encoded(case.input), "expected": answer(case),
    }
