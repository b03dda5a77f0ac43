"""Record what the beam modes of transformers 4.46.3 return on scripted models.

transformers 5 no longer has two of these modes and runs the other two by other rules. Run in an environment with
transformers 4.46.3, torch, NumPy and pydantic, from the root of the repository:

    PYTHONPATH=.:reference:tests python tests/reference/recorded/record.py

The draws of beam sampling are taken from `seeded_noise` instead of torch's generator, so that they can be replayed.
"""

import json
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from support.hf_model import cut, hf_generate, hf_model
from transformers.generation.beam_constraints import ConstraintListState, DisjunctiveConstraint, PhrasalConstraint

from genspec_reference import Scripted, seeded_noise

VERSION = "4.46.3"
FILE = Path(__file__).parent / f"transformers-{VERSION}-beams.json"
Drawn = tuple[Scripted, dict[str, Any]]


def main() -> None:
    if transformers.__version__ != VERSION:
        raise SystemExit(f"this records transformers {VERSION}, and {transformers.__version__} is installed")
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    cases = [recorded(mode, seed) for mode, seed in jobs()]
    progress = [recorded_progress(seed) for seed in range(200)]
    texts = [",\n".join(json.dumps(case, separators=(",", ":")) for case in some) for some in (cases, progress)]
    FILE.write_text(
        f'{{"transformers":"{VERSION}","cases":[\n{texts[0]}\n],"progress":[\n{texts[1]}\n],'
        f'"refused":{json.dumps(refused())}}}\n', encoding="utf-8"
    )


def jobs() -> Iterator[tuple[str, int]]:
    for mode, count in (("beam_search", 400), ("beam_sample", 100), ("group_beam_search", 160),
                        ("constrained_beam_search", 200), ("ended_group", 24), ("branching_words", 24)):
        for seed in range(count):
            yield mode, seed


def recorded(mode: str, seed: int) -> dict[str, Any]:
    rng = random.Random(f"{mode} {seed}")
    model, config = DRAW[mode](rng)
    prompt = [rng.randrange(model.vocab_size) for _ in range(rng.randint(1, 4))]
    case: dict[str, Any] = {
        "mode": mode, "seed": seed, "prompt": prompt, "config": config,
        "model": {"kind": model.kind, "seed": model.seed, "vocab_size": model.vocab_size, "eos": list(model.eos)},
    }
    wrapped = hf_model(model)
    if mode == "beam_sample":
        torch.multinomial = race(seed)
    try:
        output = hf_generate(wrapped, prompt, **config)
    except (TypeError, RuntimeError):   # 4.46.3 fails to write the beam indices of a row that breaks a condition
        output = hf_generate(wrapped, prompt, output_scores=False, **config)
    case["rows"] = rows(output, len(prompt), model.eos)
    for row in case["rows"] if "force_words_ids" in config else ():
        row["met"] = is_met(config["force_words_ids"], row["tokens"], model.eos)
    return case


def refused() -> list[Any]:
    """Give the conditions that transformers refuses, of those in which one word begins another."""
    found = []
    for words in ([[1], [1, 2]], [[3, 4, 5], [3, 4]], [[1], [2]]):
        try:
            DisjunctiveConstraint(words)
        except ValueError:
            found.append(words)
    return found


def recorded_progress(seed: int) -> dict[str, Any]:
    """How far a row is with its conditions, by the classes of transformers."""
    rng = random.Random(f"progress {seed}")
    ids = list(range(4))
    draws = [rng.choice((draw_words, draw_alternatives)) for _ in range(rng.randint(1, 3))]
    words = [draw(rng, ids) for draw in draws]
    tokens = rng.choices(ids, k=rng.randint(0, 9))
    state = state_of(words)
    state.reset(tokens)
    return {"words": words, "tokens": tokens, "met": len(state.complete_constraints), "complete": state.completed,
            "bank": state.get_bank(), "advancing": state.advance() or []}


def state_of(words: list[Any]) -> ConstraintListState:
    return ConstraintListState([
        DisjunctiveConstraint(word) if isinstance(word[0], list) else PhrasalConstraint(word) for word in words
    ])


def is_met(words: list[Any], tokens: list[int], eos: tuple[int, ...]) -> bool:
    state = state_of(words)
    state.reset(tokens[:-1] if tokens[-1] in eos else tokens)
    return bool(state.completed)


def race(seed: int) -> Callable[..., torch.Tensor]:
    """Draw without replacement by supplied noise; the number of the call is the step."""
    noise, step = seeded_noise(seed), iter(range(1 << 30))

    def draw(probabilities: torch.Tensor, num_samples: int) -> torch.Tensor:
        numbers = torch.from_numpy(noise(0, next(step), probabilities.shape[-1]))
        return torch.topk(probabilities.double() / numbers, num_samples, dim=-1).indices

    return draw


def rows(output: Any, prompt_length: int, eos: tuple[int, ...]) -> list[dict[str, Any]]:
    """Write what there is of each row: the scores and the beam indices may be missing."""
    written = [{"tokens": list(cut(row, prompt_length, eos))} for row in output.sequences.tolist()]
    scores = [] if output.sequences_scores is None else output.sequences_scores.tolist()
    indices = [] if output.beam_indices is None else output.beam_indices.tolist()
    for row, score in zip(written, scores, strict=False):
        row["score"] = score
    for row, beams in zip(written, indices, strict=False):
        row["beams"] = [beam for beam in beams if beam >= 0]
    return written


def draw_model(rng: random.Random, sizes: tuple[int, ...], most_eos: int, taken: int = 0) -> Scripted:
    size = rng.choice(sizes)
    eos = rng.sample(range(size - taken), rng.choice((0, 1, 1, 1, 2)[: most_eos + 3]))
    return Scripted(rng.choice(("table", "history", "history")), rng.randrange(1 << 31), size, tuple(eos))


def draw_rules(rng: random.Random, model: Scripted, beams: int, pad: int) -> dict[str, Any]:
    config = {
        "num_beams": beams, "num_return_sequences": rng.randint(1, beams), "max_new_tokens": rng.randint(1, 8),
        "early_stopping": rng.choice((True, False, False, "never")),
        "length_penalty": rng.choice((-1.0, 0.0, 0.5, 1.0, 1.0, 2.0)), "pad_token_id": pad,
    }
    if model.eos:
        config["eos_token_id"] = list(model.eos)
    if rng.random() < 0.15:
        config["min_new_tokens"] = rng.randint(1, 4)
    if rng.random() < 0.15:
        config["repetition_penalty"] = rng.choice((0.8, 1.3, 2.0))
    return config


def draw_beam_search(rng: random.Random) -> Drawn:
    model = draw_model(rng, (9, 13, 17), 2)
    config = draw_rules(rng, model, rng.randint(2, 4), rng.randrange(model.vocab_size))
    if rng.random() < 0.15:
        config["no_repeat_ngram_size"] = rng.randint(2, 3)
    return model, config


def draw_beam_sample(rng: random.Random) -> Drawn:
    model = draw_model(rng, (13, 17), 2)
    config = draw_rules(rng, model, rng.randint(2, 3), 0) | {"do_sample": True, "top_k": 0}
    if rng.random() < 0.3:
        config["temperature"] = rng.choice((0.5, 1.5))
    return model, config


def draw_group_beam_search(rng: random.Random) -> Drawn:
    """Suppress the pad: 4.46.3 makes later groups avoid the pad of a group that has ended."""
    model = draw_model(rng, (13, 17, 23), 2, taken=1)
    groups, size = rng.choice(((2, 1), (3, 1), (2, 2), (3, 2), (2, 3)))
    config = draw_rules(rng, model, groups * size, model.vocab_size - 1)
    config |= {"num_beam_groups": groups, "diversity_penalty": rng.choice((0.3, 0.7, 1.1, 4.1))}
    return model, config | {"suppress_tokens": [model.vocab_size - 1]}


def draw_ended_group(rng: random.Random) -> Drawn:
    """Make the EOS the pad, as it is when nothing is said: the quirk acts."""
    model, config = draw_group_beam_search(rng)
    while not model.eos:
        model, config = draw_group_beam_search(rng)
    del config["suppress_tokens"]
    return model, config | {"pad_token_id": model.eos[0], "early_stopping": True, "max_new_tokens": 8}


def draw_constrained_beam_search(rng: random.Random) -> Drawn:
    model = draw_model(rng, (9, 13, 17), 2)
    ids = [token for token in range(model.vocab_size) if token not in model.eos]
    config = draw_rules(rng, model, rng.randint(2, 5), rng.randrange(model.vocab_size))
    draw = rng.choice((draw_words, draw_words, draw_alternatives))
    return model, config | {"force_words_ids": [draw(rng, ids) for _ in range(rng.choice((1, 1, 2, 3)))]}


def draw_words(rng: random.Random, ids: list[int]) -> list[int]:
    return rng.choices(ids, k=rng.choice((1, 1, 2, 3)))


def draw_alternatives(rng: random.Random, ids: list[int]) -> list[list[int]]:
    """Words with different first tokens."""
    firsts = rng.sample(ids, rng.choice((2, 2, 3)))
    return [[first, *rng.choices(ids, k=rng.choice((0, 1, 2)))] for first in firsts]


def draw_branching_words(rng: random.Random) -> Drawn:
    """Words that begin alike and then part: 4.46.3 loses track of all but the first."""
    model, config = draw_constrained_beam_search(rng)
    first, *others = rng.sample([token for token in range(9) if token not in model.eos], 4)
    return model, config | {"force_words_ids": [[[first, other] for other in others]]}


DRAW: dict[str, Callable[[random.Random], Drawn]] = {
    "beam_search": draw_beam_search,
    "beam_sample": draw_beam_sample,
    "group_beam_search": draw_group_beam_search,
    "constrained_beam_search": draw_constrained_beam_search,
    "ended_group": draw_ended_group,
    "branching_words": draw_branching_words,
}

if __name__ == "__main__":
    main()
