"""Wrong files: each is refused with a reason and a remedy before anything is written (cases I03, I13, I16, I18)."""

import io
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from aftersales.core.sheets import services
from aftersales.core.sheets.models import SheetUpload
from aftersales.core.sheets.problems import FileRefused
from aftersales.merchants.models import Merchant
from tests.core.sheets.steps import book, check, load

pytestmark = pytest.mark.django_db
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'


def archive(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {
            "[Content_Types].xml": TYPES,
            "xl/workbook.xml": "<workbook/>",
            **parts,
        }.items():
            made.writestr(name, content)
    return stream.getvalue()


def sheet_part(cells: Iterable[str], extra: str = "") -> bytes:
    content = "".join(f'<row><c r="{cell}"><v>1</v></c></row>' for cell in cells)
    return archive(
        {"xl/worksheets/sheet1.xml": f"{extra}<worksheet><sheetData>{content}</sheetData></worksheet>"}
    )


REFUSED = {
    "far column": ("a.xlsx", sheet_part(["A1", "XFD1"]), "too_wide"),
    "far row without a dimension": ("a.xlsx", sheet_part(["A1", "J1048576"]), "too_long"),
    "unpacks to 200 MB": (
        "a.xlsx",
        lambda: archive({"xl/worksheets/sheet1.xml": b"<a>" + b" " * 200_000_000}),
        "bomb",
    ),
    "ten thousand parts": (
        "a.xlsx",
        lambda: archive({f"xl/p{n}.txt": "" for n in range(10_000)}),
        "too_many_parts",
    ),
    "an archive inside": ("a.xlsx", archive({"xl/embeddings/inner.zip": archive({})}), "nested"),
    "entities": (
        "a.xlsx",
        sheet_part(["A1"], '<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/x">]>'),
        "entities",
    ),
    "macros": ("a.xlsx", archive({"xl/vbaProject.bin": b"1"}), "macros"),
    "truncated": ("a.xlsx", sheet_part(["A1"])[:200], "broken_zip"),
    "not a workbook": ("a.xlsx", archive({"xl/worksheets/sheet1.xml": "<oops"}), "broken_sheet"),
    "old Excel or password": ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
    "a web page named xls": ("a.xls", b"<html><table></table></html>", "markup"),
    "CSV named xlsx": ("a.xlsx", b"code\nA1\n", "wrong_kind"),
    "XLSX named csv": ("a.csv", sheet_part(["A1"]), "wrong_kind"),
    "YAML": ("a.yaml", b"- code: A1\n", "wrong_kind"),
    "JSON": ("a.json", b'[{"code": "A1"}]', "wrong_kind"),
    "nothing": ("a.csv", b"", "empty"),
    "blank lines only": ("a.csv", b"\n\n", "empty"),
    "header only": ("a.csv", b"code,name\n", "no_rows"),
    "zero bytes": ("a.csv", b"code,name\nA1,x\x00y\n", "zero_bytes"),
    "UTF-16 without mark": ("a.csv", "code,name\nA1,x\n".encode("utf-16-le"), "zero_bytes"),
    "no known encoding": ("a.csv", b"code,name\nA1,\xff\xff\xff\n", "encoding"),
    "two separators": ("a.csv", b"code;name,city\nA1;x,y\n", "separators"),
    "open quote": ("a.csv", b'code,name\nA1,"x\nA2,y\n', "csv"),
    "header misspelt": ("a.csv", b"code,nmae\nA1,x\n", "misspelt_column"),
    "header unknown": ("a.csv", b"code,zzzzzz\nA1,x\n", "unknown_column"),
    "header doubled": ("a.csv", b"code,name,name\nA1,x,y\n", "doubled_column"),
    "header doubled in two languages": ("a.csv", b"code,name,Merchant name\nA1,x,y\n", "doubled_column"),
    "header missing": ("a.csv", b"name\nx\n", "missing_column"),
    "header without a name": ("a.csv", b"code,,name\nA1,1,x\n", "unnamed_column"),
    **{
        f"column {name}": ("a.csv", f"code,{name}\nA1,1\n".encode(), "forbidden_column")
        for name in ("state", "version", "token", "created_by", "is_staff")
    },
}


@pytest.mark.parametrize(("name", "content", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_wrong_file_is_refused_with_reason_and_remedy(
    name: str, content: bytes | Callable[[], bytes], code: str, cast: Any, now: Any
) -> None:
    """The largest are made here, not each time that the tests are collected."""
    given = content() if callable(content) else content
    try:
        upload = check("merchants", given, name=name, actor=cast.operations, now=now)
    except FileRefused as refusal:
        found, words = refusal.code, (str(refusal), refusal.remedy)
    else:
        assert upload.state == "refused"
        found, words = upload.problem["code"], upload.problem["en"]
    assert found == code
    assert all(words)
    assert Merchant.objects.count() == 0


@pytest.mark.parametrize(
    "content",
    [
        "code,name\nA1,禾木\n".encode(),
        "code,name\nA1,禾木\n".encode("utf-8-sig"),
        "code,name\nA1,禾木\n".encode("gb18030"),
        "code,name\nA1,禾木\n".encode("utf-16"),
        "code;name\r\nA1;禾木\r\n".encode(),
        "code\tname\rA1\t禾木\r".encode(),
        "\n\nname,code,,\n禾木,A1,,\n\n".encode(),
        "name ,code\n 禾木 ,A1\n".encode(),
        "Merchant name,Merchant code\n禾木,A\u200b1\u202e\n".encode(),
    ],
    ids=["utf-8", "mark", "gb18030", "utf-16", "semicolon", "tab", "blanks", "trailing blanks", "invisible"],
)
def test_the_same_rows_in_many_dresses_are_read_alike(content: bytes, cast: Any, now: Any) -> None:
    upload = load("merchants", content, actor=cast.operations, now=now)
    assert (upload.state, upload.count("new")) == ("done", 1), (upload.problem, upload.counts)
    assert list(Merchant.objects.values_list("code", "name")) == [("A1", "禾木")]


def test_line_breaks_in_quotes_are_text_and_row_numbers_count_records(cast: Any, now: Any) -> None:
    content = 'code,name\r\nA1,"one\r\ntwo"\nA2,' + "x" * 121 + "\n"
    upload = check("merchants", content.encode(), actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (1, 1)


def test_an_xlsx_is_read_like_the_same_csv(cast: Any, now: Any) -> None:
    content = book(
        [
            ["code", "name", "deposit_due"],
            ["007", "禾木", 1200.5],
            [1234567890123456789, "x", 1],
            [42, "y", 2],
        ]
    )
    upload = load("merchants", content, name="a.xlsx", actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (2, 1)
    assert list(Merchant.objects.order_by("code").values_list("code", "deposit_due")) == [
        ("007", 1200.5),
        ("42", 2),
    ]


def test_an_xlsx_may_begin_below_the_first_row_and_names_further_sheets(cast: Any, now: Any) -> None:
    made = openpyxl.Workbook()
    made.active["B3"], made.active["C3"] = "code", "name"
    made.active["B4"], made.active["C4"] = "A1", "禾木"
    made.create_sheet("notes")["A1"] = "x"
    stream = io.BytesIO()
    made.save(stream)
    upload = check("merchants", stream.getvalue(), name="a.xlsx", actor=cast.operations, now=now)
    if upload.state == "refused":  # column A has no header
        assert upload.problem["code"] == "unnamed_column"
    else:
        assert upload.count("new") == 1


def test_stored_files_are_private_and_named_by_chance(cast: Any, now: Any) -> None:
    upload = check(
        "merchants", b"code\nA1\n", name="../../etc/\u202epasswd.csv", actor=cast.operations, now=now
    )
    assert upload.file_name == "passwd.csv"
    path = services.folder() / upload.stored_name
    assert path.stat().st_mode & 0o077 == 0
    assert "passwd" not in Path(upload.stored_name).name
    assert SheetUpload.objects.visible_to(cast.supervisor).count() == 0
