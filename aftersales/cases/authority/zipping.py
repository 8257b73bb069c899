"""A bundle of evidence as a ZIP that is written while it is read: the same bundle gives the same bytes."""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from aftersales.cases.models import EvidenceBundle
from aftersales.cases.services.authority.bundling import manifest
from aftersales.core.files import stored_path

CHUNK = 256 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
MANIFEST = "manifest.json"


class _Sink(io.RawIOBase):
    """Takes what the archive writes and gives it away at once; it cannot be searched, so nothing is held back."""

    def __init__(self) -> None:
        self.held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.held += content
        return len(content)

    def taken(self) -> bytes:
        found = bytes(self.held)
        self.held.clear()
        return found


def streamed(bundle: EvidenceBundle) -> Iterator[bytes]:
    """Manifest first, then each piece; one whose words or file are gone is left out, its fingerprint stays listed."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, chunks in _entries(bundle):
            with archive.open(zipfile.ZipInfo(name, EPOCH), "w", force_zip64=True) as entry:
                for chunk in chunks:
                    entry.write(chunk)
                    yield sink.taken()
            yield sink.taken()
    yield sink.taken()


def _entries(bundle: EvidenceBundle) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield MANIFEST, iter([manifest(bundle.pieces)])
    for one in bundle.pieces:
        if "text" in one:
            yield one["path"], iter([one["text"].encode()])
        elif "file" in one and stored_path(one["file"]).is_file():
            yield one["path"], _read(one["file"])


def _read(name: str) -> Iterator[bytes]:
    with stored_path(name).open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk
