"""What the pages of measures show: lists by whose turn it is, one measure down to the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.core import events, moves, subjects
from aftersales.core.models import Event
from aftersales.ledger.models import Proposal
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards.consequencemachine import HEAR, IMPOSE
from aftersales.scorecards.consequences import BREACH, FIGURE, MONTH, POINTS
from aftersales.scorecards.consequencestates import FALLEN, OF_MONEY, STANDING, MeasureState
from aftersales.scorecards.models import Formula, MeasureFact, MerchantMeasure, Scored, Snapshot, Standing
from aftersales.scorecards.states import SubjectKind

PAGE = 50
OPENS_FIGURES = "scorecards.view_merchants"
Badge = tuple[str, str, str]


class Tab(models.TextChoices):
    """Which measures a list shows."""

    MINE = "mine", pgettext_lazy("measures", "Mine to decide")
    APPEALS = "appeals", pgettext_lazy("measures", "Appeals")
    STANDING = "standing", pgettext_lazy("measures", "In force")
    OVER = "over", pgettext_lazy("measures", "Over")
    ALL = "all", pgettext_lazy("measures", "All")


@dataclass(frozen=True)
class Line:
    """One measure in a list, in words."""

    row: MerchantMeasure
    effect: str
    fact: str
    clause: str
    badge: Badge
    due: datetime | None = None
    is_late: bool = False

    @property
    def merchant(self) -> str:
        return str(self.row.merchant.name)

    @property
    def acted_until(self) -> datetime | None:
        """When it ceased to act, or will; None: not before it is lifted. A late appeal makes it act no longer."""
        ends = [one for one in (self.row.ends_at, self.row.released_at, self.row.ended_at) if one is not None]
        return min(ends, default=None)


def of_tab(tab: str, user: Any, now: datetime) -> Any:
    """The rows of a list that this person sees."""
    rows = MerchantMeasure.objects.visible_to(user)
    if tab == Tab.MINE:
        return rows.filter(_mine(user))
    if tab == Tab.APPEALS:
        return rows.filter(state=MeasureState.APPEALED)
    if tab == Tab.STANDING:
        return rows.filter(Q(ends_at=None) | Q(ends_at__gt=now), state__in=sorted(STANDING), ended_at=None)
    if tab == Tab.OVER:
        return rows.exclude(state__in=[*sorted(STANDING), MeasureState.PROPOSED])
    return rows


def _mine(user: Any) -> Q:
    """What waits for a decision and may be this person's: not of merchants he looks after, nor what he had part in."""
    asked = Q(pk__in=[])
    if user.has_perm(IMPOSE):
        asked |= Q(state=MeasureState.PROPOSED)
    if user.has_perm(HEAR):
        part = Q(decided_by=user.pk) | Q(proposed_by=user.pk) | Q(appealed_by=user.pk)
        asked |= Q(state=MeasureState.APPEALED) & ~part
    return asked & (Q(merchant__manager=None) | ~Q(merchant__manager=user.pk))


def tabs(user: Any, now: datetime) -> list[tuple[str, str, int]]:
    """Every list with its label and number, in one statement."""
    counted = {
        tab.value: models.Count("pk", filter=Q(pk__in=of_tab(tab, user, now).values("pk"))) for tab in Tab
    }
    numbers = MerchantMeasure.objects.visible_to(user).order_by().aggregate(**counted)
    return [(tab.value, str(tab.label), numbers[tab.value]) for tab in Tab]


def lines(
    rows: Any, now: datetime, *, before: int | None = None, most: int = PAGE, tab: str = Tab.ALL
) -> tuple[list[Line], int | None]:
    """A page of measures, newest first, and the key to go on from. One statement.

    Appeals stand by their time, so that overdue ones come first; a further page of them takes one statement more.
    """
    order: tuple[Any, ...] = ("-pk",)
    if tab == Tab.APPEALS:
        order = (F("hear_due").asc(nulls_last=True), "pk")
        kept = MerchantMeasure.objects.filter(pk=before or 0).values_list("hear_due", flat=True)
        last = kept.first() if before else None
        rows = rows.filter(Q(hear_due__gt=last) | Q(hear_due=last, pk__gt=before)) if last else rows
    elif before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.select_related("merchant", "rule").order_by(*order)[: most + 1])
    shown = found[:most]
    return [line(one, now) for one in shown], shown[-1].pk if len(found) > most else None


def line(row: MerchantMeasure, now: datetime) -> Line:
    due = row.hear_due if row.state == MeasureState.APPEALED else None
    return Line(
        row, words.effect(row, currency=row.merchant.currency), words.fact(row), words.clause(row), badge(row, now),
        due, due is not None and due < now,
    )  # fmt: skip


def is_void(row: MerchantMeasure) -> bool:
    """It fell with something else while its appeal waited, so nobody hears that any more."""
    return row.appealed_at is not None and row.heard_at is None and row.state in FALLEN


def badge(row: MerchantMeasure, now: datetime) -> Badge:
    """Its state; while it can be appealed that is said."""
    waits = row.state == MeasureState.IN_FORCE and row.effect not in OF_MONEY
    if waits and row.appeal_until is not None and now < row.appeal_until:
        return (pgettext("measure state", "In force, appeal open"), "amber", "half")
    return words.badge_of(row)


def in_public(since: datetime, now: datetime, *, most: int) -> list[Line]:
    """The newest ``most`` measures that act, for everybody to read (P3): without money, evidence and people.

    What fell is taken down, and so is what is over: short measures stay until they end.
    """
    rows = MerchantMeasure.objects.filter(
        state__in=sorted(STANDING), begins_at__gte=since, begins_at__lte=now, ended_at=None
    )
    rows = rows.filter(Q(ends_at=None) | Q(ends_at__gt=now)).exclude(effect__in=sorted(OF_MONEY))
    shown = rows.select_related("merchant", "rule").order_by("-begins_at", "-pk")[:most]
    return [replace(line(one, now), effect=words.effect_in_public(one)) for one in shown]


# ------------------------------------------------------------------------------------------------- one measure
@dataclass(frozen=True)
class Found:
    """One fact with where it leads, and why it counts no more."""

    words: str
    url: str = ""
    at: datetime | None = None
    left_out: str = ""


def facts(row: MerchantMeasure, user: Any) -> list[Found]:
    """What a measure rests on, each linked down to the very rows. A few statements, whatever the number."""
    kept = list(row.facts.all())
    found = _breaches(row, [int(one.key) for one in kept if one.kind == BREACH], user)
    neutral = {one.metric for one in row.neutrals.all()}
    figures = [_figure(row, one, neutral) for one in kept if one.kind in (FIGURE, MONTH)]
    opens = user.has_perm(OPENS_FIGURES)
    found += figures if opens else [replace(one, url="") for one in figures]
    wanted = [int(one.key) for one in kept if one.kind == POINTS]
    if wanted:
        stood = MerchantMeasure.objects.visible_to(user).stood(row.proposed_at)
        giving = stood.filter(merchant=row.merchant_id, effect="points")
        found += [_points(one) for one in giving.select_related("merchant", "rule").order_by("-pk")]
    return found


def _breaches(row: MerchantMeasure, clocks: Sequence[int], user: Any) -> list[Found]:
    rows = list(Clock.objects.filter(pk__in=clocks).order_by("breached_at", "pk")) if clocks else []
    out = (
        dict(BreachExclusion.objects.standing().filter(clock__in=clocks).values_list("clock_id", "reason"))
        if rows
        else {}
    )
    names = subjects.named([(one.subject_kind, one.subject_id) for one in rows], user) if rows else {}
    return [_breach(one, names.get((one.subject_kind, one.subject_id)), out) for one in rows]


def _breach(clock: Clock, subject: subjects.Subject | None, out: dict[int, str]) -> Found:
    said = f"{clock.get_promise_display()} · {subject.words}" if subject else str(clock.get_promise_display())
    return Found(said, subject.url if subject else "", clock.breached_at, out.get(clock.pk, ""))


def _figure(row: MerchantMeasure, fact: MeasureFact, neutral: set[str]) -> Found:
    shop, month = row.merchant.public_id, f"{row.period:%Y-%m}"
    if fact.kind == MONTH:
        label = _("Score of %(month)s") % {"month": month}
        return Found(label, f"{reverse('dashboards:merchant', args=[shop])}?month={month}")
    code = fact.key.partition(" ")[0]
    left_out = _("It counts no more: overturned on appeal.") if code in neutral else ""
    asked = opened_by(row, code)
    if asked is None:
        url = reverse("dashboards:merchant", args=[shop])
    else:
        url = f"{reverse('dashboards:merchant_rows', args=[shop, code])}{asked}"
    return Found(f"{words.metric_name(code)} · {month}", url, None, left_out)


def opened_by(row: MerchantMeasure, code: str) -> str | None:
    """Which score opens a figure down to its rows: that of the month, else the newest; None where none rests on it."""
    judging = Formula.objects.judging(SubjectKind.MERCHANT)[:1]
    asked = {"formula__in": judging, "subject_kind": SubjectKind.MERCHANT, "subject_id": row.merchant_id}
    month = Snapshot.objects.filter(month=row.period, **asked).first()
    scored: Scored | None = month or Standing.objects.filter(**asked).first()
    kept = scored.details if scored is not None else {}
    if code not in {one["metric"] for part in ("items", "extras") for one in kept.get(part, ())}:
        return None
    return f"?month={row.period:%Y-%m}" if month is not None else ""


def _points(row: MerchantMeasure) -> Found:
    return Found(
        f"{row.number} · {words.effect(row)}", reverse("measures:measure", args=[row.number]), row.begins_at
    )


def proposals(row: MerchantMeasure, user: Any) -> list[Proposal]:
    """The penalty in the ledger that it led to."""
    kind = row._meta.label_lower
    return list(Proposal.objects.visible_to(user).filter(source_kind=kind, source_id=row.pk).order_by("pk"))


def happened(row: MerchantMeasure) -> list[tuple[datetime, str, str]]:
    """Its life in sentences, newest first."""
    rows = Event.objects.about(row._meta.label_lower, row.pk).order_by("-at", "-pk")
    return [(one.at, events.sentence(one), events.in_whose_name(one)) for one in rows]


WORDED = frozenset({"withdraw", "appeal", "uphold", "overturn", "lift"})
"""Steps for which somebody says why."""


def acts(row: MerchantMeasure, user: Any, now: datetime) -> list[tuple[moves.MoveOption, bool]]:
    """The steps that are this person's and could come now, each with whether it wants words."""
    found = [one for one in moves.options(row, actor=user, now=now) if not one.move.by_system]
    return [
        (one, one.move.name in WORDED)
        for one in found
        if row.state in one.move.sources
        and all(why.code not in ("not_the_party", "appealed_already", "of_the_ledger") for why in one.reasons)
    ]


def weights_taken(most: int = 10) -> list[tuple[datetime, str, str]]:
    """Who took the traffic-weight file last: when, in words, which edition."""
    rows = Event.objects.filter(kind="weights.taken").order_by("-pk")[:most]
    return [(one.at, events.sentence(one), str(one.payload["sha256"])[:12]) for one in rows]
