"""A surge becomes one warning with exactly its tickets, grows while it lasts, and opens again when it comes back."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.improvement import selectors, services
from aftersales.improvement.models import SurgeCount, Warning, WarningAsk, WarningDay, WarningTicket
from aftersales.improvement.services import surges
from aftersales.improvement.services.handling import told_new
from aftersales.notices.models import Notice
from aftersales.standards import services as rule_book
from aftersales.standards.models import Parameter
from aftersales.standards.promoting import services as promoting
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.improvement.conftest import DAY, Trade

pytestmark = pytest.mark.django_db


def look(cast: Cast, now: datetime) -> list[Warning]:
    return services.surges_look(actor=cast.system, now=now)


@pytest.fixture
def surged(trade: Trade) -> tuple[Any, list[Ticket]]:
    """One article with a ticket a day for ten weeks, and nine today; a steady one beside it, of another shop."""
    shop, calm = trade.shop("S1"), trade.shop("S2")
    bad, good = trade.product("A3", shop), trade.product("B1", calm)
    trade.week(bad, a_day=1, weeks=10)
    trade.week(good, a_day=3, weeks=10)
    trade.tickets(trade.orders(good, 3, 30), 0)
    return bad, trade.tickets(trade.orders(bad, 9, 30), 0)


def test_a_surge_is_one_warning_with_exactly_its_tickets(
    surged: tuple[Any, list[Ticket]], cast: Cast, now: datetime
) -> None:
    bad, today = surged
    look(cast, now)
    product = Warning.objects.get(kind="product")
    merchant = Warning.objects.get(kind="merchant")
    day = product.days.get(period="day")
    assert (product.key, product.product, product.merchant, product.state) == (
        str(bad.pk),
        bad,
        bad.merchant,
        "raised",
    )
    assert (day.observed, day.base, day.base_size, float(day.expected)) == (9, 8, 8, 1)
    # 9 of 17 tickets on one day of nine: the tail is 1.6e-5, allowed are 1/(60 · 2 articles) but at most 0.00135.
    assert day.chance == pytest.approx(0.00135)
    assert day.limit == 6
    assert set(
        WarningTicket.objects.filter(warning=product, day=day.last).values_list("ticket", flat=True)
    ) == {one.pk for one in today}
    assert merchant.within == product, "the product's surge explains the merchant's: shown as one"
    assert not Warning.objects.filter(merchant__code="S2").exists()
    rows, _more = selectors.listed(cast.supervisor)
    assert [(one.warning, one.explains) for one in rows if one.warning.kind == "product"] == [
        (product, [merchant])
    ]


def test_a_ticket_that_was_called_off_is_in_no_surge_even_once_it_is_archived(
    surged: tuple[Any, list[Ticket]], cast: Cast, now: datetime
) -> None:
    bad, today = surged
    row = tickets.ticket_cancel(ticket=today[0], why="mistake", reason="登记错误", actor=cast.lead, now=now)
    tickets.ticket_archive(
        ticket=row, summary="登记错误，已核对后归档处理完毕。", actor=cast.supervisor, now=now
    )
    look(cast, now)
    day = Warning.objects.get(kind="product").days.get(period="day")
    assert (Ticket.objects.get(pk=row.pk).state, day.observed) == ("archived", len(today) - 1)
    assert not WarningTicket.objects.filter(ticket=row).exists()


def test_supervisors_are_told_of_what_is_new_and_not_of_what_grows(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    who, (bad, _today) = cast.supervisor, surged
    assert told_new(look(cast, now), cast.system, now) == 1
    told = Notice.objects.get(source="improvement.new")
    assert (told.user_id, told.subject_id) == (who.pk, Warning.objects.get(kind="product").pk)
    later = now + timedelta(hours=1)
    trade.tickets(trade.orders(bad, 3, 30), 0)
    grown = look(cast, later)
    assert grown
    assert told_new(grown, cast.system, later) == 0


def test_looking_again_changes_nothing(surged: tuple[Any, list[Ticket]], cast: Cast, now: datetime) -> None:
    assert look(cast, now)
    before = [
        list(one.objects.order_by("pk").values())
        for one in (Warning, WarningDay, WarningTicket, SurgeCount, Event)
    ]
    assert look(cast, now) == []
    assert services.surges_look(actor=cast.system, now=now, recount=True) == []
    after = [
        list(one.objects.order_by("pk").values())
        for one in (Warning, WarningDay, WarningTicket, SurgeCount, Event)
    ]
    assert after == before
    with pytest.raises(DomainError):
        services.surges_look(actor=cast.supervisor, now=now)


def test_one_warning_grows_while_the_surge_lasts(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    bad, _today = surged
    look(cast, now)
    trade.now = now + DAY
    more = trade.tickets(trade.orders(bad, 12, 30), 0)
    changed = look(cast, now + DAY)
    one = Warning.objects.get(kind="product")
    assert one in changed
    assert one.last_day - one.first_day >= DAY
    strongest = one.days.order_by("tail").first()
    assert strongest is not None
    assert (one.observed, one.limit) == (strongest.observed, strongest.limit) == (12, 6)
    held = set(one.rows.values_list("ticket", flat=True))
    assert {row.pk for row in more} <= held
    assert one.tickets == len(held)
    assert Warning.objects.filter(kind="product").count() == 1


def test_people_look_ask_write_down_and_close_and_a_new_surge_opens_it_again(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    bad, _today = surged
    look(cast, now)
    one, who = Warning.objects.get(kind="product"), cast.supervisor

    def refused(code: str, **asked: Any) -> None:
        with pytest.raises(DomainError) as why:
            services.warning_ask(warning=one, words="请核查。", actor=who, now=now, **asked)
        assert why.value.code == code

    refused("wrong_state", of="quality")
    services.warning_acknowledge(warning=one, actor=who, now=now)
    refused("asked_of", of="nobody")
    asked = services.warning_ask(warning=one, of="quality", words="请核查充电模块。", actor=who, now=now)
    shop = services.warning_ask(warning=one, of="merchant", words="请停发该批次。", actor=who, now=now)
    refused("asked_already", of="quality")
    assert asked.due_at == now + 7 * DAY
    told = Notice.objects.get(source="improvement.question")
    assert told.merchant_id == bad.merchant_id
    assert "请停发该批次。" in told.body

    assert services.asks_tell_late(actor=cast.system, now=now + 6 * DAY) == 0
    assert services.asks_tell_late(actor=cast.system, now=now + 8 * DAY) == 2
    assert services.asks_tell_late(actor=cast.system, now=now + 9 * DAY) == 0, "told once"
    services.ask_answer(ask=asked, answer="模块批次不良。", actor=who, now=now + 8 * DAY)
    one.refresh_from_db()
    assert one.state == "asked", "the merchant's answer is still due"
    with pytest.raises(DomainError):
        services.warning_close(warning=one, outcome="true", done="下架", actor=who, now=now + 8 * DAY)
    services.ask_answer(ask=shop, answer="已停发。", actor=who, now=now + 8 * DAY)
    one.refresh_from_db()
    services.warning_close(warning=one, outcome="true", done="停发并更换批次。", actor=who, now=now + 8 * DAY)
    assert selectors.learned(who, now + 9 * DAY).share == 0
    assert one not in look(cast, now + 8 * DAY), "days that people looked at open nothing again"

    trade.now = now + 10 * DAY
    fresh = trade.tickets(trade.orders(bad, 11, 30), 0)
    look(cast, now + 10 * DAY)
    one.refresh_from_db()
    assert (one.state, one.reopened, one.outcome) == ("raised", 1, "")
    assert {row.pk for row in fresh} <= set(one.rows.values_list("ticket", flat=True))


@pytest.mark.parametrize("outcome", ["true", "lasting"])
def test_a_lasting_rise_is_warned_of_once_and_a_surge_above_it_anew(
    outcome: str, surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    """Nine a day instead of one, for good: it comes back unless people said that this is the new level."""
    (bad, _today), who = surged, cast.supervisor
    look(cast, now)
    one = Warning.objects.get(kind="product")
    close: dict[str, Any] = {
        "warning": one,
        "outcome": outcome,
        "done": "换了供应商，咨询长期增多。",
        "actor": who,
    }
    services.warning_acknowledge(warning=one, actor=who, now=now)
    if outcome == "lasting":
        with pytest.raises(DomainError) as why:
            services.warning_close(since=now.date() + DAY, now=now, **close)
        assert why.value.code == "since"
    services.warning_close(now=now + DAY, **close)
    for day in range(1, 37):
        trade.now = now + day * DAY
        trade.tickets(trade.orders(bad, 9 if day < 36 else 40, 30), 0)

    def seen(day: int) -> list[Warning]:
        at = now + day * DAY
        found = services.surges_look(actor=cast.system, now=at, days=[at.date()], recount=True)
        return [row for row in found if row.kind == "product"]

    if outcome == "true":
        assert seen(12) == [one]
        return
    assert (seen(12), seen(25), seen(35)) == ([], [], [])
    (again,) = seen(36)
    assert again != one, "the first one is done with"
    day = again.days.get(period="day")
    assert (day.observed, day.base, day.base_size) == (40, 45, 5), (
        "five such weekdays of nine since the change"
    )


def test_a_late_answer_is_heard_of_when_the_asker_is_gone(
    surged: tuple[Any, list[Ticket]], cast: Cast, now: datetime
) -> None:
    """Then whoever looks into it hears of it, and when he is gone too, the supervisors."""
    look(cast, now)
    asker, taker, lead = cast.operations, cast.merchant_manager, cast.supervisor
    one = Warning.objects.get(kind="product")
    services.warning_acknowledge(warning=one, actor=taker, now=now)
    for party in ("quality", "buying"):
        services.warning_ask(warning=one, of=party, words="请核查。", actor=asker, now=now)
        type(asker).objects.filter(pk=asker.pk).update(is_active=False)
        services.asks_tell_late(actor=cast.system, now=now + 8 * DAY)
        type(asker).objects.filter(pk=asker.pk).update(is_active=True)
        type(asker).objects.filter(pk=taker.pk).update(is_active=False)
    told = Notice.objects.filter(source="improvement.late").order_by("pk")
    assert list(told.values_list("user_id", flat=True)) == [taker.pk, lead.pk]


def test_a_bad_batch_explains_its_product(
    trade: Trade, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven of thirty pieces of one batch, one of ninety of the others."""
    shop = trade.shop("S1")
    bad = trade.product("A3", shop)
    trade.orders(bad, 90, 40, batch="B1")
    calm = trade.orders(bad, 1, 40, batch="B1")
    sent = trade.orders(bad, 30, 20, batch="B2")
    trade.tickets(calm, 30)
    broken = [row for ago, row in enumerate(sent[:7])]
    for ago, row in enumerate(broken):
        trade.tickets([row], ago + 1)
    look(cast, now)
    one = Warning.objects.get(kind="batch")
    assert one.key == f"{bad.pk}|bB2"
    day = one.days.get()
    assert (day.observed, day.base, day.base_size) == (7, 1, 91)
    assert set(one.rows.values_list("ticket__order", flat=True)) == {row.pk for row in broken}
    for wider in Warning.objects.exclude(kind="batch"):
        assert wider.within == one

    asked, behind = [], surges.looking.behind
    monkeypatch.setattr(surges.looking, "behind", lambda *about: asked.append(about[0]) or behind(*about))
    assert one not in look(cast, now + timedelta(hours=1))
    assert "batch" not in asked, "its tickets of months are not sought again while there is no new one"


def test_a_closed_batch_comes_back_once_it_grew_clearly(trade: Trade, cast: Cast, now: datetime) -> None:
    """Its days begin when it was sent: what people looked at is told by the tickets, not by the day."""
    bad = trade.product("A3", trade.shop("S1"))
    trade.orders(bad, 200, 40, batch="B1")
    sent = trade.orders(bad, 60, 20, batch="B2")
    trade.tickets(sent[:6], 1)
    look(cast, now)
    one, who = Warning.objects.get(kind="batch"), cast.supervisor
    services.warning_acknowledge(warning=one, actor=who, now=now)
    services.warning_close(warning=one, outcome="false", done="同一客户的误报", actor=who, now=now)
    trade.now = now + DAY
    trade.tickets(sent[6:10], 0)
    assert one not in look(cast, now + DAY), "four more are no news after six"
    trade.now = now + 2 * DAY
    fresh = trade.tickets(sent[10:40], 0)
    look(cast, now + 2 * DAY)
    one.refresh_from_db()
    assert (one.state, one.reopened, one.observed, one.tickets) == ("raised", 1, 40, 40)
    assert {row.pk for row in fresh} <= set(one.rows.values_list("ticket", flat=True))
    assert Warning.objects.filter(kind="batch").count() == 1


def test_batches_are_compared_at_the_same_age(trade: Trade, cast: Cast, now: datetime) -> None:
    """Old pieces had months to break, new ones days: as many of each broke in their first week, none is a surge."""
    goods = trade.product("A3", trade.shop("S1"))
    old = trade.orders(goods, 100, 101, batch="OLD")
    new = trade.orders(goods, 300, 6, batch="NEW")
    for number, one in enumerate(old[:25]):
        trade.tickets([one], 100 - 4 * number)  # two of them in the first week
    trade.tickets(new[:6], 1)
    look(cast, now)
    assert not Warning.objects.filter(kind="batch").exists()
    trade.tickets(old[30:44], 98)
    look(cast, now)
    one = Warning.objects.get(kind="batch")
    day = one.days.get()
    assert one.key == f"{goods.pk}|bOLD"
    assert (day.observed, day.base, day.base_size) == (16, 6, 300), (
        "those of the first week, and no later ones"
    )


def test_a_warning_closed_at_the_same_moment_stays_closed(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _today = surged
    look(cast, now)
    one, who = Warning.objects.get(kind="product"), cast.supervisor
    services.warning_acknowledge(warning=one, actor=who, now=now)
    trade.tickets(trade.orders(bad, 3, 30), 0)
    locked = moves.locked

    def closed_first(row: Any, **asked: Any) -> Any:
        if row == one:
            monkeypatch.setattr(moves, "locked", locked)
            services.warning_close(warning=one, outcome="true", done="停发。", actor=who, now=now)
        return locked(row, **asked)

    monkeypatch.setattr(moves, "locked", closed_first)
    assert one not in look(cast, now + timedelta(minutes=1))
    one.refresh_from_db()
    assert (one.state, one.observed, one.tickets, one.days.get(period="day").observed) == ("closed", 9, 9, 9)


def test_a_carrier_and_a_cause_are_seen_too(trade: Trade, cast: Cast, now: datetime) -> None:
    shop = trade.shop("S1")
    goods = trade.product("A3", shop)
    trade.week(goods, a_day=1, weeks=10, kind="logistics", carrier="Fast")
    late = trade.tickets(trade.orders(goods, 12, 6, carrier=" fast "), 0, kind="logistics")
    look(cast, now)
    carrier, cause = Warning.objects.get(kind="carrier"), Warning.objects.get(kind="cause")
    assert (carrier.key, cause.key) == ("FAST", "kind:logistics")
    assert {one.pk for one in late} <= set(carrier.rows.values_list("ticket", flat=True))
    assert carrier.merchant is None


def test_a_day_that_is_left_out_is_in_no_base(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    """A promotion four weeks ago brought twenty tickets: left out by the rule book it hides nothing."""
    bad, _today = surged
    trade.tickets(trade.orders(bad, 20, 30), 28)
    row = Parameter.objects.get(code="warning_left_out_days")
    local = (now - 28 * DAY).astimezone(selectors.looking.zone()).date()
    draft = rule_book.parameter_draft(
        parameter=row, value=[local.isoformat()], actor=cast.operations, now=now, reason="大促"
    )
    rule_book.rule_activate(draft=draft, actor=cast.supervisor, now=now)
    look(cast, now + timedelta(minutes=1))
    day = WarningDay.objects.get(warning__kind="product", period="day")
    assert (day.base, day.base_size) == (7, 7)


def test_the_days_of_a_promotion_are_in_no_base(
    surged: tuple[Any, list[Ticket]], trade: Trade, cast: Cast, now: datetime
) -> None:
    """Nobody has to name its days: promotion mode knows them, and one that ended at midnight touched no day more."""
    bad, _today = surged
    trade.tickets(trade.orders(bad, 20, 30), 28)
    then, midnight = now - 29 * DAY, (now - 28 * DAY).astimezone(selectors.looking.zone())
    midnight = midnight.replace(hour=0, minute=0, second=0, microsecond=0)
    row = promoting.promotion_draft(
        name_zh="年中大促", name_en="Summer sale", starts_at=midnight, ends_at=midnight + DAY, reason="单量约为六倍",
        actor=cast.operations, now=then,
    )  # fmt: skip
    row = promoting.override_set(
        promotion=row, sort="number", code="due_soon_hours", value=4, actor=cast.operations, now=then
    )
    assert selectors.looking.left_out(now) == frozenset(), "a draft is no promotion"
    promoting.promotion_activate(promotion=row, actor=cast.supervisor, now=then)
    assert selectors.looking.left_out(now) == frozenset({midnight.date()})
    look(cast, now)
    day = WarningDay.objects.get(warning__kind="product", period="day")
    assert (day.base, day.base_size) == (7, 7)


def test_the_monthly_list_asks_buying_and_quality_once(
    surged: tuple[Any, list[Ticket]], cast: Cast, now: datetime
) -> None:
    look(cast, now)
    month = now.date().replace(day=1)
    one = Warning.objects.get(kind="product")
    roots = Warning.objects.filter(within=None, kind__in=["product", "merchant", "batch"]).count()
    assert (
        services.list_send(month=month, words="请答复原因与措施。", actor=cast.supervisor, now=now)
        == 2 * roots
    )
    assert services.list_send(month=month, words="请答复原因与措施。", actor=cast.supervisor, now=now) == 0
    assert set(WarningAsk.objects.filter(warning=one).values_list("of", flat=True)) == {"buying", "quality"}
    assert one in selectors.of_month(cast.supervisor, month)
