"""genspec trace. What runs the reference is imported when it runs: the help does without NumPy."""

import sys
from argparse import Namespace

from genspec.cli.config import OPERAND, read_config
from genspec.cli.errors import UsageError
from genspec.cli.output import emit, paint_for
from genspec.cli.parser import Parser, at_least, one_of
from genspec.cli.tracing.arguments import model_spec, token_ids
from genspec.config.profiles import PROFILES

TRACED, REFUSED = 0, 1


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = f"""Run the reference decoder on a model of made-up logits and print each step: the scores
        before and after each operation, what was masked by which clause, the choice and how near the runner-up was.

        {OPERAND}

        MODEL is KIND:SEED, then if wanted ,vocab=V and ,eos=ID;ID. Kinds: table, whose logits depend on the last token;
        history, on all tokens; ties, on all tokens with many equal logits; layers, history with the hidden states and
        layers that contrastive search and DoLa need. With eos, these ids often come first. V is the one of config.json,
        or 16. Token n has the text <n>, for stop strings."""
    parser.epilog = "Status: 0 traced, 1 refused by the specification, 2 error, 3 no input found, 130 interrupted."
    parser.add_operands("PATH", least=1, most=1)
    option = parser.add_option
    option("--model", type=model_spec, metavar="MODEL", help="The model, as table:7 or history:1,vocab=100,eos=2;3.")
    option("--prompt", type=token_ids, metavar="IDS", help="The tokens to start from, as 1,2,3; '' for none.")
    option("--source", type=token_ids, metavar="IDS", help="The encoder's tokens: the model is an encoder-decoder.")
    option("--negative-prompt", type=token_ids, metavar="IDS", help="What stands for the prompt in guidance.")
    option("--seed", type=at_least(0), default=0, metavar="N", help="Of the noise that draws; default 0.")
    option("--profile", type=one_of(*PROFILES), default="hf", metavar="NAME",
           help=f"Whose choices apply: {', '.join(PROFILES)}; default hf, transformers 5.")
    option("--on-overflow", type=one_of("truncate", "error"), default="truncate", metavar="ACTION",
           help="What to do with a prompt that max_length does not hold: truncate (default) or error.")
    option("--top", type=at_least(1), default=5, metavar="N", help="Show the N highest tokens of a step; default 5.")
    option("--steps", type=at_least(0), metavar="N", help="Print the first N steps of a row only.")
    option("--json", action="store_true", help="Print everything as JSON, every score of every token.")
    option("--no-color", action="store_true", help="Print no colours on a terminal (as NO_COLOR=1).")


def run(options: Namespace) -> int:
    """Trace one config and return the status."""
    require(options)
    given = read_config(options.operands[0])

    from genspec.cli.tracing.refusal import refused_pieces
    from genspec.cli.tracing.run import Refused, traced

    try:
        trace, unknown = traced(given, options)
    except Refused as refused:
        emit(refused_pieces(refused, options.json))
        return REFUSED
    if options.json:
        from genspec.cli.tracing.data import json_pieces

        emit(json_pieces(trace, options.steps))
    else:
        from genspec.cli.explain import unknown_lines
        from genspec.cli.tracing.text import text_pieces
        from genspec.cli.tracing.view import View

        emit(text_pieces(View(trace, options.top, options.steps, paint_for(sys.stdout, options.no_color))))
        emit(f"{line}\n" for line in unknown_lines(unknown))
    return REFUSED if trace.halt else TRACED


def require(options: Namespace) -> None:
    """Ask for what a trace cannot do without."""
    if options.model is None:
        raise UsageError("--model is missing: a model of made-up logits, as --model table:7")
    if options.prompt is None and options.source is None:
        raise UsageError("--prompt is missing: the tokens to start from, as --prompt 1,2,3 ('' for none)")
