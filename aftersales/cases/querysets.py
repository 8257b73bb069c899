"""Which cases a person may see: those of the tickets he sees, and by duty whole boards."""

from datetime import datetime
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, Subquery

from accounts.states import MERCHANT_ROLES
from aftersales.cases.disputestates import OPEN_DISPUTES, TIMED, UNRULED
from aftersales.cases.states import (
    HIS_TURN,
    OPEN_CASES,
    OPEN_PAYMENTS,
    UNDECIDED,
    CaseKind,
    CaseState,
    PaymentState,
    RunState,
)
from aftersales.core.querysets import ScopedQuerySet
from aftersales.merchants.models import Merchant
from aftersales.tickets.models import Ticket


class CaseQuerySet(ScopedQuerySet):
    view_capability = "cases.view_case"

    def visible_to(self, user: Any) -> Self:
        """Whoever sees the ticket sees its cases; receivers, finance and adjudicators see all (their own duty)."""
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_role(*MERCHANT_ROLES):
            return self.of_merchants(Merchant.objects.of_member(user).values("pk"))
        if user.has_perm("tickets.view_all") or user.has_perm("cases.view_all"):
            return self
        return self.filter(ticket__in=Ticket.objects.visible_to(user))

    def of_merchants(self, merchants: Any) -> Self:
        """What these merchants' people read: never what the platform alone thinks of giving."""
        return self.filter(merchant__in=merchants).exclude(kind=CaseKind.COMPENSATION)

    def open(self) -> Self:
        return self.filter(state__in=OPEN_CASES)

    def holding(self) -> Self:
        """Cases that keep their ticket from its end: open ones, and done ones whose money came back."""
        return self.filter(self.holds())

    @staticmethod
    def holds() -> Q:
        from aftersales.cases.models import CasePayment

        return Q(state__in=OPEN_CASES) | Q(Exists(CasePayment.objects.open().filter(case=OuterRef("pk"))))

    def undecided(self) -> Self:
        return self.filter(state__in=UNDECIDED)

    def merchants_turn(self) -> Self:
        """Asked or countered, and the merchant (or who acts for him) has not answered."""
        return self.filter(state__in=[CaseState.REQUESTED, CaseState.COUNTERED])

    def unreached(self) -> Self:
        """The merchant's turn, but the question reached nobody since it was last asked: no promise of his runs."""
        from aftersales.core.models import Event

        about = Event.objects.filter(subject_kind="cases.case", subject_id=OuterRef("pk"))
        last = about.filter(kind__in=["case.merchant_unreached", "case.merchant_told", "case.merchant_wrote"])
        return (
            self.filter(state__in=HIS_TURN, merchant__isnull=False)
            .filter(Exists(about.filter(kind="case.merchant_unreached")))
            .annotate(reached=Subquery(last.order_by("-id").values("kind")[:1]))
            .filter(reached="case.merchant_unreached")
        )

    def customers_turn(self) -> Self:
        return self.filter(state=CaseState.OFFERED)


class _Through(ScopedQuerySet):
    """Rows that belong to a case are seen by whoever sees the case."""

    view_capability = "cases.view_case"
    path = "case"

    def visible_to(self, user: Any) -> Self:
        from aftersales.cases.models import Case

        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.view_all") or user.has_perm("cases.view_all"):
            return self
        return self.filter(**{f"{self.path}__in": Case.objects.visible_to(user)})


class ThroughCaseQuerySet(_Through):
    pass


class ParcelQuerySet(_Through):
    def open(self) -> Self:
        from aftersales.cases.states import DONE_PARCELS, ParcelState

        return self.exclude(state__in=DONE_PARCELS).exclude(
            Q(state=ParcelState.LOST, settled_at__isnull=False)
        )


class ThroughParcelQuerySet(_Through):
    path = "parcel__case"


class UnknownQuerySet(ScopedQuerySet):
    """Parcels nobody knows are seen by those of the house who receive."""

    view_capability = "cases.receive"

    def visible_to(self, user: Any) -> Self:
        return super().visible_to(user) if getattr(user, "is_staff", False) else self.none()

    def on_shelf(self) -> Self:
        return self.filter(ended_at=None)


class PaymentQuerySet(_Through):
    def open(self) -> Self:
        return self.filter(state__in=OPEN_PAYMENTS)

    @staticmethod
    def goes_out() -> Q:
        """Approved ones of a run that a second person released: nobody calls them back any more."""
        return Q(state=PaymentState.APPROVED, run__state=RunState.APPROVED)


class AnswerQuerySet(_Through):
    path = "payment__case"


class RunQuerySet(ScopedQuerySet):
    """Runs are finance's own list."""

    view_capability = "cases.view_paymentrun"


class MoneyGatewayQuerySet(ScopedQuerySet):
    view_capability = "cases.view_moneygateway"


class StatementQuerySet(ScopedQuerySet):
    view_capability = "cases.view_reconciliation"


class DifferenceQuerySet(ScopedQuerySet):
    view_capability = "cases.view_reconciliation"


class PayeeQuerySet(ScopedQuerySet):
    """Other accounts are seen by whoever pays; everybody else sees them masked, through their payment."""

    view_capability = "cases.pay"


class ThroughPaymentQuerySet(_Through):
    path = "payment__case"


class DisputeQuerySet(_Through):
    view_capability = "cases.view_dispute"

    def open(self) -> Self:
        """Those that are not over: of a case there is one at a time, ruled or not."""
        return self.filter(state__in=OPEN_DISPUTES)

    def unruled(self) -> Self:
        """What every page counts as an open dispute: it waits for the platform's word."""
        return self.filter(state__in=UNRULED)

    def turn_over(self, now: datetime) -> Self:
        """Whoever had to act did not, or what was waited for did not come: these go on by themselves."""
        return self.filter(state__in=TIMED, turn_until__lt=now)


class ThroughDisputeQuerySet(_Through):
    view_capability = "cases.view_dispute"
    path = "dispute__case"


class AccountQuerySet(ScopedQuerySet):
    """Accounts hold no word of anybody: they are shown through their cases only."""


class RequestQuerySet(ScopedQuerySet):
    """Small requests are seen by whoever sees their ticket."""

    view_capability = "cases.view_case"

    def visible_to(self, user: Any) -> Self:
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.view_all") or user.has_perm("cases.view_all"):
            return self
        return self.filter(ticket__in=Ticket.objects.visible_to(user))

    def open(self) -> Self:
        from aftersales.cases.request_states import OPEN_REQUESTS

        return self.filter(state__in=OPEN_REQUESTS)
