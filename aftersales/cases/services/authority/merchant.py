"""What the merchant is asked because of a letter: his own time inside its deadline. He never learns who reported."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from aftersales.cases.authority import rules
from aftersales.cases.models import AuthorityAsk, AuthorityCase
from aftersales.cases.services.authority.handling import ask_end
from aftersales.cases.services.authority.locking import held, tell_ticket
from aftersales.clocks.services import deadline_meet, deadline_set
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.standards.selectors import calendar, duration, parameter
from aftersales.standards.states import Promise
from aftersales.standards.worktime import ALWAYS, subtract

LONGEST = {"question": 2000, "answer": 4000}


def merchant_due(letter: AuthorityCase, now: datetime) -> datetime:
    """So many hours before the letter's deadline, working hours where the book names a calendar; never less than the
    shortest time a merchant gets."""
    named = parameter("authority_merchant_calendar", now)
    hours = calendar(named[0]) if named else ALWAYS
    before = subtract(hours, letter.due_at, duration("authority_merchant_before_hours", now))
    least: datetime = now + duration("authority_merchant_least_hours", now)
    return max(before, least)


def merchant_ask(
    *, letter: AuthorityCase, question: str, actor: Any, now: datetime, until: datetime | None = None,
    version: int | None = None,
) -> AuthorityAsk:  # fmt: skip
    """Ask the merchant; an earlier question that is still open ends with it.

    Errors: no_merchant, empty, too_long, names_reporter, until (not in the future, or after the letter's deadline).
    """
    words = _said(question, "question", _("Write what the merchant is to answer."))
    with transaction.atomic():
        ticket, current = held(letter, actor, "cases.handle_letter", version=version)
        if current.merchant_id is None or ticket.merchant_id is None:
            raise DomainError(_("This letter concerns no merchant."), "no_merchant")
        if rules.names_reporter(words, current.reporter_name, current.reporter_contact):
            raise DomainError(
                _("The question names the reporter: the merchant must not learn who it is."), "names_reporter"
            )
        if until is not None and (until <= now or until > max(current.due_at, now)):
            raise DomainError(
                _("The merchant's time ends in the future, and before the letter's deadline."), "until"
            )
        due = until or merchant_due(current, now)
        asked: AuthorityCase = moves.perform(current, "ask", actor=actor, now=now, until=due)
        ask_end(ticket, asked, actor, now)
        clock = deadline_set(
            subject=ticket, promise=Promise.AUTHORITY_ANSWER, due_at=due, holder_id=ticket.assignee_id, actor=actor,
            now=now,
        )  # fmt: skip
        row = AuthorityAsk(
            letter=asked, question=words, asked_at=now, asked_by=actor, due_at=due, clock=clock
        )
        row.save()
        tell_ticket(ticket, "ticket.letter_asked", asked, actor=actor, now=now)
    return row


def merchant_answer(
    *, letter: AuthorityCase, words: str, actor: Any, now: datetime, version: int | None = None
) -> AuthorityAsk:
    """What the merchant answered, taken down for him. It helps until the reply is sent. Errors: empty, not_asked."""
    said = _said(words, "answer", _("Write what the merchant answered."))
    with transaction.atomic():
        ticket, current = held(letter, actor, "cases.answer_letter", version=version)
        row: AuthorityAsk | None = (
            AuthorityAsk.objects.select_for_update().filter(letter=current, ended_at=None).first()
        )
        if row is None:
            raise DomainError(_("The merchant is not asked anything now."), "not_asked")
        late = now > row.due_at
        if current.state == "asked":
            current = moves.perform(current, "answer", actor=actor, now=now, acting_as="merchant", late=late)
        else:
            current = moves.change(
                current, actor=actor, now=now, event="authority.merchant_answered", acting_as="merchant",
                payload=current.told(late=late),
            )  # fmt: skip
        deadline_meet(clock=row.clock, subject=ticket, actor=actor, now=now)
        row.answer, row.answered_at, row.answered_by, row.ended_at = said, now, actor, now
        row.save()
        tell_ticket(ticket, "ticket.letter_answered", current, actor=actor, now=now)
    return row


def _said(words: str, name: str, sentence: Any) -> str:
    cleaned = words.replace("\x00", "").strip()
    if not cleaned:
        raise DomainError(sentence, "empty")
    if len(cleaned) > LONGEST[name]:
        raise DomainError(_("At most %(n)d characters, please.") % {"n": LONGEST[name]}, "too_long")
    return cleaned
