"""Attachments: what is taken, what becomes of it, how it leaves the server."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404
from django.test import RequestFactory
from PIL import Image

from aftersales.core import files
from aftersales.core.files import FileRefused, StoredFile, serve, store_upload


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def image(kind: str = "PNG", size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "red").save(target, kind, **how)
    return target.getvalue()


def packed(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return target.getvalue()


def store(name: str, content: bytes, now: Any) -> StoredFile:
    upload = SimpleUploadedFile("x", content)
    upload._name = name  # Django cuts names itself; what the browser sent is the harder case
    return store_upload(upload, now=now)


TAKEN = {
    "a.jpg": (image("JPEG"), "image/jpeg"),
    "a.PNG": (image(), "image/png"),
    "a.webp": (image("WEBP"), "image/webp"),
    "a.gif": (image("GIF"), "image/gif"),
    "a.pdf": (b"%PDF-1.7 /JavaScript (app.alert(1))", "application/pdf"),
    "a.txt": ("您好".encode("gb18030"), "text/plain; charset=utf-8"),
    "a.csv": (b"a,b\n1,2\n", "text/csv; charset=utf-8"),
    "a.xlsx": (packed("[Content_Types].xml", "xl/workbook.xml"), files.TYPES["xlsx"].content_type),
    "a.docx": (packed("[Content_Types].xml", "word/document.xml"), files.TYPES["docx"].content_type),
    "a.mp4": (b"\x00\x00\x00\x18ftypmp42....", "video/mp4"),
}


@pytest.mark.parametrize("name", TAKEN)
def test_known_kinds_are_taken_under_a_random_name(name: str, now: Any, folder: Path) -> None:
    content, content_type = TAKEN[name]
    stored = store(name, content, now)
    assert stored.content_type == content_type
    assert files.STORED_NAME.match(stored.name)
    assert "a." not in stored.name
    assert (folder / stored.name).stat().st_size == stored.size
    assert (folder / stored.name).stat().st_mode & 0o777 == 0o600


REFUSED = {
    "empty": ("a.png", b"", "empty_file"),
    "svg": ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "unknown_kind"),
    "html": ("a.html", b"<script>1</script>", "unknown_kind"),
    "xml": ("a.xml", b"<a/>", "unknown_kind"),
    "double ending": ("a.jpg.html", image("JPEG"), "unknown_kind"),
    "dotted ending": ("A.HTML.", b"<script>1</script>", "unknown_kind"),
    "turned direction": ("a\u202egpj.html", image("JPEG"), "unknown_kind"),
    "no ending": ("photo", image(), "unknown_kind"),
    "html called image": ("a.png", b"<html><script>1</script>", "wrong_content"),
    "png called jpeg": ("a.jpg", image("PNG"), "wrong_content"),
    "svg called image": ("a.png", b"<svg/>", "wrong_content"),
    "text called pdf": ("a.pdf", b"<html>%PDF-", "wrong_content"),
    "binary called text": ("a.txt", b"a\x00b", "wrong_content"),
    "zip called xlsx": ("a.xlsx", packed("evil.js"), "wrong_content"),
    "macros": ("a.xlsx", packed("[Content_Types].xml", "xl/vbaProject.bin"), "wrong_content"),
    "damaged image": ("a.png", image()[:60], "wrong_content"),
    "damaged zip": ("a.docx", b"PK\x03\x04 nothing", "wrong_content"),
    "test virus": ("a.txt", files.EICAR, "virus"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_everything_else_is_refused_with_a_reason(case: str, now: Any, folder: Path) -> None:
    name, content, code = REFUSED[case]
    with pytest.raises(FileRefused) as refusal:
        store(name, content, now)
    assert refusal.value.code == code
    assert not list(folder.rglob("*.*"))


def test_a_file_over_its_limit_is_refused(now: Any) -> None:
    with pytest.raises(FileRefused) as refusal:
        store("a.txt", b"x" * (2 * files.MIB + 1), now)
    assert refusal.value.code == "too_large"


def test_a_polyglot_image_keeps_only_its_pixels(now: Any, folder: Path) -> None:
    stored = store("a.gif", image("GIF") + b"<script>alert(1)</script>", now)
    assert b"script" not in (folder / stored.name).read_bytes()
    commented = store("b.gif", image("GIF", comment=b"<script>alert(1)</script>"), now)
    assert b"script" not in (folder / commented.name).read_bytes()


def test_position_and_camera_are_gone_and_the_picture_stands_upright(now: Any, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "SecretCam"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 0.0)
    stored = store("photo.jpg", image("JPEG", (40, 30), exif=exif), now)
    with Image.open(folder / stored.name) as picture:
        assert dict(picture.getexif()) == {}
    assert b"SecretCam" not in (folder / stored.name).read_bytes()
    assert (stored.width, stored.height) == (30, 40)


def test_a_huge_picture_is_refused_before_it_is_decoded(now: Any) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    with pytest.raises(FileRefused):
        store("bomb.png", bomb.getvalue(), now)


def test_an_animation_stays_one(now: Any, folder: Path) -> None:
    target = io.BytesIO()
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue", "green")]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    stored = store("a.gif", target.getvalue(), now)
    with Image.open(folder / stored.name) as picture:
        assert picture.n_frames == 3


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("..\\..\\a.txt", "a.txt"),
        ("a\r\nSet-Cookie: x.txt", "aSet-Cookie_ x.txt"),
        ("发票 11月.pdf", "发票 11月.pdf"),
        ("a\u202etxt.pdf", "atxt.pdf"),
        ("", "file"),
        ("...", "file"),
    ],
)
def test_names_are_cleaned(name: str, cleaned: str) -> None:
    assert files.clean_name(name) == cleaned


def test_a_name_of_300_characters_keeps_its_ending() -> None:
    cleaned = files.clean_name("长" * 300 + ".pdf")
    assert len(cleaned) == 120
    assert cleaned.endswith(".pdf")


def test_a_file_leaves_only_as_an_attachment_in_a_sandbox(now: Any) -> None:
    stored = store('发票 "11月".pdf', b"%PDF-1.7", now)
    response = serve(stored, RequestFactory().get("/"))
    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]
    assert b"".join(response) == b"%PDF-1.7"


@pytest.mark.parametrize("name", ["../settings.py", "/etc/passwd", "2611/../../x", "", "2611/" + "a" * 32])
def test_a_name_that_is_none_of_ours_is_not_found(name: str) -> None:
    with pytest.raises(Http404):
        serve(StoredFile(name, "a.txt", "text/plain", 1, ""), RequestFactory().get("/"))
