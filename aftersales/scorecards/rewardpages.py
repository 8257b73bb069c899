"""What the pages of the monthly run show: the rules of a month, who gets what by one of them, who nothing and why."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.models import User
from aftersales.core import wording
from aftersales.core.errors import Text
from aftersales.core.rulebook import RuleState
from aftersales.core.sheets.safe import safe
from aftersales.core.subjects import named
from aftersales.ledger import incentives, raisers
from aftersales.ledger import selectors as ledger
from aftersales.ledger.models import IncentiveVersion, Proposal, Raised
from aftersales.ledger.rules import amount_words
from aftersales.ledger.states import Measure, Party
from aftersales.merchants.models import Merchant
from aftersales.scorecards import charts
from aftersales.scorecards.metrics import metric
from aftersales.scorecards.models import MonthOutcome, MonthRun
from aftersales.scorecards.pages import BOM
from aftersales.scorecards.rewards import asking, selectors
from aftersales.scorecards.rewards.rules import Asked, Judged, Proof
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.services.months import SEEN

Badge = tuple[str, str, str]
MARKS: Mapping[Said, tuple[str, str]] = {
    Said.FOLLOWS: ("green", "disc"),
    Said.GATE: ("amber", "triangle"),
    Said.CHANCE: ("grey", "half"),
    Said.SHORT: ("bare", "cross"),
    Said.TOO_FEW: ("bare", "ring"),
    Said.COUNT: ("grey", "ring"),
    Said.OLD: ("bare", "ring"),
    Said.KEPT: ("green", "tick"),
    Said.TAKEN: ("grey", "bar"),
}
MONTHS_BACK = 12
PAGE = 50
ALL = "all"


@dataclass(frozen=True)
class Line:
    """One rule in a month: whether it was judged, what came of it, or what would."""

    version: IncentiveVersion
    says: str
    gives: str
    badge: Badge
    counts: list[tuple[str, int]]
    follows: int | None
    total: str
    url: str


@dataclass(frozen=True)
class Row:
    """One party: its figure with the interval beside the limit, what holds besides, what follows or why nothing."""

    one: Judged
    name: str
    url: str
    figure: str
    rate: str
    interval: str
    limit: str
    strip: SafeString | str
    gates: list[tuple[Text, str, bool, str]]
    gets: str
    capped: str
    badge: Badge
    rows: str
    proposal: tuple[str, str] | None = None


@dataclass(frozen=True)
class Shown:
    """A rule in a month: kept by its run, or judged now as a trial."""

    version: IncentiveVersion
    month: date
    run: MonthRun | None
    judged: Sequence[Judged]
    looked: int
    names: Mapping[int, tuple[str, str]] = field(default_factory=dict)


def months(now: datetime) -> list[date]:
    """Months that are over, newest first."""
    found, month = [], ledger.month_of(now)
    for _number in range(MONTHS_BACK):
        month = (month - timedelta(days=1)).replace(day=1)
        found.append(month)
    return found


def sees_all(user: Any, party: str) -> bool:
    """Whether a trial may be shown: it names everybody."""
    return bool(user.has_perm(SEEN[Party(party)]))


def versions_of(month: date) -> list[tuple[IncentiveVersion, bool]]:
    """Versions that hang on a figure, by rule, with whether they judge the month: the one that does, else the waiting
    draft, else the newest one.
    """
    counts = {one.rule_id: one for one in incentives.on_figures(month)}
    rows = IncentiveVersion.objects.exclude(terms={}).exclude(state=RuleState.REJECTED).select_related("rule")
    by: dict[int, list[IncentiveVersion]] = {}
    for one in rows.order_by("rule__party", "rule__code", "-number"):
        if raisers.gauge_of(one.trigger) is not None:
            by.setdefault(one.rule_id, []).append(one)
    return [
        (counts[rule], True) if rule in counts else (_newest(listed), False) for rule, listed in by.items()
    ]


def _newest(listed: Sequence[IncentiveVersion]) -> IncentiveVersion:
    return next((one for one in listed if one.state in (RuleState.DRAFT, RuleState.ACTIVE)), listed[0])


def overview(user: Any, month: date, now: datetime) -> list[Line]:
    """Every rule of a month; of those that were not judged yet the trial, for who may see everybody."""
    runs = {row.rule_id: row for row in MonthRun.objects.filter(month=month)}
    seen = MonthOutcome.objects.visible_to(user).filter(run__in=runs.values())
    kept: dict[int, Counter[str]] = {}
    sums: dict[int, Decimal] = {}
    told = seen.values_list("run__rule_id", "said").annotate(Count("id"), Sum("amount")).order_by()
    for rule, said, number, amount in told:
        kept.setdefault(rule, Counter())[said] += number
        sums[rule] = sums.get(rule, Decimal(0)) + (amount or 0)
    return [
        _line(user, version, month, now, runs.get(version.rule_id), is_in, kept.get(version.rule_id), sums)
        for version, is_in in versions_of(month)
    ]


def _line(
    user: Any, version: IncentiveVersion, month: date, now: datetime, run: MonthRun | None, is_in: bool,
    kept: Counter[str] | None, sums: Mapping[int, Decimal],
) -> Line:  # fmt: skip
    counts: Counter[str] | None = kept or (Counter() if sees_all(user, version.rule.party) else None)
    total = sums.get(version.rule_id, Decimal(0))
    if run is None:
        counts, total = None, Decimal(0)
        if sees_all(user, version.rule.party):
            found = selectors.judged(version, month, dry=not is_in)
            counts = Counter(str(one.said) for one in found)
            total = sum((one.amount or Decimal(0) for one in found), Decimal(0))
    listed = (
        [(str(one.label), counts[one]) for one in Said if counts[one] and one != Said.FOLLOWS]
        if counts
        else []
    )
    return Line(
        version, incentives.raised_by(version), incentives.gives(version),
        state_of(version, month, run, now, is_in=is_in), listed,
        None if counts is None else counts[Said.FOLLOWS], amount_words(total, version.unit) if total else "",
        reverse("rewards:rule", args=[version.rule.code, f"{month:%Y-%m}"]),
    )  # fmt: skip


def state_of(
    version: IncentiveVersion, month: date, run: MonthRun | None, now: datetime, *, is_in: bool
) -> Badge:
    """Where a rule stands in a month."""
    if run is not None:
        if run.done_at is None:
            return (pgettext("monthly run", "Being proposed"), "amber", "half")
        return (pgettext("monthly run", "Proposed"), "green", "disc")
    if not is_in:
        return (pgettext("monthly run", "Trial only: not in force"), "bare", "ring")
    begins = selectors.settled(version, month)
    if now < begins:
        return (_("Settles on %(day)s") % {"day": f"{timezone.localtime(begins):%m-%d}"}, "grey", "ring")
    return (pgettext("monthly run", "Ready"), "blue", "half")


# ------------------------------------------------------------------------------------------- one rule
def shown(user: Any, version: IncentiveVersion, month: date, *, number: int | None) -> Shown:
    """What the run kept, of whom this person may see; without a run the trial, for who may see everybody."""
    run = (
        MonthRun.objects.filter(rule=version.rule_id, month=month)
        .select_related("rule_version__rule", "by")
        .first()
    )
    if run is not None and number in (None, run.rule_version.number):
        kept = MonthOutcome.objects.visible_to(user).filter(run=run).order_by("party_id")
        return Shown(run.rule_version, month, run, selectors.kept(kept), run.looked)
    if not sees_all(user, version.rule.party):
        return Shown(version, month, None, [], 0)
    is_in = version.pk in {one.pk for one in incentives.on_figures(month)}
    found = selectors.judged(version, month, dry=not is_in)
    return Shown(version, month, None, found, len(found))


def tabs(found: Shown, asked: str) -> tuple[str, list[tuple[str, str, int]]]:
    """Which of them are shown, and the choice: those whom something follows for first."""
    counted = Counter(str(one.said) for one in found.judged)
    listed = [(str(one), str(one.label), counted[one]) for one in Said if counted[one]]
    listed.append((ALL, pgettext("reward", "All"), len(found.judged)))
    codes = [code for code, _words, _n in listed]
    return (asked if asked in codes else codes[0]), listed


def page_of(
    found: Shown, user: Any, which: str, after: int | None, number: int | None
) -> tuple[list[Row], int | None]:
    """A page of the parties, and the key to go on from."""
    chosen = [
        one for one in found.judged if which in (ALL, one.said) and (after is None or one.party_id > after)
    ]
    page = chosen[:PAGE]
    return rows_of(found, page, user, number), page[-1].party_id if len(chosen) > PAGE else None


def rows_of(found: Shown, page: Sequence[Judged], user: Any, number: int | None) -> list[Row]:
    """Parties in words: three statements for the names and the proposals, however many there are."""
    names = _names(found.version, page, user)
    made = _proposals(found, page, user)
    asked = asking.asked(found.version)
    return [_row(found, asked, one, names, made, number) for one in page]


def _names(version: IncentiveVersion, page: Sequence[Judged], user: Any) -> dict[int, tuple[str, str]]:
    keys = [one.party_id for one in page]
    if version.rule.party == Party.PERSON:
        return {row.pk: (str(row), "") for row in User.objects.filter(pk__in=keys)}
    urls = named([("merchants.merchant", key) for key in keys], user)
    shops = Merchant.objects.filter(pk__in=keys)
    return {
        row.pk: (row.name, urls[kind].url if (kind := ("merchants.merchant", row.pk)) in urls else "")
        for row in shops
    }


def _proposals(found: Shown, page: Sequence[Judged], user: Any) -> dict[int, tuple[str, str]]:
    """Party → number and address of the proposal that the run made."""
    if found.run is None:
        return {}
    raised = Raised.objects.filter(
        rule=found.version.rule_id, month=found.month, party_id__in=[one.party_id for one in page]
    )
    keys = dict(raised.values_list("pk", "party_id"))
    rows = Proposal.objects.visible_to(user).filter(source_kind="ledger.raised", source_id__in=list(keys))
    return {
        keys[row.source_id]: (row.number, reverse("ledger:proposal", args=[row.public_id])) for row in rows
    }


def _row(
    found: Shown, asked: Asked, one: Judged, names: Mapping[int, tuple[str, str]],
    made: Mapping[int, tuple[str, str]], number: int | None,
) -> Row:  # fmt: skip
    first, version = one.proofs[0], found.version
    name, url = names.get(one.party_id, (f"#{one.party_id}", ""))
    is_score = first.code == "score"
    gets, capped = _gets(one, version)
    keep = f"?v={number}" if number is not None else ""
    args = [version.rule.code, f"{found.month:%Y-%m}", one.party_id]
    gates = [
        (
            metric(gate.code).name,
            _gate_words(gate),
            gate.holds,
            reverse("rewards:rows", args=[*args, gate.code]) + keep,
        )
        for gate in one.proofs[1:]
    ]
    return Row(
        one, name, url, _figure(first), _value(first), _interval(first),
        _limit(asked, first), "" if is_score else _strip(asked, first), gates, gets, capped,
        (str(one.said.label), *MARKS[one.said]),
        "" if is_score else reverse("rewards:rows", args=[*args, first.code]) + keep, made.get(one.party_id),
    )  # fmt: skip


def _gets(one: Judged, version: IncentiveVersion) -> tuple[str, str]:
    """What follows, and what the count alone would have brought where the cap cut it."""
    if one.said != Said.FOLLOWS:
        return "", ""
    if one.amount is None or one.counted is None:
        return str(Measure(one.measure).label), ""
    return amount_words(one.amount, version.unit), (
        amount_words(one.counted, version.unit) if one.counted != one.amount else ""
    )


def _figure(first: Proof) -> str:
    """Good or bad of all, and how many are not in it because they led to something already."""
    told = [] if first.code == "score" else [f"{first.num:,} / {first.den:,}"]
    if first.spent:
        told.append(
            ngettext(
                "without %(n)d further bad case that had its consequence already",
                "without %(n)d further bad cases that had their consequence already",
                first.spent,
            )
            % {"n": first.spent}
        )
    return pgettext("between terms", "; ").join(told)


def _value(first: Proof) -> str:
    if first.code == "score":
        return f"{first.rate}" + (f" {first.grade}" if first.grade else "")
    return wording.percent(first.rate) if first.rate is not None else "–"


def _interval(first: Proof) -> str:
    if first.low is None or first.high is None:
        return ""
    if first.code == "score":
        return f"{first.low}–{first.high}"
    return f"{wording.percent(first.low)}–{wording.percent(first.high)}"


def _limit(asked: Asked, first: Proof) -> str:
    if first.code == "score":
        return first.limit
    sign = "≥" if asked.higher_is_better == asked.is_reward else "≤"
    if not asked.is_reward:
        sign = "<" if asked.higher_is_better else ">"
    return f"{sign} {wording.percent(Decimal(first.limit))}"


def _gate_words(gate: Proof) -> str:
    rate = wording.percent(gate.rate) if gate.rate is not None else "–"
    return f"{rate} ({gate.num:,} / {gate.den:,}; {wording.percent(Decimal(gate.limit))})"


def _strip(asked: Asked, first: Proof) -> SafeString | str:
    if first.rate is None or first.low is None or first.high is None:
        return ""
    finding = _("%(rate)s, between %(interval)s; target %(limit)s") % {
        "rate": wording.percent(first.rate), "interval": _interval(first), "limit": _limit(asked, first)
    }  # fmt: skip
    return charts.strip(
        float(first.rate), float(first.low), float(first.high), float(first.limit), finding=finding
    )


def sheet(found: Shown, rows: Iterable[Row]) -> str:
    """Everybody of the month as CSV; nothing in it is taken for a formula by a spreadsheet."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([
        pgettext("ledger", "Month"), pgettext("ledger", "Rule"), pgettext("ledger", "Party"),
        pgettext("reward", "Outcome"), pgettext("reward", "Gets"), pgettext("reward", "Before the cap"),
        pgettext("score", "Numerator"), pgettext("score", "Denominator"), pgettext("score", "Rate"),
        pgettext("score", "Interval"), pgettext("reward", "Limit"), pgettext("reward", "Must hold besides"),
        pgettext("ledger", "Proposal"),
    ])  # fmt: skip
    for row in rows:
        first = row.one.proofs[0]
        gates = wording.listed(
            f"{name} {words} {'✓' if holds else '✗'}" for name, words, holds, _url in row.gates
        )
        cells = [
            f"{found.month:%Y-%m}", f"{found.version.rule.name} v{found.version.number}", row.name, row.badge[0],
            row.gets, row.capped, str(first.num), str(first.den), row.rate, row.interval, row.limit, gates,
            row.proposal[0] if row.proposal else "",
        ]  # fmt: skip
        writer.writerow([safe(cell) for cell in cells])
    return BOM + text.getvalue()
