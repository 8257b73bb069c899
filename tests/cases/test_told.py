"""What customers, sellers and staff are told of goods that were seen and of a difference that is owed."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from aftersales.cases import services
from aftersales.cases.consumers import node_message
from aftersales.cases.models import Case, Due
from aftersales.cases.services import Finding, Replacement
from aftersales.cases.services.telling import differences_unpaid
from aftersales.core.models import Event
from aftersales.notices.models import Notice
from aftersales.orders.models import OrderLine
from tests.cases.workshop import DAY, arrive
from tests.cast import Cast

Open = Callable[..., Case]


def told(kind: str, now: datetime) -> dict[str, str]:
    """Bodies by template of what this event tells."""
    for event in Event.objects.filter(kind=kind):
        node_message(event, now)
    return dict(Notice.objects.values_list("source", "body"))


def test_the_inspection_names_pieces_money_and_deductions_to_both_sides(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 2}, ground="quality"), actor=desk.lead, now=now)
    parcel = arrive(case, desk, now)
    found = Finding(accepted=1, damaged=1, grade="worn", deduction=Decimal("5.00"), why="杯口有缺口")
    services.parcel_inspect(
        parcel=parcel, findings={parcel.items.get().pk: found}, actor=desk.returns_receiver, now=now + DAY,
        keep=True,
    )  # fmt: skip
    bodies = told("case_parcel.inspected", now + DAY)
    for template in ("case.inspected", "case.inspected_merchant"):
        for word in ("杯子", "杯口有缺口", "5.00", str(Case.objects.get(pk=case.pk).agreed)):
            assert word in bodies[template], (template, word)


def test_a_dearer_exchange_asks_for_consent_and_a_person_asks_when_nobody_pays(
    open_case: Open, lines: list[OrderLine], desk: Cast, now: datetime
) -> None:
    case = services.case_approve(case=open_case({0: 1}, ground="quality"), actor=desk.lead, now=now)
    services.case_turn(case=case, kind="exchange", actor=desk.agent, now=now)
    dear: Any = Replacement(lines[0].pk, 1, name="大杯子", unit_price=Decimal("60.00"))
    services.exchange_choose(case=Case.objects.get(), replacements=[dear], actor=desk.agent, now=now)
    due = Due.objects.get(paid_at=None, dropped_at=None)
    body = told("case.due_asked", now)["case.due"]
    assert str(due.amount) in body
    assert "同意" in body  # paying is how he agrees
    assert "11月30日" in body  # until when: the 23rd and seven days
    assert differences_unpaid(now=now + 6 * DAY) == 0
    assert differences_unpaid(now=now + 7 * DAY) == 1
    differences_unpaid(now=now + 7 * DAY)
    assert Notice.objects.filter(source="work.difference_unpaid").count() == 1
