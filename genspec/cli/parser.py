"""The command line of one verb: its options, its operands, its help. argparse reads the options."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any

from genspec.cli.errors import UsageError, meant

WIDTH = 88
HELP = ("-h", "--help")


class Parser:
    """What a verb declares its command line with. Options and operands may stand in any order."""

    def __init__(self, command: str) -> None:
        """Begin without options, for a verb that takes no operands."""
        self.command = command
        self.description, self.epilog = "", ""
        self.operands, self.least, self.most = "", 0, 0
        self.reader = argparse.ArgumentParser(
            usage=argparse.SUPPRESS, add_help=False, allow_abbrev=False, exit_on_error=False,
            formatter_class=lambda prog: argparse.RawDescriptionHelpFormatter(prog, 2, 30, WIDTH),
        )
        self.options = self.reader.add_argument_group("Options")

    def add_option(self, *names: str, **declaration: Any) -> None:
        """Declare an option, in the words of argparse."""
        self.options.add_argument(*names, **declaration)

    def add_operands(self, shown: str, least: int, most: int) -> None:
        """Declare how many operands the verb takes, and how its help shows them."""
        self.operands, self.least, self.most = shown, least, most

    def asks_for_help(self, arguments: Sequence[str]) -> bool:
        """Tell whether the help is wanted, however wrong the rest of the command line is."""
        return any(word.partition("=")[0] in HELP for word in split(arguments)[0])

    def help(self) -> str:
        """Return the help as text."""
        self.add_option(*HELP, action="store_true", help="Print this.")
        usage = f"Usage: {self.command} [OPTION]... {self.operands}".rstrip()
        self.reader.description = f"{usage}\n\n{filled(self.description)}"
        self.reader.epilog = filled(self.epilog)
        return self.reader.format_help()

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Read a command line; the operands are `operands` of the result.

        Raises `UsageError` for what was not declared, and for values that an option refuses.
        """
        before, behind = split(arguments)
        try:
            options, rest = self.reader.parse_known_args(before)
        except argparse.ArgumentError as error:
            said = error.message.replace("expected one argument", "requires an argument")
            said = "takes no value" if said.startswith("ignored explicit argument") else said
            raise UsageError(f"{error.argument_name}: {said}") from None
        refuse_unknown(rest, [f"--{name.replace('_', '-')}" for name in vars(options)])
        options.operands = self.counted([*rest, *behind])
        return options

    def counted(self, operands: list[str]) -> list[str]:
        """Return the operands, unless they are too few or too many."""
        if len(operands) < self.least:
            raise UsageError(f"missing argument '{self.operands}'")
        if "" in operands:
            raise UsageError("an argument is empty: is a variable unset?")
        if len(operands) > self.most:
            raise UsageError(f"unexpected extra argument {operands[self.most]!r:.60}")
        return operands


def split(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Divide a command line at the first `--`: behind it nothing is an option."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:cut], arguments[cut + 1:]


def refuse_unknown(rest: Sequence[str], known: list[str]) -> None:
    """Raise `UsageError` for an option among what no declaration covers."""
    for word in rest:
        if word.startswith("-") and word != "-":
            name = word.partition("=")[0]
            raise UsageError(f"no option is called {name!r:.60}: {meant(name, [*known, '--help'])}")


def filled(text: str) -> str:
    """Wrap paragraphs for a terminal."""
    from textwrap import fill

    return "\n\n".join(fill(" ".join(paragraph.split()), WIDTH) for paragraph in text.split("\n\n"))


def one_of(*known: str) -> Callable[[str], str]:
    """Return a reader of values for an option that takes one of a few words."""

    def read(given: str) -> str:
        if given not in known:
            raise argparse.ArgumentTypeError(f"{given!r:.60} is not one of {', '.join(map(repr, known))}")
        return given

    return read


def at_least(low: int) -> Callable[[str], int]:
    """Return a reader of values for an option that takes an integer."""

    def read(given: str) -> int:
        try:
            number = int(given)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{given!r:.60} is not a valid integer") from None
        if number < low:
            raise argparse.ArgumentTypeError(f"{number} is not in the range from {low} up")
        return number

    return read
