"""Put a changed file in the place of the old one: whole, or not at all."""

import os
from tempfile import mkstemp


def write_whole(path: str, data: bytes) -> None:
    """Replace a file in one step. Whoever interrupts this leaves the old file or the new one. Raises OSError.

    A link stays a link, and the permissions stay as they are.
    """
    place = os.path.realpath(path)
    mode = os.stat(place).st_mode
    descriptor, draft = mkstemp(prefix=".genspec-", dir=os.path.dirname(place))
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, mode & 0o7777)
        os.replace(draft, place)
    except BaseException:
        os.unlink(draft)
        raise
