"""The receiving desk: what goes home is listed until it went; what makes no sense is refused with words."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, ParcelItem, UnknownParcel
from aftersales.core.once import FIELD, new_key
from aftersales.desk import homeward
from tests.cases.conftest import lines, open_case, order, ticket
from tests.cases.workshop import arrive, diagnosed
from tests.cast import Cast

__all__ = ["lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
Open = Callable[..., Case]
HOUR = timedelta(hours=1)


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, {FIELD: new_key(), **data})


def arrived(case: Case, desk: Cast, now: datetime, number: str) -> CaseParcel:
    services.case_approve(case=case, actor=desk.lead, now=now - 5 * HOUR)
    return arrive(case, desk, now - 4 * HOUR, number)


def to_go(browser: Client) -> str:
    page = browser.get(url("receiving")).content.decode()
    return page[page.index('id="homeward"') :].partition("</section>")[0]


def form(parcel: CaseParcel, **more: Any) -> dict[str, Any]:
    item = ParcelItem.objects.get(parcel=parcel)
    facts = {"now": 0, "accepted": 0, "damaged": 0, "missing": 0, "wrong": 0, "grade": "", "resellable": ""}
    return {f"{name}-{item.pk}": value for name, value in (facts | more).items()}


def test_what_has_to_go_home_is_listed_until_it_went(
    open_case: Open, desk: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = desk.client("returns_receiver")
    other, bare = (arrived(open_case({0: 1}), desk, now, f"SF700{n}") for n in range(2))
    withdrawn = arrived(open_case({0: 1}), desk, now, "SF7003")
    assert "send_back" not in to_go(receiver)
    # When one parcel holds another article, one is inspected and not kept, one case is withdrawn
    post(receiver, url("receive", other.public_id), do="inspect", keep="on", **form(other, wrong=1))
    post(receiver, url("receive", bare.public_id), do="inspect", **form(bare, accepted=1, grade="worn"))
    services.case_withdraw(case=withdrawn.case, actor=desk.agent, now=now, words="不退了")
    # Then each is listed with its way out, and in no other list of the desk
    shown = to_go(receiver)
    for one in (other, bare, withdrawn):
        assert url("parcel_act", one.public_id, "send_back") in shown
    assert [url("parcel_act", one.public_id, "keep") in shown for one in (other, bare)] == [False, True]
    page = receiver.get(url("receiving")).content.decode()
    assert page.count(url("receive", withdrawn.public_id)) == 1
    # A short list reads no more than it shows, the oldest first
    with monkeypatch.context() as short, CaptureQueriesContext(connection) as asked:
        short.setattr(homeward, "MOST", 1)
        assert [one.parcel for one in homeward.homeward(desk.lead)] == [withdrawn]
    assert any("cases_caseparcel" in one["sql"] and one["sql"].endswith("LIMIT 1") for one in asked)
    # And gone with its waybill
    sent = post(
        receiver, url("parcel_act", other.public_id, "send_back"), carrier="顺丰", tracking_no="SF9001",
        back="receiving",
    )  # fmt: skip
    assert sent.url == url("receiving")
    shown = to_go(receiver)
    assert url("parcel_act", other.public_id, "send_back") not in shown
    # And somebody still says whether it arrived: until then its case stays open
    assert url("parcel_act", other.public_id, "deliver_back") in shown


def test_a_repair_is_listed_once_the_workshop_has_done_with_it(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    receiver = desk.client("returns_receiver")
    parcel = arrived(open_case({1: 1}, kind="repair", ground="quality"), desk, now, "SF7005")
    link = url("parcel_act", parcel.public_id, "send_back")
    assert link not in to_go(receiver)
    repair = diagnosed(parcel.case, desk, now - 2 * HOUR)
    services.repair_give_up(
        repair=repair, found="battery_worn", words="主板已停产", actor=desk.agent, now=now - HOUR
    )
    assert link in to_go(receiver)


def test_another_article_is_neither_new_nor_sold_again(open_case: Open, desk: Cast, now: datetime) -> None:
    receiver = desk.client("returns_receiver")
    parcel = arrived(open_case({0: 1}), desk, now, "SF7007")
    nonsense = form(parcel, wrong=1, grade="new", resellable="yes")
    answer = post(receiver, url("receive", parcel.public_id), do="inspect", **nonsense)
    assert answer.status_code == 422
    parcel.refresh_from_db()
    assert parcel.state == "received"
    post(
        receiver, url("receive", parcel.public_id), do="inspect", **form(parcel, wrong=1, cause="other_item")
    )
    parcel.refresh_from_db()
    item = ParcelItem.objects.get(parcel=parcel)
    assert (parcel.state, item.grade, item.resellable) == ("inspected", "", None)


def test_a_claimed_parcel_says_what_lies_in_it(open_case: Open, desk: Cast, now: datetime) -> None:
    receiver = desk.client("returns_receiver")
    post(receiver, url("shelve"), tracking_no="ZT5556", carrier="中通", place="A-3", goods="杯子")
    unknown = UnknownParcel.objects.get()
    case = services.case_approve(case=open_case({0: 1}), actor=desk.lead, now=now)
    line = case.lines.get()
    address = url("unknown", unknown.public_id)
    answer = post(receiver, address, do="match", case=case.number, **{f"n{line.pk}": 0})
    assert answer.status_code == 200
    assert "至少" in answer.content.decode() or "at least one piece" in answer.content.decode()
    unknown.refresh_from_db()
    assert unknown.ended_at is None
    assert CaseParcel.objects.get(case=case).state == "awaited"
