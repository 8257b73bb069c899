"""What stands around the reply box: words not sent yet, what was said meanwhile, who follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from accounts import capabilities
from accounts.models import TeamMember, User
from aftersales.core.writtenout import with_value, written_out
from aftersales.tickets.models import Message, Ticket, Unsent, UnsentFile
from aftersales.tickets.states import SentBack

NEWS = 20
PEOPLE = 300


@dataclass(frozen=True)
class File:
    public_id: str
    name: str
    size: int
    width: int | None


@dataclass(frozen=True)
class Words:
    """Words that are not said yet: the reader's own draft, or somebody's reply on its way."""

    pk: int
    public_id: str
    author_id: int
    author: str
    voice: str
    text: str
    promise_what: str
    promise_due_at: datetime | None
    saved_at: datetime
    due_at: datetime | None
    sent_back: str
    why: str
    files: list[File]

    @property
    def back_words(self) -> str:
        """Why it came back, for its writer."""
        return self.why or (str(SentBack(self.sent_back).label) if self.sent_back else "")


def with_unsent(tickets: QuerySet[Ticket], user: Any) -> QuerySet[Ticket]:
    """The tickets with everybody's held replies and this person's draft, read along in the same statement."""
    return tickets.annotate(unsent_rows=with_value(_rows(), READER, user.pk))


READER = -1  # stands for the person who reads


@cache
def _rows() -> Any:
    files = UnsentFile.objects.filter(unsent=OuterRef("pk")).order_by("pk")
    file = JSONObject(public_id="public_id", name="original_name", size="size", width="width")
    rows = Unsent.objects.filter(Q(author=READER) | Q(due_at__isnull=False), ticket=OuterRef("pk"))
    columns = {name: name for name in Words.__annotations__ if name not in ("author", "files")}
    row = JSONObject(**columns, author="author__display_name", user="author__username", files="file_rows")
    found = rows.order_by("pk").annotate(file_rows=ArraySubquery(files.values(row=file))).values(row=row)
    return written_out(Ticket, ArraySubquery(found))


def unsent_of(ticket: Ticket) -> list[Words]:
    """The words read along by ``with_unsent``; nothing where they were not asked for."""
    return [_words(row) for row in ticket.__dict__.get("unsent_rows") or ()]


def _words(row: dict[str, Any]) -> Words:
    row = dict(row)
    name = row.pop("user")
    row["author"] = row["author"] or name
    row["files"] = [File(**file) for file in row["files"] or ()]
    for moment in ("saved_at", "due_at", "promise_due_at"):
        row[moment] = datetime.fromisoformat(row[moment]) if row[moment] else None
    return Words(**row)


def said_since(ticket: Ticket, *, seen: int, user: Any) -> list[Message]:
    """What customers, merchants and colleagues said after the message with this key; one query, no files."""
    rows = Message.objects.filter(ticket=ticket, pk__gt=seen).exclude(author=user)
    return list(rows.select_related("author").order_by("at", "pk")[:NEWS])


def held_since(ticket: Ticket, *, seen: int, user: Any) -> list[Unsent]:
    """Replies of colleagues that are on their way since."""
    rows = Unsent.objects.filter(ticket=ticket, pk__gt=seen, due_at__isnull=False).exclude(author=user)
    return list(rows.select_related("author").order_by("pk")[:NEWS])


def is_sent(ticket: Ticket, *, source_ref: str, user: Any) -> bool:
    """Whether this very form of his was sent already: its words are on their way, or said."""
    mine = {"author": user, "source_ref": source_ref}
    held = Unsent.objects.filter(ticket=ticket, due_at__isnull=False, **mine)
    return bool(source_ref) and (held.exists() or Message.objects.filter(ticket=ticket, **mine).exists())


def is_back(ticket: Ticket, *, public_id: str, user: Any) -> bool:
    """Whether words that were on their way are not: they wait still, or are their writer's draft again."""
    mine = Unsent.objects.filter(ticket=ticket, author=user)
    return mine.filter(Q(public_id=public_id) | Q(due_at=None) & ~Q(sent_back="")).exists()


def people_seeing(ticket: Ticket, user: Any) -> list[User]:
    """The colleagues whom this person may mention: those whom he sees and who see the ticket, by name. One query.

    The same people as ``Ticket.objects.visible_to`` lets in, asked from the other side (a test compares).
    """
    whole = Q(roles__overlap=_roles("tickets.view_all"))
    mine = Q(pk__in=[pk for pk in (ticket.assignee_id, ticket.owner_id) if pk])
    if ticket.team_id:
        members = TeamMember.objects.current().filter(team=ticket.team_id, team__active_to=None)
        mine |= Q(pk__in=members.values("person_id")) | Q(teams_led=ticket.team_id, teams_led__active_to=None)
    elif ticket.assignee_id is None:
        mine |= Q(roles__overlap=_roles("tickets.view_unassigned"))
    seeing = User.objects.visible_to(user).active().filter(roles__overlap=_roles("tickets.view_ticket"))
    found = seeing.filter(whole | mine).exclude(pk=user.pk).distinct()
    return list(found.order_by("display_name", "pk")[:PEOPLE])


def _roles(capability: str) -> list[str]:
    return sorted(str(role) for role in capabilities.TABLE[capability])


def stored_files(names: Sequence[str]) -> Iterable[str]:
    """Which of these stored files belong to words that are not said yet."""
    return UnsentFile.objects.filter(name__in=names).values_list("name", flat=True)
