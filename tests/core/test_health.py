"""What balancers and watchers ask."""

import socket
import time

import pytest
from django.conf import settings
from django.db import DatabaseError

from aftersales.core import health


def test_health_asks_nobody(client) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"] or "no-cache" in answer["Cache-Control"]


@pytest.mark.django_db
def test_ready_means_database_migrations_and_broker(client) -> None:
    assert client.get("/ready").status_code == 200
    assert health.pending_migrations() == []


@pytest.mark.django_db
@pytest.mark.parametrize("part", ["database_works", "broker_works"])
def test_not_ready_says_no_more_than_that_to_strangers(client, monkeypatch, part: str) -> None:
    monkeypatch.setattr(health, part, lambda: False)
    answer = client.get("/ready")
    assert (answer.status_code, answer.content) == (503, b"not ready")


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready(client, monkeypatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "pending_migrations", lambda: ["tickets.0002_something"])
    assert client.get("/ready").status_code == 503


@pytest.mark.django_db
def test_a_database_that_is_gone_is_not_ready(client, monkeypatch) -> None:
    def gone() -> list[str]:
        raise DatabaseError

    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "pending_migrations", gone)
    assert client.get("/ready").status_code == 503


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_watching_changes_nothing(client, method: str) -> None:
    assert getattr(client, method)("/health").status_code == 405


def test_a_broker_that_takes_calls_but_never_answers_is_given_up_within_seconds(monkeypatch) -> None:
    from celery import Celery

    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        app = Celery("toy", broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0", set_as_current=False)
        app.conf.broker_transport_options = {"socket_timeout": 2, "socket_connect_timeout": 2}
        monkeypatch.setattr(health, "current_app", app)
        began = time.monotonic()
        assert health.broker_works() is False
        assert time.monotonic() - began < 20
        app.close()


def test_the_broker_settings_bound_every_wait() -> None:
    policy = settings.CELERY_TASK_PUBLISH_RETRY_POLICY
    assert policy["max_retries"] <= 1
    assert settings.CELERY_BROKER_CONNECTION_TIMEOUT <= 2
