"""What dispatch asks before it chooses: tickets with their customers, people with their loads. All set-based."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from accounts import qualifications
from accounts.selectors import Candidate as OnDuty
from accounts.selectors import people_on_duty
from aftersales.customers.models import Customer
from aftersales.standards.selectors import Book, book, duration, market_default, parameter, parameter_version
from aftersales.tickets import dispatch_rules as rules
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.selectors.reading import blocking, touched
from aftersales.tickets.states import OPEN_STATES, Severity

WEIGHTS = "dispatch_weights"
HISTORY_CAP = 20_000  # earlier tickets of the customers of one batch
HOUR = timedelta(hours=1)
TAKEN_BACK = "taken_back"
PUT_BACK = "put_back"


def weights_at(now: datetime, *, among: Book | None = None) -> rules.Weights:
    """The weights in force, with their version."""
    found = parameter_version(WEIGHTS, now, among=among)
    return rules.weights_of(found.value, found.number)


def terms_at(now: datetime, *, among: Book | None = None) -> rules.Terms:
    """The limits of dispatch as the rule book has them."""
    current = among or book()

    def number(code: str) -> Any:
        return parameter(code, now, among=current)

    return rules.Terms(
        new_per_hour=int(number("dispatch_new_per_hour")), last_minutes=int(number("dispatch_last_minutes")),
        idle_minutes=int(number("dispatch_idle_minutes")),
        work_minutes={code: int(number(f"work_minutes_{code}")) for code in Severity.values},
        vendor_severities=frozenset(number("vendor_severities")),
    )  # fmt: skip


def unassigned_elsewhere(user: Any) -> int:
    """How many tickets that this person sees have nobody and belong to teams that are not his. One statement."""
    rows = Ticket.objects.visible_to(user).unassigned().filter(historic=False, team__isnull=False)
    return int(rows.exclude(team_id__in=user.team_ids).count())


# Whose own order it is


class OwnOrder:
    """Asks PostgreSQL once for all tickets of a batch, and only when somebody wants to know."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = list(ids)

    @cached_property
    def _people(self) -> Mapping[int, frozenset[int]]:
        return own_orders(self._ids)

    def of(self, ticket_id: int) -> frozenset[int]:
        """The people who are, or share telephone, address or account with, the customer of this ticket."""
        return self._people.get(ticket_id, frozenset())


def own_order_facts(rows: Sequence[Ticket], now: datetime) -> Mapping[int, OwnOrder]:
    """The fact ``tickets.own_order``: one answer for the whole batch, read when a person is named."""
    shared = OwnOrder([row.pk for row in rows])
    return {row.pk: shared for row in rows}


_OWN = """
WITH asked AS (
    SELECT t.id, t.customer_id, o.recipient_id, o.payer_id, o.ship_phone_id, o.ship_address_id
      FROM tickets_ticket t LEFT JOIN orders_order o ON o.id = t.order_id WHERE t.id = ANY(%s)
), known AS (
    SELECT a.id, c.kind, c.search_key FROM asked a
      JOIN customers_contact c ON c.customer_id IN (a.customer_id, a.recipient_id, a.payer_id)
     WHERE c.erased_at IS NULL
    UNION
    SELECT a.id, c.kind, c.search_key FROM asked a
      JOIN customers_contact c ON c.id IN (a.ship_phone_id, a.ship_address_id) WHERE c.erased_at IS NULL
    UNION
    SELECT a.id, 'account', lower(x.source || ':' || x.external_id) FROM asked a
      JOIN customers_customeraccount x ON x.customer_id IN (a.customer_id, a.recipient_id, a.payer_id)
)
SELECT k.id, s.person_id FROM known k
  JOIN customers_staffcontact s ON s.kind = k.kind AND s.search_key = k.search_key AND s.ended_at IS NULL
UNION
SELECT k.id, u.id FROM known k JOIN accounts_user u ON u.email <> '' AND lower(u.email) = k.search_key
 WHERE k.kind = 'email'
"""


def own_orders(ids: Sequence[int]) -> Mapping[int, frozenset[int]]:
    """For each ticket the people whose own order it is: same telephone, e-mail, address or account. One query."""
    found: dict[int, set[int]] = defaultdict(set)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_OWN, [list(ids)])
            for ticket_id, person_id in cursor.fetchall():
                found[ticket_id].add(person_id)
    return {pk: frozenset(people) for pk, people in found.items()}


# What is known of the tickets


def asked_of(
    tickets: Sequence[Ticket], now: datetime, *, among: Book | None = None
) -> dict[int, rules.Asked]:
    """What dispatch must know of each ticket. Four queries, whatever the number, and one for a rule to be read."""
    current = among or book()
    customers = _customers({ticket.customer_id for ticket in tickets if ticket.customer_id})
    vip = int(parameter("vip_service_level", now, among=current))
    ours = _primary((market_default().languages or [""])[0])
    known = _known(tickets, now - duration("known_days", now, among=current))
    own = own_orders([ticket.pk for ticket in tickets])
    since = now - duration("taken_back_rest_hours", now, among=current)
    returned, put_back = _had(tickets, TAKEN_BACK, since), _had(tickets, PUT_BACK, since)
    changed = touched(tickets, now)
    nobody: tuple[str, int, list[str]] = ("", 0, [])
    found = {}
    for ticket in tickets:
        customer_class, level, languages = customers.get(ticket.customer_id or 0, nobody)
        wanted = _primary(languages[0]) if languages else ""
        found[ticket.pk] = rules.Asked(
            severity=ticket.severity, kind=ticket.kind, nature=ticket.nature,
            green=rules.green_channel(customer_class, level, vip), language="" if wanted == ours else wanted,
            changed=changed.get(ticket.pk, frozenset()), known=known[ticket.pk], own=own.get(ticket.pk, frozenset()),
            returned=frozenset(returned.get(ticket.pk, ())), put_back=frozenset(put_back.get(ticket.pk, ())),
        )  # fmt: skip
    return found


def _primary(language: str) -> str:
    return language.lower().replace("_", "-").partition("-")[0]


def _customers(ids: set[int]) -> dict[int, tuple[str, int, list[str]]]:
    rows = Customer.objects.filter(pk__in=ids) if ids else Customer.objects.none()
    return {
        pk: (kind, level, languages)
        for pk, kind, level, languages in rows.values_list(
            "pk", "customer_class", "service_level", "languages"
        )
    }


def _known(tickets: Sequence[Ticket], since: datetime) -> dict[int, dict[int, tuple[str, str]]]:
    """Who handled this order or this customer before, and who is responsible for the ticket itself (R3.3)."""
    customers = {ticket.customer_id for ticket in tickets if ticket.customer_id}
    earlier: dict[int, list[tuple[int, int | None, int, str]]] = defaultdict(list)
    if customers:
        rows = Ticket.objects.filter(customer_id__in=customers, assignee__isnull=False, opened_at__gte=since)
        told = rows.order_by("-id").values_list("customer_id", "id", "order_id", "assignee_id", "number")
        for customer_id, pk, order_id, person_id, number in told[:HISTORY_CAP]:
            earlier[customer_id].append((pk, order_id, person_id, number))
    found: dict[int, dict[int, tuple[str, str]]] = {}
    for ticket in tickets:
        people: dict[int, tuple[str, str]] = {}
        for pk, order_id, person_id, number in earlier.get(ticket.customer_id or 0, ()):
            same = bool(order_id and order_id == ticket.order_id)
            if pk != ticket.pk and (person_id not in people or (same and people[person_id][0] != "order")):
                people[person_id] = ("order" if same else "customer", number)
        if ticket.owner_id:
            people[ticket.owner_id] = ("owner", "")
        found[ticket.pk] = people
    return found


def _had(tickets: Sequence[Ticket], reason: str, since: datetime) -> dict[int, set[int]]:
    """From whom each ticket came back lately: the same person is not chosen again at once."""
    rows = DispatchRecord.objects.filter(
        ticket__in=[ticket.pk for ticket in tickets], reason=reason, at__gte=since, chosen__isnull=False
    )
    found: dict[int, set[int]] = defaultdict(set)
    for ticket_id, person_id in rows.values_list("ticket_id", "chosen_id"):
        found[ticket_id].add(person_id)
    return found


# What is known of the people


@dataclass
class _Load:
    count: int = 0
    weight: int = 0
    fresh: int = 0
    last: datetime | None = None


class Loads:
    """Open tickets per person, read once, counted on while a batch is dispatched."""

    def __init__(self, weights: rules.Weights, now: datetime) -> None:
        self._weights, self._now = weights, now
        self._of: dict[int, _Load] = defaultdict(_Load)
        rows = (
            Ticket.objects.filter(state__in=OPEN_STATES, assignee__isnull=False)
            .values_list("assignee_id", "severity")
            .annotate(number=Count("id"), last=Max("assigned_at"), fresh=Count("id", filter=_since(now)))
        )
        for person_id, severity, number, last, fresh in rows:
            one = self._of[person_id]
            one.count += number
            one.weight += number * weights.weight_of(severity)
            one.fresh += fresh
            one.last = max(filter(None, (one.last, last)), default=None)

    def of(self, one: rules.Candidate) -> rules.Candidate:
        """The person with what he carries at this moment."""
        load = self._of[one.person_id]
        return replace(
            one, load=load.count, weight=load.weight, fresh=load.fresh, last_assigned_at=load.last,
            idle=rules.minutes_between(load.last, self._now),
        )  # fmt: skip

    def add(self, person_id: int, severity: str) -> None:
        load = self._of[person_id]
        load.count += 1
        load.weight += self._weights.weight_of(severity)
        load.fresh += 1
        load.last = self._now


def _since(now: datetime) -> Q:
    return Q(assigned_at__gt=now - HOUR)


def candidates(duty: str, now: datetime, *, among: Book | None = None) -> list[rules.Candidate]:
    """Everybody of the teams with this duty who works on tickets, without the leads. One query."""
    people = [
        one for one in people_on_duty(duty, now) if one.person.has_perm("tickets.work") and not one.is_lead
    ]
    standing = qualifications.of([one.person.pk for one in people], duty, now)
    senior_since = now - duration("senior_days", now, among=among)
    ours = _primary((market_default().languages or [""])[0])
    unread = blocking([one.person for one in people], now)
    return [
        replace(
            _candidate(one, standing[one.person.pk], senior_since, ours, now),
            unread=frozenset(change.version.pk for change in unread.get(one.person.pk, ())),
        )
        for one in people
    ]


def _candidate(
    one: OnDuty, standing: qualifications.Qualification, senior_since: datetime, ours: str, now: datetime
) -> rules.Candidate:
    """``senior``: so says the certificate; without one, who has been in the team long enough."""
    long_here = one.member_since is not None and one.member_since <= senior_since
    return rules.Candidate(
        person_id=one.person.pk, name=str(one.person), team_id=one.team.pk, load=0, capacity=one.capacity,
        on_shift=one.on_shift, away=bool(one.away_reason), away_reason=one.away_reason,
        next_shift_at=one.next_shift_at, left=_left(one, now), until=_until(one, standing),
        qualified=standing.valid, certificate=standing.certificate, onboarding=_onboarding(standing.newcomer),
        tier=rules.WHOLE if standing.tier is None else standing.tier,
        senior=long_here if standing.senior is None else standing.senior, vendor=bool(one.team.vendor),
        speaks=frozenset(map(_primary, filter(None, [ours, one.person.language, *one.person.languages]))),
    )  # fmt: skip


def _onboarding(new: qualifications.Newcomer | None) -> str:
    return f"{rules.hours(new.done)}/{rules.hours(new.needed)}" if new else ""


def worked_before(person_ids: Collection[int], at: datetime) -> set[int]:
    """Those of these people who ever got a ticket: nobody's first one is still to come (R1.2). One query."""
    got = DispatchRecord.objects.filter(chosen__in=list(person_ids), at__lte=at)
    return set(got.order_by().values_list("chosen_id", flat=True).distinct())


def _left(one: OnDuty, now: datetime) -> int | None:
    return rules.minutes_between(now, one.shift_ends_at) if one.shift_ends_at else None


def _until(one: OnDuty, standing: qualifications.Qualification) -> datetime | None:
    """Until when what keeps the person away lasts, or when the shift ends or begins."""
    if one.away_reason:
        return one.away_until
    if not one.on_shift:
        return one.next_shift_at
    return one.shift_ends_at if standing.valid else standing.until


def for_ticket(one: rules.Candidate, asked: rules.Asked) -> rules.Candidate:
    """The person beside this ticket: whether he knows the customer, whether it is his own or was just taken back."""
    known, number = asked.known.get(one.person_id, ("", ""))
    return replace(
        one, known=known, known_by=number, own=one.person_id in asked.own,
        returned=one.person_id in asked.returned, put_back=one.person_id in asked.put_back,
    )  # fmt: skip
