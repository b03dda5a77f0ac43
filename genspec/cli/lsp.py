"""genspec lsp."""

from argparse import Namespace

from genspec.cli.errors import Failure
from genspec.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Serve an editor by the Language Server Protocol, on standard input and output: diagnostics,
        the meaning of fields, quick fixes. Needs pip install 'genspec[lsp]'. docs/guide/editors.md shows the setup of
        some editors."""
    parser.epilog = "Status: 0 when the editor has closed the connection, 2 error, 130 interrupted."
    parser.add_operands("", least=0, most=0)


def run(options: Namespace) -> int:
    """Serve until the editor leaves."""
    try:
        from genspec.lsp.server import server
    except ImportError as error:
        raise Failure(f"genspec lsp needs pygls: pip install 'genspec[lsp]' ({error})") from None
    server().start_io()
    return 0
