"""Looking for signs of gaming: one sign for each kind, merchant or person, and month. It punishes nobody."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from aftersales.core import moves, tablestats
from aftersales.core.models import Event
from aftersales.customers.models import Contact
from aftersales.improvement import looking, rules, signsql
from aftersales.improvement.models import Sign, SignRow
from aftersales.improvement.services.surges import permit
from aftersales.improvement.states import Period, SignKind, SignState
from aftersales.orders.models import Order, OrderLine, Review, Shipment
from aftersales.scorecards.scores.rules import wilson
from aftersales.standards import selectors as rule_book
from aftersales.tickets.models import Message

READ = (Order, OrderLine, Contact, Review, Shipment, Message, Event)
LOCK = 826_707
Z = Decimal("1.96")


class Hit(NamedTuple):
    """One row that shows a sign."""

    merchant: int | None
    person: int | None
    subject_kind: str
    subject_id: int
    mark: str
    at: datetime
    total: int


def signs_look(*, actor: Any, now: datetime, month: date | None = None) -> list[Sign]:
    """Look at one month, by default the running one and in its first days the one before; signs that are new or grew.

    Run twice it changes nothing. A sign that a person decided stays as it was decided. Raises NotPermitted.
    """
    permit(actor)
    for model in READ:
        tablestats.freshen(model)  # freshly loaded tables pass for empty ones
    today = now.astimezone(looking.zone()).date()
    first = (month or today).replace(day=1)
    late = rule_book.parameter("sign_month_days", now)
    months = [first] if month or today.day > late else [(first - timedelta(days=1)).replace(day=1), first]
    changed = []
    with rule_book.one_edition():
        for one in months:
            terms = _terms(one, now)
            for kind in SignKind:
                with transaction.atomic():
                    _locked()
                    for hits in _found(kind, terms):
                        row = _flagged(kind, one, hits, actor, now)
                        changed += [row] if row is not None else []
    return changed


def _locked() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _terms(month: date, now: datetime) -> dict[str, Any]:
    here = looking.zone()
    since = datetime.combine(month, time.min, here)
    until = datetime.combine((month + timedelta(days=32)).replace(day=1), time.min, here)
    book = rule_book.book()
    numbers = {code: rule_book.parameter(code, now, among=book) for code in signsql.NUMBERS}
    past = looking.numbers(now)
    return numbers | {
        "since": since, "until": until, "earlier": since - timedelta(days=numbers["sign_burst_days"]),
        "zone": str(here), "now": now, "chance": past.chance_most, "least_past": past.base_days[Period.WEEK],
    }  # fmt: skip


def _found(kind: SignKind, terms: Mapping[str, Any]) -> list[Sequence[Hit]]:
    """Hits of one kind by whose they are, those that are enough for a sign."""
    with connection.cursor() as cursor:
        cursor.execute(signsql.STATEMENTS[kind], terms)
        hits = [Hit(*row) for row in cursor.fetchall()]
    if kind is SignKind.REVIEW_BURST:
        hits = _bursts(hits, terms["chance"], terms["least_past"])
    whose: dict[tuple[int | None, int | None], list[Hit]] = {}
    for one in hits:
        whose.setdefault((one.merchant, one.person), []).append(one)
    least, share = terms[signsql.LEAST[kind]], float(terms["sign_least_share"])
    return [
        rows for rows in whose.values()
        if len(rows) >= least and (kind not in signsql.SHARED or strength(len(rows), rows[0].total) >= share)
    ]  # fmt: skip


def _bursts(hits: Sequence[Hit], chance: float, least: int) -> list[Hit]:
    """Days with more praise than the shop's own past explains, named by the day alone.

    A shop younger than ``sign_burst_days`` is compared with the days it has; one without enough of them has no past.
    """
    stars: dict[tuple[int | None, str], int] = {}
    for one in hits:
        stars[one.merchant, one.mark] = stars.get((one.merchant, one.mark), 0) + 1
    told = {}
    for (shop, mark), count in stars.items():
        _day, base, days = mark.split()
        has_past = int(days) >= max(least, 1)
        told[shop, mark] = has_past and rules.tail(count, int(base), 1 / (1 + int(days))) <= chance
    return [one._replace(mark=one.mark.split()[0]) for one in hits if told[one.merchant, one.mark]]


def strength(count: int, total: int) -> int:
    """The lower bound of the share, in per cent: as far as so few rows can tell."""
    low, _high = wilson(Decimal(min(count, total)), Decimal(total), Z)
    return max(1, round(100 * low))


def _flagged(kind: SignKind, month: date, hits: Sequence[Hit], actor: Any, now: datetime) -> Sign | None:
    first = hits[0]
    row = Sign.objects.filter(kind=kind, merchant=first.merchant, person=first.person, month=month).first()
    if row is not None:
        row = moves.locked(row)  # somebody may be deciding it
        if row.state != SignState.FLAGGED:
            return None
    known = set(SignRow.objects.filter(sign=row).values_list("subject_id", flat=True)) if row else set()
    fresh = [one for one in hits if one.subject_id not in known]
    if not fresh:
        return None
    count, total = len(known) + len(fresh), max(first.total, len(known) + len(fresh))
    columns: dict[str, Any] = {"count": count, "total": total, "strength": strength(count, total)}
    if row is None:
        row = moves.create(
            Sign(kind=kind, merchant_id=first.merchant, person_id=first.person, month=month, flagged_at=now, **columns),
            actor=actor, now=now, event="sign.flagged", payload={"sign": kind.value, "count": count},
        )  # fmt: skip
    else:
        row = moves.change(
            row,
            actor=actor,
            now=now,
            event="sign.grew",
            payload={"sign": kind.value, "count": count},
            **columns,
        )
    SignRow.objects.bulk_create(
        SignRow(sign=row, subject_kind=one.subject_kind, subject_id=one.subject_id, mark=one.mark, at=one.at)
        for one in fresh
    )
    return row
