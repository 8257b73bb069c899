"""The second scope of merchants' pages: the database itself shows one merchant's rows (DESIGN 3).

``with as_merchant(merchant.pk):`` reads as a role that may change nothing and to which policies show what concerns
that merchant (:mod:`aftersales.core.rowpolicies`). It lives in one transaction, so it works behind PgBouncer in
transaction mode, and it ends with its block: by an explicit reset, because a role taken inside a savepoint outlives
the savepoint's release, and by the rollback when something failed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from aftersales import env

SETTING = "aftersales.merchant"
_inside: ContextVar[int | None] = ContextVar("merchant_scope", default=None)
_TAKE = "SELECT set_config('role', %s, true), set_config(%s, %s, true)"


def merchant_role() -> str:
    """The database role that reads for merchants; it cannot sign in."""
    return env.text("DATABASE_MERCHANT_ROLE") or "aftersales_merchant"


def inside() -> int | None:
    """The merchant as whom this code reads now; None outside."""
    return _inside.get()


@contextmanager
def as_merchant(merchant: int, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Read as one merchant; ``merchant`` is its key. Whatever is asked inside must be answered inside.

    Inside the block of the same merchant it changes nothing. Raises RuntimeError inside that of another one.
    """
    held, wanted = _inside.get(), int(merchant)
    if held is not None and held != wanted:
        raise RuntimeError("One merchant's rows are being read: leave that block before reading another's.")
    if held is not None:
        yield
        return
    with transaction.atomic(using=using):
        _take(using, merchant_role(), str(wanted))
        token = _inside.set(wanted)
        try:
            yield
        finally:
            _inside.reset(token)
        _give_back(using)


@contextmanager
def as_application(why: str, *, using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Leave the merchant's scope for a moment: ``why`` says what is needed that no merchant may read himself.

    For counts over everybody and for what a rule asks, on rows that were loaded inside. Outside it changes nothing.
    """
    held = _inside.get()
    if held is None:
        yield
        return
    with transaction.atomic(using=using):
        _take(using, "none", "")
        token = _inside.set(None)
        try:
            yield
        finally:
            _inside.reset(token)
        if not connections[using].needs_rollback:
            _take(using, merchant_role(), str(held))


def _take(using: str, role: str, merchant: str) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute(_TAKE, [role, SETTING, merchant])


def _give_back(using: str) -> None:
    """The role of the session again; a block that is to be rolled back gives it back by that."""
    if not connections[using].needs_rollback:
        _take(using, "none", "")
