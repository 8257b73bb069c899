"""What somebody said whose acceptance staff takes down: how, when and in which words. Without it nothing binds him."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.states import MERCHANT_ROLES, Role
from aftersales.cases.states import HeardBy
from aftersales.core.errors import DomainError

LONGEST = 2000
TOO_EARLY = _("It cannot be accepted before it was proposed. Correct the time.")


@dataclass(frozen=True)
class Consent:
    """``heard_by``: how it was said; ``words``: as they were said; ``said_at``: when, not when it was written down."""

    heard_by: str
    words: str
    said_at: datetime


def own(words: str, now: datetime) -> Consent:
    """What a customer accepts on his own page: the text that stood there."""
    return Consent(HeardBy.OWN_PAGE, words, now)


def checked(
    consent: Consent, *, actor: Any, since: datetime, now: datetime, early: Any = TOO_EARLY
) -> Consent:
    """The same with clean words. ``since``: when what is accepted was put on the table; ``early``: what is said when it
    was accepted before.

    Nobody but the customer's own account, or a merchant's people, says that it was on one's own page.

    Errors: heard_by, consent (no words), words (too long), said_at (in the future, or before it was offered).
    """
    himself = actor.has_role(Role.CUSTOMER, *MERCHANT_ROLES)
    if consent.heard_by not in HeardBy.values or himself != (consent.heard_by == HeardBy.OWN_PAGE):
        raise DomainError(_("Say how it was said: by phone, in a chat, in writing …"), "heard_by")
    words = consent.words.replace("\x00", "").strip()
    if not words:
        raise DomainError(_("Write down in which words it was said."), "consent")
    if len(words) > LONGEST:
        raise DomainError(_("At most 2,000 characters, please."), "words")
    if consent.said_at > now:
        raise DomainError(_("It was said in the future? Correct the time."), "said_at")
    if consent.said_at < since.replace(second=0, microsecond=0):
        raise DomainError(early, "said_at")
    return Consent(consent.heard_by, words, consent.said_at)
