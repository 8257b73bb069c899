"""Consequence rules: drafted by one person, announced by another, in force after the time of notice."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from aftersales.core import jobs, moves, registers
from aftersales.core.errors import DomainError
from aftersales.core.rulebook import RuleState
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.notices.models import Notice
from aftersales.notices.services import Order, notices_send
from aftersales.scorecards import consequences
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion
from aftersales.scorecards.scores import selectors
from aftersales.standards import services as rule_book
from training.models import Course

TERMS = ("terms", "source_ref", "source_zh", "source_en", "note_zh", "note_en")
ANNOUNCE, TOLD = "scorecards.announce_consequence", "scorecards.consequence_rule"
AT_ONCE = 200


def consequence_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime
) -> ConsequenceRule:
    """Open a rule; nothing follows from it until a version of it is in force. Raises ``code_taken``."""
    rule_book.require(actor, rule_book.DRAFT)
    created: ConsequenceRule = registers.create_coded(
        ConsequenceRule(code=code, name_zh=name_zh, name_en=name_en),
        taken=_("A rule of this code exists already."), actor=actor, now=now, event="consequence_rule.created",
    )  # fmt: skip
    return created


def consequence_draft(
    *, rule: ConsequenceRule, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> ConsequenceVersion:
    """Draft the next version, or correct the waiting draft: what stands, with ``terms`` changed.

    Whoever last touched a draft counts as its drafter and does not bring it into force. Raises ``no_terms``,
    ``wrong_terms``, ``unknown_metric``, ``no_course``.
    """
    rule_book.require(actor, rule_book.DRAFT)
    with transaction.atomic():
        number = rule_book.next_number(ConsequenceRule, rule.pk, ConsequenceVersion, "rule_id")
        versions = ConsequenceVersion.objects.filter(rule=rule)
        waiting = versions.filter(state=RuleState.DRAFT).select_related("rule").first()
        if waiting is not None:
            return _correct(waiting, terms, actor, now, reason)
        columns = rule_book.inherited(
            rule_book.newest(versions), TERMS, terms, actor=actor, now=now, reason=reason
        )
        row = ConsequenceVersion(rule=rule, number=number, **columns)
        check(row)
        rule_book.record_draft(row, actor=actor, now=now, reason=reason)
    return row


def _correct(
    draft: ConsequenceVersion, terms: dict[str, Any], actor: Any, now: datetime, reason: str
) -> ConsequenceVersion:
    for name, value in terms.items():
        setattr(draft, name, value)
    check(draft)
    saved: ConsequenceVersion = registers.save(
        draft, actor=actor, now=now, event="rule.changed", payload=draft._payload(), version=draft.version,
        drafted_by_id=actor.pk, drafted_at=now, change_reason=reason or draft.change_reason, **terms,
    )  # fmt: skip
    return saved


def check(version: ConsequenceVersion) -> None:
    """A version that nobody could follow is refused."""
    wanted = {one.course for one in consequences.terms_of(version).steps if one.course}
    for code in sorted(wanted - set(Course.objects.filter(code__in=wanted).values_list("code", flat=True))):
        raise DomainError(_("There is no course “%(code)s”.") % {"code": code}, "no_course")


def consequence_activate(
    *,
    draft: ConsequenceVersion,
    actor: Any,
    now: datetime,
    valid_from: datetime | None = None,
    reason: str = "",
    seen: int | None = None,
) -> ConsequenceVersion:
    """Announce a draft and bring it into force with a day, after the time of notice (second person).

    Every merchant is told, once. ``seen``: the row's version that the second person read; what was changed since is
    not announced unread. Raises ``own_draft``, ``announced_too_late``, ``not_a_day``, and Conflict.
    """
    with transaction.atomic():
        row = moves.locked(draft, version=seen, actor=actor)
        check(row)
        begin = valid_from or consequences.earliest(now)
        here = begin.astimezone(selectors.zone())
        if (here.hour, here.minute, here.second, here.microsecond) != (0, 0, 0, 0):
            raise DomainError(_("A rule begins with a day."), "not_a_day")
        done: ConsequenceVersion = rule_book.rule_activate(
            draft=row, actor=actor, now=now, valid_from=begin, reason=reason
        )
        if Merchant.objects.exists():
            jobs.enqueue(ANNOUNCE, key=f"{ANNOUNCE}:{done.pk}", payload={"version": done.pk}, now=now)
    return done


def consequence_announce(*, version: ConsequenceVersion, actor: Any, now: datetime) -> int:
    """Tell every merchant who does not know it yet; how many. Killed halfway it goes on: each is told once."""
    told = Notice.objects.filter(source=TOLD).about(version._meta.label_lower, version.pk)
    shops = Merchant.objects.exclude(state__in=sorted(TERMINAL)).exclude(pk__in=told.values("merchant_id"))
    assert version.valid_from
    values = {
        "rule": lazy(lambda: str(version.rule.name), str)(), "clause": f"v{version.number}",
        "day": f"{version.valid_from.astimezone(selectors.zone()):%Y-%m-%d}",
    }  # fmt: skip
    listed = list(shops.order_by("pk"))
    for start in range(0, len(listed), AT_ONCE):
        some = listed[start : start + AT_ONCE]
        orders = [Order(TOLD, one, version, values, f"{ANNOUNCE}:{version.pk}") for one in some]
        notices_send(orders, actor=actor, now=now)
    return len(listed)
