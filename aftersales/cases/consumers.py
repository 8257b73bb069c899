"""What follows an event of a case a little later: the customer is told (R3.7)."""

from datetime import datetime

from aftersales.cases.services.telling import customer_tell
from aftersales.core.models import Event


def node_message(event: Event, now: datetime) -> None:
    """One message per event, once: the event is the message's key."""
    customer_tell(event=event, now=now)
