"""What is new for a merchant's people: rules to be read, decisions that can be appealed, courses that are due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min
from django.urls import reverse
from django.utils.translation import gettext as _

from aftersales.cases.models import ServiceRequest
from aftersales.cases.request_states import RequestState
from aftersales.cases.states import Side
from aftersales.core.models import Audience
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import ProposalState
from aftersales.merchants.agreementselectors import of_merchants
from aftersales.merchants.agreementstates import Standing
from aftersales.merchants.models import AgreementVersion, Lesson, Merchant
from aftersales.scorecards.consequencequerysets import OF_MERCHANT
from aftersales.scorecards.consequencestates import OF_MONEY, MeasureState
from aftersales.scorecards.models import ConsequenceVersion, MerchantMeasure, Plan
from aftersales.scorecards.rectification.states import MERCHANTS_TURN
from aftersales.standards.models import Consultation
from aftersales.tickets.selectors import reading


@dataclass(frozen=True)
class News:
    words: str
    url: str
    until: datetime | None = None
    tone: str = ""


SHOWN = 5
DRAFTED = (AgreementVersion._meta.label_lower, ConsequenceVersion._meta.label_lower)
"""Of these drafts a merchant's people are told; others stand on the public page."""


def of(user: Any, shop: Merchant, now: datetime) -> Sequence[News]:
    """The few that matter, with where they lead. At most seven queries."""
    return [
        *_asked(shop, now),
        *_agreements(user, shop, now),
        *_plans(shop, now),
        *_rules(user, now),
        *_measures(user, shop, now),
        *_told(user),
        *_lessons(user, now),
    ]


def _asked(shop: Merchant, now: datetime) -> list[News]:
    """Small requests that the shop owes an answer."""
    rows = ServiceRequest.objects.filter(
        merchant=shop, party=Side.MERCHANT, state=RequestState.WITH_PARTY
    ).exclude(audience=Audience.INTERNAL)
    found = rows.aggregate(n=Count("pk"), soonest=Min("due_at"))
    if not found["n"]:
        return []
    words = _("Small requests that wait for you: %(n)d") % {"n": found["n"]}
    return [
        News(words, reverse("portal:requests"), found["soonest"], "red" if found["soonest"] < now else "")
    ]


def _agreements(user: Any, shop: Merchant, now: datetime) -> list[News]:
    """What the owner is asked to accept, and drafts that are open for comments."""
    asked = of_merchants([shop], now).get(shop.pk, []) if user.has_perm("merchants.accept_agreement") else []
    words, open_words = (
        _("Agreement to be answered: %(name)s %(label)s"),
        _("A draft is open for comments: %(rule)s"),
    )
    due = [
        News(
            words % {"name": one.agreement.name, "label": one.asked.label},
            reverse("portal:agreement", args=[one.agreement.code, one.asked.number]),
            one.asked.valid_from,
            "red" if one.standing == Standing.OVERDUE else "amber",
        )
        for one in asked
        if one.standing in (Standing.WAITING, Standing.OVERDUE)
    ]
    drafts = [
        News(
            open_words % {"rule": one.citation}, reverse("portal:draft", args=[one.public_id]), one.closes_at
        )
        for one in Consultation.objects.open(now).filter(rule_kind__in=DRAFTED)[:SHOWN]
    ]
    return due + drafts


def _plans(shop: Merchant, now: datetime) -> list[News]:
    """Rectification plans on which the shop has to act."""
    rows = Plan.objects.filter(merchant=shop, state__in=sorted(MERCHANTS_TURN)).order_by("due_at", "pk")
    words = _("Rectification plan %(number)s: %(state)s")
    return [
        News(
            words % {"number": one.number, "state": one.get_state_display()},
            reverse("portal:plan", args=[one.public_id]),
            one.due_at,
            "red" if one.is_late(now) else "amber",
        )
        for one in rows[:SHOWN]
    ]


def _rules(user: Any, now: datetime) -> list[News]:
    unread = reading.unread_by_merchant(user, now)
    if not unread:
        return []
    words = _("Rules that changed and wait for your confirmation: %(n)d") % {"n": len(unread)}
    return [News(words, reverse("portal:rules"), None, "amber")]


def _measures(user: Any, shop: Merchant, now: datetime) -> list[News]:
    """Measures that can still be appealed."""
    if not user.has_perm(OF_MERCHANT):
        return []
    rows = MerchantMeasure.objects.visible_to(user).filter(
        merchant=shop, state=MeasureState.IN_FORCE, appeal_until__gt=now
    )
    words = _("Measure %(number)s can be appealed")
    return [
        News(
            words % {"number": one.number},
            reverse("portal:measure", args=[one.public_id]),
            one.appeal_until,
            "amber",
        )
        for one in rows.exclude(effect__in=sorted(OF_MONEY)).order_by("appeal_until", "pk")[:SHOWN]
    ]


def _told(user: Any) -> list[News]:
    if not user.has_perm("ledger.view_of_merchant"):
        return []
    rows = (
        Proposal.objects.visible_to(user).filter(state=ProposalState.NOTIFIED).order_by("appeal_until", "pk")
    )
    words = _("Decision %(number)s can be appealed")
    return [
        News(
            words % {"number": one.number},
            reverse("portal:consequence", args=[one.public_id]),
            one.appeal_until,
        )
        for one in rows[:SHOWN]
    ]


def _lessons(user: Any, now: datetime) -> list[News]:
    mine = Lesson.objects.visible_to(user).asked().filter(member__user=user.pk, done_at=None)
    words = _("Course to finish: %(course)s")
    return [
        News(
            words % {"course": one.course.name},
            reverse("portal:course", args=[one.course.code]),
            one.due_at,
            "red" if one.is_late(now) else "",
        )
        for one in mine.select_related("course").order_by("due_at", "pk")[:SHOWN]
    ]
