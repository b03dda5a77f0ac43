"""Gets the bytes of a file and the text in them. Whatever goes wrong becomes a problem that says what to do."""

import errno
import os
import stat

from genspec.lint.finding import Span
from genspec.lint.sources.document import Problem, ProblemKind
from genspec.lint.sources.limits import HEAD_BYTES, MOST_BYTES

FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
CHUNK = 1024 * 1024

ADVICE = {
    errno.EACCES: "No permission to read this {what}: change its mode, or leave it out",
    errno.EPERM: "No permission to read this {what}: change its mode, or leave it out",
    errno.ELOOP: "The symbolic link leads back to itself: point it at a file",
    errno.EISDIR: "A folder has this name where a file is expected: rename it",
    errno.ENOTDIR: "A part of this path is a file, not a folder: correct the path",
    errno.ENAMETOOLONG: "The path is longer than this system allows: move the {what} further up",
    errno.EMFILE: "Too many files are open: raise the limit (`ulimit -n`) and run again",
    errno.ENFILE: "Too many files are open on this machine: close some and run again",
}


def read_bytes(path: str | os.PathLike[str], head: bool = False) -> bytes | Problem:
    """Return what is in a file, or the reason why it cannot be read. Never waits for a pipe or a device.

    ``head``: the first ones alone, when there are more than any config has.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return not_regular(status.st_mode)
        if head and status.st_size > MOST_BYTES:
            return read_head(path)
        return too_large(status.st_size) if status.st_size > MOST_BYTES else read_regular(path, status.st_size)
    except (OSError, ValueError) as error:
        return unreadable(path, error)


def read_regular(path: str | os.PathLike[str], expected: int) -> bytes | Problem:
    """Read a file that was a regular one a moment ago, and not a byte more than the limit and one."""
    descriptor = os.open(path, FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return not_regular(mode)
        data = os.read(descriptor, min(expected, MOST_BYTES) + 1)
        if len(data) == expected:
            return data
        return read_changed(descriptor, data)
    finally:
        os.close(descriptor)


def read_head(path: str | os.PathLike[str]) -> bytes | Problem:
    """Read the first bytes of a file that was a regular one a moment ago."""
    descriptor = os.open(path, FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        return os.read(descriptor, HEAD_BYTES) if stat.S_ISREG(mode) else not_regular(mode)
    finally:
        os.close(descriptor)


def read_changed(descriptor: int, data: bytes) -> bytes | Problem:
    """Read on in a file whose size is not what it was, or is not known, as of those in /proc."""
    parts, size = [data], len(data)
    while part := os.read(descriptor, min(CHUNK, MOST_BYTES + 1 - size)):
        parts.append(part)
        size += len(part)
    return b"".join(parts) if size <= MOST_BYTES else too_large(size)


def too_large(size: int) -> Problem:
    """Say that a file has more bytes than any config."""
    message = (f"The file has more than {MOST_BYTES // 1024 // 1024} MiB ({size:,} bytes or more), so it was not read: "
               "no generation config is that large. Check that the right file has this name")
    return Problem(ProblemKind.TOO_LARGE, message)


def not_regular(mode: int) -> Problem:
    """Say what stands where a file is expected."""
    if stat.S_ISDIR(mode):
        return Problem(ProblemKind.UNREADABLE, ADVICE[errno.EISDIR])
    what = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
    return Problem(ProblemKind.UNREADABLE, f"A {what}, not a file, so it was not read: name a regular file")


def unreadable(path: str | os.PathLike[str], error: OSError | ValueError, what: str = "file") -> Problem:
    """Say why the system refused a path, and what to do."""
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ENOENT and os.path.islink(path):
        message = f"A broken symbolic link: nothing is at {os.readlink(path)!r}. Fetch that file, or remove the link"
    elif code == errno.ENOENT:
        message = f"There is no such {what}: it was removed or renamed, or the path is wrong"
    elif isinstance(error, ValueError):
        message = "No file can have this name: it holds a character that the system does not allow"
    else:
        advice = ADVICE.get(code or 0, f"The {{what}} cannot be read ({error.strerror or error}): try again")
        message = advice.format(what=what)
    return Problem(ProblemKind.UNREADABLE, message, Span())
