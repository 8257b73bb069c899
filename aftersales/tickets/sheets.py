"""Problems that come in as a sheet: each new row becomes one ticket; a known row stays what it is."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.widgets import ChoiceWidget, KeyWidget, LookupWidget, MomentWidget, TextWidget

from .models import Ticket
from .services.intake import TicketDraft, tickets_open_many
from .states import Channel, Kind, Severity


def open_tickets(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int]:
    """One ticket per row, numbered, graded and dispatched like any other (R3.1)."""
    drafts = [
        TicketDraft(
            source=row["source"],
            source_ref=row["source_ref"],
            subject=row["subject"],
            text=row.get("text") or "",
            channel=row.get("channel") or Channel.SHEET,
            opened_at=row.get("opened_at") or now,
            kind=row.get("kind") or "",
            severity=row.get("severity") or "",
            customer_id=row.get("customer"),
            order_id=row.get("order_no"),
            merchant_id=row.get("merchant"),
        )
        for row in rows
    ]
    return [ticket.pk for ticket in tickets_open_many(drafts=drafts, actor=actor, now=now)]


class TicketSheet(SheetResource):
    """Intake by sheet: problems keyed by where they come from and their reference there."""

    sheet, title, position = "tickets", _("Tickets (intake)"), 100
    key = ("source", "source_ref")
    view_capability = "tickets.view_ticket"
    intake = staticmethod(open_tickets)

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

    class Meta:
        model = Ticket


register(TicketSheet)
