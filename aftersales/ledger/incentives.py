"""Answers about incentive rules: when a draft may begin, who would get what in a month and why. Reads only."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.models import TeamMember, User
from accounts.states import STAFF_ROLES
from aftersales.core import wording
from aftersales.ledger import figureterms, raisers, selectors
from aftersales.ledger.incentiverules import Result, results
from aftersales.ledger.models import IncentiveVersion, ProposalFile, Scheme
from aftersales.ledger.raisers import Fact
from aftersales.ledger.rules import amount_words
from aftersales.ledger.states import Measure, Party
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.standards.selectors import duration

ANNOUNCED = {
    Party.PERSON: "incentive_announce_days_staff",
    Party.MERCHANT: "incentive_announce_days_merchant",
}


def month_start(month: date) -> datetime:
    """Its first moment in the installation's zone."""
    return datetime(month.year, month.month, 1, tzinfo=ZoneInfo(settings.TIME_ZONE))


def announced_until(rows: Sequence[IncentiveVersion], now: datetime) -> dict[int, datetime]:
    """Fact: before which moment a version announced now cannot come into force."""
    return {row.pk: now + duration(ANNOUNCED[Party(row.rule.party)], now) for row in rows}


def earliest(version: IncentiveVersion, now: datetime) -> datetime:
    """The first beginning of a month after the time of notice, so that every version judges whole months."""
    notice = announced_until([version], now)[version.pk]
    month = selectors.month_of(notice)
    begin = month_start(month)
    return begin if begin >= notice else selectors.month_end(month)


def judged(version: IncentiveVersion, month: date, *, dry: bool = False) -> list[Result]:
    """Who gets what for a month by this version. ``dry``: as if it had been in force all the month."""
    if (gauge := raisers.gauge_of(version.trigger)) is not None:
        return list(gauge.judged(version, month, dry))
    start, end = month_start(month), selectors.month_end(month)
    if not dry:
        start = max(start, version.valid_from or end)
        end = min(end, version.valid_to or end)
    if start >= end:
        return []
    found = list(raisers.asked(version.trigger, version.rule.party).found(start, end))
    return results(version, _in_scope(version, found, start, end))


def _in_scope(
    version: IncentiveVersion, facts: Sequence[Fact], start: datetime, end: datetime
) -> Iterable[Fact]:
    """Facts of merchants of these categories, of people who had one of these duties in that time."""
    known = in_scope(version, {one.party_id for one in facts}, start, end)
    return [one for one in facts if one.party_id in known]


def in_scope(version: IncentiveVersion, wanted: set[int], start: datetime, end: datetime) -> set[int]:
    """Of these parties the merchants of its categories, the people who had one of its duties in that time."""
    if version.rule.party == Party.MERCHANT:
        rows: Any = Merchant.objects.filter(pk__in=wanted)
        if version.categories:
            rows = rows.filter(main_category__in=version.categories)
        return set(rows.values_list("pk", flat=True))
    if version.duties:
        held = TeamMember.objects.filter(
            person__in=wanted, active_from__lt=end, team__duties__overlap=version.duties
        )
        return {row.person_id for row in held if row.active_to is None or row.active_to > start}
    return wanted


def in_month(month: date) -> list[IncentiveVersion]:
    """Versions that hang on events and were in force at some moment of a month."""
    return [row for row in _in_force_in(month) if raisers.gauge_of(row.trigger) is None]


def on_figures(month: date) -> list[IncentiveVersion]:
    """Versions that hang on a figure and were in force for the whole of a month: figures judge whole months."""
    start, end = month_start(month), selectors.month_end(month)
    found = [row for row in _in_force_in(month) if raisers.gauge_of(row.trigger) is not None]
    return [
        row for row in found
        if row.valid_from and row.valid_from <= start and (row.valid_to is None or row.valid_to >= end)
    ]  # fmt: skip


def _in_force_in(month: date) -> list[IncentiveVersion]:
    start, end = month_start(month), selectors.month_end(month)
    rows = IncentiveVersion.objects.filter(state__in=["active", "retired"], valid_from__lt=end)
    return [
        row for row in rows.select_related("rule").order_by("rule__code", "number")
        if row.valid_to is None or row.valid_to > start
    ]  # fmt: skip


def scheme_files(names: Sequence[str]) -> Iterable[str]:
    """Stored files that a scheme names."""
    return Scheme.objects.filter(name__in=names).values_list("name", flat=True)


def proposal_files(names: Sequence[str]) -> Iterable[str]:
    """Stored files that a proposal names."""
    return ProposalFile.objects.filter(name__in=names).values_list("name", flat=True)


def gives(version: IncentiveVersion) -> str:
    """The consequence in words."""
    if version.terms:
        return _by_steps(version)
    if version.amount is None or version.cap is None:
        return str(version.get_measure_display())
    words = {
        "each": amount_words(version.amount, version.unit),
        "cap": amount_words(version.cap, version.unit),
    }
    return _("%(each)s each time, at most %(cap)s in a month") % words


def _by_steps(version: IncentiveVersion) -> str:
    """What a figure leads to: one amount or measure at the limit, others at the further steps."""
    terms = figureterms.read(version.terms)
    if version.amount is None or version.cap is None:
        steps = [str(Measure(one.gives).label) for one in terms.steps]
        return wording.listed([str(version.get_measure_display()), *steps])
    amounts = [version.amount, *(Decimal(one.gives) for one in terms.steps)]
    told = wording.listed([amount_words(one, version.unit) for one in amounts])
    words = {"amount": told, "cap": amount_words(version.cap, version.unit)}
    if terms.is_each:
        return _("%(amount)s for each case, at most %(cap)s in a month") % words
    return _("%(amount)s for the month, at most %(cap)s") % words


def raised_by(version: IncentiveVersion) -> str:
    """What it counts, in words: an event and from which time on, or a figure with its window, floor and limit."""
    gauge, name = raisers.gauge_of(version.trigger), str(raisers.named(version.trigger))
    if gauge is None:
        return name if version.from_count == 1 else _("%(raised)s, from %(count)s times in a month on") % {
            "raised": name, "count": version.from_count}  # fmt: skip
    return _("%(figure)s: %(terms)s") % {"figure": name, "terms": gauge.words(version)}


def concerned(version: IncentiveVersion, now: datetime) -> Any:
    """Everybody in the scope of a version: people with these duties, merchants of these categories."""
    if version.rule.party == Party.MERCHANT:
        shops = Merchant.objects.exclude(state__in=sorted(TERMINAL)).order_by("pk")
        return shops.filter(main_category__in=version.categories) if version.categories else shops
    people = User.objects.active().with_role(*STAFF_ROLES).order_by("pk")
    if version.duties:
        held = TeamMember.objects.filter(active_to=None, team__duties__overlap=version.duties)
        people = people.filter(pk__in=held.values("person"))
    return people
