"""Builds the binary translation catalogues from the committed ones, without gettext."""

import os
from collections.abc import Sequence
from pathlib import Path

import polib
from django.utils.translation.reloader import translation_file_changed


def stale(folder: Path) -> list[Path]:
    """Catalogues whose binary form is missing or older."""
    return [po for po in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _older(po.with_suffix(".mo"), po)]


def _older(binary: Path, source: Path) -> bool:
    return not binary.exists() or binary.stat().st_mtime_ns < source.stat().st_mtime_ns


def compile_stale(folders: Sequence[Path | str]) -> list[Path]:
    """Write each missing or older ``.mo`` in one step, so that a reader never sees half a file."""
    done = [po for folder in folders for po in stale(Path(folder))]
    for po in done:
        unfinished = po.with_suffix(f".{os.getpid()}.mo")
        polib.pofile(str(po)).save_as_mofile(str(unfinished))
        unfinished.replace(po.with_suffix(".mo"))
    return done


def reread() -> None:
    """Forget what this process has read of the catalogues: they were written since, be it by another process."""
    translation_file_changed(None, Path("django.mo"))
