"""Looks at files of people: who looked at whose, kept where somebody else reads than the person himself."""

from datetime import datetime
from typing import Any

from accounts.models import User
from aftersales.core import events


def file_looked(*, person: User, actor: Any, now: datetime) -> None:
    """Keep that somebody looked at another person's file."""
    if actor.pk != person.pk:
        events.record("file.looked", subject=person, actor=actor, now=now, payload={"whom": person.username})
