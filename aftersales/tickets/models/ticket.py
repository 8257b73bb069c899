"""The ticket: a narrow row that moves. Long texts stand in tables of their own."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Collate, Reverse
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.core.models import Audience, PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.standards.states import Promise
from aftersales.tickets import rules
from aftersales.tickets.machine import CLOSED_HOW, MACHINE
from aftersales.tickets.querysets import TicketQuerySet
from aftersales.tickets.states import (
    ACTIVE_STATES,
    NO_DUE,
    OPEN_STATES,
    AskInPerson,
    Channel,
    ClosedHow,
    Kind,
    Nature,
    Result,
    Severity,
    TicketState,
    WaitFor,
)

move = MACHINE.transition


def _back_to(state: str) -> Any:
    """The body of *take out again*: everything else of the row stayed as it was while the ticket was merged."""

    @transition(**move(f"unmerge_{state}"))
    def unmerge(self: Any, *, actor: Any, now: datetime, into: Any) -> dict[str, Any]:
        self.closed_at = None
        self.closed_how = ""
        return {"into_id": into.pk, "into": into.number}

    return unmerge


class Ticket(StateModel, PublicIdModel, VersionedModel):
    """One customer problem (DESIGN 1). *Owner* is the first person contacted, responsible to the end (R3.3);
    *assignee* works on it now. ``wake_at`` is when the system looks again: end of a wait, of the silence, of the
    windows. ``next_*`` repeat the nearest running clock so that a queue reads one table. ``ask_in_person`` says why
    a ticket waits for a person's telephone call: a message did not reach the customer, or silence may not end it.
    ``case_count`` and ``cases_open`` repeat what the room of the cases knows, so that a page asks it only when there
    is one.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    source = models.CharField(_("source"), max_length=40)
    source_ref = models.CharField(_("source reference"), max_length=120, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    state = StateField(_("state"), choices=TicketState, default=TicketState.NEW, max_length=12)
    wait_for = models.CharField(_("waits for"), max_length=10, choices=WaitFor, blank=True)
    wake_at = models.DateTimeField(_("looked at again"), null=True, blank=True)

    kind = models.CharField(_("kind"), max_length=14, choices=Kind, default=Kind.OTHER)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.MINOR)
    nature = models.CharField(_("nature"), max_length=10, choices=Nature, default=Nature.OPERATION)
    graded_by = models.CharField(
        _("graded by"), max_length=200, blank=True, help_text=_("Rules that gave the grade.")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel)
    historic = models.BooleanField(
        _("historic"), default=False, help_text=_("From an older fact: no message, no dispatch.")
    )

    market = models.ForeignKey(
        "standards.Market",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("market"),
        db_index=False,
    )
    customer = models.ForeignKey(
        "customers.Customer", models.PROTECT, null=True, related_name="tickets", verbose_name=_("customer"),
        db_index=False,
    )  # fmt: skip
    order = models.ForeignKey(
        "orders.Order", models.PROTECT, null=True, related_name="tickets", verbose_name=_("order")
    )
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, null=True, related_name="tickets", verbose_name=_("merchant"),
        db_index=False,
    )  # fmt: skip
    audience = models.CharField(_("audience"), max_length=10, choices=Audience, default=Audience.INTERNAL)
    team = models.ForeignKey(
        "accounts.Team",
        models.PROTECT,
        null=True,
        related_name="tickets",
        verbose_name=_("team"),
        db_index=False,
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="tickets", verbose_name=_("assignee"),
        db_index=False,
    )  # fmt: skip
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="tickets_owned",
        verbose_name=_("first-contact owner"),
    )  # fmt: skip

    opened_at = models.DateTimeField(_("opened at"))
    assigned_at = models.DateTimeField(_("assigned at"), null=True)
    first_reply_at = models.DateTimeField(_("first reply at"), null=True)
    resolved_at = models.DateTimeField(_("resolved at"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    closed_how = models.CharField(_("closed how"), max_length=12, choices=ClosedHow, blank=True)
    result = models.CharField(_("result"), max_length=12, choices=Result, blank=True)
    reopened = models.PositiveSmallIntegerField(_("times reopened"), default=0)
    ask_in_person = models.CharField(
        _("asked in person because"),
        max_length=12,
        choices=AskInPerson,
        blank=True,
        default="",
        db_default="",
    )
    last_customer_at = models.DateTimeField(_("customer last wrote"), null=True)
    last_staff_at = models.DateTimeField(_("staff last wrote"), null=True)

    case_count = models.PositiveSmallIntegerField(_("cases"), default=0, db_default=0)
    cases_open = models.PositiveSmallIntegerField(_("open cases"), default=0, db_default=0)

    next_due_at = models.DateTimeField(_("next due"), default=NO_DUE)
    next_promise = models.CharField(_("next promise"), max_length=40, blank=True, choices=Promise)
    next_started_at = models.DateTimeField(_("next clock started"), null=True)
    next_warn_at = models.DateTimeField(_("next warning"), null=True)

    for_machines = frozenset({"source", "source_ref"})
    bookkeeping = frozenset(
        {"ask_in_person", "wake_at", "next_due_at", "next_promise", "next_started_at", "next_warn_at"}
    )  # what follows a move by itself
    history = HistoricalRecords(excluded_fields=["subject", "case_count", "cases_open"])
    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        triggers = MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_ref"], condition=~Q(source_ref=""), name="ticket_source"
            ),
            models.CheckConstraint(condition=~Q(subject=""), name="ticket_subject_given"),
            models.CheckConstraint(
                condition=~Q(state="assigned") | Q(assignee__isnull=False), name="ticket_assigned_to_somebody"
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | (~Q(wait_for="") & Q(wake_at__isnull=False)),
                name="ticket_wait_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["next_due_at", "id"], name="ticket_due", condition=Q(state__in=ACTIVE_STATES)),
            models.Index(
                fields=["assignee", "next_due_at", "id"], name="ticket_assignee_due",
                condition=Q(state__in=ACTIVE_STATES),
            ),
            models.Index(
                fields=["team", "next_due_at", "id"], name="ticket_team_due", condition=Q(state__in=ACTIVE_STATES)
            ),
            models.Index(
                fields=["next_due_at", "id"], name="ticket_unassigned",
                condition=Q(assignee=None, state__in=OPEN_STATES),
            ),
            models.Index(fields=["-opened_at", "-id"], name="ticket_open_opened", condition=Q(state__in=ACTIVE_STATES)),
            models.Index(
                Coalesce("last_customer_at", "opened_at").desc(), F("id").desc(), name="ticket_open_heard",
                condition=Q(state__in=ACTIVE_STATES),
            ),
            models.Index(
                fields=["severity", "next_due_at", "id"], name="ticket_open_severity",
                condition=Q(state__in=ACTIVE_STATES),
            ),
            models.Index(fields=["state", "wake_at"], name="ticket_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["state", "-closed_at", "-id"], name="ticket_state_closed"),
            models.Index(fields=["-opened_at", "-id"], name="ticket_opened"),
            models.Index(fields=["closed_at"], name="ticket_closed_at", condition=Q(closed_at__isnull=False)),
            models.Index(fields=["resolved_at"], name="ticket_resolved_at", condition=Q(resolved_at__isnull=False)),
            models.Index(Collate(Reverse("number"), "C"), name="ticket_number_end"),
            models.Index(fields=["customer", "-id"], name="ticket_customer"),
            models.Index(fields=["customer", "opened_at"], name="ticket_customer_opened"),
            models.Index(fields=["merchant", "-id"], name="ticket_merchant"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"

    @property
    def level(self) -> str:
        """L1–L6 of the source, derived from severity and nature (R5.1)."""
        return rules.level(self.severity, self.nature)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def silence_closes_at(self) -> datetime | None:
        """When silence would close a resolved ticket; None where a person has to ask."""
        silent = rules.may_close_by_silence(self.severity, self.nature, self.kind)
        waits = self.state == TicketState.RESOLVED and silent and not self.ask_in_person
        return self.wake_at if waits else None

    @property
    def unread(self) -> bool:
        """The customer wrote and nobody of the staff has answered since."""
        return self.last_customer_at is not None and (
            self.last_staff_at is None or self.last_customer_at > self.last_staff_at
        )

    def take_clocks(
        self,
        *,
        next_due_at: datetime | None,
        next_promise: str = "",
        warn_at: datetime | None = None,
        started_at: datetime | None = None,
    ) -> None:
        """The clocks room tells the nearest running clock; the door writes it with the rest of the row."""
        self.next_due_at = next_due_at or NO_DUE
        self.next_promise = next_promise
        self.next_warn_at = warn_at
        self.next_started_at = started_at

    # Bodies of the moves: they set columns of this row and return the event's payload. Nothing else.

    @transition(**move("triage"))
    def triage(
        self, *, actor: Any, now: datetime, kind: str = "", severity: str = "", nature: str = ""
    ) -> dict[str, Any]:
        by_hand = bool(kind or severity or nature)
        self.kind = kind or self.kind
        self.severity = severity or self.severity
        self.nature = nature or self.nature
        if by_hand:
            self.graded_by = ""
        return {"kind": self.kind, "severity": self.severity, "nature": self.nature, "rules": self.graded_by}

    @transition(**move("assign"))
    def assign(self, *, actor: Any, now: datetime, to: Any, team_id: int | None = None) -> dict[str, Any]:
        before = self.assignee_id
        self._hand_to(to, team_id, now)
        return {"from_id": before, "to_id": to.pk, "to_name": str(to), "team_id": self.team_id}

    def _hand_to(self, to: Any, team_id: int | None, now: datetime) -> None:
        self.assignee = to
        self.team_id = team_id or self.team_id
        self.assigned_at = now
        if self.owner_id is None:
            self.owner = to

    @transition(**move("unassign"))
    def unassign(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        before = self.assignee_id
        self.assignee = None
        self.assigned_at = None
        return {"from_id": before}

    @transition(**move("start"))
    def start(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return {}

    @transition(**move("wait"))
    def wait(self, *, actor: Any, now: datetime, wait_for: str, until: datetime) -> dict[str, Any]:
        self.wait_for = wait_for
        self.wake_at = until
        return {"for": wait_for, "until": until.isoformat()}

    @transition(**move("resume"))
    def resume(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        waited_for = self.wait_for
        self.wait_for = ""
        self.wake_at = None
        return {"for": waited_for}

    def _wake(self, again_at: datetime | None = None) -> None:
        self.wait_for = self.ask_in_person = ""
        self.wake_at = again_at

    @transition(**move("resolve"))
    def resolve(
        self, *, actor: Any, now: datetime, result: str, wake_at: datetime | None = None, told: str = "no"
    ) -> dict[str, Any]:
        """``told``: yes when the customer was told the result; no when no message reaches him."""
        self._wake(wake_at)
        self.result = result
        self.resolved_at = now
        return {"result": result, "severity": self.severity, "told": told}

    @transition(**move("confirm"))
    def confirm(
        self, *, actor: Any, now: datetime, handling: int | None = None, outcome: int | None = None
    ) -> dict[str, Any]:
        return {**self._close("confirm", now), "handling": handling, "outcome": outcome}

    @transition(**move("close_verified"))
    def close_verified(self, *, actor: Any, now: datetime, how: str) -> dict[str, Any]:
        self.first_reply_at = self.first_reply_at or now
        return {**self._close("close_verified", now), "how": how}

    @transition(**move("close_by_silence"))
    def close_by_silence(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._close("close_by_silence", now)

    @transition(**move("give_up"))
    def give_up(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self._close("give_up", now)

    @transition(**move("cancel"))
    def cancel(self, *, actor: Any, now: datetime, why: str) -> dict[str, Any]:
        return {**self._close("cancel", now), "why": why}

    def _close(self, name: str, now: datetime) -> dict[str, Any]:
        self._wake()
        self.closed_at = now
        self.closed_how = CLOSED_HOW[name]
        return {"closed_how": str(self.closed_how)}

    @transition(**move("reopen"))
    def reopen(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self._wake()
        self.reopened += 1
        self.resolved_at = self.closed_at = None
        self.closed_how = ""
        return {"times": self.reopened}

    @transition(**move("archive"))
    def archive(
        self, *, actor: Any, now: datetime, summary: str, wake_at: datetime | None = None
    ) -> dict[str, Any]:
        self._wake(wake_at)
        return {}

    @transition(**move("seal"))
    def seal(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self._wake()
        return {}

    @transition(**move("merge"))
    def merge(self, *, actor: Any, now: datetime, into: Any) -> dict[str, Any]:
        """Who has it, for whom it waits and until when stay, so that it can be taken out again as it stood."""
        self.closed_at = now
        self.closed_how = CLOSED_HOW["merge"]
        return {"into_id": into.pk, "into": into.number}

    unmerge_new, unmerge_triaged = _back_to(TicketState.NEW), _back_to(TicketState.TRIAGED)
    unmerge_assigned, unmerge_in_progress = (
        _back_to(TicketState.ASSIGNED),
        _back_to(TicketState.IN_PROGRESS),
    )
    unmerge_waiting, unmerge_resolved = _back_to(TicketState.WAITING), _back_to(TicketState.RESOLVED)


class TicketParty(models.Model):
    """One merchant concerned by a ticket; this row is the grant to see the merchant's part of it."""

    deletable = "a grant that came with a merged ticket goes with it when it is taken out again"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="parties", verbose_name=_("ticket"))
    merchant = models.ForeignKey(
        "merchants.Merchant", models.PROTECT, related_name="+", verbose_name=_("merchant")
    )

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        constraints = [models.UniqueConstraint(fields=["ticket", "merchant"], name="ticket_party_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}: {self.merchant_id}"
