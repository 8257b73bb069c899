"""What the rule workshop shows: rules, versions side by side, a trial on a past month, the announcement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from accounts.models import User
from accounts.states import Duty
from aftersales.core.rulebook import RuleState
from aftersales.ledger import incentives, raisers, selectors
from aftersales.ledger.figureterms import FIELDS, read
from aftersales.ledger.incentiverules import Result
from aftersales.ledger.incentives import gives
from aftersales.ledger.models import IncentiveRule, IncentiveVersion
from aftersales.ledger.rules import amount_words
from aftersales.ledger.services.announcing import TOLD
from aftersales.ledger.states import Party
from aftersales.merchants.models import Merchant
from aftersales.notices.models import Notice
from aftersales.notices.states import NoticeState
from aftersales.standards.announcing.pages import Term, compared, listed

MARKS = {
    RuleState.DRAFT: ("amber", "half"),
    RuleState.ACTIVE: ("green", "full"),
    RuleState.RETIRED: ("bare", "full"),
    RuleState.REJECTED: ("bare", "cross"),
    RuleState.NOTED: ("blue", "ring"),
}
MONTHS_BACK = 12


def badges(versions: Iterable[IncentiveVersion], now: datetime) -> dict[int, tuple[str, str, str]]:
    """Version → badge. Announced is not yet in force, and what nobody was told of is not announced."""
    rows = list(versions)
    waiting = [one.pk for one in rows if _waits(one, now)]
    told: set[int] = set()
    if waiting:
        notices = Notice.objects.filter(source__in=TOLD.values()).about(rows[0]._meta.label_lower, *waiting)
        told = set(notices.values_list("subject_id", flat=True).distinct())
    return {one.pk: _badge(one, one.pk in told, now) for one in rows}


def _waits(version: IncentiveVersion, now: datetime) -> bool:
    return version.state == RuleState.ACTIVE and version.valid_from is not None and now < version.valid_from


def _badge(version: IncentiveVersion, is_told: bool, now: datetime) -> tuple[str, str, str]:
    if _waits(version, now):
        if is_told:
            return (pgettext("rule state", "Announced"), "blue", "three")
        return (pgettext("rule state", "Nobody told yet"), "amber", "three")
    state = RuleState(version.state)
    return (str(state.label), *MARKS[state])


def overview(now: datetime) -> list[tuple[IncentiveRule, IncentiveVersion | None, Any, bool]]:
    """Every rule with the version that counts or will, its badge, and whether a draft waits. Three statements."""
    found = list(listed(IncentiveRule.objects.order_by("party", "code")))
    marks = badges([shown for _rule, shown, _waits in found if shown], now)
    return [(rule, shown, marks[shown.pk] if shown else None, waits) for rule, shown, waits in found]


def _terms(version: IncentiveVersion) -> dict[str, str]:
    duties = [str(Duty(one).label) for one in version.duties]
    comma = pgettext("list", ", ")
    return {
        _("Raised by"): str(raisers.named(version.trigger)),
        **_counted(version),
        pgettext("incentive", "Consequence"): gives(version),
        _("For"): comma.join([*duties, *version.categories]) or _("everybody"),
        _("Scheme adopted with staff"): str(version.scheme or "–"),
    }


def _counted(version: IncentiveVersion) -> dict[str, str]:
    """From which time on it counts; of a figure each of its terms, so that a change is seen at its place."""
    if not version.terms:
        return {_("From how many times in a month"): str(version.from_count)}
    said = version.terms | {"gates": "\n".join(_gates(version))}
    return {str(label): said[name] for name, label in FIELDS.items() if name in version.terms}


def _gates(version: IncentiveVersion) -> list[str]:
    """Each gate with its figure's name, the limit and from how many cases."""
    of = version.trigger.split(".")[1]
    gates = read(version.terms).gates
    return [f"{raisers.named(f'metric.{of}.{one.figure}')} {one.limit} ({one.least})" for one in gates]


def terms(version: IncentiveVersion, before: IncentiveVersion | None) -> list[Term]:
    """What it says, beside what the version before it said."""
    now, then = _terms(version), _terms(before) if before else {}
    if version.rule.party == Party.MERCHANT:
        now.pop(_("Scheme adopted with staff"))
    return compared(now, then)


@dataclass(frozen=True)
class Tried:
    """One line of a trial."""

    name: str
    result: Result
    gets: str
    counted: str


def trial(version: IncentiveVersion, month: date) -> list[Tried]:
    """Who would get what for a past month, and why; nothing is written."""
    if raisers.gauge_of(version.trigger) is not None:
        return []  # the room that counts the figure shows it, with everybody who gets nothing and why
    found = incentives.judged(version, month, dry=True)
    model: Any = Merchant if version.rule.party == Party.MERCHANT else User
    rows = model.objects.filter(pk__in=[one.party_id for one in found])
    names = {row.pk: getattr(row, "name", "") or str(row) for row in rows}
    return [
        Tried(
            names.get(one.party_id, f"#{one.party_id}"), one,
            gives(version) if one.amount is None else amount_words(one.amount, version.unit),
            amount_words(one.counted, version.unit) if one.counted is not None and one.is_capped else "",
        )
        for one in found
    ]  # fmt: skip


def dry_run(version: IncentiveVersion, now: datetime) -> str:
    """Address of the dry run of a rule that hangs on a figure, for the month that is over; empty for other rules."""
    gauge = raisers.gauge_of(version.trigger)
    return gauge.page(version.rule.code, past_months(now)[1]) if gauge is not None else ""


def past_months(now: datetime) -> list[date]:
    """Months a rule can be tried on, newest first; the running one as far as it went."""
    found, month = [], selectors.month_of(now)
    for _number in range(MONTHS_BACK):
        found.append(month)
        month = (month - timedelta(days=1)).replace(day=1)
    return found


ANNOUNCEMENT = gettext_lazy(
    "“%(name)s” (%(citation)s) comes into force on %(day)s. It counts: %(raised)s. "
    "What follows: %(gives)s. Whoever is concerned is told fact, rule and calculation each time, can appeal within the "
    "time stated, and another person decides. Source: %(source)s"
)


def announcement(version: IncentiveVersion, now: datetime) -> str:
    """The text to publish with a version, for a draft with the earliest day it could begin."""
    begin = version.valid_from or incentives.earliest(version, now)
    begin = begin.astimezone(incentives.month_start(begin.date()).tzinfo)
    return str(ANNOUNCEMENT) % {
        "name": version.rule.name, "citation": f"v{version.number}", "day": f"{begin:%Y-%m-%d}",
        "raised": incentives.raised_by(version), "gives": gives(version),
        "source": f"{version.source_ref} {version.source}",
    }  # fmt: skip


@dataclass(frozen=True)
class ToldOf:
    """Somebody who was told of a version, and when."""

    name: str
    at: datetime
    read_at: datetime | None
    failed: str


def told_of(version: IncentiveVersion, limit: int = 200) -> tuple[list[ToldOf], int]:
    """Who was told that a version is announced, once each, newest first; and how many they are in all."""
    rows = Notice.objects.filter(source__in=TOLD.values()).about(version._meta.label_lower, version.pk)
    by: dict[tuple[str, int], list[Notice]] = {}
    for row in rows.order_by("-pk"):
        by.setdefault((row.recipient_kind, row.user_id or row.merchant_id), []).append(row)
    shown = list(by.items())[:limit]
    people = User.objects.in_bulk([key for (kind, key), _rows in shown if kind == "user"])
    shops = Merchant.objects.in_bulk([key for (kind, key), _rows in shown if kind == "merchant"])
    return [
        ToldOf(
            str(people.get(key) if kind == "user" else getattr(shops.get(key), "name", "")) or f"#{key}",
            found[0].created_at, max((one.read_at for one in found if one.read_at), default=None),
            _not_reached(found),
        )
        for (kind, key), found in shown
    ], len(by)  # fmt: skip


def _not_reached(rows: Sequence[Notice]) -> str:
    """Why nobody could be reached, when no channel arrived and none waits."""
    if any(one.state in (NoticeState.QUEUED, NoticeState.SENT) for one in rows):
        return ""
    return str(rows[0].get_skip_reason_display() or rows[0].get_state_display())
