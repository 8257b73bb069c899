"""Answers for the pages of warnings. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet

from aftersales.cases.models import CaseLine
from aftersales.core.models import Event
from aftersales.improvement import looking, rules
from aftersales.improvement.charts import Bar
from aftersales.improvement.models import SurgeCount, Warning, WarningAsk, WarningDay, WarningTicket
from aftersales.improvement.rules import Numbers
from aftersales.improvement.states import OPEN, Outcome, Period, Surged, WarningState
from aftersales.standards import selectors as rule_book
from aftersales.standards.returns.states import Ground
from aftersales.tickets.models import Ticket

PAGE = 50
DRAWN = 42  # days of the chart
DAY = timedelta(days=1)


@dataclass
class Row:
    """A warning with those it explains and the next answer that is due."""

    warning: Warning
    explains: list[Warning] = field(default_factory=list)
    due_at: datetime | None = None


def listed(user: Any, *, state: str = "", kind: str = "", page: int = 0) -> tuple[list[Row], bool]:
    """Warnings by strength, then by age, each with what it explains; whether more follow. Three statements.

    ``state``: a state, ``all``, or empty for every open one. What an open one explains is shown below that one and
    nowhere else; of one ``kind`` each stands for itself.
    """
    rows = Warning.objects.visible_to(user)
    if state in WarningState.values:
        rows = rows.filter(state=state)
    elif state != "all":
        rows = rows.open()
    rows = rows.filter(kind=kind) if kind in Surged.values else rows.not_below_another(user)
    with_names = rows.select_related("merchant", "product", "taken_by")
    found = list(with_names.order_by("-strength", "raised_at", "pk")[page * PAGE : (page + 1) * PAGE + 1])
    shown = {one.pk: Row(one) for one in found[:PAGE]}
    inside = Warning.objects.visible_to(user).filter(within__in=shown).select_related("merchant", "product")
    for one in inside.order_by("-strength", "pk"):
        shown[one.within_id].explains.append(one)
    due = WarningAsk.objects.filter(warning__in=shown, answered_at=None).order_by()
    for pk, moment in due.values_list("warning").annotate(Min("due_at")):
        shown[pk].due_at = moment
    return list(shown.values()), len(found) > PAGE


def counts(user: Any, kind: str = "") -> Mapping[str, int]:
    """How many lines the list of each state has, as ``listed`` gives it, and that of every open one (empty key).

    One statement.
    """
    rows = Warning.objects.visible_to(user)
    rows = rows.filter(kind=kind) if kind in Surged.values else rows.not_below_another(user)
    found = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    return {**found, "": sum(number for state, number in found.items() if state in OPEN)}


@dataclass(frozen=True)
class Learned:
    """How often the limits were right: closed warnings of the last ``days``."""

    closed: int
    false: int
    days: int

    @property
    def share(self) -> float | None:
        return self.false / self.closed if self.closed else None


def learned(user: Any, now: datetime) -> Learned:
    """Closed and false alarms of the rule book's ``warning_learned_days``. One statement."""
    span = rule_book.duration("warning_learned_days", now)
    rows = Warning.objects.visible_to(user).filter(state=WarningState.CLOSED, closed_at__gte=now - span)
    found = rows.aggregate(closed=Count("pk"), false=Count("pk", filter=Q(outcome=Outcome.FALSE)))
    return Learned(found["closed"], found["false"], span.days)


def new_level(row: Warning) -> date:
    """First day that alone was too much, of what goes on: since it was raised, or since it opened again.

    Where no single day was, the first day of the first such week.
    """
    again = Event.objects.about(row._meta.label_lower, row.pk).filter(kind="warning.reopened")
    last = again.order_by("-pk").values_list("at", flat=True).first()
    days = row.days.filter(found_at__gte=last) if last is not None else row.days.all()
    found = days.aggregate(day=Min("first", filter=Q(period=Period.DAY)), first=Min("first"))
    begin: date = found["day"] or found["first"] or row.first_day
    return begin


def compared_again(row: Warning, now: datetime) -> date | None:
    """From when single days and weeks are compared with the new level; None without one."""
    if row.base_since is None:
        return None
    least = looking.numbers(now).base_days
    wait = min(least[Period.DAY] * rules.WEEK, least[Period.WEEK] + rules.WEEK - 1)
    found: date = row.base_since + wait * DAY
    return found


def bars(row: Warning, days: Sequence[WarningDay], now: datetime) -> list[Bar]:
    """The last days of a subject with what is usual on each and its limit; of a batch its tickets alone."""
    last = max(row.last_day, min(now.astimezone(looking.zone()).date(), row.last_day + 14 * DAY))
    first = last - (DRAWN - 1) * DAY
    surged = {one.last for one in days if one.is_single}
    if row.kind == Surged.BATCH:
        return _of_batch(row, first, last)
    terms = looking.numbers(now)
    allowed = next((one.chance for one in reversed(list(days))), terms.chance_most)
    found = dict(
        SurgeCount.objects.filter(
            kind=row.kind, key=row.key, day__gte=first - timedelta(weeks=terms.weeks), day__lte=last
        ).values_list("day", "num")
    )
    weeks = {one.first + number * DAY for one in days if not one.is_single for number in range(rules.WEEK)}
    return [_bar(first + number * DAY, found, terms, allowed, surged or weeks) for number in range(DRAWN)]


def _of_batch(row: Warning, first: date, last: date) -> list[Bar]:
    rows = WarningTicket.objects.filter(warning=row).order_by().values_list("day").annotate(Count("pk"))
    found = dict(rows)
    return [
        Bar(day, found.get(day, 0), None, None, False, f"{day}: {found.get(day, 0)}")
        for day in (first + number * DAY for number in range(DRAWN))
    ]


def _bar(day: date, found: Mapping[date, int], terms: Numbers, allowed: float, surged: set[date]) -> Bar:
    base = sum(found.get(day - week * rules.WEEK * DAY, 0) for week in range(1, terms.weeks + 1))
    limit = rules.limit(base, 1 / (1 + terms.weeks), allowed)
    number, usual = found.get(day, 0), base / terms.weeks
    return Bar(day, number, usual, limit, day in surged, f"{day}: {number} ({usual:.1f}, ≤ {limit})")


def tickets_behind(row: Warning, user: Any) -> QuerySet[Ticket]:
    """The very tickets that were counted, those this person may see, the newest first."""
    keys = WarningTicket.objects.filter(warning=row).values("ticket")
    found: QuerySet[Ticket] = (
        Ticket.objects.visible_to(user).filter(pk__in=keys).order_by("-opened_at", "-pk")
    )
    return found


def moved_with(row: Warning, user: Any) -> list[tuple[Warning, int]]:
    """Other warnings that hold some of the same tickets, with how many. Two statements."""
    mine = WarningTicket.objects.filter(warning=row).values("ticket")
    others = WarningTicket.objects.filter(ticket__in=mine).exclude(warning=row).order_by()
    shared = dict(others.values_list("warning").annotate(Count("pk")))
    rows = Warning.objects.visible_to(user).filter(pk__in=shared).select_related("merchant", "product")
    return sorted(((one, shared[one.pk]) for one in rows), key=lambda found: (-found[1], found[0].pk))


def grounds(row: Warning) -> list[tuple[str, int, float]]:
    """What cases about the product named first: how many since the surge began, and in as many days usually."""
    if row.product_id is None:
        return []
    begin = row.first_day
    days = (row.last_day - begin).days + 1
    lines = CaseLine.objects.filter(line__product=row.product_id)
    now_rows = lines.filter(case__asked_at__date__gte=begin, case__asked_at__date__lte=row.last_day)
    past = lines.filter(case__asked_at__date__lt=begin, case__asked_at__date__gte=begin - 56 * DAY)
    current = dict(_by_ground(now_rows))
    before = dict(_by_ground(past))
    words = dict(Ground.choices)
    return [
        (str(words.get(code, code)), current.get(code, 0), before.get(code, 0) * days / 56)
        for code in sorted({*current, *before}, key=lambda one: (-current.get(one, 0), one))
    ]


def _by_ground(rows: Any) -> Any:
    return rows.order_by().values_list("case__first_ground").annotate(Count("case", distinct=True))


def of_month(user: Any, month: date) -> list[Warning]:
    """The monthly list: what was raised in the month or is open still, goods and merchants first. One statement."""
    after = (month.replace(day=1) + 32 * DAY).replace(day=1)
    here = looking.zone()
    begin = datetime(month.year, month.month, 1, tzinfo=here)
    end = datetime(after.year, after.month, 1, tzinfo=here)
    rows = Warning.objects.visible_to(user).not_below_another(user).filter(raised_at__lt=end)
    rows = rows.filter(Q(raised_at__gte=begin) | Q(state__in=OPEN))
    return list(
        rows.select_related("merchant", "product").prefetch_related("asks").order_by("-strength", "pk")[:500]
    )
