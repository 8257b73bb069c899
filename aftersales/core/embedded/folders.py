"""Where the embedded servers live."""

import hashlib
import os
import stat
from pathlib import Path

from aftersales import env

# A Unix socket's path holds 107 bytes, so sockets never live beside data of unknown depth.
ROOM_FOR_SOCKETS = "/tmp"


def socket_folder() -> str:
    """A short private folder named by a hash of the data folder; a stranger's of that name is passed by."""
    name = hashlib.sha256(os.fsencode(env.data_folder())).hexdigest()[:10]
    for suffix in ("", "b", "c", "d"):
        folder = Path(ROOM_FOR_SOCKETS) / f"aftersales-{os.geteuid()}-{name}{suffix}"
        if _usable(folder):
            return str(folder)
    return str(folder)


def _usable(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    # Root hands the folder to the unprivileged user that the server runs as.
    return stat.S_ISDIR(found.st_mode) and (found.st_uid == os.geteuid() or os.geteuid() == 0)
