"""Run the case of a stored finding again."""

import json
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from genspec.backends.call import Call
from genspec.cli.errors import Failure, UsageError
from genspec.cli.output import emit
from genspec.conform.campaign.call_json import call_from_json
from genspec.conform.campaign.case import Examined, examined, shown
from genspec.conform.campaign.decoders import NoDecoder
from genspec.conform.campaign.served import Served
from genspec.conform.campaign.store import StoreError, read_json
from genspec.lint.report.printable import printable


def replayed(options: Namespace) -> int:
    """Print what a finding's case shows now. Returns 1 while nothing explains it."""
    call, decoder, memory_mib = stored(options.replay)
    served = Served(options.decoder or decoder, options.case_limit, memory_mib)
    try:
        case = examined(call, served)
    except NoDecoder as error:
        raise UsageError(str(error)) from None
    finally:
        served.stop()
    emit([json.dumps(case_to_json(case), indent=1) + "\n"] if options.json else (f"{line}\n" for line in lines(case)))
    return 1 if case.found else 0


def stored(path: str) -> tuple[Call, str, int]:
    """Read the call of a finding, and the decoder and its memory that it was found with."""
    try:
        data = read_json(Path(path))
        campaign = data["campaign"]
        return call_from_json(data["finding"]["call"]), str(campaign["decoder"]), int(campaign["memory_mib"])
    except StoreError as error:
        raise Failure(str(error)) from None
    except (KeyError, TypeError, ValueError) as error:
        raise Failure(f"{path} holds no finding of a campaign: {error}") from None


def lines(case: Examined) -> Iterator[str]:
    """Write a case for people."""
    deviation = f"{case.verdict.deviation}, " if case.verdict.deviation else ""
    yield printable(f"{deviation}{case.verdict}")
    yield from (printable(f"  expected  {line}") for line in shown(case.expected).splitlines())
    yield from (printable(f"  answered  {line}") for line in shown(case.told).splitlines())


def case_to_json(case: Examined) -> dict[str, object]:
    """Write a case as values that JSON has."""
    return {
        "verdict": case.verdict.kind, "deviation": case.verdict.deviation, "reason": case.verdict.reason,
        "clauses": list(case.verdict.clauses), "difference": case.signature.difference,
        "expected": shown(case.expected), "answer": shown(case.told),
    }
