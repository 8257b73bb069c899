"""Private files: what people attach, checked by content, stored under random names, served as downloads only.

An image is decoded and written anew, so that no place, camera or hidden page travels with it. Everything else
keeps its bytes and leaves the server only as an attachment in a sandbox. A file whose transaction is rolled
back stays behind without a row; nobody can find it, because its name is known to nobody, and the sweep removes it.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import unicodedata
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, Protocol

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from aftersales.core.errors import DomainError

MIB = 1024 * 1024
MAX_PIXELS = 50_000_000  # a phone's largest photo; one decoded frame stays below 200 MB
MAX_FRAMES = 200
NAME_LENGTH = 120
ZIP_ENTRIES = 5_000
ZIP_UNPACKED = 300 * MIB
STORED_NAME = re.compile(r"^\d{4}/[A-Za-z0-9_-]{32}$")
EICAR = (
    rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
)  # in two parts, so that no scanner dislikes this file


A_DAY = timedelta(days=1)  # longer than any transaction between a file and its row

Known = Callable[[Sequence[str]], Iterable[str]]


class FileRefused(DomainError):
    """The file is not taken; the message says why and what to do."""


class Served(Protocol):
    """What :func:`serve` needs of a stored file or of the row that remembers it."""

    name: str
    original_name: str
    content_type: str


@dataclass(frozen=True)
class StoredFile:
    """A stored file. ``name`` is its key under DATA/files, ``original_name`` what people called it."""

    name: str
    original_name: str
    content_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Checked:
    """The content that will be stored: for images the newly written one."""

    stream: IO[bytes]
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class FileType:
    """One kind of file we take: how it is recognised, how large it may be, what it is served as."""

    content_type: str
    limit: int
    check: Callable[[IO[bytes]], Checked]


def store_upload(uploaded: UploadedFile, *, now: datetime) -> StoredFile:
    """Check an upload and keep it. Raises FileRefused: empty, too large, unknown kind, not what it says."""
    original = clean_name(uploaded.name or "")
    kind = _kind(original)
    size = uploaded.size or 0
    if size == 0:
        raise FileRefused(_("“%(name)s” is empty.") % {"name": original}, "empty_file")
    if size > kind.limit:
        raise FileRefused(
            _("“%(name)s” is larger than %(limit)d MB.") % {"name": original, "limit": kind.limit // MIB},
            "too_large",
        )
    stream: Any = uploaded
    _refuse_virus(stream, original)
    try:
        checked = kind.check(stream)
    except (OSError, ValueError, SyntaxError, zipfile.BadZipFile, Image.DecompressionBombError) as error:
        raise _not_what_it_says(original) from error
    return _keep(checked, original, kind.content_type, now)


def store_raw(content: bytes, *, original: str, content_type: str, now: datetime) -> StoredFile:
    """Keep something exactly as it came (a letter as evidence), unchecked: it is only ever served as a download."""
    return _keep(Checked(io.BytesIO(content)), clean_name(original), content_type, now)


def stored_path(name: str) -> Path:
    """The place of a stored file; a name that is none of ours is not looked for."""
    if not STORED_NAME.match(name):
        raise Http404
    return Path(settings.MEDIA_ROOT) / name


_rows: dict[str, Known] = {}


def declare(table: str, known: Known) -> None:
    """A room whose rows name stored files: ``known(names)`` answers those of them that it has a row for."""
    _rows[table] = known


def declared() -> dict[str, Known]:
    return dict(_rows)


def forget_strays(*, now: datetime) -> int:
    """Remove files that no row names since a day: they were refused after they had been stored. Answers how many."""
    old, found = (now - A_DAY).timestamp(), 0
    strays = (path for path in Path(settings.MEDIA_ROOT).glob("[0-9]*/*") if _written(path) < old)
    while _rows and (paths := {f"{path.parent.name}/{path.name}": path for path in islice(strays, 500)}):
        named = {name for known in _rows.values() for name in known(list(paths))}
        for name in paths.keys() - named:
            paths[name].unlink(missing_ok=True)
            found += 1
    return found


def _written(path: Path) -> float:
    """When the file was written, in seconds; a file that somebody removes at this moment is young."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def remove(name: str) -> None:
    """Delete a stored file for good; one that is gone already is no error."""
    stored_path(name).unlink(missing_ok=True)


@contextmanager
def stored_for(
    uploads: Iterable[UploadedFile], *, now: datetime, good_only: bool = False
) -> Iterator[list[StoredFile]]:
    """Uploads, kept for what is done with them: when that fails, nothing of them stays. Raises FileRefused.

    ``good_only``: what is refused is left out instead.
    """
    stored: list[StoredFile] = []
    try:
        for upload in uploads:
            with suppress(FileRefused) if good_only else nullcontext():
                stored.append(store_upload(upload, now=now))
        yield stored
    except BaseException:
        for one in stored:
            remove(one.name)
        raise


def serve(stored: Served, request: HttpRequest) -> FileResponse:
    """The file as a download, whatever it is; the caller has checked that this person may have it."""
    path = stored_path(stored.name)
    if request.method not in {"GET", "HEAD"} or not path.is_file():
        raise Http404
    response = FileResponse(
        path.open("rb"), as_attachment=True, filename=stored.original_name, content_type=stored.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def clean_name(name: str) -> str:
    """What a file is called: no folder, no control or direction-turning characters, a bounded length."""
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(
        char for char in base if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    )
    kept = re.sub(r'[<>:"|?*]', "_", kept).strip(" .") or "file"
    stem, dot, extension = kept.rpartition(".")
    if len(kept) <= NAME_LENGTH or not dot:
        return kept[:NAME_LENGTH]
    return f"{stem[: NAME_LENGTH - len(extension) - 1]}.{extension}"[:NAME_LENGTH]


def accepted() -> str:
    """The value of an upload field's ``accept``: every ending we take."""
    return ",".join(f".{extension}" for extension in sorted(TYPES))


def _kind(original: str) -> FileType:
    """By its last ending; a file of several endings is what the last one says, and its content must agree."""
    extension = original.rpartition(".")[2].lower() if "." in original else ""
    if extension not in TYPES:
        known = ", ".join(sorted(TYPES))
        raise FileRefused(
            _("“%(name)s” is of a kind we do not take. Possible: %(known)s.")
            % {"name": original, "known": known},
            "unknown_kind",
        )
    return TYPES[extension]


def _not_what_it_says(original: str) -> FileRefused:
    return FileRefused(
        _("The content of “%(name)s” does not agree with its ending, or the file is damaged.")
        % {"name": original},
        "wrong_content",
    )


def _refuse_virus(stream: IO[bytes], original: str) -> None:
    """The test signature every scanner knows; a real scanner belongs in front of the server."""
    stream.seek(0)
    head = stream.read(1024)
    stream.seek(0)
    if EICAR in head:
        raise FileRefused(_("“%(name)s” was refused by the virus check.") % {"name": original}, "virus")


def _keep(checked: Checked, original: str, content_type: str, now: datetime) -> StoredFile:
    """Write under a random name; whole or not at all."""
    name = f"{now:%y%m}/{secrets.token_urlsafe(24)}"
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    digest, size = hashlib.sha256(), 0
    checked.stream.seek(0)
    with part.open("xb") as target:
        part.chmod(0o600)
        while chunk := checked.stream.read(MIB):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    part.replace(path)
    return StoredFile(name, original, content_type, size, digest.hexdigest(), checked.width, checked.height)


def _image(pillow_format: str) -> Callable[[IO[bytes]], Checked]:
    def check(stream: IO[bytes]) -> Checked:
        stream.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            try:
                with Image.open(stream, formats=[pillow_format]) as picture:
                    return _written_anew(picture, pillow_format)
            except (UnidentifiedImageError, Image.DecompressionBombWarning) as error:
                raise ValueError(str(error)) from error

    return check


def _written_anew(picture: Any, pillow_format: str) -> Checked:
    """Only the pixels survive: no position, no camera, no hidden page, no second file at the end."""
    frames = getattr(picture, "n_frames", 1)
    if picture.width * picture.height > MAX_PIXELS or frames > MAX_FRAMES:
        raise ValueError("too many pixels")
    if frames > 1 and picture.width * picture.height * frames > MAX_PIXELS * 4:
        raise ValueError("too many pixels in all frames")
    target = io.BytesIO()
    if frames > 1 and pillow_format in {"GIF", "WEBP"}:
        picture.info = {key: picture.info[key] for key in ("duration", "loop") if key in picture.info}
        picture.save(target, pillow_format, save_all=True, exif=b"", comment=b"")
        return Checked(target, picture.width, picture.height)
    upright = ImageOps.exif_transpose(picture)
    plain = upright.convert("RGB" if pillow_format == "JPEG" else _mode(upright))
    plain.info = {}
    plain.save(
        target, pillow_format, **({"quality": 88, "optimize": True} if pillow_format == "JPEG" else {})
    )
    return Checked(target, plain.width, plain.height)


def _mode(picture: Any) -> str:
    return "RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB"


def _pdf(stream: IO[bytes]) -> Checked:
    stream.seek(0)
    if not stream.read(8).startswith(b"%PDF-"):
        raise ValueError("no PDF")
    return Checked(stream)


def _text(stream: IO[bytes]) -> Checked:
    """Words in UTF-8 or GB18030 without the bytes that only binary files hold."""
    stream.seek(0)
    content = stream.read()
    if b"\x00" in content:
        raise ValueError("not a text")
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        content.decode("gb18030")
    return Checked(stream)


def _office(folder: str) -> Callable[[IO[bytes]], Checked]:
    """A zip of the declared kind: bounded, without macros."""

    def check(stream: IO[bytes]) -> Checked:
        stream.seek(0)
        if stream.read(4) != b"PK\x03\x04":
            raise ValueError("no zip")
        with zipfile.ZipFile(stream) as packed:
            entries = packed.infolist()
        names = {entry.filename for entry in entries}
        macros = any(name.lower().endswith("vbaproject.bin") for name in names)
        known = "[Content_Types].xml" in names and any(name.startswith(f"{folder}/") for name in names)
        too_much = len(entries) > ZIP_ENTRIES or sum(entry.file_size for entry in entries) > ZIP_UNPACKED
        if macros or too_much or not known:
            raise ValueError("not a plain office file")
        return Checked(stream)

    return check


def _movie(stream: IO[bytes]) -> Checked:
    stream.seek(0)
    if stream.read(12)[4:8] != b"ftyp":
        raise ValueError("no movie")
    return Checked(stream)


OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES: dict[str, FileType] = {
    "jpg": FileType("image/jpeg", 20 * MIB, _image("JPEG")),
    "jpeg": FileType("image/jpeg", 20 * MIB, _image("JPEG")),
    "png": FileType("image/png", 20 * MIB, _image("PNG")),
    "webp": FileType("image/webp", 20 * MIB, _image("WEBP")),
    "gif": FileType("image/gif", 10 * MIB, _image("GIF")),
    "pdf": FileType("application/pdf", 20 * MIB, _pdf),
    "txt": FileType("text/plain; charset=utf-8", 2 * MIB, _text),
    "csv": FileType("text/csv; charset=utf-8", 10 * MIB, _text),
    "xlsx": FileType(f"{OFFICE}.spreadsheetml.sheet", 20 * MIB, _office("xl")),
    "docx": FileType(f"{OFFICE}.wordprocessingml.document", 20 * MIB, _office("word")),
    "mp4": FileType("video/mp4", 100 * MIB, _movie),
    "mov": FileType("video/quicktime", 100 * MIB, _movie),
}
