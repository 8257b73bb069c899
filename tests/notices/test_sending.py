"""Messages leave once, in order to the right person, whatever fails on the way."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail as outgoing
from django.db import transaction

from accounts.services import system_user
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import sentence
from aftersales.core.models import Event, Job
from aftersales.customers.models import Contact
from aftersales.customers.states import ContactKind
from aftersales.notices import delivery, kinds, services, texts
from aftersales.notices.models import Notice, NoticeTemplate
from aftersales.notices.services import Order, notices_send


def only() -> Notice:
    return Notice.objects.get()


def test_a_message_is_written_now_and_mailed_by_the_worker(send: Any, run: Any, customer: Any) -> None:
    send()
    assert only().state == "queued"
    assert outgoing.outbox == []

    run()

    (mail,) = outgoing.outbox
    assert only().state == "sent"
    assert mail.to == ["xiaoming@example.com"]
    assert mail.subject == "已受理：耳机没有声音（TK1）"
    assert "11月23日 10:00" in mail.body
    assert only().contact_id == customer.contacts.get().pk
    event = Event.objects.get(kind="notice.sent")
    assert (event.subject_kind, event.subject_id) == ("customers.customer", customer.pk)
    assert "已受理" in sentence(event)


def test_no_stored_row_holds_the_address(send: Any, run: Any) -> None:
    send()
    run()
    rows = [*Notice.objects.values(), *Event.objects.values(), *Job.objects.values()]
    assert "xiaoming" not in str(rows)


def test_the_same_key_gives_one_message(send: Any, run: Any) -> None:
    first = send()
    again = [send() for _ in range(3)]
    run()
    assert {row.pk for rows in again for row in rows} == {first[0].pk}
    assert Notice.objects.count() == 1
    assert len(outgoing.outbox) == 1


def test_another_key_gives_another_message(send: Any, run: Any) -> None:
    send()
    send(key="t:2")
    run()
    assert len(outgoing.outbox) == 2


def test_each_queued_message_delivered_three_times_late_and_out_of_order_has_one_effect(
    send: Any, run: Any, now: datetime
) -> None:
    ids = [send(key=f"t:{number}")[0].pk for number in range(3)]
    for later in (timedelta(), timedelta(minutes=1), timedelta(hours=1)):
        delivery.notices_deliver(list(reversed(ids)), now=now + later)
    run(now + timedelta(hours=2))
    assert len(outgoing.outbox) == 3
    assert Event.objects.filter(kind="notice.sent").count() == 3


def test_a_rolled_back_change_leaves_no_message(send: Any, run: Any) -> None:
    texts.in_force(["ticket.opened"], now=datetime.fromisoformat("2026-11-23T00:00:00+00:00"))
    with transaction.atomic():
        send()
        transaction.set_rollback(True)
    run()
    assert not Notice.objects.exists()
    assert outgoing.outbox == []


def test_a_poisoned_message_is_tried_again_then_parked_while_the_others_go_out(
    send: Any, run: Any, server: Any, now: datetime, cast: Any
) -> None:
    server.refused = {"毒"}
    poison = send(key="t:1", values={"number": "TK1", "problem": "毒"})[0]
    send(key="t:2")
    run()
    assert [mail.subject for mail in server.sent] == ["已受理：耳机没有声音（TK1）"]

    for hour in range(1, 10):
        run(now + timedelta(hours=hour))

    poison.refresh_from_db()
    assert (poison.state, poison.attempts) == ("parked", delivery.MAX_ATTEMPTS)
    assert "ConnectionRefusedError" in poison.error
    assert Event.objects.filter(kind="notice.parked").count() == 1
    assert server.calls == delivery.MAX_ATTEMPTS + 1


def test_a_parked_message_is_sent_again_by_a_person_with_the_right(
    send: Any, run: Any, server: Any, now: datetime, cast: Any
) -> None:
    server.refused = {"已受理"}
    notice = send()[0]
    for hour in range(10):
        run(now + timedelta(hours=hour))
    with pytest.raises(NotPermitted):
        services.notice_retry(notice=notice, actor=cast.agent, now=now)

    server.refused = set()
    services.notice_retry(notice=notice, actor=cast.operations, now=now + timedelta(hours=11))
    with pytest.raises(DomainError, match=r"."):
        services.notice_retry(notice=notice, actor=cast.operations, now=now + timedelta(hours=11))
    run(now + timedelta(hours=11))

    notice.refresh_from_db()
    assert notice.state == "sent"
    assert len(server.sent) == 1


def test_a_sender_that_died_leaves_the_message_to_the_next_one_with_the_same_message_id(
    send: Any, server: Any, now: datetime
) -> None:
    notice = send()[0]
    delivery._claim(notice.pk, now)
    assert delivery.notices_deliver([notice.pk], now=now + timedelta(minutes=1))["sent"] == 0

    assert delivery.notices_deliver([notice.pk], now=now + timedelta(minutes=6))["sent"] == 1
    assert server.sent[0].message()["Message-ID"].startswith(f"<{notice.public_id}.")


def test_a_late_first_sender_changes_nothing(send: Any, server: Any, now: datetime) -> None:
    notice = send()[0]
    first = delivery._claim(notice.pk, now)
    delivery.notices_deliver([notice.pk], now=now + timedelta(minutes=6))
    assert first is not None
    delivery._fail(first, RuntimeError("late"), now + timedelta(minutes=7))
    notice.refresh_from_db()
    assert notice.state == "sent"


@pytest.mark.parametrize(
    ("columns", "template", "state", "why"),
    [
        ({"opt_outs": ["email"]}, "care.follow_up", "skipped", "opted_out"),
        ({"consent_contact": False}, "care.follow_up", "skipped", "opted_out"),
        ({}, "care.follow_up", "sent", ""),
        ({"opt_outs": ["email"]}, "ticket.opened", "sent", ""),
    ],
)
def test_a_care_message_respects_an_opt_out_and_a_node_message_always_goes(
    send: Any, run: Any, customer: Any, columns: Any, template: str, state: str, why: str
) -> None:
    type(customer).objects.filter(pk=customer.pk).update(**columns)
    send(template=template, values={"order": "8001"})
    run()
    assert (only().state, only().skip_reason) == (state, why)


def test_without_an_address_the_message_is_skipped_and_says_so(send: Any, run: Any, now: Any) -> None:
    Contact.objects.update(value="", label="", erased_at=now)
    send()
    run()
    assert (only().state, only().skip_reason) == ("skipped", "no_address")
    assert "没有" in sentence(Event.objects.get(kind="notice.skipped")) or Event.objects.exists()


def test_a_bad_address_does_not_stop_the_queue(send: Any, run: Any, customer: Any) -> None:
    Contact.objects.filter(kind=ContactKind.EMAIL).update(value="a@b.c\r\nBcc: x@example.com")
    send()
    run()
    assert (only().state, only().skip_reason) == ("skipped", "bad_address")


def test_the_customer_reads_his_own_language(send: Any, run: Any, customer: Any) -> None:
    customer.languages = ["en"]
    send()
    run()
    (mail,) = outgoing.outbox
    assert mail.subject.startswith("Accepted:")
    assert "After-sales service" in mail.body
    assert 'lang="en"' in mail.alternatives[0][0]


def test_a_refund_message_carries_the_warning_against_fraud(send: Any, run: Any) -> None:
    send(template="refund.sent", values={"number": "TK1", "amount": "¥372.41", "account": "3391"})
    send(key="t:2")
    run()
    refund, other = outgoing.outbox
    assert "谨防诈骗" in refund.body
    assert "谨防诈骗" not in other.body


def test_a_signed_link_is_made_when_the_message_goes_out_and_never_stored(
    send: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._late, "confirm_link", lambda kind, pk, now: "http://127.0.0.1:8000/c/secret")
    send(template="ticket.resolved", values={"result": "{confirm_link} 换货"})
    run()
    (mail,) = outgoing.outbox
    assert mail.body.count("http://127.0.0.1:8000/c/secret") == 1
    assert "{confirm_link} 换货" in mail.body
    assert '<a href="http://127.0.0.1:8000/c/secret">' in mail.alternatives[0][0]
    assert "secret" not in str(list(Notice.objects.values()))
    assert "[确认链接]" in only().shown_body


def test_a_message_overtaken_by_events_is_not_sent(
    send: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._late, "confirm_link", lambda kind, pk, now: None)
    send(template="ticket.resolved", values={})
    run()
    assert (only().state, only().skip_reason) == ("skipped", "outdated")


def test_a_message_switched_off_is_written_as_skipped(send: Any, run: Any) -> None:
    send()
    NoticeTemplate.objects.filter(code="ticket.opened").update(enabled=False)
    send(key="t:2")
    run()
    assert set(Notice.objects.values_list("skip_reason", flat=True)) == {"off"}
    assert outgoing.outbox == []


@pytest.mark.parametrize(
    "nasty", ["x\r\nBcc: victim@example.com", "长" * 1000, "🎉🙈 done", "\u202eevil", "\x00a"]
)
def test_hostile_words_arrive_once_with_clean_headers(send: Any, run: Any, nasty: str) -> None:
    send(values={"number": "TK1", "problem": nasty, "order": nasty, "due": nasty})
    run()
    (mail,) = outgoing.outbox
    message = mail.message()
    assert message["Bcc"] is None
    assert "\n" not in mail.subject
    assert len(mail.subject) <= 180
    assert only().state == "sent"


def test_an_undeclared_blank_is_a_programming_error(send: Any) -> None:
    with pytest.raises(ValueError, match="not declared"):
        send(values={"password": "x"})


def test_a_message_for_customers_never_goes_to_a_colleague(send: Any, cast: Any) -> None:
    with pytest.raises(ValueError, match="is for customer"):
        send(to=cast.agent)


def test_a_colleague_finds_it_in_the_system_and_by_mail_where_the_kind_says_so(
    send: Any, run: Any, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._checks, "clock.breached.lead", lambda key, now: True)
    cast.lead.email = "lead@example.com"
    cast.lead.save()
    rows = send(template="clock.breached.lead", to=cast.lead, values={"number": "TK1"})
    assert {row.channel: row.state for row in rows} == {"in_app": "sent", "email": "queued"}
    run()
    assert outgoing.outbox[0].to == ["lead@example.com"]


def test_what_no_longer_holds_when_it_goes_out_is_not_sent(
    send: Any, run: Any, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setitem(kinds._checks, "clock.breached.lead", lambda key, now: bool(asked.append(key)))
    cast.lead.email = "lead@example.com"
    cast.lead.save()
    send(template="clock.breached.lead", to=cast.lead, values={"number": "TK1"}, key="event:7:lead")
    run()
    assert outgoing.outbox == []
    assert asked == ["event:7:lead"]
    assert Notice.objects.get(channel="email").skip_reason == "outdated"


def test_a_merchant_is_reached_through_its_contact(send: Any, run: Any, merchant: Any) -> None:
    merchant.contacts.create(role="", email="shop@example.com")
    send(template="merchant.asked", to=merchant, values={"number": "TK1"})
    run()
    assert outgoing.outbox[0].to == ["shop@example.com"]
    assert Event.objects.get(kind="notice.sent").merchant_id == merchant.pk


def test_many_messages_cost_a_handful_of_statements(
    customer: Any, now: datetime, django_assert_max_num_queries: Any
) -> None:
    actor = system_user(now)
    texts.in_force(["ticket.closed"], now=now)
    orders = [Order("ticket.closed", customer, customer, {"number": str(n)}, f"t:{n}") for n in range(40)]
    with django_assert_max_num_queries(8):  # three, two jobs, and savepoints
        assert len(notices_send(orders, actor=actor, now=now)) == 40
    with django_assert_max_num_queries(7):
        notices_send([Order("ticket.closed", customer, customer, {}, "one")], actor=actor, now=now)


def test_erasing_a_customer_empties_the_words_of_his_messages(
    send: Any, run: Any, customer: Any, now: Any
) -> None:
    send()
    services.notices_erase(rows=Notice.objects.to_customer(customer.pk), now=now)
    run()
    assert (only().subject, only().body, only().skip_reason) == ("", "", "erased")
    assert outgoing.outbox == []
