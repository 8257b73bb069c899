"""Nobody moves what is his own, by no path; no amount is taken that the books could not hold."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from aftersales.core.errors import Conflict, DomainError, Refused
from aftersales.core.files import StoredFile
from aftersales.ledger import chart, selectors, services
from aftersales.ledger.chart import Line
from aftersales.ledger.models import IncentiveVersion, Journal, PaidLine, Proposal
from tests.core.sheets.steps import check, rows_as_csv, verdicts
from tests.ledger.test_paying import DECEMBER, HEAD, IN_OCTOBER, OCTOBER

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
PROOF = StoredFile("2611/" + "b" * 32, "赔付.pdf", "application/pdf", 9, "e" * 64)


@pytest.fixture
def told(cast: Any, now: Any) -> Any:
    def make(**facts: Any) -> Proposal:
        given: dict[str, Any] = {
            "kind": "deduction", "amount": Decimal(6), "unit": "points", "fact_code": "late_answer",
            "citation": "incentive.late v1", "source": ("tests.fact", 1), "actor": cast.operations, "now": now,
        }  # fmt: skip
        row = services.propose(**(given | facts))
        return services.proposal_notify(proposal=row, actor=given["actor"], now=now)

    return make


def code_of(act: Any) -> str:
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


def test_nobody_turns_back_or_withdraws_what_is_about_himself(told: Any, cast: Any, now: Any) -> None:
    cast.certify(cast.supervisor, "lead")
    row = told(party=cast.finance)
    assert code_of(
        lambda: services.proposal_withdraw(proposal=row, actor=cast.finance, now=now, reason="不公")
    ) == "about_oneself"  # fmt: skip
    posted = services.proposal_approve(proposal=row, actor=cast.supervisor, now=now + WEEK)
    assert code_of(
        lambda: services.proposal_reverse(proposal=posted, actor=cast.finance, now=now + WEEK, reason="不公")
    ) == "about_oneself"  # fmt: skip
    assert selectors.balance(chart.points(cast.finance), "points") == -6


def test_whoever_judged_the_appeal_does_not_approve_the_amount(told: Any, cast: Any, now: Any) -> None:
    cast.certify(cast.supervisor, "lead")
    cast.certify(cast.finance, "finance")
    row = services.proposal_appeal(proposal=told(party=cast.agent), text="停运", actor=cast.agent, now=now)
    row = services.proposal_hear(proposal=row, upheld=True, answer="属实", actor=cast.supervisor, now=now)
    with pytest.raises(Refused) as refused:
        services.proposal_approve(proposal=row, actor=cast.supervisor, now=now)
    assert refused.value.code == "heard_it"
    assert services.proposal_approve(proposal=row, actor=cast.finance, now=now).state == "posted"


def test_nobody_turns_back_an_entry_of_his_own_account_nor_says_that_he_was_paid(
    post: Any, cast: Any
) -> None:
    given = {"kind": "incentive", "booked_at": IN_OCTOBER, "now": DECEMBER, "actor": cast.system}
    own = post(Line(chart.COST, chart.bonus(cast.finance), Decimal(90)), **given).journal
    post(Line(chart.COST, chart.bonus(cast.agent), Decimal(40)), **given)
    turned = {"journal": own, "actor": cast.finance, "now": DECEMBER, "reason": "再来一次"}
    assert code_of(lambda: services.reverse(**turned)) == "about_oneself"
    sheet, _new = services.export_make(
        kind="payroll", month=OCTOBER, unit="CNY", actor=cast.finance, now=DECEMBER
    )
    keys = dict(sheet.rows.values_list("code", "key"))
    mine = [keys[cast.finance.username], "refused", "B-1", "90"]
    rows = rows_as_csv(HEAD, mine, [keys[cast.agent.username], "paid", "B-2", "40"])
    found = verdicts(check("paid_lines", rows, actor=cast.finance, now=DECEMBER))
    assert [verdict for verdict, _why in found.values()] == ["r", "n"]
    assert "own_line" in found[min(found)][1]
    line = sheet.rows.get(code=cast.finance.username)
    said = {"line": line.pk, "outcome": "paid", "ref": "B-3", "amount": Decimal(90)}
    assert code_of(lambda: services.paid_take([said], cast.finance, DECEMBER)) == "own_line"
    assert not PaidLine.objects.exists()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"amount": Decimal("NaN")}, "amount"),
        ({"amount": Decimal("Infinity")}, "amount"),
        ({"amount": Decimal("1000000000000")}, "amount"),
        ({"amount": Decimal(-5)}, "amount"),
        ({"unit": "yuan"}, "unit"),
        ({"kind": "recovery"}, "unit"),
        ({"kind": "measure", "amount": None, "measure": "dismissal"}, "measure"),
    ],
)
def test_what_no_account_could_hold_is_refused_with_words(
    told: Any, cast: Any, facts: Any, code: str
) -> None:
    assert code_of(lambda: told(party=cast.agent, **facts)) == code
    assert not Proposal.objects.exists()


def test_a_criticism_inside_the_team_is_never_said_to_a_merchant(told: Any, merchant: Any) -> None:
    facts = {"kind": "measure", "amount": None, "measure": "criticism", "party": merchant}
    assert code_of(lambda: told(**facts)) == "measure"


def test_a_withdrawn_claim_for_a_loss_frees_the_month(cast: Any, now: Any) -> None:
    """Given a claim with a typing error that was withdrawn, the right one can be made for the same month."""

    def claim(loss: str) -> Proposal:
        return services.loss_propose(
            person=cast.agent, month=date(2026, 11, 1), loss=Decimal(loss), pay=Decimal(9000), files=[PROOF],
            actor=cast.operations, now=now,
        )  # fmt: skip

    wrong = claim("500")
    assert code_of(lambda: claim("50")) == "month_taken"
    services.proposal_withdraw(proposal=wrong, actor=cast.operations, now=now, reason="多写一个零")
    right = claim("50")
    assert (right.amount, right.state) == (50, "proposed")
    assert claim("50").pk == right.pk
    assert not Journal.objects.exists()


def test_a_draft_that_was_changed_after_it_was_read_is_not_announced(cast: Any, now: Any) -> None:
    rule = services.incentive_create(
        code="shop", name_zh="超时", name_en="Late", party="merchant", consequence="penalty", actor=cast.operations,
        now=now,
    )  # fmt: skip
    terms = {"trigger": "obligation_broken", "unit": "CNY", "amount": Decimal(10), "cap": Decimal(100)}
    read = services.incentive_draft(rule=rule, actor=cast.operations, now=now, **terms)
    services.incentive_draft(rule=rule, actor=cast.operations, now=now, cap=Decimal(90000))
    with pytest.raises(Conflict):
        services.incentive_activate(draft=read, actor=cast.supervisor, now=now, seen=read.version)
    assert IncentiveVersion.objects.get(rule=rule).state == "draft"
