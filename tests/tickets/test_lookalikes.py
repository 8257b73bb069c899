"""Tickets that may be one problem are found when the later one comes in: by whom, by what, by nearly the same words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import sameness, services
from aftersales.tickets.models import DuplicatePair, Ticket, TicketPrint
from aftersales.tickets.services.intake import TicketDraft
from tests import database
from tests.cast import Cast
from tests.records import order as an_order

Opener = Callable[..., Ticket]
DAY = timedelta(days=1)
SAID = "上周买的蓝牙耳机左边没有声音，充满电也不行，客服说等通知一直没有人联系我，我要求换一副新的。"
EDITED = "我上周买的蓝牙耳机，左边没有声音！充满电也不行。客服说等通知，一直没有人联系我。要求换一副新的！！"
OTHER = "快递显示已签收可是我根本没有收到包裹，放在哪个驿站也不说，打电话没人接，请尽快核实。"


def pairs() -> list[tuple[int, int, str]]:
    return list(DuplicatePair.objects.order_by("id").values_list("ticket", "other", "verdict"))


def reasons(pair: DuplicatePair) -> list[str]:
    return [code for code, _number in pair.reasons]


def stranger(code: str) -> Customer:
    person = Customer(code=code, name=f"客{code}")
    person.save()
    return person


# Words: no database


def test_an_edited_copy_is_alike_and_another_complaint_is_not() -> None:
    made = [sameness.sketch(text) for text in (SAID, EDITED, OTHER)]
    assert sameness.likeness(made[0], made[0]) == 100
    assert sameness.likeness(made[0], made[1]) >= 60
    assert sameness.likeness(made[0], made[2]) < 20
    assert set(sameness.bands(made[0])) & set(sameness.bands(made[1]))


@pytest.mark.parametrize("text", ["", "   ", "好的谢谢", "!!!???", "\x00", "12"])
def test_a_text_too_short_to_tell_has_no_sketch(text: str) -> None:
    assert sameness.sketch(text) == []
    assert sameness.likeness([], []) == 0


def test_width_case_and_punctuation_make_no_difference() -> None:
    plain = "my headphones are broken since monday please help"
    assert sameness.sketch(plain) == sameness.sketch(
        "ＭＹ headphones are BROKEN; since Monday -- please, help!"
    )


def test_hostile_text_is_bounded() -> None:
    assert len(sameness.sketch("坏" * 5 + "".join(map(chr, range(0x4E00, 0x9FFF))) * 3)) == sameness.HASHES


# Found on intake


def test_the_same_order_and_kind_is_found_unless_it_is_said_to_be_another(
    open_ticket: Opener, customer: Customer, now: datetime
) -> None:
    order = an_order("A-1", now, customer=customer)
    first = open_ticket(order_id=order.pk, text=SAID)
    second = open_ticket(order_id=order.pk, text=OTHER, kind="logistics", customer_id=None, beside=True)
    assert pairs() == []
    third = open_ticket(order_id=order.pk, text=EDITED, beside=True)
    assert pairs() == [(first.pk, third.pk, "apart")]
    assert second.pk not in {pk for pair in pairs() for pk in pair[:2]}


def test_the_same_customer_and_kind_without_an_order_is_found(open_ticket: Opener, now: datetime) -> None:
    first, second = open_ticket(at=now - DAY), open_ticket(text=OTHER)
    assert pairs() == [(first.pk, second.pk, "open")]
    assert reasons(DuplicatePair.objects.get()) == ["customer"]


def test_two_orders_of_one_customer_are_two_problems_unless_the_words_are_the_same(
    open_ticket: Opener, customer: Customer, now: datetime
) -> None:
    orders = [an_order(f"A-{n}", now, customer=customer) for n in range(3)]
    open_ticket(order_id=orders[0].pk, text=SAID)
    open_ticket(order_id=orders[1].pk, text=OTHER)
    assert pairs() == []
    open_ticket(order_id=orders[2].pk, text=EDITED)
    assert [reasons(pair) for pair in DuplicatePair.objects.all()] == [["customer", "words"]]


def test_the_same_telephone_is_found_across_two_records_of_a_person(
    open_ticket: Opener, customer: Customer
) -> None:
    other = stranger("C-9")
    Contact(customer=customer, kind="phone", value="138 0013 8000").save()
    Contact(customer=other, kind="phone", value="+86 13800138000").save()
    first, second = open_ticket(text=SAID), open_ticket(text=EDITED, customer_id=other.pk)
    assert pairs() == [(first.pk, second.pk, "open")]
    assert reasons(DuplicatePair.objects.get()) == ["contact", "words"]


def test_the_same_words_of_somebody_unknown_are_found_and_of_two_known_people_are_not(
    open_ticket: Opener,
) -> None:
    first = open_ticket(text=SAID, subject="耳机左边没有声音")
    unknown = open_ticket(text=SAID, subject="耳机左边没有声音", customer_id=None, channel="social")
    open_ticket(text=SAID, subject="耳机左边没有声音", customer_id=stranger("C-8").pk)
    assert (first.pk, unknown.pk, "open") in pairs()
    known = {pair.other_id for pair in DuplicatePair.objects.filter(ticket=first)}
    assert known == {unknown.pk}, "many people complain of the same in the same words"


def test_what_is_over_or_too_long_ago_or_historic_is_no_candidate(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    open_ticket(at=now - 31 * DAY)
    open_ticket(historic=True)
    done = open_ticket(at=now - DAY)
    services.ticket_cancel(ticket=done, why="mistake", reason="误", actor=desk.lead, now=now)
    DuplicatePair.objects.all().update(verdict="apart")
    before = pairs()
    open_ticket()
    assert pairs() == before


def test_told_apart_it_stays_apart(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    open_ticket(), open_ticket(text=OTHER)
    pair = DuplicatePair.objects.get()
    for _twice in range(2):
        services.tickets_tell_apart(pair=pair, actor=desk.agent, now=now)
    assert DuplicatePair.objects.get().verdict == "apart"
    assert Event.objects.filter(kind="ticket.told_apart").count() == 2


def test_merged_the_pair_is_settled_and_taken_out_it_is_apart(
    open_ticket: Opener, desk: Cast, now: datetime
) -> None:
    first, second = open_ticket(), open_ticket(text=OTHER)
    services.ticket_merge(survivor=first, others=[second], actor=desk.agent, now=now, reason="一样")
    assert DuplicatePair.objects.get().verdict == "merged"
    services.ticket_unmerge(ticket=second, actor=desk.agent, now=now, reason="两件")
    assert DuplicatePair.objects.get().verdict == "apart"


def test_many_at_once_take_as_many_statements_as_one(desk: Cast, customer: Customer, now: datetime) -> None:
    def drafts(number: int) -> list[TicketDraft]:
        return [
            TicketDraft(
                source="form", source_ref="", subject="耳机", text=SAID, channel="web", opened_at=now,
                kind="returns", customer_id=customer.pk,
            )
            for _n in range(number)
        ]  # fmt: skip

    def statements(number: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            services.tickets_open_many(drafts=drafts(number), actor=desk.agent, now=now)
        return len(
            [
                one
                for one in seen.captured_queries
                if "duplicatepair" in one["sql"] or "ticketprint" in one["sql"]
            ]
        )

    statements(1)
    assert statements(1) == statements(30) <= 4


def test_each_finds_at_most_so_many_however_many_there_are(
    desk: Cast, open_ticket: Opener, now: datetime
) -> None:
    for _n in range(25):
        open_ticket(text=SAID)
    last = open_ticket(text=SAID)
    assert DuplicatePair.objects.filter(other=last).count() <= 40


def rows_read(plan: dict[str, Any]) -> float:
    """Rows of tables that an analysed plan looked at, kept or not, in all its rounds.

    Entries of an index are not counted, their rows are: a rolled-back test before this one leaves entries behind.
    """
    table = plan["Node Type"].endswith("Scan") and plan["Node Type"] not in (
        "Bitmap Index Scan",
        "Function Scan",
    )
    here = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if table else 0
    compared = plan.get("Rows Removed by Join Filter", 0)
    return plan["Actual Loops"] * (here + compared) + sum(rows_read(one) for one in plan.get("Plans", ()))


def test_statistics_of_an_empty_table_do_not_multiply_the_work(desk: Cast, now: datetime) -> None:
    """A batch once ran into the time limit: the rows were there, what PostgreSQL believed of them was not yet."""

    def opened(number: int) -> None:
        drafts = [
            TicketDraft(
                source="form", source_ref="", subject="耳机", text=SAID, channel="web", opened_at=now, kind="returns"
            )
            for _n in range(number)
        ]  # fmt: skip
        services.tickets_open_many(drafts=drafts, actor=desk.agent, now=now)

    opened(200)
    with database.superuser(
        str(connection.settings_dict["NAME"])
    ) as link:  # sees nothing of this transaction
        link.execute("ANALYZE tickets_ticket; ANALYZE tickets_ticketprint; ANALYZE customers_contact")
    read: list[float] = []

    def asked(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if "unnest" in sql and "w.bands" in sql:
            with connection.cursor().cursor as bare:
                bare.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
                read.append(rows_read(bare.fetchone()[0][0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(asked):
        opened(20)
    assert read
    assert read[0] <= 20 * 220 * 6  # four ways, each past every ticket at most once, and the prints


@pytest.mark.parametrize(
    ("code", "value", "found"),
    [
        ("duplicate_shown_percent", "100", 0),
        ("duplicate_days", "0", 0),
        ("duplicate_weight_customer", "1", 0),
    ],
)
def test_the_numbers_of_the_rule_book_decide(
    open_ticket: Opener, now: datetime, code: str, value: str, found: int
) -> None:
    from aftersales.standards.models import Edition

    ParameterVersion.objects.filter(parameter__code=code).update(value=value)
    Edition.objects.update(token="changed")
    open_ticket(at=now - DAY), open_ticket(text=OTHER)
    assert DuplicatePair.objects.count() == found


def test_erased_words_leave_no_print(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = open_ticket(text=SAID)
    assert TicketPrint.objects.filter(ticket=ticket).exists()
    services.message_erase(
        message=ticket.messages.get(), actor=desk.privacy_officer, now=now, reason="要求删除"
    )
    assert not TicketPrint.objects.filter(ticket=ticket).exists()


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT 1 FROM tickets_ticketprint WHERE bands && ARRAY[1, 2]::bigint[]", "ticket_print_bands"),
        ("SELECT 1 FROM tickets_ticket WHERE customer_id = 1 ORDER BY id DESC LIMIT 20", "ticket_customer"),
        (
            "SELECT 1 FROM customers_contact WHERE kind = 'phone' AND search_key = '1' AND erased_at IS NULL",
            "contact",
        ),
    ],
)
def test_every_way_of_looking_has_its_index(db: None, sql: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        assert index in "\n".join(row[0] for row in cursor.fetchall())
