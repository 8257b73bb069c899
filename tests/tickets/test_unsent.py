"""Words that are not said yet: held for some seconds, taken back, sent once, or given back to their writer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import TeamMember
from aftersales.clocks.models import Clock
from aftersales.core import files
from aftersales.core.errors import DomainError, Refused
from aftersales.core.models import Event, Job
from aftersales.customers.models import Contact, Customer
from aftersales.notices.models import Notice
from aftersales.standards.models import ParameterVersion
from aftersales.tickets import services
from aftersales.tickets.answering import ties_compensation_to_review
from aftersales.tickets.models import Attachment, GivenPromise, Message, Ticket, Unsent, UnsentFile
from aftersales.tickets.services import erasing, unsent
from tests.cast import Cast

Opener = Callable[..., Ticket]
WorkOff = Callable[[datetime], None]
SECOND = timedelta(seconds=1)


@pytest.fixture
def ticket(open_ticket: Opener, customer: Customer) -> Ticket:
    """A ticket whose customer a message reaches."""
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    return open_ticket()


def hold(ticket: Ticket, actor: Any, now: datetime, text: str = "已为您补发。", **more: Any) -> Any:
    return unsent.reply_hold(ticket=ticket, voice="customer", text=text, actor=actor, now=now, **more)


def stored(name: str = "2611/" + "a" * 32) -> files.StoredFile:
    return files.StoredFile(name, "照片.png", "image/png", 12, "0" * 64, 3, 4)


def replies(ticket: Ticket) -> list[str]:
    return list(Message.objects.filter(ticket=ticket, author_kind="staff").values_list("text", flat=True))


def test_nothing_goes_out_before_its_time_and_then_the_clock_is_met_at_that_time(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    before = Event.objects.about("tickets.ticket", ticket.pk).count()
    held = hold(ticket, desk.agent, now)
    assert held.due_at == now + 8 * SECOND
    work_off(now + 7.9 * SECOND)
    assert replies(ticket) == []
    assert Event.objects.filter(kind="ticket.replied").count() == 0
    assert (
        Event.objects.about("tickets.ticket", ticket.pk).exclude(kind__startswith="notice").count()
        <= before + 1
    )
    assert Clock.objects.get(subject_id=ticket.pk, promise="first_response").ended_at is None

    work_off(now + 8 * SECOND)
    assert replies(ticket) == ["已为您补发。"]
    assert Clock.objects.get(subject_id=ticket.pk, promise="first_response").ended_at == now + 8 * SECOND
    assert not Unsent.objects.exists()
    said = Event.objects.get(kind="ticket.replied")
    assert (said.actor_id, said.source) == (desk.agent.pk, "web")


def test_a_reply_taken_back_in_the_last_moment_is_a_draft_and_never_sent(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    held = hold(ticket, desk.agent, now, files=[stored()])
    draft = unsent.reply_take_back(unsent=held, actor=desk.agent, now=now + 7.9 * SECOND)
    work_off(now + 60 * SECOND)
    assert replies(ticket) == []
    assert (draft.text, draft.due_at, draft.sent_back) == ("已为您补发。", None, "taken")
    assert draft.files.count() == 1


def test_the_promise_of_a_reply_is_given_when_it_is_sent_and_not_before(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    promise = unsent.Promised("给您结果", now + timedelta(hours=4))
    held = hold(ticket, desk.agent, now, promise=promise)
    assert not GivenPromise.objects.exists()
    back = unsent.reply_take_back(unsent=held, actor=desk.agent, now=now)
    assert (back.promise_what, back.promise_due_at) == (promise.what, promise.due_at)
    work_off(now + 30 * SECOND)
    assert not GivenPromise.objects.exists()
    hold(ticket, desk.agent, now, promise=promise)
    work_off(now + 8 * SECOND)
    given = GivenPromise.objects.get()
    assert (given.what, given.due_at, given.given_at) == ("给您结果", promise.due_at, now + 8 * SECOND)
    with pytest.raises(DomainError):
        hold(ticket, desk.agent, now, promise=unsent.Promised("昨天", now - timedelta(hours=1)))


def test_taken_back_words_stand_before_those_begun_meanwhile(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    held = hold(ticket, desk.agent, now, text="第一句。", files=[stored()])
    unsent.draft_keep(ticket=ticket, voice="customer", text="第二句。", actor=desk.agent, now=now)
    unsent.reply_take_back(unsent=held, actor=desk.agent, now=now)
    draft = Unsent.objects.get()
    assert draft.text == "第一句。\n\n第二句。"
    assert draft.files.count() == 1


def test_what_is_sent_cannot_be_taken_back_and_only_its_writer_may(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    held = hold(ticket, desk.agent, now)
    with pytest.raises(DomainError):
        unsent.reply_take_back(unsent=held, actor=desk.lead, now=now)
    work_off(now + 8 * SECOND)
    with pytest.raises(DomainError) as refused:
        unsent.reply_take_back(unsent=held, actor=desk.agent, now=now + 9 * SECOND)
    assert refused.value.code == "sent"


def test_the_same_form_twice_is_held_once_and_said_once(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    first, again = (hold(ticket, desk.agent, now, source_ref="key.abc") for _n in range(2))
    assert first == again
    work_off(now + 8 * SECOND)
    late = hold(ticket, desk.agent, now + 9 * SECOND, source_ref="key.abc")
    work_off(now + 30 * SECOND)
    assert isinstance(late, Message)
    assert replies(ticket) == ["已为您补发。"]


def test_a_form_that_comes_again_after_it_was_taken_back_is_not_sent(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    held = hold(ticket, desk.agent, now, source_ref="key.abc")
    unsent.reply_take_back(unsent=held, actor=desk.agent, now=now)
    hold(ticket, desk.agent, now, source_ref="key.abc")
    work_off(now + 30 * SECOND)
    assert replies(ticket) == []
    assert Unsent.objects.get().due_at is None


def test_words_for_a_ticket_finished_meanwhile_come_back_with_a_notice(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    hold(ticket, desk.agent, now, files=[stored()])
    services.ticket_cancel(
        ticket=ticket, why="withdrawn", reason="客户撤回", actor=desk.agent, now=now + SECOND
    )
    work_off(now + 8 * SECOND)
    draft = Unsent.objects.get()
    assert replies(ticket) == []
    assert (draft.text, draft.sent_back, draft.due_at) == ("已为您补发。", "over", None)
    assert draft.files.count() == 1
    told = Notice.objects.get(source="work.reply_returned")
    assert told.user_id == desk.agent.pk
    assert str(draft.get_sent_back_display()) in told.body


def test_who_lost_the_ticket_meanwhile_answers_nobody(
    open_ticket: Opener, customer: Customer, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    Contact.objects.create(customer=customer, kind="email", value="linfang@example.com")
    vendor = desk.person("vendor_agent")
    member = desk.join(desk.team, vendor)
    ticket = open_ticket()
    hold(ticket, vendor, now)
    TeamMember.objects.filter(pk=member.pk).update(active_to=now)
    work_off(now + 8 * SECOND)
    assert replies(ticket) == []
    assert Unsent.objects.get().sent_back == "no_access"


def test_words_of_somebody_who_left_go_to_whoever_has_the_ticket(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    """They are neither said in his name nor lost."""
    leaver = desk.person("agent", name="离职人")
    desk.join(desk.team, leaver)
    hold(ticket, leaver, now, text="明天给您补发。")
    type(leaver).objects.filter(pk=leaver.pk).update(is_active=False)
    work_off(now + 8 * SECOND)
    assert replies(ticket) == []
    draft = Unsent.objects.get()
    assert (draft.author, draft.text, draft.sent_back) == (desk.agent, "明天给您补发。", "left")
    told = Notice.objects.get(source="work.reply_left")
    assert (told.user_id, "离职人" in told.subject) == (desk.agent.pk, True)


def test_a_worker_killed_between_due_time_and_sending_loses_and_doubles_nothing(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(ticket, desk.agent, now)
    speak = unsent._speak

    def killed(*facts: Any) -> Any:
        speak(*facts)
        raise SystemExit("kill -9")

    monkeypatch.setattr(unsent, "_speak", killed)
    with pytest.raises(SystemExit):
        work_off(now + 8 * SECOND)
    assert replies(ticket) == []
    monkeypatch.setattr(unsent, "_speak", speak)
    job = Job.objects.get(kind=unsent.SEND)
    assert job.state == "running"
    assert job.lease_until is not None
    work_off(job.lease_until + SECOND)
    assert replies(ticket) == ["已为您补发。"]


def test_files_go_with_the_words_and_belong_to_the_message(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    unsent.draft_keep(ticket=ticket, voice="customer", text="看", actor=desk.agent, now=now, files=[stored()])
    kept = UnsentFile.objects.get()
    drafted = unsent.draft_files(ticket=ticket, actor=desk.agent, kept=[kept.public_id])
    hold(ticket, desk.agent, now, files=drafted)
    assert Unsent.objects.count() == 1
    work_off(now + 8 * SECOND)
    assert Attachment.objects.get().name == kept.name
    assert not UnsentFile.objects.exists()


def test_with_no_seconds_in_the_rule_book_a_reply_is_said_at_once(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    ParameterVersion.objects.filter(parameter__code="undo_send_seconds").update(value=0)
    assert isinstance(hold(ticket, desk.agent, now), Message)
    assert not Unsent.objects.exists()


def test_the_seconds_are_those_of_the_rule_book(ticket: Ticket, desk: Cast, now: datetime) -> None:
    ParameterVersion.objects.filter(parameter__code="undo_send_seconds").update(value=30)
    assert hold(ticket, desk.agent, now).due_at == now + 30 * SECOND


def test_drafts_are_one_for_a_person_and_a_ticket_and_go_when_they_are_old(
    ticket: Ticket, desk: Cast, now: datetime
) -> None:
    for text in ("一", "一二", "一二三"):
        unsent.draft_keep(ticket=ticket, voice="note", text=text, actor=desk.agent, now=now)
    unsent.draft_keep(ticket=ticket, voice="note", text="组长的", actor=desk.lead, now=now)
    assert sorted(Unsent.objects.values_list("text", flat=True)) == ["一二三", "组长的"]
    assert unsent.drafts_expire(now=now + timedelta(days=14)) == 0
    ParameterVersion.objects.filter(parameter__code="draft_days").update(value=3)
    assert unsent.drafts_expire(now=now + timedelta(days=3, seconds=1)) == 2
    unsent.draft_keep(ticket=ticket, voice="note", text="x", actor=desk.agent, now=now)
    unsent.draft_keep(ticket=ticket, voice="note", text="  ", actor=desk.agent, now=now)
    assert not Unsent.objects.exists()


def test_a_save_that_arrives_after_sending_brings_nothing_back(
    ticket: Ticket, desk: Cast, now: datetime, work_off: WorkOff
) -> None:
    def late(at: datetime) -> bool:
        return unsent.draft_keep(
            ticket=ticket, voice="customer", text="已为您补", actor=desk.agent, now=at, form_key="key"
        )

    hold(ticket, desk.agent, now, source_ref="key.abc")
    assert not late(now + SECOND)
    work_off(now + 8 * SECOND)
    assert not late(now + 9 * SECOND)
    assert not Unsent.objects.exists()


def test_unsent_words_of_an_erased_customer_are_forgotten(
    ticket: Ticket, desk: Cast, customer: Customer, now: datetime, work_off: WorkOff
) -> None:
    hold(ticket, desk.agent, now)
    unsent.draft_keep(ticket=ticket, voice="note", text="备注", actor=desk.agent, now=now)
    erasing.customer_forget(customer, actor=desk.privacy_officer, reason="客户要求删除", now=now)
    assert not Unsent.objects.exists()
    work_off(now + 8 * SECOND)
    assert replies(ticket) == []


@pytest.mark.parametrize("role", ["inspector", "auditor", "finance"])
def test_who_may_not_answer_holds_nothing(ticket: Ticket, desk: Cast, now: datetime, role: str) -> None:
    with pytest.raises(DomainError):
        hold(ticket, desk.of(role), now)
    assert not Unsent.objects.exists()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("您好 {tracking}", "unfilled"),
        ("{whatever}", "unfilled"),
        ("改成好评就给您返现10元。", "tied_to_review"),
        ("If you remove the review, we send you a voucher.", "tied_to_review"),
    ],
)
def test_words_with_a_blank_or_a_price_for_a_review_never_go_out(
    ticket: Ticket, desk: Cast, now: datetime, text: str, code: str
) -> None:
    for say in (
        lambda: hold(ticket, desk.agent, now, text=text),
        lambda: services.ticket_reply(ticket=ticket, text=text, actor=desk.agent, now=now),
        lambda: services.ticket_resolve(
            ticket=services.ticket_start(ticket=ticket, actor=desk.agent, now=now), result="explained",
            text=text, actor=desk.agent, now=now,
        ),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            say()
        assert refused.value.code == code
    services.note_add(ticket=ticket, text=text, actor=desk.agent, now=now)


@pytest.mark.parametrize(
    "text",
    [
        "您把差评改成好评，我们给您补偿20元。",
        "麻烦修改一下评价，改好后返现10元",
        "给您补偿30元，麻烦您帮忙把差评删掉",
        "五星好评返现5元",
        "请您追加好评，积分双倍",
        "If you change your review to 5 stars, we will refund 20%.",
        "We'll send a voucher once the review is removed.",
    ],
)
def test_a_price_for_a_review_is_seen(text: str) -> None:
    assert ties_compensation_to_review(text)


@pytest.mark.parametrize(
    "text",
    [
        "很抱歉给您带来不好的体验，我们为您补偿20元优惠券。",
        "您的差评我们看到了，已退款372.41元，不需要您修改评价。",
        "晒图评价即可获得积分，无论几星。",
        "修改收货地址后我们会退您差价10元。",
        "We refunded you ¥20; there is no need to change your review.",
        "",
    ],
)
def test_honest_words_are_left_alone(text: str) -> None:
    assert not ties_compensation_to_review(text)


def test_taken_back_while_another_page_begins_a_draft_both_words_are_kept(
    ticket: Ticket, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = hold(ticket, desk.agent, now, text="已为您补发。")
    real = unsent._draft
    saved: list[bool] = []

    def just_before(of: Ticket, actor: Any) -> Unsent | None:
        found = real(of, actor)
        if not saved:
            Unsent.objects.create(ticket=of, author=actor, text="另一页", voice="customer", saved_at=now)
            saved.append(True)
        return found

    monkeypatch.setattr(unsent, "_draft", just_before)
    back = unsent.reply_take_back(unsent=held, actor=desk.agent, now=now)
    assert back.text == "已为您补发。\n\n另一页"
    assert Unsent.objects.get(ticket=ticket).due_at is None
