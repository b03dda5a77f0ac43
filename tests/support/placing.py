"""Seek the seeds of placed calls: `PYTHONPATH=tests python -m support.placing` writes placed/seeds.py of the kit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from genspec.backends.call import Call
from genspec.backends.reference import ReferenceDecoder
from genspec.config.decision import Rejected
from genspec.config.plan import DecodingPlan
from genspec.conform.cases.placed import choices, fields, orders
from genspec.conform.oracle.requests import requests_of
from genspec_reference.decode import run

MOST = 80
"""Seeds that are tried."""
CLEAR = 2.0**-10
"""The margin of every decision: no number type of at least float32 turns one."""


def exchanged(one: str, other: str, plan: DecodingPlan) -> DecodingPlan:
    """Give a plan with two operations in the other order."""
    operations = list(plan.operations)
    names = [operation.name for operation in operations]
    first, second = names.index(one), names.index(other)
    operations.insert(first, operations.pop(second))
    return replace(plan, operations=tuple(operations))


def shows(call: Call, wrong: Callable[[Call], Any]) -> bool:
    """Tell whether the tokens are others, and violate the clauses without a doubt."""
    expected = ReferenceDecoder().decode(call)
    if not isinstance(expected, tuple):
        return False
    if min((step.margin for run_ in expected[0].runs for step in run_), default=0.0) <= CLEAR:
        return False
    answer = wrong(call)
    return not isinstance(answer, tuple) or expected[0].sequences != answer[0].sequences


def sought(make: Callable[[int], Call], wrong: Callable[[Call], Any]) -> int | None:
    """Find the first seed whose call shows what is wrong."""
    return next((seed for seed in range(MOST) if shows(make(seed), wrong)), None)


def with_config(**changes: Any) -> Callable[[Call], Any]:
    return lambda call: ReferenceDecoder().decode(replace(call, config={**call.config, **changes}))


def without(*names: str) -> Callable[[Call], Any]:
    return lambda call: ReferenceDecoder().decode(
        replace(call, config={name: value for name, value in call.config.items() if name not in names}))


def with_profile(**changes: Any) -> Callable[[Call], Any]:
    return with_plan(lambda plan: replace(plan, profile=replace(plan.profile, **changes)))


def with_plan(change: Callable[[DecodingPlan], DecodingPlan]) -> Callable[[Call], Any]:
    def wrong(call: Call) -> Any:
        (request,) = requests_of(call)
        try:
            return (run(replace(request, plan=change(request.plan))),)
        except Rejected:
            return None

    return wrong


def keeping_one(plan: DecodingPlan) -> DecodingPlan:
    return replace(plan, operations=tuple(
        replace(one, arguments={**one.arguments, "min_keep": 1}) if "min_keep" in one.arguments else one
        for one in plan.operations))


def of_first_row(call: Call) -> Any:
    """Draw every row with the noise of the first one."""
    (request,) = requests_of(call)
    noise = request.noise
    assert noise is not None
    return (run(replace(request, noise=lambda row, step, size: noise(0, step, size))),)


WRONG: Mapping[str, Callable[[Call], Any]] = {
    "false-is-not-never": with_config(early_stopping="never"), "false-is-not-true": with_config(early_stopping=True),
    "never-is-not-false": with_config(early_stopping=False), "never-is-not-true": with_config(early_stopping=True),
    "true-is-not-false": with_config(early_stopping=False),
    "no-early-stopping-set": with_config(early_stopping="never"),
    "candidates-of-a-rank": with_profile(finishing_rank="any"), "a-stop-bound": with_profile(stop_bound="candidate"),
    "one-beam-less": with_config(num_beams=3), "one-beam-more": with_config(num_beams=5),
    "penalty-2": with_config(length_penalty=1.0), "penalty-below-zero": with_config(length_penalty=0.0),
    "length-with-its-eos": with_profile(hypothesis_length="new without EOS"),
    "length-without-its-prompt": with_profile(hypothesis_length="row"),
    "both-minima": without("min_new_tokens"), "both-minima-the-other-way": without("min_new_tokens"),
    "both-maxima": without("max_new_tokens"),
    "totals-order-what-is-drawn": with_profile(drawn_order="draw"),
    "top-k-keeps-ties": with_profile(top_k_ties="exact"), "typical-keeps-ties": with_profile(typical_ties="exact"),
    "nucleus-drops-ties": with_profile(nucleus_ties="kept"), "rows-with-noise-of-their-own": of_first_row,
    "suppressed-at-the-begin": without("begin_suppress_tokens"),
    **{name: with_plan(keeping_one) for name in choices.CHOICES if name.endswith("-keeps-one-more-than-eos")},
}
"""Of a call what a decoder does that it shows."""


def choice_seeds() -> Iterator[tuple[str, int | None]]:
    for name, (_, make) in choices.CHOICES.items():
        yield name, sought(make, WRONG[name])


def makers() -> Iterator[tuple[str, str, Callable[[int], Call], Callable[[Call], Any]]]:
    """List kind and name of every call that has a seed, what makes it, and what a decoder does that it shows."""
    for name, (_, make) in choices.CHOICES.items():
        yield "CHOICE_SEEDS", name, make, WRONG[name]
    for name, key, value, mode in fields.every():
        yield "FIELD_SEEDS", name, partial(fields.call_of, key, value, mode), without(key)
    for name, one, other, mode in orders.every():
        wrong = with_plan(partial(exchanged, one, other))
        yield "ORDER_SEEDS", name, partial(orders.order_call, one, other, mode), wrong


def main() -> None:
    """Write the seeds, and tell which calls have none."""
    found: dict[str, dict[str, int]] = {}
    for kind, name, make, wrong in makers():
        seed = sought(make, wrong)
        if seed is None:
            print(f"{name}: no seed")
        else:
            found.setdefault(kind, {})[name] = seed
    text = '"""Seeds of placed calls, sought by tests/support/placing.py."""\n'
    for kind, seeds in found.items():
        text += f"\n{kind} = {{\n" + "".join(f'    "{name}": {seed},\n' for name, seed in seeds.items()) + "}\n"
    Path(fields.__file__).with_name("seeds.py").write_text(text)


if __name__ == "__main__":
    main()
