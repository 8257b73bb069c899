"""The Chinese catalogue is complete, agrees with its English source, and is as new as the code."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import polib
import pytest

from aftersales.core import catalogs

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "aftersales/locale/zh_Hans/LC_MESSAGES/django.po"
PLACEHOLDER = re.compile(r"%\(\w+\)[sdif]|%[sdif]|\{\w*\}|</?[a-z]+[^>]*>")
SOURCES = ("aftersales", "accounts", "training", "templates")

Key = tuple[str, str]


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    assert CATALOGUE.exists(), "aftersales/locale/zh_Hans/LC_MESSAGES/django.po is missing"
    return polib.pofile(str(CATALOGUE))


def keys(catalogue: polib.POFile) -> dict[Key, polib.POEntry]:
    return {(entry.msgctxt or "", entry.msgid): entry for entry in catalogue if not entry.obsolete}


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_nothing_is_untranslated(catalogue: polib.POFile) -> None:
    missing = [key for key, entry in keys(catalogue).items() if not all(texts(entry))]
    assert missing == []


def test_nothing_is_fuzzy(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []


def test_placeholders_and_tags_agree(catalogue: polib.POFile) -> None:
    wrong = []
    for (context, source), entry in keys(catalogue).items():
        expected = sorted(PLACEHOLDER.findall(entry.msgid_plural or source))
        wrong += [
            (context, source, text)
            for text in texts(entry)
            if text and sorted(PLACEHOLDER.findall(text)) != expected
        ]
    assert wrong == []


def test_whatever_takes_arguments_can_take_them(catalogue: polib.POFile) -> None:
    """A bare sign of per cent beside arguments is a page that cannot be shown."""
    wrong = []
    for (context, source), entry in keys(catalogue).items():
        if "python-format" not in entry.flags or "%(" not in source:
            continue
        for text in texts(entry):
            try:
                text % defaultdict(int)
            except (TypeError, ValueError) as error:
                wrong.append((context, source, text, str(error)))
    assert wrong == []


@pytest.mark.slow
def test_every_text_in_the_code_is_in_the_catalogue(catalogue: polib.POFile, tmp_path: Path) -> None:
    if not shutil.which("xgettext"):
        pytest.skip("xgettext is missing: freshness of the catalogue was NOT checked")
    for name in SOURCES:
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo", "static")
        )
    shutil.copy2(ROOT / "manage.py", tmp_path / "manage.py")
    (tmp_path / "aftersales/static").mkdir()
    done = subprocess.run(
        [sys.executable, "manage.py", "makemessages", "--locale=zh_Hans", "--no-location", "--no-obsolete"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AFTERSALES_DATA": str(tmp_path / "data")},
    )
    assert done.returncode == 0, done.stderr
    extracted = keys(polib.pofile(str(tmp_path / CATALOGUE.relative_to(ROOT))))
    assert sorted(set(extracted) - set(keys(catalogue))) == []


def test_the_binary_catalogue_is_built_without_gettext(tmp_path: Path) -> None:
    folder = tmp_path / "zh_Hans/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Resolve"\nmsgstr "解决"\n',
        "utf-8",
    )
    assert catalogs.compile_stale([tmp_path]) == [folder / "django.po"]
    assert polib.mofile(str(folder / "django.mo")).find("Resolve").msgstr == "解决"
    assert catalogs.compile_stale([tmp_path]) == []
