"""Registers: ordinary rows that people keep (merchants, standards …). Saved through the same door as a move."""

from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, models

from aftersales.core.errors import DomainError, Text
from aftersales.core.moves import change as save
from aftersales.core.moves import create

Row = TypeVar("Row", bound=models.Model)

__all__ = ["create", "create_coded", "save"]


def create_coded(row: Row, *, taken: Text, actor: Any, now: datetime, event: str) -> Row:
    """A new row with a code of its own. The database is the judge: two people may send the same code at once.

    Raises ``code_taken`` with ``taken`` as its words.
    """
    try:
        return create(row, actor=actor, now=now, event=event, payload={"code": row.code})  # type: ignore[attr-defined]
    except IntegrityError as error:
        raise DomainError(taken, "code_taken") from error
