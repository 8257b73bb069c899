"""For machines that watch: is the process alive, can it do its work. The bodies say nothing to strangers."""

import logging

from celery import current_app
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

logger = logging.getLogger(__name__)
_migrated = False


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; asks nobody."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def ready(request: HttpRequest) -> HttpResponse:
    """200 when the database answers and is migrated and the broker takes calls, else 503 (why: the log)."""
    for name, works in (("database", database_works), ("broker", broker_works)):
        if not works():
            logger.warning("Not ready: %s", name)
            return HttpResponse("not ready", status=503, content_type="text/plain")
    return HttpResponse("ready", content_type="text/plain")


def database_works() -> bool:
    """The database answers and no migration is missing (asked until it was true once)."""
    global _migrated
    try:
        if not _migrated:
            _migrated = not pending_migrations()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return _migrated


def pending_migrations() -> list[str]:
    """Names of the migrations that the database has not seen."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def broker_works() -> bool:
    """The broker takes a connection within its short time limit."""
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=2)
    except Exception as error:  # noqa: BLE001 - every transport has its own errors; all mean "not ready"
        logger.warning("The broker cannot be reached: %s", type(error).__name__)
        return False
    return True
