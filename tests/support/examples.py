"""The examples of a page as vectors: each row of its tables of configs, run on a scripted model or refused."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spec.test_examples import config_of, examples
from test_clauses import ID, prefix_of

from genspec import Rejected
from genspec_reference import Scripted
from support.vectors import Case, generate_case, layered_case, noise_table

SPEC = Path(__file__).parents[2] / "docs" / "spec"
SMALL, LARGE = 16, 100
"""Sizes of vocabularies: the one of the examples is needed only where an id says so."""
SOURCE = [5, 3, 8]
SPOKEN = {
    r"^\[\]$": "an empty list", r"\} \{": " and then ", r"\[\[\]\]": " with an empty one", r"\[\]": " empty",
    r"(?<!\w)-(?=\d)": " minus ", r': "(\d)': r" text \1",
}
"""What a config holds beside letters and digits, where two examples differ in nothing else."""


def example_cases(
    page: str, *, leave_out: Collection[str] = (), shows: Mapping[str, tuple[str, ...]] | None = None,
) -> Iterator[Case]:
    """Yield the examples of a page as L3 cases.

    `leave_out`: names of those whose mode needs more than a scripted model gives. `shows`: the clauses of those
    whose result and decisions name none.
    """
    rows = {f"example-{named(row)}": row for row in examples(SPEC / f"{page}.md")}
    for seed, (name, row) in enumerate(rows.items()):
        if name not in leave_out:
            case = example_case(page, name, row, seed)
            yield replace(case, clauses=case.clauses or (shows or {})[name])


def example_case(page: str, name: str, row: Mapping[str, str], seed: int) -> Case:
    sources = [row[source].strip("`") for source in ("config", "call", "given", "model") if "{" in row.get(source, "")]
    encoder = row.get("model") == "encoder-decoder"
    size = LARGE if any(int(number) >= SMALL for text in sources for number in re.findall(r"\d+", text)) else SMALL
    prompt = [] if encoder else [(7 * place + seed) % 13 for place in range(int(row.get("P") or 3))]
    facts: dict[str, Any] = {"profile": row.get("profile") or "hf"}
    if row.get("context"):
        facts["context_length"] = int(row["context"])
    if row.get("overflow") == "error":
        facts["on_overflow"] = "error"
    if encoder:
        facts["source"] = SOURCE
    clauses = clauses_shown(page, row, facts, prompt, size)
    model = Scripted("history", seed, size, eos_of(sources, size))
    if row["result"].startswith("refused"):
        facts["flags"] = ("refused",)
    else:
        facts |= noise_for(row, facts, prompt, size)
    if "config" in row:
        return generate_case(name, clauses, spelt(sources[0] if sources else row["config"].strip("`")), prompt, model,
                             **facts)
    call, given, file = (json.loads(text) for text in sources)
    return layered_case(name, clauses, prompt, model, call=call, given=given, file=file, **facts)


def named(row: Mapping[str, str]) -> str:
    """Make a name of a row: its config and its facts, in kebab-case."""
    facts = [f"{column} {value}" for column, value in row.items() if column not in ("config", "result") and value]
    return in_words(" ".join((row.get("config", "").strip("`"), *facts)))


def in_words(value: object) -> str:
    """Spell a config, or the text of one, in kebab-case."""
    text = value if isinstance(value, str) else json.dumps(value)
    for written, spoken in SPOKEN.items():
        text = re.sub(written, spoken, text)
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "nothing"


def spelt(text: str) -> dict[str, Any] | str:
    """Give the object that a text holds, or the text where it is none, or says more than the object would."""
    try:
        given = json.loads(text, parse_constant=lambda _: 1 / 0, object_pairs_hook=without_repeats)
    except (ValueError, ZeroDivisionError):
        return text
    return given if isinstance(given, dict) and "e400" not in text else text


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def eos_of(sources: list[str], size: int) -> tuple[int, ...]:
    """Find the EOS ids that the sources name, so that the model favours them."""
    texts = [match for text in sources for match in re.findall(r'"eos_token_id": (\[[^\]]*\]|\d+)', text)]
    ids = [int(number) for text in texts for number in re.findall(r"\d+", text)]
    return tuple(sorted({token for token in ids if token < size}))


def resolved(row: Mapping[str, str], facts: Mapping[str, Any], prompt: list[int], size: int) -> Any:
    return config_of(dict(row)).resolve(
        prompt_length=len(prompt), vocab_size=size, context_length=facts.get("context_length"),
        architecture="encoder-decoder" if "source" in facts else "decoder-only",
        on_overflow=facts.get("on_overflow", "truncate"), profile=facts["profile"],
    )


def clauses_shown(
    page: str, row: Mapping[str, str], facts: Mapping[str, Any], prompt: list[int], size: int
) -> tuple[str, ...]:
    """Name the clauses of a row's result, and those of the page by which its config was decided."""
    found = {match[0] for match in ID.finditer(row["result"])}
    try:
        found |= {decision.clause for decision in resolved(row, facts, prompt, size).decisions
                  if decision.clause.rpartition("-")[0] == prefix_of(page)}
    except Rejected:
        assert row["result"].startswith("refused")
    return tuple(sorted(found, key=lambda clause: (clause.rpartition("-")[0], int(clause.rpartition("-")[2]))))


def noise_for(row: Mapping[str, str], facts: Mapping[str, Any], prompt: list[int], size: int) -> dict[str, Any]:
    """Make noise for a row that draws: enough for each step of each returned row, or of all beams together."""
    plan = resolved(row, facts, prompt, size).plan
    if not plan.draws:
        return {}
    beams = plan.beams.num_beams if plan.beams is not None else 1
    rows = 1 if plan.beams is not None else plan.outputs.num_return_sequences
    return {"noise": [noise_table(place, plan.length.max_new_tokens, beams * size) for place in range(rows)]}

