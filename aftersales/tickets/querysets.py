"""Which tickets a person may see, and the filters of every list."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q

from aftersales.core.querysets import ScopedQuerySet
from aftersales.tickets.states import (
    ACTIVE_STATES,
    NO_DUE,
    OPEN_STATES,
    REVIEW_STATES,
    TERMINAL_STATES,
    UNASSIGNED_STATES,
    AppointmentState,
    PromiseState,
    TicketState,
)


class TicketQuerySet(ScopedQuerySet):
    view_capability = "tickets.view_ticket"

    def visible_to(self, user: Any) -> Self:
        """Department-wide readers see all; others their teams', their own and what nobody has (vendors: own only)."""
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.view_all"):
            return self
        mine = Q(assignee_id=user.pk) | Q(owner_id=user.pk) | Q(team_id__in=user.team_ids)
        if user.has_perm("tickets.view_unassigned"):
            mine |= Q(assignee=None, team=None)
        return self.filter(mine)

    def open(self) -> Self:
        return self.filter(state__in=OPEN_STATES)

    def active(self) -> Self:
        return self.filter(state__in=ACTIVE_STATES)

    def held(self) -> Self:
        """What somebody has on his hands: open tickets, and those where he still owes something (``owing``)."""
        return self.filter(Q(state__in=OPEN_STATES) | _owing())

    def owing(self) -> Self:
        """Solved or finished, and still somebody is owed a call, an answer, what was promised or what was agreed."""
        return self.filter(_owing())

    def passed_on(self) -> Self:
        """Those that change hands as they stand, without a move: what waits, and what is solved and still owed."""
        return self.filter(Q(state=TicketState.WAITING) | _owing())

    def unassigned(self) -> Self:
        return self.filter(assignee=None, state__in=UNASSIGNED_STATES)

    def of_teams(self, team_ids: list[int]) -> Self:
        return self.filter(team_id__in=team_ids)

    def breached(self, now: datetime) -> Self:
        """*Breached* is ``due_at < now``, never a stored flag (DESIGN 3)."""
        return self.filter(state__in=ACTIVE_STATES, next_due_at__lt=now)

    def due_within(self, now: datetime, span: timedelta) -> Self:
        return self.filter(state__in=ACTIVE_STATES, next_due_at__gte=now, next_due_at__lt=now + span)

    def to_wake(self, now: datetime, state: str) -> Self:
        return self.filter(state=state, wake_at__lte=now).order_by("wake_at")

    def to_review(self) -> Self:
        """Finished tickets that no lead has looked at yet, cancelled ones too: each waits for its record."""
        return self.filter(state__in=REVIEW_STATES)


def _owing() -> Q:
    from aftersales.tickets.models import Appointment, GivenPromise

    mine = {"ticket": OuterRef("pk")}
    word = Q(
        Exists(GivenPromise.objects.open().filter(**mine)) | Exists(Appointment.objects.open().filter(**mine))
    )
    asks = Q(state=TicketState.RESOLVED) & (~Q(ask_in_person="") | Q(next_due_at__lt=NO_DUE))
    return ~Q(state__in=(*OPEN_STATES, *TERMINAL_STATES, TicketState.MERGED)) & (asks | word)


class ThroughTicketQuerySet(ScopedQuerySet):
    """Rows that belong to a ticket are seen by whoever sees the ticket."""

    def visible_to(self, user: Any) -> Self:
        from aftersales.tickets.models import Ticket

        return self.filter(ticket__in=Ticket.objects.visible_to(user))


class IntakeItemQuerySet(ScopedQuerySet):
    view_capability = "tickets.view_intakeitem"


class BookQuerySet(ScopedQuerySet):
    """Rules of intake, grading and dispatch: settings that their readers see whole."""

    view_capability = "tickets.view_rules"

    def in_force(self) -> Self:
        return self.filter(is_active=True).order_by("position", "code")


class GivenPromiseQuerySet(ThroughTicketQuerySet):
    def open(self) -> Self:
        return self.filter(state=PromiseState.OPEN)

    def held_by(self, person_id: int) -> Self:
        """What this person owes now: whoever holds the ticket owes what was promised on it."""
        return self.open().filter(ticket__assignee_id=person_id)


class AppointmentQuerySet(ThroughTicketQuerySet):
    def open(self) -> Self:
        return self.filter(state=AppointmentState.AGREED)

    def to_remind(self, now: datetime) -> Self:
        return self.open().filter(remind_at__lte=now, reminded_at=None).order_by("remind_at", "id")

    def over(self, now: datetime) -> Self:
        """Their time is past and nobody was asked yet what came of it."""
        return self.open().filter(ends_at__lte=now, asked_at=None).order_by("ends_at", "id")


class MacroQuerySet(ScopedQuerySet):
    """Macros: everybody's, those of the own teams, the own ones."""

    view_capability = "tickets.use_macros"

    def visible_to(self, user: Any) -> Self:
        """What a person finds; who keeps everybody's macros sees those of all teams too, never another's own."""
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        if user.has_perm("tickets.keep_macros"):
            return self.filter(~Q(scope="own") | Q(owner_id=user.pk))
        return self.filter(Q(scope="all") | Q(team_id__in=user.team_ids) | Q(owner_id=user.pk))

    def usable_by(self, user: Any) -> Self:
        """In force, found, and offered to one of the person's roles. For the own teams only, whoever keeps them."""
        mine = Q(scope="all") | Q(team_id__in=user.team_ids) | Q(owner_id=user.pk)
        named = Q(roles=[]) | Q(roles__overlap=list(user.roles))
        return self.visible_to(user).filter(mine, named, is_active=True).order_by("position", "code")


class ActionRunQuerySet(ScopedQuerySet):
    """Runs of actions: each person's own; who watches over the machinery sees all."""

    view_capability = "desk.view"

    def visible_to(self, user: Any) -> Self:
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        return self if user.has_perm("core.view_job") else self.filter(actor_id=user.pk)


class AnswerQuerySet(ScopedQuerySet):
    """Answer templates: everybody's, one's teams' and one's own."""

    view_capability = "tickets.use_answers"

    def visible_to(self, user: Any) -> Self:
        if not (user and user.is_active and user.has_perm(self.view_capability)):
            return self.none()
        return self.filter(
            Q(scope="all") | Q(scope="team", team_id__in=user.team_ids) | Q(scope="own", owner_id=user.pk)
        )

    def in_use(self) -> Self:
        return self.filter(is_active=True)


class AutomationVersionQuerySet(ScopedQuerySet):
    """Versions of automation rules: read by whoever reads the rules of intake and dispatch."""

    view_capability = "tickets.view_rules"

    def in_force(self, *triggers: str) -> Self:
        """Those that act, in the order of their rules."""
        rows = self.filter(state="active", trigger__in=triggers).select_related("rule")
        return rows.order_by("rule__position", "rule__code")
