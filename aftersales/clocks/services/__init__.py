"""Every write about clocks."""

from aftersales.clocks.services.engine import follow, followed, on_events, tell
from aftersales.clocks.services.rebuild import rebuild, restore
from aftersales.clocks.services.sweep import sweep
from aftersales.clocks.services.words import word_drop, word_give, word_keep

__all__ = [
    "follow",
    "followed",
    "on_events",
    "rebuild",
    "restore",
    "sweep",
    "tell",
    "word_drop",
    "word_give",
    "word_keep",
]
