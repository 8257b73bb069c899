"""Whole stories play in the department at work; some with the product's own processes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aftersales.core import jobs
from tests.architecture.writes import only_services_write
from tests.department import book, customer, desk, open_ticket, work_off
from tests.flows.office import Office, publishing_to

__all__ = ["book", "customer", "desk", "only_services_write", "open_ticket", "work_off"]


@pytest.fixture
def office(
    transactional_db: None, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """A running broker; this process works like the web of the same installation."""
    settings.DATA, settings.MEDIA_ROOT = tmp_path, tmp_path / "files"
    settings.OUTBOX_FOLDER = tmp_path / "outbox"
    settings.JOBS_NUDGE, settings.REQUIRE_SECOND_FACTOR = True, False
    monkeypatch.setattr(jobs, "_quiet_until", 0.0)
    place = Office(tmp_path)
    try:
        with publishing_to(place.broker_url):
            yield place
    finally:
        place.close()
