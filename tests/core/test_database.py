"""What the fixtures promise to every other test."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import connection


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_may_write_and_commit(now) -> None:
    Session.objects.create(session_key="planted", session_data="x", expire_date=now)
    assert connection.in_atomic_block is False


@pytest.mark.django_db
def test_the_flush_after_it_leaves_no_row_behind_but_the_shipped_ones() -> None:
    assert not Session.objects.filter(session_key="planted").exists()
    assert ContentType.objects.exists()
