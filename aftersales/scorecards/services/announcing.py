"""A version of a formula is told to every merchant whom it will judge, once, before it counts (R6.6, P5)."""

from datetime import datetime
from typing import Any

from django.utils.functional import lazy

from aftersales.core import jobs
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.notices.models import Notice
from aftersales.notices.services import Order, notices_send
from aftersales.scorecards.models import FormulaVersion
from aftersales.scorecards.scores import selectors
from aftersales.scorecards.states import SubjectKind

ANNOUNCE, TOLD = "scorecards.announce", "scorecards.formula"
AT_ONCE = 200


def announce_later(*, version: FormulaVersion, now: datetime) -> None:
    """Ask for the messages of a version about merchants; asked twice, they go out once. Staff read the rule book."""
    if version.formula.subject_kind == SubjectKind.MERCHANT and Merchant.objects.exists():
        jobs.enqueue(ANNOUNCE, key=f"{ANNOUNCE}:{version.pk}", payload={"version": version.pk}, now=now)


def formula_announce(*, version: FormulaVersion, actor: Any, now: datetime) -> int:
    """Tell every merchant who does not know it yet; how many. Killed halfway it goes on: each is told once."""
    told = Notice.objects.filter(source=TOLD).about(version._meta.label_lower, version.pk)
    shops = Merchant.objects.exclude(state__in=sorted(TERMINAL)).exclude(pk__in=told.values("merchant_id"))
    listed, values = list(shops.order_by("pk")), _values(version)
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        orders = [Order(TOLD, one, version, values, f"{ANNOUNCE}:{version.pk}") for one in some]
        notices_send(orders, actor=actor, now=now)
    return len(listed)


def _values(version: FormulaVersion) -> dict[str, Any]:
    """Name, version and day, said in the recipient's language."""
    assert version.valid_from
    return {
        "rule": lazy(lambda: str(version.formula.name), str)(), "clause": f"v{version.number}",
        "day": f"{version.valid_from.astimezone(selectors.zone()):%Y-%m-%d}",
    }  # fmt: skip
