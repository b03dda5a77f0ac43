"""genspec schema."""

import json
from argparse import Namespace

from genspec.cli.output import emit
from genspec.cli.parser import Parser
from genspec.config.schema import json_schema


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = "Print the JSON Schema of generation_config.json, for editors and other validators."


def run(_: Namespace) -> int:
    """Print the schema."""
    emit([json.dumps(json_schema(), indent=2), "\n"])
    return 0
