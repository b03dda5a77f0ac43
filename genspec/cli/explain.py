"""genspec explain."""

from argparse import Namespace
from itertools import islice

from genspec.cli.config import OPERAND, read_config
from genspec.cli.output import emit
from genspec.cli.parser import Parser, at_least, one_of
from genspec.config.decision import Rejected
from genspec.config.explain import explain_lines, refusal_lines
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.profiles import PROFILES
from genspec.lint.report.printable import printable

EXPLAINED, REFUSED = 0, 1
MOST_KEYS, LONGEST_KEY = 20, 60


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = f"""Say what a decoder does with a config: mode, length budget, pipeline in order, what has no
        effect and why.

        {OPERAND}"""
    parser.epilog = "Status: 0 explained, 1 refused by the specification, 2 error, 3 no input found, 130 interrupted."
    parser.add_operands("PATH", least=1, most=1)
    parser.add_option("--prompt-length", type=at_least(0), default=1, metavar="N",
                      help="Tokens of the prompt (of an encoder-decoder model: of the encoder's input); default 1.")
    parser.add_option("--profile", type=one_of(*PROFILES), default="hf", metavar="NAME",
                      help=f"Whose choices apply: {', '.join(PROFILES)}; default hf, transformers 5.")
    parser.add_option("--on-overflow", type=one_of("truncate", "error"), default="truncate", metavar="ACTION",
                      help="What to do with a prompt that max_length does not hold: truncate (default) or error.")


def run(options: Namespace) -> int:
    """Print what the specification makes of one config."""
    given = read_config(options.operands[0])
    unknown: dict[str, object] = {}
    try:
        known, unknown = split_members(given.members())
        resolution = GenerationConfig.from_dict(known).resolve(
            prompt_length=options.prompt_length,
            vocab_size=given.facts.vocab_size,
            context_length=given.facts.context_length,
            architecture=given.facts.architecture,
            on_overflow=options.on_overflow,
            profile=options.profile,
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
