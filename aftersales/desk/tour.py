"""Help in place: one line for each page, and a first tour of five steps for each kind of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.desk import navigation

# What a page is for and what to do first, by the name of its address. Who has read it puts it away for himself.
LINES: Mapping[str, Any] = {
    "desk:queue": _("What hurts first stands on top. Click a row to look at it, Enter opens it, G gives you the next."),
    "desk:ticket": _("The blue button is the next step; what is not possible yet says why. R replies, N notes."),
    "desk:day": _("Your promises and calls of today. Begin at the top: what is due next stands first."),
    "desk:views": _("Put the lists you use every day among your tabs, in your order."),
    "desk:archive": _("Finished tickets with their records. Every look is written down."),
    "desk:search": _("One box for tickets, orders, parcels, people and words. What you may not see is not found."),
    "dashboards:wall": _("For a screen that everybody sees: it asks for itself every half minute."),
    "desk:open": _("Take a problem down for a customer. Begin with the order number: the rest fills itself in."),
    "dashboards:overview": _("How the department stands. Each figure opens exactly its tickets."),
    "notices:inbox": _("What concerns you: work given to you, answers, limits that come near."),
    "notices:outbox": _("Every message that left the house, and why one did not."),
    "standards:rules": _("Who owes what by when. A change needs a draft by one person and an activation by another."),
    "standards:numbers": _("Limits, windows and weights that the rules use, each with its source."),
    "ladder:rungs": _("Who is told when a promise is near its end or past it. Try a draft on the last weeks first."),
    "sheets:list": _("Bring lists in and take them out. Nothing is written before you saw the preview."),
}  # fmt: skip


# Where the tour is offered: the pages a day begins with, not every page of it.
OFFERED_ON = ("desk:day", "dashboards:overview")


def line_of(view_name: str, hidden: Sequence[str]) -> Any:
    """The line of a page, or "" when there is none or this person has put it away."""
    return "" if view_name in hidden else LINES.get(view_name, "")


@dataclass(frozen=True)
class Step:
    title: Any
    text: Any
    page: str = ""

    @property
    def url(self) -> str:
        return navigation.address(self.page) if self.page else ""


STEPS: Mapping[str, Step] = {
    "queue": Step(
        _("The queue"),
        _("Rows are sorted by what is due next. Red is late, amber is near. J and K walk, Enter opens, X chooses."),
        "desk:queue",
    ),
    "ticket": Step(
        _("One ticket"),
        _("Left the conversation, in the middle what you can do now, right the customer and the order. "
          "What is locked says why, and when it becomes possible."),
    ),
    "search": Step(
        _("One box for everything"),
        _("Ctrl K from anywhere: a ticket, an order, the end of a telephone number, a parcel, a name, two characters."),
        "desk:search",
    ),
    "keys": Step(
        _("Keys"),
        _("A question mark lists the keys of the page. Single keys can be switched off in the account menu."),
    ),
    "views": Step(
        _("Lists of your own"),
        _("Filter, choose columns and order, then save it as a view. Share it with your team, let it open by itself."),
        "desk:views",
    ),
    "figures": Step(
        _("Figures"),
        _("Each figure opens exactly the tickets it counts, and says its target and how many it rests on."),
        "dashboards:overview",
    ),
    "rules": Step(
        _("The rule book"),
        _("Every limit is a row with its source. You draft, another person activates; the old version stays readable."),
        "standards:rules",
    ),
    "sheets": Step(
        _("Lists in and out"),
        _("A file is read, compared and shown before anything is written; refused rows say why and how to mend them."),
        "sheets:list",
    ),
    "archive": Step(
        _("The archive"),
        _("What was finished, by whom and how. Looking there is written down."),
        "desk:archive",
    ),
    "menu": Step(
        _("Your own settings"),
        _("At the foot of the side bar: light or dark, language, keys, and this tour once more."),
    ),
}  # fmt: skip
WORKERS = ("queue", "ticket", "search", "keys", "menu")
LEADS = ("queue", "views", "figures", "ticket", "search")
KEEPERS = ("rules", "sheets", "figures", "queue", "search")
READERS = ("queue", "archive", "figures", "search", "menu")


def steps_of(user: Any) -> list[Step]:
    """The five steps for this person's kind of work."""
    for capability, names in (
        ("standards.draft", KEEPERS), ("tickets.assign", LEADS), ("tickets.work", WORKERS), ("desk.view", READERS),
    ):  # fmt: skip
        if user.has_perm(capability):
            return [STEPS[name] for name in names]
    return [STEPS[name] for name in ("rules", "menu")]
