"""How a merchant keeps what he agreed to: each duty with its count, each breach with its evidence. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from aftersales.cases.models import Case
from aftersales.cases.selectors import given_at
from aftersales.clocks.models import BreachExclusion, Clock
from aftersales.merchants.agreementrules import Clause
from aftersales.merchants.agreementselectors import Asked, clauses_binding, limit_of
from aftersales.merchants.duties import declared
from aftersales.merchants.models import AgreementVersion, Merchant
from aftersales.standards import selectors as rule_book
from aftersales.standards.models import StandardVersion
from aftersales.standards.states import ClockKind, Debtor, Promise

PAGE = 50
MOST = 200  # of one week
SPANS = (30, 90, 365)


@dataclass(frozen=True)
class Owed:
    """One duty over the last days: kept, broken and left out for a time; the number reached for what is counted.

    ``promoted``: of a time that a promotion changed for its days, the version that holds now instead.
    """

    version: AgreementVersion
    number: int
    clause: Clause
    words: str
    kept: int = 0
    broken: int = 0
    left_out: int = 0
    reached: str = ""
    is_kept: bool | None = None
    promoted: StandardVersion | None = None

    @property
    def usual(self) -> str:
        """The time agreed on, which holds outside the promotion."""
        return limit_of(self.clause)

    @property
    def share(self) -> str:
        """Kept of those that count; empty for what is counted otherwise or where nothing ended."""
        counts = self.kept + self.broken
        return f"{100 * self.kept / counts:.1f} %" if counts else ""


def owed(merchant: Merchant, days: int, now: datetime, asked: Sequence[Asked] | None = None) -> list[Owed]:
    """Every duty of his agreements over the last ``days``; a few queries, however many duties there are."""
    clauses = clauses_binding(merchant, now, asked)
    ended = _ended(merchant, now - timedelta(days=days), now)
    wanted = {clause.counted for _version, _number, clause in clauses if clause.counted}
    until = timezone.localdate(now)
    since = until - timedelta(days=days - 1)
    found = {
        code: one.found([merchant.pk], since, until, now).get(merchant.pk)
        for code, one in declared().items()
        if code in wanted
    }
    with rule_book.one_edition():
        promoted = _promoted(merchant, now)
        return [_owed(version, number, clause, ended, found, promoted) for version, number, clause in clauses]


def _owed(
    version: AgreementVersion, number: int, clause: Clause, ended: Mapping[str, tuple[int, int, int]],
    found: Mapping[str, tuple[int, int] | None], promoted: Mapping[str, StandardVersion],
) -> Owed:  # fmt: skip
    if clause.standard:
        today = promoted.get(clause.standard)
        limit = limit_of(clause)
        if today is not None:
            limit = rule_book.limit_words(today.limit_value, today.limit_unit)
        words = f"{rule_book.book().name_of(clause.standard)} · {limit}"
        counts = ended.get(clause.standard, (0, 0, 0))
        return Owed(version, number, clause, words, *counts, promoted=today)
    one = declared().get(clause.counted)
    if one is None:
        return Owed(version, number, clause, clause.counted)
    numbers, least = found.get(clause.counted), clause.at_least or 0
    words = f"{one.label} {one.owed(least)}"
    return Owed(
        version, number, clause, words, reached=one.words(numbers), is_kept=one.reaches(numbers, least)
    )


def _promoted(merchant: Merchant, now: datetime) -> Mapping[str, StandardVersion]:
    """What promotions of the shop's market say today, by standard; the last one where several do."""
    return {
        one.standard.code: one for one in rule_book.promoted_for(merchant.market_id) if one.applies_at(now)
    }


def _ended(merchant: Merchant, since: datetime, now: datetime) -> Mapping[str, tuple[int, int, int]]:
    """By standard: kept, broken, left out. A breach counts when its time ran out, kept when it was kept. One query."""
    broken = Q(breached_at__isnull=False)
    standing = BreachExclusion.objects.standing().filter(clock=OuterRef("pk"))
    ran_out = Q(breached_at__gte=since, breached_at__lte=now)
    kept = Q(breached_at=None, met_at__gte=since, met_at__lte=now)
    rows = (
        of_merchant(merchant)
        .filter(ran_out | kept)
        .annotate(is_out=Exists(standing))
        .values_list("standard_version__standard__code")
        .order_by()
        .annotate(
            kept=Count("pk", filter=~broken), broken=Count("pk", filter=broken & Q(is_out=False)),
            out=Count("pk", filter=broken & Q(is_out=True)),
        )
    )  # fmt: skip
    return {code: (kept, counts, out) for code, kept, counts, out in rows if code}


def of_merchant(merchant: Merchant) -> QuerySet[Clock]:
    """What this merchant owes or owed, historic facts apart."""
    rows: QuerySet[Clock] = Clock.objects.filter(
        merchant_id=merchant.pk, owed_by=Debtor.MERCHANT, is_historic=False
    )
    return rows


@dataclass(frozen=True)
class Breach:
    """One breach: the promise, the rule it cites, the clause it breaks, whether it counts and why not.

    ``given``: of a refund since when the platform had it; that far the delay is the merchant's.
    """

    clock: Clock
    rule: str
    citation: str
    owed: Owed | None
    exclusion: BreachExclusion | None
    earlier: Sequence[BreachExclusion]
    given: datetime | None = None


def breaches(
    rows: QuerySet[Clock],
    duties: Sequence[Owed],
    *,
    before: int | None = None,
    only: str = "",
    people: bool = False,
) -> tuple[list[Breach], int | None]:
    """Breaches newest first, and the key to go on from; five queries for any number.

    ``rows``: clocks of one merchant that the reader may see. ``only``: ``counted`` or ``left_out``. ``people``: with
    who left them out, which no merchant reads.
    """
    found = rows.filter(breached_at__isnull=False)
    standing = BreachExclusion.objects.standing().filter(clock__in=found.order_by().values("pk"))
    if only == "left_out":
        found = found.filter(pk__in=standing.values("clock"))
    elif only == "counted":
        found = found.exclude(pk__in=standing.values("clock"))
    if before is not None:
        last = Clock.objects.filter(pk=before, breached_at__isnull=False).first()
        if last is not None:
            found = found.filter(
                Q(breached_at__lt=last.breached_at) | Q(breached_at=last.breached_at, pk__lt=before)
            )
    persons = ("by", "ended_by") if people else ()
    listed = BreachExclusion.objects.select_related("circumstance", *persons).order_by("-at", "-pk")
    shown = list(
        found.select_related("standard_version__standard")
        .prefetch_related(Prefetch("exclusions", listed))
        .order_by("-breached_at", "-pk")[: PAGE + 1]
    )
    by_standard = {one.clause.standard: one for one in duties if one.clause.standard}
    given = _given(shown)
    page = [_breach(one, by_standard, given.get(one.pk)) for one in shown[:PAGE]]
    return page, page[-1].clock.pk if len(shown) > PAGE else None


def _given(clocks: Sequence[Clock]) -> Mapping[int, datetime]:
    """By clock since when the platform had the refund that it is about."""
    refunds = [
        one for one in clocks if (one.subject_kind, one.promise) == (Case._meta.label_lower, Promise.REFUND)
    ]
    given = given_at({one.subject_id for one in refunds}) if refunds else {}
    return {one.pk: given[one.subject_id] for one in refunds if one.subject_id in given}


def _breach(clock: Clock, duties: Mapping[str, Owed], given: datetime | None = None) -> Breach:
    version = clock.standard_version
    said = list(clock.exclusions.all())
    standing = next((one for one in said if one.ended_at is None), None)
    return Breach(
        clock, version.standard.name if version else str(clock.get_promise_display()),
        version.citation if version else "", duties.get(version.standard.code) if version else None, standing,
        [one for one in said if one.ended_at is not None], given,
    )  # fmt: skip


def subject_keys(found: Sequence[Breach]) -> list[tuple[str, int]]:
    """What each is about, as ``core.subjects`` names it."""
    return [(one.clock.subject_kind, one.clock.subject_id) for one in found]


def ended_between(
    rows: QuerySet[Clock], since: datetime, until: datetime, duties: Sequence[Owed] = (), *, promise: str = ""
) -> tuple[list[Breach], bool]:
    """What fell to a span of time, kept and broken alike, as ``obligations_kept`` counts it, and whether there is more.

    A broken one falls to when its time ran out, a kept one to when it was kept; the broken ones first. Two statements.
    ``rows``: clocks of one merchant that the reader may see.
    """
    ran_out = Q(breached_at__gte=since, breached_at__lt=until)
    kept = Q(breached_at=None, met_at__gte=since, met_at__lt=until)
    found = rows.filter(ran_out | kept, kind__in=(ClockKind.OBLIGATION, ClockKind.STATUTORY))
    if promise:
        found = found.filter(promise=promise)
    listed = BreachExclusion.objects.select_related("circumstance").order_by("-at", "-pk")
    shown = list(
        found.select_related("standard_version__standard")
        .prefetch_related(Prefetch("exclusions", listed))
        .order_by(F("breached_at").asc(nulls_last=True), "met_at", "pk")[: MOST + 1]
    )
    by_standard = {one.clause.standard: one for one in duties if one.clause.standard}
    return [_breach(one, by_standard) for one in shown[:MOST]], len(shown) > MOST
