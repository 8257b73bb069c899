"""A merchant's owner sees what the merchant was told, appeals by himself, and reads the months of his accounts."""

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.states import Role
from aftersales.core.errors import Refused
from aftersales.core.models import Event
from aftersales.ledger import chart, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Proposal
from aftersales.merchants.services import member_add
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[None]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def shops(cast: Any, now: datetime) -> dict[str, Any]:
    """Two merchants with an owner each; the first has a clerk, and its owner is a clerk of the second."""
    made: dict[str, Any] = {}
    for key, people in {"a": ("owner", "clerk"), "b": ("other",)}.items():
        made[key] = a_merchant(f"M-{key}", now)
        for name in people:
            role = Role.MERCHANT_CLERK if name == "clerk" else Role.MERCHANT_OWNER
            made[name] = cast.person(role, name=name)
            _join(cast, made[key], made[name], "clerk" if name == "clerk" else "owner", now)
    _join(cast, made["b"], made["owner"], "clerk", now)
    return made


def _join(cast: Any, shop: Any, person: Any, role: str, now: datetime) -> None:
    member_add(merchant=shop, user=person, role=role, actor=cast.operations, now=now)


def told(cast: Any, shop: Any, now: datetime, number: int = 1, *, notify: bool = True) -> Proposal:
    row = services.propose(
        kind="penalty", party=shop, amount=Decimal(200), fact_code="late_answer", citation="obligation.answer v1",
        source=("tests.fact", number), actor=cast.operations, now=now, evidence=["TK2611-000001"],
    )  # fmt: skip
    return services.proposal_notify(proposal=row, actor=cast.operations, now=now) if notify else row


def test_an_owner_reads_it_and_appeals_with_what_proves_it(cast: Any, shops: Any, now: datetime) -> None:
    row, browser = told(cast, shops["a"], now), cast.client(shops["owner"], shops["a"])
    silent = told(cast, shops["a"], now, 2, notify=False)
    listed = browser.get(reverse("portal:consequences")).content.decode()
    assert row.number in listed
    assert silent.number not in listed, "the party was not told yet"
    page = reverse("portal:consequence", args=[row.public_id])
    assert "¥200.00" in browser.get(page).content.decode()
    assert "obligation.answer v1" in browser.get(
        reverse("portal:consequence_letter", args=[row.public_id])
    ).content.decode()  # fmt: skip

    send = reverse("portal:consequence_appeal", args=[row.public_id])
    browser.post(send, {"reason": " "})
    row.refresh_from_db()
    assert row.state == "notified"
    many = [SimpleUploadedFile(f"{n}.txt", f"证据{n}".encode(), "text/plain") for n in range(11)]
    browser.post(send, {"reason": "附全部证据。", "files": many})
    row.refresh_from_db()
    assert (row.state, row.files.count()) == ("notified", 0), "none of eleven is left out without a word"
    proof = SimpleUploadedFile("停运通知.txt", "承运商停运".encode(), "text/plain")
    browser.post(send, {"reason": "当日承运商停运。", "files": [proof]})
    row.refresh_from_db()
    assert (row.state, row.appealed_by, row.appeal_words) == ("appealed", shops["owner"], "当日承运商停运。")
    assert Event.objects.get(kind="proposal.appealed").acting_as == ""
    seen = browser.get(page).content.decode()
    assert "停运通知.txt" in seen
    file = row.files.get()
    fetched = browser.get(reverse("portal:consequence_file", args=[file.public_id]))
    assert b"".join(fetched.streaming_content) == "承运商停运".encode()
    services.proposal_hear(proposal=row, upheld=False, answer="停运属实。", actor=cast.finance, now=now)
    assert "停运属实。" in browser.get(page).content.decode()


@pytest.mark.parametrize("who", ["other", "clerk"])
def test_nobody_else_of_merchants_finds_it(cast: Any, shops: Any, now: datetime, who: str) -> None:
    """Not another merchant's owner, not a clerk; nor by the door itself."""
    row, browser = told(cast, shops["a"], now), cast.client(shops[who])
    for name in ("consequence", "consequence_letter"):
        assert browser.get(reverse(f"portal:{name}", args=[row.public_id])).status_code == 404
    browser.post(reverse("portal:consequence_appeal", args=[row.public_id]), {"reason": "我不同意"})
    row.refresh_from_db()
    assert row.state == "notified"
    if who == "other":
        assert row.number not in browser.get(reverse("portal:consequences")).content.decode()
        with pytest.raises(Refused) as refused:
            services.proposal_appeal(proposal=row, text="我不同意", actor=shops["other"], now=now)
        assert [one.code for one in refused.value.refusals] == ["not_the_party"]


def test_an_owner_who_is_a_clerk_elsewhere_reads_only_what_he_owns(
    cast: Any, shops: Any, now: datetime
) -> None:
    row, browser = told(cast, shops["b"], now), cast.client(shops["owner"], shops["b"])
    assert browser.get(reverse("portal:statement")).status_code == 404, "a clerk there"
    assert browser.get(reverse("portal:consequence", args=[row.public_id])).status_code == 404
    for shop, amount in (("a", 300), ("b", 777)):
        line = Line(chart.CASH, chart.deposit(shops[shop]), Decimal(amount))
        services.post(source=("tests.fact", amount), kind="deposit", lines=[line], actor=cast.system, now=now)
    browser = cast.client(shops["owner"], shops["a"])
    assert browser.get(reverse("portal:consequence", args=[row.public_id])).status_code == 404
    page = browser.get(reverse("portal:statement")).content.decode()
    assert "300.00" in page
    assert "777.00" not in page
    assert {one.subject_id for one in Account.objects.visible_to(shops["owner"])} == {shops["a"].pk}
    for name in ("proposals", "journal", "my_statement", "rules"):
        assert browser.get(reverse(f"ledger:{name}")).status_code in {403, 404}, "pages of the department"


def test_a_statement_shows_a_dash_for_no_money_and_leads_from_an_entry_to_its_penalty(
    cast: Any, shops: Any, now: datetime
) -> None:
    row, browser = told(cast, shops["a"], now), cast.client(shops["owner"], shops["a"])
    services.proposal_appeal(proposal=row, text="我不同意", actor=shops["owner"], now=now)
    row = services.proposal_hear(proposal=row, upheld=True, answer="属实。", actor=cast.finance, now=now)
    cast.certify(cast.supervisor, "lead")
    services.proposal_approve(proposal=row, actor=cast.supervisor, now=now)
    page = browser.get(reverse("portal:statement")).content.decode()
    row.refresh_from_db()
    entry = Journal.objects.get(pk=row.journal_id or 0)
    link = reverse("portal:consequence", args=[row.public_id])
    assert re.search(rf'href="{re.escape(link)}">{re.escape(entry.number)}<', page)
    assert "200.00" in page
    assert "+¥0.00" not in page
    assert "−¥0.00" not in page
