"""By which gateway a payment goes out, and the piece of work that hands it over."""

from datetime import datetime

from aftersales.cases.models import CasePayment, MoneyGateway
from aftersales.cases.states import Gateway, PaymentState
from aftersales.core import jobs

PAY = "cases.pay_http"


def serving(currency: str) -> MoneyGateway | None:
    """The payment service that is switched on for a currency."""
    found: MoneyGateway | None = MoneyGateway.objects.filter(currency=currency, is_active=True).first()
    return found


def gateway_for(currency: str) -> str:
    """A payment service where one is switched on, else the bank file."""
    return Gateway.HTTP if serving(currency) else Gateway.BATCH_FILE


def hand_over_later(payment: CasePayment, now: datetime) -> None:
    """After the commit a worker hands an approved payment to its service: one piece of work for each attempt."""
    if payment.gateway == Gateway.HTTP and payment.state == PaymentState.APPROVED:
        key = f"{PAY}:{payment.pk}:{payment.attempts}"
        jobs.enqueue(PAY, key=key, payload={"payment": payment.pk}, now=now)
