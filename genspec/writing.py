"""Files that are there whole or not at all."""

import os

UNMASKED = 0o666
"""The permissions of a new file, before the user's mask."""


def write_whole(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file in one step. Whoever interrupts this leaves what was there, or the new file. Raises OSError.

    A link stays a link, and the permissions of a file that is there stay as they are.
    """
    place = os.path.realpath(path)
    draft = draft_beside(place, data)
    try:
        os.chmod(draft, permissions(place))
        os.replace(draft, place)
    except BaseException:
        os.unlink(draft)
        raise


def draft_beside(place: str, data: bytes) -> str:
    """Write a draft into the folder of a file, down to the disk, and return its path."""
    from tempfile import mkstemp  # 5 ms, which a run that writes no file does without

    descriptor, draft = mkstemp(prefix=".genspec-", dir=os.path.dirname(place))
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(draft)
        raise
    return draft


def permissions(place: str) -> int:
    """Return the permissions that a file has, or that a new one gets."""
    try:
        return os.stat(place).st_mode & 0o7777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return UNMASKED & ~mask
