"""One fact of a merchant has one main consequence (order 116 §27): the rule books that judge him take turns."""

from django.db import connection

HOLDING = 7_316  # any number that no other pair of locks begins with


def facts_hold(merchant_id: int) -> None:
    """Nothing else follows from what this merchant did until the transaction ends.

    Whoever raises something asks again under the lock whether the facts are still free: between the judging and the
    raising the other rule book may have charged them. Held longer than ``lock_timeout``: OperationalError.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [HOLDING, merchant_id % 2**31])
