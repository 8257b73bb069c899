"""What is new for a merchant's people: requests and plans to be answered, agreements and drafts, rules to be read,
measures and decisions that can be appealed, courses that are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, Coalesce, Concat
from django.urls import reverse
from django.utils.translation import get_language
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
from aftersales.scorecards.rectification.states import MERCHANTS_TURN, PlanState
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
    """The few that matter, with where they lead. At most five queries: see ``_waiting``."""
    rows = _waiting(user, shop, now)
    return [
        *_asked(rows, now),
        *_agreements(user, shop, now),
        *_drafts(rows),
        *_plans(rows, now),
        *_rules(user, now),
        *_measures(rows),
        *_told(rows),
        *_lessons(user, now),
    ]


@dataclass(frozen=True)
class _Row:
    """A row of any kind that waits: its number or name, the key of its page, until when, its state."""

    number: str
    key: str
    until: datetime | None
    state: str


def _waiting(user: Any, shop: Merchant, now: datetime) -> Mapping[str, list[_Row]]:
    """Requests, drafts, plans, measures and decisions, each the few that end first. One statement for all of them."""
    requests = ServiceRequest.objects.filter(
        merchant=shop, party=Side.MERCHANT, state=RequestState.WITH_PARTY
    ).exclude(audience=Audience.INTERNAL)
    counted = (
        requests.order_by()
        .annotate(what_=Value("asked"))
        .values("merchant_id", "what_")
        .annotate(
            number_=Cast(Count("pk"), CharField()), key_=Value(""), until_=Min("due_at"), state_=Value("")
        )
        .values_list(*_COLUMNS)
    )
    plans = Plan.objects.filter(merchant=shop, state__in=sorted(MERCHANTS_TURN))
    drafts = Consultation.objects.open(now).filter(rule_kind__in=DRAFTED).annotate(rule_name_=_rule_name())
    parts = [
        _part("plan", plans, "number", "due_at", "state"),
        _part("draft", drafts, "rule_name_", "closes_at"),
    ]
    if user.has_perm(OF_MERCHANT):
        measures = MerchantMeasure.objects.visible_to(user).filter(
            merchant=shop, state=MeasureState.IN_FORCE, appeal_until__gt=now
        )
        open_ = measures.exclude(effect__in=sorted(OF_MONEY))
        parts.append(_part("measure", open_, "number", "appeal_until"))
    if user.has_perm("ledger.view_of_merchant"):
        told = Proposal.objects.visible_to(user).filter(state=ProposalState.NOTIFIED)
        parts.append(_part("told", told, "number", "appeal_until"))
    found: dict[str, list[_Row]] = {}
    for what, *columns in counted.union(*parts, all=True):
        found.setdefault(what, []).append(_Row(*columns))
    return {
        what: sorted(rows, key=lambda one: (one.until or now, one.number)) for what, rows in found.items()
    }


_COLUMNS = ("what_", "number_", "key_", "until_", "state_")


def _rule_name() -> Coalesce:
    """The name of the rule with its version, in the reader's language; what is unknown by its citation."""
    name = "name_en" if (get_language() or "").startswith("en") else "name_zh"
    text: CharField[Any, Any] = CharField()
    agreed = Concat(f"agreement__{name}", Value(" "), "label", output_field=text)
    ruled = Concat(f"rule__{name}", Value(" v"), Cast("number", text), output_field=text)
    whens = [
        When(
            rule_kind=model._meta.label_lower,
            then=Subquery(model.objects.filter(pk=OuterRef("rule_id")).order_by().values_list(words)[:1]),
        )
        for model, words in ((AgreementVersion, agreed), (ConsequenceVersion, ruled))
    ]
    return Coalesce(Case(*whens, output_field=text), "citation", output_field=text)


def _part(what: str, rows: QuerySet[Any], number: str, until: str, state: str = "") -> QuerySet[Any]:
    """The few of one kind that end first, in the columns that all kinds share."""
    columns = {
        "what_": Value(what), "number_": F(number), "key_": F("public_id"), "until_": F(until),
        "state_": F(state) if state else Value(""),
    }  # fmt: skip
    return rows.order_by(until, "pk").annotate(**columns).values_list(*_COLUMNS)[:SHOWN]


def _asked(rows: Mapping[str, list[_Row]], now: datetime) -> list[News]:
    """Small requests that the shop owes an answer."""
    words = _("Small requests that wait for you: %(n)d")
    return [
        News(
            words % {"n": int(one.number)},
            reverse("portal:requests"),
            one.until,
            "red" if _over(one, now) else "",
        )
        for one in rows.get("asked", ())
    ]


def _over(one: _Row, now: datetime) -> bool:
    return one.until is not None and one.until < now


def _agreements(user: Any, shop: Merchant, now: datetime) -> list[News]:
    """What the owner is asked to accept."""
    asked = of_merchants([shop], now).get(shop.pk, []) if user.has_perm("merchants.accept_agreement") else []
    words = _("Agreement to be answered: %(name)s %(label)s")
    return [
        News(
            words % {"name": one.agreement.name, "label": one.asked.label},
            reverse("portal:agreement", args=[one.agreement.code, one.asked.number]),
            one.asked.valid_from,
            "red" if one.standing == Standing.OVERDUE else "amber",
        )
        for one in asked
        if one.standing in (Standing.WAITING, Standing.OVERDUE)
    ]


def _drafts(rows: Mapping[str, list[_Row]]) -> list[News]:
    """Drafts that are open for comments."""
    words = _("A draft is open for comments: %(rule)s")
    return [
        News(words % {"rule": one.number}, reverse("portal:draft", args=[one.key]), one.until)
        for one in rows.get("draft", ())
    ]


def _plans(rows: Mapping[str, list[_Row]], now: datetime) -> list[News]:
    """Rectification plans on which the shop has to act."""
    words = _("Rectification plan %(number)s: %(state)s")
    return [
        News(
            words % {"number": one.number, "state": PlanState(one.state).label},
            reverse("portal:plan", args=[one.key]),
            one.until,
            "red" if _over(one, now) else "amber",
        )
        for one in rows.get("plan", ())
    ]


def _rules(user: Any, now: datetime) -> list[News]:
    unread = reading.unread_by_merchant(user, now)
    if not unread:
        return []
    words = _("Rules that changed and wait for your confirmation: %(n)d") % {"n": len(unread)}
    return [News(words, reverse("portal:rules"), None, "amber")]


def _measures(rows: Mapping[str, list[_Row]]) -> list[News]:
    """Measures that can still be appealed; those of money are the ledger's decisions."""
    words = _("Measure %(number)s can be appealed")
    return [
        News(words % {"number": one.number}, reverse("portal:measure", args=[one.key]), one.until, "amber")
        for one in rows.get("measure", ())
    ]


def _told(rows: Mapping[str, list[_Row]]) -> list[News]:
    """Decisions of the ledger that can be appealed."""
    words = _("Decision %(number)s can be appealed")
    return [
        News(words % {"number": one.number}, reverse("portal:consequence", args=[one.key]), one.until)
        for one in rows.get("told", ())
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
