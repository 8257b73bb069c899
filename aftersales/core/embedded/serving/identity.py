"""As whom a server runs. PostgreSQL refuses root: root enters a user namespace or drops to another user."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
# PostgreSQL looks its user up by id, so the id must have a row in the user database.
UNPRIVILEGED = ("postgres", "nobody")


def unprivileged() -> tuple[int, int]:
    """User and group id of an existing ordinary user."""
    for name in UNPRIVILEGED:
        try:
            row = pwd.getpwnam(name)
        except KeyError:
            continue
        return row.pw_uid, row.pw_gid
    row = next(row for row in pwd.getpwall() if row.pw_uid)
    return row.pw_uid, row.pw_gid


def enter_namespace(uid: int, gid: int) -> None:
    """Become ``uid`` inside a new user namespace; outside, files still belong to the caller."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{uid} 0 1")
    _write("/proc/self/gid_map", f"{gid} 0 1")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def namespace_allowed() -> bool:
    """Tried in a child: containers often forbid it."""
    if sys.platform != "linux":
        return False
    child = os.fork()
    if child == 0:
        try:
            enter_namespace(*unprivileged())
        except OSError:
            os._exit(1)
        os._exit(0 if os.geteuid() else 1)
    return os.waitpid(child, 0)[1] == 0


def choose(*, refuses_root: bool) -> str:
    """``plain`` | ``namespace`` | ``drop``; ``AFTERSALES_ROOT_AS=drop`` forces the last."""
    if os.geteuid() != 0 or not refuses_root:
        return "plain"
    if os.environ.get("AFTERSALES_ROOT_AS") != "drop" and namespace_allowed():
        return "namespace"
    return "drop"


def become(mode: str, death_signal: int = 0) -> Callable[[], None]:
    """What a child does between fork and exec: take its identity, then ask to be told when we die."""
    parent = os.getpid()
    uid, gid = unprivileged() if mode != "plain" else (0, 0)

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if mode == "namespace":
            enter_namespace(uid, gid)
        elif mode == "drop":
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        if death_signal:
            die_with_parent(parent, death_signal)

    return prepare


def die_with_parent(parent: int, death_signal: int = signal.SIGTERM) -> None:
    """Linux sends ``death_signal`` when the parent dies, however it dies. After any change of identity."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
