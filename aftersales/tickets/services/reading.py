"""Read and confirmed: a person says that he has read a change of the rules (R1.2)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.standards.models import StandardVersion
from aftersales.tickets.models import RuleReading
from aftersales.tickets.selectors.reading import Change, changes, merchant_changes


def rule_confirm(*, version: StandardVersion, actor: Any, now: datetime) -> RuleReading:
    """One row for each person and version; confirming again is the same act. Error: nothing_to_read."""
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    return _confirmed(version, changes(now), actor, now)


def merchant_rule_confirm(*, version: StandardVersion, actor: Any, now: datetime) -> RuleReading:
    """The same by somebody who acts for a merchant, of rules that bind merchants. Error: nothing_to_read."""
    if not actor.has_perm("tickets.confirm_merchant_rule"):
        raise NotPermitted()
    return _confirmed(version, merchant_changes(now), actor, now)


def _confirmed(version: StandardVersion, asked: Iterable[Change], actor: Any, now: datetime) -> RuleReading:
    if version.pk not in {one.version.pk for one in asked}:
        raise DomainError(_("This version does not have to be confirmed."), "nothing_to_read")
    known = RuleReading.objects.filter(person=actor.pk, version=version)
    if found := known.first():
        return found  # type: ignore[no-any-return]
    try:
        with transaction.atomic():
            reading = RuleReading.objects.create(person_id=actor.pk, version=version, at=now)
            events.record("rule.confirmed", subject=version, actor=actor, now=now, payload=version._payload())
    except IntegrityError:  # the other click was faster
        return known.get()  # type: ignore[no-any-return]
    return reading  # type: ignore[no-any-return]
