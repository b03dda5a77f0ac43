"""genspec convert."""

import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from genspec.cli.config import OPERAND, read_config
from genspec.cli.errors import UsageError
from genspec.cli.output import emit
from genspec.cli.parser import Parser, one_of
from genspec.config.decision import Rejected
from genspec.config.explain import refusal_lines
from genspec.config.generation_config import GenerationConfig, split_members
from genspec.config.values import shown
from genspec.dialects import NAMES, SERVED, SHORT, dialect_named
from genspec.lint.report.printable import printable

if TYPE_CHECKING:
    from genspec.dialects.convert import Conversion
    from genspec.dialects.dialect import Dialect

PRESERVED, LOST = 0, 1
ENGINES = (*NAMES, *SERVED)


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = f"""Write a config in the words of an engine, and say what is not preserved, with the reason.

        {OPERAND} The engine's form goes to standard output, what is lost to standard error."""
    parser.epilog = """Status: 0 all is preserved, 1 something is not, or it is refused, 2 error, 3 no input found,
        130 interrupted."""
    parser.add_operands("PATH", least=1, most=1)
    parser.add_option("--to", type=one_of(*ENGINES, *SHORT), metavar="ENGINE", help=f"One of {', '.join(ENGINES)}.")
    parser.add_option("--format", type=one_of("text", "json"), default="text", metavar="text|json",
                      help="json: options and losses as one object on standard output.")


def run(options: Namespace) -> int:
    """Print the options, and what they do not say."""
    if options.to is None:
        raise UsageError(f"--to names no engine: {', '.join(ENGINES)}")
    from genspec.dialects.convert import converted

    given = read_config(options.operands[0])
    try:
        known, _ = split_members(given.members())
        result = converted(GenerationConfig.from_dict(known), dialect_named(options.to))
    except Rejected as rejected:
        emit(f"{printable(line)}\n" for line in refusal_lines(rejected))
        return LOST
    if options.format == "json":
        emit([json.dumps(as_json(result), indent=2) + "\n"])
    else:
        emit(form(result))
        if result.losses and sys.stderr is not None:
            sys.stderr.write("".join(f"{line}\n" for line in losses(result)))
    return LOST if result.losses else PRESERVED


def form(result: "Conversion") -> Iterator[str]:
    """Yield the engine's own form: lines of a Modelfile, or JSON."""
    dialect, options = result.dialect, plain(result.options)
    if dialect.form == "Modelfile":
        for name, value in options.items():
            for item in value if isinstance(value, list) else [value]:
                yield f"PARAMETER {name} {json.dumps(item)}\n"
    else:
        yield json.dumps(sections(dialect, options) if dialect.section else options, indent=2) + "\n"


def sections(dialect: "Dialect", options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Divide options among the sections of an engine's file, the dialect's own one first."""
    elsewhere = {option.name: option.section for option in dialect.options if option.section}
    divided: dict[str, dict[str, Any]] = {dialect.section: {}}
    for name, value in options.items():
        divided.setdefault(elsewhere.get(name, dialect.section), {})[name] = value
    return divided


def plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of options as JSON has them: a set as a list."""
    return {name: sorted(value) if isinstance(value, set) else value for name, value in options.items()}


def losses(result: "Conversion") -> Iterator[str]:
    """Yield what is not preserved."""
    yield f"Not preserved in {result.dialect.title}:"
    for loss in result.losses:
        value = loss.value if isinstance(loss.value, str) else shown(loss.value)
        yield printable(f"  {loss.field} = {value}: {loss.reason}")


def as_json(result: "Conversion") -> dict[str, object]:
    """Return a conversion as JSON has it."""
    return {
        "version": 1, "engine": result.dialect.name, "call": result.dialect.call, "options": plain(result.options),
        "not_preserved": [{"field": loss.field, "value": loss.value, "reason": loss.reason} for loss in result.losses],
    }
