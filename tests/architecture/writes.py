"""Fails any write on a business table that does not come from a service or the machinery (DESIGN 7).

For flows: ``from tests.architecture.writes import only_services_write`` in a conftest and ask for the fixture, or
use ``watched()`` as a context around some requests.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
# Code of the product that acts; models and querysets only carry out what somebody else decided.
ACTS = re.compile(r"^(aftersales|accounts|training)/(?!.*\b(models|querysets|rowwrite)\b)")
MAY_WRITE = re.compile(
    r"^(aftersales/[a-z_]+|accounts|training)/services(\.py|/)"
    r"|^aftersales/core/(moves|registers|jobs|deliveries|events|series|retention)\.py$"
    r"|^aftersales/core/(sheets|services)\b"
)
WRITE = re.compile(
    r'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?"?([a-z_][a-z_0-9]*)"?', re.IGNORECASE
)


class WriteOutsideServices(AssertionError):
    """A page, form, admin or task wrote a business row by itself."""


@cache
def business_tables() -> frozenset[str]:
    rooms = {*settings.ROOMS, "tests.toy"}
    return frozenset(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_config.name in rooms
    )


@lru_cache(maxsize=4096)
def written_tables(sql: str) -> frozenset[str]:
    return frozenset(name.lower() for name in WRITE.findall(sql)) & business_tables()


@cache
def place(file: str) -> tuple[bool, bool]:
    """Of a file on the call stack: whether it is code of the product that acts, and whether it may write."""
    ours = file.removeprefix(f"{ROOT}/")
    return (False, False) if ours == file else (bool(ACTS.match(ours)), bool(MAY_WRITE.match(ours)))


def may_write(frame: FrameType | None, planting: bool) -> bool:
    by_hand = planting
    while frame is not None:
        acts, may = place(frame.f_code.co_filename)
        if may:
            return True
        by_hand = by_hand and not acts
        frame = frame.f_back
    return by_hand


@contextmanager
def watched(*, planting: bool = False) -> Iterator[None]:
    """With ``planting`` a test may still write rows by hand; no page, form, admin or task may."""

    def check(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        tables = written_tables(str(sql))
        if tables and not may_write(sys._getframe(1), planting):
            raise WriteOutsideServices(
                f"{', '.join(sorted(tables))} written outside services: {str(sql)[:200]}"
            )
        return execute(sql, params, many, context)

    with connection.execute_wrapper(check):
        yield


@pytest.fixture
def only_services_write(db: None) -> Iterator[None]:
    with watched(planting=True):
        yield
