"""genspec campaign. What draws, runs and judges cases is imported when it runs."""

from argparse import ArgumentTypeError, Namespace

from genspec.cli.errors import Failure, UsageError
from genspec.cli.output import emit
from genspec.cli.parser import Parser, at_least, one_of
from genspec.config.profiles import PROFILES

AGREED, FOUND = 0, 1
NOTHING_RAN = 3


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Run random calls of `generate` through a decoder and through the reference, judge every
        difference, and shrink what nothing explains to a minimal case.

        DECODER is transformers, torch, reference, or module:factory, a function without arguments that returns an
        object with `info` and `decode`. The same seed gives the same cases, whoever runs them. The decoder runs in
        processes of its own: one that crashes, hangs or fills the memory is a result."""
    parser.epilog = "Status: 0 no unexplained divergence, 1 findings, 2 error, 3 nothing ran, 130 interrupted."
    option = parser.add_option
    option("--decoder", metavar="DECODER", help="The decoder to test.")
    option("--profile", type=one_of(*PROFILES), metavar="NAME", help="The semantics to hold it to; default: its own.")
    option("--cases", type=at_least(0), default=1000, metavar="N", help="How many calls; default 1000.")
    option("--seed", type=at_least(0), default=0, metavar="S", help="Of the cases; default 0.")
    option("--modes", type=modes, default=(), metavar="MODES", help="Only these, as greedy,beam_search; default all.")
    option("--output", metavar="DIR", help="Where results and findings are kept; default campaign-DECODER-SEED.")
    option("--resume", action="store_true", help="Go on with the campaign in DIR.")
    option("--workers", type=at_least(1), metavar="N", help="How many processes; default one a core.")
    option("--executor", metavar="dask://HOST:PORT", help="Run on a Dask cluster instead.")
    option("--time-limit", type=seconds, metavar="SECONDS", help="Begin no more cases after this time.")
    option("--case-limit", type=seconds, default=30.0, metavar="SECONDS", help="The most for one case; default 30.")
    option("--shrink-limit", type=at_least(0), default=60, metavar="SECONDS",
           help="The most for making one finding small, 0 for as drawn; default 60.")
    option("--replay", metavar="FILE", help="Run the case of a finding, and nothing else.")
    option("--rejudge", metavar="DIR", help="Judge the findings of the campaign in DIR again, and run nothing else.")
    option("--json", action="store_true", help="Print the summary as JSON.")


def modes(given: str) -> tuple[str, ...]:
    """Read names of modes."""
    from genspec.config.mode import Mode

    known = [mode.value for mode in Mode]
    names = tuple(dict.fromkeys(word.strip() for word in given.split(",")))
    for name in names:
        if name not in known:
            raise ArgumentTypeError(f"{name!r:.60} is not one of {', '.join(known)}")
    return names


def seconds(given: str) -> float:
    """Read a time."""
    try:
        number = float(given)
    except ValueError:
        raise ArgumentTypeError(f"{given!r:.60} is not a number of seconds") from None
    if not 0 < number < float("inf"):
        raise ArgumentTypeError(f"{given} is not a number of seconds above 0")
    return number


def run(options: Namespace) -> int:
    """Run a campaign, or one case, and return the status."""
    try:
        import hypothesis  # noqa: F401  is it there?
    except ImportError:
        raise Failure("a campaign draws its cases with hypothesis: pip install 'genspec[testing]'") from None
    if options.replay is not None:
        from genspec.cli.campaigning.replay import replayed

        return replayed(options)
    if options.decoder is None and options.rejudge is None:
        raise UsageError("--decoder is missing: transformers, torch or module:factory")
    if options.executor is not None and options.workers is not None:
        raise UsageError("--workers is for this machine, and --executor brings its own: give one of them")
    from genspec.cli.campaigning.run import ran, rejudged
    from genspec.cli.campaigning.text import summary_lines

    done = ran(options) if options.rejudge is None else rejudged(options)
    emit([done.json] if options.json else (f"{line}\n" for line in summary_lines(done)))
    if not done.summary.cases:
        raise NothingRan("no case was run: is --cases 0, or the time limit too short?")
    return FOUND if done.summary.unexplained else AGREED


class NothingRan(Failure):
    """A run that has shown nothing."""

    status = NOTHING_RAN
