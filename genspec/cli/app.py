"""The verbs of genspec, each loaded when it is asked for, and what becomes of errors."""

import sys
from collections.abc import Sequence
from importlib import import_module

from genspec import __version__
from genspec.cli.errors import ERROR, Failure, UsageError, complain, failed, meant
from genspec.cli.output import emit

VERBS = {
    "check": "Find what is wrong in generation configs.",
    "explain": "Say what a decoder does with a config: mode, budget, pipeline, what is ignored and why.",
    "trace": "Run the reference decoder and show every score before and after every operation.",
    "conform": "Hold a decoder to the specification, clause by clause, and report where it departs.",
    "vectors": "Write the questions of the published vectors, and judge answers that were given elsewhere.",
    "campaign": "Run random calls through a decoder and the reference, and shrink what differs.",
    "checkpoint": "Write a model folder whose logits are known exactly, to test an engine with.",
    "rule": "Explain a rule, or list them all.",
    "convert": "Write a config in the words of an engine, and say what is lost.",
    "lsp": "Serve an editor: diagnostics, the meaning of fields, quick fixes.",
    "schema": "Print the JSON Schema of generation_config.json.",
}
HELP, VERSION = ("-h", "--help"), ("-V", "--version")
INTERRUPTED = 130


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status. Whatever goes wrong is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):      # names of files and keys need not fit the terminal's encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        return dispatch(list(arguments))
    except KeyboardInterrupt:
        complain("")                            # so that the prompt does not follow ^C
        return INTERRUPTED
    except UsageError as error:
        verb = [word for word in arguments[:1] if word in VERBS]
        return failed(f"{error} (see `{' '.join(['genspec', *verb])} --help`)")
    except Failure as error:
        failed(str(error))
        return error.status
    except OSError as error:
        return failed(f"{error.filename}: {error.strerror}" if error.filename else str(error), error)
    except Exception as error:
        return failed(f"internal error: {type(error).__name__}: {error}. Please report it, with the file if you can; "
                      "GENSPEC_TRACEBACK=1 shows where it happened.", error)


def dispatch(arguments: list[str]) -> int:
    """Hand a command line to its verb, or answer what is asked of genspec itself."""
    if not arguments:
        complain(overview())
        return ERROR
    first, *rest = arguments
    if first in VERBS:
        return run_verb(first, rest)
    if first in HELP:
        emit([overview(), "\n"])
    elif first in VERSION:
        emit([f"genspec {__version__}\n"])
    elif first.startswith("-"):
        raise UsageError(f"no option is called {first!r:.60}: {meant(first, [*HELP, *VERSION])}")
    else:
        raise UsageError(f"no verb is called {first!r:.60}: {meant(first, list(VERBS))}")
    return 0


def run_verb(name: str, arguments: list[str]) -> int:
    """Import a verb and run it, or print its help."""
    from genspec.cli.parser import Parser

    verb = import_module(f"genspec.cli.{name}")
    parser = Parser(f"genspec {name}")
    verb.add_arguments(parser)
    if parser.asks_for_help(arguments):
        emit([parser.help()])
        return 0
    status = verb.run(parser.parse(arguments))
    assert isinstance(status, int)
    return status


def overview() -> str:
    """Return the help of genspec itself. It lists the verbs without importing them."""
    verbs = "\n".join(f"  {verb:12}{summary}" for verb, summary in VERBS.items())
    return f"""\
Usage: genspec VERB [OPTION]... [ARGUMENT]...

Check and explain how text generation is configured.

Verbs:
{verbs}

Options:
  -V, --version  Print the version.
  -h, --help     Print this. `genspec VERB --help` says more about a verb."""
