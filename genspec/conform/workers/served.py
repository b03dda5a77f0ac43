"""A worker in a process of its own, which may crash, hang or eat memory without taking with it whoever asks."""

import os
import pickle
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import IO, Any

from genspec.backends.decoder import EngineEnded
from genspec.conform.workers.told import Broken, NoDecoder, Overdue

LOADING_SECONDS = 300.0
"""How long a decoder may take to be imported: the first import of torch on a busy machine is slow."""

PARTING_SECONDS = 2.0
"""How long a process may take to end by itself, so that it can say by which signal."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker process is started for."""

    opener: str                         # module:function, which makes of the name an object with `hello` and `answer`
    name: str                           # of the decoder
    seconds: float                      # for one answer
    memory_mib: int                     # what the process may take, beyond what it has when loaded; 0: as it likes


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says when it is ready."""

    value: Any


class Process:
    """A worker, asked through a pipe. It is started when it is needed, and again when it has died."""

    def __init__(self, job: Job) -> None:
        """Keep how to start it."""
        self.job = job
        self.process: subprocess.Popen[bytes] | None = None
        self.heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.known: Hello | None = None

    @property
    def hello(self) -> Any:
        """Give what the worker says of itself. Raises `NoDecoder` when it cannot be started."""
        if self.known is None:
            self.start()
        assert self.known is not None
        return self.known.value

    def start(self) -> None:
        """Start the process and wait until the decoder is loaded. Raises `NoDecoder`."""
        environment = {"OMP_NUM_THREADS": "1", **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "genspec.conform.workers.serving"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
        )
        self.heard = queue.SimpleQueue()
        threading.Thread(target=listen, args=(self.process.stdout, self.heard), daemon=True).start()
        answer = self.exchanged(self.job, LOADING_SECONDS)
        if not isinstance(answer, Hello):
            status = self.stop(kill=isinstance(answer, Overdue))
            said = ending(status)[1] if isinstance(answer, Gone) else str(answer)
            raise NoDecoder(f"{self.job.name} does not start: {said}")
        self.known = answer

    def ask(self, message: object, seconds: float | None = None) -> Any:
        """Have a message answered. Whatever goes wrong is an answer: `Broken` or `Overdue`."""
        if self.process is None:
            self.start()
        told = self.exchanged(message, seconds or self.job.seconds)
        if isinstance(told, (Overdue, Gone)):
            status = self.stop(kill=isinstance(told, Overdue))
            return told if isinstance(told, Overdue) else Broken(*ending(status))
        if isinstance(told, Broken) and told.error == EngineEnded.__name__:
            self.stop()
        return told

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


ENDED = "the process of the decoder ended"


def ending(status: int) -> tuple[str, str]:
    """Say how a process has ended."""
    import signal

    if status >= 0:
        return "SystemExit", f"{ENDED} with status {status}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    return name, f"{ENDED} by {name}"
