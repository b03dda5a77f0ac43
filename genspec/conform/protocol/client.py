"""A program that speaks the protocol, as a target: `genspec conform cmd:"./decoder"`."""

import shlex
import time

from genspec.backends.decoder import Info
from genspec.conform.address import Address
from genspec.conform.capabilities import Capabilities
from genspec.conform.protocol.child import Child
from genspec.conform.protocol.messages import (
    Malformed,
    line_of,
    parsed,
    ready_from,
    reply_from,
    run_message,
    shown,
    start_message,
    stop_message,
)
from genspec.conform.question import Question, Told
from genspec.conform.workers.served import LOADING_SECONDS
from genspec.conform.workers.told import Broken, NoDecoder, Overdue

SCHEME = "cmd:"
STARTS = 3
"""After so many starts in a row that failed, nothing more is tried."""

Ready = tuple[Info, Capabilities]


class Commanded:
    """A decoder that is a program. It is started when it is needed, and again after it has died or was lost."""

    def __init__(self, address: Address, loading_seconds: float = LOADING_SECONDS) -> None:
        """Keep how to start it. Raises `NoDecoder` for what is no command."""
        self.name, self.seconds, self.memory_mib = address.name, address.seconds, address.memory_mib
        self.loading_seconds = loading_seconds
        self.words = words_of(address.name)
        self.child: Child | None = None
        self.known: Ready | None = None
        self.failed: list[NoDecoder] = []

    @property
    def info(self) -> Info:
        """Tell which decoder this is. Raises `NoDecoder`."""
        return self.ready()[0]

    @property
    def capabilities(self) -> Capabilities:
        """Tell what it can do. Raises `NoDecoder`."""
        return self.ready()[1]

    def ready(self) -> Ready:
        """Give what the program said when it started. Raises `NoDecoder`."""
        if self.known is None:
            self.running()
        assert self.known is not None
        return self.known

    def running(self) -> Child:
        """Give the program, started if it is not. Raises `NoDecoder`."""
        if self.child is None:
            if len(self.failed) >= STARTS:
                raise self.failed[-1]
            try:
                self.child, self.known = self.started()
            except NoDecoder as error:
                self.failed.append(error)
                raise
            self.failed.clear()
        return self.child

    def started(self) -> tuple[Child, Ready]:
        """Start the program and hear which decoder it is. Raises `NoDecoder`."""
        child = Child(self.words, self.memory_mib)
        child.say(line_of(start_message()))
        heard = child.hear(self.loading_seconds)
        try:
            if isinstance(heard, bytes):
                ready = ready_from(parsed(heard))
                child.is_ready()
                return child, ready
            said = f"no answer to start within {heard.seconds:g} s" if isinstance(heard, Overdue) else str(heard)
        except Malformed as wrong:
            said = f"its answer to start is wrong: {wrong}"
        child.stop(kill=True)
        raise NoDecoder(f"{self.name} does not start: {said}{child.last_words()}")

    def ask(self, question: Question, seconds: float | None = None) -> Told:
        """Have a question answered. Whatever goes wrong is an answer, and the program is started anew for the next."""
        try:
            child = self.running()
        except NoDecoder as error:
            return Broken("NoDecoder", str(error))
        told = self.exchanged(child, question, seconds or self.seconds)
        if not isinstance(told, Lost):
            return told
        self.child = None
        child.stop(kill=True)
        why = told.why
        return why if isinstance(why, Overdue) else Broken(why.error, f"{why.message}{child.last_words()}")

    def exchanged(self, child: Child, question: Question, seconds: float) -> "Told | Lost":
        """Send a question and hear the answer."""
        ends = time.monotonic() + seconds
        unasked = child.unasked()
        if unasked is not None:
            return Lost(Broken("Unasked", f"before this was asked came {shown(unasked)}: one answer to a question"))
        child.say(line_of(run_message(question)))
        heard = child.hear(ends - time.monotonic())
        if not isinstance(heard, bytes):
            return Lost(Overdue(seconds) if isinstance(heard, Overdue) else heard)
        try:
            told = reply_from(parsed(heard), question)
        except Malformed as wrong:
            return Lost(Broken("Malformed", str(wrong)))
        more = child.unasked()
        if more is not None:
            return Lost(Broken("Unasked", f"after the answer came {shown(more)}: one answer to a question"))
        return told

    def stop(self) -> None:
        """Tell the program to stop, and end it when it does not."""
        if self.child is not None:
            child, self.child = self.child, None
            child.say(line_of(stop_message()))
            child.stop()


class Lost:
    """The program is no longer in step with the kit: it has died, hangs, or says something else than it was asked."""

    def __init__(self, why: Broken | Overdue) -> None:
        """Keep why."""
        self.why = why


def words_of(name: str) -> list[str]:
    """Split a command as a shell does, without its other powers. Raises `NoDecoder`."""
    try:
        words = shlex.split(name.removeprefix(SCHEME))
    except ValueError as error:
        raise NoDecoder(f"{name}: {error} in the command") from None
    if not words:
        raise NoDecoder(f'{name} has no command: write cmd:"./decoder --option"')
    return words
