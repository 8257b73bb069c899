"""Small requests (R4.0) and the invoices that came of them."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import transition

from aftersales.cases.models.accounts import amount
from aftersales.cases.models.case import Case
from aftersales.cases.querysets import RequestQuerySet
from aftersales.cases.request_machine import REQUEST_MACHINE
from aftersales.cases.request_states import HOLDS_LINE, OPEN_REQUESTS, UNMET, RequestKind, RequestState
from aftersales.cases.states import Side
from aftersales.core.models import Audience, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.states import InvoiceKind
from aftersales.tickets.models import Ticket

move = REQUEST_MACHINE.transition


class Invoice(PublicIdModel):
    """An invoice that was made out, or a red letter that takes one back. The law keeps both (ten years)."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices", verbose_name=_("order"))
    number = models.CharField(_("invoice number"), max_length=40)
    kind = models.CharField(_("invoice kind"), max_length=12, choices=InvoiceKind.choices)
    title = models.CharField(_("invoice title"), max_length=120)
    tax_no = models.CharField(_("tax number"), max_length=20, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = amount(_("amount"))
    issued_at = models.DateTimeField(_("issued at"))
    reverses = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="red_letters", verbose_name=_("takes back")
    )

    objects = models.Manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="invoice_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="invoice_of_something"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def left(self) -> Decimal:
        """What of it no red letter has taken back."""
        if self.pk is None:
            return self.amount
        return self.amount - sum((one.amount for one in self.red_letters.all()), Decimal(0))


class ServiceRequest(StateModel, PublicIdModel, VersionedModel):
    """One small thing asked for on a ticket. What a kind asks, who owes it, until when and what follows stands in
    ``services.request_kinds``.

    ``details`` is what the customer told, ``result`` what whoever owed it answered: only the fields that the kind
    declares, and both erasable. ``case`` is what it led to. Its history are its event rows.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="requests", verbose_name=_("ticket"))
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="requests", verbose_name=_("order")
    )
    line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, related_name="requests", verbose_name=_("order line"), db_index=False
    )  # fmt: skip
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, null=True, related_name="requests", verbose_name=_("merchant"),
        db_index=False,
    )  # fmt: skip
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="requests", verbose_name=_("customer"),
    )  # fmt: skip
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.CUSTOMER)
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, related_name="requests", verbose_name=_("invoice"), db_index=False
    )
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="requests", verbose_name=_("case"))
    state = StateField(_("state"), choices=RequestState, default=RequestState.ASKED, max_length=10)
    kind = models.CharField(_("kind"), max_length=12, choices=RequestKind)
    party = models.CharField(_("owed by"), max_length=10, choices=Side)
    holds_ticket = models.BooleanField(_("holds its ticket open"), default=True)
    details = models.JSONField(_("details"), default=dict)
    result = models.JSONField(_("result"), default=dict)
    words = models.CharField(_("what the customer says"), max_length=2000, blank=True)
    answer = models.CharField(_("answer"), max_length=2000, blank=True)
    rule = models.CharField(_("rule"), max_length=80, blank=True)
    asked_at = models.DateTimeField(_("asked at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
        db_index=False,
    )
    opened_at = models.DateTimeField(_("opened at"))
    passed_at = models.DateTimeField(_("passed on at"), null=True)
    due_at = models.DateTimeField(_("due"))
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("ended by"),
        db_index=False,
    )  # fmt: skip
    ended_at = models.DateTimeField(_("ended at"), null=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)

    for_machines = frozenset({"source", "source_ref"})
    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        triggers = REQUEST_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="request_source"
            ),
            models.UniqueConstraint(
                fields=["line"], condition=Q(kind=RequestKind.PRICE, state__in=HOLDS_LINE), name="request_price_once"
            ),
            models.CheckConstraint(
                condition=~Q(kind=RequestKind.PRICE) | Q(line__isnull=False), name="request_price_of_a_line"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(words="", answer=""), name="request_erased_is_empty"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_REQUESTS, ended_at=None)
                | (~Q(state__in=OPEN_REQUESTS) & Q(ended_at__isnull=False)),
                name="request_ends_once",
            ),
            models.CheckConstraint(condition=Q(due_at__gte=F("asked_at")), name="request_due_ahead"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["due_at", "id"], name="request_open_due", condition=Q(state__in=OPEN_REQUESTS)),
            models.Index(
                fields=["merchant", "due_at"], name="request_invoice_due",
                condition=Q(party=Side.MERCHANT, kind__in=[RequestKind.INVOICE, RequestKind.RED_LETTER]),
            ),
            models.Index(fields=["party", "due_at", "id"], name="request_party", condition=Q(state__in=OPEN_REQUESTS)),
            models.Index(fields=["id"], name="request_unmet", condition=Q(state__in=UNMET, case=None)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REQUESTS

    @property
    def is_unmet(self) -> bool:
        return self.state in UNMET

    def is_late(self, now: datetime) -> bool:
        return self.due_at < (self.ended_at or now)

    def told(self, **more: Any) -> dict[str, Any]:
        return {"request_id": self.pk, "kind": self.kind, "party": self.party, **more}

    @transition(**move("pass_on"))
    def pass_on(
        self, *, actor: Any, now: datetime, due_at: datetime, details: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        if details is not None:
            self.details = details
        self.passed_at, self.due_at = now, due_at
        return self.told(due_at=due_at.isoformat())

    @transition(**move("finish"))
    def finish(
        self,
        *,
        actor: Any,
        now: datetime,
        result: dict[str, Any] | None = None,
        answer: str = "",
        case: Case | None = None,
        invoice: Invoice | None = None,
    ) -> dict[str, Any]:
        self.result, self.answer = result or {}, answer
        if invoice is not None:
            self.invoice_id = invoice.pk
        if case is not None:
            self.case_id = case.pk
        return self._end(actor, now, **({"case_id": case.pk} if case is not None else {}))

    @transition(**move("refuse"))
    def refuse(self, *, actor: Any, now: datetime, answer: str = "") -> dict[str, Any]:
        self.answer = answer
        return self._end(actor, now)

    @transition(**move("lapse"))
    def lapse(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(actor, now)

    @transition(**move("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._end(actor, now)

    @transition(**move("ask_again"))
    def ask_again(self, *, actor: Any, now: datetime, due_at: datetime) -> dict[str, Any]:
        self.ended_by_id, self.ended_at = None, None
        self.passed_at, self.due_at = now, due_at
        return self.told(due_at=due_at.isoformat())

    def _end(self, actor: Any, now: datetime, **more: Any) -> dict[str, Any]:
        self.ended_by_id, self.ended_at = actor.pk, now
        return self.told(**more)
