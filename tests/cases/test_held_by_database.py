"""Whoever writes past the services, the database holds: no case gives more than was decided, all together never more
than was paid."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from aftersales.cases import services
from aftersales.cases.models import Case, CaseLine, OrderAccount
from tests.cases.whole import check_whole
from tests.cast import Cast

D = Decimal
Open = Callable[..., Case]
DECIDED = "more than was decided"
HELD = "more than its account holds"


@pytest.fixture
def approved(open_case: Open, desk: Cast, now: datetime) -> Case:
    """One cup of three, ¥23.34 of ¥110; the other pieces were not asked for."""
    case = open_case({0: 1}, kind="refund_only", ground="quality")
    return services.case_approve(case=case, actor=desk.lead, now=now, amount=D("23.34"))


def bare(*changes: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for change in changes:
            cursor.execute(change)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["UPDATE cases_case SET agreed = agreed + 1"], DECIDED),
        (["UPDATE cases_case SET agreed = agreed + 1, agreed_extra = agreed_extra + 1"], DECIDED),
        (["UPDATE cases_case SET agreed = 0", "UPDATE cases_case SET agreed = 30"], DECIDED),
        (["UPDATE cases_case SET agreed_freight = agreed_freight + 1"], HELD),
        (["UPDATE cases_caseline SET agreed = 0.01, value = value"], ""),
        (["UPDATE cases_caseline SET value = value + 1"], "stand"),
        (["UPDATE cases_caseline SET value = value + 1, agreed = agreed + 1"], "stand"),
        (["UPDATE cases_caseline SET announced = 3"], "stand"),
        (["UPDATE cases_lineaccount SET granted = 0"], HELD),
        (["UPDATE cases_orderaccount SET granted = granted - 0.01"], HELD),
        (["UPDATE cases_orderaccount SET paid = paid + 1"], "more than was paid"),
        (["UPDATE cases_orderaccount SET freight = freight + 900"], "more than was paid"),
        (["UPDATE cases_lineaccount SET paid = paid + 900"], "more than was paid"),
    ],
)
def test_a_bare_update_raises_nothing(approved: Case, changes: list[str], words: str) -> None:
    if not words:  # less may always be given
        bare(*changes)
        return
    with pytest.raises(DatabaseError, match=words):
        bare(*changes)
    check_whole()


def test_two_lines_of_one_order_line_share_what_it_holds(
    approved: Case, open_case: Open, desk: Cast, now: datetime
) -> None:
    """A second case of the same article raises its share: line and order together hold no more than was granted."""
    other = open_case({0: 2}, kind="refund_only", ground="quality")
    other = services.case_approve(case=other, actor=desk.lead, now=now, amount=D(10))
    raised = "UPDATE cases_caseline SET agreed = agreed + 1", "UPDATE cases_case SET agreed = 11"
    for change, key in zip(raised, ("case_id", "id"), strict=True):
        with pytest.raises(DatabaseError, match=f"{HELD}|{DECIDED}"):
            bare(f"{change} WHERE {key} = {other.pk}")


def test_a_case_is_opened_empty_and_its_pieces_are_worth_what_was_paid(approved: Case, now: datetime) -> None:
    line = CaseLine.objects.get(case=approved)
    facts: dict[str, Any] = {"case": approved, "announced": 1, "line": approved.order.lines.get(line_no=2)}
    for more, words in (
        ({"agreed": 1, "value": 1}, "before a case is decided"),
        ({"value": 900}, "what was paid"),
    ):
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            CaseLine(**facts, **more).save()
    copy = Case.objects.get(pk=approved.pk)
    copy.pk, copy.number, copy.public_id, copy.source_ref = None, "X-1", "x" * 20, ""
    with pytest.raises(DatabaseError, match="before a case is decided"), transaction.atomic():
        copy.save()
    assert line.value == D("23.34")


def test_honest_moves_go_on(open_case: Open, desk: Cast, now: datetime) -> None:
    """Refused, taken up again, decided, amended by goods and freight: every step stands at its commit."""
    case = open_case({0: 2, 1: 1}, ground="quality")
    case = services.case_reject(case=case, actor=desk.lead, now=now, words="不符合")
    check_whole()
    case = services.case_approve(case=case, actor=desk.lead, now=now)
    check_whole()
    before = case.agreed
    case = services.case_turn(case=case, kind="exchange", actor=desk.lead, now=now)
    check_whole()
    case = services.case_turn(case=case, kind="return", actor=desk.lead, now=now)
    check_whole()
    case = services.case_withdraw(case=case, actor=desk.lead, now=now)
    check_whole()
    assert (before > 0, case.agreed, OrderAccount.objects.get().granted) == (True, D(0), D(0))
