"""genspec schema."""

import json

import click

from genspec.cli.output import emit
from genspec.config.schema import json_schema


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of generation_config.json, for editors and other validators."""
    emit([json.dumps(json_schema(), indent=2), "\n"])
