"""Every write about clocks."""

from aftersales.clocks.querysets import delivered_to
from aftersales.clocks.services.deadlines import deadline_drop, deadline_meet, deadline_move, deadline_set
from aftersales.clocks.services.engine import follow, followed, on_events, tell
from aftersales.clocks.services.exclusions import (
    breach_count_again,
    breach_exclude,
    circumstance_apply,
    circumstance_check,
    circumstance_draft,
    circumstances_sweep,
)
from aftersales.clocks.services.joining import clocks_join, clocks_part
from aftersales.clocks.services.ladder import escalate, ladder_load, rung_check, rung_draft
from aftersales.clocks.services.rebuild import rebuild, restore
from aftersales.clocks.services.recount import recount, recount_ask
from aftersales.clocks.services.splitting import clocks_split
from aftersales.clocks.services.sweep import sweep
from aftersales.clocks.services.weighing import Away, breach_weigh
from aftersales.clocks.services.words import word_drop, word_give, word_keep

__all__ = [
    "Away",
    "breach_count_again",
    "breach_exclude",
    "breach_weigh",
    "circumstance_apply",
    "circumstance_check",
    "circumstance_draft",
    "circumstances_sweep",
    "clocks_join",
    "clocks_part",
    "clocks_split",
    "deadline_drop",
    "deadline_meet",
    "deadline_move",
    "deadline_set",
    "delivered_to",
    "escalate",
    "follow",
    "followed",
    "ladder_load",
    "on_events",
    "rebuild",
    "recount",
    "recount_ask",
    "restore",
    "rung_check",
    "rung_draft",
    "sweep",
    "tell",
    "word_drop",
    "word_give",
    "word_keep",
]
