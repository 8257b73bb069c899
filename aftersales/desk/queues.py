"""What the queue pages read: one keyset page of rows, the counts on the tabs, the answer to "what is new".

Rows are tuples: a queue shows fifty of them a minute to everybody, and nothing on this page is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from aftersales.clocks.models import Clock
from aftersales.core.errors import DomainError
from aftersales.core.posted import day_of, whole
from aftersales.desk import columns
from aftersales.desk.orders import BY_END, DUE, ORDERS, Order, order_of
from aftersales.merchants.models import Merchant
from aftersales.standards.selectors import duration, last_seen
from aftersales.standards.states import Promise
from aftersales.tickets import figures
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import COUNT_CAP, QUEUES, queue_rows
from aftersales.tickets.selectors.merging import has_lookalikes
from aftersales.tickets.selectors.words import texts_with, with_words
from aftersales.tickets.states import (
    ACTIVE_STATES,
    OPEN_STATES,
    Channel,
    Kind,
    Nature,
    Severity,
    TicketState,
    WaitFor,
)

PAGE = 50
OPEN = "open"  # in place of a state: all that are not resolved
CHOICES: Mapping[str, Sequence[tuple[str, Any]]] = {
    "state": [(OPEN, pgettext_lazy("queue filter", "Not yet resolved")), *TicketState.choices],
    "severity": Severity.choices,
    "nature": Nature.choices,
    "kind": Kind.choices,
    "channel": Channel.choices,
    "wait_for": WaitFor.choices,
    "alike": [("open", pgettext_lazy("queue filter", "Has look-alikes"))],
}
# What only a figure of the overview asks for: its list shows exactly the tickets it counts.
FLAGS: Mapping[str, Mapping[str, Any]] = {
    "replied": {"first_reply_at__isnull": False},
    "no_team": {"team": None},
}
KEYS = ("team", "assignee", "merchant", "customer", "order")
CHOSEN_KEYS = ("team", "assignee", "merchant")  # those that the filter of the page can say
CHOSEN_DAY = "opened"
DAYS = {"opened": "opened_at", "closed": "closed_at", "resolved": "resolved_at"}


class Row(NamedTuple):
    """One line of a queue."""

    id: int
    number: str
    subject: str
    state: str
    wait_for: str
    wake_at: datetime | None
    severity: str
    nature: str
    channel: str
    next_due_at: datetime
    next_promise: str
    next_started_at: datetime | None
    next_warn_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    last_customer_at: datetime | None
    last_staff_at: datetime | None
    version: int
    assignee_id: int | None
    assignee: str | None
    merchant: str | None
    customer: str | None
    customer_class: str | None


FOREIGN = {
    "assignee": "assignee__display_name",
    "merchant": "merchant__name",
    "customer": "customer__name",
    "customer_class": "customer__customer_class",
}
COLUMNS = tuple(FOREIGN.get(name, name) for name in Row._fields)
WIDTH = len(COLUMNS)


@dataclass(frozen=True)
class Asked:
    """What a person asked of a queue: the view, the filters, the words. Unknown values are left out."""

    queue: str = "mine"
    words: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[str, date] = field(default_factory=dict)
    since: Mapping[str, date] = field(default_factory=dict)
    until: Mapping[str, date] = field(default_factory=dict)
    shop: str = ""
    missed: str = ""
    age: str = ""
    flags: Sequence[str] = ()
    columns: Sequence[str] = ()  # besides the clock and the ticket; () means the shipped ones
    sort: str = ""
    flat: bool = False  # without headings between the rows
    came_from: str = ""  # the saved view that somebody is changing

    @property
    def order(self) -> Order:
        """The order of the list: the one asked for, where it fits."""
        return order_of(self.sort, ended=self.ended)

    @property
    def address(self) -> dict[str, Any]:
        """The whole list as parts of an address: the view, what was asked of it, how it is shown."""
        return {
            **self.parts,
            "view": self.queue,
            **({"cols": ",".join(self.columns)} if self.columns else {}),
            **({"sort": self.sort} if self.sort else {}),
            **({"flat": "1"} if self.flat else {}),
            **({"from": self.came_from} if self.came_from else {}),
        }

    @property
    def filtered(self) -> bool:
        return bool(self.parts)

    @property
    def by_figure(self) -> bool:
        """Narrowed by a link from a figure or a register beyond what the filter of the page can say."""
        beyond = {*self.keys} - {*CHOSEN_KEYS} or {*self.since} - {CHOSEN_DAY}
        return bool(beyond or self.days or self.missed or self.age or self.flags)

    @property
    def parts(self) -> dict[str, Any]:
        """Everything that was asked besides the view, as parts of an address."""
        day, last = self.since.get("missed"), self.until.get("missed")
        return {
            **self.fixed,
            **self.keys,
            **{name: one.isoformat() for name, one in self.days.items()},
            **{f"{name}_from": one.isoformat() for name, one in self.since.items() if name in DAYS},
            **{f"{name}_to": one.isoformat() for name, one in self.until.items() if name in DAYS},
            **({"shop": self.shop} if self.shop else {}),
            **({"missed": self.missed} if self.missed else {}),
            **({"since": day.isoformat()} if day else {}),
            **({"till": last.isoformat()} if last else {}),
            **({"age": self.age} if self.age else {}),
            **dict.fromkeys(self.flags, "1"),
            **({"q": self.words} if self.words else {}),
        }

    @property
    def ended(self) -> bool:
        """Finished tickets are ordered by when they ended, the others by what is due next."""
        state = self.fixed.get("state", "")
        return (
            self.queue == "review"
            or "closed" in {*self.days, *self.since}
            or bool(state and state not in (OPEN, *ACTIVE_STATES))
        )


def home_view(user: Any) -> str:
    """The view that opens when none is named: the own tickets of those who have some."""
    return "mine" if user.has_perm("tickets.work") else "all"


def views_of(user: Any) -> Sequence[str]:
    """The views this person has a use for: finished tickets wait only for those who review them (R5.5)."""
    return [name for name in QUEUES if name != "review" or user.has_perm("tickets.archive")]


def asked(query: QueryDict, default: str = "mine", views: Sequence[str] = QUEUES) -> Asked:
    """Read the query string; bad values are ignored, a bad view is the default."""
    queue = query.get("view", default)
    fixed = {
        name: query.get(name, "")
        for name, choices in CHOICES.items()
        if query.get(name, "") in {code for code, _label in choices if code}
    }
    keys = {name: number for name in KEYS if (number := whole(query.get(name)))}
    days = {name: day for name in DAYS if (day := day_of(query.get(name, "")))}
    since = {name: day for name in DAYS if (day := day_of(query.get(f"{name}_from", "")))}
    until = {name: day for name in DAYS if (day := day_of(query.get(f"{name}_to", "")))}
    shop = _words(query.get("shop", ""))
    missed = query.get("missed", "") if query.get("missed", "") in Promise.values else ""
    if missed and (day := day_of(query.get("since", ""))):
        since["missed"] = day
    if missed and (day := day_of(query.get("till", ""))):
        until["missed"] = day
    age = query.get("age", "") if query.get("age", "") in figures.AGES else ""
    flags = [name for name in FLAGS if query.get(name) == "1"]
    words = _words(query.get("q", ""))
    return Asked(
        queue if queue in views else default, words, fixed, keys, days, since, until, shop, missed, age, flags,
        columns=columns.chosen(",".join(query.getlist("cols")).split(",")),
        sort=sort if (sort := query.get("sort", "")) in ORDERS and sort != DUE else "", flat=query.get("flat") == "1",
        came_from=query.get("from", "") if whole(query.get("from", "")[1:]) else "",
    )  # fmt: skip


def _words(text: str) -> str:
    return text.replace("\x00", "").strip()[:80]


def tickets(user: Any, wanted: Asked, now: datetime, *, to_count: bool = False) -> QuerySet[Ticket]:
    """The tickets asked for that this person may see, unordered.

    Words look through the view they are typed in; a number, a day or a figure also finds finished tickets. ``to_count``
    asks no statement beforehand how common the words are: a capped count ends by itself.
    """
    rows: QuerySet[Ticket]
    if wanted.queue == "all" and (
        wanted.ended
        or _is_number(wanted.words)
        or wanted.days
        or wanted.since
        or wanted.until
        or wanted.missed
    ):
        rows = Ticket.objects.visible_to(user).filter(historic=False)
    else:
        rows = view_rows(user, wanted.queue, now)
    rows = rows.filter(**_fixed(wanted), **{f"{name}_id": value for name, value in wanted.keys.items()})
    if wanted.fixed.get("alike"):
        rows = rows.filter(has_lookalikes())
    for name, day in wanted.days.items():
        start = timezone.make_aware(datetime.combine(day, time.min))
        rows = rows.filter(**{f"{DAYS[name]}__gte": start, f"{DAYS[name]}__lt": start + timedelta(days=1)})
    for name, day in wanted.since.items():
        if name in DAYS:
            rows = rows.filter(**{f"{DAYS[name]}__gte": timezone.make_aware(datetime.combine(day, time.min))})
    for name, day in wanted.until.items():
        if name not in DAYS:
            continue
        end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
        rows = rows.filter(**{f"{DAYS[name]}__lt": end})
    if wanted.shop:
        rows = rows.filter(merchant__in=merchants_called(wanted.shop))
    if wanted.age:
        rows = rows.filter(figures.aged(wanted.age, now))
    if wanted.missed:
        rows = rows.filter(
            pk__in=clocks_missed(wanted.missed, wanted.since.get("missed"), _until(wanted, now))
        )
    if to_count and wanted.words and not _is_number(wanted.words):
        return rows.filter(pk__in=texts_with(wanted.words))
    return _with_words(rows, wanted.words) if wanted.words else rows


def merchants_called(words: str) -> QuerySet[Any]:
    """Merchants with this code or whose name begins like this."""
    return Merchant.objects.filter(Q(code=words) | Q(name__istartswith=words)).values("pk")


def _fixed(wanted: Asked) -> dict[str, Any]:
    chosen: dict[str, Any] = dict(wanted.fixed)
    if chosen.get("state") == OPEN:
        chosen["state__in"] = OPEN_STATES
        del chosen["state"]
    chosen.pop("alike", None)
    for name in wanted.flags:
        chosen |= FLAGS[name]
    return chosen


def _until(wanted: Asked, now: datetime) -> datetime:
    """The end of the range in which a promise was missed."""
    day = wanted.until.get("missed")
    if day is None:
        return now
    return min(now, timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)))


def clocks_missed(promise: str, day: date | None, now: datetime) -> QuerySet[Any]:
    """Tickets whose promise of this kind was not kept in time from a day until a moment: what a share leaves out."""
    first = day or date.min + timedelta(days=1)
    since = timezone.make_aware(datetime.combine(first, time.min))
    rows = Clock.objects.filter(subject_kind="tickets.ticket", promise=promise, is_historic=False)
    return rows.filter(figures.settled(since, now), figures.missed()).values("subject_id")


def _is_number(words: str) -> bool:
    return words.upper().startswith("TK")


def _with_words(rows: QuerySet[Ticket], words: str) -> QuerySet[Ticket]:
    """A number finds its ticket, anything else is looked for in the texts of these tickets, all of them."""
    if _is_number(words):
        return rows.filter(number__startswith=words.upper())
    return with_words(rows, words)


@dataclass(frozen=True)
class QueuePage:
    """One page of rows, the key after which the next one starts (empty at the end), and what more was read of each row
    for columns that not every list shows."""

    rows: list[Row]
    after: str
    more: Sequence[Mapping[str, Any]] = ()


def page(user: Any, wanted: Asked, now: datetime, *, after: str = "") -> QueuePage:
    """Fifty rows after the key. One statement, no OFFSET; names are joined to these rows only, whatever follows."""
    found = listed(user, wanted, now, after=after)
    shown = wanted.order.sort(Ticket.objects.filter(pk__in=found.values("pk")[: PAGE + 1]))
    needed = columns.needed(wanted.columns)
    read = list(shown.values_list(*COLUMNS, *needed))
    rows = [Row._make(values[:WIDTH]) for values in read[:PAGE]]
    more = [dict(zip(needed, values[WIDTH:], strict=True)) for values in read[:PAGE]] if needed else ()
    return QueuePage(rows, wanted.order.key(rows[-1]) if len(read) > PAGE else "", more)


def listed(user: Any, wanted: Asked, now: datetime, *, after: str = "") -> QuerySet[Ticket]:
    """The tickets of the list in its order, all of them or those after a key."""
    rows, order = tickets(user, wanted, now), wanted.order
    if order is BY_END:
        rows = rows.filter(closed_at__isnull=False)
    return order.sort(order.after(rows, after))


@dataclass(frozen=True)
class _Asker:
    """Whose statement it is. Written by Django once per person and rule, then only the moments are replaced."""

    key: tuple[Any, ...]
    user: Any = field(compare=False)
    at: datetime = field(compare=False)


def _asker(user: Any, now: datetime, soon: timedelta) -> _Asker:
    return _Asker((user.pk, user.is_active, *user.roles, *user.team_ids, soon), user, now)


@lru_cache(maxsize=512)
def _counts_statement(asker: _Asker) -> tuple[str, Sequence[Any], datetime]:
    parts: list[str] = []
    params: list[Any] = []
    for queue in QUEUES:
        sql, values = _sql(view_rows(asker.user, queue, asker.at).order_by().values("pk")[: COUNT_CAP + 1])
        parts.append(f"(SELECT count(*) FROM ({sql}) AS q)")  # noqa: S608 - the inner query is Django's own
        params += values
    return "SELECT " + ", ".join(parts), params, asker.at


@lru_cache(maxsize=1024)
def _nearest_statement(asker: _Asker, queue: str) -> tuple[str, Sequence[Any], datetime]:
    return (*_nearest(asker.user, Asked(queue), asker.at), asker.at)


def _nearest(user: Any, wanted: Asked, now: datetime) -> tuple[str, Sequence[Any]]:
    return _sql(
        tickets(user, wanted, now).order_by("next_due_at", "id").values("next_due_at")[: COUNT_CAP + 1]
    )


def _sql(rows: Any) -> tuple[str, Sequence[Any]]:
    """The text of a query; one that Django knows to be empty asks for nothing."""
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT NULL::timestamptz AS next_due_at WHERE false", ()
    return sql, params


def _moved(params: Sequence[Any], by: timedelta) -> list[Any]:
    """The parameters of another moment: every time in them lies at a fixed distance from now."""
    return [value + by if isinstance(value, datetime) else value for value in params]


def counts(user: Any, now: datetime) -> dict[str, int]:
    """How many tickets stand in each view, counting at most COUNT_CAP + 1 each. One statement."""
    sql, params, at = _counts_statement(_asker(user, now, soon_span(now)))
    with connection.cursor() as cursor:
        cursor.execute(sql, _moved(params, now - at))
        found = cursor.fetchone()
    return dict(zip(QUEUES, found, strict=True))


GROUPS = ("late", "soon", "later")


def numbers(
    user: Any, wanted: Asked, now: datetime, *, saved: Mapping[str, Asked] | None = None
) -> dict[str, int]:
    """What stands on the tabs and beside the headings, counting COUNT_CAP + 1 at most. One statement.

    ``saved``: the saved views among the tabs, by the codes of their tabs.
    """
    span = soon_span(now)
    asker = _asker(user, now, span)
    tabs, values, then = _counts_statement(asker)
    parts, params = [tabs], _moved(values, now - then)
    for one in (saved or {}).values():
        sql, more = _sql(tickets(user, one, now, to_count=True).order_by().values("pk")[: COUNT_CAP + 1])
        parts.append(f"(SELECT count(*) FROM ({sql}) AS q)")  # noqa: S608 - the inner query is Django's own
        params += more
    names = [*QUEUES, *(saved or {})]
    if not wanted.ended and wanted.order is ORDERS[DUE]:
        names += GROUPS
        params += [now, now, now + span, now + span]
        inner, more = _rows_counted(asker, wanted)
        params += more
        parts.append(
            "count(*) FILTER (WHERE next_due_at < %s), "
            "count(*) FILTER (WHERE next_due_at >= %s AND next_due_at < %s), "
            f"count(*) FILTER (WHERE next_due_at >= %s) FROM ({inner}) AS q"
        )
    with connection.cursor() as cursor:
        cursor.execute(", ".join(parts), params)
        found = cursor.fetchone()
    return dict(zip(names, found, strict=True))


def _rows_counted(asker: _Asker, wanted: Asked) -> tuple[str, Sequence[Any]]:
    """The nearest rows of this list; without a filter their statement is at hand."""
    if wanted.filtered:
        return _nearest(asker.user, wanted, asker.at)
    sql, kept, then = _nearest_statement(asker, wanted.queue)
    return sql, _moved(kept, asker.at - then)


def view_rows(user: Any, queue: str, now: datetime) -> QuerySet[Ticket]:
    """The tickets of a view. Without a loaded rule book nothing is due soon, and the page still opens."""
    if queue == "due":
        return Ticket.objects.visible_to(user).filter(historic=False).due_within(now, soon_span(now))
    return queue_rows(user, queue, now)


def soon_span(now: datetime, *, guess: bool = False) -> timedelta:
    """What counts as due soon, from the rule book. A guess (for headings) looks into the copy at hand, unasked."""
    try:
        return duration("due_soon_hours", now, among=last_seen() if guess else None)
    except DomainError:
        return timedelta(0)


def changed(user: Any, wanted: Asked, now: datetime, seen: str) -> int:
    """How many of the first rows are new or different from those the page shows (``id.version`` pairs)."""
    return moved(user, wanted, now, seen)[0]


def moved(user: Any, wanted: Asked, now: datetime, seen: str) -> tuple[int, list[int]]:
    """The same number, and those of the rows on the page that the list does not hold any more.

    A row that newer ones only pushed below the first page has not left: that is asked once more, when there are any.
    """
    present = dict(listed(user, wanted, now).values_list("id", "version")[:PAGE])
    known = set(seen.split())
    number = sum(f"{pk}.{version}" not in known for pk, version in present.items())
    shown = {pk for pair in known if (pk := whole(pair.partition(".")[0])) is not None}
    missing = shown - present.keys()
    still = (
        set(tickets(user, wanted, now).filter(pk__in=missing).values_list("pk", flat=True))
        if missing
        else set()
    )
    return number, sorted(missing - still)


def shown_count(number: int) -> str:
    """A capped count as it stands on a tab or beside a heading."""
    return f"{COUNT_CAP}+" if number > COUNT_CAP else str(number)
