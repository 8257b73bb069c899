"""Looking for surges: counts of days, and warnings that are raised, grow or open again."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Max

from aftersales.cases.models import Case
from aftersales.core import moves, series, tablestats
from aftersales.core.errors import NotPermitted
from aftersales.improvement import counting, looking, rules
from aftersales.improvement.models import SurgeCount, Warning, WarningDay, WarningTicket
from aftersales.improvement.rules import Found, Numbers
from aftersales.improvement.states import NARROWER, OPEN, Period, Surged
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Order, OrderLine, Product, Shipment
from aftersales.standards import selectors as rule_book
from aftersales.tickets.models import Ticket

LATELY = 9  # days whose tickets may still change what they are about
DAY = timedelta(days=1)
LOCK = 826_706  # one look at a time, so that two of them raise no warning twice
RAISE = "improvement.move"
READ = (Ticket, Order, OrderLine, Shipment, Case, SurgeCount)


def counts_refresh(*, first: date, last: date) -> int:
    """Count the tickets and orders of these days anew; how many counts differed."""
    different = 0
    for kind in looking.BY_TIME:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(counting.refreshed(kind), looking.moments(first, last) | {"kind": kind.value})
            different += cursor.rowcount
    return different


def surges_look(
    *, actor: Any, now: datetime, days: Sequence[date] = (), recount: bool = False
) -> list[Warning]:
    """Look at the days since the last look, or at ``days``; the warnings that were raised, grew or opened again.

    Run twice it changes nothing: a warning is one for each subject and holds each period once. The last days are
    counted anew before, with ``recount`` (or where nothing was counted yet) all days of the longest base.
    """
    permit(actor)
    for model in READ:
        tablestats.freshen(model)  # freshly loaded tables pass for empty ones
    asked = sorted(days) or _days(now.astimezone(looking.zone()).date())
    with rule_book.one_edition():
        terms, without = looking.numbers(now), looking.left_out(now)
        recount = recount or not SurgeCount.objects.exists()
        back = timedelta(weeks=rules.tiers(terms)[-1] + 1) if recount else LATELY * DAY
        counts_refresh(first=asked[0] - back, last=asked[-1])
        changed: dict[int, Warning] = {}
        for last in asked:
            for kind in Surged:
                found = looking.surges(kind, last, terms, without)
                for one in found:
                    with transaction.atomic():
                        _locked()
                        row = _taken(kind, one, terms, actor, now)
                    if row is not None:
                        changed[row.pk] = row
        _explain(float(rule_book.parameter("warning_overlap", now)) / 100)
    return list(Warning.objects.filter(pk__in=changed).order_by("pk"))


def _days(today: date) -> list[date]:
    """Today and yesterday; after a stand-still the days that nobody looked at, as far back as tickets still move."""
    counted = SurgeCount.objects.filter(day__lte=today).aggregate(last=Max("day"))["last"]
    begin = max(min(counted or today, today - DAY), today - (LATELY - 1) * DAY)
    return [begin + number * DAY for number in range((today - begin).days + 1)]


def permit(actor: Any) -> None:
    """Only the system looks. Raises NotPermitted."""
    if not actor.has_perm(RAISE):
        raise NotPermitted()


def _locked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _taken(kind: Surged, found: Found, terms: Numbers, actor: Any, now: datetime) -> Warning | None:
    """The warning that now holds this period; None where nothing is new."""
    row = Warning.objects.filter(kind=kind, key=found.key).order_by("-last_day", "-pk").first()
    if row is not None:
        row = moves.locked(row)  # people may be closing it
    if row is not None and not row.is_open:
        if _looked_at(row, found, terms):
            return None
        again = rule_book.parameter("warning_reopen_days", now)
        soon = (found.last - row.last_day).days <= again and row.base_since is None
        row = moves.perform(row, "reopen", actor=actor, now=now) if soon else None
    is_new = row is None
    if row is None:
        row = _raised(kind, found, actor, now)
    grew = _day(row, found, terms.cited, now)
    if not (grew or is_new) and found.period is Period.BATCH:
        return None  # counted since it was sent: its tickets are sought only when there are more
    more = _tickets(row, kind, found)
    return _grown(row, found, actor, now) if is_new or grew or more else None


def _looked_at(row: Warning, found: Found, terms: Numbers) -> bool:
    """Whether people closed these days with it. A batch's days begin when it was sent: there only growth is news."""
    if found.period is Period.BATCH:
        seen = WarningDay.objects.filter(warning=row).aggregate(most=Max("observed"))["most"] or 0
        return not rules.has_grown(seen, found, terms)
    assert row.closed_at is not None
    return found.first <= row.closed_at.astimezone(looking.zone()).date()


def _raised(kind: Surged, found: Found, actor: Any, now: datetime) -> Warning:
    product, shop = _about(kind, found.key)
    row = Warning(
        number=series.next_number("warning", now), kind=kind, key=found.key, merchant_id=shop, product_id=product,
        first_day=found.first, last_day=found.last, observed=found.observed, expected=_two(found.expected),
        limit=found.limit, strength=rules.strength(found.tail), raised_at=now,
    )  # fmt: skip
    created: Warning = moves.create(
        row, actor=actor, now=now, event="warning.raised",
        payload={"number": row.number, "kind": kind.value, "observed": found.observed},
    )  # fmt: skip
    return created


def _about(kind: Surged, key: str) -> tuple[int | None, int | None]:
    """Product and merchant of a subject, where it has any."""
    if kind is Surged.MERCHANT:
        return None, Merchant.objects.filter(pk=int(key)).values_list("pk", flat=True).first()
    if kind in {Surged.PRODUCT, Surged.BATCH}:
        found = Product.objects.filter(pk=int(key.partition("|")[0])).values_list("pk", "merchant_id").first()
        return found if found is not None else (None, None)
    return None, None


def _two(number: float) -> Decimal:
    return Decimal(f"{min(number, 9_999_999):.2f}")


def _day(row: Warning, found: Found, cited: str, now: datetime) -> bool:
    """Write the period, or what it has grown to; whether anything is new. A day that has begun goes on counting."""
    columns = {
        "chart": found.chart, "first": found.first, "observed": found.observed, "base": found.base,
        "base_size": found.base_size, "share": found.share, "expected": _two(found.expected), "limit": found.limit,
        "chance": found.chance, "tail": found.tail, "numbers": cited,
    }  # fmt: skip
    days = WarningDay.objects.filter(warning=row, period=found.period)
    known = days.filter(last=found.last).first()
    if found.period is Period.BATCH and days.filter(observed__gte=found.observed).exists():
        return False  # counted since it was sent: without a new ticket there is no news
    if known is None:
        WarningDay.objects.create(warning=row, period=found.period, last=found.last, found_at=now, **columns)
        return True
    if known.observed >= found.observed:
        return False
    WarningDay.objects.filter(pk=known.pk).update(**columns)
    return True


def _tickets(row: Warning, kind: Surged, found: Found) -> int:
    """The very tickets that were counted; how many are new."""
    behind = looking.behind(kind, found.key, found.first, found.last)
    known = set(WarningTicket.objects.filter(warning=row).values_list("ticket_id", flat=True))
    fresh = [WarningTicket(warning=row, ticket_id=pk, day=day) for pk, day in behind if pk not in known]
    WarningTicket.objects.bulk_create(fresh)
    return len(fresh)


def _grown(row: Warning, found: Found, actor: Any, now: datetime) -> Warning:
    """Columns of the warning follow its periods: from the first to the last day, the strongest of them."""
    strongest = WarningDay.objects.filter(warning=row).order_by("tail", "-last").first()
    assert strongest is not None
    columns = {
        "first_day": min(row.first_day, found.first), "last_day": max(row.last_day, found.last),
        "observed": strongest.observed, "expected": strongest.expected, "limit": strongest.limit,
        "strength": rules.strength(strongest.tail), "tickets": WarningTicket.objects.filter(warning=row).count(),
    }  # fmt: skip
    saved: Warning = moves.change(
        row, actor=actor, now=now, event="warning.grew",
        payload={"number": row.number, "day": found.last.isoformat(), "tickets": columns["tickets"]}, **columns,
    )  # fmt: skip
    return saved


def _explain(overlap: float) -> None:
    """Lay a warning to the narrower one that holds most of its tickets: shown as one. A base of days explains none."""
    rank = {kind.value: place for place, kind in enumerate(NARROWER)}
    rows = {row.pk: row for row in Warning.objects.filter(state__in=OPEN)}
    found: dict[int, int | None] = dict.fromkeys(rows)
    for wide, narrow, both in _shared(list(rows)):
        if rank[rows[narrow].kind] < rank[rows[wide].kind] and both >= overlap * rows[wide].tickets:
            found[wide] = narrow if found[wide] is None else found[wide]
    for pk, nearest in found.items():
        within = nearest
        while within is not None and found[within] is not None:  # ends: each is narrower than the one before
            within = found[within]
        if rows[pk].within_id != within:
            Warning.objects.filter(pk=pk).update(within=within, version=F("version"))


def _shared(keys: Sequence[int]) -> list[tuple[int, int, int]]:
    """Pairs of open warnings with the number of tickets that both hold, the most first."""
    sql = """
        SELECT a.warning_id, b.warning_id, count(*) FROM improvement_warningticket a
          JOIN improvement_warningticket b ON b.ticket_id = a.ticket_id AND b.warning_id <> a.warning_id
         WHERE a.warning_id = ANY(%(keys)s) AND b.warning_id = ANY(%(keys)s) GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, {"keys": list(keys)})
        return list(cursor.fetchall())
