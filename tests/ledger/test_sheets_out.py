"""The journal, the accounts and an account's month leave as sheets: rows, words and sums of the pages."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from accounts.states import Role
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.models import Event
from aftersales.ledger import chart, pages, services, statements
from aftersales.ledger.accountsheets import AccountList
from aftersales.ledger.chart import Line
from aftersales.ledger.journalsheets import JournalList
from aftersales.ledger.models import Account, Journal, Transfer
from aftersales.ledger.statementsheets import StatementSheet
from aftersales.ledger.states import Shortage
from aftersales.merchants.models import Merchant
from aftersales.merchants.services import member_add
from tests.records import merchant as a_merchant

pytestmark = pytest.mark.django_db
D = Decimal
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
IN_OCTOBER = datetime(2026, 10, 30, 4, tzinfo=UTC)
HOSTILE = "=HYPERLINK(1)"


@pytest.fixture(autouse=True)
def clock(now: datetime, settings: Any) -> Iterator[None]:
    settings.REQUIRE_SECOND_FACTOR = False
    with time_machine.travel(now, tick=False):
        yield


def lines(answer: Any, sheet: Any = JournalList) -> list[dict[str, str]]:
    """A downloaded CSV by the codes of its columns, in whatever language its header is."""
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    names = [column.name for column in sheet.columns()]
    _head, *rows = csv.reader(io.StringIO(text, newline=""))
    return [dict(zip(names, row, strict=True)) for row in rows]


def journal(cast: Any, person: Any, query: str = "", fmt: str = "csv") -> Any:
    return cast.client(person).get(reverse("ledger:journal_sheet", args=[fmt]) + query)


def month(cast: Any, person: Any, party: str, key: int, of: str = "2026-11", fmt: str = "csv") -> Any:
    address = reverse("ledger:statement_sheet", args=[party, key])
    return cast.client(person).post(address, {"month": of, "fmt": fmt})


@pytest.fixture
def books(post: Any, cast: Any, merchant: Merchant) -> Merchant:
    """A deposit in October; then a penalty that was turned back, another one beyond the deposit, points and a bonus."""
    Merchant.objects.filter(pk=merchant.pk).update(name=HOSTILE)
    source = ("merchants.merchant", merchant.pk)
    paid_in = Line(chart.CASH, chart.deposit(merchant), D("100.10"))
    post(paid_in, kind="deposit", source=source, booked_at=IN_OCTOBER)
    wrong = post(Line(chart.deposit(merchant), chart.PROTECTION, D("30.50")), kind="penalty").journal
    services.reverse(journal=wrong, actor=cast.finance, now=datetime.now(UTC), reason="记错")
    both = [chart.deposit(merchant), chart.receivable(merchant)]
    post(Line(both, chart.PROTECTION, D("130.13"), shortage=Shortage.OVERDRAW), kind="penalty")
    post(Line(chart.POINTS_GIVEN, chart.points(cast.agent), D(5), "points"), kind="incentive")
    post(Line(chart.COST, chart.bonus(cast.agent), D("8.80")), kind="incentive", source=("ledger.raised", 7))
    return merchant


def test_the_sums_of_the_journals_sheet_are_what_stands_on_the_accounts(cast: Any, books: Any) -> None:
    found = lines(journal(cast, cast.finance))
    assert len(found) == Transfer.objects.count() == 7
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row in found:
        sums[row["debit_account"], row["debit_code"], row["unit"]] += D(row["amount"])
        sums[row["credit_account"], row["credit_code"], row["unit"]] -= D(row["amount"])
    names = {books.pk: books.code, cast.agent.pk: cast.agent.username, 0: ""}
    stands = {
        (one.kind, names[one.subject_id], one.unit): one.debits - one.credits for one in Account.objects.all()
    }
    assert sums == stands
    first, wrong, back, *_more, points, _bonus = found
    assert [row["entry"] for row in found[:3]] == [one.number for one in Journal.objects.order_by("pk")[:3]]
    assert (first["month"], first["booked_at"], first["kind"]) == (
        "2026-10",
        "2026-10-30 12:00:00",
        "缴纳保证金",
    )
    assert (first["debit"], first["credit"], first["amount"]) == ("平台资金", "商家保证金", "100.10")
    assert (wrong["reversed_by"], back["reverses"]) == (back["entry"], wrong["entry"])
    with translation.override("zh-hans"):
        shown = {
            one.journal.number: one.source.words if one.source else ""
            for one in pages.entries(cast.finance)[0]
        }
    assert {row["entry"]: row["because"] for row in found} == shown
    assert {f"商家 {books.code}", f"记账凭证 {wrong['entry']}"} <= set(shown.values())
    assert (points["credit_party"], points["amount"], points["unit"]) == (str(cast.agent), "5", "points")
    assert first["credit_party"] == f"'{HOSTILE}", "no cell becomes a formula"


def test_the_sheet_of_the_journal_has_the_rows_of_the_page_for_each_reader(cast: Any, books: Any) -> None:
    everything = lines(journal(cast, cast.finance))
    of_people = lines(journal(cast, cast.payroll_reader))
    assert [row["kind"] for row in of_people] == ["奖励", "奖励"]
    assert lines(journal(cast, cast.payroll_reader, f"?merchant={books.pk}")) == []
    asked = {
        "?kind=penalty": 3,
        "?month=2026-10": 1,
        f"?merchant={books.pk}": 5,
        "?kind=penalty&month=2026-10": 0,
    }
    for query, number in asked.items():
        assert len(lines(journal(cast, cast.auditor, query))) == number
        page = cast.client(cast.auditor).get(reverse("ledger:journal") + query).content.decode()
        shown = {row["entry"] for row in everything if row["entry"] in page}
        assert shown == {row["entry"] for row in lines(journal(cast, cast.auditor, query))}
        assert reverse("ledger:journal_sheet", args=["xlsx"]) + query.replace("&", "&amp;") in page
    for role in (Role.AGENT, Role.LEAD, Role.SUPERVISOR, Role.MERCHANT_MANAGER, Role.MERCHANT_OWNER):
        assert journal(cast, cast.of(role)).status_code == 404
        assert (
            cast.client(cast.of(role)).get(reverse("sheets:export", args=["journal", "csv"])).status_code
            == 403
        )
    assert (
        lines(cast.client(cast.finance).get(reverse("sheets:export", args=["journal", "csv"]))) == everything
    )
    assert cast.client(cast.finance).get(reverse("sheets:choose", args=["journal"])).status_code == 403


def accounts(cast: Any, person: Any, query: str = "", fmt: str = "csv") -> Any:
    return cast.client(person).get(reverse("ledger:accounts_sheet", args=[fmt]) + query)


def test_the_sheet_of_accounts_says_what_stands_on_each(cast: Any, books: Any) -> None:
    found = lines(accounts(cast, cast.finance), AccountList)
    stored = list(Account.objects.order_by("pk"))
    with translation.override("zh-hans"):
        page = {
            row.pk: (str(row.get_kind_display()), name) for row, name, _b in pages.accounts(cast.finance)[0]
        }
    assert len(found) == len(stored) == len(page) > 7
    for row, one in zip(found, stored, strict=True):
        assert (row["account_code"], row["unit"], int(row["transfers"])) == (
            one.kind,
            one.unit,
            one.transfers,
        )
        assert tuple(D(row[name]) for name in ("debits", "credits", "balance")) == (
            one.debits, one.credits, one.balance,
        )  # fmt: skip
    assert [(row["account"], row["party"].lstrip("'")) for row in found] == [page[one.pk] for one in stored]
    by_kind = {row["account_code"]: row for row in found}
    deposit, owed, points = (
        by_kind[kind] for kind in ("merchant_deposit", "merchant_receivable", "staff_points")
    )
    assert (deposit["code"], deposit["party"], deposit["debits"], deposit["balance"]) == (
        books.code, f"'{HOSTILE}", "130.60", "0.00",
    )  # fmt: skip
    assert (owed["balance"], points["balance"], points["code"]) == ("30.03", "5", cast.agent.username)
    assert sum(D(row["debits"]) - D(row["credits"]) for row in found) == 0


def test_each_reader_takes_out_the_accounts_of_his_page(cast: Any, books: Any) -> None:
    everything = lines(accounts(cast, cast.auditor), AccountList)
    of_people = lines(accounts(cast, cast.payroll_reader), AccountList)
    assert {row["account_code"] for row in of_people} == {"staff_bonus", "staff_points"}
    asked = "?kind=merchant_deposit"
    assert [row["account_code"] for row in lines(accounts(cast, cast.auditor, asked), AccountList)] == [
        "merchant_deposit"
    ]
    assert lines(accounts(cast, cast.payroll_reader, asked), AccountList) == []
    page = cast.client(cast.auditor).get(reverse("ledger:accounts") + asked).content.decode()
    assert reverse("ledger:accounts_sheet", args=["xlsx"]) + asked in page
    whole = reverse("sheets:export", args=["ledger_accounts", "csv"])
    assert lines(cast.client(cast.auditor).get(whole), AccountList) == everything
    for role in (Role.AGENT, Role.LEAD, Role.SUPERVISOR, Role.MERCHANT_MANAGER, Role.MERCHANT_OWNER):
        assert accounts(cast, cast.of(role)).status_code == 404
        assert cast.client(cast.of(role)).get(whole).status_code == 403
    assert accounts(cast, cast.auditor, fmt="pdf").status_code == 404


def test_a_statement_taken_out_says_what_the_page_says_and_carries_its_hash(cast: Any, books: Any) -> None:
    answer = month(cast, cast.finance, "merchant", books.pk)
    whole = b"".join(answer.streaming_content)
    *told, last = whole.splitlines(keepends=True)
    digest = hashlib.sha256(b"".join(told)).hexdigest()
    assert last.decode().startswith("以上 CSV 各行的 SHA-256")
    assert f",{digest}," in last.decode()
    event = Event.objects.get(kind="statement.taken")
    assert (event.payload["sha256"], event.payload["entries"], event.merchant_id) == (digest, 4, books.pk)
    rows = lines(month(cast, cast.finance, "merchant", books.pk), StatementSheet)[:-1]
    for one in statements.months_of(statements.accounts_of("merchant", books.pk, cast.finance), NOVEMBER):
        opening, *entries, closing = [row for row in rows if row["account_code"] == one.account.kind]
        assert (opening["row"], closing["row"]) == ("期初余额", "期末余额")
        assert D(opening["balance"]) == one.opening
        assert [(row["entry"], D(row["balance"])) for row in entries] == [
            (line.journal.number, line.balance) for line in one.lines
        ]
        assert [D(closing[name]) for name in ("came", "went", "balance")] == [one.more, one.less, one.closing]
        assert one.closing == one.account.balance
        assert sum(D(row["came"] or 0) - D(row["went"] or 0) for row in entries) == one.more - one.less
    deposit = [row for row in rows if row["account_code"] == "merchant_deposit"]
    assert [row["balance"] for row in deposit] == ["100.10", "69.60", "100.10", "0.00", "0.00"]
    assert deposit[1]["party"] == f"'{HOSTILE}"
    assert deposit[1]["other"] == "消费者保障金"


def test_the_same_statement_as_a_spreadsheet_has_numbers_and_the_same_hash(cast: Any, books: Any) -> None:
    """Given points: whole ones without decimals; a month of nothing opens and closes with what stood."""
    answer = month(cast, cast.agent, "person", cast.agent.pk, fmt="xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    found = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert [row[11:15] for row in found] == [
        [None, None, 0, "CNY"], [8.8, None, 8.8, "CNY"], [8.8, 0, 8.8, "CNY"],
        [None, None, 0, "points"], [5, None, 5, "points"], [5, 0, 5, "points"], [None] * 4,
    ]  # fmt: skip
    month(cast, cast.agent, "person", cast.agent.pk)
    hashes = Event.objects.filter(kind="statement.taken").values_list("payload__sha256", flat=True)
    assert set(hashes) == {found[-1][6]}
    account = Account.objects.get(kind="merchant_deposit")
    address = reverse("ledger:account_month_sheet", args=[account.public_id])
    rows = lines(cast.client(cast.auditor).post(address, {"month": "2026-12", "fmt": "csv"}), StatementSheet)[
        :-1
    ]
    assert [(row["came"], row["went"], row["balance"]) for row in rows] == [
        ("", "", "0.00"),
        ("0.00", "0.00", "0.00"),
    ]


def test_a_month_of_too_many_lines_is_refused_before_it_is_read_and_says_where_it_is_had(
    cast: Any, books: Any, settings: Any
) -> None:
    """Eight lines: an opening, a closing and the entries of two accounts."""
    settings.SHEETS_EXPORT_INLINE_ROWS = 8
    assert len(lines(month(cast, cast.finance, "merchant", books.pk), StatementSheet)) == 8 + 1
    settings.SHEETS_EXPORT_INLINE_ROWS = 7
    browser = cast.client(cast.finance)
    address = reverse("ledger:statement_sheet", args=["merchant", books.pk])
    page = browser.post(address, {"month": "2026-11", "fmt": "csv"}, follow=True)
    assert page.redirect_chain[0][0].endswith("?month=2026-11")
    accounts = statements.accounts_of("merchant", books.pk, cast.finance)
    owner = cast.person(Role.MERCHANT_OWNER, name="owner")
    member_add(merchant=books, user=owner, role="owner", actor=cast.operations, now=IN_OCTOBER)
    for person, way in ((cast.finance, "sheet of the journal"), (owner, "finance department")):
        with pytest.raises(DomainError) as refused, translation.override("en"):
            services.statement_take(
                of=books, accounts=accounts, month=NOVEMBER, fmt="csv", actor=person, now=IN_OCTOBER
            )
        with translation.override("en"):
            words = str(refused.value)
        assert (refused.value.code, "8 lines; a statement" in words, way in words) == ("too_long", True, True)
    assert Event.objects.filter(kind="statement.taken").count() == 1


def test_who_does_not_see_the_statement_takes_none_out(cast: Any, books: Any, now: datetime) -> None:
    assert cast.team
    for person in (cast.lead, cast.supervisor, cast.administrator):
        assert month(cast, person, "person", cast.agent.pk).status_code == 404
    for person in (cast.agent, cast.lead, cast.payroll_reader):
        assert month(cast, person, "merchant", books.pk).status_code == 404
    accounts = list(Account.objects.filter(kind__in=["staff_bonus", "merchant_deposit"]))
    given = {"of": cast.agent, "month": NOVEMBER, "now": now}
    with pytest.raises(NotPermitted):
        services.statement_take(accounts=accounts, fmt="csv", actor=cast.payroll_reader, **given)
    for some, fmt, code in ((accounts, "pdf", "format"), ([], "csv", "nothing_booked")):
        with pytest.raises(DomainError) as refused:
            services.statement_take(accounts=some, fmt=fmt, actor=cast.finance, **given)
        assert refused.value.code == code
    back = month(cast, cast.lead, "person", cast.lead.pk, of="2026-10")
    assert back.url == reverse("ledger:statement", args=["person", cast.lead.pk]) + "?month=2026-10"
    assert not Event.objects.filter(kind="statement.taken").exists()


def test_a_merchants_owner_takes_out_his_own_and_nobody_elses(cast: Any, post: Any, now: datetime) -> None:
    shop, other = a_merchant("M-a", now), a_merchant("M-b", now)
    owner, clerk = (
        cast.person(Role.MERCHANT_OWNER, name="owner"),
        cast.person(Role.MERCHANT_CLERK, name="clerk"),
    )
    member_add(merchant=shop, user=owner, role="owner", actor=cast.operations, now=now)
    member_add(merchant=shop, user=clerk, role="clerk", actor=cast.operations, now=now)
    for one, amount in ((shop, 300), (other, 777)):
        post(Line(chart.CASH, chart.deposit(one), D(amount)), kind="deposit")
    own, others = (reverse("portal:statement_sheet", args=[one.public_id]) for one in (shop, other))
    page = cast.client(owner).get(reverse("portal:statement")).content.decode()
    assert own in page
    assert others not in page
    rows = lines(cast.client(owner).post(own, {"month": "2026-11", "fmt": "csv"}), StatementSheet)
    assert [row["balance"] for row in rows] == ["0.00", "300.00", "300.00", ""]
    assert cast.client(owner).post(others, {"month": "2026-11", "fmt": "csv"}).status_code == 404
    assert cast.client(clerk).post(own, {"month": "2026-11", "fmt": "csv"}).status_code in {403, 404}
    assert Event.objects.get(kind="statement.taken").subject_id == shop.pk
