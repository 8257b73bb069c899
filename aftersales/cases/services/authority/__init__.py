"""Every write about letters of authorities."""

from .bundling import bundle_erase_of, bundle_make
from .handling import (
    letter_accept,
    letter_close,
    letter_extend,
    letter_hand,
    letter_more,
    letter_pass_on,
    letter_withdraw,
    reporter_reveal,
)
from .merchant import merchant_answer, merchant_ask
from .replies import reply_approve, reply_draft, reply_sent, reply_turn_down
from .taking import LetterDraft, Taken, letter_files_add, letter_take, letters_take
from .telling import merchant_tell

__all__ = [
    "LetterDraft",
    "Taken",
    "bundle_erase_of",
    "bundle_make",
    "letter_accept",
    "letter_close",
    "letter_extend",
    "letter_files_add",
    "letter_hand",
    "letter_more",
    "letter_pass_on",
    "letter_take",
    "letter_withdraw",
    "letters_take",
    "merchant_answer",
    "merchant_ask",
    "merchant_tell",
    "reply_approve",
    "reply_draft",
    "reply_sent",
    "reply_turn_down",
    "reporter_reveal",
]
