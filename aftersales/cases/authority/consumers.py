"""What follows from events of letters; each may be asked twice and acts once."""

from datetime import datetime

from aftersales.cases.services.authority import merchant_tell
from aftersales.core.models import Event


def merchant_asked(event: Event, now: datetime) -> None:
    merchant_tell(event=event, now=now)
