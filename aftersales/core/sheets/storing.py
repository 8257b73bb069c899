"""Where uploaded and exported files lie, and what they are called."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from . import limits


def folder() -> Path:
    """Private storage: nothing in it is ever served."""
    path = Path(settings.DATA) / "uploads"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def clean_name(name: str) -> str:
    """What a file is called on pages: no path, no control or direction marks, at most 120 characters."""
    tidy = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    tidy = "".join(letter for letter in tidy if unicodedata.category(letter)[0] != "C")
    return re.sub(r"\s+", " ", tidy).strip()[-120:] or "sheet"


def store(path: Path, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Write an upload under its random name; answers its fingerprint and its size in bytes, whole or not."""
    digest, size, most = hashlib.sha256(), 0, limits.current().max_bytes
    with path.open("xb") as stream:
        path.chmod(0o600)
        for chunk in chunks:
            size += len(chunk)
            if size <= most + 1:
                stream.write(chunk)
            digest.update(chunk)
    return digest.hexdigest(), size
