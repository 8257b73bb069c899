"""The bell, the preview, the folder of mails: who sees what, and what a click does."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.services import system_user
from accounts.states import Role
from aftersales.notices import kinds, mail, selectors, services, texts
from aftersales.notices.models import Notice, NoticeTemplate, NoticeText
from aftersales.notices.services import notice_send
from aftersales.standards.models import ParameterVersion
from tests.department import book
from tests.notices.test_texts import WORDS

__all__ = ["book"]


@pytest.fixture
def told(cast: Any, now: datetime) -> Notice:
    """The agent is told that work was given to him."""
    values = {"number": "TK1", "problem": "<b>耳机</b>", "reason": "最空闲"}
    return notice_send(
        template="work.assigned", to=cast.agent, about=cast.agent, values=values, key="t:1",
        actor=system_user(now), now=now,
    )[0]  # fmt: skip


@pytest.fixture
def outbox(settings: Any, tmp_path: Path) -> Path:
    settings.OUTBOX_FOLDER = tmp_path / "outbox"
    settings.EMAIL_BACKEND = "aftersales.notices.mail.FolderBackend"
    return settings.OUTBOX_FOLDER


def test_the_inbox_shows_my_messages_and_nobody_elses(told: Notice, cast: Any) -> None:
    mine = cast.client(Role.AGENT).get(reverse("notices:inbox")).content.decode()
    assert "TK1 交给您" in mine
    assert "&lt;b&gt;耳机" in mine
    assert "TK1" not in cast.client(Role.LEAD).get(reverse("notices:inbox")).content.decode()


def test_the_bell_counts_unread_in_one_query(told: Notice, cast: Any, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert selectors.unread_count(cast.agent) == 1


def test_opening_marks_read_and_leads_to_the_row(
    told: Notice, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(kinds._pages, "accounts.user", lambda pk: f"/somewhere/{pk}")
    client = cast.client(Role.AGENT)
    address = reverse("notices:open", args=[told.public_id])
    assert client.get(address).status_code == 405
    assert cast.client(Role.LEAD).post(address).status_code == 404
    assert selectors.unread_count(cast.agent) == 1

    assert client.post(address).headers["Location"] == f"/somewhere/{cast.agent.pk}"
    assert selectors.unread_count(cast.agent) == 0


def test_mark_all_as_read_touches_only_my_own(told: Notice, cast: Any) -> None:
    cast.client(Role.LEAD).post(reverse("notices:read_all"))
    assert selectors.unread_count(cast.agent) == 1
    cast.client(Role.AGENT).post(reverse("notices:read_all"))
    assert selectors.unread_count(cast.agent) == 0


def test_a_silly_page_parameter_is_no_error(told: Notice, cast: Any) -> None:
    for value in ("x", "-1", "9" * 40, "１２"):
        assert cast.client(Role.AGENT).get(reverse("notices:inbox"), {"before": value}).status_code == 200
        assert cast.client(Role.OPERATIONS).get(reverse("notices:outbox"), {"page": value}).status_code == 200


def test_without_a_mail_server_each_message_is_one_file_the_staff_can_read(
    outbox: Path, send: Any, run: Any, cast: Any
) -> None:
    notice = send()[0]
    run()
    assert [path.name for path in outbox.iterdir()] == [f"{notice.public_id}.eml"]
    client = cast.client(Role.OPERATIONS)

    listed = client.get(reverse("notices:outbox")).content.decode()
    assert "已受理：耳机没有声音（TK1）" in listed
    assert "x***@example.com" in listed
    assert "xiaoming" not in listed
    shown = client.get(reverse("notices:outbox_mail", args=[notice.public_id])).content.decode()
    assert "工单号 TK1" in shown


def test_the_same_mail_written_twice_is_one_file(outbox: Path, send: Any) -> None:
    notice = send()[0]
    for _again in range(3):
        mail.send(notice, address="a@example.com", body="x")
    assert len(list(outbox.iterdir())) == 1


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "absent", "a.b"])
def test_only_mails_of_the_folder_are_shown(name: str, outbox: Path, cast: Any) -> None:
    assert cast.client(Role.OPERATIONS).get(f"/notices/outbox/{name}/").status_code == 404


@pytest.mark.parametrize("role", [Role.AGENT, Role.VENDOR_LEAD, Role.MERCHANT_OWNER])
def test_the_folder_and_the_register_are_closed_to_others(
    role: Role, outbox: Path, cast: Any, send: Any
) -> None:
    notice = send()[0]
    client = cast.client(role)
    assert client.get(reverse("notices:outbox")).status_code == 404
    assert client.get(reverse("admin:notices_notice_change", args=[notice.pk])).status_code in {302, 403, 404}


def test_guests_sign_in_first(db: None) -> None:
    assert Client().get(reverse("notices:inbox")).status_code == 302


def test_a_text_is_previewed_and_brought_into_force_by_a_second_person(cast: Any, now: datetime) -> None:
    template = NoticeTemplate.objects.get(code="ticket.opened")
    draft = texts.text_draft(template=template, words=WORDS, actor=cast.supervisor, now=now)
    page = reverse("notices:preview", args=[draft.pk])

    own = cast.client(Role.SUPERVISOR).get(page).content.decode()
    assert "新 TK2611-00382" in own
    assert 'aria-disabled="true"' in own
    cast.client(Role.SUPERVISOR).post(reverse("notices:activate", args=[draft.pk]))
    assert NoticeText.objects.get(pk=draft.pk).state == "draft"

    cast.client(Role.OPERATIONS).post(reverse("notices:activate", args=[draft.pk]))
    assert NoticeText.objects.get(pk=draft.pk).state == "active"


def test_a_text_is_written_in_the_register_and_a_bad_one_comes_back_with_the_reason(
    cast: Any, now: datetime
) -> None:
    template = NoticeTemplate.objects.get(code="ticket.opened")
    client = cast.client(Role.OPERATIONS)
    add = reverse("admin:notices_noticetext_add")
    bad = client.post(add, {**WORDS, "template": template.pk, "body_zh": "{{ settings.SECRET_KEY }}"})
    assert bad.status_code == 200
    assert template.texts.count() == 1

    good = client.post(add, {**WORDS, "template": template.pk})
    assert good.status_code == 302
    draft = template.texts.get(number=2)
    assert draft.drafted_by == cast.operations
    change = reverse("admin:notices_noticetext_change", args=[draft.pk])
    client.post(change, {**WORDS, "body_en": "Changed", "_version": draft.version})
    draft.refresh_from_db()
    assert draft.body_en == "Changed"


def test_the_registers_open_and_a_text_in_force_is_read_only(cast: Any, now: datetime, send: Any) -> None:
    send()
    client = cast.client(Role.OPERATIONS)
    for model in ("noticetemplate", "noticetext", "notice"):
        listed = client.get(reverse(f"admin:notices_{model}_changelist"))
        assert listed.status_code == 200
        pk = (
            {"noticetemplate": NoticeTemplate, "noticetext": NoticeText, "notice": Notice}[model]
            .objects.first()
            .pk
        )
        assert client.get(reverse(f"admin:notices_{model}_change", args=[pk])).status_code == 200
    active = NoticeText.objects.in_force().first()
    page = reverse("admin:notices_noticetext_change", args=[active.pk])
    assert client.post(page, WORDS).status_code == 403


def test_a_parked_message_is_sent_again_from_its_page(
    cast: Any, send: Any, run: Any, server: Any, now: datetime
) -> None:
    notice = send()[0]
    Notice.objects.filter(pk=notice.pk).update(state="parked", attempts=5)
    page = cast.client(Role.OPERATIONS).get(reverse("admin:notices_notice_change", args=[notice.pk]))
    address = reverse("notices:retry", args=[notice.public_id])
    assert address in page.content.decode()
    cast.client(Role.OPERATIONS).post(address)
    assert Notice.objects.get(pk=notice.pk).state == "queued"
    assert services.DELIVER


def test_a_message_about_a_ticket_leads_to_its_workbench(db: None) -> None:
    assert kinds.page_of("tickets.ticket", 0) == ""
    assert kinds.page_of("elsewhere.row", 1) == ""


LINK = "http://127.0.0.1:8000/c/" + "k" * 43 + "/"


@pytest.fixture
def letter(outbox: Path, send: Any) -> str:
    """A mail with a signed address that lets its holder answer as the customer."""
    notice = send()[0]
    mail.send(notice, address="a@example.com", body=f"请确认：\n{LINK}")
    return str(notice.public_id)


READERS = [
    Role.LEAD,
    Role.SUPERVISOR,
    Role.OPERATIONS,
    Role.AUDITOR,
    Role.PRIVACY_OFFICER,
    Role.ADMINISTRATOR,
]


@pytest.mark.parametrize("role", READERS)
def test_no_reader_of_the_folder_can_answer_in_the_customers_name(role: Role, letter: str, cast: Any) -> None:
    shown = cast.client(role).get(reverse("notices:outbox_mail", args=[letter])).content.decode()
    assert "/c/•••" in shown
    assert "kkkk" not in shown


def test_in_the_demo_the_administrator_plays_the_customer_and_in_production_nobody(
    letter: str, cast: Any, settings: Any
) -> None:
    page = reverse("notices:outbox_mail", args=[letter])
    players = {
        role: cast.person(role, kind="demo") for role in (Role.ADMINISTRATOR, Role.OPERATIONS, Role.AUDITOR)
    }

    def address_shown(role: Role) -> bool:
        return LINK in cast.client(players[role]).get(page).content.decode()

    assert [role for role in players if address_shown(role)] == [Role.ADMINISTRATOR]
    settings.PRODUCTION = True
    assert not any(selectors.may_play_customer(player) for player in players.values())
    assert LINK not in cast.client(cast.administrator).get(page).content.decode()


def test_the_folder_says_in_the_demo_how_to_reach_the_customers_page(
    outbox: Path, cast: Any, settings: Any
) -> None:
    client, page = cast.client(Role.OPERATIONS), reverse("notices:outbox")
    in_demo = client.get(page)
    settings.PRODUCTION = True
    in_production = client.get(page)

    assert in_demo.context["demo"]
    assert not in_production.context["demo"]
    assert len(in_demo.content) > len(in_production.content)


def test_a_reset_of_a_password_is_nobodys_business_either(outbox: Path, send: Any, cast: Any) -> None:
    notice = send()[0]
    key = "3-cr8a2b-" + "0123456789abcdef" * 2
    address = f"https://after.example.com/accounts/password/reset/key/{key}/"
    mail.send(notice, address="a@example.com", body=address)

    shown = cast.client(Role.AUDITOR).get(reverse("notices:outbox_mail", args=[notice.public_id]))
    assert key not in shown.content.decode()


def test_the_folder_is_emptied_by_time_and_of_what_was_erased(
    outbox: Path, send: Any, customer: Any, book: None, now: datetime
) -> None:
    """The rule book says how long; a mail that was written while its message was erased goes too."""
    old, erased, kept = (send(key=key)[0] for key in ("t:1", "t:2", "t:3"))
    for notice in (old, erased, kept):
        mail.send(notice, address="a@example.com", body="x")
    for notice, days in ((old, 31), (erased, 1), (kept, 29)):
        moment = (now - timedelta(days=days)).timestamp()
        os.utime(outbox / f"{notice.public_id}.eml", (moment, moment))
    services.notices_erase(rows=Notice.objects.filter(pk=erased.pk), now=now)

    assert services.outbox_tidy(now=now) == 2
    assert mail.names() == [kept.public_id]

    ParameterVersion.objects.filter(parameter__code="outbox_days").update(value=5)
    assert services.outbox_tidy(now=now) == 1
