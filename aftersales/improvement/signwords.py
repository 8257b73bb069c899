"""Rows of signs in words: what those of a group have in common, and the text by which they are alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from aftersales.improvement.models import SignRow
from aftersales.merchants.models import Merchant
from aftersales.orders.models import Review
from aftersales.tickets.models import Message
from aftersales.tickets.states import AuthorKind

REVIEW, TICKET = "orders.review", "tickets.ticket"
SHARED: Mapping[str, Promise] = {
    "phone": pgettext_lazy("gaming", "Same telephone"),
    "email": pgettext_lazy("gaming", "Same e-mail"),
    "address": pgettext_lazy("gaming", "Same address"),
    "text": pgettext_lazy("gaming", "Same words"),
    "short": pgettext_lazy("gaming", "Only a few characters"),
}


def groups(marks: Sequence[str], user: Any) -> dict[str, str]:
    """What the rows of each mark have in common; several of one sort are numbered. One statement at most."""
    found: dict[str, str] = {}
    shops = _shops(marks, user)
    sorts = [one.partition(" ")[0] for one in marks]
    counted: dict[str, int] = {}
    for mark, sort in zip(marks, sorts, strict=True):
        rest = mark.partition(" ")[2]
        counted[sort] = counted.get(sort, 0) + 1
        if sort == "merchant":
            found[mark] = shops.get(rest, _("another shop"))
        elif sort in SHARED:
            several = sorts.count(sort) > 1
            found[mark] = f"{SHARED[sort]} {counted[sort]}" if several else str(SHARED[sort])
        else:
            found[mark] = _day(sort, rest) or mark
    return found


def _day(day: str, base: str) -> str:
    """A day of many reviews with what the shop had in the weeks before; empty for another mark."""
    if not (base.isdigit() and len(day) == 10 and day[4] == day[7] == "-"):
        return ""
    words = ngettext(
        "%(day)s; %(n)s in the eight weeks before", "%(day)s; %(n)s in the eight weeks before", int(base)
    )
    return words % {"day": day, "n": base}


def _shops(marks: Iterable[str], user: Any) -> dict[str, str]:
    wanted = [one.partition(" ")[2] for one in marks if one.startswith("merchant ")]
    if not wanted:
        return {}
    rows = Merchant.objects.visible_to(user).filter(pk__in=[one for one in wanted if one.isdigit()])
    return {str(pk): name for pk, name in rows.values_list("pk", "name")}


def texts(rows: Sequence[SignRow], user: Any) -> dict[int, str]:
    """What was written, by row: of reviews and of answers to tickets. Two statements at most."""
    reviews = {one.subject_id: one.pk for one in rows if one.subject_kind == REVIEW}
    answers = {(one.subject_id, one.at): one.pk for one in rows if one.subject_kind == TICKET and one.mark}
    found: dict[int, str] = {}
    if reviews:
        written = Review.objects.visible_to(user).filter(pk__in=reviews).values_list("pk", "body")
        found |= {reviews[pk]: body for pk, body in written}
    if answers:
        said = Message.objects.visible_to(user).filter(
            ticket__in={ticket for ticket, _at in answers}, at__in={at for _ticket, at in answers},
            author_kind=AuthorKind.MERCHANT, erased_at=None,
        )  # fmt: skip
        for ticket, at, text in said.values_list("ticket_id", "at", "text"):
            if (ticket, at) in answers:
                found[answers[ticket, at]] = text
    return found
