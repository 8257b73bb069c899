"""What the workshop of consequence rules shows: a ladder in words beside the one before, its trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.errors import DomainError
from aftersales.scorecards import consequences, consequencetrial
from aftersales.scorecards import consequencewords as words
from aftersales.scorecards.consequencestates import FALLEN, STANDING, Trigger
from aftersales.scorecards.consequenceterms import Terms
from aftersales.scorecards.consequencetrial import Dry, Trial
from aftersales.scorecards.formulapages import DraftForm, badge
from aftersales.scorecards.formulapages import form_of as filled
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion, MerchantMeasure
from aftersales.standards.announcing.pages import Term, compared, dropped, listed


@dataclass(frozen=True)
class Overview:
    """One rule in the list: the version that counts or will, and how many measures came of it."""

    rule: ConsequenceRule
    version: ConsequenceVersion | None
    badge: Any
    waits: bool
    says: str
    standing: int
    fallen: int


def overview(now: datetime) -> list[Overview]:
    """Every rule. Three statements."""
    measures = MerchantMeasure.objects.order_by().values_list("rule")
    counted = {
        rule: (standing, fallen)
        for rule, standing, fallen in measures.annotate(
            standing=Count("pk", filter=Q(state__in=sorted(STANDING), ended_at=None)),
            fallen=Count("pk", filter=Q(state__in=sorted(FALLEN))),
        )
    }
    found = []
    for rule, shown, waits in listed(ConsequenceRule.objects.order_by("code")):
        says = words.looks_at(consequences.terms_of(shown)) if shown is not None and readable(shown) else ""
        mark = badge(shown, now) if shown else None
        found.append(Overview(rule, shown, mark, waits, says, *counted.get(rule.pk, (0, 0))))
    return found


def terms(version: ConsequenceVersion, earlier: ConsequenceVersion | None) -> list[Term]:
    """What it says in words; what it no longer says stands at the end."""
    now = _told(consequences.terms_of(version))
    then = _told(consequences.terms_of(earlier)) if earlier is not None else {}
    return compared(now, then) + dropped(now, then)


def _told(terms: Terms) -> Mapping[str, str]:
    found = {_("Looks at"): words.looks_at(terms)}
    if terms.trigger != Trigger.POINTS:
        found[_("An earlier step counts for")] = words.days_words(terms.remember)
    if terms.lag:
        found[_("Days until figures have settled")] = str(terms.lag)
    for number in range(1, len(terms.steps) + 1):
        found[_("Step %(number)s") % {"number": number}] = words.step(terms, number)
    return found


def readable(version: ConsequenceVersion) -> bool:
    """Terms of an old release may name what is no longer counted: the page then says so instead of failing."""
    try:
        consequences.terms_of(version)
    except DomainError:
        return False
    return True


def form_of(version: ConsequenceVersion | None) -> DraftForm:
    """Filled with what a new draft starts from."""
    return filled(
        version,
        _(
            "JSON: what the rule looks at, then its steps, a warning first; rates and amounts in quotation marks."
        ),
    )


@dataclass(frozen=True)
class Shown:
    """A trial in words: by merchant what the two versions would have done; by effect how many."""

    trial: Trial
    rows: Sequence[tuple[str, str, bool, Sequence[str], Sequence[str]]]


def tried(version: ConsequenceVersion, versions: Sequence[ConsequenceVersion], now: datetime) -> Shown:
    """Over the past quarter, against the version that counts now; nothing is written."""
    standing = next((one for one in versions if one.applies_at(now) and one.pk != version.pk), None)
    if standing is not None and not readable(standing):
        standing = None
    trial = consequencetrial.tried(version, standing, now)
    rows = [
        (one.name, one.public_id, one.is_changed, _dry(one.was), _dry(one.will)) for one in trial.rows[:100]
    ]
    return Shown(trial, rows)


def _dry(found: Sequence[Dry]) -> list[str]:
    """What would have followed, with the days on which it happened; where it is judged later, also that day."""
    return [_said(one) for one in found]


def _said(one: Dry) -> str:
    told = {
        "days": _days(one.hit),
        "day": f"{timezone.localtime(one.judged):%m-%d}",
        "what": words.effect(one.step),
    }
    if timezone.localtime(one.judged).date() == one.hit.until:
        return pgettext("rule tried", "%(days)s: %(what)s") % told
    return pgettext("rule tried", "Happened %(days)s, judged %(day)s: %(what)s") % told


def _days(hit: consequences.Hit) -> str:
    since, until = hit.since or hit.until, hit.until
    return f"{since:%m-%d} – {until:%m-%d}" if since < until else f"{until:%m-%d}"
