"""Repairs of a case, and the fault trees they are diagnosed by (R4.3)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_fsm import transition
from simple_history.models import HistoricalRecords

from aftersales.cases.models.accounts import amount
from aftersales.cases.models.case import Case, CaseLine
from aftersales.cases.repairs.machine import REPAIR_MACHINE, TREE_MACHINE
from aftersales.cases.repairs.querysets import RepairQuerySet, ThroughRepairQuerySet
from aftersales.cases.repairs.states import OPEN_REPAIRS, RepairOutcome, RepairState
from aftersales.cases.states import Side
from aftersales.core.models import PublicIdModel, StateModel, VersionedModel
from aftersales.core.statefield import StateField
from aftersales.standards.models import RuleVersion
from aftersales.standards.models.base import Named, codes
from aftersales.standards.querysets import RuleBookQuerySet, RuleVersionQuerySet

move = REPAIR_MACHINE.transition


class FaultTree(Named, VersionedModel):
    """A tree for some categories of goods; what it says stands in its versions."""

    categories = codes(_("product categories"), help_text=_("A category speaks for all below it."))
    history = HistoricalRecords()
    objects = RuleBookQuerySet.as_manager()

    class Meta:
        verbose_name = _("fault tree")
        verbose_name_plural = _("fault trees")
        ordering = ["code"]


class FaultTreeVersion(RuleVersion):
    """One version of a tree: branches from a symptom over checks to a cause, each under a stable code."""

    rule_key = "tree_id"
    tree = models.ForeignKey(FaultTree, models.PROTECT, related_name="versions", verbose_name=_("fault tree"))
    branches = models.JSONField(_("branches"), default=list)
    history = HistoricalRecords()
    objects = RuleVersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a fault tree")
        verbose_name_plural = _("versions of fault trees")
        ordering = ["tree_id", "-number"]
        triggers = TREE_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(fields=["tree", "number"], name="fault_tree_number"),
            models.CheckConstraint(
                condition=Q(activated_by=None) | ~Q(activated_by=F("drafted_by")) | Q(is_shipped=True),
                name="fault_tree_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tree} v{self.number}"

    @property
    def citation(self) -> str:
        return f"{self.tree.code} v{self.number}"

    def branch(self, code: str) -> Mapping[str, str] | None:
        found: Sequence[Mapping[str, str]] = self.branches
        return next((one for one in found if one["code"] == code), None)

    def cause(self, code: str) -> str:
        """The cause of a branch in the reader's language."""
        english = (get_language() or "").startswith("en")
        return (self.branch(code) or {}).get("cause_en" if english else "cause_zh", "")

    @transition(**TREE_MACHINE.transition("activate"))
    def activate(self, *, actor: Any, now: datetime, valid_from: datetime | None = None) -> dict[str, Any]:
        return self._activate(actor, now, valid_from)

    @transition(**TREE_MACHINE.transition("reject"))
    def reject(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        """Sets nothing: the reason stands in the event."""
        return self._payload()

    @transition(**TREE_MACHINE.transition("retire"))
    def retire(self, *, actor: Any, now: datetime, valid_to: datetime | None = None) -> dict[str, Any]:
        return self._retire(now, valid_to)


class Repair(StateModel, PublicIdModel, VersionedModel):
    """Pieces of a case line in the workshop, from receipt to dispatch. Its history are its event rows.

    ``suspected`` is the branch the diagnosis chose, ``found`` the cause the work brought to light: the hit rate
    compares the two. ``follows`` is the repair of the same article before it; a fault that came back makes that one a
    failed repair. ``proof_until``: how long the repair must hold once the customer has the article back. ``workshop``:
    who does the work, where it is not the merchant himself.
    """

    case = models.ForeignKey(
        Case, models.PROTECT, related_name="repairs", verbose_name=_("case"), db_index=False
    )
    case_line = models.ForeignKey(
        CaseLine, models.PROTECT, related_name="repairs", verbose_name=_("case line")
    )
    merchant_id = models.BigIntegerField(_("merchant"), null=True)
    follows = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="followed_by", verbose_name=_("repair before it")
    )
    state = StateField(_("state"), choices=RepairState, default=RepairState.RECEIVED, max_length=15)
    pieces = models.PositiveIntegerField(_("pieces"), default=1)
    serial_no = models.CharField(_("serial number"), max_length=60, blank=True)
    workshop = models.CharField(_("repair shop"), max_length=80, blank=True, default="")
    borne_by = models.CharField(_("borne by"), max_length=10, choices=Side)
    under_proof = models.BooleanField(_("under the proof of an earlier repair"), default=False)
    tree_version = models.ForeignKey(
        FaultTreeVersion, models.PROTECT, null=True, related_name="repairs", verbose_name=_("fault tree")
    )
    suspected = models.CharField(_("cause suspected"), max_length=60, blank=True)
    found = models.CharField(_("cause found"), max_length=60, blank=True)
    labour = amount(_("labour"))
    quoted = amount(_("quoted"))
    received_at = models.DateTimeField(_("received at"))
    diagnosed_at = models.DateTimeField(_("diagnosed at"), null=True)
    quoted_at = models.DateTimeField(_("quoted at"), null=True)
    accepted_at = models.DateTimeField(_("quote accepted at"), null=True)
    parts_since = models.DateTimeField(_("waits for parts since"), null=True)
    parts_days = models.PositiveIntegerField(_("days of waiting for parts"), default=0)
    found_at = models.DateTimeField(_("cause found at"), null=True)
    tested_at = models.DateTimeField(_("tested at"), null=True)
    tested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("tested by"),
        db_index=False,
    )  # fmt: skip
    sent_back_at = models.DateTimeField(_("sent back at"), null=True)
    back_at = models.DateTimeField(_("back with the customer at"), null=True)
    proof_until = models.DateTimeField(_("proven until"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=RepairOutcome, blank=True)
    next_due_at = models.DateTimeField(_("next due"), null=True)
    next_promise = models.CharField(_("next promise"), max_length=40, blank=True)

    objects = RepairQuerySet.as_manager()

    class Meta:
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")
        triggers = REPAIR_MACHINE.triggers()
        constraints = [
            models.UniqueConstraint(
                fields=["case_line"], condition=Q(state__in=OPEN_REPAIRS), name="repair_one_open_per_line"
            ),
            models.CheckConstraint(
                condition=Q(quoted__gte=0, labour__gte=0) & Q(quoted__gte=F("labour")), name="repair_quote_whole"
            ),
            models.CheckConstraint(
                condition=~Q(state=RepairState.ACCEPTED) | Q(accepted_at__isnull=False), name="repair_accepted_when"
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["case", "id"], name="repair_case"),
            models.Index(fields=["serial_no"], name="repair_serial", condition=~Q(serial_no="")),
            models.Index(fields=["state", "received_at"], name="repair_open", condition=Q(state__in=OPEN_REPAIRS)),
        ]  # fmt: skip

    @property
    def currency(self) -> str:
        """That of the case: what is told of its money names it."""
        return self.case.currency

    def __str__(self) -> str:
        return f"{self.case_id} × {self.pieces}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_REPAIRS

    @property
    def hit(self) -> bool | None:
        """Whether the diagnosis named the cause; None as long as nobody knows."""
        return self.suspected == self.found if self.found and self.suspected else None

    def take_clocks(
        self, *, next_due_at: datetime | None, next_promise: str = "", warn_at: datetime | None = None,
        started_at: datetime | None = None,
    ) -> None:  # fmt: skip
        """The clocks room tells the nearest running clock; the door writes it with the rest of the row."""
        self.next_due_at, self.next_promise = next_due_at, next_promise

    @transition(**move("diagnose"))
    def diagnose(self, *, actor: Any, now: datetime, seen: Mapping[str, Any]) -> dict[str, Any]:
        """``seen``: tree version and branch, serial number, workshop, who bears it, whether there is no fault."""
        self.tree_version_id, self.suspected = seen["tree_version_id"], seen["branch"]
        self.serial_no, self.borne_by, self.diagnosed_at = seen["serial_no"], seen["borne_by"], now
        self.under_proof, self.follows_id = seen["under_proof"], seen["follows_id"]
        self.workshop = seen["workshop"]
        self.outcome = RepairOutcome.NO_FAULT if seen["no_fault"] else ""
        return self.told(cause=self.suspected)

    @transition(**move("quote"))
    def quote(self, *, actor: Any, now: datetime, terms: Mapping[str, Any]) -> dict[str, Any]:
        self.labour, self.quoted, self.quoted_at = terms["labour"], terms["total"], now
        return self.told(amount=str(self.quoted))

    @transition(**move("accept"))
    def accept(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.accepted_at = now
        return self.told(amount=str(self.quoted))

    @transition(**move("decline"))
    def decline(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.outcome = RepairOutcome.NOT_DONE
        return self.told()

    @transition(**move("order_parts"))
    def order_parts(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.parts_since = now
        return self.told()

    @transition(**move("parts_arrive"))
    def parts_arrive(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self._parts_end(now)
        return self.told()

    @transition(**move("start"))
    def start(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        return self.told()

    @transition(**move("test"))
    def test(self, *, actor: Any, now: datetime, found: str, words: str = "") -> dict[str, Any]:
        self.tested_at, self.tested_by_id = now, actor.pk
        self.outcome = RepairOutcome.FIXED
        return self._found(now, found)

    @transition(**move("give_up"))
    def give_up(self, *, actor: Any, now: datetime, found: str, words: str = "") -> dict[str, Any]:
        self._parts_end(now)
        self.outcome = RepairOutcome.UNREPAIRABLE
        return self._found(now, found)

    @transition(**move("send_back"))
    def send_back(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self.sent_back_at = now
        return self.told()

    @transition(**move("cancel"))
    def cancel(self, *, actor: Any, now: datetime) -> dict[str, Any]:
        self._parts_end(now)
        if self.outcome != RepairOutcome.UNREPAIRABLE:
            self.outcome = RepairOutcome.NOT_DONE
        return self.told()

    def _found(self, now: datetime, found: str) -> dict[str, Any]:
        self.found, self.found_at = found, now
        return self.told(cause=found, hit=bool(self.hit))

    def _parts_end(self, now: datetime) -> None:
        if self.parts_since:
            self.parts_days += (now - self.parts_since).days
            self.parts_since = None

    def told(self, **more: Any) -> dict[str, Any]:
        """What events say of it: ids, codes and amounts."""
        return {"case_id": self.case_id, **more}


class RepairPart(models.Model):
    """A part that a repair needs; with a price where the customer was quoted it."""

    repair = models.ForeignKey(Repair, models.PROTECT, related_name="parts", verbose_name=_("repair"))
    name = models.CharField(_("part"), max_length=120)
    quantity = models.PositiveIntegerField(_("pieces"), default=1)
    unit_price = amount(_("price of one"))
    ordered_at = models.DateTimeField(_("ordered at"), null=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    dropped_at = models.DateTimeField(_("dropped at"), null=True)

    objects = ThroughRepairQuerySet.as_manager()

    class Meta:
        verbose_name = _("part of a repair")
        verbose_name_plural = _("parts of repairs")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1, unit_price__gte=0), name="repair_part_whole")
        ]

    def __str__(self) -> str:
        return f"{self.name} × {self.quantity}"
