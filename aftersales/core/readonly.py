"""A stretch in which nothing is written, because the database refuses it: for trying what would have happened."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def looking_only() -> Iterator[None]:
    """Whatever runs inside may read and nothing else; a write of any kind fails, and with it the whole block.

    All that leaves this house begins as a row: an event, a delivery, a notice, a job. None of them can come to be
    here, so nobody is told anything. The transaction around it may write again afterwards.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield
