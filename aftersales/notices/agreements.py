"""Tells merchants that an agreement of theirs changes, and a merchant's manager that an owner declined it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import lazy

from accounts.services import system_user
from aftersales.core import jobs
from aftersales.core.models import Event, Job
from aftersales.core.rulebook import RuleState
from aftersales.merchants.agreementselectors import concerned
from aftersales.merchants.models import AgreementAnswer, AgreementVersion, Merchant
from aftersales.standards.selectors import duration

from .models import Notice
from .services import Order, notices_send

VERSION = "merchants.agreementversion"
ANNOUNCE = "notices.agreement"
ANNOUNCED, REMINDED, DECLINED = "agreement.announced", "agreement.reminded", "agreement.declined"
AHEAD = "agreement_remind_days"
AT_ONCE = 200


def page_of(pk: int) -> str:
    """Where such a message leads: staff to the list of who has answered what."""
    return f"{reverse('merchants:agreements')}?standing=declined"


def agreement_tell(event: Event, now: datetime) -> None:
    """A version was announced: ask for the messages, once. What comes with the product changes nothing for anybody."""
    if AgreementVersion.objects.filter(pk=event.subject_id, is_shipped=False).exists():
        jobs.enqueue(
            ANNOUNCE, key=f"{ANNOUNCE}:{event.subject_id}", payload={"version": event.subject_id}, now=now
        )


def announce_job(job: Job, now: datetime) -> Mapping[str, Any]:
    """Tell every merchant whom a version concerns and who does not know it yet; killed halfway it goes on."""
    version = AgreementVersion.objects.select_related("agreement").get(pk=int(job.payload["version"]))
    if version.valid_from is None:
        return {"told": 0}
    told, values = 0, _values(version)
    for some in _by(AT_ONCE, version):
        orders = [Order(ANNOUNCED, one, version, values, f"{ANNOUNCE}:{version.pk}") for one in some]
        notices_send(orders, actor=system_user(now), now=now)
        told += len(orders)
    return {"told": told}


def _by(size: int, version: AgreementVersion) -> Iterator[list[Merchant]]:
    told = Notice.objects.filter(source=ANNOUNCED).about(VERSION, version.pk)
    found = list(concerned(version).exclude(pk__in=told.values("merchant_id")))
    for start in range(0, len(found), size):
        yield found[start : start + size]


def agreements_remind(*, now: datetime) -> int:
    """Tell the owners who have not answered what will soon be in force, once for each version; how many."""
    soon = AgreementVersion.objects.filter(
        state=RuleState.ACTIVE,
        is_shipped=False,
        valid_from__gt=now,
        valid_from__lte=now + duration(AHEAD, now),
    )
    told = 0
    for version in soon.select_related("agreement").order_by("pk"):
        known = Notice.objects.filter(source=REMINDED).about(VERSION, version.pk).values("merchant_id")
        answers = AgreementAnswer.objects.filter(version=version).values("merchant_id")
        values = _values(version)
        silent = concerned(version).exclude(pk__in=known).exclude(pk__in=answers)
        while some := list(silent[:AT_ONCE]):
            orders = [Order(REMINDED, one, version, values, f"{REMINDED}:{version.pk}") for one in some]
            notices_send(orders, actor=system_user(now), now=now)
            told += len(orders)
            silent = silent.filter(pk__gt=some[-1].pk)
    return told


def _values(version: AgreementVersion) -> dict[str, Any]:
    """Name, label and day, each said in the recipient's language."""
    assert version.valid_from
    begin = timezone.localtime(version.valid_from)
    return {
        "agreement": lazy(lambda: str(version.agreement.name), str)(), "label": version.label,
        "day": f"{begin:%Y-%m-%d}",
    }  # fmt: skip


def declined_tell(event: Event, now: datetime) -> None:
    """Who looks after the merchant hears that its owner declined."""
    shop = Merchant.objects.select_related("manager").get(pk=event.subject_id)
    found = AgreementVersion.objects.filter(
        agreement__code=event.payload["agreement"], number=event.payload["number"]
    )
    version = found.select_related("agreement").first()
    if version is None or shop.manager is None or not shop.manager.is_active:
        return
    values = {
        "merchant": shop.name, "agreement": lazy(lambda: str(version.agreement.name), str)(),
        "label": version.label,
    }  # fmt: skip
    order = Order(DECLINED, shop.manager, version, values, f"event:{event.pk}")
    notices_send([order], actor=system_user(now), now=now)
