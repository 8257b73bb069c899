"""Every write of this room."""

from aftersales.improvement.services.deciding import sign_decide
from aftersales.improvement.services.handling import (
    ask_answer,
    asks_tell_late,
    list_send,
    warning_acknowledge,
    warning_ask,
    warning_close,
)
from aftersales.improvement.services.signs import signs_look
from aftersales.improvement.services.surges import counts_refresh, surges_look

__all__ = [
    "ask_answer", "asks_tell_late", "counts_refresh", "list_send", "sign_decide", "signs_look", "surges_look",
    "warning_acknowledge", "warning_ask", "warning_close",
]  # fmt: skip
