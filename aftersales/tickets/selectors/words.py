"""Finding tickets by the words in their texts.

The index holds pairs of neighbouring characters. A pair that stands in every tenth text finds nothing by itself, so
that PostgreSQL's own statistics say which pairs of a word are worth asking for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Lower, StrIndex

from aftersales.tickets.models import Ticket, TicketText
from aftersales.tickets.states import ACTIVE_STATES

LONGEST = 100
TELLING = 3  # pairs that are asked of the index; the place of the words decides anyway
COMMON = 0.01  # share of the texts from which on a pair is no longer looked up: walking the newest rows meets it sooner
NEWEST = 20_000  # tickets that a walk looks at besides the open ones


def search_ids(text: str, *, user: Any, limit: int = 200) -> list[int]:
    """The newest tickets this person may see whose texts hold ``text``. One query.

    The scope comes before the limit: otherwise somebody else's newer tickets would push one's own out of the answer.
    """
    found = texts_with(text)
    if not user.has_perm("tickets.view_all"):
        found = found.filter(ticket__in=Ticket.objects.visible_to(user))
    return list(found.values_list("ticket_id", flat=True).distinct().order_by("-ticket_id")[:limit])


def needle_of(text: str) -> str:
    return text.strip()[:LONGEST].lower()


def texts_with(text: str) -> QuerySet[Any]:
    """Keys of the tickets whose texts hold ``text`` (two characters and up), as a condition on rows that are scoped and
    filtered already: a list cut before its filters would lose what they look for.

    The bigram index finds candidates, the place of the words decides: of a comparison PostgreSQL guesses the share,
    of ILIKE it would always guess that nothing is left and read a common word to its end before the first page.
    """
    needle = needle_of(text)
    if len(needle) < 2:
        return TicketText.objects.none().values("ticket_id")
    return _holding(needle).filter(bigrams__contains=telling(needle)).values("ticket_id")


def _holding(needle: str) -> QuerySet[Any]:
    return TicketText.objects.alias(place=StrIndex(Lower("text"), Value(needle))).filter(place__gt=0)


COMMON_TICKETS = 2_000  # that hold a word; with more, reading rows in their order meets the next one soon


def with_words(rows: Any, text: str, *, ticket: str = "pk") -> Any:
    """Those of the rows whose ticket holds ``text``, all of them; ``ticket`` names the ticket's key on the rows.

    The tickets of a rare word are looked up. A common word is asked for row by row, in the order in which they are
    read: a page is full long before the table ends. One statement besides the rows'.
    """
    found = list(texts_with(text)[: COMMON_TICKETS + 1].values_list("ticket_id", flat=True))
    if len(found) <= COMMON_TICKETS:
        return rows.filter(**{f"{ticket}__in": set(found)})
    said = texts_with(text).filter(ticket_id=OuterRef(ticket)).values("pk")[:1]
    return rows.alias(said=Subquery(said)).filter(said__isnull=False)


def bigrams(text: str) -> list[str]:
    """The same pairs that the database makes for the stored text."""
    lowered = text.lower()
    return sorted({lowered[index : index + 2] for index in range(len(lowered) - 1)})


# How common a pair is


@dataclass
class _Shares:
    known: Mapping[str, float]
    asked: int = 0


RENEW = 2_000  # searches of this process after which the statistics are read again
_shares: _Shares | None = None


def shares() -> Mapping[str, float]:
    """Pair -> share of the texts that hold it, for the commonest pairs; a pair that is not in it is rare."""
    global _shares
    if _shares is None or _shares.asked >= RENEW:
        _shares = _Shares(_statistics())
    _shares.asked += 1
    return _shares.known


def _statistics() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT most_common_elems::text::text[], most_common_elem_freqs FROM pg_stats "
            "WHERE schemaname = 'public' AND tablename = %s AND attname = 'bigrams'",
            [TicketText._meta.db_table],
        )
        found = cursor.fetchone()
    return dict(zip(found[0] or [], found[1] or [], strict=False)) if found else {}


def telling(needle: str) -> list[str]:
    """The few pairs of a word that find it soonest: the rarest; pairs of digits only where there is nothing else."""
    known = shares()
    pairs = bigrams(needle)
    lettered = [pair for pair in pairs if not pair.isdigit()] or pairs
    return sorted(lettered, key=lambda pair: (known.get(pair, 0.0), pair))[:TELLING]


def share(needle: str) -> float:
    """At most this share of the texts holds the word, as far as its rarest pair tells."""
    known = shares()
    return min((known.get(pair, 0.0) for pair in telling(needle)), default=0.0)


# The tickets that hold a word, for a list that is ranked and ends


@dataclass(frozen=True)
class Said:
    """A text that holds the word, and the ticket it belongs to."""

    ticket_id: int
    part: str
    text: str


def tickets_holding(rows: QuerySet[Ticket], text: str, *, most: int) -> list[int]:
    """Keys of those of the rows (scoped and filtered) whose texts hold ``text``: at most ``most``, newest first.

    A rare word is looked up in the index. A common one, or one that looks like a number, is asked of the open tickets
    and the newest: of those there is always a page, and what has many digits is found as a number, not as a word.
    """
    needle = needle_of(text)
    if len(needle) < 2:
        return []
    if share(needle) < COMMON and not looks_like_number(needle):
        found = rows.filter(pk__in=texts_with(needle))
        return list(found.order_by("-id").values_list("pk", flat=True)[:most])
    near = _near(rows, needle, most)
    if len(near) >= most or looks_like_number(needle):
        return near
    found = rows.filter(pk__in=texts_with(needle)[: COMMON_TICKETS + 1])
    return sorted({*near, *found.values_list("pk", flat=True)[:most]}, reverse=True)[:most]


def _near(rows: QuerySet[Ticket], needle: str, most: int) -> list[int]:
    """The hits among the open tickets, then among the newest of all."""
    said = _holding(needle).filter(ticket_id=OuterRef("pk")).values("pk")[:1]
    asked = rows.alias(said=Subquery(said)).filter(said__isnull=False)
    newest = Ticket.objects.aggregate(last=Max("pk"))["last"] or 0
    ways = (asked.filter(state__in=ACTIVE_STATES), asked.filter(pk__gt=newest - NEWEST))
    first, second = (way.order_by("-id").values_list("pk", flat=True)[:most] for way in ways)
    return list(dict.fromkeys(pk for way in (first, second) for pk in way))


def looks_like_number(needle: str) -> bool:
    """Four digits and up without a Chinese character: a number of something, not a word."""
    return sum(char.isdigit() for char in needle) >= 4 and needle.isascii()


def said_in(ids: Sequence[int], text: str) -> dict[int, Said]:
    """For each of these tickets the text that holds the word: subject, record, then what was written last. One query.

    Parts that weigh the same are told apart by the key of what was written, never by the order in which rows are read.
    """
    rows = _holding(needle_of(text)).filter(ticket__in=ids).values_list("ticket_id", "part", "text")
    best: dict[int, Said] = {}
    for one in sorted((Said(*row) for row in rows), key=_place):
        best[one.ticket_id] = one
    return best


def _place(said: Said) -> tuple[int, str, int]:
    name, _, key = said.part.partition(":")
    return weight(said.part), name, int(key or 0)


def weight(part: str) -> int:
    """How much a hit in this part says: the subject most, then the record's summary, then what was written."""
    return {"first": 3, "record": 2}.get(part, 1)
