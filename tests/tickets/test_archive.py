"""The archive: reviewed by another, numbered, searchable with a trace, sealed, kept three years at least (R5.5)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from aftersales.core import files
from aftersales.core.errors import DomainError, NotPermitted, Refused
from aftersales.core.models import Event
from aftersales.customers.models import Contact
from aftersales.notices.models import Notice
from aftersales.tickets import selectors, services
from aftersales.tickets.models import (
    ArchiveAddendum,
    ArchiveRecord,
    Attachment,
    Message,
    Ticket,
    TicketText,
)
from aftersales.tickets.states import NO_SUBJECT
from tests.cast import Cast

Opener = Callable[..., Ticket]
DAY = timedelta(days=1)


@pytest.fixture
def archived(open_ticket: Opener, desk: Cast) -> Callable[..., ArchiveRecord]:
    def make(at: datetime, **columns: str) -> ArchiveRecord:
        ticket = open_ticket(at=at, **columns)
        if ticket.assignee is None:
            ticket = services.ticket_take(ticket=ticket, actor=desk.agent, now=at)
        ticket = services.ticket_resolve(
            ticket=ticket, result="explained", text="已处理。", actor=desk.agent, now=at
        )
        ticket = services.ticket_verify(
            ticket=ticket, how="phone", reason="客户说好了", actor=desk.agent, now=at
        )
        services.ticket_archive(
            ticket=ticket, summary="核对后解释清楚，客户认可。", actor=desk.lead, now=at + DAY
        )
        return ArchiveRecord.objects.get(ticket=ticket)

    return make


def test_whoever_handled_it_does_not_review_it(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket = services.ticket_assign(ticket=open_ticket(), to=desk.lead, actor=desk.supervisor, now=now)
    ticket = services.ticket_resolve(
        ticket=ticket, result="explained", text="好了。", actor=desk.lead, now=now
    )
    ticket = services.ticket_verify(ticket=ticket, how="chat", reason="好了", actor=desk.lead, now=now)

    with pytest.raises(Refused) as refusal:
        services.ticket_archive(ticket=ticket, summary="自己审自己是不行的。", actor=desk.lead, now=now)
    assert refusal.value.code == "own_work"
    with pytest.raises(Refused):
        services.ticket_archive(ticket=ticket, summary="太短", actor=desk.supervisor, now=now)


def test_a_reopened_ticket_comes_back_to_its_own_record(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    record = archived(now)
    ticket = services.ticket_move(
        ticket=record.ticket, name="reopen", actor=desk.agent, now=now + DAY, reason="又坏了"
    )
    ticket = services.ticket_resolve(
        ticket=ticket, result="exchanged", text="换新。", actor=desk.agent, now=now + 2 * DAY
    )
    ticket = services.ticket_verify(
        ticket=ticket, how="phone", reason="好了", actor=desk.agent, now=now + 2 * DAY
    )
    services.ticket_archive(ticket=ticket, summary="第二次处理：已换新。", actor=desk.lead, now=now + 3 * DAY)

    again = ArchiveRecord.objects.get(ticket=ticket)
    assert (again.number, again.result) == (record.number, "exchanged")


def test_the_archive_is_found_by_time_kind_customer_and_text(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    one = archived(now, subject="空气炸锅冒异味", text="用了两次就有异味")
    archived(now, subject="包裹没有物流更新", text="三天没动静", kind="logistics")

    def found(**filters: object) -> list[str]:
        return [row.number for row in selectors.archive_found(desk.lead, **filters)]

    assert found(text="异味") == [one.number]
    assert found(kind="logistics") != [one.number]
    assert len(found(customer="C-1")) == 2
    Contact.objects.create(customer=one.customer, kind="phone", value="13812347788")
    assert len(found(customer="7788")) == len(found(customer="13812347788")) == 2
    assert found(customer="林") == found(customer="1234") == []
    assert found(since=(now + 5 * DAY).date()) == []
    assert found(text="没有这样的话") == []
    assert [row.number for row in selectors.archive_found(desk.merchant_owner, text="异味")] == []


def test_days_of_the_archive_are_days_of_the_market_and_are_found_by_the_index(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    """A bare day is no moment: both ends are midnights of the market's zone, which the index of moments knows."""
    evening = datetime(2026, 11, 23, 23, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    record = archived(evening)
    finished = record.completed_at.astimezone(ZoneInfo("Asia/Shanghai"))
    day = finished.date()

    def found(**filters: date) -> int:
        return len(selectors.archive_found(desk.lead, **filters))

    assert found(since=day, until=day) == 1
    assert found(since=day + DAY) == found(until=day - DAY) == 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = selectors.archive_found(desk.lead, since=day, until=day).explain()
    assert "Index Cond" in plan
    assert "completed_at" in plan.partition("Index Cond")[2].partition("\n")[0]


def test_a_look_up_leaves_a_trace_without_the_words(desk: Cast, now: datetime) -> None:
    services.archive_searched(actor=desk.lead, filters={"text": "张三", "kind": ""}, found=3, now=now)

    event = Event.objects.get(kind="archive.searched")
    assert event.payload == {"filters": "text", "found": 3}
    assert "张三" not in str(event.payload)


def test_a_sealed_record_cannot_change_even_by_sql(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    record = archived(now)
    assert services.seal_sweep(now=now + 40 * DAY) == 1

    with pytest.raises(DatabaseError, match="sealed"), transaction.atomic():
        ArchiveRecord.objects.filter(pk=record.pk).update(summary="改写历史")
    with pytest.raises(DomainError):
        services.addendum_add(record=record, text="太晚了", actor=desk.agent, now=now + 41 * DAY)
    with pytest.raises(Refused):
        services.ticket_move(
            ticket=record.ticket, name="reopen", actor=desk.agent, now=now + 41 * DAY, reason="晚了"
        )


def test_a_legal_hold_is_set_by_few_and_always_with_a_reason(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    record = archived(now)
    with pytest.raises(NotPermitted):
        services.archive_hold_set(record=record, reason="法院调取", actor=desk.agent, now=now)
    with pytest.raises(DomainError):
        services.archive_hold_set(record=record, reason=" ", actor=desk.supervisor, now=now)
    services.archive_hold_set(record=record, reason="法院调取", actor=desk.supervisor, now=now)
    record.refresh_from_db()
    assert record.legal_hold == "法院调取"


def test_nothing_is_removed_before_its_time_not_even_by_sql_or_a_wrong_clock(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    record = archived(now)
    services.addendum_add(record=record, text="补充说明。", actor=desk.agent, now=now + 2 * DAY)
    services.seal_sweep(now=now + 40 * DAY)

    assert services.retention_run(now=now + timedelta(days=9000)) == 0  # the database's own clock decides
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('aftersales.retention', 'on', true)")
        for sql in ("DELETE FROM tickets_archiverecord", "DELETE FROM tickets_archiveaddendum"):
            with pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(sql)
    assert ArchiveRecord.objects.filter(pk=record.pk).exists()


def test_what_is_past_its_time_goes_with_its_words_unless_it_is_held(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    long_ago = now - timedelta(days=4 * 365)
    gone, held = archived(long_ago, text="四年前的话"), archived(long_ago, text="被保全的话")
    services.addendum_add(record=gone, text="补充。", actor=desk.agent, now=long_ago + 2 * DAY)
    services.archive_hold_set(record=held, reason="诉讼保全", actor=desk.supervisor, now=now)
    assert gone.keep_until == date(long_ago.year + 3, gone.completed_at.month, gone.completed_at.day)
    assert services.seal_sweep(now=now) == 2

    assert services.retention_run(now=now) == 1

    assert not ArchiveRecord.objects.filter(pk=gone.pk).exists()
    assert not ArchiveAddendum.objects.filter(record_id=gone.pk).exists()
    assert not TicketText.objects.filter(ticket=gone.ticket).exists()
    assert not Message.objects.filter(ticket=gone.ticket).exclude(text="").exists()
    assert ArchiveRecord.objects.filter(pk=held.pk).exists()
    assert Event.objects.get(kind="tickets.retained").payload == {"count": 1}


def test_a_legal_hold_is_no_door_into_a_sealed_record(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime
) -> None:
    record = archived(now)
    mine = ArchiveRecord.objects.filter(pk=record.pk)
    for shorter in ({"keep_until": date(2020, 1, 1)}, {"completed_at": now - 2000 * DAY}):
        with pytest.raises(DatabaseError, match="no shorter"), transaction.atomic():
            mine.update(**shorter)
    services.seal_sweep(now=now + 40 * DAY)
    for other in ({"summary": "改写历史"}, {"sealed_at": None}, {"keep_until": date(2099, 1, 1)}):
        with pytest.raises(DatabaseError, match="sealed"), transaction.atomic():
            mine.update(legal_hold="借口", **other)
    services.archive_hold_set(record=record, reason="法院调取", actor=desk.supervisor, now=now + 41 * DAY)


def test_a_record_made_up_by_sql_removes_nothing(open_ticket: Opener, desk: Cast, now: datetime) -> None:
    ticket, old = open_ticket(text="不许抹掉"), now - 5000 * DAY
    ArchiveRecord.objects.create(
        ticket=ticket, number="X", kind="other", severity="minor", nature="operation", channel="web",
        opened_at=old, completed_at=old, archived_at=old, reviewed_by=desk.lead, summary="假的", seal_after=old,
        sealed_at=old, keep_until=old.date(),
    )  # fmt: skip
    assert services.retention_run(now=now) == 0
    assert Message.objects.filter(ticket=ticket, text="不许抹掉").exists()


def test_opening_a_record_in_the_register_leaves_a_trace_too(
    archived: Callable[..., ArchiveRecord], desk: Cast, now: datetime, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    record = archived(now)
    page = desk.client(desk.lead).get(f"/admin/tickets/archiverecord/{record.pk}/change/")
    assert page.status_code == 200
    assert Event.objects.filter(kind="archive.opened", actor_id=desk.lead.pk).count() == 1


def test_past_its_time_nothing_personal_is_left_of_a_ticket(
    archived: Callable[..., ArchiveRecord],
    desk: Cast,
    now: datetime,
    work_off: Callable[[datetime], None],
    settings: Any,
    tmp_path: Path,
) -> None:
    """Subject, words, files, notices and what people typed as reasons; dates, codes and amounts stay."""
    settings.MEDIA_ROOT, settings.REQUIRE_SECOND_FACTOR = tmp_path, False
    long_ago = now - timedelta(days=4 * 365)
    record = archived(long_ago, subject="张三的身份证 1101")
    ticket = record.ticket
    scan = files.store_upload(SimpleUploadedFile("张三.txt", b"1101"), now=long_ago)
    services.note_add(ticket=ticket, text="见附件", actor=desk.agent, now=long_ago, files=[scan])
    services.archive_hold_set(record=record, reason="张三 13800001111 起诉", actor=desk.supervisor, now=now)
    services.archive_hold_lift(record=record, reason="张三撤诉", actor=desk.supervisor, now=now)
    services.seal_sweep(now=now)
    work_off(now)
    attachment = Attachment.objects.get(ticket=ticket)

    assert services.retention_run(now=now) == 1
    address = reverse("desk:attachment", args=[attachment.public_id])
    assert desk.client(desk.lead).get(address).status_code == 404
    work_off(now)

    ticket = Ticket.objects.get(pk=ticket.pk)
    attachment.refresh_from_db()
    assert (ticket.subject, attachment.original_name, attachment.sha256) == (NO_SUBJECT, "", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert not Event.objects.filter(reason__contains="张三").exists()
    assert not Ticket.history.filter(id=ticket.pk).exclude(history_change_reason=None).exists()
    assert not Notice.objects.about("tickets.ticket", ticket.pk).exclude(subject="", body="").exists()
    told = "\n".join(entry.sentence for entry in selectors.timeline(ticket))
    assert "[erased]" not in told
    assert ticket.closed_at is not None
