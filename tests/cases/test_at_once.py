"""Two at once: of the last piece and of the last cent there is one. With the lock the second is refused; without it
the database refuses."""

import contextlib
import threading
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from aftersales.cases import services
from aftersales.cases.models import Case, LineAccount, OrderAccount
from aftersales.cases.services import CaseDraft, accounts
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.orders.models import Order, OrderLine
from aftersales.tickets.models import Ticket
from tests.cast import Cast
from tests.records import said
from tests.toy.fixtures import at_once

pytestmark = [pytest.mark.concurrency, pytest.mark.django_db(transaction=True)]
Open = Callable[..., Case]


def outcomes(*acts: Callable[[], Any]) -> list[str]:
    def code(found: Any) -> str:
        if isinstance(found, DomainError):
            return found.code
        assert not isinstance(found, BaseException), found
        return "done"

    return sorted(code(found) for found in at_once(list(acts)))


def test_of_two_requests_for_the_last_pieces_one_is_opened(open_case: Open) -> None:
    found = outcomes(lambda: open_case({0: 2}), lambda: open_case({0: 2}))
    assert found == ["done", "too_many"]
    assert Case.objects.count() == 1


def test_one_request_sent_twenty_times_is_one_case_and_with_another_content_none(open_case: Open) -> None:
    """M02: parallel, then one after the other, then the same key with another amount or other pieces."""
    again = {"source": "portal", "source_ref": "r-1", "kind": "refund_only", "asked": Decimal(5)}
    assert outcomes(*(lambda: open_case({0: 1}, **again) for _n in range(10))) == ["done"] * 10
    for _n in range(10):
        open_case({0: 1}, **again)
    for pieces, other in (
        (1, {"asked": Decimal(6)}),
        (1, {"ground": "quality"}),
        (1, {"kind": "return"}),
        (2, {}),
    ):
        with pytest.raises(DomainError) as error:
            open_case({0: pieces}, **(again | other))
        assert error.value.code == "key_reused"
    assert LineAccount.objects.get(claimed__gt=0).claimed == 1
    assert Case.objects.count() == 1


def test_of_two_approvals_one_grants(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 2})
    found = outcomes(
        *(lambda: services.case_approve(case=case, actor=desk.agent, now=now) for _n in range(2))
    )
    assert found == ["done", "wrong_state"]
    assert OrderAccount.objects.get().granted == Decimal("46.68")


def test_acceptance_and_a_new_offer_at_once_leave_one_of_them(
    open_case: Open, desk: Cast, now: datetime
) -> None:
    case = open_case({0: 3}, kind="refund_only")
    case = services.case_offer(case=case, amount=Decimal(10), actor=desk.agent, now=now)
    found = outcomes(
        lambda: services.case_accept(case=case, actor=desk.agent, consent=said(now), now=now),
        lambda: services.case_withdraw(case=case, actor=desk.agent, now=now),
    )
    case.refresh_from_db()
    assert (found, case.state) in [
        (["done", "wrong_state"], "withdrawn"), (["done", "done"], "withdrawn"), (["done", "wrong_state"], "approved"),
    ]  # fmt: skip
    assert OrderAccount.objects.get().granted == case.agreed


def test_of_two_acceptances_of_one_offer_one_binds(open_case: Open, desk: Cast, now: datetime) -> None:
    case = open_case({0: 3}, kind="refund_only")
    case = services.case_offer(case=case, amount=Decimal(10), actor=desk.agent, now=now)
    found = outcomes(
        *(
            lambda: services.case_accept(case=case, actor=desk.agent, consent=said(now), now=now)
            for _n in range(3)
        )
    )
    assert found == ["done", "wrong_state", "wrong_state"]
    assert OrderAccount.objects.get().granted == Decimal(10)


def test_what_is_accepted_is_the_offer_that_was_read(open_case: Open, desk: Cast, now: datetime) -> None:
    """The customer counters while the other side takes its offer up again: one of them, never a mixture."""
    case = open_case({0: 3}, kind="refund_only")
    case = services.case_offer(case=case, amount=Decimal(10), actor=desk.agent, now=now)
    found = outcomes(
        lambda: services.case_accept(
            case=case, version=case.version, actor=desk.agent, consent=said(now), now=now
        ),
        lambda: services.case_counter(
            case=case, amount=Decimal(30), version=case.version, actor=desk.agent, now=now
        ),
    )
    assert found == ["conflict", "done"]
    case.refresh_from_db()
    assert (case.state, case.agreed) in {("approved", Decimal(10)), ("countered", Decimal(0))}


def test_without_the_lock_the_database_still_refuses(open_case: Open, desk: Cast, now: datetime) -> None:
    """The lock off: both compute from the same account, and PostgreSQL refuses the second."""
    case = services.case_approve(case=open_case({0: 1}), actor=desk.agent, now=now)
    line = LineAccount.objects.get(claimed=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        LineAccount.objects.filter(pk=line.pk).update(claimed=line.bought + 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        LineAccount.objects.filter(pk=line.pk).update(granted=line.paid + Decimal("0.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderAccount.objects.update(freight_granted=Decimal("10.01"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(paying=case.agreed + Decimal("0.01"))


@pytest.mark.parametrize("lock", ["on", "off"])
def test_two_who_approve_cases_of_one_line_never_give_more_than_was_granted(
    open_ticket: Callable[..., Ticket], order: Order, lines: list[OrderLine], desk: Cast, now: datetime,
    monkeypatch: pytest.MonkeyPatch, lock: str,
) -> None:  # fmt: skip
    """Lock on: one waits for the other, and both are granted. Lock off: both compute from the account as it stood, the
    second forgets the first; PostgreSQL sums the cases at the commit and refuses it."""
    draft = CaseDraft("refund_only", "quality", {lines[0].pk: 1})
    cases = [
        services.case_open(
            ticket=open_ticket(order_id=order.pk, merchant_id=order.merchant_id, beside=True), draft=draft,
            actor=desk.agent, now=now,
        )
        for _n in range(2)
    ]  # fmt: skip
    both_read, grant = threading.Barrier(2), accounts.grant

    def granted(*args: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):  # the other one waits for the lock
            both_read.wait(0.5)
        grant(*args)

    monkeypatch.setattr(accounts, "grant", granted)
    if lock == "off":
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_how: self.all())
    found = at_once(
        [lambda case=case: services.case_approve(case=case, actor=desk.lead, now=now) for case in cases]
    )
    refused = [one for one in found if isinstance(one, BaseException)]
    assert [type(one) for one in refused] == ([] if lock == "on" else [IntegrityError])
    held, given = OrderAccount.objects.get(), Case.objects.filter(state="approved")
    assert held.granted == sum(one.agreed - one.agreed_extra for one in given)
    assert given.count() == (2 if lock == "on" else 1)


def test_two_who_approve_another_amount_agree_on_one(open_case: Open, desk: Cast, now: datetime) -> None:
    """What the case gives is what the one decision of it says; the other person hears that it is decided."""
    case = open_case({0: 3}, kind="refund_only", ground="other")
    found = outcomes(
        lambda: services.case_approve(case=case, amount=Decimal(10), actor=desk.agent, now=now),
        lambda: services.case_approve(case=case, amount=Decimal(30), actor=desk.lead, now=now),
    )
    case.refresh_from_db()
    told = Event.objects.get(kind="case.approved", subject_id=case.pk).payload["amount"]
    assert found == ["done", "wrong_state"]
    assert OrderAccount.objects.get().granted == case.agreed == Decimal(told)
    assert case.lines.get().agreed == case.agreed
