"""Letters that were built to hurt: each becomes words, or waits for a person with its reason, and none a crash."""

import base64
import time
from contextlib import suppress
from email.message import EmailMessage
from typing import Any

import pytest

from aftersales.channels.letters import reading, words
from aftersales.channels.states import Outcome, Why
from aftersales.customers.models import Customer
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.channels.conftest import FANG, letter, sent

HEAD = (
    f"From: {FANG}\r\nTo: aftersales@shop.example\r\nSubject: x\r\nMessage-ID: <h@x>\r\nMIME-Version: 1.0\r\n"
)
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def nested(depth: int) -> bytes:
    opened = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth)
    )
    return (HEAD + opened + "Content-Type: text/plain\r\n\r\ndeep\r\n").encode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (nested(200), Why.TOO_DEEP),
        (nested(25), Why.TOO_DEEP),
        (nested(5000), Why.TOO_DEEP),
        (b"", Why.EMPTY),
        (b"\r\n \r\n", Why.EMPTY),
        (HEAD.encode() + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; x="
         + b"y" * 20_000 + b"\r\n\r\nx\r\n--b--", Why.BROKEN),
    ],
    ids=["200 deep", "25 deep", "5000 deep", "empty", "blank", "long field inside"],
)  # fmt: skip
def test_what_cannot_be_read_is_shown_to_a_person(
    raw: bytes, why: str, known: Customer, desk: Cast, post: Any
) -> None:
    kept = post(raw)
    assert (kept.outcome, kept.why) == (Outcome.FAILED, why)
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_a_letter_past_the_limit_keeps_its_head_only(known: Customer, desk: Cast, post: Any) -> None:
    kept = post(HEAD.encode() + b"\r\n" + b"x" * (26 * 1024 * 1024))
    assert (kept.outcome, kept.why, kept.sender, kept.size > 26_000_000) == (
        Outcome.FAILED,
        Why.TOO_LARGE,
        FANG,
        True,
    )


@pytest.mark.django_db
def test_a_subject_of_ten_megabytes_is_read_as_its_beginning(known: Customer, desk: Cast, post: Any) -> None:
    began = time.monotonic()
    encoded = b"=?utf-8?b?" + base64.b64encode("坏了".encode() * 40) + b"?= "
    kept = post(HEAD.encode().replace(b"Subject: x", b"Subject: " + encoded * 30_000) + b"\r\nhello")
    assert kept.outcome == Outcome.OPENED
    assert kept.ticket.subject.startswith("坏了坏了")
    assert len(kept.ticket.subject) <= 200
    assert time.monotonic() - began < 10


@pytest.mark.django_db
def test_header_lines_cannot_be_smuggled_in(known: Customer, desk: Cast, post: Any) -> None:
    smuggled = base64.b64encode(b"hello\r\nBcc: all@example.com\r\n\x00\x1b[31m").decode()
    kept = post(HEAD.replace("Subject: x", f"Subject: =?utf-8?b?{smuggled}?=").encode() + b"\r\nx")
    assert kept.ticket.subject == "hello Bcc: all@example.com [31m"


@pytest.mark.django_db
def test_marks_that_turn_the_reading_direction_are_neutralised(
    known: Customer, desk: Cast, post: Any
) -> None:
    kept = post(letter("账单 \u202egpj.exe\u202c \u2066x\u2069\u200b 在附件", subject="\u202e账单"))
    said = kept.ticket.messages.get().text
    assert not set(said + kept.subject) & set("\u202e\u202c\u2066\u2069\u200b")
    assert "gpj.exe" in said


@pytest.mark.django_db
def test_files_are_taken_by_the_same_list_as_any_upload(known: Customer, desk: Cast, post: Any) -> None:
    mail = letter("见附件", subject="附件")
    mail.add_attachment(PNG, maintype="image", subtype="png", filename="../../照片\r\n.png")
    mail.add_attachment(b"x\x9f>\x22", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.add_attachment(
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR", maintype="text", subtype="calendar", filename="a.ics"
    )
    mail.add_attachment(b"<script>alert(1)</script>", maintype="image", subtype="png", filename="x.png")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="rechnung.pdf.exe")
    kept = post(mail)

    taken = kept.ticket.attachments.get()
    assert (taken.content_type, "/" in taken.original_name, "\n" in taken.original_name) == (
        "image/png",
        False,
        False,
    )
    assert [name for name, _why in kept.refused_files] == [
        "winmail.dat",
        "a.ics",
        "x.png",
        "rechnung.pdf.exe",
    ]
    assert "winmail.dat" in kept.ticket.messages.get().text


@pytest.mark.django_db
def test_more_files_than_the_book_allows_are_named_not_taken(known: Customer, desk: Cast, post: Any) -> None:
    mail = letter("很多", subject="很多")
    for n in range(23):
        mail.add_attachment(PNG, maintype="image", subtype="png", filename=f"{n}.png")
    kept = post(mail)
    assert kept.ticket.attachments.count() == 20
    assert [why for _name, why in kept.refused_files] == ["too_many"] * 3


@pytest.mark.django_db
def test_words_longer_than_a_message_are_shortened_and_stay_in_the_letter(
    known: Customer, desk: Cast, post: Any
) -> None:
    kept = post(letter("长" * 30_000, subject="长文"))
    assert len(kept.ticket.messages.get().text) <= 20_000
    assert len(kept.text) == 30_000


@pytest.mark.django_db
def test_a_page_shows_a_hostile_letter_inert(known: Customer, desk: Cast, post: Any, settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    kept = post(
        letter("<script>alert(1)</script>", sender="x@example.org", subject="<img src=x onerror=alert(1)>")
    )
    browser = desk.client(desk.agent)
    for address in (f"/desk/letters/{kept.public_id}/", "/desk/letters/?view=all"):
        page = browser.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("head", "body", "said"),
    [
        ('text/plain; charset="gb2312"', "镕字不在其中".encode("gb18030"), "镕字不在其中"),
        ('text/plain; charset="us-ascii"', "没有声明".encode("gb18030"), "没有声明"),
        ('text/plain; charset="utf-8"', "说的是假的".encode("gb18030"), "说的是假的"),
        ('text/plain; charset="no-such-thing"', "乱写".encode(), "乱写"),
        ("text/plain", "什么都没写".encode(), "什么都没写"),
        ('text/html; charset="gbk"', "<p>你好<br>再见</p><style>x{}</style>".encode("gbk"), "你好\n再见"),
    ],
)
def test_words_are_read_whatever_charset_they_claim(head: str, body: bytes, said: str) -> None:
    raw = HEAD.encode() + f"Content-Type: {head}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode() + body
    assert reading.read(raw).text == said


def test_a_subject_in_raw_gb18030_is_read() -> None:
    raw = HEAD.encode().replace(b"Subject: x", b"Subject: " + "耳机坏了".encode("gb18030")) + b"\r\nx"
    assert reading.read(raw).subject == "耳机坏了"


def test_html_hides_nothing_and_runs_nothing() -> None:
    said = words.from_html(
        "<div style='display:none'>hidden</div><a href='javascript:x'>here</a><script>x</script>"
        "<blockquote>old<blockquote>older</blockquote></blockquote><p>new</p><table><tr><td>a</td></tr></table>"
    )
    assert (
        said == "here\n> old\n> > older\nnew\n\na"
        or said.replace("\n\n", "\n") == "here\n> old\n> > older\nnew\na"
    )


def test_html_of_many_open_tags_ends_soon() -> None:
    began = time.monotonic()
    words.from_html("<div><span>" * 40_000 + "x" + "</p></b>" * 20_000)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("好的\n\n------------------ 原始邮件 ------------------\n发件人: 客服\n您好", "好的"),
        ("收到\n\n在 2026-11-23 10:00:00，\"客服\" <a@b.com> 写道：\n> 您好\n> 再见", "收到"),
        ("收到\n\nAt 2026-11-23 10:00:00, \"a\" <a@b.com> wrote:\n\n您好", "收到"),
        (
            "Thanks\n\nOn Mon, 23 Nov 2026 at 10:00, After-sales service\n"
            "<aftersales@shop.example> wrote:\n\n> hello",
            "Thanks",
        ),
        ("谢谢\n\n售后 <a@b.com> 于2026年11月23日周一 10:00写道：\n\n> 您好", "谢谢"),
        (
            "行\n________________________________\n发件人: 客服 <a@b.com>\n"
            "发送时间: 2026年11月23日\n收件人: 我\n主题: x\n\n您好",
            "行",
        ),
        ("ok\n\nFrom: a@b.com\nSent: Monday\nTo: me\nSubject: x\n\nhello", "ok"),
        ("可以\n##- 请在此行上方回复 -##\n您好", "可以"),
        ("On Mon, a <a@b.com> wrote:\n> one\n> two\n\nMy answer below", "My answer below"),
        ("> one\nanswer one\n> two\nanswer two", "answer one\nanswer two"),
        ("在 11 月 23 日买的耳机坏了\n请换货", "在 11 月 23 日买的耳机坏了\n请换货"),
        ("From: 我想说的是\n没有别的", "From: 我想说的是\n没有别的"),
        ("> everything is repeated", "> everything is repeated"),
    ],
)  # fmt: skip
def test_what_a_letter_repeats_is_folded_away(text: str, own: str) -> None:
    said, repeated = words.fold(text)
    assert said == own
    assert bool(repeated) == (own != text)


@pytest.mark.django_db
def test_the_repeated_text_stays_behind_a_click(
    answered: Ticket, post: Any, desk: Cast, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = False
    mail = sent(answered)
    kept = post(letter("照片来了\n\n##- 请在此行上方回复 -##\n旧内容", to=mail["Reply-To"]))
    browser = desk.client(desk.agent)
    page = browser.get(f"/desk/tickets/{answered.number}/").content.decode()
    assert "照片来了" in page
    assert "旧内容" not in page
    assert "旧内容" in browser.get(f"/desk/letters/{kept.public_id}/quoted/").content.decode()


@pytest.mark.parametrize(
    "raw", [b"\x00" * 100, b"\xff" * 1000, b":\n:\n\n", b"From \n\n", b"a", b"From: <>\nTo:\n\n."]
)
def test_any_bytes_are_a_letter_or_a_reason(raw: bytes) -> None:
    with suppress(reading.Unreadable):
        assert len(reading.read(raw).text) <= len(raw)
    assert reading.identity(raw)[1]


def test_a_message_of_ours_within_a_letter_is_no_text_of_the_customer() -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"] = FANG, "Fwd"
    mail.set_content("看下面")
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "a@b.com", "inner"
    inner.set_content("inner words")
    mail.add_attachment(inner)
    found = reading.read(bytes(mail))
    assert found.text == "看下面"
    assert [one.name for one in found.files] == ["message.eml"]
