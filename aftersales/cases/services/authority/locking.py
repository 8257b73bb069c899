"""A letter with its ticket, locked in this order, and what the ticket is told of it."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.cases.models import AuthorityCase
from aftersales.cases.services.locking import require, standing_on
from aftersales.clocks.selectors import open_clocks_of
from aftersales.clocks.services import tell as tell_clocks
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import duration
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.locking import locked_ticket

KIND = "tickets.ticket"
NEXT = ("next_due_at", "next_promise", "next_started_at", "next_warn_at")
QUIET = ("case_count", "cases_open", *NEXT)


def held(
    letter: AuthorityCase, actor: Any, capability: str, *, version: int | None = None
) -> tuple[Ticket, AuthorityCase]:
    """Errors: not_permitted, gone, sealed, Busy, Conflict (``version``: the one the person looked at)."""
    require(actor, capability)
    if not AuthorityCase.objects.visible_to(actor).filter(pk=letter.pk).exists():
        raise DomainError(_("This no longer exists."), "gone")
    ticket = locked_ticket(Ticket(pk=letter.ticket_id))
    current: AuthorityCase = moves.locked(letter, version=version)
    return ticket, current


def tell_ticket(
    ticket: Ticket, event: str, letter: AuthorityCase, *, actor: Any, now: datetime, **more: Any
) -> Ticket:
    """The ticket's own timeline, how much hangs on it, and the nearest of its clocks on its row."""
    tell_clocks(ticket, open_clocks_of(KIND, [ticket.pk]).get(ticket.pk, []))
    total, still_open = standing_on(ticket)
    columns = {name: getattr(ticket, name) for name in NEXT}
    changed: Ticket = moves.change(
        ticket, actor=actor, now=now, event=event, quiet=QUIET, case_count=total, cases_open=still_open,
        payload={"letter_id": letter.pk, "number": letter.number, "source": letter.source, **more}, **columns,
    )  # fmt: skip
    return changed


def refuse_far(moment: datetime, now: datetime) -> None:
    """A moment that no letter names is a typing error, and would never be seen again. Errors: too_far."""
    longest = duration("authority_longest_days", now)
    if abs(moment - now) > longest:
        raise DomainError(
            _("The times of a letter lie at most %(days)d days from today; check the date.")
            % {"days": longest.days},
            "too_far",
        )


def why(reason: str, sentence: Any) -> str:
    """Words that somebody must write. Errors: reason."""
    cleaned = " ".join(reason.replace("\x00", "").split())
    if not cleaned:
        raise DomainError(sentence, "reason")
    return cleaned[:300]
