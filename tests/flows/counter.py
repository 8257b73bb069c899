"""What long stories of returns share: pages at their moment, the receiving desk, the bank, the messages."""

from datetime import datetime
from typing import Any

import time_machine
from django.test import Client
from django.urls import reverse

from aftersales.cases import services
from aftersales.cases.models import Case, CaseParcel, CasePayment, ParcelItem
from aftersales.cases.services.runs import run_approve, run_export, run_make
from aftersales.clocks.models import Clock
from aftersales.core.once import FIELD, new_key
from aftersales.notices.models import Notice
from tests.cast import Cast


class Counter:
    """A browser of one person, at a moment: ``Counter(desk, desk.agent).post(now, "case_pay", case.number)``."""

    def __init__(self, desk: Cast, person: Any) -> None:
        self.desk, self.person = desk, person

    @property
    def browser(self) -> Client:
        """Signed in anew each time: weeks lie between the acts of a story."""
        return self.desk.client(self.person)

    def get(self, at: datetime, name: str, *args: Any, **query: Any) -> str:
        with time_machine.travel(at, tick=False):
            answer = self.browser.get(reverse(f"desk:{name}", args=args), query, follow=True)
        assert answer.status_code == 200, (name, answer.status_code)
        return answer.content.decode()

    def post(self, at: datetime, name: str, *args: Any, **data: Any) -> Any:
        with time_machine.travel(at, tick=False):
            return self.browser.post(reverse(f"desk:{name}", args=args), {FIELD: new_key(), **data})

    def done(self, at: datetime, name: str, *args: Any, **data: Any) -> None:
        """Posted, and the page went on."""
        answer = self.post(at, name, *args, **data)
        assert answer.status_code == 302, answer.content.decode()[:2000]

    def judge(
        self, at: datetime, parcel: CaseParcel, rest: bool = False, keep: bool = True, **counts: Any
    ) -> None:
        """Count and inspect a parcel of one article on the receiving desk."""
        item, row = ParcelItem.objects.get(parcel=parcel), fresh(parcel)
        found = {"now": 0, "accepted": 0, "damaged": 0, "missing": 0, "wrong": 0, "grade": "opened", **counts}
        data = {f"{name}-{item.pk}": value for name, value in found.items()}
        ticks = {name: "on" for name, on in (("rest_follows", rest), ("keep", keep)) if on}
        self.done(at, "receive", row.public_id, do="inspect", version=row.version, **data, **ticks)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def clock(case: Case, promise: str) -> Clock:
    return Clock.objects.filter(subject_kind="cases.case", subject_id=case.pk, promise=promise).latest("id")


def bank_pays(desk: Cast, now: datetime) -> list[CasePayment]:
    """Finance collects what is approved, another person releases it, and the bank pays each."""
    run = run_make(currency="CNY", actor=desk.finance, now=now)
    run_export(run=run_approve(run=run, actor=desk.supervisor, now=now), now=now)
    sent = CasePayment.objects.filter(run=run, state="submitted").order_by("pk")
    return [
        services.payment_succeed(payment=one, actor=desk.finance, now=now, paid_at=now) for one in list(sent)
    ]


def told(recipient: str) -> list[str]:
    """Kinds of messages to customers, or to merchants, in order."""
    rows = Notice.objects.filter(recipient_kind=recipient).order_by("pk")
    return list(rows.values_list("source", flat=True))
