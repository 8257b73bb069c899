"""A shop's own rows go out as sheets, and come back as answers and waybills."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localtime
from django.utils.translation import gettext

from aftersales.cases.models import Case
from aftersales.cases.turns import Turn, with_turns
from aftersales.clocks.models import Clock
from aftersales.core.models import Event
from aftersales.core.sheets import resource
from aftersales.core.sheets import services as sheets
from aftersales.core.sheets.models import SheetUpload
from aftersales.tickets.models import Ticket
from aftersales.tickets.services import ticket_tell_merchant
from tests.cases.workshop import fresh
from tests.portal.clerk import Clerk

pytestmark = pytest.mark.django_db
Open = Callable[..., Case]


def taken(who: Clerk, sheet: str, **query: str) -> list[dict[str, str]]:
    answer = who.get("take_out", sheet, "csv", **query)
    assert answer.status_code == 200, answer.status_code
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    [_header, *rows] = csv.reader(io.StringIO(text))
    return [dict(zip(resource.find(sheet).fields, row, strict=True)) for row in rows]


def brought(who: Clerk, sheet: str, rows: list[dict[str, str]], now: datetime) -> SheetUpload:
    """Chosen, looked at, confirmed, written; each step by its page."""
    target = io.StringIO()
    writer = csv.DictWriter(target, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    given = SimpleUploadedFile("rows.csv", target.getvalue().encode(), "text/csv")
    shown = who.browser.post(reverse("sheets:choose", args=[sheet]), {"file": given}, follow=True)
    assert shown.status_code == 200
    assert reverse("portal:sheets") in shown.content.decode()  # in the portal's frame
    upload = SheetUpload.objects.latest("id")
    if upload.state != "previewed":
        return upload
    who.browser.post(reverse("sheets:confirm", args=[upload.public_id]))
    upload.refresh_from_db()
    return sheets.apply(upload=upload, now=now)


def test_cases_that_wait_go_out_are_answered_in_the_file_and_come_back(
    clerk: Clerk, stranger: Clerk, open_case: Open, now: datetime
) -> None:
    kept, refused = open_case({0: 1}), open_case({1: 1})
    assert "shop_answers" in clerk.page("sheets")

    whole = taken(clerk, "shop_cases")
    assert [row["number"] for row in whole] == [kept.number, refused.number]
    assert whole[0]["turn"] == Turn.ANSWER.label
    assert [row["asked"] for row in whole] == ["", ""], "no amount was named"
    Case.objects.filter(pk=kept.pk).update(asked=Decimal("12.50"))
    assert taken(clerk, "shop_cases")[0]["asked"] == "12.50"
    assert whole[0]["asked_at"] == f"{localtime(kept.asked_at):%Y-%m-%d %H:%M}"
    assert "林" not in str(whole)
    assert taken(stranger, "shop_cases") == []

    waiting = taken(clerk, "shop_answers")
    waiting[0] |= {"answer": "approve", "goods": "back"}
    waiting[1] |= {"answer": "refuse", "clause": "第七条", "words": "已使用"}
    done = brought(clerk, "shop_answers", waiting, now)

    assert (done.state, done.count("new"), done.count("refused")) == ("done", 2, 0), done.counts
    approved, no = fresh(kept), fresh(refused)
    assert (approved.state, approved.decided_how, approved.decided_by_id) == (
        "approved", "merchant", clerk.person.pk,
    )  # fmt: skip
    assert (no.state, no.decided_how) == ("rejected", "merchant")
    assert taken(clerk, "shop_answers") == []

    again = brought(clerk, "shop_answers", waiting, now)
    assert (again.count("same"), again.count("new"), again.count("refused")) == (2, 0, 0)
    assert Event.objects.about("cases.case", kept.pk).filter(kind="case.approved").count() == 1


def test_wrong_rows_are_refused_and_another_shops_case_is_not_known(
    clerk: Clerk, stranger: Clerk, open_case: Open, now: datetime
) -> None:
    case = open_case({0: 1})
    row = {"case": case.number, "answer": "approve", "goods": "keep", "clause": "", "words": ""}

    foreign = brought(stranger, "shop_answers", [row], now)
    assert (foreign.count("new"), foreign.count("refused")) == (0, 1)
    page = stranger.browser.get(reverse("sheets:upload", args=[foreign.public_id])).content.decode()
    assert str(gettext("No such row is known.")) in page

    silent = brought(clerk, "shop_answers", [row | {"answer": "refuse", "words": "已使用"}], now)
    unsaid = brought(clerk, "shop_answers", [row | {"goods": ""}], now)
    assert (silent.count("refused"), unsaid.count("refused")) == (1, 1)
    assert fresh(case).state == "requested"

    clerk.does(case, "reject", clause="other", other="第七条", words="已使用")
    late = brought(clerk, "shop_answers", [row], now)
    assert late.count("refused") == 1
    assert fresh(case).state == "rejected"


def test_waybills_of_replacements_come_in_by_sheet(clerk: Clerk, open_case: Open, now: datetime) -> None:
    swap, money = open_case({1: 1}, kind="exchange", ground="quality"), open_case({0: 1})
    clerk.does(swap, "approve", goods="keep", words="")
    [row] = taken(clerk, "shop_waybills")
    assert row["case"] == swap.number
    due = with_turns(Case.objects.filter(pk=swap.pk)).get().until
    assert due
    said = f"{localtime(due):%Y-%m-%d %H:%M}"
    assert row["due"] == said, "to the minute, on the market's clock"
    assert [one["due"] for one in taken(clerk, "shop_cases") if one["number"] == swap.number] == [said]
    sent: list[dict[str, Any]] = [row | {"carrier": "顺丰", "tracking_no": "SF900"}]

    done = brought(
        clerk, "shop_waybills", [*sent, sent[0] | {"case": money.number, "tracking_no": "SF901"}], now
    )

    assert (done.count("new"), done.count("refused")) == (1, 1)
    assert [one.tracking_no for one in swap.parcels.filter(direction="outbound")] == ["SF900"]
    assert not money.parcels.exists()
    assert brought(clerk, "shop_waybills", sent, now).count("same") == 1


def test_duties_of_a_month_go_out_and_staff_take_nothing_here(
    clerk: Clerk, open_case: Open, now: datetime, desk: Any
) -> None:
    case = open_case({0: 1})
    clerk.does(case, "approve", goods="keep", words="")
    clock = Clock.objects.get(
        subject_kind="cases.case", subject_id=case.pk, owed_by="merchant", promise="refund"
    )
    rows = taken(clerk, "shop_duties", month=f"{timezone.localtime(clock.due_at):%Y-%m}")
    assert (case.number, str(clock.get_promise_display())) in {(row["number"], row["duty"]) for row in rows}
    ticket_tell_merchant(ticket=case.ticket, text="请说明。", channel="phone", actor=desk.agent, now=now)
    asked = Clock.objects.get(
        subject_kind="tickets.ticket", subject_id=case.ticket_id, promise="merchant_answer"
    )
    rows = taken(clerk, "shop_duties", month=f"{timezone.localtime(asked.due_at):%Y-%m}")
    [answer] = [row for row in rows if row["duty"] == str(asked.get_promise_display())]
    assert (answer["number"], answer["about"]) == (case.ticket.number, str(Ticket._meta.verbose_name))
    assert taken(clerk, "shop_duties", month="2020-01") == []
    for nonsense in ("9999-12", "0001-01", "2020-13", "²"):  # as without a month
        assert taken(clerk, "shop_duties", month=nonsense) == taken(clerk, "shop_duties")
    for address in ("/sheets/shop_duties/export.csv", "/sheets/shop_cases/export.csv"):
        assert clerk.browser.get(address).status_code == 404
    boss = desk.client(desk.operations)
    assert boss.get(reverse("sheets:choose", args=["shop_answers"])).status_code == 403
    assert boss.get(reverse("portal:take_out", args=["shop_cases", "csv"])).status_code in (403, 404)
