"""A queue as a sheet: what the list says of each ticket, in the reader's words. It goes out only.

The intake sheet of the ticket room stays the one that can be loaded again.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aftersales.core.sheets.masks import mask_sql
from aftersales.core.sheets.resource import Column, SheetResource, register
from aftersales.core.sheets.told import Told, word_of
from aftersales.core.sheets.widgets import (
    KeyWidget,
    LookupWidget,
    MomentWidget,
    TextWidget,
    WholeWidget,
    quote,
)
from aftersales.core.wording import chinese
from aftersales.standards.states import Promise
from aftersales.tickets.looks import WAIT_WORDS
from aftersales.tickets.models import Ticket
from aftersales.tickets.rules import level
from aftersales.tickets.states import NO_DUE, Channel, Kind, Level, Nature, Severity, TicketState

STATE = (
    f"t.state || ':' || CASE WHEN t.state = {quote(TicketState.WAITING.value)} THEN t.wait_for ELSE '' END"
)


def _states() -> Iterator[tuple[str, Any]]:
    """A waiting ticket says for whom it waits."""
    yield from ((f"{code}:", label) for code, label in TicketState.choices)
    yield from ((f"{TicketState.WAITING}:{code}", label) for code, label in WAIT_WORDS.items())


def _levels() -> Iterator[tuple[str, Any]]:
    for severity, nature in product(Severity.values, Nature.values):
        code = level(severity, nature)
        yield f"{severity}:{nature}", f"{code} {Level(code).label}"


def _time(value: str) -> str:
    """A moment on the wall clock, to the minute as the list says it."""
    return MomentWidget().export_with_grain(value, quote("minute"))


DUE = f"nullif(t.next_due_at, {quote(NO_DUE)})"  # nothing is due while no clock runs


def _of(table: str, value: str, key: str) -> str:
    """One text of the row a key points at."""
    return f"(SELECT {value} FROM {table} x WHERE x.id = t.{key})"


def _team() -> str:
    return _of("accounts_team", "x.name_zh" if chinese() else "x.name_en", "team_id")


class TicketList(SheetResource):
    """The columns of a queue. Names of customers stay masked for everybody, as they are on the list."""

    sheet, title, position = "ticket_list", _("Tickets (list)"), 101
    always_masked = True
    key = ("number",)
    importable = False
    view_capability = "tickets.view_ticket"

    number = Column("number", KeyWidget(20), pgettext_lazy("queue column", "Number"))
    subject = Column("subject", TextWidget(), _("Subject"))
    state = Told(pgettext_lazy("queue column", "State"), word_of(STATE, _states))
    level = Told(pgettext_lazy("queue column", "Level"), word_of("t.severity || ':' || t.nature", _levels))
    nature = Told(pgettext_lazy("filter", "Nature"), word_of("t.nature", lambda: Nature.choices))
    kind = Told(pgettext_lazy("filter", "Kind"), word_of("t.kind", lambda: Kind.choices))
    channel = Told(pgettext_lazy("filter", "Channel"), word_of("t.channel", lambda: Channel.choices))
    customer = Column(
        None, TextWidget(), pgettext_lazy("queue column", "Customer"),
        export=_of("customers_customer", mask_sql("x.name", "name"), "customer_id"),
    )  # fmt: skip
    merchant = Column(
        "merchant", LookupWidget("merchants.Merchant", "name"), pgettext_lazy("queue column", "Merchant")
    )
    assignee = Column(
        None, TextWidget(), pgettext_lazy("queue column", "Assignee"),
        export=_of("accounts_user", "coalesce(nullif(x.display_name, ''), x.username)", "assignee_id"),
    )  # fmt: skip
    team = Told(pgettext_lazy("queue column", "Team"), _team, free=True)
    opened_at = Column(
        None, MomentWidget(), pgettext_lazy("queue column", "Opened"), export=_time("t.opened_at")
    )
    next_promise = Told(_("Next promise"), word_of("t.next_promise", lambda: Promise.choices))
    next_due_at = Column(None, MomentWidget(), _("Next due"), export=_time(DUE))
    last_customer_at = Column(
        None, MomentWidget(), _("Last customer message"), export=_time("t.last_customer_at")
    )
    order_no = Column("order", LookupWidget("orders.Order", "external_no"), _("Order number"))
    owner = Column(
        None, TextWidget(), pgettext_lazy("queue column", "First contact"),
        export=_of("accounts_user", "coalesce(nullif(x.display_name, ''), x.username)", "owner_id"),
    )  # fmt: skip
    wake_at = Column(
        None, MomentWidget(), pgettext_lazy("queue column", "Waits until"), export=_time("t.wake_at")
    )
    resolved_at = Column(
        None, MomentWidget(), pgettext_lazy("queue column", "Resolved"), export=_time("t.resolved_at")
    )
    closed_at = Column(
        None, MomentWidget(), pgettext_lazy("queue column", "Closed"), export=_time("t.closed_at")
    )
    reopened = Column("reopened", WholeWidget(), pgettext_lazy("queue column", "Times reopened"))

    class Meta:
        model = Ticket

    @classmethod
    def export_capability(cls) -> str:
        """Whoever takes tickets out."""
        return "core.export_tickets"


register(TicketList)
