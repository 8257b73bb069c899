"""Last week's dispatches as they were, for playing them again. Reads only."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aftersales.clocks.models import Clock
from aftersales.standards.states import Promise
from aftersales.tickets import dispatch_rules as rules
from aftersales.tickets import simulation
from aftersales.tickets.models import DispatchRecord, Ticket
from aftersales.tickets.recorded import asked_of, candidate_of
from aftersales.tickets.selectors import dispatching

KIND = "tickets.ticket"
MOST = 20_000  # dispatches of one play


def week_size(since: datetime, until: datetime) -> int:
    """How many dispatches by rule there were, at most one more than can be played."""
    return len(_records(since, until).values_list("pk")[: MOST + 1])


def _records(since: datetime, until: datetime) -> Any:
    return DispatchRecord.objects.filter(reason="scored", at__gte=since, at__lt=until, chosen__isnull=False)


def played(asked: Mapping[str, Any], *, progress: Callable[[int, int], None] | None = None) -> dict[str, Any]:
    """What comes out, as plain values. ``asked``: since, until, the weights as a list of codes, who is away."""
    since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
    weights = rules.weights_of(asked["weights"], 0)
    terms = dispatching.terms_at(until)
    found = simulation.play(week(since, until), weights, terms, without=asked["without"], progress=progress)
    return found.told()


def week(since: datetime, until: datetime) -> list[simulation.Past]:
    """The dispatches by rule in their order. Three queries."""
    rows = list(_records(since, until).order_by("at", "id")[:MOST])
    ids = {row.ticket_id for row in rows}
    tickets = Ticket.objects.filter(pk__in=ids).in_bulk() if ids else {}
    due = _due(list(ids))
    return [_past(row, tickets[row.ticket_id], due) for row in rows]


def _due(ids: Sequence[int]) -> Mapping[int, datetime]:
    clocks = Clock.objects.filter(subject_kind=KIND, subject_id__in=ids, promise=Promise.FIRST_RESPONSE)
    return dict(clocks.order_by("-due_at").values_list("subject_id", "due_at"))


def _past(row: DispatchRecord, ticket: Ticket, due: Mapping[int, datetime]) -> simulation.Past:
    return simulation.Past(
        number=f"{ticket.number}#{row.pk}", duty=row.duty, at=row.at, opened_at=ticket.opened_at,
        chosen=row.chosen_id or 0, asked=asked_of(row.asked), people=[candidate_of(one) for one in row.candidates],
        ended_at=ticket.resolved_at or ticket.closed_at, replied_at=ticket.first_reply_at,
        due_at=due.get(row.ticket_id), ticket_id=row.ticket_id,
    )  # fmt: skip


def chosen_people(since: datetime, until: datetime) -> list[int]:
    """Everybody who got a ticket by rule in this time."""
    return list(_records(since, until).order_by().values_list("chosen_id", flat=True).distinct()[:500])
