"""What recoveries tell the machinery at start-up."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from aftersales.cases.recovery import events, selectors  # noqa: F401 - importing declares the event kinds
from aftersales.cases.recovery.machine import RECOVERY_MACHINE, WRITE_OFF_MACHINE
from aftersales.cases.services import recovering, recoverytelling, writingoff
from aftersales.core import authority, deliveries, facts, files, moves, series
from aftersales.core.models import Event


def claim_follows(event: Event, now: datetime) -> None:
    """A payment went out or came back, or an appeal was decided: the claim follows."""
    recovering.recovery_keep(case_id=event.payload["case_id"], now=now)


def merchant_message(event: Event, now: datetime) -> None:
    """One message per event, once."""
    recoverytelling.merchant_tell(event=event, now=now)


def deposit_message(event: Event, now: datetime) -> None:
    recoverytelling.deposit_tell(event=event, now=now)


def connect() -> None:
    moves.use(RECOVERY_MACHINE)
    moves.use(WRITE_OFF_MACHINE)
    series.declare("recovery", "ZC{yy}{mm}-{n:05d}")
    files.declare("cases.recoveryproof", selectors.proof_files)
    authority.declare(writingoff.AUTHORITY, writingoff.claims)
    facts.provide("merchants.open_duties", selectors.open_duties)
    for name, pattern in (
        ("paid", "payment.succeeded"), ("returned", "payment.returned"), ("reversed", "payment.reversed"),
        ("appeals", "dispute.reviewed"),
    ):  # fmt: skip
        deliveries.subscribe(
            f"cases.recovery_{name}", pattern, claim_follows, _("Recover what the platform paid first")
        )
    deliveries.subscribe(
        "cases.recovery_messages", "recovery.*", merchant_message, _("Tell merchants where a recovery stands")
    )
    deliveries.subscribe(
        "cases.deposit_messages",
        "merchant.deposit_asked",
        deposit_message,
        _("Ask merchants to top up their deposit"),
    )
