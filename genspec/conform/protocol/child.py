"""A program that is talked to line by line. It may crash, hang, flood or say nothing: `hear` gives what came of it."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import IO

from genspec.conform.workers.served import PARTING_SECONDS, close, ending
from genspec.conform.workers.told import Broken, NoDecoder, Overdue

LONGEST_LINE = 1 << 24
"""Bytes of one message. A program that says more without ending its line has gone wrong."""
WAITING = 4
"""Pieces of output that are read ahead; a program that says more waits until somebody listens."""
PIECE = 1 << 16
KEPT = 4096
"""Bytes of standard error that are kept, the last ones."""
LOOK_SECONDS = 0.05
"""How often the memory of a program is looked at while it is waited for."""

Lines = list[bytes]


class Child:
    """A running program and its three pipes. A thread reads each of them, so that no pipe is ever full for long."""

    def __init__(self, words: Sequence[str], memory_mib: int = 0) -> None:
        """Start it. Raises `NoDecoder`."""
        try:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                start_new_session=os.name == "posix",       # so that ^C is not for it, and its children end with it
            )
        except OSError as error:
            raise NoDecoder(f"{words[0]!r:.200} cannot be run: {error.strerror or error}. {RUNNABLE}") from None
        self.memory_mib, self.grown_from = memory_mib, 0
        self.heard: queue.Queue[Lines | Broken | None] = queue.Queue(WAITING)
        self.unsent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.lines: deque[bytes] = deque()
        self.errors = bytearray()
        self.closed = threading.Event()
        begin(self.listen)
        begin(self.write)
        self.listening = begin(self.listen_to_errors)

    def say(self, line: bytes) -> None:
        """Send a line. A program that does not read it is not waited for here."""
        self.unsent.put(line)

    def hear(self, seconds: float) -> bytes | Broken | Overdue:
        """Wait for a line, so many seconds."""
        ends = time.monotonic() + seconds
        while not self.lines:
            left = ends - time.monotonic()
            if left <= 0:
                return Overdue(seconds)
            fault = self.take(min(left, LOOK_SECONDS)) or self.too_much_memory()
            if fault is not None:
                return fault
        return self.lines.popleft()

    def unasked(self) -> bytes | None:
        """Give a line that has come without a question, if there is one now."""
        if not self.lines:
            self.take(0)
        return self.lines.popleft() if self.lines else None

    def take(self, seconds: float) -> Broken | None:
        """Take what has been read, or say what has ended it."""
        try:
            piece = self.heard.get(timeout=seconds) if seconds else self.heard.get_nowait()
        except queue.Empty:
            return None
        if isinstance(piece, list):
            self.lines.extend(piece)
            return None
        return self.ended() if piece is None else piece

    def ended(self) -> Broken:
        """Say how the program has ended, now that it says nothing more."""
        try:
            return Broken(*ending(self.process.wait(PARTING_SECONDS)))
        except subprocess.TimeoutExpired:
            return Broken("ClosedOutput", "the decoder has closed its standard output and goes on running")

    def too_much_memory(self) -> Broken | None:
        """Say that the program has grown beyond what it may take, where the system tells."""
        if not self.memory_mib or not self.grown_from:
            return None
        grown = (resident(self.process.pid) - self.grown_from) >> 20
        if grown <= self.memory_mib:
            return None
        return Broken("MemoryError", f"the decoder took {grown} MiB more than it had when it was ready; "
                                     f"it may take {self.memory_mib} MiB")

    def is_ready(self) -> None:
        """Take note of the memory that the program has when it is ready."""
        self.grown_from = resident(self.process.pid)

    def stop(self, kill: bool = False) -> None:
        """End the program: at once, or after it has had time to end by itself."""
        self.closed.set()
        self.unsent.put(None)
        if not kill:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PARTING_SECONDS)
        end_all(self.process)
        self.process.wait()
        self.listening.join(1.0)

    def last_words(self) -> str:
        """Give the last lines that the program wrote to standard error, to go on with after a sentence."""
        lines = bytes(self.errors).decode("utf-8", "backslashreplace").strip().splitlines()[-3:]
        return f". It said: {' | '.join(line.strip()[:200] for line in lines)}" if lines else ""

    def listen(self) -> None:
        """Read standard output until it ends, a piece at a time, and pass on whole lines."""
        assert self.process.stdout is not None
        rest = bytearray()
        for piece in pieces_of(self.process.stdout):
            rest += piece
            if b"\n" in piece:
                *lines, tail = bytes(rest).split(b"\n")
                rest = bytearray(tail)
                self.pass_on(lines)
            if len(rest) > LONGEST_LINE:
                self.pass_on(Broken("Flood", f"the decoder wrote {len(rest) >> 20} MiB without ending a line"))
                return
        self.pass_on(None)

    def pass_on(self, piece: Lines | Broken | None) -> None:
        """Hand over a piece as soon as there is room, unless nobody wants it any more."""
        while not self.closed.is_set():
            try:
                return self.heard.put(piece, timeout=0.2)
            except queue.Full:
                pass

    def write(self) -> None:
        """Write what is to be sent until nothing is, or nobody reads."""
        assert self.process.stdin is not None
        try:
            for line in iter(self.unsent.get, None):
                self.process.stdin.write(line)
                self.process.stdin.flush()
        except OSError:
            pass
        close(self.process.stdin)

    def listen_to_errors(self) -> None:
        """Keep the end of what comes on standard error."""
        assert self.process.stderr is not None
        for piece in pieces_of(self.process.stderr):
            self.errors += piece
            del self.errors[:-KEPT]


RUNNABLE = "Name a program that is there and may be executed, with its arguments: cmd:\"./decoder --option\""


def begin(work: Callable[[], None]) -> threading.Thread:
    """Run a function in a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def pieces_of(pipe: IO[bytes]) -> Iterator[bytes]:
    """Read a pipe, whatever is there at a time, until it ends, and close it."""
    with pipe:
        yield from iter(lambda: os.read(pipe.fileno(), PIECE), b"")


def end_all(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and what it has started."""
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass


def resident(pid: int) -> int:
    """Give the bytes of memory that a process holds; 0 where the system does not tell."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0
