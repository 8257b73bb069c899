"""Stories of single figures: what counts, whose it is, on which day, and what lies behind it."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.services import system_user
from aftersales.clocks.models import Clock
from aftersales.clocks.services import sweep
from aftersales.core.errors import NotPermitted
from aftersales.orders import services as orders
from aftersales.orders.models import Order
from aftersales.scorecards import metrics, selectors, services
from aftersales.scorecards.metrics import sources
from aftersales.scorecards.models import Rollup, Touched
from aftersales.scorecards.states import SubjectKind
from aftersales.standards.models import Market
from aftersales.standards.selectors import market_default
from aftersales.tickets import services as tickets
from tests.records import merchant as a_merchant
from tests.records import order as an_order
from tests.scorecards.conftest import noted, stored
from tests.tickets.test_scored_dispatch import set_number

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def answer(ticket, desk, at):
    return tickets.ticket_reply(ticket=ticket, text="请重新配对。", actor=desk.agent, now=at)


def resolve(ticket, desk, at):
    ticket.refresh_from_db()
    return tickets.ticket_resolve(
        ticket=ticket, result="explained", text="请重新配对。", actor=desk.agent, now=at
    )


def test_median_and_p90_of_several_days_are_those_of_all_single_times(
    desk, open_ticket, counted, now
) -> None:
    shop, minutes = a_merchant("M1", now), [3, 5, 8, 13, 200]
    for place, took in enumerate(minutes):
        at = now + place * DAY
        answer(open_ticket(at=at, merchant_id=shop.pk, subject=f"第{place}个问题"), desk, at + took * MINUTE)
    found = counted(now + 6 * DAY, "merchant", shop.pk)["response_time"]
    assert (found.den, found.median, found.num) == (5, 8 * 60, sum(minutes) * 60)
    assert found.p90 == Decimal("7512")  # between 13 and 200, as percentile_cont reads it


def test_a_broken_promise_is_charged_to_who_held_it(desk, open_ticket, counted, now) -> None:
    ticket = open_ticket()
    holder = ticket.assignee
    due = Clock.objects.get(subject_id=ticket.pk, promise="first_response").due_at
    sweep(now=due + MINUTE)
    later = due + 5 * MINUTE
    tickets.ticket_assign(ticket=ticket, to=desk.lead, reason="接手", actor=desk.lead, now=later)
    ticket.refresh_from_db()
    tickets.ticket_reply(ticket=ticket, text="抱歉久等。", actor=desk.lead, now=later + MINUTE)

    mine = counted(later + HOUR, "person", holder.pk)["response_in_time"]
    assert (mine.num, mine.den) == (0, 1)
    assert "response_in_time" not in counted(later + HOUR, "person", desk.lead.pk)


def test_who_writes_again_was_not_helped_and_the_day_of_the_answer_learns_it(
    desk, open_ticket, counted, now
) -> None:
    ticket = resolve(open_ticket(), desk, now + HOUR)
    assert counted(now + 2 * HOUR, "person", desk.agent.pk)["resolution"].value == 1
    tickets.ticket_move(ticket=ticket, name="reopen", reason="没好", actor=desk.lead, now=now + 3 * DAY)
    after = counted(now + 4 * DAY, "person", desk.agent.pk)
    assert (after["resolution"].num, after["resolution"].den) == (0, 1)
    assert after["reopened"].value == 1
    assert "handling_time" not in after, "a reopening cancels the earlier closure"


def test_a_new_ticket_about_it_counts_against_the_one_before(desk, open_ticket, counted, now) -> None:
    resolve(open_ticket(), desk, now + HOUR)
    assert counted(now + 2 * HOUR, "person", desk.agent.pk)["first_contact"].value == 1
    open_ticket(at=now + 5 * DAY, subject="又坏了")
    assert counted(now + 6 * DAY, "person", desk.agent.pk)["first_contact"].value == 0


@pytest.mark.parametrize(("why", "came"), [("mistake", 0), ("duplicate", 0), ("withdrawn", 1)])
def test_a_ticket_registered_by_mistake_is_no_second_contact_and_a_withdrawn_one_is(
    desk, open_ticket, counted, now, why, came
) -> None:
    resolve(open_ticket(), desk, now + HOUR)
    again = open_ticket(at=now + 2 * DAY, subject="又坏了")
    assert counted(now + 2 * DAY, "person", desk.agent.pk)["resolution"].value == 0
    tickets.ticket_cancel(ticket=again, why=why, reason="取消", actor=desk.lead, now=now + 2 * DAY + HOUR)
    figures = counted(now + 3 * DAY, "person", desk.agent.pk)
    assert [figures[code].value for code in ("resolution", "first_contact")] == [1 - came, 1 - came]


def test_a_ticket_registered_by_mistake_is_no_earlier_problem_even_once_it_is_archived(
    desk, open_ticket, counted, now, customer
) -> None:
    shop = a_merchant("M1", now)
    order = an_order("R-1", now, merchant=shop, customer=customer)
    product = orders.product_create(code="P1", name="耳机", actor=desk.system, now=now)
    orders.line_add(order=order, line_no=1, merchant=shop, product=product, actor=desk.system, now=now)
    of_it = {"order_id": order.pk, "merchant_id": shop.pk}
    first = open_ticket(**of_it)
    open_ticket(at=now + 2 * DAY, subject="又坏了", beside=True, **of_it)

    def repeats() -> int:
        return counted(now + 3 * DAY, "merchant", shop.pk)["repeat_problems"].num

    assert repeats() == 1
    tickets.ticket_cancel(ticket=first, why="mistake", reason="登记错误", actor=desk.lead, now=now + 2 * DAY)
    assert repeats() == 0
    first.refresh_from_db()
    tickets.ticket_archive(
        ticket=first, summary="登记错误，已核对后归档处理完毕。", actor=desk.supervisor, now=now + 3 * DAY
    )
    assert repeats() == 0
    services.recount(codes=["repeat_problems"])
    assert repeats() == 0


def test_backlog_is_what_stood_open_at_the_end_of_the_day(desk, open_ticket, counted, now) -> None:
    shop = a_merchant("M1", now)
    first = open_ticket(merchant_id=shop.pk)
    open_ticket(merchant_id=shop.pk, subject="另一件事", kind="invoice")
    done = resolve(first, desk, now + DAY)
    tickets.ticket_move(ticket=done, name="reopen", reason="没好", actor=desk.lead, now=now + 3 * DAY)

    def open_at(days: int) -> int:
        return counted(now + 9 * DAY, "merchant", shop.pk, until=(now + days * DAY).date())["backlog"].num

    assert [open_at(days) for days in (0, 1, 2, 3, 9)] == [2, 1, 1, 2, 2]


def test_behind_a_figure_lie_its_rows_and_the_ones_left_out_with_the_reason(
    desk, open_ticket, counted, now
) -> None:
    shop = a_merchant("M1", now)
    kept = open_ticket(merchant_id=shop.pk)
    gone = open_ticket(merchant_id=shop.pk, subject="登记错了", kind="invoice")
    tickets.ticket_cancel(ticket=gone, why="mistake", reason="登记错误", actor=desk.lead, now=now + HOUR)
    figure = counted(now + DAY, "merchant", shop.pk)["tickets"]
    asked = {
        "code": "tickets", "kind": SubjectKind.MERCHANT, "subject": shop.pk, "since": now.date() - DAY,
        "until": now.date() + DAY,
    }  # fmt: skip
    rows = selectors.items(user=desk.operations, **asked)
    assert [(row.kind, row.id, row.excluded) for row in rows] == [
        ("tickets.ticket", kept.pk, ""), ("tickets.ticket", gone.pk, "cancelled"),
    ]  # fmt: skip
    assert str(rows[1].reason) != ""
    assert figure.num == sum(row.num for row in rows if not row.excluded) == 1
    [second] = selectors.items(user=desk.operations, after=(rows[0].at, rows[0].id), **asked)
    assert second.id == gone.pk
    with pytest.raises(NotPermitted):
        selectors.items(user=desk.agent, **asked)


def test_everybody_sees_his_own_a_lead_his_team_and_merchants_those_who_look_after_them(
    desk, open_ticket, counted, now
) -> None:
    shop = a_merchant("M1", now)
    answer(open_ticket(merchant_id=shop.pk), desk, now + MINUTE)
    counted(now + HOUR, "merchant", shop.pk)

    def kinds(person) -> set[tuple[str, int]]:
        return set(Rollup.objects.visible_to(person).values_list("subject_kind", "subject_id"))

    me, team, merchant = ("person", desk.agent.pk), ("team", desk.team.pk), ("merchant", shop.pk)
    assert kinds(desk.agent) == {me}
    assert kinds(desk.lead) == {me, team}
    assert kinds(desk.supervisor) == {me, team, merchant}, "he hears what rests on merchants' figures"
    assert kinds(desk.operations) == {merchant}
    assert kinds(desk.auditor) == {me, team, merchant}
    assert kinds(desk.other_agent if hasattr(desk, "other_agent") else desk.finance) == set()
    for person in (desk.agent, desk.lead, desk.supervisor, desk.operations, desk.auditor, desk.finance):
        for kind, subject in (me, team, merchant):
            assert selectors.may_see(person, kind, subject) == ((kind, subject) in kinds(person))


def test_a_day_is_the_markets_day(book, counted, now) -> None:
    here = market_default()
    brazil = Market.objects.create(
        code="br", name_zh="巴西", name_en="Brazil", zone="America/Sao_Paulo", calendar_id=here.calendar_id
    )
    shop = a_merchant("M1", now)
    an_order(
        "CN", now, merchant=shop
    )  # both placed at 10:00 in Shanghai, 23:00 of the day before in São Paulo
    an_order("BR", now, merchant=shop, market=brazil)
    counted(now + DAY, "merchant", shop.pk)
    days = (
        Rollup.objects.filter(metric="orders", subject_kind="merchant")
        .order_by("day")
        .values_list("day", "num")
    )
    bought = (now - 10 * DAY).date()
    assert list(days) == [(bought - DAY, 1), (bought, 1)]


def test_a_corrected_order_leaves_its_old_day_and_a_load_counts_every_day(book, counted, cast, now) -> None:
    shop = a_merchant("M1", now)
    row = an_order("A-1", now, merchant=shop)
    counted(now, "merchant", shop.pk)
    orders.order_change(
        order=row,
        placed_at=row.placed_at - 40 * DAY,
        actor=system_user(),
        now=now + HOUR,
        version=row.version,
    )
    assert counted(now + 2 * HOUR, "merchant", shop.pk, days=15).get("orders") is None
    Order.objects.filter(pk=row.pk).update(placed_at=now - 5 * DAY)  # as a sheet does: no event of its own
    assert counted(now + 3 * HOUR, "merchant", shop.pk, days=15).get("orders") is None
    services.touch(subject_kind="orders.order")
    assert counted(now + 4 * HOUR, "merchant", shop.pk, days=15)["orders"].num == 1
    assert not Touched.objects.exists()


def test_low_ratings_are_those_that_the_rule_book_called_low_at_that_time(book, counted, cast, now) -> None:
    shop = a_merchant("M1", now)
    row = an_order("A-1", now, merchant=shop)
    for number, at in enumerate((now - 3 * DAY, now + 3 * DAY)):
        orders.review_add(
            order=row, external_id=f"R{number}", source="shop", score=3, written_at=at, actor=system_user(),
            now=now + 4 * DAY,
        )  # fmt: skip
    assert counted(now + 5 * DAY, "merchant", shop.pk)["low_rating_share"].num == 0
    set_number(cast, "low_star_threshold", 3, now)
    services.recount(codes=["low_rating_share"])
    assert counted(now + 5 * DAY, "merchant", shop.pk)["low_rating_share"].num == 1, (
        "only the later review is low"
    )


def test_all_metrics_say_what_they_are_and_count_for_somebody(book) -> None:
    found = metrics.declared()
    assert len({one.code for one in found}) == len(found) > 25
    for one in found:
        assert all(str(text) for text in (one.name, one.meaning, one.numerator, one.denominator, one.source))
        assert one.kinds
        assert all(str(reason) for reason in one.exclusions.values())
    assert set(services.recount().values()) == {0}


def test_orders_that_were_not_genuine_leave_every_figure_that_counts_orders() -> None:
    """A denominator that kept them would make a shop look better by what it invented."""
    trade = {id(one) for one in (sources.PLACED, sources.ORDERS, sources.SHIPMENTS)}
    bare = [
        metric.code
        for metric in metrics.declared()
        for part in metric.parts
        if id(part.source) in trade and "not_genuine" not in {one.code for one in part.exclusions}
    ]
    assert bare == []


def test_the_command_prints_a_table_with_numerators_and_denominators(book, now) -> None:
    an_order("A-1", now, merchant=a_merchant("M1", now))
    noted(now)
    out = io.StringIO()
    call_command("scorecards", "--period", "2026-11", "--format", "csv", stdout=out)
    rows = {row["metric"]: row for row in csv.DictReader(io.StringIO(out.getvalue()))}
    told = ("merchant", "numerator", "denominator", "value", "unit")
    assert [rows["undelivered"][name] for name in told] == ["M1", "1", "1", "1.0", "percent"]
    assert rows["orders"]["numerator"] == "1"


def test_the_command_refuses_what_is_no_month_and_no_merchant(book) -> None:
    for arguments, words in (
        (["--period", "2018-13"], "2018-13"),
        (["--period", "2018-08", "--merchant", "M9"], "M9"),
    ):
        with pytest.raises(CommandError, match=words):
            call_command("scorecards", *arguments)


def test_what_failed_to_count_stays_noted(desk, open_ticket, now, monkeypatch) -> None:
    open_ticket()
    noted(now)
    waiting = Touched.objects.count()
    with monkeypatch.context() as broken:
        broken.setattr(services.counting, "_recount_cells", lambda *_given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            services.refresh()
    assert Touched.objects.count() == waiting > 0
    services.refresh()
    assert stored()
