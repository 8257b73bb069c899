"""The second scope of merchants' pages: the database itself shows one merchant's rows (DESIGN 3).

``with as_merchant(merchant.pk):`` reads as a role that may change nothing and to which policies show what concerns
that merchant. It lives in one transaction, so it works behind PgBouncer in transaction mode.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections, transaction

SETTING = "aftersales.merchant"


@contextmanager
def as_merchant(merchant: int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Read as one merchant; ``merchant`` is its key. Whatever is asked inside must be answered inside."""
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTING, str(int(merchant))])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [SETTING])
