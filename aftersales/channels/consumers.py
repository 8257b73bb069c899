"""What follows an event of another room."""

from datetime import datetime

from aftersales.channels import services
from aftersales.core.models import Event


def message_erased(event: Event, now: datetime) -> None:
    """The letter that brought an erased message must not keep it."""
    services.message_forgotten(message_id=event.payload["message_id"], now=now)
