"""The verbs of genspec, each loaded when it is asked for, and what becomes of errors."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from genspec import __version__

VERBS = {
    "check": "Find what is wrong in generation configs.",
    "explain": "Say what a decoder does with a config: mode, budget, pipeline, what is ignored and why.",
    "rule": "Explain a rule, or list them all.",
    "schema": "Print the JSON Schema of generation_config.json.",
}

INTERRUPTED = 130
ERROR = 2


class Failure(click.ClickException):
    """An error that the user can do something about. One line; the run ends with status 2."""

    exit_code = ERROR


class Verbs(click.Group):
    """A group that imports the module of a verb when that verb runs, and not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the verbs."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb."""
        if cmd_name not in VERBS:
            return None
        command = import_module(f"genspec.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was probably meant."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(f"no verb is called {args[0]!r:.60}: {meant(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs in `--help` without importing them."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def meant(word: str) -> str:
    """Name the verb that a word is close to, or all of them."""
    from difflib import get_close_matches

    close = get_close_matches(word, VERBS, n=1)
    return f"did you mean `{close[0]}`?" if close else f"there are {', '.join(VERBS)}."


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="genspec %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """Check and explain how text generation is configured."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(ERROR)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status. Whatever goes wrong is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):      # names of files and keys need not fit the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        return app.main(list(arguments), prog_name="genspec", standalone_mode=False) or 0
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.UsageError as error:
        verb = error.ctx.command_path if error.ctx else "genspec"
        return failed(f"{error.format_message()} (see `{verb} --help`)")
    except click.ClickException as error:
        return failed(error.format_message())
    except OSError as error:
        return failed(f"{error.filename}: {error.strerror}" if error.filename else str(error), error)
    except Exception as error:
        return failed(f"internal error: {type(error).__name__}: {error}. Please report it, with the file if you can; "
                      "GENSPEC_TRACEBACK=1 shows where it happened.", error)


def failed(message: str, error: Exception | None = None) -> int:
    """Say on one line what went wrong."""
    if error is not None and os.environ.get("GENSPEC_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error)
    line = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in message)
    click.echo(f"genspec: error: {line}", err=True)
    return ERROR
