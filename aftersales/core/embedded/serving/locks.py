"""File locks that vanish with their holder, however it dies. Three per server:

``gate``   held for a moment by whoever starts or checks the server: one starter at a time;
``lease``  held shared by every user, and exclusively by the keeper once nobody uses the server any more;
``keeper`` held by the keeper as long as it lives.
"""

import fcntl
import os
from typing import IO


def take(folder: str, name: str, how: int) -> IO[str] | None:
    """The open locked file, or None when it is held and ``LOCK_NB`` was asked for."""
    file = open(os.path.join(folder, name), "a", encoding="ascii")  # noqa: SIM115 - the lock lives with the file
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        file.close()
        return None
    return file


def held(folder: str, name: str) -> bool:
    """Whether somebody holds the lock exclusively now."""
    file = take(folder, name, fcntl.LOCK_SH | fcntl.LOCK_NB)
    if file is None:
        return True
    file.close()
    return False
