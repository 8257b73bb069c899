"""The why of a dispatch for reading: a sentence said aloud, the parts as numbers and as bars, why not the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext, pgettext_lazy

from accounts.selectors import strangers
from aftersales.core import wording
from aftersales.standards import vocabulary
from aftersales.tickets import dispatch_rules
from aftersales.tickets.models import DispatchRecord
from aftersales.tickets.selectors.dispatching import PUT_BACK, TAKEN_BACK
from aftersales.tickets.states import DispatchPart, OwnReason

# Why a person got the ticket, or nobody did, where nobody was scored.
CHOSEN = {
    "least_load": gettext_lazy("%(name)s had the fewest tickets for the own capacity among those on shift."),
    "by_hand": gettext_lazy("%(name)s was chosen by hand."),
    "pulled": gettext_lazy("%(name)s took the ticket."),
    "handed_over": gettext_lazy("The ticket was handed to %(name)s, who leads the team."),
    "taken_back": gettext_lazy("The ticket was taken back from %(name)s: %(why)s."),
    "put_back": gettext_lazy("%(name)s gave the ticket back to the queue."),
    "nobody_has_duty": gettext_lazy("No team has this duty."),
    "nobody_on_shift": gettext_lazy("Everybody with this duty was off shift."),
    "nobody_free": gettext_lazy("Everybody with this duty who was on shift had their hands full."),
    "nobody_fit": gettext_lazy("Nobody with this duty who was on shift may take this ticket."),
}
# Short word and sentence for everybody who was not compared.
VERDICTS: Mapping[str, tuple[Any, Any]] = {
    "away": (pgettext_lazy("dispatch", "Away"), gettext_lazy("away until %(until)s")),
    "break": (pgettext_lazy("dispatch", "Break"), gettext_lazy("on a break until %(until)s")),
    "pause": (pgettext_lazy("dispatch", "Pause"), gettext_lazy("on a pause until %(until)s")),
    "off_shift": (pgettext_lazy("dispatch", "Not on shift"), gettext_lazy("next shift %(until)s")),
    "certificate": (pgettext_lazy("dispatch", "Certificate"), dispatch_rules.NO_CERTIFICATE),
    "onboarding": (pgettext_lazy("dispatch", "Onboarding"), dispatch_rules.NEWCOMER),
    "unread": (pgettext_lazy("dispatch", "Rule not read"), gettext_lazy("has not read a changed rule of this kind")),
    "scope": (pgettext_lazy("dispatch", "Scope"), gettext_lazy("beyond what the vendor takes on")),
    "returned": (pgettext_lazy("dispatch", "Taken back"), gettext_lazy("it was taken back from this person just now")),
    "put_back": (pgettext_lazy("dispatch", "Gave it back"), gettext_lazy("gave it back just now")),
    "full": (pgettext_lazy("dispatch", "Hands full"), gettext_lazy("carries %(carried)s of %(capacity)s")),
    "hourly": (pgettext_lazy("dispatch", "Enough"), gettext_lazy("got %(fresh)s new tickets within the hour")),
    "ending": (pgettext_lazy("dispatch", "Shift ends"), gettext_lazy("off at %(until)s; somebody else was there")),
    "not_this": (pgettext_lazy("dispatch", "Rule"), gettext_lazy("not possible for this ticket")),
}  # fmt: skip
GREEN = {
    dispatch_rules.KEY: gettext_lazy("a key customer"),
    dispatch_rules.SPECIAL: gettext_lazy("a customer who needs special care"),
    dispatch_rules.VIP: gettext_lazy("a VIP"),
}
SHOWN_OUT = 40


@dataclass(frozen=True)
class Part:
    """One part of a score: its name, the points of this person, and where its piece of the bar lies."""

    code: str
    points: str
    x: float
    width: float


@dataclass(frozen=True)
class Scored:
    """One person who was compared."""

    name: str
    load: str
    parts: Sequence[Part]
    total: str
    chosen: bool


@dataclass(frozen=True)
class Out:
    """One person who was not compared, and why not."""

    name: str
    word: str
    why: str


@dataclass(frozen=True)
class Face:
    """A dispatch record as the dialog shows it."""

    record: DispatchRecord
    title: str
    sentence: str
    heads: Sequence[tuple[str, str, int]] = ()
    scored: Sequence[Scored] = ()
    out: Sequence[Out] = ()
    more_out: int = 0
    notes: Sequence[str] = field(default_factory=list)

    @property
    def out_words(self) -> str:
        number = len(self.out) + self.more_out
        return ngettext("%(n)d person was not compared", "%(n)d people were not compared", number) % {
            "n": number
        }


def face(
    record: DispatchRecord | None,
    owner: Any,
    now: datetime,
    reader: Any,
    before: DispatchRecord | None = None,
) -> Face | None:
    """The record in words, with where the ticket came from (``before``); None without one.

    Asks nothing of the database for own staff. People of a vendor read no name, load or shift of somebody whom they
    do not see elsewhere: he is counted.
    """
    if record is None:
        return None
    told: list[Mapping[str, Any]] = list(record.candidates)
    unknown = strangers(
        reader,
        [
            *(one["person_id"] for one in told), record.chosen_id, owner.pk if owner else None,
            before.chosen_id if before else None,
        ],
    )  # fmt: skip
    told = [{**one, "name": str(_("Another team"))} if one["person_id"] in unknown else one for one in told]
    compared = [one for one in told if one.get("parts")]
    heads = _heads(told) if compared else []
    compared.sort(key=lambda one: (one["person_id"] != record.chosen_id, -one["total"], one["person_id"]))
    out = [one for one in told if one.get("verdict")]
    named = [one for one in out if one["person_id"] not in unknown][:SHOWN_OUT]
    scored = [one for one in compared if not one.get("verdict")]
    hidden = sum(one["person_id"] in unknown for one in scored)
    chosen = str(_("Another team") if record.chosen_id in unknown else record.chosen or "")
    return Face(
        record=record, title=_title(record, chosen), sentence=_sentence(record, compared, chosen, unknown), heads=heads,
        scored=[_scored(one, record, heads) for one in scored if one["person_id"] not in unknown],
        out=[_out(one, record.at) for one in named], more_out=len(out) - len(named),
        notes=[*_came_from(record, before, unknown), *_others(hidden), *_notes(record, owner, unknown)],
    )  # fmt: skip


def _others(hidden: int) -> list[str]:
    words = ngettext(
        "%(n)d person of another team was compared too.",
        "%(n)d people of other teams were compared too.",
        hidden,
    )
    return [words % {"n": hidden}] if hidden else []


def _title(record: DispatchRecord, chosen: str) -> str:
    if record.chosen is None:
        return _("Why nobody got it yet")
    if record.reason == TAKEN_BACK:
        return _("Why it was taken back")
    if record.reason == PUT_BACK:
        return _("Why nobody has it")
    return _("Why %(name)s") % {"name": chosen}


def _heads(told: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """The parts that count anything, each with the most points somebody had."""
    most = [
        max((one["parts"][place] for one in told if len(one.get("parts", ())) > place), default=0)
        for place in range(len(dispatch_rules.PARTS))
    ]
    return [
        (code, str(DispatchPart(code).label), place)
        for place, code in enumerate(dispatch_rules.PARTS)
        if most[place]
    ]


def _points(tenths: int) -> str:
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths / 10:.1f}"


def _scored(one: Mapping[str, Any], record: DispatchRecord, heads: Sequence[tuple[str, str, int]]) -> Scored:
    x, parts = 0.0, []
    for code, _label, place in heads:
        tenths = one["parts"][place]
        parts.append(Part(code, _points(tenths), round(x, 1), round(tenths / 10, 1)))
        x += tenths / 10
    return Scored(
        one["name"], f"{one['load']} / {one['capacity']}", parts, _points(one["total"]),
        one["person_id"] == record.chosen_id,
    )  # fmt: skip


def _sentence(
    record: DispatchRecord, compared: Sequence[Mapping[str, Any]], chosen: str, unknown: Collection[int]
) -> str:
    """What a colleague could say aloud."""
    best = next((one for one in compared if one["person_id"] == record.chosen_id), None)
    if best is None:
        words = CHOSEN.get(record.reason)
        return str(words) % {"name": chosen, "why": _lost_because(record)} if words else record.reason
    if best["person_id"] in unknown:
        return _("Somebody of another team got it: %(points)s points.") % {"points": _points(best["total"])}
    others = [one["total"] for one in compared if one is not best and not one.get("verdict")]
    values = {
        "name": best["name"], "because": vocabulary.listed(_because(best)), "points": _points(best["total"]),
        "lead": _points(best["total"] - max(others, default=0)),
    }  # fmt: skip
    if not others and best.get("put_back"):
        return (
            _("%(name)s gave it back, but nobody else here is qualified to take it. %(points)s points.")
            % values
        )
    if not others:
        return _("%(name)s %(because)s, and nobody else could take it. %(points)s points.") % values
    if best["total"] == max(others):
        return (
            _(
                "%(name)s %(because)s. %(points)s points; among equals the lighter load and the longer wait decide."
            )
            % values
        )
    return _("%(name)s %(because)s. %(points)s points, %(lead)s more than the next one.") % values


def _lost_because(record: DispatchRecord) -> str:
    """Why it was taken back, in the words of the timeline."""
    why = (record.asked or {}).get("why")
    return str(OwnReason(why if why in OwnReason.values else OwnReason.UNTOUCHED).label)


def _came_from(record: DispatchRecord, before: DispatchRecord | None, unknown: Collection[int]) -> list[str]:
    """Nobody has it now: who had it, and why no longer."""
    if record.chosen_id is not None or before is None or before.reason not in (TAKEN_BACK, PUT_BACK):
        return []
    had = str(_("Another team") if before.chosen_id in unknown else before.chosen or "")
    told = _sentence(before, (), had, unknown)
    return [_("%(when)s: %(what)s") % {"when": wording.minute(before.at, record.at), "what": told}]


def _because(one: Mapping[str, Any]) -> list[str]:
    said = []
    if one.get("certificate"):
        said.append(_("holds the certificate %(certificate)s") % one)
    if one.get("known") == "owner":
        said.append(_("is responsible for it from the first contact on"))
    elif one.get("known"):
        order = one["known"] == "order"
        words = (
            _("handled this order before (%(known_by)s)")
            if order
            else _("knows the customer from %(known_by)s")
        )
        said.append(words % one)
    words = ngettext(
        "carries %(load)s open ticket (at most %(capacity)s)",
        "carries %(load)s open tickets (at most %(capacity)s)",
        one["load"],
    )
    said.append(words % one)
    if one.get("left"):
        said.append(
            _("is on shift for another %(time)s") % {"time": wording.duration(timedelta(minutes=one["left"]))}
        )
    return said


def _out(one: Mapping[str, Any], at: datetime) -> Out:
    word, why = VERDICTS.get(one["verdict"], (one["verdict"], ""))
    until = parse_datetime(one["until"]) if one.get("until") else None
    values = {
        "until": wording.minute(until, at) if until else pgettext("dispatch", "further notice"),
        "certificate": one.get("certificate") or "–", "onboarding": one.get("onboarding", ""),
        "capacity": one.get("capacity", 0), "fresh": one.get("fresh", 0),
        "carried": _points((one.get("weight") or 0) // 10),
    }  # fmt: skip
    return Out(one["name"], str(word), str(why) % values if why else "")


def _notes(record: DispatchRecord, owner: Any, unknown: Collection[int]) -> list[str]:
    asked = record.asked or {}
    said = []
    if asked.get("green") in GREEN:
        words = _("The customer is %(who)s: green channel, served first and by senior people.")
        said.append(words % {"who": GREEN[asked["green"]]})
    if asked.get("language"):
        said.append(_("The customer prefers another language: %(language)s.") % asked)
    if owner is not None and record.chosen_id != owner.pk:
        said.append(
            _("%(name)s stays responsible from the first contact on; dispatch does not change that.")
            % {"name": _("Another team") if owner.pk in unknown else owner}
        )
    return said
