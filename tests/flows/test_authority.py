"""A whole story: a 12315 letter, the merchant's sub-clock, the reply by two people, the evidence, the end."""

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aftersales.cases import services as cases
from aftersales.cases.authority import zipping
from aftersales.cases.models import AuthorityAsk, AuthorityCase
from aftersales.cases.services import CaseDraft
from aftersales.cases.services import authority as letters
from aftersales.clocks.models import Clock
from aftersales.clocks.services import rebuild, sweep
from aftersales.core import moves
from aftersales.core.errors import Refused
from aftersales.core.models import Event
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.flows.test_dispute import bought

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Opener = Callable[..., Ticket]


def test_a_12315_letter(
    open_ticket: Opener, desk: Cast, customer: Customer, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    order = bought(customer, now)
    for person, tier in ((desk.agent, "in_post"), (desk.lead, "lead"), (desk.supervisor, "lead")):
        desk.certify(person, tier)
    clerk, agent = desk.authority_desk, desk.agent
    # Given a customer whose return the merchant refused, and who wrote to 12315
    ticket = open_ticket(order_id=order.pk, merchant_id=order.merchant_id)
    line = order.lines.get()
    case = cases.case_open(
        ticket=ticket,
        draft=CaseDraft("return", "quality", {line.pk: 1}, words="左耳没有声音"),
        actor=agent,
        now=now,
    )
    cases.case_reject(case=case, actor=agent, now=now + HOUR, words="检测合格", how="merchant")
    # When the letter comes, due on 4 December at 17:00, alone: it finds the open ticket of its order
    due = datetime(2026, 12, 4, 9, tzinfo=UTC)
    came = now + 3 * HOUR
    draft = letters.LetterDraft(
        source="12315", letter_no="杭西市监诉〔2026〕1128号", received_at=came - HOUR, due_at=due,
        subject="商家拒绝退货", demand="退货退款", reporter_name="林芳", reporter_contact="13800001111",
        order_id=order.pk,
    )  # fmt: skip
    letter = letters.letter_take(draft=draft, actor=clerk, now=came).letter
    assert letter.ticket_id == ticket.pk
    ticket.refresh_from_db()
    assert (ticket.nature, ticket.severity) == ("complaint", "major")
    # And the merchant is asked in his own time, and never told who reported
    letters.letter_accept(letter=letter, actor=clerk, now=came)
    ask = letters.merchant_ask(
        letter=letter, question="请说明拒绝退货的依据并提供检测记录。", actor=clerk, now=came
    )
    assert came < ask.due_at < due
    work_off(came)
    told = Notice.objects.filter(source__startswith="authority.merchant_asked")
    assert told.count() == 1
    assert not [one for one in told if "林芳" in f"{one.subject}{one.body}"]
    # When he is silent past it, that is his breach, and the case goes to the platform's decision meanwhile
    silent = ask.due_at + HOUR
    sweep(now=silent)
    assert Clock.objects.get(pk=ask.clock_id).state == "breached"
    letters.merchant_answer(letter=letter, words="同意退货退款。", actor=agent, now=silent)
    assert AuthorityAsk.objects.get().is_late
    # Then nothing ends the ticket before the reply is sent
    moves.perform(Ticket.objects.get(), "start", actor=agent, now=silent)
    with pytest.raises(Refused, match=letter.number):
        moves.perform(Ticket.objects.get(), "resolve", result="refunded", actor=agent, now=silent)
    # When the reply is drafted, sent back, drafted anew and approved by another person
    who: dict[str, Any] = {"letter": letter, "actor": clerk}
    letters.reply_draft(text="{letter_no}：已同意退货。", now=silent, **who)
    letters.reply_turn_down(letter=letter, reason="请写明退款金额", actor=desk.supervisor, now=silent)
    words = letters.reply_draft(text="{letter_no}：商家已同意退货退款 299 元。", now=silent, **who).words
    assert words.startswith("杭西市监诉〔2026〕1128号：")
    letters.reply_approve(letter=letter, actor=desk.supervisor, now=silent + HOUR)
    # And evidence goes with it
    keys = [f"message:{one.pk}" for one in ticket.messages.all()] + [f"case:{case.pk}"]
    bundle = letters.bundle_make(chosen=keys, now=silent + HOUR, **who)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(zipping.streamed(bundle))))
    assert len(archive.namelist()) == len(keys) + 1
    # Then it is sent in time, and the ticket may end
    sent = letters.reply_sent(sent_by="portal", reference="12315-回-99", now=silent + 2 * HOUR, **who)
    assert (sent.late_since, Clock.objects.get(pk=sent.clock_id).state) == (None, "met")
    moves.perform(Ticket.objects.get(), "resolve", result="refunded", actor=agent, now=silent + 3 * HOUR)
    letters.letter_close(outcome="settled", now=silent + DAY, **who)
    assert AuthorityCase.objects.get().state == "closed"
    assert not rebuild("tickets.ticket", [ticket.pk], silent + DAY).differences
    kinds = (
        Event.objects.filter(subject_kind="cases.authoritycase").order_by("id").values_list("kind", flat=True)
    )
    assert [kind.split(".")[1] for kind in kinds] == [
        "taken", "accepted", "merchant_asked", "merchant_answered", "drafted", "turned_down", "drafted", "approved",
        "bundled", "replied", "closed",
    ]  # fmt: skip
