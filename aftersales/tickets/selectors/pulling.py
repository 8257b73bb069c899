"""What keeps a person from taking a ticket himself, as it keeps dispatch from giving it to him (R3.2, R1.5).

His load does not: whoever pulls when he is full wants to.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import qualifications
from accounts.models import User
from accounts.states import Role
from aftersales.core import wording
from aftersales.core.errors import Refusal
from aftersales.tickets.dispatch_rules import NEXT_RUN, NO_CERTIFICATE, NO_RUN, NOT_ONBOARDED, hours
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import clock_subjects
from aftersales.tickets.selectors.dispatching import terms_at
from aftersales.tickets.selectors.reading import any_of, blocking, refusals
from aftersales.tickets.selectors.routing import route, route_book, routed_to
from aftersales.tickets.states import Kind, Nature

VENDORS = (Role.VENDOR_AGENT, Role.VENDOR_LEAD)


def beyond(person: Any, now: datetime) -> Q:
    """The tickets that stay with own staff whoever asks for them; nothing for own staff."""
    if not any(person.has_role(role) for role in VENDORS):
        return Q(pk__in=[])
    covered = terms_at(now).vendor_severities
    return Q(kind=Kind.SAFETY) | Q(nature=Nature.COMPLAINT) | ~Q(severity__in=covered)


def barred(rows: Sequence[Ticket], person: Any, now: datetime) -> dict[int, list[Refusal]]:
    """Why this person may not take these; those that he may are left out."""
    found: dict[int, list[Refusal]] = {}
    mine = blocking([person], now).get(person.pk) if rows else None
    for pk, missing in lacking_certificate(rows, person, now).items():
        found.setdefault(pk, []).append(missing)
    subjects = clock_subjects(rows, now) if mine else {}
    for row in rows:
        if mine and (unread := refusals(mine, subjects[row.pk])):
            found.setdefault(row.pk, []).extend(unread)
    for pk in kept_inside(rows, person, now):
        words = _("Complaints, safety and what is graver than the contract covers stay with own staff.")
        found.setdefault(pk, []).append(Refusal("scope", words))
    return found


def lacking_certificate(rows: Sequence[Ticket], person: Any, now: datetime) -> dict[int, Refusal]:
    """Those that this person gets by no way, since their duty asks for a certificate that he lacks or since he is new
    and not through the onboarding yet: two queries whatever the rows, one more for a newcomer.
    """
    duties = _duties(rows)
    missing = qualifications.lacking_of([person.pk], _asked(duties), now).get(person.pk, {})
    return {pk: _refusal(one, person, now) for pk, duty in duties.items() if (one := _missing(missing, duty))}


class Lacks:
    """What whoever has each of these tickets lacks for it by now; two queries for all, once somebody wants to know."""

    def __init__(self, rows: Sequence[Ticket], now: datetime) -> None:
        self._rows, self._now = rows, now

    @cached_property
    def _found(self) -> Mapping[int, list[Refusal]]:
        held = {row.pk: row for row in self._rows if row.assignee_id is not None}
        duties = _duties(list(held.values()))
        people = sorted({row.assignee_id for row in held.values() if row.assignee_id is not None})
        missing = qualifications.lacking_of(people, _asked(duties), self._now)
        return {
            pk: [_refusal(one, row.assignee, self._now)]
            for pk, row in held.items()
            if (one := _missing(missing.get(row.assignee_id or 0, {}), duties[pk]))
        }

    def of(self, ticket_id: int) -> Sequence[Refusal]:
        return self._found.get(ticket_id, ())


def assignees_lacking(rows: Sequence[Ticket], now: datetime) -> Mapping[int, Lacks]:
    """Fact for *start*: one answer for the whole batch."""
    shared = Lacks(rows, now)
    return {row.pk: shared for row in rows}


def _duties(rows: Sequence[Ticket]) -> dict[int, str]:
    routes = route_book() if rows else []
    return {row.pk: route(row, routes) for row in rows}


def _asked(duties: Mapping[int, str]) -> list[str]:
    return sorted({qualifications.ANY_WORK, *duties.values()}) if duties else []


def _missing(
    missing: Mapping[str, qualifications.Qualification], duty: str
) -> qualifications.Qualification | None:
    """Work that no duty takes asks for the onboarding alone."""
    one = missing.get(duty)
    return one if one and (duty or one.newcomer) else None


def _refusal(one: qualifications.Qualification, person: Any, now: datetime) -> Refusal:
    if one.newcomer is None:
        return Refusal("certificate", NO_CERTIFICATE % {"certificate": one.certificate})
    new = one.newcomer
    words = {"run": new.run, "at": wording.minute(new.starts_at, now)}
    said = {
        "name": person,
        "done": hours(new.done),
        "needed": hours(new.needed),
        "next": (NEXT_RUN if new.run else NO_RUN) % words,
    }
    return Refusal("onboarding", NOT_ONBOARDED % said)


def uncertified(person: Any, now: datetime) -> Q:
    """The same asked of the table: the tickets that this person may not get; empty for none at all."""
    routes = route_book()
    missing = qualifications.lacking(
        person.pk, sorted({qualifications.ANY_WORK, *(row.duty for row in routes)}), now
    )
    if any(one.newcomer for one in missing.values()):
        return Q(pk__isnull=False)
    lacks = missing.keys() - {qualifications.ANY_WORK}
    return routed_to(lacks, routes) if lacks else Q()


def not_offered(ids: Sequence[int], person: Any, now: datetime) -> set[int]:
    """Those of these tickets that this person would be refused, for lists that offer to take them.

    At most four queries whatever the rows; none for no rows.
    """
    if not ids:
        return set()
    lacks = uncertified(person, now)
    unread = blocking([person], now).get(person.pk)
    vendor = any(person.has_role(role) for role in VENDORS)
    if not (lacks or unread or vendor):
        return set()
    refused = (lacks or Q(pk__in=[])) | beyond(person, now)
    refused |= any_of(unread) if unread else Q(pk__in=[])
    return set(Ticket.objects.filter(refused, pk__in=ids).values_list("pk", flat=True))


def kept_inside(rows: Sequence[Ticket], person: Any, now: datetime) -> set[int]:
    """Which of these stay with own staff, so that this person never takes them. No query for own staff."""
    if not rows or not any(person.has_role(role) for role in VENDORS):
        return set()
    mine = Ticket.objects.filter(beyond(person, now), pk__in=[row.pk for row in rows])
    return set(mine.values_list("pk", flat=True))


def out_of_reach(
    keys: Iterable[int], rows: Sequence[Ticket], now: datetime, *, giver: Any = None
) -> set[int]:
    """Those of these people who never take all of the rows, save what is as little for the ``giver`` himself.

    A page that lets somebody name who goes on leaves them out. What is still to be read keeps nobody off such a list.
    """
    people = User.objects.filter(pk__in=set(keys))
    outside = [one for one in people if any(one.has_role(role) for role in VENDORS)]
    if not outside:
        return set()
    spared = kept_inside(rows, giver, now) if giver is not None else set()
    return {one.pk for one in outside} if kept_inside(rows, outside[0], now) - spared else set()
