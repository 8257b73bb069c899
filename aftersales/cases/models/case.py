"""A case: what the customer asks for, and what was decided. Goods and money have their own rows."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.cases.machine import CASE_MACHINE
from aftersales.cases.models import bounds
from aftersales.cases.models.accounts import amount
from aftersales.cases.querysets import CaseQuerySet, ThroughCaseQuerySet
from aftersales.cases.refunding import Quote
from aftersales.cases.states import (
    MONEY_BACK,
    OPEN_CASES,
    UNDECIDED,
    CaseKind,
    CaseState,
    CompensationKind,
    DecidedBy,
    Ground,
    HeardBy,
    NoteKind,
    ReviewCause,
    Side,
)
from aftersales.core.models import Audience, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.core.wording import minute
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket

move = CASE_MACHINE.transition
Terms = Mapping[str, Any] | None
DECIDABLE = frozenset({"kind", "ground", "goods_back", "instant", "return_freight", "fault"})


def _back_to(state: str) -> Any:
    """The body of *dispute withdrawn*: the case stands again as it stood before."""

    @transition(**move(f"drop_dispute_{state}"))
    def drop_dispute(self: Any, *, actor: Any, now: datetime) -> dict[str, Any]:
        told: dict[str, Any] = self.told()
        return told

    return drop_dispute


class Case(StateModel, PublicIdModel, VersionedModel):
    """One thing asked for on a ticket, about one order. ``first_kind`` and ``first_ground`` never change.

    ``asked`` is what the customer wants, ``offered`` what lies on the table, ``agreed`` what was decided and reserved
    on the order's accounts (``agreed_extra``: return freight and compensation, which no payment of the order bounds),
    ``paying`` what payments of this case take of it (CHECK: never more than agreed).
    ``promised`` is what was agreed before the goods were seen; what the inspection accepts of it becomes ``agreed``,
    and ``settled_at`` says since when no parcel can change it any more. ``back_freight`` is what was agreed for sending
    the goods back; it is part of ``agreed_extra`` unless they were never sent.
    ``verdict`` keeps the answer of the return rules as it was when the case was opened.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="cases", verbose_name=_("ticket"))
    order = models.ForeignKey(
        "orders.Order", models.PROTECT, null=True, related_name="cases", verbose_name=_("order")
    )
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, null=True, related_name="cases", verbose_name=_("merchant"),
        db_index=False,
    )  # fmt: skip
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="cases", verbose_name=_("customer"),
        db_index=False,
    )  # fmt: skip
    market = models.ForeignKey(
        "standards.Market",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("market"),
        db_index=False,
    )
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.CUSTOMER)
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="followed_by", verbose_name=_("turned from")
    )

    state = StateField(_("state"), choices=CaseState, default=CaseState.REQUESTED, max_length=10)
    kind = models.CharField(_("kind"), max_length=14, choices=CaseKind)
    first_kind = models.CharField(_("first asked for"), max_length=14, choices=CaseKind)
    ground = models.CharField(_("ground"), max_length=20, choices=Ground)
    first_ground = models.CharField(_("first ground"), max_length=20, choices=Ground)
    compensation = models.CharField(
        _("compensation for"), max_length=10, choices=CompensationKind, blank=True
    )
    goods_back = models.BooleanField(_("goods come back"), default=False)
    instant = models.BooleanField(_("paid before the goods are back"), default=False)
    return_freight = models.CharField(
        _("return freight borne by"), max_length=10, choices=Side, default=Side.CUSTOMER
    )
    fault = models.CharField(_("whose fault"), max_length=10, choices=Side, blank=True)

    currency = models.CharField(_("currency"), max_length=3)
    asked = amount(_("asked"))
    offered = amount(_("offered"))
    agreed = amount(_("agreed"))
    agreed_freight = amount(_("of it outbound freight"))
    agreed_extra = amount(_("of it beyond what was paid"))
    back_freight = amount(_("agreed for sending the goods back"))
    paying = amount(_("in payments"))
    promised = amount(_("agreed before the goods were seen"))
    promised_freight = amount(_("of it outbound freight"))
    settled_at = models.DateTimeField(_("goods settled at"), null=True)
    review = models.CharField(_("to be looked at"), max_length=12, choices=ReviewCause, blank=True)

    paid_first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False,
        verbose_name=_("decided that the platform pays first"),
    )  # fmt: skip
    verdict = models.JSONField(_("what the return rules say"), default=dict)
    asked_by = models.CharField(_("asked by"), max_length=10, choices=Side, default=Side.CUSTOMER)
    asked_at = models.DateTimeField(_("asked at"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
        db_index=False,
    )
    opened_at = models.DateTimeField(_("opened at"))
    decided_how = models.CharField(
        pgettext_lazy("case", "decided by"), max_length=10, choices=DecidedBy, blank=True
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("deciding person"),
        db_index=False,
    )  # fmt: skip
    decided_at = models.DateTimeField(_("decided at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    next_due_at = models.DateTimeField(_("next due"), null=True)
    next_promise = models.CharField(_("next promise"), max_length=40, blank=True)
    source = models.CharField(_("source"), max_length=40, blank=True)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)

    for_machines = frozenset({"source", "source_ref"})
    history = HistoricalRecords(excluded_fields=["verdict"])
    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        triggers = [*CASE_MACHINE.triggers(), *bounds.case_triggers()]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="case_source"
            ),
            models.CheckConstraint(
                condition=Q(asked__gte=0, offered__gte=0, agreed__gte=0, agreed_freight__gte=0, agreed_extra__gte=0)
                & Q(agreed__gte=F("agreed_freight") + F("agreed_extra")) & Q(paying__gte=0, paying__lte=F("agreed")),
                name="case_pays_what_was_agreed",
            ),
            models.CheckConstraint(
                condition=(Q(kind=CaseKind.COMPENSATION) & ~Q(compensation=""))
                | (~Q(kind=CaseKind.COMPENSATION) & Q(compensation="")),
                name="case_compensation_named",
            ),
            models.CheckConstraint(
                condition=~Q(state=CaseState.APPROVED) | (~Q(decided_how="") & Q(decided_at__isnull=False)),
                name="case_decided_by_somebody",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["state", "next_due_at", "id"], name="case_state_due", condition=Q(state__in=OPEN_CASES)
            ),
            models.Index(fields=["merchant", "state", "-id"], name="case_merchant"),
            models.Index(fields=["customer", "-id"], name="case_customer"),
            models.Index(fields=["-opened_at", "-id"], name="case_opened"),
            models.Index(fields=["id"], name="case_to_review", condition=~Q(review="")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_CASES

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def left(self) -> Decimal:
        """What was agreed and stands in no payment yet."""
        return self.agreed - self.paying

    def take_clocks(
        self,
        *,
        next_due_at: datetime | None,
        next_promise: str = "",
        warn_at: datetime | None = None,
        started_at: datetime | None = None,
    ) -> None:
        """The clocks room tells the nearest running clock; the door writes it with the rest of the row."""
        self.next_due_at, self.next_promise = next_due_at, next_promise

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: codes, ids and amounts."""
        return {"case_id": self.pk, "kind": self.kind, "ground": self.ground, **more}

    # Bodies of the moves: they set columns of this row and return the event's payload.

    @transition(**move("offer"))
    def offer(self, *, actor: Any, now: datetime, amount: Decimal, by: str = Side.MERCHANT) -> dict[str, Any]:
        self.offered = amount
        return self.told(amount=str(amount), by=by)

    @transition(**move("counter"))
    def counter(self, *, actor: Any, now: datetime, amount: Decimal) -> dict[str, Any]:
        self.offered = amount
        return self.told(amount=str(amount))

    @transition(**move("accept_offer"))
    def accept_offer(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = DecidedBy.AGREEMENT, terms: Terms = None
    ) -> dict[str, Any]:
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("accept_counter"))
    def accept_counter(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = DecidedBy.AGREEMENT, terms: Terms = None
    ) -> dict[str, Any]:
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("approve"))
    def approve(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = DecidedBy.STAFF, terms: Terms = None
    ) -> dict[str, Any]:
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("reject"))
    def reject(self, *, actor: Any, now: datetime, how: str = DecidedBy.STAFF) -> dict[str, Any]:
        return self._decide(actor, now, how, None, None)

    @transition(**move("amend"))
    def amend(
        self, *, actor: Any, now: datetime, by: str = Side.CUSTOMER, terms: Terms = None
    ) -> dict[str, Any]:
        self.decided_how, self.decided_by_id, self.decided_at = "", None, None
        self.offered = Decimal(0)
        self._take(terms)
        return self.told(by=by)

    @transition(**move("dispute"))
    def dispute(self, *, actor: Any, now: datetime, by: str = Side.CUSTOMER) -> dict[str, Any]:
        return self.told(by=by)

    @transition(**move("rule"))
    def rule(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = DecidedBy.RULING, terms: Terms = None
    ) -> dict[str, Any]:
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("rule_against"))
    def rule_against(self, *, actor: Any, now: datetime, how: str = DecidedBy.RULING) -> dict[str, Any]:
        return self._decide(actor, now, how, None, None)

    @transition(**move("drop_dispute"))
    def drop_dispute(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    drop_dispute_offered = _back_to(CaseState.OFFERED)
    drop_dispute_countered = _back_to(CaseState.COUNTERED)
    drop_dispute_approved = _back_to(CaseState.APPROVED)
    drop_dispute_rejected = _back_to(CaseState.REJECTED)

    @transition(**move("settle_dispute"))
    def settle_dispute(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = DecidedBy.AGREEMENT, terms: Terms = None
    ) -> dict[str, Any]:
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("withdraw"))
    def withdraw(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.closed_at = now
        self.agreed = self.agreed_freight = self.agreed_extra = self.back_freight = Decimal(0)
        return self.told()

    @transition(**move("turn"))
    def turn(
        self, *, actor: Any, now: datetime, grant: Quote, how: str = "", terms: Terms = None
    ) -> dict[str, Any]:
        """Approved as another kind: the same case goes on, its first kind and reason stay."""
        return self._decide(actor, now, how, grant, terms)

    @transition(**move("close"))
    def close(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.closed_at = now
        return self.told(agreed=str(self.agreed))

    def _decide(
        self, actor: Any, now: datetime, how: str, grant: Quote | Mapping[int, Quote] | None, terms: Terms
    ) -> dict[str, Any]:
        """``grant``: what the accounts reserved for this case (for many: by case); None refuses, reserves nothing."""
        grant = grant[self.pk] if isinstance(grant, Mapping) else grant
        self.decided_how, self.decided_by_id, self.decided_at = how, actor.pk, now
        self._take(terms)
        self.agreed = grant.total if grant else Decimal(0)
        self.agreed_freight = grant.freight if grant else Decimal(0)
        self.agreed_extra = grant.extra if grant else Decimal(0)
        self.back_freight = grant.back if grant else Decimal(0)
        self.promised, self.promised_freight = self.agreed - self.agreed_extra, self.agreed_freight
        self.settled_at = None
        if grant is None:
            return self.told(how=how)
        due = "now" if self.kind in MONEY_BACK and not self.goods_back and self.agreed else "later"
        return self.told(how=how, amount=str(self.agreed), goods_back=self.goods_back, due=due)

    def _take(self, terms: Terms) -> None:
        """Who brings the goods, who bears the freight, what is asked for: what a decision may change of a case."""
        for name, value in (terms or {}).items():
            if name not in DECIDABLE:
                raise ValueError(f"a decision does not change {name}")
            setattr(self, name, value)


class CaseLine(VersionedModel):
    """Pieces of one order line in a case. *Accepted*, *damaged*, *missing* and *wrong* are of the received ones."""

    case = models.ForeignKey(
        Case, models.PROTECT, related_name="lines", verbose_name=_("case"), db_index=False
    )
    line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="case_lines", verbose_name=_("order line")
    )
    announced = models.PositiveIntegerField(_("announced"))
    approved = models.PositiveIntegerField(_("approved"), default=0)
    shipped = models.PositiveIntegerField(_("shipped"), default=0)
    received = models.PositiveIntegerField(_("received"), default=0)
    accepted = models.PositiveIntegerField(_("accepted"), default=0)
    damaged = models.PositiveIntegerField(_("damaged"), default=0)
    missing = models.PositiveIntegerField(_("missing"), default=0)
    wrong = models.PositiveIntegerField(_("wrong item"), default=0)
    value = amount(_("paid for these pieces"))
    agreed = amount(_("agreed refund"))
    promised = amount(_("agreed before the goods were seen"))

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case line")
        verbose_name_plural = _("case lines")
        triggers = bounds.line_triggers()
        constraints = [
            models.UniqueConstraint(fields=["case", "line"], name="case_line_once"),
            models.CheckConstraint(
                condition=Q(announced__gte=1) & Q(approved__lte=F("announced")) & Q(shipped__lte=F("approved"))
                & Q(received__lte=F("approved")),
                name="case_line_in_order",
            ),
            models.CheckConstraint(
                condition=Q(received__gte=F("accepted") + F("damaged") + F("missing") + F("wrong")),
                name="case_line_judged_of_received",
            ),
            models.CheckConstraint(
                condition=Q(agreed__gte=0, value__gte=0) & Q(agreed__lte=F("value")),
                name="case_line_agreed_within_value",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.line_id} × {self.announced}"


class CaseNote(models.Model):
    """What one side said about a case. Words are erasable; the act they belong to stays in the events."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="notes", verbose_name=_("case"))
    kind = models.CharField(_("about"), max_length=8, choices=NoteKind)
    side = models.CharField(_("side"), max_length=10, choices=Side)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("written by"),
        db_index=False,
    )
    at = models.DateTimeField(_("written at"))
    text = models.CharField(_("text"), max_length=2000, blank=True)
    heard_by = models.CharField(_("heard by"), max_length=10, choices=HeardBy, blank=True)
    said_at = models.DateTimeField(_("said at"), null=True)
    erased_at = models.DateTimeField(_("erased at"), null=True)

    objects = ThroughCaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case note")
        verbose_name_plural = _("case notes")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(erased_at=None) | Q(text=""), name="case_note_erased_is_empty")
        ]

    def __str__(self) -> str:
        return f"{minute(self.at)}"
