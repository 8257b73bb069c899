"""Jobs of the messages' room: ids in, one service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aftersales.core.models import Job

from .delivery import notices_deliver
from .services import DELIVER

__all__ = ["DELIVER", "deliver"]


def deliver(job: Job, now: datetime) -> Mapping[str, Any]:
    """Send the messages of one job; what fails asks for its own next try, so the job itself always ends."""
    return notices_deliver(job.payload["ids"], now=now)
