"""A timeline names other tickets only to whoever may see them; for everybody else it is "another ticket"."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import ngettext

from aftersales.core.models import Event
from aftersales.core.wording import listed
from aftersales.tickets.models import Ticket

# Where an event of these kinds holds the key and the number of the other ticket.
NAMES: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(
        (
            "ticket.linked", "ticket.unlinked", "ticket.told_apart", "ticket.released", "ticket.split",
            "ticket.split_off",
        ),
        ("other_id", "other"),
    ),
    **dict.fromkeys(("ticket.merged", "ticket.unmerged", "ticket.passed_on"), ("into_id", "into")),
    "ticket.absorbed": ("other_ids", "others"),
}  # fmt: skip
JOINED = ", "  # between the numbers of several tickets in a payload


def neutral(found: Iterable[Event], reader: Any, seen: Mapping[int, bool] | None = None) -> None:
    """Take the numbers out of these events (in memory) that ``reader`` may not see.

    ``seen``: what a page knows already of the tickets bound to this one; then nothing is asked of the database, and
    whatever it does not know stays unnamed. Else one query, and none for who sees every ticket.
    """
    named = [event for event in found if event.kind in NAMES]
    if not named or (reader.is_active and reader.has_perms(["tickets.view_ticket", "tickets.view_all"])):
        return
    if seen is None:
        asked = {pk for event in named for pk in _keys(event)}
        seen = dict.fromkeys(
            Ticket.objects.visible_to(reader).filter(pk__in=asked).values_list("pk", flat=True), True
        )
    for event in named:
        words = NAMES[event.kind][1]
        event.payload = {**event.payload, words: _words(event, words, seen)}


def blurred(event: Event) -> None:
    """Take every other ticket's number out of this event (in memory): nobody knows who will read it."""
    if event.kind in NAMES:
        words = NAMES[event.kind][1]
        event.payload = {**event.payload, words: _words(event, words, {})}


def _keys(event: Event) -> list[int]:
    held = event.payload.get(NAMES[event.kind][0])
    return [pk for pk in (held if isinstance(held, list) else [held]) if isinstance(pk, int)]


def _words(event: Event, name: str, seen: Mapping[int, bool]) -> str:
    """The numbers that may be named, and how many others there are."""
    numbers = str(event.payload.get(name, "")).split(JOINED)
    shown = [number for number, pk in zip(numbers, _keys(event), strict=False) if seen.get(pk)]
    hidden = len(numbers) - len(shown)
    if hidden:
        more = ngettext("another ticket", "%(n)d other tickets", hidden)
        shown.append(more % {"n": hidden})
    return listed(shown)
