"""Whatever happens in whatever order: counting the touched days gives what counting everything gives."""

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from accounts.services import system_user
from aftersales.core.errors import DomainError
from aftersales.orders import services as orders
from aftersales.scorecards import metrics, selectors, services
from aftersales.scorecards.models import Rollup
from aftersales.scorecards.states import SubjectKind, Way
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted, stored

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Trade:
    """A department and a trade in which anything may happen next."""

    def __init__(self, seed: int, desk: Any, open_ticket: Any, now: Any) -> None:
        self.dice, self.desk, self.open_ticket, self.now = random.Random(seed), desk, open_ticket, now
        self.shops = [a_merchant(f"M{n}", now) for n in range(2)]
        self.products = [
            orders.product_create(code=f"P{n}", name=f"商品{n}", actor=system_user(), now=now)
            for n in range(2)
        ]
        self.orders = [self._order(n) for n in range(4)]
        self.helper = desk.person("agent", name="外援")
        self.helpers = desk.make_team(
            "helpers", lead=desk.lead, duties=[], members=[self.helper], vendor="远帆客服"
        )

    def _order(self, number: int) -> Any:
        row = an_order(f"A-{number}", self.now, merchant=self.dice.choice([*self.shops, None]))
        for line in range(1, 3):
            orders.line_add(
                order=row, line_no=line, merchant=self.dice.choice(self.shops), product=self.dice.choice(self.products),
                dispatch_due_at=self.now - 8 * DAY, actor=system_user(), now=self.now,
            )  # fmt: skip
        return row

    def step(self) -> None:
        self.now += self.dice.choice([HOUR, 5 * HOUR, 2 * DAY])
        act = self.dice.choice(
            [self.opens, self.opens, self.answers, self.resolves, self.resolves, self.reopens, self.passes_on,
             self.cancels, self.regrades, self.confirms, self.parcels, self.reviews, self.corrects]
        )  # fmt: skip
        try:
            with transaction.atomic():
                act()
        except DomainError:
            pass

    def a_ticket(self, *states: str) -> Ticket:
        found = list(Ticket.objects.filter(state__in=states).order_by("pk"))
        if not found:
            raise DomainError("none", "none")
        return self.dice.choice(found)

    def opens(self) -> None:
        row = self.dice.choice(self.orders)
        self.open_ticket(
            at=self.now, order_id=row.pk, merchant_id=self.dice.choice(self.shops).pk, subject=f"问题{self.now}",
            kind=self.dice.choice(["returns", "quality"]), channel=self.dice.choice(["web", "rule"]),
        )  # fmt: skip

    def answers(self) -> None:
        row = self.a_ticket("assigned", "in_progress", "waiting")
        tickets.ticket_reply(ticket=row, text="收到。", actor=self.desk.agent, now=self.now)

    def resolves(self) -> None:
        row = self.a_ticket("assigned", "in_progress")
        tickets.ticket_resolve(
            ticket=row, result="explained", text="好了。", actor=self.desk.agent, now=self.now
        )

    def reopens(self) -> None:
        row = self.a_ticket("resolved", "closed")
        tickets.ticket_move(ticket=row, name="reopen", reason="没好", actor=self.desk.lead, now=self.now)

    def passes_on(self) -> None:
        row = self.a_ticket("assigned", "in_progress")
        to, team = self.dice.choice([(self.desk.lead, self.desk.team), (self.helper, self.helpers)])
        tickets.ticket_assign(
            ticket=row, to=to, team_id=team.pk, reason="接手", actor=self.desk.lead, now=self.now
        )

    def cancels(self) -> None:
        row = self.a_ticket("new", "triaged", "assigned")
        tickets.ticket_cancel(
            ticket=row, why="mistake", reason="登记错误", actor=self.desk.lead, now=self.now
        )

    def regrades(self) -> None:
        row = self.a_ticket("assigned", "in_progress", "waiting")
        tickets.ticket_regrade(
            ticket=row,
            kind="logistics",
            severity="major",
            nature="complaint",
            reason="看错了",
            actor=self.desk.lead,
            now=self.now,
        )

    def confirms(self) -> None:
        row = self.a_ticket("resolved")
        token = tickets.customer_link_issue(ticket=row, purpose="confirm", actor=system_user(), now=self.now)
        link = tickets.customer_link_open(token=token, purpose="confirm", now=self.now)
        tickets.ticket_confirm(
            link=link, now=self.now, satisfied=self.dice.random() < 0.7, rating_handling=self.dice.randint(1, 5),
            rating_outcome=self.dice.randint(1, 5),
        )  # fmt: skip

    def parcels(self) -> None:
        row = self.dice.choice(self.orders)
        had = row.shipments.first()
        given = {
            "shipped_at": self.now - self.dice.randint(1, 9) * DAY, "delivered_at": self.dice.choice([None, self.now]),
            "promised_at": self.now + self.dice.randint(-3, 3) * DAY, "carrier": self.dice.choice(["SF", "sf ", "YTO"]),
        }  # fmt: skip
        if had:
            orders.shipment_change(
                shipment=had, actor=system_user(), now=self.now, version=had.version, reason="更正", **given
            )
        else:
            orders.shipment_add(order=row, number="1", actor=system_user(), now=self.now, **given)

    def reviews(self) -> None:
        row = self.dice.choice(self.orders)
        orders.review_add(
            order=row, source="shop", external_id=f"R{self.now}", score=self.dice.randint(1, 5), written_at=self.now,
            actor=system_user(), now=self.now,
        )  # fmt: skip

    def corrects(self) -> None:
        row = self.dice.choice(self.orders)
        row.refresh_from_db()
        orders.order_change(
            order=row, placed_at=self.now - self.dice.randint(1, 30) * DAY, actor=system_user(), now=self.now,
            version=row.version, status=self.dice.choice(["delivered", "shipped", "canceled"]),
        )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_refreshing_after_any_history_is_counting_everything(seed: int, desk, open_ticket, now) -> None:
    trade = Trade(seed, desk, open_ticket, now)
    for _round in range(4):
        for _step in range(15):
            trade.step()
        noted(trade.now)
        services.refresh()
    refreshed = stored()
    wrong = services.recount()
    assert {code: number for code, number in wrong.items() if number} == {}
    Rollup.objects.all().delete()
    services.recount()
    assert stored() == refreshed
    assert len({key[0] for key in refreshed}) > 15, "the history was rich enough"


def test_what_the_rows_say_at_once_is_what_the_rollups_say(desk, open_ticket, now) -> None:
    trade = Trade(4, desk, open_ticket, now)
    for _step in range(40):
        trade.step()
    services.recount()
    first, last = (now - 60 * DAY).date(), trade.now.date() + DAY
    for kind in SubjectKind:
        plain = [one for one in metrics.of_kind(kind) if one.way is not Way.STOCK]
        rolled = {
            (one.metric.code, one.subject_id, one.subject_name): (one.num, one.den)
            for one in selectors.figures(
                Rollup.objects.all(), kind, first, last, codes=[one.code for one in plain]
            )
        }
        assert selectors.cold(kind, first, last, [one.code for one in plain]) == rolled


def test_a_touched_ticket_moves_whom_it_is_laid_to_and_nobody_elses_day(desk, open_ticket, now) -> None:
    shops = [a_merchant(f"M{n}", now) for n in range(2)]
    rows = [open_ticket(merchant_id=shop.pk, subject=f"问题{shop.pk}", customer_id=None) for shop in shops]
    noted(now)
    services.refresh()
    figures = Rollup.objects.filter(metric="tickets", subject_kind="merchant")
    figures.update(num=9)
    tickets.ticket_regrade(
        ticket=rows[0], kind="logistics", severity="major", nature="complaint", reason="看错了", actor=desk.lead,
        now=now,
    )  # fmt: skip
    noted(now)
    services.refresh()
    assert {(one.subject_id, one.category, one.num) for one in figures.all()} == {
        (shops[0].pk, "logistics", 1), (shops[1].pk, "returns", 9)
    }  # fmt: skip
    services.recount()
    assert [one.num for one in figures.all()] == [1, 1]
