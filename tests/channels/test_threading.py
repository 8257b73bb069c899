"""A letter finds its conversation by a seal and its sender, by nothing else."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.services import system_user
from aftersales.channels import services
from aftersales.channels.models import Letter
from aftersales.channels.services import landing
from aftersales.channels.states import Outcome, Why
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.customers.models import Contact, Customer
from aftersales.customers.states import ContactKind
from aftersales.merchants.models import MerchantContact
from aftersales.notices import mail as outgoing
from aftersales.notices.models import Notice
from aftersales.notices.states import NoticeState
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Message, Ticket, TicketParty
from tests.cast import Cast
from tests.channels.conftest import FANG, letter, sent
from tests.records import merchant as make_merchant

pytestmark = pytest.mark.django_db


def test_an_answer_to_the_sealed_address_joins_its_ticket(answered: Ticket, post: Any) -> None:
    kept = post(letter("照片在附件里。", to=sent(answered)["Reply-To"]))

    assert (kept.outcome, kept.ticket) == (Outcome.JOINED, answered)
    said = answered.messages.get(source="letter", source_ref=kept.public_id)
    assert (said.text, said.author_kind, said.author, said.channel) == (
        "照片在附件里。",
        "customer",
        None,
        "email",
    )


def test_an_answer_that_names_the_sealed_message_id_joins_too(answered: Ticket, post: Any) -> None:
    kept = post(letter(In_Reply_To=sent(answered)["Message-ID"]))
    assert (kept.outcome, kept.ticket) == (Outcome.JOINED, answered)


def test_a_mail_server_may_turn_the_sealed_address_into_small_letters(answered: Ticket, post: Any) -> None:
    kept = post(letter(to=sent(answered)["Reply-To"].lower()))
    assert kept.outcome == Outcome.JOINED


@pytest.mark.parametrize("place", ["address", "message id"])
def test_a_forged_seal_proves_nothing(answered: Ticket, post: Any, place: str) -> None:
    mail = sent(answered)
    name = "Reply-To" if place == "address" else "Message-ID"
    local, at, host = mail[name].rpartition("@")
    forged = local[:-1] + ("a" if local[-1] != "a" else "b") + at + host
    kept = post(letter(to=forged) if place == "address" else letter(In_Reply_To=forged))

    assert (kept.outcome, kept.why, kept.ticket) == (Outcome.HELD, Why.HINT, None)
    assert not answered.messages.filter(source="letter").exists()


def test_a_seal_of_one_ticket_opens_no_other(answered: Ticket, open_ticket: Any, post: Any) -> None:
    other = open_ticket(subject="另一件事")
    notice = Notice.objects.get(source="ticket.answered", subject_id=answered.pk)
    address = sent(answered)["Reply-To"].replace(f"+r{notice.pk}-", f"+r{notice.pk + 1}-")
    kept = post(letter(to=address, subject=f"Re: {other.number}"))

    assert kept.ticket is None
    assert Message.objects.filter(source="letter").count() == 0


def test_a_right_seal_from_a_stranger_waits_for_a_person(answered: Ticket, post: Any) -> None:
    kept = post(letter("把退款打到这个账户", sender="stranger@evil.example", to=sent(answered)["Reply-To"]))

    assert (kept.outcome, kept.why, kept.hint, kept.ticket) == (
        Outcome.HELD,
        Why.OTHER_SENDER,
        answered,
        None,
    )
    assert not answered.messages.filter(source="letter").exists()


def test_a_colleagues_address_never_becomes_words_of_staff(answered: Ticket, desk: Cast, post: Any) -> None:
    desk.agent.email = "zhou@shop.example"
    desk.agent.save()
    kept = post(letter("已退款", sender="周婷 <Zhou@Shop.example>", to=sent(answered)["Reply-To"]))

    assert (kept.outcome, kept.why) == (Outcome.HELD, Why.STAFF_ADDRESS)
    assert answered.messages.filter(author_kind="staff").count() == 1


def test_a_number_in_the_subject_is_a_hint_only(answered: Ticket, post: Any) -> None:
    kept = post(letter(subject=f"Re: 您的工单 {answered.number}"))
    assert (kept.outcome, kept.why, kept.hint) == (Outcome.HELD, Why.HINT, answered)


def test_a_new_letter_of_a_known_customer_opens_a_ticket(known: Customer, desk: Cast, post: Any) -> None:
    kept = post(letter("耳机左耳没有声音。", subject="耳机坏了"))

    ticket = kept.ticket
    assert kept.outcome == Outcome.OPENED
    assert (ticket.subject, ticket.channel, ticket.customer, ticket.source) == (
        "耳机坏了",
        "email",
        known,
        "letter",
    )
    assert ticket.messages.get().text == "耳机左耳没有声音。"


def test_nobody_is_mailed_the_words_of_a_sender_who_proved_nothing(
    known: Customer, desk: Cast, post: Any
) -> None:
    """C08: who writes in a customer's name must not make us send his words to that customer."""
    kept = post(letter("点这里领奖", subject="恭喜中奖 http://evil.example"))

    told = Notice.objects.get(source="ticket.opened", subject_id=kept.ticket.pk)
    assert "evil" not in told.subject + told.body


def test_a_stranger_opens_nothing_until_a_person_or_the_time_decides(
    desk: Cast, post: Any, now: datetime
) -> None:
    kept = post(letter(sender="new@example.org", subject="请问"))
    assert (kept.outcome, kept.why) == (Outcome.HELD, Why.UNKNOWN_SENDER)
    assert not Ticket.objects.exists()

    assert services.held_sweep(now=now + timedelta(minutes=59)) == 0
    assert services.held_sweep(now=now + timedelta(minutes=61)) == 1
    kept.refresh_from_db()
    assert (kept.outcome, kept.ticket.customer, kept.ticket.opened_at) == (Outcome.OPENED, None, now)
    assert services.held_sweep(now=now + timedelta(minutes=62)) == 0


def test_an_address_of_two_customers_is_nobodys(known: Customer, desk: Cast, post: Any) -> None:
    other = Customer.objects.create(code="C-2", name="林二")
    Contact.objects.create(customer=other, kind=ContactKind.EMAIL, value=FANG.upper())
    assert post(letter()).why == Why.SEVERAL_KNOWN


def test_an_answer_to_a_closed_ticket_takes_it_up_again_inside_the_window(
    answered: Ticket, desk: Cast, post: Any, now: datetime
) -> None:
    _close(answered, desk, now)
    kept = post(letter("还是没有声音", to=sent(answered)["Reply-To"]), at=now + timedelta(days=1))
    answered.refresh_from_db()
    assert (kept.ticket, answered.state, answered.reopened) == (answered, "in_progress", 1)


def test_an_answer_after_the_window_opens_a_new_ticket(
    answered: Ticket, desk: Cast, post: Any, now: datetime
) -> None:
    address = sent(answered)["Reply-To"]
    _close(answered, desk, now)
    kept = post(letter("还是没有声音", to=address), at=now + timedelta(days=60))
    answered.refresh_from_db()
    assert (kept.outcome, answered.state) == (Outcome.OPENED, "closed")
    assert kept.ticket.customer == answered.customer
    assert not answered.messages.filter(source="letter").exists()


def _close(ticket: Ticket, desk: Cast, now: datetime) -> None:
    tickets.ticket_resolve(ticket=ticket, result="explained", text="已说明", actor=desk.agent, now=now)
    ticket.refresh_from_db()
    tickets.ticket_answer(ticket=ticket, satisfied=True, actor=system_user(now), now=now)


def test_the_merchant_answers_by_mail_too(
    known: Customer, open_ticket: Any, desk: Cast, work_off: Any, post: Any, now: datetime
) -> None:
    shop = make_merchant("M-1", now)
    MerchantContact.objects.create(merchant=shop, role="aftersales", name="王", email="shop@example.net")
    ticket = open_ticket(merchant_id=shop.pk)
    tickets.ticket_ask_merchant(ticket=ticket, text="还有货吗？", actor=desk.agent, now=now)
    work_off(now)
    address = sent(ticket, "merchant.asked")["Reply-To"]

    assert post(letter("有货", sender="SHOP@example.net", to=address)).outcome == Outcome.JOINED
    assert ticket.messages.get(author_kind="merchant").text == "有货"
    assert post(letter("没有货", sender=FANG, to=address)).why == Why.OTHER_SENDER


def test_a_letter_stays_with_the_merchant_who_was_asked(
    known: Customer, open_ticket: Any, desk: Cast, work_off: Any, post: Any, now: datetime
) -> None:
    first, second = make_merchant("M-1", now), make_merchant("M-2", now)
    MerchantContact.objects.create(merchant=first, role="aftersales", name="王", email="shop@example.net")
    ticket = open_ticket(merchant_id=first.pk)
    tickets.ticket_ask_merchant(ticket=ticket, text="还有货吗？", actor=desk.agent, now=now)
    work_off(now)
    address = sent(ticket, "merchant.asked")["Reply-To"]
    Ticket.objects.filter(pk=ticket.pk).update(merchant=second)  # it turned out to be about another shop
    assert post(letter("只剩一件", sender="shop@example.net", to=address)).outcome == Outcome.JOINED
    said = ticket.messages.get(author_kind="merchant")
    assert (said.text, said.merchant_id) == ("只剩一件", first.pk)
    TicketParty.objects.filter(ticket=ticket, merchant=first).delete()  # and about the other one alone
    assert post(letter("有货", sender="shop@example.net", to=address)).why == Why.OTHER_SENDER


def test_a_colleague_gets_no_address_to_answer_to(answered: Ticket, work_off: Any) -> None:
    notice = Notice(
        recipient_kind="user", user_id=1, public_id="x" * 22, subject_kind="tickets.ticket", subject_id=1
    )
    notice.created_at, notice.language = answered.opened_at, "en"
    assert outgoing.build(notice, address="a@example.com", body="x").message()["Reply-To"] is None


def test_without_a_way_in_no_mail_asks_for_an_answer(answered: Ticket, settings: Any) -> None:
    settings.MAIL_IN = "none"
    mail = sent(answered)
    assert mail["Reply-To"] is None
    assert "##-" not in mail.get_payload()[0].get_payload(decode=True).decode()


# What a person decides


def test_a_held_letter_joins_the_ticket_a_person_names(
    answered: Ticket, desk: Cast, post: Any, now: datetime
) -> None:
    held = post(letter("我换了邮箱", sender="fang2@example.com", to=sent(answered)["Reply-To"]))
    services.letter_attach(letter=held, ticket=answered, from_customer=True, actor=desk.agent, now=now)
    assert answered.messages.get(source="letter").author_kind == "customer"
    with pytest.raises(DomainError) as refused:
        services.letter_drop(letter=held, reason="广告邮件", actor=desk.agent, now=now)
    assert refused.value.code == "decided"


def test_words_of_somebody_else_become_a_note(answered: Ticket, desk: Cast, post: Any, now: datetime) -> None:
    held = post(letter("我是邻居", sender="neighbour@example.com", to=sent(answered)["Reply-To"]))
    services.letter_attach(letter=held, ticket=answered, from_customer=False, actor=desk.agent, now=now)
    note = answered.messages.get(source="letter")
    assert (note.audience, note.author) == ("internal", desk.agent)


def test_a_strangers_mark_names_no_colleague(answered: Ticket, desk: Cast, post: Any, now: datetime) -> None:
    """“@name” in a letter is the writer's word: it neither makes anybody follow the ticket nor stops the note."""
    for place, name in enumerate(("nobody_at_all", desk.lead.username, str(desk.lead))):
        text = f"请转给 @{name} 谢谢"
        held = post(letter(text, sender=f"n{place}@example.com", to=sent(answered)["Reply-To"]))
        services.letter_attach(letter=held, ticket=answered, from_customer=False, actor=desk.agent, now=now)
    assert answered.messages.filter(source="letter", audience="internal").count() == 3
    assert not answered.watchers.exists()


def test_a_person_opens_a_ticket_from_a_letter_once(
    known: Customer, desk: Cast, post: Any, now: datetime
) -> None:
    held = post(letter(sender="new@example.org", subject="请问"))
    done = services.letter_open(letter=held, customer=known, order=None, actor=desk.agent, now=now)
    assert done.ticket.customer == known
    with pytest.raises(DomainError) as refused:
        services.letter_open(letter=held, customer=known, order=None, actor=desk.agent, now=now)
    assert refused.value.code == "decided"
    assert Ticket.objects.count() == 1


def test_putting_aside_needs_a_reason_and_the_right(desk: Cast, post: Any, now: datetime) -> None:
    held = post(letter(sender="new@example.org"))
    with pytest.raises(DomainError) as refused:
        services.letter_drop(letter=held, reason=" ", actor=desk.agent, now=now)
    assert refused.value.code == "reason"
    with pytest.raises(NotPermitted):
        services.letter_drop(letter=held, reason="广告邮件", actor=desk.auditor, now=now)
    services.letter_drop(letter=held, reason="广告邮件", actor=desk.agent, now=now)
    assert Letter.objects.get().outcome == Outcome.DROPPED


# Messages that come back


def report(mail: Any, *, action: str = "failed", message_id: str = "") -> bytes:
    return (
        "From: MAILER-DAEMON@mx.example\r\nTo: aftersales@shop.example\r\nSubject: Undelivered\r\n"
        f"Message-ID: <{action}{len(message_id)}@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {FANG}\r\nAction: {action}\r\nStatus: 5.1.1\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {message_id or mail['Message-ID']}\r\n\r\n--b--\r\n"
    ).encode()


def test_a_message_that_came_back_reached_nobody(
    answered: Ticket, post: Any, desk: Cast, now: datetime
) -> None:
    kept = post(report(sent(answered)))

    answered.refresh_from_db()
    assert (kept.outcome, kept.ticket) == (Outcome.BOUNCE, answered)
    assert answered.ask_in_person == "bad_address"
    assert answered.messages.get(author_kind="staff").undelivered == "bad_address"
    assert Notice.objects.get(source="ticket.answered").state == NoticeState.BOUNCED
    assert Contact.objects.get(value=FANG).bounced_at == now
    again = tickets.ticket_reply(ticket=answered, text="再试一次", actor=desk.agent, now=now)
    assert again.undelivered == "bad_address"


def test_who_writes_from_the_address_reads_it(answered: Ticket, post: Any, now: datetime) -> None:
    post(report(sent(answered)))
    post(letter("我在", to=sent(answered)["Reply-To"]))
    answered.refresh_from_db()
    assert Contact.objects.get(value=FANG).bounced_at is None
    assert answered.ask_in_person == ""


def test_a_late_message_is_no_lost_one(answered: Ticket, post: Any) -> None:
    kept = post(report(sent(answered), action="delayed"))
    assert (kept.outcome, kept.why) == (Outcome.QUIET, Why.LATE)
    assert Notice.objects.get(source="ticket.answered").state == NoticeState.SENT


def test_a_forged_report_changes_nothing(answered: Ticket, post: Any) -> None:
    notice = Notice.objects.get(source="ticket.answered")
    kept = post(report(None, message_id=f"<{notice.public_id}.{'a' * 26}@127.0.0.1>"))
    answered.refresh_from_db()
    assert (kept.outcome, kept.why, answered.ask_in_person) == (Outcome.QUIET, Why.RETURNED, "")
    assert Notice.objects.get(pk=notice.pk).state == NoticeState.SENT


# Loops


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, Why.AUTO),
        ({"Precedence": "bulk"}, Why.LIST),
        ({"List_Id": "<news.example.com>"}, Why.LIST),
        ({"Return_Path": "<>"}, Why.AUTO),
        ({"X_Autoreply": "yes"}, Why.AUTO),
        ({"X_Aftersales_Loop": "1"}, Why.LOOP),
    ],
)
def test_automatic_letters_are_only_recorded(
    answered: Ticket, post: Any, headers: dict[str, str], why: str
) -> None:
    before = Notice.objects.count()
    kept = post(letter("我在休假", to=sent(answered)["Reply-To"], **headers))
    assert (kept.outcome, kept.why, kept.ticket) == (Outcome.QUIET, why, answered)
    assert not answered.messages.filter(source="letter").exists()
    assert Notice.objects.count() == before


def test_our_own_mail_that_comes_in_is_a_loop(answered: Ticket, post: Any) -> None:
    kept = post(letter(sender="Aftersales <aftersales@shop.example>", subject="已受理"))
    assert (kept.outcome, kept.why) == (Outcome.QUIET, Why.LOOP)
    kept = post(bytes(sent(answered).as_bytes()))
    assert kept.outcome == Outcome.QUIET


def test_a_flood_from_one_address_waits_for_a_person(known: Customer, desk: Cast, post: Any) -> None:
    made = [post(letter(f"第 {n} 封", subject=f"问题 {n}")) for n in range(22)]
    assert [one.outcome for one in made[:20]] == [Outcome.OPENED] * 20
    assert {one.why for one in made[20:]} == {Why.TOO_MANY}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("订单302611178841没收到", True), ("订单号：302611178841，请查", True), ("No 302611178841.", True),
        ("SF930261117884177", False), ("1302611178841", False), ("302611178841A", False),
    ],
)  # fmt: skip
def test_an_order_is_named_by_its_whole_number(said: str, found: bool) -> None:
    """Not by a waybill that happens to hold its digits."""
    assert landing._stands_in("302611178841", said) == found
