"""Problems that come in as a sheet: each new row becomes one signal, and one ticket unless its order has one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.resource import Column, RowRule, SheetResource, register
from aftersales.core.sheets.widgets import (
    BoolWidget,
    ChoiceWidget,
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    quote,
)
from aftersales.standards.selectors import duration

from .models import Ticket
from .services.settling import BATCH, Report, signals_take_in
from .states import Channel, Kind, Severity


def take_in(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int | None]:
    """Each row as a report; it joins the open ticket of its order or opens one, like any other problem (R3.1)."""
    return signals_take_in(reports=[_report(row, now) for row in rows], actor=actor, now=now)


def _report(row: Mapping[str, Any], now: datetime) -> Report:
    return Report(
        source=row["source"], source_ref=row["source_ref"], subject=row["subject"], text=row.get("text") or "",
        channel=row.get("channel") or Channel.SHEET, happened_at=row.get("opened_at") or now,
        kind=row.get("kind") or "", severity=row.get("severity") or "", order_id=row.get("order_no"),
        customer_id=row.get("customer"), merchant_id=row.get("merchant"), backfill=bool(row.get("backfill")),
    )  # fmt: skip


# A row is known by the ticket it opened or joined.
KNOWN_BY = """
    k.id = coalesce(
        (SELECT i.ticket_id FROM tickets_intakeitem i WHERE i.source = {source} AND i.source_ref = {source_ref}),
        (SELECT o.id FROM tickets_ticket o
          WHERE o.source = {source} AND o.source_ref = {source_ref} AND o.source_ref <> ''))
"""
RULES = (
    RowRule(
        "future",
        ("opened_at",),
        "{opened_at} > {now}",
        _("This has not happened yet."),
        _("Correct the time."),
    ),
    RowRule(
        "too_old",
        ("opened_at",),
        "{target} IS NULL AND {opened_at} < {horizon} AND {backfill} IS NOT TRUE",
        _("This happened too long ago for a ticket that is worked on."),
        _("Write yes under “Registered later”: it becomes a historic ticket, without messages and dispatch."),
    ),
    RowRule(
        "rules_own",
        ("source",),
        "{target} IS NULL AND {source} LIKE 'rule:%'",
        _("Sources that begin with “rule:” belong to the intake rules."),
        _("Name the source differently."),
    ),
)


class TicketSheet(SheetResource):
    """Intake by sheet: problems keyed by where they come from and their reference there."""

    sheet, title, position = "tickets", _("Tickets (intake)"), 100
    key = ("source", "source_ref")
    view_capability = "tickets.view_ticket"
    intake = staticmethod(take_in)
    chunk_rows = BATCH
    known_by = KNOWN_BY
    lost = "not_taken_in"
    rules = RULES

    source = Column("source", KeyWidget(40), _("Source"), required=True, example="hotline")
    source_ref = Column("source_ref", KeyWidget(120), _("Reference"), required=True, example="H-2026-0001")
    subject = Column(
        None, TextWidget(200), _("Subject"), required=True, example="包裹十天没有更新", export="t.subject"
    )
    text = Column(None, TextWidget(4000), _("Text"), example="客户来电，物流停在杭州。")
    channel = Column(None, ChoiceWidget(Channel.choices), _("Channel"), example="phone", export="t.channel")
    opened_at = Column(None, MomentWidget(), _("Happened at"), example="2026-11-22 10:15")
    kind = Column(None, ChoiceWidget(Kind.choices), _("Kind"), example="logistics", export="t.kind")
    severity = Column(
        None, ChoiceWidget(Severity.choices), _("Severity"), example="minor", export="t.severity"
    )
    order_source = Column(None, KeyWidget(40), _("Order source"), example="tmall")
    order_no = Column(
        None,
        LookupWidget("orders.Order", "external_no", also={"source": "order_source"}),
        _("Order number"),
        example="3026111788410001",
    )
    customer = Column(None, LookupWidget("customers.Customer"), _("Customer code"), example="C20001")
    merchant = Column(None, LookupWidget("merchants.Merchant"), _("Merchant code"), example="M1001")

    backfill = Column(
        None,
        BoolWidget(),
        pgettext_lazy("intake sheet", "Registered later"),
        example="no",
        export="CASE WHEN t.historic THEN 'yes' ELSE 'no' END",
    )

    class Meta:
        model = Ticket

    @classmethod
    def measures(cls, now: datetime) -> Mapping[str, str]:
        """How far back a report may lie without being asked for as a historic one."""
        return {"horizon": quote(now - duration("history_horizon_days", now))}


register(TicketSheet)
