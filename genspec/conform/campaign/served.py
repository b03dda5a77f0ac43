"""A decoder in a process of its own, which may crash, hang or eat memory without taking the campaign with it."""

import os
import pickle
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, Any

from genspec.backends.call import Call
from genspec.backends.decoder import Answer, Info
from genspec.conform.campaign.decoders import NoDecoder

LOADING_SECONDS = 300.0
"""How long a decoder may take to be imported: the first import of torch on a busy machine is slow."""

PARTING_SECONDS = 2.0
"""How long a process may take to end by itself, so that it can say by which signal."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A decoder raised, or its process ended."""

    error: str                          # the name of the exception, or of the signal
    message: str

    def __str__(self) -> str:
        """Write it as Python does."""
        return f"{self.error}: {self.message}"


@dataclass(frozen=True, slots=True)
class Overdue:
    """A decoder did not answer in time."""

    seconds: float


Told = Answer | Broken | Overdue


class Served:
    """The decoder of a name, asked through a pipe. It is started when it is needed, and again when it has died."""

    def __init__(self, decoder: str, seconds: float, memory_mib: int) -> None:
        """Keep how to start it."""
        self.decoder, self.seconds, self.memory_mib = decoder, seconds, memory_mib
        self.process: subprocess.Popen[bytes] | None = None
        self.heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.known: Info | None = None

    @property
    def info(self) -> Info:
        """Tell which decoder this is. Raises `NoDecoder` when it cannot be started."""
        if self.process is None:
            self.start()
        assert self.known is not None
        return self.known

    def start(self) -> None:
        """Start the process and wait until the decoder is loaded. Raises `NoDecoder`."""
        environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "genspec.conform.campaign.serving"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )
        self.heard = queue.SimpleQueue()
        threading.Thread(target=listen, args=(self.process.stdout, self.heard), daemon=True).start()
        answer = self.exchanged((self.decoder, self.memory_mib, self.seconds), LOADING_SECONDS)
        if not isinstance(answer, Info):
            self.stop()
            raise NoDecoder(f"{self.decoder} does not start: {answer}")
        self.known = answer

    def ask(self, call: Call) -> Told:
        """Decode a call. Whatever goes wrong is an answer."""
        if self.process is None:
            self.start()
        told = self.exchanged(call, self.seconds)
        if isinstance(told, (Overdue, Gone)):
            status = self.stop(kill=isinstance(told, Overdue))
            return told if isinstance(told, Overdue) else Broken(*ending(status))
        return told     # type: ignore[no-any-return]

    def exchanged(self, message: object, seconds: float) -> Any:
        """Send a message and wait for what comes back."""
        assert self.process is not None and self.process.stdin is not None
        try:
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()
        except OSError:
            return Gone()
        try:
            return self.heard.get(timeout=seconds)
        except queue.Empty:
            return Overdue(seconds)

    def stop(self, kill: bool = False) -> int:
        """End the process, at once or when it has seen that nobody asks any more, and return its status."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        close(process.stdin)
        try:
            process.wait(0 if kill else PARTING_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        return process.wait()


@dataclass(frozen=True, slots=True)
class Gone:
    """The process has closed its end of the pipe."""


def listen(stream: IO[bytes], heard: "queue.SimpleQueue[Any]") -> None:
    """Pass on what a process says until it says nothing more."""
    while True:
        try:
            heard.put(pickle.load(stream))
        except Exception:               # the pipe has ended, or what came is no pickle
            heard.put(Gone())
            return


def close(pipe: IO[bytes] | None) -> None:
    """Close a pipe whose reader may have gone."""
    try:
        if pipe is not None:
            pipe.close()
    except OSError:
        pass


def ending(status: int) -> tuple[str, str]:
    """Say how a process has ended."""
    import signal

    if status >= 0:
        return "SystemExit", f"the process of the decoder ended with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return name, f"the process of the decoder ended by {name}"
