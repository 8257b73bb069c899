"""The addresses of the customer's own pages: of his cases, and of naming an account; in messages, and for staff."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CasePayment
from aftersales.cases.services.locking import refuse_foreign, require
from aftersales.cases.states import CaseKind, CaseState, DecidedBy, PaymentState
from aftersales.core import events
from aftersales.core.errors import DomainError
from aftersales.customers.models import Customer
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import customer_link_replace, customer_link_standing

CASE, PAYEE = "case", "payee"
OURS_ALONE = Q(
    ~Q(decided_how=DecidedBy.RULING), kind=CaseKind.COMPENSATION, offered=0,
    state__in=[CaseState.REQUESTED, CaseState.WITHDRAWN, CaseState.REJECTED],
)  # fmt: skip
"""Compensations that we think about, or thought better of: never promised, never offered. His page has none of them."""
ABOUT = "tickets.ticket"


def case_link(subject_kind: str, subject_id: int, now: datetime) -> str | None:
    """The signed address of the cases of a ticket, said when the message goes out; always the same while it lives.

    The text adds which case it speaks of.
    """
    known = Ticket.objects.select_related("customer")
    ticket = known.filter(pk=subject_id).first() if subject_kind == ABOUT else None
    if ticket is None or ticket.customer is None or ticket.customer.erased_at:
        return None
    token = customer_link_standing(ticket=ticket, purpose=CASE, actor=system_user(now), now=now)
    return settings.SITE_URL + reverse("selfservice:case", args=[token])


def account_link(subject_kind: str, subject_id: int, now: datetime) -> str | None:
    """The signed address where whoever is paid names an account; None when none is needed any more.

    Of a gift he is not the customer, so it shows the payment alone. Where two people are asked on one ticket, each
    tells a person: an address must not lead one of them to the other's money.
    """
    rows = CasePayment.objects.filter(case__ticket=subject_id, state=PaymentState.PAYEE_NEEDED)
    payees = list(rows.values_list("payee", flat=True).order_by().distinct()[:2])
    ticket = Ticket.objects.filter(pk=subject_id).first() if subject_kind == ABOUT and payees else None
    if ticket is None:
        return None
    if len(payees) > 1 or payees[0] is None:
        return settings.SERVICE_CONTACT or "–"
    token = customer_link_standing(
        ticket=ticket, purpose=f"{PAYEE}:{payees[0]}", actor=system_user(now), now=now
    )
    return settings.SITE_URL + reverse("selfservice:account", args=[token])


def case_link_show(*, case: Case, actor: Any, now: datetime) -> str:
    """The address for a person who reads it out to the customer. Whoever has it can act as the customer: it is recorded
    who looked. Errors: not_permitted, gone, no_customer, erased, not_shown."""
    return _for_staff(case, "case.link_shown", customer_link_standing, actor, now)


def case_link_replace(*, case: Case, actor: Any, now: datetime) -> str:
    """Somebody else got hold of the address: it ends, and another stands. Errors as ``case_link_show``."""
    return _for_staff(case, "case.link_replaced", customer_link_replace, actor, now)


def _for_staff(case: Case, event: str, issue: Any, actor: Any, now: datetime) -> str:
    require(actor, "cases.show_link")
    refuse_foreign(case.ticket, actor)
    if not case.customer_id:
        raise DomainError(_("This case has no customer; nobody has a page of it."), "no_customer")
    if Customer.objects.filter(pk__in=[case.customer_id, case.ticket.customer_id]).exclude(erased_at=None):
        raise DomainError(_("This customer's data was erased; nobody has a page of it."), "erased")
    if Case.objects.filter(OURS_ALONE, pk=case.pk).exists():
        raise DomainError(
            _("The customer does not see this compensation yet: offer or approve it first."), "not_shown"
        )
    with transaction.atomic():
        events.record(event, subject=case, actor=actor, now=now, payload=case.told())
        token = issue(ticket=case.ticket, purpose=CASE, actor=system_user(now), now=now)
    return f"{settings.SITE_URL}{reverse('selfservice:case', args=[token])}?case={case.number}"
