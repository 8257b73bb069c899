"""Which changes of the rules somebody still has to read, and which work waits for that (R1.2). Nothing here writes.

A version of a service standard that people brought into force is a must-read for everybody whose tickets it governs
and who was here by then; what comes with the product is nobody's. The versions come from the rule book at hand, so
that without such a change nothing is asked of the database.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import TeamMember, User
from accounts.states import Duty
from aftersales.clocks.rules import ClockSubject
from aftersales.core.errors import Refusal
from aftersales.standards.models import StandardVersion
from aftersales.standards.rules import matches
from aftersales.standards.selectors import Book, book, duration, promoted_for
from aftersales.standards.states import Debtor, RuleState
from aftersales.tickets.models import RuleReading, Ticket
from aftersales.tickets.selectors import URGENT, clock_subjects, urgent

GRACE = "must_read_grace_hours"
# Condition of a version → the column of a ticket that the subject's fact is read from.
COLUMNS = {
    "kinds": "kind__in", "severities": "severity__in", "natures": "nature__in", "channels": "channel__in",
    "customer_classes": "customer__customer_class__in",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One version that has to be read; ``blocks_at``: from then on it blocks the new tickets that it speaks about."""

    version: StandardVersion
    before: StandardVersion | None
    since: datetime
    blocks_at: datetime

    def touches(self, subject: Any) -> bool:
        """Whether it speaks about this ticket, by the same conditions as its clocks."""
        return matches(self.version, subject)

    def where(self) -> Q:
        """The same question asked of the table (a test compares). No ticket is of a market or has another mark."""
        version = self.version
        if version.markets or set(version.tags) - {URGENT}:
            return Q(pk__in=[])
        named = {
            column: list(getattr(version, name)) for name, column in COLUMNS.items() if getattr(version, name)
        }
        found = Q(**named)
        return found & urgent() if version.tags else found


def changes(now: datetime) -> list[Change]:
    """What people brought into force and what still is or will be in force, oldest first."""
    return _changes(now, lambda version: version.subject_kind == "tickets.ticket")


def merchant_changes(now: datetime) -> list[Change]:
    """The same of what merchants owe, whatever it is about; it blocks nothing."""
    return _changes(now, lambda version: version.owed_by == Debtor.MERCHANT)


def merchant_promoted(market: int | None, now: datetime) -> list[StandardVersion]:
    """What merchants of a market owe in promotions that run or are announced; nothing of it is to be confirmed."""
    return [
        one
        for one in promoted_for(market)
        if one.state == RuleState.ACTIVE and (one.valid_to is None or one.valid_to > now)
    ]


def usual(version: StandardVersion, among: Book) -> StandardVersion | None:
    """The version that counts outside the promotion, before and after it."""
    rows = [
        one
        for one in among.versions
        if one.standard_id == version.standard_id
        and one.promotion_id is None
        and one.state == RuleState.ACTIVE
        and version.valid_from is not None
        and one.applies_at(version.valid_from)
    ]
    return max(rows, key=lambda one: one.number, default=None)


def _changes(now: datetime, concerns: Callable[[StandardVersion], bool]) -> list[Change]:
    rules_now = book()
    grace = duration(GRACE, now, among=rules_now)
    found = [
        Change(
            version,
            _before(version, rules_now),
            at,
            max(at, version.valid_from or at) + grace,
        )
        for version in rules_now.versions
        if (at := version.activated_at) is not None
        and at <= now
        and _must_be_read(version, now)
        and concerns(version)
    ]
    return sorted(found, key=lambda change: (change.since, change.version.pk))


def _must_be_read(version: StandardVersion, now: datetime) -> bool:
    return (
        version.state == RuleState.ACTIVE
        and not version.is_shipped
        and version.promotion_id is None  # said by a banner as long as it lasts
        and (version.valid_to is None or version.valid_to > now)
    )


def _before(version: StandardVersion, among: Book) -> StandardVersion | None:
    same = [
        one for one in among.versions if one.standard_id == version.standard_id and one.promotion_id is None
    ]
    earlier = [one for one in same if one.number < version.number]
    return max(earlier, key=lambda one: one.number, default=None)


def unread_by_merchant(person: User, now: datetime) -> list[Change]:
    """What somebody who acts for a merchant has not confirmed yet. No query without a change, one with one."""
    due = [one for one in merchant_changes(now) if one.since >= person.created_at]
    if not due:
        return []
    asked = RuleReading.objects.filter(person=person.pk, version__in=[one.version.pk for one in due])
    read = set(asked.values_list("version_id", flat=True))
    return [one for one in due if one.version.pk not in read]


def unread(people: Sequence[User], now: datetime) -> Mapping[int, list[Change]]:
    """What each of these people has not confirmed yet. No query without a change, at most two with one."""
    due = changes(now)
    if not due or not people:
        return {}
    ids = [person.pk for person in people]
    asked = RuleReading.objects.filter(person__in=ids, version__in=[one.version.pk for one in due])
    read = set(asked.values_list("person_id", "version_id"))
    duties = _duties(ids, now) if any(one.version.owed_party in Duty.values for one in due) else {}
    return {
        person.pk: [
            one
            for one in due
            if (person.pk, one.version.pk) not in read
            and _touches(one, person, duties.get(person.pk, frozenset()))
        ]
        for person in people
    }


def _touches(change: Change, person: User, duties: frozenset[str]) -> bool:
    """Who works on tickets and was here when it was changed; of a duty's promise only the people of that duty."""
    if person.created_at > change.since or not person.has_perm("tickets.work"):
        return False
    party = change.version.owed_party
    return party not in Duty.values or party in duties


def _duties(ids: Sequence[int], now: datetime) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    places = TeamMember.objects.at(now).filter(person__in=ids, team__active_to=None)
    for person_id, duties in places.values_list("person_id", "team__duties"):
        found[person_id].update(duties)
    return {pk: frozenset(duties) for pk, duties in found.items()}


def blocking(people: Sequence[User], now: datetime) -> Mapping[int, list[Change]]:
    """The changes that keep tickets away from each of these people by now; people without any are left out."""
    found = {pk: [one for one in mine if one.blocks_at <= now] for pk, mine in unread(people, now).items()}
    return {pk: mine for pk, mine in found.items() if mine}


def any_of(mine: Iterable[Change]) -> Q:
    """The tickets that at least one of these speaks about."""
    found = Q(pk__in=[])
    for one in mine:
        found |= one.where()
    return found


def touched(rows: Sequence[Ticket], now: datetime) -> Mapping[int, frozenset[int]]:
    """For dispatch: the versions that each ticket is touched by, among those that have to be read. No query without."""
    due = changes(now)
    subjects = clock_subjects(rows, now) if due else {}
    return {
        pk: frozenset(one.version.pk for one in due if one.touches(subject))
        for pk, subject in subjects.items()
    }


def of_every_ticket(now: datetime) -> frozenset[int]:
    """The versions to be read that speak about any ticket, whatever it is."""
    return frozenset(one.version.pk for one in changes(now) if one.touches(ClockSubject()))


def refusals(mine: Iterable[Change], subject: Any) -> list[Refusal]:
    """Why somebody who has not read these may not begin with this ticket; empty when he may."""
    return words_of(one for one in mine if one.touches(subject))


def words_of(mine: Iterable[Change]) -> list[Refusal]:
    words = _("Read and confirm the change of “%(name)s” first: open My day.")
    return [Refusal("rules_unread", words % {"name": one.version.standard.name}) for one in mine]


def assignees_unread(rows: Sequence[Ticket], now: datetime) -> Mapping[int, list[Refusal]]:
    """Fact for *start*: why whoever has the ticket may not begin with it yet. No query without a change."""
    if not changes(now):
        return {}
    people = {
        row.assignee_id: row.assignee
        for row in rows
        if "assignee" in row._state.fields_cache and row.assignee
    }
    if asked := {row.assignee_id for row in rows if row.assignee_id} - set(people):
        people |= {person.pk: person for person in User.objects.filter(pk__in=asked)}
    found = blocking(list(people.values()), now)
    subjects = clock_subjects(rows, now) if found else {}
    return {
        row.pk: refusals(found[row.assignee_id], subjects[row.pk])
        for row in rows
        if row.assignee_id is not None and row.assignee_id in found
    }


@dataclass(frozen=True)
class Reading:
    """One change with who has read it and who has not, for the lead."""

    change: Change
    missing: list[User]
    read: int


def readings(viewer: Any, now: datetime) -> list[Reading]:
    """Of everybody whom the viewer sees and whose work it touches: who has not confirmed each change."""
    people = [
        one
        for one in User.objects.visible_to(viewer).active().order_by("display_name")
        if one.has_perm("tickets.work")
    ]
    found = unread(people, now)
    counts = _counted(people, now)
    return [
        Reading(one, missing, counts.get(one.version.pk, 0))
        for one in changes(now)
        for missing in [[person for person in people if one in found.get(person.pk, [])]]
    ]


def _counted(people: Sequence[User], now: datetime) -> Mapping[int, int]:
    due = [one.version.pk for one in changes(now)]
    counts: dict[int, int] = defaultdict(int)
    asked = RuleReading.objects.filter(version__in=due, person__in=[one.pk for one in people]) if due else ()
    for one in asked:
        counts[one.version_id] += 1
    return counts
