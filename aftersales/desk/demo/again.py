"""Exchanges and repairs of the demo: a dearer replacement, a quote that waits, repairs that are done or in vain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from aftersales.cases import services
from aftersales.cases.models import Case, CaseLine, CaseParcel, Due, FaultTreeVersion, ParcelItem, Repair
from aftersales.cases.services import Arrival, CaseDraft, Diagnosis, Finding, Part, Replacement
from aftersales.core.rulebook import RuleState
from aftersales.orders.models import Order, OrderLine
from aftersales.orders.states import OrderStatus
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from aftersales.tickets.services.intake import TicketDraft

BY_POWER = ("appliance", "digital")
"""Categories of the demo's goods that run on power."""
FOOD = ("fresh", "grocery")
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
IN_HANDS = timedelta(days=3)  # nobody calls about what is not there yet
CARRIER = "顺丰速运"
ENOUGH, BATCH, LOOKED = 60, 200, 4000  # orders


def _opened(desk: Any, ticket: Ticket, kind: str, ground: str, ago: timedelta, words: str) -> Case:
    line = OrderLine.objects.filter(order=ticket.order_id).order_by("line_no").first()
    draft = CaseDraft(kind, ground, {line.pk: 1} if line else {}, words=words)
    return services.case_open(ticket=ticket, draft=draft, actor=desk.agent, now=desk.now - ago)


def here(desk: Any, ticket: Ticket, ground: str, ago: timedelta, number: str, words: str) -> Case:
    """A repair, approved, with its goods received."""
    case = _opened(desk, ticket, "repair", ground, ago, words)
    at = desk.now - ago
    case = services.case_approve(case=case, actor=desk.agent, now=at + HOUR)
    arrive(desk, case, at + 20 * HOUR, number)
    return Case.objects.get(pk=case.pk)


def arrive(desk: Any, case: Case, at: datetime, number: str) -> CaseParcel:
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
    parcel = arrive(desk, case, at + 20 * HOUR, "SF1380220188471")
    found = {
        item.pk: Finding(accepted=item.received, grade="opened", cause="other_item", resellable=True)
        for item in ParcelItem.objects.filter(parcel=parcel)
    }
    services.parcel_inspect(parcel=parcel, findings=found, actor=desk.lead, now=at + 40 * HOUR, keep=True)
    services.exchange_send(
        case=Case.objects.get(pk=case.pk), carrier=CARRIER, tracking_no="SF1380220188472", actor=desk.agent,
        now=at + 44 * HOUR,
    )  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """What breaks in goods of a sort: the usual cause, the costly one, and the part it takes."""

    tree: str
    usual: str
    costly: str
    part: str


POWERED = Fault("electronics", "battery_worn", "main_board", "电池")
OTHER = Fault("general", "part_broken", "seam_open", "替换件")


def _fault(case: Case) -> Fault:
    powered = OrderLine.objects.filter(case_lines__case=case, product__category__code__in=BY_POWER)
    return POWERED if powered.exists() else OTHER


def _diagnosed(desk: Any, case: Case, at: datetime) -> Repair:
    fault = _fault(case)
    tree = FaultTreeVersion.objects.get(tree__code=fault.tree, state=RuleState.ACTIVE)
    seen = Diagnosis(tree, fault.usual, f"SN-2406-{case.pk:05d}", workshop="恒修数码服务点")
    return services.repair_diagnose(
        repair=Repair.objects.filter(case=case).latest("id"), diagnosis=seen, actor=desk.agent, now=at,
        words="外观完好，已按步骤逐项检查。",
    )  # fmt: skip


def _quoted_repair(desk: Any, ticket: Ticket) -> None:
    case = here(desk, ticket, "no_reason", 3 * DAY, "SF1380220188473", "不小心摔坏了，请看看能不能修。")
    repair = _diagnosed(desk, case, desk.now - 30 * HOUR)
    services.repair_quote(
        repair=repair, labour=Decimal(40), parts=[Part(_fault(case).part, 1, Decimal("28.00"))], actor=desk.agent,
        now=desk.now - 26 * HOUR, words="摔坏，需更换配件。",
    )  # fmt: skip


def _done_repair(desk: Any, ticket: Ticket) -> None:
    case = here(desk, ticket, "quality", 8 * DAY, "SF1380220188474", "用了几天就坏了，请维修。")
    repair = _diagnosed(desk, case, desk.now - 6 * DAY)
    repair = services.repair_order_parts(
        repair=repair, parts=[Part(_fault(case).part)], actor=desk.agent, now=desk.now - 6 * DAY + HOUR
    )
    repair = services.repair_parts_arrive(repair=repair, actor=desk.agent, now=desk.now - 4 * DAY)
    repair = services.repair_test(
        repair=repair, passed=True, found=repair.suspected, words="已更换损坏件，试用三次正常。", actor=desk.agent,
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
    case = here(desk, ticket, "quality", 6 * DAY, "SF1380220188476", "拿到没多久就完全不能用了。")
    repair = _diagnosed(desk, case, desk.now - 3 * DAY)
    services.repair_give_up(
        repair=repair,
        found=_fault(case).costly,
        words="核心部件损坏，厂家已停产，无配件。",
        actor=desk.agent,
        now=desk.now - DAY,
    )


STORIES: tuple[tuple[Callable[[Any, Ticket], None], str, timedelta], ...] = (
    (_dearer_exchange, "收到的型号不对，想换大号", 5 * DAY),
    (_quoted_repair, "不小心摔坏了，能修吗", 4 * DAY),
    (_done_repair, "用了几天就坏了，要求维修", 9 * DAY),
    (_unrepairable, "拿到没多久就不能用了", 7 * DAY),
)


def live(desk: Any) -> int:
    """Each story on a ticket of its own, about goods that run on power where somebody bought some; answers how many."""
    orders = _nobody_called_about()
    told = 0
    for story, subject, ago in STORIES:
        at = desk.now - ago
        order = next((one for one in orders if one.placed_at + IN_HANDS < at), None)
        if order is not None:
            orders.remove(order)
            story(desk, taken_down(desk, order, subject, at))
            told += 1
    return told


def _nobody_called_about() -> list[Order]:
    """The newest delivered orders without a ticket, goods that run on power first, no food.

    Looked up batch by batch by keys: after a load that was broken off no plan over all orders at once can be trusted.
    """
    delivered = Order.objects.filter(
        status__in=[OrderStatus.DELIVERED, OrderStatus.COMPLETED], paid__gt=20, refunded=0
    ).order_by("-placed_at", "pk")
    powered: list[Order] = []
    others: list[Order] = []
    for start in range(0, LOOKED, BATCH):
        batch = list(delivered[start : start + BATCH])
        keys = [one.pk for one in batch]
        called = set(Ticket.objects.filter(order__in=keys).values_list("order_id", flat=True))
        lines = OrderLine.objects.filter(order__in=keys, line_no=1)
        sorts = dict(lines.values_list("order_id", "product__category__code"))
        for one in batch:
            if one.pk not in called and one.pk in sorts and sorts[one.pk] not in FOOD:
                (powered if sorts[one.pk] in BY_POWER else others).append(one)
        if len(powered) >= ENOUGH or len(batch) < BATCH:
            break
    return [*powered, *others][:ENOUGH]


def taken_down(desk: Any, order: Order, subject: str, at: datetime) -> Ticket:
    """Taken down on the telephone, answered at once."""
    draft = TicketDraft(
        source="desk", source_ref=f"again-{order.pk}", subject=subject, text=f"{subject}。",
        channel="phone", opened_at=at,
        kind="returns", customer_id=order.customer_id, order_id=order.pk, merchant_id=order.merchant_id,
    )  # fmt: skip
    ticket = tickets.ticket_open(draft=draft, actor=desk.agent, now=at)
    if ticket.assignee_id != desk.agent.pk:
        ticket = tickets.ticket_assign(ticket=ticket, to=desk.agent, actor=desk.lead, now=at + MINUTE)
    tickets.ticket_reply(
        ticket=ticket, text="您好，已为您登记，请按提示寄回商品。", actor=desk.agent, now=at + 5 * MINUTE
    )
    return Ticket.objects.get(pk=ticket.pk)
