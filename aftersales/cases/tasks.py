"""Work of this room for later: ids in, one service called. Beat only wakes the sweep; what it does is idempotent."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from aftersales.cases import services
from aftersales.cases.models import CasePayment, PaymentRun
from aftersales.cases.services import gateway
from aftersales.cases.services.asking import merchants_ask_again
from aftersales.cases.services.automatic import approve_due, pay_due
from aftersales.cases.services.cancelling import cancels_carry_out
from aftersales.cases.services.obliging import addresses_follow
from aftersales.cases.services.requests import requests_lapse
from aftersales.cases.services.returning import addresses_correct
from aftersales.cases.services.runs import run_export
from aftersales.cases.services.telling import differences_unpaid
from aftersales.cases.services.weighing import refunds_weigh
from aftersales.core import origin
from aftersales.core.models import Job


def export_run(job: Job, now: datetime) -> Mapping[str, Any]:
    run = run_export(run=PaymentRun.objects.get(pk=job.payload["run"]), now=now)
    return {"run": run.pk, "state": run.state}


def pay_over_http(job: Job, now: datetime) -> Mapping[str, Any]:
    return {"state": gateway.pay(payment=_payment(job), now=now)}


def ask_over_http(job: Job, now: datetime) -> Mapping[str, Any]:
    return {"state": gateway.ask(payment=_payment(job), now=now)}


def _payment(job: Job) -> CasePayment:
    found: CasePayment = CasePayment.objects.select_related("case").get(pk=job.payload["payment"])
    return found


@shared_task
def ask_about_payments() -> None:
    """Every payment whose outcome is not known is asked about."""
    gateway.unknown_sweep(now=timezone.now())


@shared_task
def sweep_parcels() -> None:
    """Every ten minutes: remind who has goods to send, end the waiting that is over, and cases that give nothing;
    ask merchants who have an address by now, and tell customers of theirs for returns, and of corrections; count as
    delivered what is on its way for too long, and as not stopped what no carrier stopped; tell staff of differences
    that nobody paid; see whose breach a late refund is.
    """
    now = timezone.now()
    with origin.coming_from("task"):
        services.parcels_warn(now=now)
        services.parcels_expire(now=now)
        services.cases_end_empty(now=now)
        addresses_follow(now=now)
        addresses_correct(now=now)
        services.parcels_presume(now=now)
        services.stops_end(now=now)
        merchants_ask_again(now=now)
        differences_unpaid(now=now)
        refunds_weigh(now=now)


@shared_task
def approve_by_rule() -> None:
    """Every ten minutes: whatever the rule did not judge or pay when it was asked for."""
    now = timezone.now()
    with origin.coming_from("task"):
        approve_due(now=now)
        pay_due(now=now)


@shared_task
def sweep_requests() -> None:
    """Every ten minutes: what merchants did not answer in time is cancelled; requests that nobody answered end."""
    now = timezone.now()
    with origin.coming_from("task"):
        cancels_carry_out(now=now)
        requests_lapse(now=now)


@shared_task
def sweep_disputes() -> None:
    """Every minute: silence in disputes has its outcome, and what is final is carried out."""
    now = timezone.now()
    with origin.coming_from("task"):
        services.silence_dispute(now=now)
        services.disputes_sweep(now=now)
        services.decisions_carry_out(now=now)


@shared_task
def collect_recoveries() -> None:
    """Every ten minutes: what merchants owe for advances is taken where something is there to take."""
    with origin.coming_from("task"):
        services.recoveries_collect(now=timezone.now())
