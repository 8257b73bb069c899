"""Does a server answer on its socket? Asked in its own language, without a client library."""

import socket
import struct

TIMEOUT = 2.0


def _exchange(path: str, message: bytes) -> bytes:
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(TIMEOUT)
            line.connect(path)
            line.sendall(message)
            return line.recv(512)
    except OSError:
        return b""


def postgres(path: str) -> bool:
    """True when sessions are accepted: neither starting up nor shutting down."""
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    answer = _exchange(path, struct.pack("!I", len(body) + 4) + body)
    return answer[:1] == b"R" or (answer[:1] == b"E" and b"57P03" not in answer)


def valkey(path: str) -> bool:
    """True when PING is answered: not while the file is still being read back."""
    return _exchange(path, b"*1\r\n$4\r\nPING\r\n").startswith(b"+PONG")


ANSWERS = {"postgres": postgres, "valkey": valkey}
