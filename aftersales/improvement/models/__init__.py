"""Everything this room stores."""

from aftersales.improvement.models.signs import Sign, SignRow
from aftersales.improvement.models.warnings import SurgeCount, Warning, WarningAsk, WarningDay, WarningTicket

__all__ = ["Sign", "SignRow", "SurgeCount", "Warning", "WarningAsk", "WarningDay", "WarningTicket"]
