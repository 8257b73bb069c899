"""Letters of authorities (R4.11): their own deadline wins, nothing ends the ticket before the reply."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.services import system_user
from aftersales.cases.authority import rules, zipping
from aftersales.cases.authority.machine import LETTER_MACHINE
from aftersales.cases.authority.selectors import evidence_for
from aftersales.cases.authority.states import LetterState
from aftersales.cases.models import AuthorityAsk, AuthorityCase, AuthorityDeadline, AuthorityReply
from aftersales.cases.services.authority import (
    LetterDraft,
    bundle_make,
    letter_accept,
    letter_close,
    letter_extend,
    letter_files_add,
    letter_hand,
    letter_more,
    letter_pass_on,
    letter_take,
    letter_withdraw,
    merchant_answer,
    merchant_ask,
    reply_approve,
    reply_draft,
    reply_sent,
    reply_turn_down,
    reporter_reveal,
)
from aftersales.cases.services.erasing import customer_forget
from aftersales.clocks.models import Clock
from aftersales.clocks.services import rebuild, sweep
from aftersales.core import files, moves
from aftersales.core.errors import DomainError, NotPermitted, Refused, WrongState
from aftersales.core.models import Audience, Event
from aftersales.notices.models import Notice
from aftersales.orders.models import Order
from aftersales.tickets import services as tickets
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import ticket_merge
from tests.cast import Cast

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Take = Callable[..., AuthorityCase]


def refused(code: str, act: Callable[[], object]) -> None:
    with pytest.raises(DomainError) as error:
        act()
    assert error.value.code == code, error.value


def draft(now: datetime, **columns: Any) -> LetterDraft:
    facts: dict[str, Any] = {
        "source": "12315", "letter_no": "杭市监诉〔2026〕1128号", "received_at": now - HOUR, "due_at": now + 5 * DAY,
        "subject": "商家拒绝七天无理由退货", "demand": "退款并书面答复。", "reporter_name": "王小明",
        "reporter_contact": "138 0000 1111",
    }  # fmt: skip
    return LetterDraft(**(facts | columns))


@pytest.fixture
def ticket(open_ticket: Any, order: Order, desk: Cast) -> Ticket:
    row: Ticket = open_ticket(order_id=order.pk, merchant_id=order.merchant_id)
    row.refresh_from_db()
    return row


@pytest.fixture
def take(ticket: Ticket, desk: Cast, now: datetime) -> Take:
    def taken(**columns: Any) -> AuthorityCase:
        return letter_take(draft=draft(now, **columns), ticket=ticket, actor=desk.agent, now=now).letter

    return taken


def to_approve(letter: AuthorityCase, desk: Cast, now: datetime) -> AuthorityCase:
    letter_accept(letter=letter, actor=desk.lead, now=now)
    reply_draft(letter=letter, text="贵局{letter_no}收悉，已退款。", actor=desk.lead, now=now)
    return AuthorityCase.objects.get(pk=letter.pk)


def sent(letter: AuthorityCase, desk: Cast, now: datetime) -> AuthorityCase:
    row = to_approve(letter, desk, now)
    reply_approve(letter=row, actor=desk.supervisor, now=now)
    return reply_sent(letter=row, sent_by="post", reference="EMS1234", actor=desk.lead, now=now)


def test_the_letters_own_deadline_wins_and_the_earliest_of_several(
    take: Take, desk: Cast, now: datetime
) -> None:
    late, early = take(), take(source="court", letter_no="(2026)浙0106民初1号", due_at=now + HOUR / 4)
    row = Ticket.objects.get()
    # The earliest of all is what the queue sorts by; none of our standards makes it later
    assert (row.next_due_at, row.next_promise) == (early.due_at, "authority_reply")
    assert {(one.due_at, one.owed_by, one.kind) for one in Clock.objects.filter(promise="authority_reply")} == {
        (late.due_at, "team", "statutory"), (early.due_at, "team", "statutory"),
    }  # fmt: skip
    assert (row.severity, row.nature, row.cases_open) == ("critical", "complaint", 2)
    # Sent, the earlier is met, and the next one counts
    sent(early, desk, now)
    row = Ticket.objects.get()
    assert row.cases_open == 1
    assert Clock.objects.get(pk=early.clock_id).state == "met"
    assert not rebuild("tickets.ticket", [row.pk], now).differences


def test_a_letter_alone_opens_a_grave_complaint_and_one_about_an_order_joins_its_open_ticket(
    ticket: Ticket, order: Order, desk: Cast, now: datetime
) -> None:
    alone = letter_take(draft=draft(now), actor=desk.agent, now=now).letter
    assert alone.ticket != ticket
    assert (alone.ticket.nature, alone.ticket.severity) == ("complaint", "major")
    assert "王小明" not in alone.ticket.subject
    joined = letter_take(draft=draft(now, letter_no="2", order_id=order.pk), actor=desk.agent, now=now).letter
    assert (joined.ticket_id, Ticket.objects.count()) == (ticket.pk, 2)


def test_the_same_number_of_the_same_office_is_found_not_doubled(
    take: Take, desk: Cast, now: datetime
) -> None:
    first = take()
    again = letter_take(draft=draft(now, letter_no="杭市监诉 〔２０２６〕1128号"), actor=desk.lead, now=now)
    assert (again.letter, again.known) == (first, True)
    assert AuthorityCase.objects.count() == Ticket.objects.count() == 1
    other = take(source="12345")
    assert other != first


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("source", {"source": "nasa"}), ("letter_no", {"letter_no": " \u3000"}), ("subject", {"subject": ""}),
        ("too_long", {"demand": "长" * 2001}), ("names_reporter", {"subject": "王小明投诉"}),
        ("source", {"kind": "love"}),
    ],
)  # fmt: skip
def test_what_is_no_letter_is_refused(take: Take, code: str, columns: dict[str, Any]) -> None:
    refused(code, lambda: take(**columns))
    assert not AuthorityCase.objects.exists()


def test_moments_of_a_letter_make_sense(take: Take, now: datetime) -> None:
    refused("in_the_future", lambda: take(received_at=now + HOUR))
    refused("due", lambda: take(due_at=now - 2 * HOUR))
    # Nobody would ever see it again, and no calendar can draw it
    refused("too_far", lambda: take(due_at=datetime(9999, 12, 31, tzinfo=UTC)))
    refused("too_far", lambda: take(received_at=datetime(1, 1, 2, tzinfo=UTC)))
    late = take(due_at=now - HOUR / 2)  # it came after its own deadline: late from the beginning
    assert late.late_since == late.due_at


def test_nothing_ends_the_ticket_before_the_reply_is_sent(
    take: Take, ticket: Ticket, desk: Cast, open_ticket: Any, now: datetime
) -> None:
    letter = take()
    who: dict[str, Any] = {"actor": desk.lead, "now": now}
    moves.perform(Ticket.objects.get(), "assign", to=desk.agent, **who) if not ticket.assignee_id else None
    moves.perform(Ticket.objects.get(), "start", actor=desk.agent, now=now)
    with pytest.raises(Refused) as error:
        moves.perform(Ticket.objects.get(), "resolve", result="explained", actor=desk.agent, now=now)
    assert letter.number in str(error.value)
    with pytest.raises(Refused):
        moves.perform(Ticket.objects.get(), "cancel", why="mistake", **who)
    # Merged away it is never, not even after the reply; it may be the one that goes on
    other = open_ticket(subject="另一张", severity="critical", nature="complaint", beside=True)
    current = sent(letter, desk, now)
    with pytest.raises(DomainError, match=letter.number):
        ticket_merge(survivor=other, others=[Ticket.objects.get(pk=ticket.pk)], **who, reason="同一问题")
    # Replied, the ticket may be resolved, and silence does not close it
    moves.perform(Ticket.objects.get(pk=ticket.pk), "resolve", result="explained", actor=desk.agent, now=now)

    def never_by_silence() -> bool:
        row = Ticket.objects.get(pk=ticket.pk)
        found = moves.judged([row], "close_by_silence", actor=system_user(now), now=now + 90 * DAY)
        return "letter" in {one.code for one in found[row.pk]}

    assert never_by_silence()
    letter_close(letter=current, outcome="settled", **who)
    assert never_by_silence()


def test_the_ticket_with_the_letter_may_be_the_one_that_goes_on(
    take: Take, ticket: Ticket, desk: Cast, open_ticket: Any, now: datetime
) -> None:
    letter = take()
    other = open_ticket(subject="另一张", beside=True)
    ticket_merge(
        survivor=Ticket.objects.get(pk=ticket.pk), others=[other], actor=desk.lead, now=now, reason="同一问题"
    )
    other.refresh_from_db()
    assert (other.state, AuthorityCase.objects.get().ticket_id) == ("merged", letter.ticket_id)


def test_a_letter_on_a_finished_ticket_takes_it_up_again(
    take: Take, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    moves.perform(ticket, "start", actor=desk.agent, now=now)
    moves.perform(Ticket.objects.get(), "resolve", result="explained", actor=desk.agent, now=now)
    take()
    assert Ticket.objects.get().state == "in_progress"


def test_the_merchant_gets_his_own_time_inside_the_letters_deadline(
    take: Take, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    # Given a letter due on Wednesday 2 December at 17:00 in Shanghai
    due = datetime(2026, 12, 2, 9, tzinfo=UTC)
    letter = take(due_at=due)
    letter_accept(letter=letter, actor=desk.lead, now=now)
    ask = merchant_ask(letter=letter, question="请说明拒绝退货的理由。", actor=desk.lead, now=now)
    # Then sixteen working hours before it: 6.5 of Wednesday, 7.5 of Tuesday, 2 of Monday until 18:00
    assert ask.due_at == datetime(2026, 11, 30, 8, tzinfo=UTC)
    clock = Clock.objects.get(pk=ask.clock_id)
    assert (clock.promise, clock.owed_by, clock.audience) == (
        "authority_answer",
        "merchant",
        Audience.MERCHANT,
    )
    assert Ticket.objects.get().next_due_at <= ask.due_at
    # And he is told what is asked, not who reported
    work_off(now)
    told = list(Notice.objects.filter(source__startswith="authority.merchant_asked"))
    assert len(told) == 1
    for one in told:
        assert "王小明" not in one.body + one.subject
        assert "1111" not in one.body
    # When he answers too late it stays a breach
    later = ask.due_at + HOUR
    merchant_answer(letter=letter, words="已同意退货。", actor=desk.agent, now=later)
    clock.refresh_from_db()
    assert (clock.breached_at, AuthorityAsk.objects.get().is_late) == (ask.due_at, True)
    answered = Event.objects.get(kind="authority.merchant_answered")
    assert (answered.acting_as, answered.payload["late"]) == ("merchant", True)
    refused("not_asked", lambda: merchant_answer(letter=letter, words="再说", actor=desk.agent, now=later))


def test_a_merchant_is_never_told_who_reported(take: Take, desk: Cast, now: datetime) -> None:
    letter = letter_accept(letter=take(), actor=desk.lead, now=now)
    for words in ("王小明说你们拒绝", "电话13800001111的顾客", "请答复 王 小明"):
        refused(
            "names_reporter",
            lambda words=words: merchant_ask(letter=letter, question=words, actor=desk.lead, now=now),
        )
    shown = [
        event for event in Event.objects.all() if "王小明" in json.dumps(event.payload, ensure_ascii=False)
    ]
    assert shown == []


def test_the_shortest_time_of_a_merchant_and_one_that_is_set_by_hand(
    take: Take, desk: Cast, now: datetime
) -> None:
    letter = letter_accept(letter=take(due_at=now + 6 * HOUR), actor=desk.lead, now=now)
    who: dict[str, Any] = {"letter": letter, "question": "请答复", "actor": desk.lead, "now": now}
    assert merchant_ask(**who).due_at == now + 4 * HOUR
    refused("until", lambda: merchant_ask(**who, until=now + 7 * HOUR))
    assert merchant_ask(**who, until=now + HOUR).due_at == now + HOUR
    assert AuthorityAsk.objects.filter(ended_at=None).count() == 1  # the earlier question ended with it


def test_another_person_approves_and_a_new_version_takes_the_approval_back(
    take: Take, desk: Cast, now: datetime
) -> None:
    row = to_approve(take(), desk, now)
    with pytest.raises(Refused, match="another|另"):
        reply_approve(letter=row, actor=desk.lead, now=now)
    reply_approve(letter=row, actor=desk.supervisor, now=now)
    reply_draft(letter=row, text="改：{case} {ticket}", actor=desk.lead, now=now)
    again = AuthorityCase.objects.get()
    assert (again.state, again.approved_by) == ("drafted", None)
    with pytest.raises(WrongState):
        reply_sent(letter=again, sent_by="post", reference="x", actor=desk.lead, now=now)
    assert [one.version for one in AuthorityReply.objects.all()] == [2, 1]
    assert again.number in AuthorityReply.objects.get(version=2).words
    reply_turn_down(letter=again, reason="补证据", actor=desk.supervisor, now=now)
    assert AuthorityCase.objects.get().state == "accepted"


@pytest.mark.parametrize(
    "text", ["{reporter}", "{letter_no!r}", "{letter_no.__class__}", "{", "{due:>9999}", ""]
)
def test_a_letter_knows_its_variables_only(take: Take, desk: Cast, now: datetime, text: str) -> None:
    letter = letter_accept(letter=take(), actor=desk.lead, now=now)
    with pytest.raises(DomainError):
        reply_draft(letter=letter, text=text, actor=desk.lead, now=now)
    assert not AuthorityReply.objects.exists()


def test_a_late_reply_leaves_a_breach_that_no_later_move_hides(take: Take, desk: Cast, now: datetime) -> None:
    letter = take(due_at=now + DAY)
    after = now + 2 * DAY
    sweep(now=after)
    assert Clock.objects.get(pk=letter.clock_id).state == "breached"
    # The office grants more time only now: the first deadline stays missed
    moved = letter_extend(
        letter=letter, due_at=now + 9 * DAY, reference="电话 王科", actor=desk.lead, now=after
    )
    assert (moved.late_since, moved.first_due_at) == (letter.due_at, letter.due_at)
    assert Clock.objects.get(pk=letter.clock_id).breached_at == letter.due_at
    done = sent(moved, desk, after)
    for last in (letter_more(letter=done, due_at=now + 20 * DAY, words="补充", actor=desk.lead, now=after),):
        assert last.late_since == letter.due_at
    gone = letter_withdraw(letter=last, reference="撤回函", actor=desk.lead, now=after)
    assert (gone.state, gone.late_since) == ("withdrawn", letter.due_at)
    assert not rebuild("tickets.ticket", [letter.ticket_id], after).differences


def test_an_extension_in_time_moves_the_deadline_and_keeps_the_old_one(
    take: Take, desk: Cast, now: datetime
) -> None:
    letter = take()
    refused(
        "due",
        lambda: letter_extend(letter=letter, due_at=now + DAY, reference="函", actor=desk.lead, now=now),
    )
    refused(
        "reason",
        lambda: letter_extend(letter=letter, due_at=now + 9 * DAY, reference=" ", actor=desk.lead, now=now),
    )
    far = datetime(9999, 12, 31, tzinfo=UTC)
    refused(
        "too_far",
        lambda: letter_extend(letter=letter, due_at=far, reference="函", actor=desk.lead, now=now),
    )
    moved = letter_extend(letter=letter, due_at=now + 9 * DAY, reference="延期函", actor=desk.lead, now=now)
    kept = AuthorityDeadline.objects.get()
    assert (kept.was_due_at, kept.due_at, kept.missed) == (letter.due_at, moved.due_at, False)
    assert (moved.late_since, Clock.objects.get(pk=moved.clock_id).due_at) == (None, now + 9 * DAY)
    assert Clock.objects.filter(promise="authority_reply", ended_at=None).count() == 1


def test_passed_on_nothing_is_owed_here(take: Take, desk: Cast, now: datetime) -> None:
    letter = take()
    refused("reason", lambda: letter_pass_on(letter=letter, to="", actor=desk.lead, now=now))
    gone = letter_pass_on(letter=letter, to="总部法务", actor=desk.lead, now=now)
    assert (gone.state, Clock.objects.get(pk=gone.clock_id).state) == ("passed_on", "cancelled")
    assert Ticket.objects.get().cases_open == 0


def test_the_reporter_is_looked_up_for_a_reason_that_stays(take: Take, desk: Cast, now: datetime) -> None:
    letter = take()
    assert letter.masked_reporter != letter.reporter_name
    with pytest.raises(NotPermitted):
        reporter_reveal(letter=letter, reason="好奇", actor=desk.agent, now=now)
    refused("reason", lambda: reporter_reveal(letter=letter, reason=" ", actor=desk.supervisor, now=now))
    assert reporter_reveal(letter=letter, reason="回访", actor=desk.supervisor, now=now)[0] == "王小明"
    event = Event.objects.get(kind="authority.reporter_revealed")
    assert (event.reason, event.audience) == ("回访", Audience.INTERNAL)


def test_a_handler_hands_it_to_somebody_who_may(take: Take, desk: Cast, now: datetime) -> None:
    letter = letter_accept(letter=take(), actor=desk.lead, now=now)
    refused("unfit", lambda: letter_hand(letter=letter, to=desk.agent, actor=desk.lead, now=now))
    assert letter_hand(letter=letter, to=desk.supervisor, actor=desk.lead, now=now).handler == desk.supervisor


def test_a_bundle_is_the_same_bytes_with_every_fingerprint(
    take: Take, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    letter = take()
    with files.stored_for([SimpleUploadedFile("来函.txt", "来函正文".encode())], now=now) as (file,):
        [kept] = letter_files_add(letter=letter, files=[file], actor=desk.agent, now=now)
        assert letter_files_add(letter=letter, files=[file], actor=desk.agent, now=now) == [kept]
    message = ticket.messages.get()
    chosen = [f"message:{message.pk}", f"letter:{kept.pk}"]
    bundle = bundle_make(letter=letter, chosen=chosen, actor=desk.lead, now=now)
    whole = b"".join(zipping.streamed(bundle))
    assert whole == b"".join(zipping.streamed(bundle))
    archive = zipfile.ZipFile(io.BytesIO(whole))
    listed = json.loads(archive.read("manifest.json"))
    assert archive.testzip() is None
    assert len(listed) == len(archive.namelist()) - 1 == 2
    from hashlib import sha256

    for one in listed:
        assert sha256(archive.read(one["path"])).hexdigest() == one["sha256"]
    assert sha256(archive.read("manifest.json")).hexdigest() == bundle.sha256
    refused("gone", lambda: bundle_make(letter=letter, chosen=["message:999999"], actor=desk.lead, now=now))
    refused("empty", lambda: bundle_make(letter=letter, chosen=[], actor=desk.lead, now=now))


def test_erasing_the_customer_takes_the_words_and_the_reporter_of_ended_letters(
    take: Take, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    ended, running = letter_pass_on(letter=take(), to="法务", actor=desk.lead, now=now), take(letter_no="B")
    key = f"message:{ticket.messages.get().pk}"
    bundle = bundle_make(letter=ended, chosen=[key], actor=desk.lead, now=now)
    customer_forget(ticket.customer, actor=system_user(now), reason="R2.2", now=now)
    bundle.refresh_from_db()
    assert "text" not in bundle.pieces[0]
    assert bundle.pieces[0]["sha256"]
    names = dict(AuthorityCase.objects.values_list("pk", "reporter_name"))
    assert names == {ended.pk: "", running.pk: "王小明"}


ACTS: dict[str, tuple[str, Callable[..., Any]]] = {
    "accept": ("accepted", lambda letter, who: letter_accept(letter=letter, **who)),
    "draft": ("drafted", lambda letter, who: reply_draft(letter=letter, text="复函", **who)),
    "approve": ("approved", lambda letter, who: reply_approve(letter=letter, **who)),
    "turn_down": ("accepted", lambda letter, who: reply_turn_down(letter=letter, reason="改", **who)),
    "ask": ("asked", lambda letter, who: merchant_ask(letter=letter, question="请答复", **who)),
    "answer": ("accepted", lambda letter, who: merchant_answer(letter=letter, words="好", **who)),
    "reply": ("replied", lambda letter, who: reply_sent(letter=letter, sent_by="fax", reference="1", **who)),
    "ask_more": (
        "accepted",
        lambda letter, who: letter_more(letter=letter, due_at=who["now"] + DAY, words="补", **who),
    ),
    "close": ("closed", lambda letter, who: letter_close(letter=letter, outcome="answered", **who)),
    "pass_on": ("passed_on", lambda letter, who: letter_pass_on(letter=letter, to="法务", **who)),
    "withdraw": ("withdrawn", lambda letter, who: letter_withdraw(letter=letter, reference="函", **who)),
}
WAYS: dict[str, list[str]] = {
    "received": [], "accepted": ["accept"], "asked": ["accept", "ask"], "drafted": ["accept", "draft"],
    "approved": ["accept", "draft", "approve"], "replied": ["accept", "draft", "approve", "reply"],
    "closed": ["accept", "draft", "approve", "reply", "close"], "passed_on": ["pass_on"], "withdrawn": ["withdraw"],
}  # fmt: skip


def test_every_state_and_move_is_in_the_table() -> None:
    assert set(WAYS) == set(LetterState.values)
    assert set(ACTS) == {one.name for one in LETTER_MACHINE.moves}


@pytest.mark.parametrize("state", WAYS)
def test_from_each_state_exactly_its_moves_are_possible(
    take: Take, desk: Cast, now: datetime, state: str
) -> None:
    """Every move from every state: those of the machine reach their target, all others are refused."""

    def person(name: str) -> Any:
        return desk.supervisor if name in ("approve", "turn_down") else desk.lead

    for place, (name, (target, act)) in enumerate(ACTS.items()):
        letter = take(letter_no=f"L-{state}-{place}")
        for step in WAYS[state]:
            ACTS[step][1](letter, {"actor": person(step), "now": now})
        letter = AuthorityCase.objects.get(pk=letter.pk)
        assert letter.state == state
        move = next(one for one in LETTER_MACHINE.moves if one.name == name)
        if state in move.sources:
            act(letter, {"actor": person(name), "now": now})
            assert AuthorityCase.objects.get(pk=letter.pk).state == target, name
        else:
            with pytest.raises(DomainError):
                act(letter, {"actor": person(name), "now": now})
            assert AuthorityCase.objects.get(pk=letter.pk).state == state, name


@pytest.mark.parametrize("name", [one for one in ACTS if one != "answer"])
def test_an_agent_takes_letters_down_and_does_not_handle_them(
    take: Take, desk: Cast, now: datetime, name: str
) -> None:
    letter = take()
    with pytest.raises(NotPermitted):
        ACTS[name][1](letter, {"actor": desk.agent, "now": now})


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("西湖局：\n\n一、经查属实。\n二、处理经过：\n三、处理结果：\n\n附后。", "二、处理经过："),
        ("西湖局：\n\n二、处理经过：\n已退款。\n三、处理结果：\n\n附后。", "三、处理结果："),
        ("To: office\n\n2. What was done:\n3. Result:\nrefunded", "2. What was done:"),
        ("西湖局：\n\n二、处理经过：已退款。\n三、处理结果：\n客户满意。\n\n附后。", ""),
        ("现答复如下：\n\n已退款。", ""),
    ],
)
def test_no_part_of_a_reply_is_left_empty(text: str, empty: str) -> None:
    """The shipped words untouched are no reply."""
    assert rules.empty_heading(text) == empty


def test_notes_of_the_department_go_into_no_bundle(
    take: Take, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    letter = take()
    tickets.note_add(ticket=ticket, text="这个客户很难缠", actor=desk.agent, now=now)
    offered = evidence_for(letter, desk.lead)
    assert any(one.kind == "message" for one in offered)
    assert not any("难缠" in one.text + one.label for one in offered)
    note = ticket.messages.get(text="这个客户很难缠")
    refused(
        "gone", lambda: bundle_make(letter=letter, chosen=[f"message:{note.pk}"], actor=desk.lead, now=now)
    )
