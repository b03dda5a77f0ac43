"""genspec vectors. What asks and judges is imported when it runs."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genspec.cli.campaign import NothingRan
from genspec.cli.conform import FORMATS, deliver, expected_by, require_profile, with_updated
from genspec.cli.errors import Failure, UsageError, meant
from genspec.cli.output import emit, save
from genspec.cli.parser import Parser, one_of

if TYPE_CHECKING:
    from genspec.conform.cases.select import Selection

LEVELS = ("L0", "L1", "L2", "L3")
DTYPES = ("float64", "float32", "float16", "bfloat16")
OF_EMIT, OF_VERIFY = ("conversation",), ("name", "version", "dtype", "format", "expectations", "update_expectations")


def add_arguments(parser: Parser) -> None:
    """Declare the command line."""
    parser.description = """Write the questions of the published vectors, to have them answered where genspec is not,
        and judge the answers.

        genspec vectors emit writes a line of JSON a question, as the protocol asks it (docs/guide/protocol.md).
        genspec vectors verify RESULTS reads a line an answer, with the id of its question, and reports as genspec
        conform does. Give both the same --profile, --level and --select."""
    parser.epilog = """Status: 0 no violation, 1 violations (or answers that are missing or none), 2 usage error or a
        file that cannot be read, 3 nothing was selected or judged, 130 interrupted."""
    parser.add_operands("emit|verify [RESULTS]", least=1, most=2)
    option = parser.add_option
    option("--profile", metavar="NAME", help="The semantics; default: what the decoder says, or hf.")
    option("--level", action="append", type=one_of(*LEVELS), metavar="L0..L3",
           help="Only this level; may be given again.")
    option("--select", action="append", metavar="CLAUSE",
           help="Only questions of this clause, or page: TOP-P-2, TOP-P.")
    option("--case", metavar="ID", help="Only this question.")
    option("--output", metavar="FILE", help="Write the questions, or the report, there.")
    option("--conversation", action="store_true",
           help="emit: begin with start and end with stop, as a program that speaks the protocol reads it.")
    option("--name", metavar="NAME", help="verify: of the decoder, where RESULTS does not say it.")
    option("--version", metavar="VERSION", help="verify: of the decoder.")
    option("--dtype", type=one_of(*DTYPES), metavar="TYPE",
           help="verify: its numbers; default what it says, or float64.")
    option("--format", type=one_of(*FORMATS), metavar="NAME", help=f"verify: {', '.join(FORMATS)}; default text.")
    option("--expectations", metavar="FILE", help="verify: what is expected to fail.")
    option("--update-expectations", action="store_true", help="verify: write FILE from these answers.")


def run(options: Namespace) -> int:
    """Write questions or judge answers, and return the status."""
    verb, *results = options.operands
    if verb not in ("emit", "verify"):
        raise UsageError(f"{verb!r:.60} is neither emit nor verify: {meant(verb, ['emit', 'verify'])}")
    for name in OF_VERIFY if verb == "emit" else OF_EMIT:
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} is for `genspec vectors {other(verb)}`")
    require_profile(options.profile)
    if verb == "emit":
        if results:
            raise UsageError(f"unexpected extra argument {results[0]!r:.60}: emit writes to --output, or prints")
        return emitted(options)
    if not results:
        raise UsageError("missing argument RESULTS: the file with the answers")
    return verified(options, Path(results[0]))


def other(verb: str) -> str:
    """Name the other verb."""
    return "verify" if verb == "emit" else "emit"


def emitted(options: Namespace) -> int:
    """Write the questions."""
    from genspec.conform.cases.select import UnknownName
    from genspec.conform.offline.questions import cases_of, question_lines, why_nothing

    selection = selection_of(options, options.profile or "hf")
    try:
        cases = cases_of(selection, options.case)
    except UnknownName as error:
        raise UsageError(str(error)) from None
    if not cases:
        raise NothingRan(why_nothing(selection, options.case))
    lines = question_lines(cases, options.conversation)
    if options.output is None:
        emit(lines)
    else:
        save(lines, options.output)
    return 0


def verified(options: Namespace, path: Path) -> int:
    """Judge answers and write the report."""
    from genspec.conform.cases.select import UnknownName, known_ids
    from genspec.conform.offline.answers import BadAnswers, read
    from genspec.conform.offline.verify import verified as judged
    from genspec.conform.offline.verify import who_answered

    expectations = expected_by(options)
    told = {name: value for name in ("name", "version", "dtype", "profile") if (value := getattr(options, name))}
    try:
        answers = read(path, known_ids())
        who = who_answered(answers, told)
        report = judged(answers, selection_of(options, who.info.profile), who, name=options.case,
                        expectations=None if options.update_expectations else expectations)
    except BadAnswers as error:
        raise Failure(str(error)) from None
    except UnknownName as error:
        raise UsageError(str(error)) from None
    said = [word for name, value in told.items() for word in (f"--{name}", value)]     # a case is shown again by them
    report = replace(report, verb=(*report.verb, *said))
    if options.update_expectations:
        report = with_updated(report, Path(options.expectations))
    deliver(report, options)
    return report.status


def selection_of(options: Namespace, profile: str) -> "Selection":
    """Read what is selected."""
    from genspec.conform.cases.select import Selection

    return Selection(profile, tuple(options.level or LEVELS), tuple(options.select or ()))
