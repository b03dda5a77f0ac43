"""genspec explain."""

import os
from argparse import Namespace
from itertools import islice
from pathlib import Path

from genspec.cli.errors import failed
from genspec.cli.output import emit
from genspec.cli.parser import Parser, at_least, one_of
from genspec.config.decision import Rejected
from genspec.config.explain import explain_lines, refusal_lines
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.model_facts import ModelFacts, facts_in
from genspec.config.reading import decoded
from genspec.lint.report.printable import printable
from genspec.lint.sources.document import Problem
from genspec.lint.sources.reading import read_bytes

EXPLAINED, REFUSED, NO_INPUT = 0, 1, 3
NAME = "generation_config.json"
MOST_KEYS, LONGEST_KEY = 20, 60


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Say what a decoder does with a config: mode, length budget, pipeline in order, what has no
        effect and why.

        PATH is a generation_config.json or the folder of a model. A config.json beside it tells the vocabulary, the
        context length and whether the model has an encoder."""
    parser.epilog = "Status: 0 explained, 1 refused by the specification, 2 error, 3 no input found."
    parser.add_operands("PATH", least=1, most=1)
    parser.add_option("--prompt-length", type=at_least(0), default=1, metavar="N",
                      help="Tokens of the prompt (of an encoder-decoder model: of the encoder's input); default 1.")
    parser.add_option("--on-overflow", type=one_of("truncate", "error"), default="truncate", metavar="ACTION",
                      help="What to do with a prompt that max_length does not hold: truncate (default) or error.")


def run(options: Namespace) -> int:
    """Print what the specification makes of one config."""
    path = Path(options.operands[0])
    file = path / NAME if path.is_dir() else path
    data = read_bytes(file)
    if isinstance(data, Problem):
        status = failed(f"{file}: {data.message}")
        return status if os.path.lexists(file) else NO_INPUT
    beside = read_bytes(file.parent / "config.json")
    facts = ModelFacts() if isinstance(beside, Problem) else facts_in(beside)
    unknown: dict[str, object] = {}
    try:
        known, unknown = split_members(decoded(data, file))
        resolution = GenerationConfig.from_dict(known).resolve(
            prompt_length=options.prompt_length,
            vocab_size=facts.vocab_size,
            context_length=facts.context_length,
            architecture=facts.architecture,
            on_overflow=options.on_overflow,
        )
    except Rejected as rejected:
        emit(f"{printable(line)}\n" for line in [*refusal_lines(rejected), *unknown_lines(unknown)])
        return REFUSED
    emit(f"{printable(line)}\n" for line in [*explain_lines(resolution), *unknown_lines(unknown)])
    return EXPLAINED


def unknown_lines(unknown: dict[str, object]) -> list[str]:
    """Name the keys that no decoder reads."""
    if not unknown:
        return []
    title = "No generation fields, left out here (`genspec check` says what was meant)  [CONFIG-2]"
    shown = [key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}..." for key in islice(unknown, MOST_KEYS)]
    more = [f"and {len(unknown) - MOST_KEYS} more"] if len(unknown) > MOST_KEYS else []
    return [title, f"  {', '.join(shown + more)}"]
