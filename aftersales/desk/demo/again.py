"""Exchanges and repairs of the demo: a dearer replacement, a quote that waits, repairs that are done or in vain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef

from aftersales.cases import services
from aftersales.cases.models import Case, CaseLine, CaseParcel, Due, FaultTreeVersion, ParcelItem, Repair
from aftersales.cases.services import Arrival, CaseDraft, Diagnosis, Finding, Part, Replacement
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
CARRIER = "顺丰速运"


def _opened(desk: Any, ticket: Ticket, kind: str, ground: str, ago: timedelta, words: str) -> Case:
    line = OrderLine.objects.filter(order=ticket.order_id).order_by("line_no").first()
    draft = CaseDraft(kind, ground, {line.pk: 1} if line else {}, words=words)
    return services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=desk.now - ago)


def _here(desk: Any, ticket: Ticket, ground: str, ago: timedelta, number: str, words: str) -> Case:
    """A repair, approved, with its goods received."""
    case = _opened(desk, ticket, "repair", ground, ago, words)
    at = desk.now - ago
    case = services.case_approve(case=case, actor=desk.agent, now=at + HOUR)
    _arrive(desk, case, at + 20 * HOUR, number)
    return Case.objects.get(pk=case.pk)


def _arrive(desk: Any, case: Case, at: datetime, number: str) -> CaseParcel:
    parcel = CaseParcel.objects.filter(case=case).latest("id")
    parcel = services.parcel_ship(
        parcel=parcel, carrier=CARRIER, tracking_no=number, actor=desk.agent, now=at
    )
    counts = {item.pk: item.announced for item in ParcelItem.objects.filter(parcel=parcel)}
    return services.parcel_receive(
        parcel=parcel, arrival=Arrival(counts), actor=desk.lead, now=at + 10 * HOUR
    )


def _dearer_exchange(desk: Any, ticket: Ticket) -> None:
    """The larger model, its difference paid; goods in, goods out."""
    at = desk.now - 4 * DAY
    case = _opened(desk, ticket, "exchange", "wrong_item", 4 * DAY, "发来的是小号，想换大号，差价我补。")
    line = CaseLine.objects.select_related("line").get(case=case)
    price = (line.value + 30).quantize(Decimal("0.01"))
    name = f"{line.line.product_name or line.line.sku}（加大款）"
    services.exchange_choose(
        case=case,
        replacements=[Replacement(line.line_id, 1, name, unit_price=price)],
        actor=desk.agent,
        now=at,
    )
    case = services.case_approve(case=Case.objects.get(pk=case.pk), actor=desk.agent, now=at + HOUR)
    due = Due.objects.get(case=case)
    services.due_paid(due=due, reference=f"ALI{case.pk:08d}", actor=desk.agent, now=at + 5 * HOUR)
    parcel = _arrive(desk, case, at + 20 * HOUR, "SF1380220188471")
    found = {
        item.pk: Finding(accepted=item.received, grade="opened", cause="other_item", resellable=True)
        for item in ParcelItem.objects.filter(parcel=parcel)
    }
    services.parcel_inspect(parcel=parcel, findings=found, actor=desk.lead, now=at + 40 * HOUR, keep=True)
    services.exchange_send(
        case=Case.objects.get(pk=case.pk), carrier=CARRIER, tracking_no="SF1380220188472", actor=desk.agent,
        now=at + 44 * HOUR,
    )  # fmt: skip


def _diagnosed(desk: Any, case: Case, at: datetime, **more: Any) -> Repair:
    tree = FaultTreeVersion.objects.get(tree__code="electronics", state=RuleState.ACTIVE)
    facts: dict[str, Any] = {"branch": "battery_worn", "serial_no": f"SN-2406-{case.pk:05d}"}
    return services.repair_diagnose(
        repair=Repair.objects.filter(case=case).latest("id"), diagnosis=Diagnosis(tree, **(facts | more)),
        actor=desk.agent, now=at, words="外观完好，充电器正常，已逐项检查。",
    )  # fmt: skip


def _quoted_repair(desk: Any, ticket: Ticket) -> None:
    case = _here(desk, ticket, "no_reason", 3 * DAY, "SF1380220188473", "不小心进了水，开不了机，请检修。")
    repair = _diagnosed(desk, case, desk.now - 30 * HOUR, branch="liquid")
    services.repair_quote(
        repair=repair, labour=Decimal(40), parts=[Part("主板", 1, Decimal("128.00"))], actor=desk.agent,
        now=desk.now - 26 * HOUR, words="进液损坏，需换主板。",
    )  # fmt: skip


def _done_repair(desk: Any, ticket: Ticket) -> None:
    case = _here(desk, ticket, "quality", 8 * DAY, "SF1380220188474", "充满电只能用十分钟。")
    repair = _diagnosed(desk, case, desk.now - 6 * DAY)
    repair = services.repair_order_parts(
        repair=repair, parts=[Part("电池", 1)], actor=desk.agent, now=desk.now - 6 * DAY + HOUR
    )
    repair = services.repair_parts_arrive(repair=repair, actor=desk.agent, now=desk.now - 4 * DAY)
    repair = services.repair_test(
        repair=repair, passed=True, found="battery_worn", words="已更换并充放电三次，运行正常。", actor=desk.agent,
        now=desk.now - 3 * DAY,
    )  # fmt: skip
    services.repair_send_back(
        repair=repair,
        carrier=CARRIER,
        tracking_no="SF1380220188475",
        actor=desk.lead,
        now=desk.now - 3 * DAY + HOUR,
    )
    parcel = CaseParcel.objects.filter(case=case).latest("id")
    services.parcel_deliver_back(parcel=parcel, actor=desk.lead, now=desk.now - DAY)


def _unrepairable(desk: Any, ticket: Ticket) -> None:
    """Diagnosed as the battery, found to be the board: an exchange or a return is offered."""
    case = _here(desk, ticket, "quality", 6 * DAY, "SF1380220188476", "按开机键没有任何反应。")
    repair = _diagnosed(desk, case, desk.now - 3 * DAY)
    services.repair_give_up(
        repair=repair,
        found="main_board",
        words="主板烧毁，厂家已停产，无配件。",
        actor=desk.agent,
        now=desk.now - DAY,
    )


STORIES: tuple[Callable[[Any, Ticket], None], ...] = (
    _dearer_exchange,
    _quoted_repair,
    _done_repair,
    _unrepairable,
)
BY_POWER = ("appliance", "digital")
"""Categories of the demo's goods that a workshop repairs."""


def live(desk: Any) -> int:
    """One story for each ticket about goods that run on power, that has no case yet; answers how many were told."""
    powered = OrderLine.objects.filter(
        order=OuterRef("order"), line_no=1, product__category__code__in=BY_POWER
    )
    rows = Ticket.objects.filter(
        Exists(powered),
        state__in=ACTIVE_STATES,
        historic=False,
        order__paid__gt=20,
        order__refunded=0,
        case_count=0,
    )
    orders: set[int | None] = set()
    told = 0
    waiting = iter(rows.order_by("-pk")[:200])
    for story in STORIES:
        for ticket in waiting:
            if ticket.order_id in orders:
                continue
            orders.add(ticket.order_id)
            try:
                story(desk, ticket)
            except DomainError:
                continue  # solved already, or nothing left to give: the next one tells the story
            told += 1
            break
    return told
