"""The process in which a decoder runs: `python -m genspec.conform.campaign.serving`, asked by served.py.

It is given calls and never the expected answers. Standard output carries the protocol, so what a decoder prints goes
nowhere.
"""

import faulthandler
import os
import pickle
import signal
import sys
import warnings
from typing import IO, Any

from genspec.backends.decoder import Decoder, Refusal, Unsupported
from genspec.conform.campaign.decoders import decoder_named
from genspec.conform.campaign.served import Broken
from genspec_reference import GenerateOutput

GRACE = 10.0
"""Seconds after which a process ends itself when whoever asked it is gone."""


def main() -> None:
    """Load the decoder, say which it is, answer calls until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)    # ^C is for the campaign, not an answer of the decoder
    asked, told = streams()
    name, memory_mib, seconds = pickle.load(asked)
    try:
        decoder = decoder_named(name)
        say(told, decoder.info)
    except Exception as error:
        say(told, f"{type(error).__name__}: {error}")
        return
    warnings.simplefilter("ignore")
    limit_memory(memory_mib)
    while True:
        try:
            call = pickle.load(asked)
        except EOFError:
            return
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True, file=sys.stderr)
        say(told, answer_of(decoder, call))
        faulthandler.cancel_dump_traceback_later()


def streams() -> tuple[IO[bytes], IO[bytes]]:
    """Take the pipes of the protocol away from whatever reads standard input or prints."""
    asked, told = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    return asked, told


def say(told: IO[bytes], message: object) -> None:
    """Send one message."""
    told.write(pickle.dumps(message))
    told.flush()


def answer_of(decoder: Decoder, call: Any) -> object:
    """Decode a call; an exception, or what is no answer, is what is told then."""
    try:
        answer = decoder.decode(call)
    except BaseException as error:      # a decoder that calls sys.exit is broken, too
        return Broken(type(error).__name__, str(error)[:2000])
    rows = isinstance(answer, tuple) and all(isinstance(output, GenerateOutput) for output in answer)
    if rows or isinstance(answer, (Refusal, Unsupported)):
        return answer
    return Broken("TypeError", f"the decoder answered with {type(answer).__name__}, which is no Answer")


def limit_memory(mib: int) -> None:
    """Let the process grow by so many MiB and no more, where the system can do that."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + (mib << 20),) * 2)
    except (ImportError, OSError, ValueError):
        pass


if __name__ == "__main__":
    main()
