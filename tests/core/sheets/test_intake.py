"""The intake sheet: rows become tickets, once, and nobody gets a message for them."""

from typing import Any

import pytest

from aftersales.clocks.models import Clock
from aftersales.core import deliveries
from aftersales.core.errors import DomainError
from aftersales.core.sheets import services
from aftersales.customers.models import Customer
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from aftersales.tickets.models import IntakeItem, Ticket
from aftersales.tickets.services import settling, ticket_open
from aftersales.tickets.services.intake import draft_for
from tests import records
from tests.core.sheets.steps import check, load, rows_as_csv, verdicts

pytestmark = pytest.mark.django_db
HEAD = ["source", "source_ref", "subject", "text", "channel", "kind", "customer", "opened_at"]


def test_each_new_row_becomes_one_ticket_and_sends_no_message(cast: Any, now: Any) -> None:
    load(
        "customers",
        rows_as_csv(["code", "name", "email"], ["C1", "王小明", "w@example.com"]),
        actor=cast.operations,
        now=now,
    )
    rows = [
        ["hotline", "H1", "包裹没到", "十天了", "phone", "logistics", "C1", "2026-11-22 10:15"],
        ["hotline", "H2", "坏了", "", "", "", "", ""],
        ["hotline", "H3", "", "没有标题", "phone", "", "", ""],
        ["hotline", "H4", "没有这位顾客", "", "", "", "C9", ""],
    ]
    upload = load("tickets", rows_as_csv(HEAD, *rows), actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("refused")) == (2, 2)
    assert verdicts(upload)[4] == ("r", "subject:required;")
    first = Ticket.objects.get(source_ref="H1")
    assert (first.kind, first.channel, first.customer.code) == ("logistics", "phone", "C1")
    deliveries.run(now)
    assert Notice.objects.count() == 0
    again = load("tickets", rows_as_csv(HEAD, *rows), actor=cast.operations, now=now)
    assert (again.count("same"), Ticket.objects.count()) == (2, 2)


def test_an_intake_that_runs_twice_opens_no_second_ticket(cast: Any, now: Any) -> None:
    content = rows_as_csv(["source", "source_ref", "subject"], *(["s", f"R{n}", "坏了"] for n in range(5)))
    uploads = [check("tickets", content, actor=cast.operations, now=now) for _twice in range(2)]
    for upload in uploads:
        services.apply(upload=services.confirm(upload=upload, actor=cast.operations, now=now), now=now)
    assert Ticket.objects.count() == 5


ORDERED = ["source", "source_ref", "subject", "text", "opened_at", "order_source", "order_no", "backfill"]


def reported(ref: str, at: str = "", order: str = "A-7", backfill: str = "") -> list[str]:
    return ["hotline", ref, "还没到", f"问第 {ref} 次", at, "shop" if order else "", order, backfill]


@pytest.fixture
def order(cast: Any, now: Any) -> Any:
    customer = Customer(code="C-7", name="林芳")
    customer.save()
    merchant = records.merchant("M7", now)
    return records.order("A-7", now, customer=customer, merchant=merchant)


def test_a_row_naming_an_order_is_a_ticket_like_that_of_a_form(cast: Any, order: Any, now: Any) -> None:
    load("tickets", rows_as_csv(ORDERED, reported("H1")), actor=cast.operations, now=now)
    ticket, item = Ticket.objects.get(), IntakeItem.objects.get()
    assert (ticket.order, ticket.customer, ticket.merchant) == (order, order.customer, order.merchant)
    assert [party.merchant for party in ticket.parties.all()] == [order.merchant]
    assert (item.ticket, item.outcome, item.signal, item.order) == (ticket, "opened", "sheet", order)
    assert "还没到" not in str(item.facts)  # codes only: words are erasable where they stand


def test_rows_join_the_open_ticket_of_their_order_once(cast: Any, order: Any, now: Any) -> None:
    draft = draft_for(
        order, source="desk", source_ref="", subject="没到", text="", channel="web", opened_at=now
    )
    ticket = ticket_open(draft=draft, actor=cast.agent, now=now)
    content = rows_as_csv(ORDERED, reported("H1"), reported("H2"))
    deliveries.run(now)
    told = Notice.objects.count()

    first = load("tickets", content, actor=cast.operations, now=now)
    again = load("tickets", content, actor=cast.operations, now=now)

    assert (first.count("new"), first.count("conflict"), again.count("same")) == (2, 0, 2)
    assert Ticket.objects.count() == 1
    assert list(ticket.messages.order_by("id").values_list("text", flat=True)) == [
        "还没到\n问第 H1 次", "还没到\n问第 H2 次",
    ]  # fmt: skip
    assert set(IntakeItem.objects.values_list("outcome", "ticket")) == {("attached", ticket.pk)}
    deliveries.run(now)
    assert Notice.objects.count() == told


def test_the_future_is_refused_in_the_preview_and_the_past_wants_a_word(
    cast: Any, order: Any, now: Any
) -> None:
    rows = [
        reported("H1", "2099-01-01 10:00"), reported("H2", "2019-01-01 10:00"),
        reported("H3", "2019-01-01 10:00", backfill="yes"), reported("H4", "2026-11-20 10:00", "", "yes"),
        ["rule:review_low", "7", "假", "", "", "", "", ""],
    ]  # fmt: skip
    upload = check("tickets", rows_as_csv(ORDERED, *rows), actor=cast.operations, now=now)
    assert [verdicts(upload)[number] for number in (2, 3, 6)] == [
        ("r", "opened_at:rule_future;"), ("r", "opened_at:rule_too_old;"), ("r", "source:rule_rules_own;"),
    ]  # fmt: skip

    services.apply(upload=services.confirm(upload=upload, actor=cast.operations, now=now), now=now)

    old, fresh = Ticket.objects.order_by("source_ref")
    assert (old.source_ref, old.historic, old.opened_at.year, old.assignee) == ("H3", True, 2019, None)
    started = Clock.objects.filter(subject_id=old.pk).values_list("started_at", flat=True)
    assert {at.year for at in started} == {2019}
    assert (fresh.source_ref, fresh.historic) == ("H4", False)


def test_a_changed_horizon_moves_what_is_too_old(cast: Any, now: Any) -> None:
    content = rows_as_csv(ORDERED, reported("H1", "2026-11-10 10:00", ""))
    assert check("tickets", content, actor=cast.operations, now=now).count("new") == 1
    ParameterVersion.objects.filter(parameter__code="history_horizon_days").update(value=7)
    assert check("tickets", content, actor=cast.operations, now=now).count("refused") == 1


def test_a_row_that_cannot_be_taken_in_says_why_and_is_loaded_again(
    cast: Any, order: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [reported("H1", order=""), reported("H2"), reported("H3", order="")]
    plain = settling._draft

    def odd(found: Any, look: Any) -> Any:
        if found[0].source_ref == "H2":
            raise DomainError("这一行不行", "odd")
        return plain(found, look)

    monkeypatch.setattr(settling, "_draft", odd)
    upload = load("tickets", rows_as_csv(ORDERED, *rows), actor=cast.operations, now=now)
    assert (upload.count("new"), upload.count("conflict")) == (2, 1)
    assert verdicts(upload)[3] == ("x", "~:not_taken_in;")
    refused = IntakeItem.objects.get(outcome="refused")
    assert (refused.source_ref, refused.reason) == ("H2", "这一行不行")
    with pytest.raises(DomainError):  # its words are only in the sheet
        settling.signal_retry(item=refused, actor=cast.operations, now=now)

    monkeypatch.setattr(settling, "_draft", plain)
    again = load("tickets", rows_as_csv(ORDERED, *rows), actor=cast.operations, now=now)
    assert (again.count("new"), again.count("same"), Ticket.objects.count()) == (1, 2, 3)
    refused.refresh_from_db()
    assert (refused.outcome, refused.ticket.order) == ("opened", order)


def test_a_chunk_begun_anew_opens_nothing_twice(
    cast: Any, order: Any, now: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker was killed after the room took the rows in and before the sheet knew."""
    rows = [reported(f"H{n}", order="A-7" if n == 3 else "") for n in range(5)]
    upload = check("tickets", rows_as_csv(ORDERED, *rows), actor=cast.operations, now=now)
    services.confirm(upload=upload, actor=cast.operations, now=now)
    plain = services._write_chunk

    def killed(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "_write_chunk", killed)
    with pytest.raises(KeyboardInterrupt):
        services.apply(upload=upload, now=now)
    assert Ticket.objects.count() == 5

    monkeypatch.setattr(services, "_write_chunk", plain)
    done = services.apply(upload=upload, now=now)
    assert (done.state, done.count("new"), done.count("conflict"), Ticket.objects.count()) == (
        "done",
        5,
        0,
        5,
    )
