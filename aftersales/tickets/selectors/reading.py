"""Which changes of the rules somebody still has to read, and which work waits for that (R1.2). Nothing here writes.

A version of a service standard that people brought into force is a must-read for everybody whose tickets it governs
and who was here by then; what comes with the product is nobody's. The versions come from the rule book at hand, so
that without such a change nothing is asked of the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import TeamMember, User
from accounts.states import Duty
from aftersales.core.errors import Refusal
from aftersales.standards.models import StandardVersion
from aftersales.standards.selectors import Book, book, duration
from aftersales.standards.states import RuleState
from aftersales.tickets.models import RuleReading, Ticket
from aftersales.tickets.states import Kind

GRACE = "must_read_grace_hours"
EVERY_KIND = frozenset(str(kind) for kind in Kind.values)


@dataclass(frozen=True)
class Change:
    """One version that has to be read; ``blocks_at``: from then on it blocks new tickets of ``kinds``."""

    version: StandardVersion
    before: StandardVersion | None
    kinds: frozenset[str]
    since: datetime
    blocks_at: datetime

    @property
    def all_kinds(self) -> bool:
        return self.kinds == EVERY_KIND


def changes(now: datetime) -> list[Change]:
    """What people brought into force and what still is or will be in force, oldest first."""
    rules_now = book()
    grace = duration(GRACE, now, among=rules_now)
    found = [
        Change(
            version,
            _before(version, rules_now),
            _kinds(version),
            at,
            max(at, version.valid_from or at) + grace,
        )
        for version in rules_now.versions
        if (at := version.activated_at) is not None and at <= now and _must_be_read(version, now)
    ]
    return sorted(found, key=lambda change: (change.since, change.version.pk))


def _must_be_read(version: StandardVersion, now: datetime) -> bool:
    return (
        version.state == RuleState.ACTIVE
        and not version.is_shipped
        and version.subject_kind == "tickets.ticket"
        and (version.valid_to is None or version.valid_to > now)
    )


def _kinds(version: StandardVersion) -> frozenset[str]:
    return frozenset(map(str, version.kinds)) or EVERY_KIND


def _before(version: StandardVersion, among: Book) -> StandardVersion | None:
    same = [one for one in among.versions if one.standard_id == version.standard_id]
    earlier = [one for one in same if one.number < version.number]
    return max(earlier, key=lambda one: one.number, default=None)


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


def rules_unread(people: Sequence[User], kinds: Iterable[str], now: datetime) -> Mapping[int, frozenset[str]]:
    """For dispatch: of these kinds, those that each person may not take before he has read a change. People who may
    take every one of them are left out."""
    wanted = frozenset(map(str, kinds))
    found = {
        pk: frozenset().union(*(one.kinds for one in mine if one.blocks_at <= now)) & wanted
        for pk, mine in unread(people, now).items()
    }
    return {pk: blocked for pk, blocked in found.items() if blocked}


def blocking(person: User, kind: str, now: datetime) -> list[Refusal]:
    """Why this person may not begin with a ticket of this kind; empty when he may."""
    return _refusals(unread([person], now).get(person.pk, []), kind, now)


def _refusals(mine: Iterable[Change], kind: str, now: datetime) -> list[Refusal]:
    words = _("Read and confirm the change of “%(name)s” first: open My day.")
    return [
        Refusal("rules_unread", words % {"name": one.version.standard.name})
        for one in mine
        if kind in one.kinds and one.blocks_at <= now
    ]


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
    found = unread(list(people.values()), now)
    return {
        row.pk: _refusals(found.get(row.assignee_id, []), row.kind, now) for row in rows if row.assignee_id
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
