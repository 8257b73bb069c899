"""What the pages of this room show: the matrix of limits, comparisons, a person's certificates. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.states import Duty
from aftersales.core.rulebook import RuleState
from aftersales.core.wording import listed, money
from training import selectors, tierpages
from training.models import (
    Certificate,
    CourseVersion,
    ExamVersion,
    Limit,
    Number,
    Requirement,
    RubricVersion,
    Tier,
    TierVersion,
)
from training.states import LIVE, CertificateState, Decision, Partial, RunState, SeatState, Severity

MARKS = {
    RuleState.DRAFT: ("amber", "dashed"),
    RuleState.ACTIVE: ("green", "tick"),
    RuleState.RETIRED: ("bare", "full"),
    RuleState.REJECTED: ("bare", "cross"),
    RuleState.NOTED: ("grey", "ring"),
}
RUNS = {
    RunState.PLANNED: ("grey", "ring"),
    RunState.OPEN: ("blue", "half"),
    RunState.RUNNING: ("amber", "half"),
    RunState.DONE: ("green", "tick"),
    RunState.CANCELLED: ("bare", "cross"),
}
SEATS = {
    SeatState.ENROLLED: ("grey", "ring"),
    SeatState.PRESENT: ("green", "tick"),
    SeatState.ABSENT: ("red", "cross"),
    SeatState.WITHDRAWN: ("bare", "bar"),
}
HELD = {
    CertificateState.PROPOSED: ("amber", "dashed"),
    CertificateState.DECLINED: ("bare", "cross"),
    CertificateState.CERTIFIED: ("green", "tick"),
    CertificateState.EXPIRING: ("amber", "half"),
    CertificateState.EXPIRED: ("bare", "full"),
    CertificateState.SUSPENDED: ("red", "bar"),
    CertificateState.REVOKED: ("bare", "cross"),
}


@dataclass(frozen=True)
class Cell:
    """What one tier decides of one kind; ``limit`` None: nothing."""

    tier: Tier
    limit: Limit | None = None
    code: str = ""
    has_draft: bool = False
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Line:
    """One line of the comparison: what it is called, before, after."""

    label: str
    old: str
    new: str
    is_changed: bool


def badge_of(version: Any) -> tuple[str, str, str]:
    """Word, tone and mark of a version's state."""
    state = RuleState(version.state)
    return (str(state.label), *MARKS[state])


def run_badge(run: Any) -> tuple[str, str, str]:
    state = RunState(run.state)
    return (str(state.label), *RUNS[state])


def seat_badge(seat: Any) -> tuple[str, str, str]:
    state = SeatState(seat.state)
    return (str(state.label), *SEATS[state])


def certificate_badge(row: Certificate, now: datetime) -> tuple[str, str, str]:
    """What counts now: an ended one shows as ended before the sweep has said so, a coming one as coming."""
    state = CertificateState(row.state)
    if state in LIVE and row.valid_from > now:
        return (pgettext("certificate", "From later on"), "grey", "ring")
    if state in LIVE and row.valid_to <= now:
        state = CertificateState.EXPIRED
    return (str(state.label), *HELD.get(state, ("grey", "ring")))


def tiers(now: datetime) -> list[tuple[Tier, TierVersion | None, TierVersion | None]]:
    """Every tier by rank: its version in force and a waiting draft."""
    found: dict[int, list[TierVersion]] = {}
    for version in TierVersion.objects.select_related("tier").order_by("-number"):
        found.setdefault(version.tier_id, []).append(version)
    rows = [
        (tier, _in_force(found.get(tier.pk, []), now), _draft(found.get(tier.pk, [])))
        for tier in Tier.objects.all()
    ]
    return sorted(rows, key=lambda one: (one[1].rank if one[1] else 0, one[0].pk))


def _in_force(versions: Iterable[Any], now: datetime) -> Any:
    return next((one for one in versions if one.applies_at(now)), None)


def _draft(versions: Iterable[Any]) -> Any:
    return next((one for one in versions if one.state == RuleState.DRAFT), None)


def matrix(columns: Sequence[Tier], now: datetime) -> list[tuple[str, list[Cell]]]:
    """Kinds of decision down, tiers across."""
    found: dict[tuple[str, int], dict[str, list[Limit]]] = {}
    for limit in Limit.objects.select_related("tier").order_by("code", "-number"):
        found.setdefault((limit.kind, limit.tier_id), {}).setdefault(limit.code, []).append(limit)
    return [
        (str(label), [_cell(tier, found.get((kind, tier.pk), {}), now) for tier in columns])
        for kind, label in Decision.choices
    ]


def _cell(tier: Tier, codes: Mapping[str, Sequence[Limit]], now: datetime) -> Cell:
    for code, versions in codes.items():
        limit, draft = _in_force(versions, now), _draft(versions)
        if limit or draft:
            return Cell(tier, limit, code, draft is not None, limit_words(limit) if limit else ())
    return Cell(tier, code=next(iter(codes), ""))


def short(amount: Decimal, unit: str) -> str:
    """¥1,000 where there are no cents to say."""
    return money(amount, unit).removesuffix(".00")


def limit_words(limit: Any) -> list[str]:
    """The numbers of a limit as short as a cell of the matrix is."""
    unit = limit.currency
    lines = [
        pgettext("limit", "any amount") if limit.per_decision is None else short(limit.per_decision, unit)
    ]
    if limit.per_day is not None:
        lines.append(_("day %(amount)s") % {"amount": short(limit.per_day, unit)})
    if limit.per_customer is not None:
        lines.append(_("customer %(amount)s") % {"amount": short(limit.per_customer, unit)})
    if limit.four_eyes_above is not None:
        above = limit.four_eyes_above
        words = _("two persons > %(amount)s") % {"amount": short(above, unit)}
        lines.append(words if above else pgettext("limit", "always two persons"))
    return lines


def limit_lines(limit: Any) -> list[str]:
    """The numbers of a limit, each in a few words, the one per decision first."""
    unit = limit.currency
    lines = []
    if limit.per_decision is not None:
        lines.append(money(limit.per_decision, unit))
    else:
        lines.append(pgettext("limit", "any amount"))
    if limit.per_day is not None:
        lines.append(_("%(amount)s a day") % {"amount": money(limit.per_day, unit)})
    if limit.per_customer is not None:
        words = {"amount": money(limit.per_customer, unit), "days": limit.customer_days}
        lines.append(_("%(amount)s per customer in %(days)s days") % words)
    if limit.four_eyes_above is not None:
        lines.append(four_eyes(limit.four_eyes_above, unit))
    return lines


def four_eyes(above: Decimal, unit: str) -> str:
    if not above:
        return pgettext("limit", "always two persons")
    return _("two persons above %(amount)s") % {"amount": money(above, unit)}


def severities(codes: Iterable[str]) -> str:
    known = dict(Severity.choices)
    return listed(str(known.get(code, code)) for code in codes) or pgettext("rule", "all")


def duties(codes: Iterable[str]) -> str:
    """Duties in words; empty for all of them."""
    known = dict(Duty.choices)
    return listed(str(known.get(code, code)) for code in codes)


def requirements(now: datetime) -> list[tuple[str, str, Requirement | None, Requirement | None]]:
    """Duty, its name, the version in force, a waiting draft."""
    found: dict[str, list[Requirement]] = {}
    for row in Requirement.objects.select_related("tier").order_by("-number"):
        found.setdefault(row.duty, []).append(row)
    return [
        (duty, str(label), _in_force(found.get(duty, []), now), _draft(found.get(duty, [])))
        for duty, label in Duty.choices
    ]


def comparison(new: Any, old: Any) -> list[Line]:
    """What a version changes against the one before; changed lines first."""
    before, after = _said(old or new), _said(new)
    lines = [Line(label, before[label], words, before[label] != words) for label, words in after.items()]
    return sorted(lines, key=lambda one: not one.is_changed)


def _said(row: Any) -> dict[str, str]:
    if isinstance(row, TierVersion):
        return {
            _("Rank"): str(row.rank),
            _("Counts as senior"): _("Yes") if row.counts_as_senior else _("No"),
            _("A certificate lasts"): ngettext("%(n)s month", "%(n)s months", row.valid_months)
            % {"n": row.valid_months},
            _("End announced"): ngettext("%(n)s day before", "%(n)s days before", row.warn_days)
            % {"n": row.warn_days},
            **tierpages.terms(row),
        }
    if isinstance(row, Requirement):
        return {_("Asks for"): _("%(tier)s or higher") % {"tier": row.tier}}
    if isinstance(row, Number):
        return {row.name: number_words(row.value)}
    if isinstance(row, CourseVersion):
        return _course(row)
    if isinstance(row, RubricVersion):
        return {
            _("Criteria"): row.criteria,
            _("Passed from"): f"{row.pass_percent} %",
            _("Third assessor from (percent apart)"): f"{row.gap_percent} %",
        }
    if isinstance(row, ExamVersion):
        return _exam(row)
    return {
        _("Per decision"): _amount(row.per_decision, row.currency),
        _("Per day and person"): _amount(row.per_day, row.currency),
        _("Per customer"): _amount(row.per_customer, row.currency),
        _("Days that count per customer"): str(row.customer_days),
        _("Two persons"): pgettext("limit", "never needed")
        if row.four_eyes_above is None
        else four_eyes(row.four_eyes_above, row.currency),
        pgettext("rule", "Severity"): severities(row.severities),
    }


def number_words(value: Decimal) -> str:
    """30, not 30.00."""
    return f"{value.normalize():f}"


def hours_words(hours: Decimal) -> str:
    return _("%(n)s h") % {"n": number_words(hours)}


def months_words(months: int | None) -> str:
    if months is None:
        return pgettext("course", "for ever")
    return ngettext("%(n)s month", "%(n)s months", months) % {"n": months}


def tier_names(codes: Iterable[str]) -> str:
    """Tiers in words; empty for all of them."""
    wanted = list(codes)
    known = {tier.code: tier.name for tier in Tier.objects.filter(code__in=wanted)} if wanted else {}
    return listed(known.get(code, code) for code in wanted)


def _course(row: CourseVersion) -> dict[str, str]:
    return {
        _("Hours"): hours_words(row.hours),
        _("Counts for"): months_words(row.refresh_months),
        pgettext("exam", "Exam"): row.exam.name if row.exam else "–",
        pgettext("training", "Duties"): duties(row.duties) or pgettext("rule", "all"),
        pgettext("training", "Tiers"): tier_names(row.tiers) or pgettext("rule", "all"),
        _("Syllabus"): row.syllabus or "–",
        _("Material"): row.material or "–",
        _("Links"): row.links or "–",
    }


def _exam(row: ExamVersion) -> dict[str, str]:
    return {
        _("Blueprint"): row.blueprint,
        pgettext("exam", "Time"): _("%(minutes)d min") % {"minutes": row.minutes},
        _("Passed from"): f"{row.pass_percent} %",
        _("Partial credit"): str(Partial(row.partial).label),
        _("Tries"): _("as often as needed") if row.tries is None else str(row.tries),
        _("Pause between tries"): ngettext("%(n)s hour", "%(n)s hours", row.wait_hours)
        % {"n": row.wait_hours},
        _("Appeal"): ngettext("within %(n)s day", "within %(n)s days", row.appeal_days)
        % {"n": row.appeal_days},
    }


def _amount(amount: Decimal | None, unit: str) -> str:
    return pgettext("limit", "any amount") if amount is None else money(amount, unit)


@dataclass(frozen=True)
class Shown:
    """One allowance as the page says it."""

    label: str
    lines: Sequence[str]
    used: str
    left: str
    percent: int
    is_full: bool


def allowances(person: Any, now: datetime) -> list[Shown]:
    """What this person may decide now, and how much of the day is left."""
    return [_shown(one) for one in selectors.allowances(person, now)]


def _shown(one: selectors.Allowance) -> Shown:
    limit, left = one.limit, one.left_today
    share = int(min(limit.today / limit.per_day, Decimal(1)) * 100) if limit.per_day else 0
    return Shown(
        one.label, limit_lines(limit), money(limit.today, limit.currency) if limit.today else "",
        money(left, limit.currency) if left is not None else "", share, left == 0,
    )  # fmt: skip
