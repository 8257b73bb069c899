"""Letters are kept once, whichever way and however often they come."""

import io
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.errors import HeaderParseError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections
from django.utils import timezone

from aftersales.channels import imap, services, tasks
from aftersales.channels.letters import reading
from aftersales.channels.models import Letter
from aftersales.channels.services import landing
from aftersales.channels.states import Outcome, Why
from aftersales.core import files
from aftersales.core.jobs import MAX_ATTEMPTS, run_due
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import message_erase
from tests.cast import Cast
from tests.channels.conftest import letter, sent
from tests.channels.mailbox import mailbox

pytestmark = pytest.mark.django_db


def test_the_same_letter_twice_is_one_whatever_servers_wrote_on_the_way(desk: Cast, post: Any) -> None:
    raw = bytes(letter())
    first = post(raw)
    assert post(b"Received: from b by c; Mon, 23 Nov 2026 02:00:01 +0000\r\n" + raw) == first
    assert post(raw.replace(b"\n", b"\r\n")) == first
    assert Letter.objects.count() == 1


def test_another_letter_under_a_used_message_id_is_not_swallowed(desk: Cast, post: Any) -> None:
    first = letter("第一封")
    second = letter("第二封")
    del second["Message-ID"]
    second["Message-ID"] = first["Message-ID"]
    assert post(first) != post(second)


def test_letters_are_kept_as_they_came(desk: Cast, post: Any) -> None:
    raw = bytes(letter())
    assert files.stored_path(post(raw).stored).read_bytes() == raw


def test_a_mailbox_is_emptied_once_and_marked(desk: Cast, settings: Any) -> None:
    with mailbox(settings, [bytes(letter("一")), bytes(letter("二"))]) as box:
        assert tasks.letters_fetch(timezone.now) == 2
        assert tasks.letters_fetch(timezone.now) == 0
        assert box.seen == {7, 8}
    assert Letter.objects.count() == 2


def test_taken_letters_are_moved_where_the_set_up_says(desk: Cast, settings: Any) -> None:
    with mailbox(settings, [bytes(letter("一"))], move=True) as box:
        tasks.letters_fetch(timezone.now)
        assert (list(box.moved), list(box.letters)) == ([7], [])


def test_a_crash_before_the_mark_brings_the_letter_again_and_changes_nothing(
    desk: Cast, settings: Any
) -> None:
    with mailbox(settings, [bytes(letter("一")), bytes(letter("二"))]) as box:

        def keep(raw: bytes) -> bool:
            services.letter_receive(raw=raw, way="imap", now=timezone.now())
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            imap.fetch(keep, largest=10_000)
        assert (Letter.objects.count(), box.seen) == (1, set())
        assert tasks.letters_fetch(timezone.now) == 2
    assert Letter.objects.count() == 2


def test_of_a_too_large_letter_only_the_beginning_is_fetched(
    desk: Cast, settings: Any, now: datetime
) -> None:
    seen: list[int] = []
    with mailbox(settings, [bytes(letter("x" * 5000))]) as box:
        imap.fetch(lambda raw: not seen.append(len(raw)), largest=1000)
        assert "(BODY.PEEK[]<0.1001>)" in box.fetched[-1]
    assert seen == [1001]


ODD_HEAD = (
    b"From: linfang@example.com\r\nSubject: =?utf-8?B?abcde?=\r\nMessage-ID: =?utf-8?B?a?=\r\n\r\nhello\r\n"
)


def test_a_malformed_head_stops_no_letter_after_it(desk: Cast, settings: Any) -> None:
    with mailbox(settings, [ODD_HEAD, bytes(letter("二"))]) as box:
        assert tasks.letters_fetch(timezone.now) == 2
        assert box.seen == {7, 8}
    assert sorted(Letter.objects.values_list("subject", flat=True)) == ["=?utf-8?B?abcde?=", "Re: 回复"]


@pytest.mark.parametrize("way", ["imap", "folder"])
def test_a_letter_without_a_name_is_kept_as_damaged(
    desk: Cast, settings: Any, monkeypatch: Any, way: str
) -> None:
    """Whatever the parser raises one day: that letter waits for a person, the next one is read."""
    real = reading.identity

    def odd(raw: bytes) -> tuple[str, str]:
        if b"odd one" in raw:
            raise HeaderParseError("as no one foresaw")
        return real(raw)

    monkeypatch.setattr(reading, "identity", odd)
    raws = [b"Subject: odd one\r\n\r\nx\r\n", bytes(letter("二"))]
    if way == "imap":
        with mailbox(settings, raws) as box:
            assert tasks.letters_fetch(timezone.now) == 2
            assert box.seen == {7, 8}
    else:
        folder = Path(settings.INBOX_FOLDER)
        folder.mkdir()
        for place, raw in enumerate(raws):
            (folder / f"{place}.eml").write_bytes(raw)
        assert tasks.letters_fetch(timezone.now) == 2
        assert not list(folder.iterdir())
    damaged = Letter.objects.get(outcome=Outcome.FAILED)
    assert (damaged.why, files.stored_path(damaged.stored).read_bytes()) == (Why.BROKEN, raws[0])


def test_a_letter_that_cannot_be_kept_now_stays_and_those_after_it_come_in(
    desk: Cast, settings: Any, monkeypatch: Any
) -> None:
    real = services.letter_receive

    def failing(*, raw: bytes, way: str, now: datetime) -> Any:
        if "一".encode() in raw:
            raise RuntimeError("nobody foresaw this")
        return real(raw=raw, way=way, now=now)

    monkeypatch.setattr(services, "letter_receive", failing)
    with mailbox(settings, [b"Subject: \xe4\xb8\x80\r\n\r\nx\r\n", bytes(letter("二"))]) as box:
        assert tasks.letters_fetch(timezone.now) == 1
        assert box.seen == {8}


def test_letters_nobody_decided_about_open_even_when_the_mailbox_fails(
    desk: Cast, settings: Any, post: Any, now: datetime
) -> None:
    held = post(letter(sender="stranger@example.com"), now - timedelta(days=2))
    assert held.outcome == Outcome.HELD
    with mailbox(settings, [bytes(letter())]):
        settings.IMAP_PASSWORD = "wrong"
        with pytest.raises(Exception, match="wrong password"):
            tasks.fetch()
    held.refresh_from_db()
    assert held.outcome == Outcome.OPENED


def test_an_empty_letter_is_shown_and_one_that_was_not_given_is_not_marked(desk: Cast, settings: Any) -> None:
    """A server may send short bodies in quotes, an empty one always."""
    with mailbox(settings, [b"", b'QUOTED:Subject: a "b" \\', b"NOTHING"]) as box:
        assert tasks.letters_fetch(timezone.now) == 2
        assert box.seen == {7, 8}
    found = dict(Letter.objects.values_list("subject", "why"))
    assert found == {"": Why.EMPTY, 'a "b" \\': ""}


def test_a_wrong_password_marks_nothing(desk: Cast, settings: Any) -> None:
    with mailbox(settings, [bytes(letter())]) as box:
        settings.IMAP_PASSWORD = "wrong"
        with pytest.raises(Exception, match="wrong password"):
            tasks.letters_fetch(timezone.now)
        assert box.seen == set()


def test_a_mailbox_that_is_away_stops_nothing_else(desk: Cast, settings: Any) -> None:
    with mailbox(settings, []):
        pass
    tasks.fetch()


@pytest.mark.concurrency
@pytest.mark.django_db(transaction=True)
def test_two_processes_at_one_mailbox_take_each_letter_once(book: None, settings: Any) -> None:
    with mailbox(settings, [bytes(letter(f"第 {n} 封")) for n in range(8)]):

        def visit(_n: int) -> None:
            try:
                tasks.letters_fetch(timezone.now)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(visit, range(3)))
    assert Letter.objects.count() == 8
    stored = set(Letter.objects.values_list("stored", flat=True))
    kept = {f"{p.parent.name}/{p.name}" for p in Path(settings.MEDIA_ROOT).glob("*/*")}
    assert kept == stored


def test_letters_of_the_folder_are_taken_in_and_removed(desk: Cast, settings: Any) -> None:
    folder = Path(settings.INBOX_FOLDER)
    folder.mkdir()
    (folder / "a.eml").write_bytes(bytes(letter()))
    (folder / "note.txt").write_text("x")
    assert tasks.letters_fetch(timezone.now) == 1
    assert [path.name for path in folder.iterdir()] == ["note.txt"]


# The pipe of a mail server


def piped(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    call_command("receive_mail")


def test_a_piped_letter_is_kept_before_the_server_hears_yes(desk: Cast, monkeypatch: Any) -> None:
    piped(monkeypatch, bytes(letter()))
    assert Letter.objects.get().way == "pipe"


@pytest.mark.parametrize(("raw", "code"), [(b"", 65), (b"  \n ", 65)])
def test_nothing_given_is_said_so(desk: Cast, monkeypatch: Any, raw: bytes, code: int) -> None:
    with pytest.raises(CommandError) as refused:
        piped(monkeypatch, raw)
    assert refused.value.returncode == code


def test_the_server_tries_again_when_the_database_is_away(desk: Cast, monkeypatch: Any) -> None:
    def away(**_: Any) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(services, "letter_receive", away)
    with pytest.raises(CommandError) as refused:
        piped(monkeypatch, bytes(letter()))
    assert refused.value.returncode == 75


def test_the_server_keeps_a_letter_that_fails_in_a_way_nobody_foresaw(desk: Cast, monkeypatch: Any) -> None:
    def odd(**_: Any) -> None:
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(services, "letter_receive", odd)
    with pytest.raises(CommandError) as refused:
        piped(monkeypatch, bytes(letter()))
    assert refused.value.returncode == 75


def test_the_pipe_is_closed_where_letters_come_by_imap(desk: Cast, monkeypatch: Any, settings: Any) -> None:
    settings.MAIL_IN = "imap"
    with pytest.raises(CommandError) as refused:
        piped(monkeypatch, bytes(letter()))
    assert refused.value.returncode == 69


# When reading fails


def test_a_letter_that_fails_each_time_waits_for_a_person(
    desk: Cast, monkeypatch: Any, now: datetime
) -> None:
    def broken(*_: Any) -> bool:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(landing, "_land", broken)
    kept, _new = services.letter_receive(raw=bytes(letter()), way="pipe", now=now)
    for attempt in range(MAX_ATTEMPTS + 1):
        run_due(now + timedelta(hours=attempt))
    kept.refresh_from_db()
    assert (kept.outcome, kept.why) == (Outcome.FAILED, Why.BROKEN)
    assert "disk is full" in kept.error

    monkeypatch.undo()
    services.letter_again(letter=kept, actor=desk.agent, now=now)
    run_due(now + timedelta(days=1))
    kept.refresh_from_db()
    assert kept.outcome == Outcome.HELD


def test_read_twice_at_once_it_becomes_one_message(answered: Ticket, post: Any, now: datetime) -> None:
    kept = post(letter(to=sent(answered)["Reply-To"]))
    assert services.letter_land(letter_id=kept.pk, now=now) == ""
    assert answered.messages.filter(source="letter").count() == 1


# What is forgotten


def test_an_erased_message_takes_its_letter_with_it(
    answered: Ticket, post: Any, desk: Cast, work_off: Any, now: datetime
) -> None:
    kept = post(letter("我的身份证号是……", to=sent(answered)["Reply-To"]))
    said = answered.messages.get(source="letter")
    path = files.stored_path(kept.stored)
    message_erase(message=said, actor=desk.privacy_officer, now=now, reason="身份证号")
    work_off(now)
    kept.refresh_from_db()
    assert (kept.text, kept.subject, kept.sender, kept.stored) == ("", "", "", "")
    assert not path.exists()


def test_letters_whose_time_is_over_go_but_not_what_waits(
    answered: Ticket, post: Any, work_off: Any, now: datetime
) -> None:
    taken = post(letter(to=sent(answered)["Reply-To"]))
    waiting = post(letter(sender="x@example.org"), at=now + timedelta(days=2))
    later = now + timedelta(days=181)
    assert services.letters_tidy(now=later) == 1
    work_off(later)
    taken.refresh_from_db()
    waiting.refresh_from_db()
    assert taken.erased_at == later
    assert waiting.stored
