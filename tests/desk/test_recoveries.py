"""Recoveries on the desk: the board by age, one recovery by its forms, write-offs by two, deposits, the claim file."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.services import system_user
from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment, Recovery, RecoveryProof, WriteOff
from aftersales.core.once import FIELD, new_key
from aftersales.desk import recoveries
from aftersales.merchants import services as merchants
from aftersales.merchants.models import DepositMove, Merchant
from aftersales.tickets.models import Ticket
from tests.cases.conftest import certified, lines, open_case, order, ticket
from tests.cases.test_disputes import dispute
from tests.cases.test_recoveries import advanced, hold
from tests.cases.test_rulings import FOR_CUSTOMER, pay_all, ruled
from tests.cast import Cast

__all__ = ["advanced", "certified", "dispute", "lines", "open_case", "order", "ticket"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now", "certified")]
Open = Callable[..., Case]
D, DAY = Decimal, timedelta(days=1)


def url(name: str, *args: Any) -> str:
    return reverse(f"desk:{name}", args=args)


def post(browser: Client, address: str, **data: Any) -> Any:
    return browser.post(address, {FIELD: new_key(), **data})


def words(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def back(row: Recovery, days: int) -> Recovery:
    """As if it had been opened so many days ago."""
    shift = {"opened_at": row.opened_at - days * DAY, "object_until": row.object_until - days * DAY}
    Recovery.objects.filter(pk=row.pk).update(**shift)
    row.refresh_from_db()
    return row


def test_the_board_shows_recoveries_by_age_with_their_sums(
    advanced: Recovery, desk: Cast, now: datetime
) -> None:
    browser, asked = desk.client("finance"), recoveries.wanted({})
    for days, age in ((0, "30"), (30, "30"), (31, "60"), (60, "60"), (61, "90"), (90, "90"), (91, "over")):
        row = back(advanced, days)
        ages, totals = recoveries.ages(desk.finance, asked, now)
        assert [(one.code, one.count) for one in ages if one.count] == [(age, 1)], days
        assert (totals[0].left, totals[0].due) == (D("77.01"), D("77.01"))
        assert row.number in words(browser, f"{url('recoveries')}?age={age}")
        back(advanced, -days)
    # And filters narrow it, garbage counts as nothing, an empty board says so
    page = words(browser, f"{url('recoveries')}?shop=nobody")
    assert (advanced.number in page, "没有符合条件" in page or "fits" in page) == (False, True)
    assert advanced.number in words(browser, f"{url('recoveries')}?shop=M1&state=notified&age=x&after=%00")
    assert advanced.number not in words(browser, f"{url('recoveries')}?state=recovered")


def test_who_does_not_see_the_ticket_sees_no_recovery(advanced: Recovery, desk: Cast) -> None:
    stranger = desk.client(desk.person("agent"))
    assert advanced.number not in words(stranger, url("recoveries"))
    for name in ("recovery", "recovery_file"):
        assert stranger.get(url(name, advanced.number)).status_code == 404
    assert desk.client("planner").get(url("recoveries")).status_code in (403, 404)


def test_from_the_objection_to_the_write_off_by_forms(advanced: Recovery, desk: Cast, now: datetime) -> None:
    agent, boss = desk.client("agent"), desk.client("supervisor")
    finance, lead = desk.client("finance"), desk.client("lead")
    number = advanced.number
    # When an agent takes the objection down, and a supervisor upholds a part of it
    assert "collect" not in [one.name for one in recoveries.acts_on(advanced, desk.agent, now)]
    content = "仓库盘点表".encode()
    proof = SimpleUploadedFile("盘点.txt", content, content_type="text/plain")
    data = {"cause": "goods", "words": "退货从未收到", "version": advanced.version, "files": proof}
    assert post(agent, url("recovery_act", number, "object"), **data).status_code == 302
    assert "退货从未收到" in words(boss, url("recovery_act", number, "decide"))
    # With the file that proves it, kept with its fingerprint, for whoever decides and for the claim file
    kept = RecoveryProof.objects.get()
    assert kept.sha256 == hashlib.sha256(content).hexdigest()
    assert b"".join(boss.get(url("recovery_proof", kept.public_id)).streaming_content) == content
    assert desk.client(desk.person("agent")).get(url("recovery_proof", kept.public_id)).status_code == 404
    more = [SimpleUploadedFile(name, text, content_type="text/plain")
            for name, text in (("again.txt", content), ("more.txt", b"log"))]  # fmt: skip
    assert post(agent, url("recovery_act", number, "prove"), files=more).status_code == 302
    assert [one.original_name for one in RecoveryProof.objects.all()] == ["盘点.txt", "more.txt"]
    for page in ("recovery", "recovery_file"):
        assert "盘点.txt" in words(boss, url(page, number))
    assert kept.sha256 in words(boss, url("recovery_file", number))
    assert finance.get(url("recovery_act", number, "decide")).status_code == 404
    bad = post(boss, url("recovery_act", number, "decide"), stands="-1", words="x")
    assert bad.status_code == 422
    data = {"stands": "60.00", "words": "仓库签收单显示已收", "version": ""}
    assert post(boss, url("recovery_act", number, "decide"), **data).status_code == 302
    # And finance collects: nothing is there, so that all of it is owed
    assert post(finance, url("recovery_act", number, "collect")).status_code == 302
    advanced.refresh_from_db()
    assert (advanced.state, advanced.receivable) == ("collecting", D(60))
    paid = {"amount": "20.00", "reference": "B-20"}
    assert post(finance, url("recovery_act", number, "paid"), **paid).status_code == 302
    # And the rest is written off by two
    off = {"cause": "closed", "words": "商家已注销"}
    assert post(finance, url("recovery_act", number, "write_off"), **off).status_code == 302
    row = WriteOff.objects.get()
    assert "商家已注销" in words(lead, url("write_offs"))
    assert url("write_off_act", row.public_id, "approve") not in words(finance, url("write_offs"))
    assert post(finance, url("write_off_act", row.public_id, "approve")).status_code in (302, 422)
    assert WriteOff.objects.get().state == "proposed"
    assert post(lead, url("write_off_act", row.public_id, "refuse"), reason="").status_code == 422
    assert post(lead, url("write_off_act", row.public_id, "approve"), version=row.version).status_code == 302
    advanced.refresh_from_db()
    assert (advanced.state, advanced.taken, advanced.written_off) == ("written_off", D(20), D(40))
    assert number in words(lead, f"{url('write_offs')}?view=decided")
    # And its page tells all of it, and the claim file has the ruling, the payment and the fingerprints
    story = words(lead, url("recovery", number))
    for said in ("退货从未收到", "仓库签收单显示已收", "商家已注销", "B-20"):
        assert said in story
    file = words(lead, url("recovery_file", number))
    payment = CasePayment.objects.get()
    for said in (
        payment.number,
        payment.key,
        FOR_CUSTOMER.reasons,
        FOR_CUSTOMER.clause,
        "退货从未收到",
        "B-20",
    ):
        assert said in file


def test_evidence_of_the_dispute_stands_in_the_claim_file_with_its_fingerprint(
    dispute: Any, desk: Cast, now: datetime, work_off: Callable[[datetime], None]
) -> None:
    row = services.evidence_add(dispute=dispute, side="customer", text="开箱视频", actor=desk.agent, now=now)
    ruled(dispute, FOR_CUSTOMER, desk.adjudicator, now)
    pay_all(desk, now)
    work_off(now)
    assert row.sha256 in words(desk.client("finance"), url("recovery_file", Recovery.objects.get().number))


def test_a_deposit_is_topped_up_by_form(advanced: Recovery, desk: Cast, now: datetime) -> None:
    merchant = hold("100", "100", now)
    merchants.deposit_take(merchant=merchant, amount=D(60), reference="ZC", actor=system_user(), now=now)
    finance, auditor = desk.client("finance"), desk.client("auditor")
    assert merchant.name in words(auditor, url("deposits"))
    address = url("deposit", merchant.public_id)
    assert post(auditor, address, amount="60", reference="B-1").status_code == 404
    assert post(finance, address, amount="0", reference="B-1").status_code == 422
    assert post(finance, address, amount="60.00", reference="").status_code == 422
    assert post(finance, address, amount="60.00", reference="B-1").status_code == 302
    assert Merchant.objects.get().deposit_held == D(100)
    assert DepositMove.objects.filter(kind="topped_up").count() == 1
    assert merchant.name not in words(finance, url("deposits")).split("</nav>")[-1]


def test_a_lead_pays_first_from_the_case(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    case = services.case_approve(case=case, actor=desk.agent, now=now, how="merchant")
    lead, address = desk.client("lead"), url("case_pay_first", case.number)
    assert address in words(lead, url("case", case.number))
    assert address not in words(desk.client("agent"), url("case", case.number))
    assert desk.client("agent").get(address).status_code in (403, 404)
    assert post(lead, address, reason="").status_code == 422
    assert post(lead, address, reason="商家余额不足", version=case.version + 1).status_code in (302, 422)
    assert not CasePayment.objects.exists()
    assert post(lead, address, reason="商家余额不足", version=case.version).status_code == 302
    assert CasePayment.objects.get().paid_first
    assert address not in words(lead, url("case", case.number))


def test_the_board_takes_the_same_statements_whatever_the_rows(
    advanced: Recovery, desk: Cast, open_ticket: Callable[..., Ticket], now: datetime
) -> None:
    from django.db import connection

    browser = desk.client("finance")

    def count(address: str) -> int:
        browser.get(address)
        with CaptureQueriesContext(connection) as found:
            assert browser.get(address).status_code == 200
        return len(found.captured_queries)

    before = {name: count(url(name)) for name in ("recoveries", "write_offs", "deposits")}
    assert before["recoveries"] <= 16
    columns = {field.attname: getattr(advanced, field.attname) for field in Recovery._meta.concrete_fields}
    case = {field.attname: getattr(advanced.case, field.attname) for field in Case._meta.concrete_fields}
    for number in range(5):
        twin = Case(
            **{
                **case,
                "id": None,
                "number": f"AS-T{number}",
                "public_id": f"c{number}",
                "state": "requested",
                "agreed": Decimal(0),
                "agreed_extra": Decimal(0),
                "agreed_freight": Decimal(0),
                "paying": Decimal(0),
            }  # fmt: skip
        )
        Case.objects.bulk_create([twin])
        Recovery.objects.bulk_create(
            [
                Recovery(
                    **{
                        **columns,
                        "id": None,
                        "number": f"ZC-T{number}",
                        "public_id": f"r{number}",
                        "case_id": twin.pk,
                    }
                )
            ]
        )
    assert {name: count(url(name)) for name in before} == before
    assert "ZC-T4" in words(browser, url("recoveries"))
