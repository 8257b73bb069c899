"""Pages of the ledger: who sees which part, and what stands there."""

from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.states import Role
from aftersales.ledger import chart, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import Account, Journal, Period, Proposal
from aftersales.ledger.states import Shortage

pytestmark = pytest.mark.django_db


def get(cast: Any, person: Any, name: str, *args: Any, query: str = "") -> Any:
    return cast.client(person).get(reverse(f"ledger:{name}", args=args) + query)


def text(cast: Any, person: Any, name: str, *args: Any, query: str = "") -> str:
    answer = get(cast, person, name, *args, query=query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def penalty(post, merchant) -> Journal:
    post(Line(chart.CASH, chart.deposit(merchant), Decimal(100)), kind="deposit")
    return post(Line(chart.deposit(merchant), chart.PROTECTION, Decimal("30.50")), kind="penalty").journal


@pytest.fixture
def reward(post, cast) -> Journal:
    line = Line(chart.POINTS_GIVEN, chart.points(cast.agent), Decimal(5), "points")
    return post(line, kind="incentive").journal


def test_the_journal_names_both_sides_and_the_amount(cast, penalty, merchant) -> None:
    found = text(cast, cast.finance, "journal")
    for words in (penalty.number, "¥30.50", merchant.name, "¥100.00"):
        assert words in found


def test_payroll_sees_what_concerns_people_only(cast, penalty, reward) -> None:
    found = text(cast, cast.payroll_reader, "journal")
    assert reward.number in found
    assert penalty.number not in found
    assert get(cast, cast.payroll_reader, "entry", penalty.public_id).status_code == 404
    deposit = Account.objects.get(kind="merchant_deposit")
    assert get(cast, cast.payroll_reader, "account", deposit.public_id).status_code == 404
    assert deposit.public_id not in text(cast, cast.payroll_reader, "accounts")


@pytest.mark.parametrize("role", [Role.AGENT, Role.LEAD, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.RISK])
def test_others_find_nothing(cast, penalty, role) -> None:
    person = cast.of(role)
    for name, args in (("journal", []), ("accounts", []), ("entry", [penalty.public_id]), ("months", [])):
        assert get(cast, person, name, *args).status_code == 404


def test_the_journal_goes_on_where_the_page_ends(cast, post, merchant, monkeypatch) -> None:
    monkeypatch.setattr("aftersales.ledger.pages.PAGE", 2)
    for number in range(1, 6):
        post(Line(chart.COST, chart.PROTECTION, Decimal(number)))
    first = text(cast, cast.finance, "journal")
    oldest = Journal.objects.order_by("-pk")[1]
    assert f"before={oldest.pk}" in first
    second = text(cast, cast.finance, "journal", query=f"?before={oldest.pk}")
    assert oldest.number not in second
    assert "¥3.00" in second


def test_the_journal_takes_as_many_statements_for_two_rows_as_for_twenty(
    cast, post, merchant, django_assert_max_num_queries
) -> None:
    browser = cast.client(cast.finance)
    for _number in range(20):
        post(Line(chart.COST, chart.payable(merchant), Decimal(1)))
    browser.get(reverse("ledger:journal"))
    for page in ("journal", "accounts"):
        with django_assert_max_num_queries(9):
            browser.get(reverse(f"ledger:{page}"))


def test_a_statement_ends_with_the_balance(cast, penalty) -> None:
    deposit = Account.objects.get(kind="merchant_deposit")
    found = text(cast, cast.auditor, "account", deposit.public_id)
    assert found.index("¥69.50") < found.index("¥100.00")


def test_below_zero_shows(cast, post, merchant) -> None:
    post(Line(chart.deposit(merchant), chart.PROTECTION, Decimal(7), shortage=Shortage.OVERDRAW))
    deposit = Account.objects.get(kind="merchant_deposit")
    assert 'class="lg-b less"' in text(cast, cast.finance, "account", deposit.public_id)


def test_finance_turns_an_entry_back_on_its_page(cast, penalty) -> None:
    url = reverse("ledger:reverse", args=[penalty.public_id])
    cast.client(cast.finance).post(url, {"reason": ""})
    assert not Journal.objects.filter(reverses_id=penalty.pk).exists()
    for _click in range(2):
        cast.client(cast.finance).post(url, {"reason": "裁定改判"})
    back = Journal.objects.get(reverses_id=penalty.pk)
    assert back.number in text(cast, cast.finance, "entry", penalty.public_id)
    assert penalty.number in text(cast, cast.auditor, "entry", back.public_id)
    assert 'data-dialog="reverse"' not in text(cast, cast.finance, "entry", back.public_id)
    assert cast.client(cast.auditor).post(url, {"reason": "x"}).status_code == 404


def test_a_running_month_is_not_closed_by_a_post(cast, post, merchant) -> None:
    """The pages' now is the real one: an entry of today is in a month that runs."""
    today = timezone.now()
    post(Line(chart.CASH, chart.deposit(merchant), Decimal(1)), kind="deposit", now=today)
    month = Period.objects.get()
    browser = cast.client(cast.finance)
    for value in (f"{month}", "2999-13", "x", ""):
        browser.post(reverse("ledger:close_month"), {"month": value})
    month.refresh_from_db()
    assert month.state == "open"


def test_a_proposal_is_read_and_withdrawn(cast, merchant, now) -> None:
    row = services.propose(
        kind="penalty", party=merchant, amount=Decimal(500), fact_code="late_answer", citation="return_rule v3",
        source=("cases.dispute", 7), actor=cast.adjudicator, now=now, evidence=["ev-1"],
    )  # fmt: skip
    assert row.number in text(cast, cast.supervisor, "proposals")
    found = text(cast, cast.merchant_manager, "proposal", row.public_id)
    assert all(
        words in found for words in ("¥500.00", merchant.name, "return_rule v3", "答复超时", "1 件证据")
    )
    cast.client(cast.supervisor).post(
        reverse("ledger:act", args=[row.public_id, "withdraw"]), {"reason": "证据不足"}
    )
    assert Proposal.objects.get().state == "withdrawn"


@pytest.mark.parametrize(
    ("kind", "unit", "goes"),
    [
        ("penalty", "CNY", "消费者保障金"),
        ("penalty", "points", ""),
        ("incentive", "CNY", "应付商家"),
        ("incentive", "points", ""),
    ],
)
def test_a_proposal_says_where_its_money_ends(cast, merchant, now, kind, unit, goes) -> None:
    """Points go nowhere, and a reward does not go to the consumers."""
    row = services.propose(
        kind=kind, party=merchant, amount=Decimal(30), unit=unit, fact_code="late_answer", citation="R7.2 v1",
        source=("tests.fact", 1), actor=cast.operations, now=now,
    )  # fmt: skip
    page = text(cast, cast.finance, "proposal", row.public_id)
    assert ("消费者保障金" in page, "款项去向" in page, goes in page) == (
        goes == "消费者保障金",
        bool(goes),
        True,
    )


def test_an_entry_leads_to_what_it_comes_from(cast, post, merchant, now) -> None:
    row = services.propose(
        kind="penalty", party=merchant, amount=Decimal(7), fact_code="late_answer", citation="x v1",
        source=("tests.thing", 1), actor=cast.operations, now=now,
    )  # fmt: skip
    post(Line(chart.COST, chart.PROTECTION, Decimal(7)), source=row)
    assert reverse("ledger:proposal", args=[row.public_id]) in text(cast, cast.finance, "journal")


def test_a_clause_is_read_by_name_and_only_what_can_come_now_is_offered(cast, merchant, now) -> None:
    row = services.propose(
        kind="penalty", party=merchant, amount=Decimal(200), fact_code="late_answer", citation="merchant_answer v1",
        source=("tests.thing", 1), actor=cast.operations, now=now,
    )  # fmt: skip
    assert "商家答复 v1" in text(cast, cast.finance, "proposals")
    found = text(cast, cast.finance, "proposal", row.public_id)
    assert "商家答复 v1" in found
    assert "merchant_answer" not in found
    assert 'id="act-withdraw"' in found
    assert 'id="act-approve"' not in found  # nobody was told yet
    assert 'id="act-overturn"' not in found  # and nobody appealed


@pytest.mark.parametrize(
    "query", ["?kind=nonsense", "?before=x", "?before=²", "?before=" + "9" * 40, "?merchant=-1"]
)
def test_odd_filters_filter_nothing(cast, penalty, query) -> None:
    assert penalty.number in text(cast, cast.finance, "journal", query=query)


def step(cast: Any, person: Any, row: Proposal, name: str, reason: str = "") -> str:
    answer = cast.client(person).post(
        reverse("ledger:act", args=[row.public_id, name]), {"reason": reason}, follow=True
    )
    assert answer.status_code == 200
    return answer.content.decode()


def test_whoever_takes_back_what_a_rule_raised_says_whether_its_fact_fell(cast, merchant, now) -> None:
    """A ruling has the consequence that it says: there is no other rule that could follow."""
    rows = [
        services.propose(
            kind="penalty", party=merchant, amount=Decimal(5), fact_code="late_answer", citation=citation,
            source=("tests.thing", number), actor=cast.finance, now=now,
        )
        for number, citation in enumerate(("incentive.late v1", "消保法 §24"))
    ]  # fmt: skip
    shown = [text(cast, cast.operations, "proposal", row.public_id) for row in rows]
    assert ['name="fell_by"' in page for page in shown] == [True, False]
    url = reverse("ledger:act", args=[rows[0].public_id, "withdraw"])
    cast.client(cast.operations).post(url, {"reason": "改为约谈", "fell_by": "consequence"})
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].fell_by) == ("withdrawn", "consequence")
    assert rows[0].get_fell_by_display() in text(cast, cast.finance, "proposal", rows[0].public_id)


def test_a_person_reads_what_concerns_him_and_is_heard(cast, now) -> None:
    """From the notice to the decision, by the pages alone; nobody else's is shown to him."""
    given: dict[str, Any] = {
        "kind": "deduction", "unit": "points", "fact_code": "late_answer", "citation": "service.first_reply v2",
        "actor": cast.operations, "now": timezone.now(),
    }  # fmt: skip
    row = services.propose(party=cast.agent, amount=Decimal(6), source=("tests.thing", 1), **given)
    other = services.propose(party=cast.lead, amount=Decimal(7), source=("tests.thing", 2), **given)
    step(cast, cast.operations, row, "notify")
    listed = text(cast, cast.agent, "proposals")
    assert row.number in listed
    assert other.number not in listed
    assert get(cast, cast.agent, "proposal", other.public_id).status_code == 404
    assert 'id="act-appeal"' in text(cast, cast.agent, "proposal", row.public_id)
    step(cast, cast.agent, row, "appeal", "系统故障，当时无法回复。")
    assert "系统故障" in text(cast, cast.finance, "proposal", row.public_id)
    step(cast, cast.finance, row, "overturn", "故障属实。")
    row.refresh_from_db()
    assert (row.state, row.heard_by) == ("overturned", cast.finance)
    assert "故障属实" in text(cast, cast.agent, "proposal", row.public_id)
    assert not Journal.objects.exists()


@pytest.mark.parametrize("name", ["post", "cancel", "nonsense", "approve"])
def test_steps_that_are_nobodys_are_not_there(cast, now, merchant, name) -> None:
    """The system's own steps, and those of others, look as if they did not exist."""
    row = services.propose(
        kind="penalty", party=merchant, amount=Decimal(5), fact_code="late_answer", citation="x v1",
        source=("tests.thing", 1), actor=cast.finance, now=now,
    )  # fmt: skip
    url = reverse("ledger:act", args=[row.public_id, name])
    assert cast.client(cast.operations).post(url).status_code == 404
    row.refresh_from_db()
    assert row.state == "proposed"
