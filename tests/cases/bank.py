"""The bank of the tests: whatever stands in a payment is approved, handed over and paid."""

from datetime import datetime

from aftersales.cases import services
from aftersales.cases.models import Case, CasePayment
from tests.cast import Cast


def pay_all(desk: Cast, now: datetime) -> None:
    """The bank paid what was proposed."""
    for payment in CasePayment.objects.filter(state="awaiting_approval"):
        services.payment_approve(payment=payment, actor=desk.supervisor, now=now)
    for payment in CasePayment.objects.filter(state="approved"):
        CasePayment.objects.filter(pk=payment.pk).update(attempts=1)
        services.payment_succeed(payment=payment, actor=desk.finance, now=now, paid_at=now)


def paid(case: Case, desk: Cast, now: datetime) -> Case:
    """What was agreed reaches the customer."""
    services.payment_propose(case=Case.objects.get(pk=case.pk), actor=desk.agent, now=now)
    pay_all(desk, now)
    return Case.objects.get(pk=case.pk)
