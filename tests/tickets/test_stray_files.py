"""Attachments that were stored and then refused do not stay in the folder for ever."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from aftersales.core import files
from aftersales.tickets import services

pytestmark = pytest.mark.django_db


def test_an_attachment_that_was_taken_stays_and_a_refused_one_goes(
    open_ticket: Any, desk: Any, now: Any, settings: Any, tmp_path: Path
) -> None:
    """A file is stored before the row that names it; when the row does not come, nobody knows the file."""
    settings.MEDIA_ROOT = tmp_path
    ticket = open_ticket()
    taken = files.store_upload(SimpleUploadedFile("a.txt", "内容".encode()), now=now)
    services.note_add(ticket=ticket, text="附件", actor=desk.agent, now=now, files=[taken])
    refused = files.store_upload(SimpleUploadedFile("b.txt", b"b"), now=now)
    for path in tmp_path.rglob("*"):
        os.utime(path, times=((now - timedelta(days=2)).timestamp(),) * 2)
    assert files.forget_strays(now=now) == 1
    assert files.stored_path(taken.name).exists()
    assert not files.stored_path(refused.name).exists()
