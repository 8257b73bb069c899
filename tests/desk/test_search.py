"""One box: what it understands, how it ranks, marks, scopes, ends and leaves traces."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.states import Role
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.desk import finding
from aftersales.desk.finding import Wanted
from aftersales.orders.models import Order, Shipment
from aftersales.tickets.models import Ticket, TicketText
from aftersales.tickets.selectors import words
from tests.cast import Cast
from tests.records import merchant

Opener = Callable[..., Ticket]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
SEARCH = "/desk/search/"
ORDER = "0301011112345678901"


@pytest.fixture
def order(db: None, customer: Customer, now: datetime) -> Order:
    row = Order(source="tmall", external_no=ORDER, placed_at=now, customer=customer)
    row.save()
    return row


def found(user: Any, text: str, code: str = "tickets", **more: Any) -> list[str]:
    groups = {group.code: group for group in finding.find(Wanted(text, user, **more))}
    return [str(hit.title) + " " + hit.note for hit in groups[code].hits] if code in groups else []


def test_a_whole_ticket_number_opens_the_ticket_in_any_case(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    answer = desk.client(desk.lead).get(SEARCH, {"q": f" {ticket.number.lower()} "})
    assert answer.status_code == 302
    assert answer.url.endswith(f"/{ticket.number}/")


@pytest.mark.parametrize(
    "typed", [ORDER, "8901", "678901", "SF1234567890", "C-1", "林芳", "1380", "机器人", "ROBOT x"]
)
def test_the_box_understands_numbers_tails_codes_names_and_words(
    open_ticket: Opener, desk: Cast, customer: Customer, order: Order, now: datetime, typed: str
) -> None:
    ticket = open_ticket(order_id=order.pk, subject="扫地机器人不充电 Robot X9")
    Contact(customer=customer, kind="phone", value="+86 139 0000 1380").save()
    Shipment(order=order, number="P-1", tracking_no="SF1234567890", carrier="顺丰").save()
    assert any(ticket.number in line for line in found(desk.lead, typed)), typed


def test_the_end_of_a_ticket_number_finds_it(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket()
    assert any(ticket.number in line for line in found(desk.lead, ticket.number[-5:]))


def test_a_note_is_found_and_said_with_its_line(open_ticket: Opener, desk: Cast) -> None:
    ticket = open_ticket(text="客户说箱子里面少了充电底座，请补发。")
    groups = finding.find(Wanted("充电底座", desk.lead))
    hit = groups[0].hits[0]
    assert ticket.number in hit.note
    assert "<mark>充电底座</mark>" in str(hit.said)


def test_of_many_texts_that_hold_the_word_the_last_written_is_said(open_ticket: Opener) -> None:
    """However the rows lie in the table: rebuilt search texts say the same."""
    ticket = open_ticket(subject="耳机", text="无")
    parts = [("message:9", "充电底座一"), ("message:11", "充电底座三"), ("message:10", "充电底座二")]
    for rows in (parts, parts[::-1]):
        TicketText.objects.exclude(part="first").filter(part__in=dict(parts)).delete()
        for part, text in rows:
            TicketText(ticket=ticket, part=part, text=text).save()
        assert words.said_in([ticket.pk], "充电底座")[ticket.pk].text == "充电底座三"
    TicketText(ticket=ticket, part="record", text="充电底座已补").save()
    assert words.said_in([ticket.pk], "充电底座")[ticket.pk].text == "充电底座已补"


def test_the_number_comes_first_then_open_then_own_then_the_subject(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    other = open_ticket(subject="别人的耳机", text="无")
    said = open_ticket(subject="音响", text="其实是耳机坏了")
    own = open_ticket(subject="我的耳机", text="无")
    Ticket.objects.filter(pk__in=[other.pk, said.pk]).update(assignee=desk.lead)
    order = [next(n for n in (other, said, own) if n.number in line) for line in found(desk.agent, "耳机")]
    assert order == [own, other, said]


def test_a_rank_puts_numbers_before_words_and_open_before_ended() -> None:
    class Me:
        pk = 7

    def rank(pk: int, state: str, keys: dict[int, int], assignee: int = 1) -> tuple[int, ...]:
        return finding._rank({"pk": pk, "state": state, "assignee_id": assignee}, keys, {}, Me())

    assert rank(1, "archived", {1: 0}) < rank(2, "assigned", {})
    assert rank(1, "assigned", {}) < rank(2, "resolved", {}) < rank(3, "closed", {})
    assert rank(1, "assigned", {}, assignee=7) < rank(2, "assigned", {})
    assert rank(2, "assigned", {}) < rank(1, "assigned", {})


@pytest.mark.parametrize(
    ("text", "typed", "shown"),
    [
        ("<b>耳机</b>", "耳机", "&lt;b&gt;<mark>耳机</mark>&lt;/b&gt;"),
        ("a<script>x", "<script>", "a<mark>&lt;script&gt;</mark>x"),
        ("AbC abc", "ABC", "<mark>AbC</mark> <mark>abc</mark>"),
        ("1.5 和 115", "1.5", "<mark>1.5</mark> 和 115"),
        ("&amp;", "am", "&amp;<mark>am</mark>p;"),
        ('" onclick="', "onclick", "&quot; <mark>onclick</mark>=&quot;"),
        ("没有", "", "没有"),
    ],
)
def test_marking_escapes_every_piece_by_itself(text: str, typed: str, shown: str) -> None:
    assert str(finding.marked(text, typed)) == shown


def test_what_people_wrote_and_typed_never_becomes_markup(open_ticket: Opener, desk: Cast) -> None:
    evil = "<img src=x onerror=alert(1)>"
    open_ticket(subject=f"{evil} 耳机", text=f"{evil} 充电底座")
    browser = desk.client(desk.lead)
    for typed in (evil, "耳机", "底座", '"><svg onload=1>'):
        for headers in ({}, {"HX-Request": "true"}):
            text = browser.get(SEARCH, {"q": typed}, headers=headers).content.decode()
            assert evil not in text
            assert "<svg onload" not in text


@pytest.mark.parametrize("typed", [ORDER, "8901", "机器人", "林芳", "1380"])
def test_nobody_finds_what_he_may_not_see(
    open_ticket: Opener, desk: Cast, customer: Customer, order: Order, typed: str
) -> None:
    ticket = open_ticket(order_id=order.pk, subject="扫地机器人不充电")
    Contact(customer=customer, kind="phone", value="13900001380").save()
    vendor = desk.person(Role.VENDOR_AGENT)
    text = desk.client(vendor).get(SEARCH, {"q": typed}).content.decode()
    assert ticket.number not in text
    assert "林*" not in text
    assert [group.code for group in finding.find(Wanted(typed, vendor))] == []


def test_a_customer_is_masked_and_a_part_of_the_name_or_number_finds_nobody(
    desk: Cast, customer: Customer
) -> None:
    Contact(customer=customer, kind="phone", value="13912341380").save()
    assert found(desk.lead, "林芳", "customers") == ["林* C-1"]
    assert found(desk.lead, "13912341380", "customers") == ["林* C-1"]
    assert found(desk.lead, "林", "customers") == []
    assert found(desk.lead, "341380", "customers") == []  # digit by digit nobody tries a number out


def test_merchants_and_colleagues_have_their_own_groups(desk: Cast, now: datetime) -> None:
    merchant("M-7", now)
    assert len(found(desk.lead, "M-7", "merchants")) == 1
    assert len(found(desk.lead, "Shop M", "merchants")) == 1
    name = str(desk.agent)
    assert len(found(desk.lead, name, "people")) >= 1


def test_the_filters_narrow_the_tickets(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    old = open_ticket(subject="耳机甲", at=now - timedelta(days=9), kind="quality")
    new = open_ticket(subject="耳机乙", kind="returns")
    browser = desk.client(desk.lead)

    def shown(**asked: str) -> set[str]:
        text = browser.get(SEARCH, {"q": "耳机", **asked}).content.decode()
        return {row.number for row in (old, new) if row.number in text}

    assert shown() == shown(state="open") == {old.number, new.number}
    assert shown(state="ended") == set()
    assert shown(kind="quality") == {old.number}
    assert shown(since=now.date().isoformat()) == {new.number}
    assert shown(until=(now - timedelta(days=2)).date().isoformat()) == {old.number}
    assert shown(kind="nonsense", since="2026-99-99", state="x") == {old.number, new.number}


def test_the_whole_answer_leaves_a_trace_and_a_suggestion_leaves_none(
    open_ticket: Opener, desk: Cast
) -> None:
    open_ticket(subject="耳机")
    browser = desk.client(desk.lead)
    browser.get(SEARCH, {"q": "耳机"}, headers={"HX-Request": "true"})
    assert not Event.objects.filter(kind="archive.searched").exists()
    browser.get(SEARCH, {"q": "耳机"})
    event = Event.objects.get(kind="archive.searched")
    assert event.payload == {"filters": "text", "found": 1}
    assert "耳机" not in str(event.payload)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "x", "\x00", "%", "__", "(", "\\", "'; --", "9" * 80, "龘龘", "٣٤٥٦", "²²²²", "a" * 500],
)
def test_nonsense_is_answered_with_a_page(open_ticket: Opener, desk: Cast, typed: str) -> None:
    open_ticket()
    browser = desk.client(desk.lead)
    assert browser.get(SEARCH, {"q": typed}).status_code == 200
    assert browser.get(SEARCH, {"q": typed}, headers={"HX-Request": "true"}).status_code == 200


def test_a_group_ends_at_its_cap_and_says_so(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _n in range(4):
        open_ticket(subject="耳机")
    group = finding.find(Wanted("耳机", desk.lead, most=3))[0]
    assert (len(group.hits), group.more) == (3, True)


# How a word is looked for


def test_the_pairs_asked_for_are_the_rarest_and_no_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "shares", lambda: {"耳机": 0.2, "机左": 0.001, "左耳": 0.05})
    assert words.telling("耳机左耳") == ["机左", "左耳", "耳机"]
    assert words.telling("ab1234") == ["ab", "b1"]
    assert len(words.telling("1234567")) == 3
    assert words.share("耳机左耳") == 0.001


@pytest.mark.parametrize("common", [0.0, 0.9])
def test_a_rare_and_a_common_word_find_the_same_tickets(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch, common: float
) -> None:
    hits = {open_ticket(subject="扫地机器人").pk for _n in range(3)}
    open_ticket(subject="电饭煲")
    monkeypatch.setattr(words, "share", lambda _needle: common)
    seen = Ticket.objects.visible_to(desk.lead)
    assert {*words.tickets_holding(seen, "机器", most=50)} == hits


def test_a_common_pair_in_a_rare_old_word_is_found_beyond_the_newest(
    open_ticket: Opener, desk: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = open_ticket(subject="扫地机器人")
    Ticket.objects.filter(pk=old.pk).update(historic=True)
    monkeypatch.setattr(words, "NEWEST", 0)
    monkeypatch.setattr(words, "ACTIVE_STATES", ("sealed",))
    monkeypatch.setattr(words, "share", lambda _needle: 0.9)
    assert words.tickets_holding(Ticket.objects.visible_to(desk.lead), "机器", most=50) == [old.pk]


BIG = (Ticket, TicketText, Order, Shipment, Contact, Customer)


@pytest.mark.parametrize(
    "typed", ["TK26", "机器人", ORDER, "8901", "SF1234567890", "13800001111", "C-1", "林芳"]
)
@pytest.mark.parametrize("role", [Role.LEAD, Role.SUPERVISOR])
def test_every_statement_of_a_search_has_an_index(desk: Cast, role: Role, typed: str) -> None:
    person = desk.person(role)
    assert isinstance(person.team_ids, list)
    with CaptureQueriesContext(connection) as asked:
        finding.exact_ticket(Wanted(typed, person))
        finding.find(Wanted(typed, person))
    tables = {model._meta.db_table for model in BIG}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in asked.captured_queries:
            if not query["sql"].startswith("SELECT"):
                continue
            cursor.execute("EXPLAIN " + query["sql"])
            plan = "\n".join(line for (line,) in cursor.fetchall())
            scanned = {table for table in tables if f"Seq Scan on {table} " in plan}
            assert scanned == set(), query["sql"] + "\n" + plan
