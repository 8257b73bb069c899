"""Cases of the demo: a dozen in every state, made by the services that people use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction

from accounts.models import User
from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, ParcelItem
from aftersales.cases.services import Arrival, CaseDraft, Finding, Stranger
from aftersales.core.errors import DomainError
from aftersales.desk.demo import again, earlier
from aftersales.orders.models import OrderLine
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
WORDS = {
    "no_reason": "尺寸不合适，没有用过，想退。",
    "quality": "第一次通电就有焦味，不敢再用。",
    "not_as_described": "颜色和页面差别很大。",
    "damaged": "收到时外壳已经磕破了。",
    "wrong_item": "发来的不是我买的型号。",
    "not_received": "物流显示签收，我没有收到。",
}


SUBJECT = "商品有问题，申请售后"


@dataclass
class Desk:
    """Who works, and when the demo's present is."""

    agent: User
    lead: User
    now: datetime
    supervisor: User | None = None

    def beside(self, ticket: Ticket) -> Desk:
        """Whoever of them sees this ticket: on some mornings the agent's team has few of them."""
        seen = [
            person
            for person in (self.agent, self.lead, self.supervisor)
            if person is not None and Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists()
        ]
        return (
            replace(self, agent=seen[0], lead=self.lead if self.lead in seen else seen[0]) if seen else self
        )

    def opened(self, ticket: Ticket, kind: str, ground: str, ago: timedelta, **more: Any) -> Case:
        earlier.there(ticket, self.now - ago)
        goods = OrderLine.objects.filter(order=ticket.order_id)
        if ground == "no_reason":  # nobody grants it for goods that the buyer knew to be excluded
            goods.update(exception_confirmed=False, exception_confirmed_at=None)
        line = goods.order_by("line_no").first()
        draft = CaseDraft(kind, ground, {line.pk: 1} if line else {}, words=WORDS[ground], **more)
        return services.case_open(ticket=ticket, draft=draft, actor=self.agent, now=self.now - ago)

    def approved(self, ticket: Ticket, ground: str, ago: timedelta, **more: Any) -> tuple[Case, CaseParcel]:
        case = self.opened(ticket, "return", ground, ago)
        case = services.case_approve(case=case, actor=self.agent, now=self.now - ago + HOUR, **more)
        return case, CaseParcel.objects.filter(case=case).latest("id")

    def shipped(self, ticket: Ticket, ground: str, ago: timedelta, number: str) -> CaseParcel:
        _case, parcel = self.approved(ticket, ground, ago)
        return services.parcel_ship(
            parcel=parcel,
            carrier="顺丰速运",
            tracking_no=number,
            actor=self.agent,
            now=self.now - ago + 20 * HOUR,
        )

    def here(self, ticket: Ticket, ground: str, ago: timedelta, number: str) -> CaseParcel:
        parcel = self.shipped(ticket, ground, ago, number)
        counts = {item.pk: item.announced for item in ParcelItem.objects.filter(parcel=parcel)}
        return services.parcel_receive(
            parcel=parcel, arrival=Arrival(counts, weight_g=840), actor=self.lead, now=self.now - HOUR
        )


def _asked(desk: Desk, ticket: Ticket) -> None:
    desk.opened(ticket, "return", "no_reason", 3 * HOUR)


def _asked_exchange(desk: Desk, ticket: Ticket) -> None:
    desk.opened(ticket, "exchange", "wrong_item", 5 * HOUR)


def _offered(desk: Desk, ticket: Ticket) -> None:
    case = desk.opened(ticket, "refund_only", "damaged", 9 * HOUR)
    amount = max(services.case_preview(case=case).total / 5, Decimal("1")).quantize(Decimal("0.01"))
    services.case_offer(
        case=case,
        amount=amount,
        actor=desk.agent,
        now=desk.now - 7 * HOUR,
        words="补偿部分金额，商品您留着用。",
    )


def _refused(desk: Desk, ticket: Ticket) -> None:
    case = desk.opened(ticket, "return", "not_as_described", 2 * DAY)
    services.case_reject(
        case=case, actor=desk.agent, now=desk.now - DAY, words="页面实拍图与实物一致，已附对比照片。"
    )


def awaited(desk: Desk, ticket: Ticket) -> None:
    desk.approved(ticket, "no_reason", 6 * DAY)


def _on_its_way(desk: Desk, ticket: Ticket) -> None:
    desk.shipped(ticket, "quality", 3 * DAY, "SF1380220188461")


def _to_inspect(desk: Desk, ticket: Ticket) -> None:
    desk.here(ticket, "quality", 4 * DAY, "SF1380220188462")


def _inspected(desk: Desk, ticket: Ticket) -> None:
    parcel = desk.here(ticket, "no_reason", 5 * DAY, "SF1380220188463")
    item = ParcelItem.objects.get(parcel=parcel)
    found = Finding(damaged=item.received, grade="worn", cause="use", borne_by="customer", deduction=Decimal("1.00"),
                    why="包装盒缺失", resellable=False)  # fmt: skip
    services.parcel_inspect(
        parcel=parcel, findings={item.pk: found}, actor=desk.lead, now=desk.now, keep=True
    )


def _withdrawn_on_its_way(desk: Desk, ticket: Ticket) -> None:
    parcel = desk.here(ticket, "no_reason", 3 * DAY, "SF1380220188464")
    services.case_withdraw(case=parcel.case, actor=desk.agent, now=desk.now, words="修好了，不退了。")


def _lost(desk: Desk, ticket: Ticket) -> None:
    parcel = desk.shipped(ticket, "damaged", 9 * DAY, "SF1380220188465")
    services.parcel_lose(parcel=parcel, actor=desk.lead, now=desk.now - 2 * HOUR)


def _never_sent(desk: Desk, ticket: Ticket) -> None:
    desk.approved(ticket, "no_reason", 9 * DAY)
    services.parcels_warn(now=desk.now - 2 * DAY)
    services.parcels_expire(now=desk.now - DAY)


def _refund_only(desk: Desk, ticket: Ticket) -> None:
    case = desk.opened(ticket, "refund_only", "not_received", DAY)
    services.case_approve(case=case, actor=desk.agent, now=desk.now - 20 * HOUR, words="承运商确认丢件。")


Story = Callable[[Desk, Ticket], None]
STORIES: tuple[Story, ...] = (
    _asked, _asked_exchange, _offered, _refused, awaited, _on_its_way, _to_inspect, _inspected, _withdrawn_on_its_way,
    _lost, _never_sent, _refund_only,
)  # fmt: skip


def live(now: datetime, people: dict[str, User]) -> int:
    """One story for each open ticket with an order of its own; answers how many were told."""
    from aftersales.desk.demo import authority, storefront

    desk, tickets = Desk(people["agent"], people["lead"], now, people["supervisor"]), list(_tickets())
    told = _told(desk, tickets, [*STORIES, *_disputes(people["adjudicator"])])
    told += again.live(desk)
    told += storefront.live(desk)
    told += authority.live(desk, people["authority"])
    for place, tail, ago in (("A-03", "6027", 5 * DAY), ("B-11", "1846", 3 * HOUR)):
        facts = Stranger(
            tracking_no=f"YT88{tail}0021", carrier="圆通速递", phone_tail=tail, place=place, weight_g=620
        )
        services.unknown_shelve(stranger=facts, actor=desk.lead, now=now - ago)
    return told


def _told(desk: Desk, tickets: list[Ticket], stories: Sequence[Story]) -> int:
    """Each story on the first ticket that can tell it, one that cannot is left for the next story; on one of its own
    where no ticket is as old as the story."""
    told = 0
    for story in stories:
        begins = None
        for ticket in tickets:
            try:
                with transaction.atomic():
                    story(desk.beside(ticket), ticket)
            except earlier.Younger as younger:
                begins = younger.at
                continue
            except DomainError:
                continue  # this order has nothing left to give, or nobody may open a case on it
            tickets.remove(ticket)
            told += 1
            break
        else:
            if begins is not None and earlier.told_on(desk, story, SUBJECT, begins) is not None:
                told += 1
    return told


def _disputes(judge: User) -> list[Story]:
    """Disputes that wait for the merchant, for both sides, for the ruling, for the appeal, and one that is final."""
    from aftersales.desk.demo import disputes

    return [
        disputes.waits_for_the_merchant, disputes.mediated, disputes.to_be_ruled,
        partial(disputes.appealed, judge=judge), partial(disputes.final, judge=judge),
    ]  # fmt: skip


def _tickets() -> Iterator[Ticket]:
    """Open tickets of orders that were paid and never asked back before."""
    rows = Ticket.objects.filter(
        state__in=ACTIVE_STATES,
        historic=False,
        order__paid__gt=20,
        order__refunded=0,
        order__lines__isnull=False,
    )
    seen: set[int] = set()
    for ticket in rows.order_by("-pk")[:200]:
        if ticket.order_id not in seen:
            seen.add(ticket.order_id)
            yield ticket
