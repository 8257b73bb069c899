"""Letters of authorities on the desk: taken down, handled by dialogs, put on paper; who reported is shown to few."""

import io
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from aftersales.cases.models import AuthorityCase, AuthorityFile, EvidenceBundle
from aftersales.cases.services.authority import letter_accept, reply_draft, taking
from aftersales.core.errors import Busy
from aftersales.core.models import Event
from aftersales.core.once import FIELD, new_key
from aftersales.tickets.models import Ticket
from tests.cases.conftest import order
from tests.cases.test_authority import sent, take, ticket, to_approve
from tests.cast import Cast

__all__ = ["order", "take", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
DAY = timedelta(days=1)
HTMX = {"HX-Request": "true"}


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, page: str, /, **data: Any) -> Any:
    return browser.post(page, {FIELD: new_key(), **data})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def local(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"


def facts(now: datetime, **more: Any) -> dict[str, Any]:
    return {
        "source": "12315", "letter_no": "A-7", "kind": "complaint", "received_at": local(now - DAY),
        "due_at": local(now + 5 * DAY), "subject": "退款不到账", "reporter_name": "王小明",
        "reporter_contact": "13800001111",
        **more,
    }  # fmt: skip


def test_a_letter_at_a_ticket_and_the_same_number_again(ticket: Ticket, desk: Cast, now: datetime) -> None:
    agent = desk.client("agent")
    page = url("authority_take")
    assert ticket.number in text(agent.get(page, {"ticket": ticket.number}))
    file = SimpleUploadedFile("来函.txt", "正文".encode())
    answer = post(agent, page, ticket=ticket.number, files=file, **facts(now))
    letter = AuthorityCase.objects.get()
    assert (answer.status_code, answer.url) == (302, url("authority_letter", letter.number))
    assert (letter.ticket, letter.files.get().original_name) == (ticket, "来函.txt")
    # Alone, by a colleague, with the same number: he is led to the one that stands
    again = post(desk.client("lead"), page, **facts(now, letter_no=" a-7 "))
    assert again.url == answer.url
    assert Ticket.objects.count() == 1
    # And the workbench shows it beside the conversation
    assert letter.number in text(agent.get(url("ticket_cases", ticket.number)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_at": "soon"}, {"due_at": ""}, {"source": "nasa"}, {"letter_no": ""}, {"subject": "x" * 161},
        {"received_at": "2031-01-01T10:00"}, {"subject": "王小明的事"}, {"letter_no": "\x00"},
    ],
)  # fmt: skip
def test_what_is_no_letter_stays_in_the_form(desk: Cast, now: datetime, wrong: dict[str, str]) -> None:
    answer = post(desk.client("agent"), url("authority_take"), **facts(now, **wrong))
    assert answer.status_code == 422
    assert not AuthorityCase.objects.exists()


def test_the_whole_way_by_dialogs(take: Any, desk: Cast, now: datetime) -> None:
    letter = take()
    clerk, lead = desk.client("authority_desk"), desk.client("lead")

    def act(browser: Client, name: str, **data: Any) -> Any:
        page = url("authority_act", letter.number, name)
        assert browser.get(page, headers=HTMX).status_code == 200, name
        version = AuthorityCase.objects.get().version
        return post(browser, page, version=version, **data)

    act(clerk, "accept")
    act(clerk, "ask", question="请说明拒绝退货的理由", until="")
    act(clerk, "answer", words="同意退货")
    act(clerk, "draft", text="{letter_no} 已办结。")
    refused = text(clerk.get(url("authority_letter", letter.number)))
    assert "do/approve/" not in refused  # his own draft: the reason stands there instead
    act(lead, "approve")
    act(clerk, "extend", due_at=local(now + 9 * DAY), reason="延期函")
    act(clerk, "reply", sent_by="post", reference="EMS1")
    act(clerk, "close", outcome="settled")
    assert AuthorityCase.objects.get().state == "closed"
    page = text(clerk.get(url("authority_letter", letter.number)))
    assert "EMS1" in page
    assert letter.letter_no in text(clerk.get(url("authority_print", letter.number)))
    # A stale dialog changes nothing
    assert clerk.get(url("authority_act", letter.number, "close")).status_code == 404


def test_scans_are_kept_all_or_none(
    take: Any, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, browser = take(), desk.client(desk.lead)
    page = url("authority_file_add", letter.number)
    keep, kept = taking._keep, []

    def busy_at_the_second(*given: Any) -> AuthorityFile:
        kept.append(given)
        if len(kept) == 2:
            raise Busy()
        return keep(*given)

    monkeypatch.setattr(taking, "_keep", busy_at_the_second)
    two = [SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.4 " + n.encode()) for n in "ab"]
    post(browser, page, files=two)
    assert not AuthorityFile.objects.exists()
    # And the same again: both can be read
    post(browser, page, files=[SimpleUploadedFile(f"{n}.pdf", b"%PDF-1.4 " + n.encode()) for n in "ab"])
    rows = list(AuthorityFile.objects.all())
    assert len(rows) == 2
    assert all(browser.get(url("authority_file", row.public_id)).status_code == 200 for row in rows)


def test_who_reported_is_masked_and_looked_up_with_a_reason(take: Any, desk: Cast, now: datetime) -> None:
    letter = take()
    for role in ("agent", "lead", "authority_desk", "auditor", "merchant_manager"):
        page = text(desk.client(role).get(url("authority_letter", letter.number)))
        assert "王小明" not in page
        assert "1111" not in page
        assert "王小明" not in text(desk.client(role).get(url("authority")))
    where = url("authority_reporter", letter.number)
    assert desk.client("lead").post(where, {"reason": "x"}).status_code == 404
    clerk = desk.client("authority_desk")
    assert "王小明" not in text(clerk.post(where, {"reason": " "}))
    shown = clerk.post(where, {"reason": "回访"})
    assert "王小明" in text(shown)
    assert shown["Cache-Control"] == "no-store"
    assert Event.objects.get(kind="authority.reporter_revealed").reason == "回访"


def test_evidence_is_chosen_printed_and_taken_out(
    take: Any, ticket: Ticket, desk: Cast, now: datetime
) -> None:
    letter, clerk = take(), desk.client("authority_desk")
    page = url("authority_evidence", letter.number)
    key = f"message:{ticket.messages.get().pk}"
    assert key in text(clerk.get(page))
    assert post(clerk, page).status_code == 422
    assert post(clerk, page, piece=["message:0", "x", key]).status_code == 422
    post(clerk, page, piece=[key])
    bundle = EvidenceBundle.objects.get()
    printed = text(clerk.get(url("authority_bundle", bundle.public_id)))
    assert bundle.sha256 in printed
    assert bundle.pieces[0]["sha256"] in printed
    answer = clerk.get(url("authority_zip", bundle.public_id))
    assert answer.streaming
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.namelist() == ["manifest.json", bundle.pieces[0]["path"]]
    assert desk.client("agent").get(url("authority_zip", bundle.public_id)).status_code == 404


def test_the_boards_and_their_list(take: Any, desk: Cast, now: datetime) -> None:
    soon, far = take(due_at=now + timedelta(hours=2)), take(letter_no="B", source="court")
    waiting = to_approve(take(letter_no="C", source="12345"), desk, now)
    done = sent(take(letter_no="D"), desk, now)
    browser = desk.client("authority_desk")

    def numbers(**asked: str) -> set[str]:
        page = text(browser.get(url("authority"), asked))
        return {one.number for one in (soon, far, waiting, done) if one.number in page}

    assert numbers() == {soon.number, far.number, waiting.number}
    assert numbers(board="today") == {soon.number}
    assert numbers(board="approve") == {waiting.number}
    assert numbers(board="replied") == {done.number}
    assert numbers(board="all", source="court") == {far.number}
    assert numbers(board="late") == set()
    assert numbers(board="nonsense", after="9" * 30) == {soon.number, far.number, waiting.number}
    answer = browser.get(url("authority_export", "csv"), {"board": "all", "source": "court"})
    listed = b"".join(answer.streaming_content).decode() if answer.streaming else text(answer)
    assert "B" in listed
    assert "court" in listed
    assert "12345" not in listed
    assert "王小明" not in listed


def test_a_board_asks_the_same_however_long_it_is(
    take: Any, desk: Cast, now: datetime, django_assert_max_num_queries: Any
) -> None:
    browser = desk.client("authority_desk")
    for number in range(6):
        letter_accept(letter=take(letter_no=f"N-{number}"), actor=desk.lead, now=now)
    browser.get(url("authority"))
    with django_assert_max_num_queries(14):
        browser.get(url("authority"))


def test_a_foreign_ticket_hides_its_letter(take: Any, desk: Cast, now: datetime) -> None:
    letter = take()
    reply_draft(
        letter=letter_accept(letter=letter, actor=desk.lead, now=now), text="草稿", actor=desk.lead, now=now
    )
    stranger = desk.person("vendor_agent", username="fremd")
    browser = desk.client_of(stranger) if hasattr(desk, "client_of") else None
    if browser is not None:
        assert browser.get(url("authority_letter", letter.number)).status_code == 404
    assert not AuthorityCase.objects.visible_to(stranger).exists()
