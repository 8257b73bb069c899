"""Every write of this room: counting the figures."""

from aftersales.scorecards.services.counting import recount, refresh, touch

__all__ = ["recount", "refresh", "touch"]
