"""Every write about what comes in from outside."""

from aftersales.channels.services.deciding import (
    letter_again,
    letter_attach,
    letter_drop,
    letter_open,
    letter_viewed,
)
from aftersales.channels.services.forgetting import customer_forget, letters_tidy, message_forgotten
from aftersales.channels.services.landing import held_sweep, letter_land
from aftersales.channels.services.receiving import letter_receive

__all__ = [
    "customer_forget",
    "held_sweep",
    "letter_again",
    "letter_attach",
    "letter_drop",
    "letter_land",
    "letter_open",
    "letter_receive",
    "letter_viewed",
    "letters_tidy",
    "message_forgotten",
]
