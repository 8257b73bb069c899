"""The product's own Python files, parsed once for all architecture tests."""

import ast
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("aftersales", "accounts", "training")


@dataclass(frozen=True)
class Source:
    path: Path

    @property
    def name(self) -> str:
        """``aftersales/tickets/services/intake.py``"""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, str(self.path))

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Everything in the file, walked once."""
        return list(ast.walk(self.tree))

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 0)}"

    def is_part(self, *names: str) -> bool:
        """Whether this is ``views.py`` or something in ``views/``, for any of the names."""
        return any(part.removesuffix(".py") in names for part in self.path.relative_to(ROOT).parts)


@cache
def product() -> tuple[Source, ...]:
    """All files of the product without generated migrations."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return tuple(Source(path) for path in sorted(found) if "migrations" not in path.parts)


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call with its dotted name: ``timezone.now``, ``self.rows.update`` …"""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            yield node, dotted(node.func)


def dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def ranks() -> dict[str, int]:
    """``{"aftersales.tickets": 11, …}``: the layers of pyproject.toml, the lowest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(
        c for c in settings["tool"]["importlinter"]["contracts"] if c["name"] == "Rooms are stacked"
    )
    layers = [re.findall(r"[a-z_.]+", layer) for layer in contract["layers"]]
    return {room: rank for rank, rooms in enumerate(reversed(layers)) for room in rooms}
