"""Finding tickets by the words in their texts."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Lower, StrIndex

from aftersales.tickets.models import Ticket, TicketText


def search_ids(text: str, *, user: Any, limit: int = 200) -> list[int]:
    """The newest tickets this person may see whose texts hold ``text``. One query.

    The scope comes before the limit: otherwise somebody else's newer tickets would push one's own out of the answer.
    """
    found = texts_with(text)
    if not user.has_perm("tickets.view_all"):
        found = found.filter(ticket__in=Ticket.objects.visible_to(user))
    return list(found.values_list("ticket_id", flat=True).distinct().order_by("-ticket_id")[:limit])


def texts_with(text: str) -> QuerySet[Any]:
    """Keys of the tickets whose texts hold ``text`` (two characters and up), as a condition on rows that are scoped and
    filtered already: a list cut before its filters would lose what they look for.

    The bigram index finds candidates, the place of the words decides: of a comparison PostgreSQL guesses the share,
    of ILIKE it would always guess that nothing is left and read a common word to its end before the first page.
    """
    needle = text.strip()[:100].lower()
    if len(needle) < 2:
        return TicketText.objects.none().values("ticket_id")
    placed = TicketText.objects.alias(place=StrIndex(Lower("text"), Value(needle)))
    return placed.filter(bigrams__contains=bigrams(needle), place__gt=0).values("ticket_id")


COMMON = 2_000  # tickets that hold a word; with more, reading rows in their order meets the next one soon


def with_words(rows: Any, text: str, *, ticket: str = "pk") -> Any:
    """Those of the rows whose ticket holds ``text``, all of them; ``ticket`` names the ticket's key on the rows.

    The tickets of a rare word are looked up. A common word is asked for row by row, in the order in which they are
    read: a page is full long before the table ends. One statement besides the rows'.
    """
    found = list(texts_with(text)[: COMMON + 1].values_list("ticket_id", flat=True))
    if len(found) <= COMMON:
        return rows.filter(**{f"{ticket}__in": set(found)})
    said = texts_with(text).filter(ticket_id=OuterRef(ticket)).values("pk")[:1]
    return rows.alias(said=Subquery(said)).filter(said__isnull=False)


def bigrams(text: str) -> list[str]:
    """The same pairs that the database makes for the stored text."""
    lowered = text.lower()
    return sorted({lowered[index : index + 2] for index in range(len(lowered) - 1)})
