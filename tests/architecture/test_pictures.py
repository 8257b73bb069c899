"""The pictures of the machines are those of the code."""

from django.conf import settings

from aftersales.core import moves, pictures


def test_the_drawn_machines_are_the_declared_ones() -> None:
    drawn = (settings.BASE_DIR / "docs" / "machines.md").read_text(encoding="utf-8")
    shown = "\n".join(part for part in pictures.document().split("\n## ") if not part.startswith("toy."))
    kept = "\n".join(drawn.split("\n## "))
    assert kept == shown, "run manage.py draw_machines"
    assert all(f"## {label}" in drawn for label in moves.machines() if not label.startswith("toy."))
