"""Rooms are stacked: imports, keys and folders (DESIGN 2)."""

from importlib.metadata import packages_distributions, version
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from importlinter.cli import lint_imports
from packaging.version import Version

from tests.architecture.source import PACKAGES, ROOT, product, ranks


def test_imports_go_down_never_up_never_sideways() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True, no_logo=True) == 0


def test_every_room_stands_in_the_order_and_is_installed() -> None:
    folders = [path.parent for path in (ROOT / "aftersales").glob("*/apps.py")]
    rooms = {f"aftersales.{folder.name}" for folder in folders} | {"accounts"}
    if (ROOT / "training/apps.py").exists():
        rooms.add("training")
    assert rooms <= set(ranks())
    assert rooms == set(settings.ROOMS)
    order = [ranks()[room] for room in settings.ROOMS]
    assert order == sorted(order), "ROOMS lists the rooms from the ground up: registries fill in that order"


def room_of(model: type[models.Model]) -> str | None:
    name = model._meta.app_config.name if model._meta.app_config else ""
    return name if name in ranks() else None


def keys() -> list[Any]:
    """Every foreign key between rooms' models, histories and many-to-many tables included."""
    return [
        field
        for model in apps.get_models(include_auto_created=True)
        if room_of(model)
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and field.concrete and field.related_model
    ]


def test_foreign_keys_obey_the_order_too() -> None:
    people = apps.get_model(settings.AUTH_USER_MODEL)
    wrong = [
        f"{field} -> {field.related_model._meta.label}"
        for field in keys()
        if field.related_model is not people and (there := room_of(field.related_model))
        and (here := room_of(field.model)) and here != there and ranks()[here] <= ranks()[there]
    ]  # fmt: skip
    assert keys()
    assert wrong == []


def test_no_key_points_at_an_append_only_row() -> None:
    assert [str(field) for field in keys() if getattr(field.related_model, "append_only", False)] == []


def test_business_rows_are_never_deleted_along_with_others() -> None:
    """PROTECT (or SET_NULL for a mere pointer) between rooms; CASCADE would delete without the door."""
    wrong = [
        str(field)
        for field in keys()
        if isinstance(field, models.ForeignKey)
        and room_of(field.model) != room_of(field.related_model)
        and field.remote_field.on_delete is models.CASCADE
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "forbidden", ["utils", "helpers", "util", "helper", "common", "misc", "managers", "signals"]
)
def test_no_file_has_a_name_that_says_nothing(forbidden: str) -> None:
    assert [
        source.name for source in product() if source.path.stem == forbidden or forbidden in source.path.parts
    ] == []


def test_tests_stand_under_the_room_they_test() -> None:
    rooms = {path.name for path in (ROOT / "aftersales").iterdir() if path.is_dir()} | set(PACKAGES)
    across = {"architecture", "bench", "browser", "concurrency", "flows", "toy"}
    found = {path.name for path in (ROOT / "tests").iterdir() if any(path.rglob("test_*.py"))}
    assert found <= rooms | across


def test_django_fsm_is_the_living_fork() -> None:
    assert set(packages_distributions()["django_fsm"]) == {"django-fsm-2"}
    assert version("django-fsm-2") == "4.2.4"


@pytest.mark.parametrize(
    ("package", "minimum"),
    [
        ("Django", "5.2.18"),
        ("celery", "5.7"),
        ("django-import-export", "4.4.3"),
        ("django-simple-history", "3.13"),
        ("django-pgtrigger", "4.17"),
        ("psycopg", "3.2"),
    ],
)
def test_no_version_with_a_known_hole_is_installed(package: str, minimum: str) -> None:
    assert Version(version(package)) >= Version(minimum)
