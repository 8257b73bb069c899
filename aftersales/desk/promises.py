"""Promises on the desk: the line in the reply box, the card of the workbench, and what their forms post."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aftersales.core.components import ClockFace
from aftersales.core.errors import DomainError
from aftersales.core.posted import moment_of
from aftersales.core.wording import minute
from aftersales.standards.selectors import book, duration
from aftersales.standards.worktime import WorkingTime, add
from aftersales.tickets import given_words, services
from aftersales.tickets.models import GivenPromise, Ticket
from aftersales.tickets.selectors.promises import read
from aftersales.tickets.services.promises import LONGEST
from aftersales.tickets.services.unsent import Begun, Promised

HOURS = "chat_desk"  # the calendar in which people of the desk are there
WORKDAYS = "workdays"
EVENING, NOON = time(18), time(12)
NEAR = timedelta(minutes=30)  # nobody promises "today at six" at a quarter to six
STEP = 5  # minutes


@dataclass(frozen=True)
class Choice:
    """One quick choice of a due time; ``value`` is what the form posts."""

    label: str
    value: str


@dataclass(frozen=True)
class Face:
    """One promise as the card shows it."""

    promise: GivenPromise
    clock: ClockFace
    broken: bool


def choices(now: datetime) -> list[Choice]:
    """In some hours of the desk's time, today at six, tomorrow at noon: each with the time it means."""
    rules_now = book()
    soon = duration("promise_soon_hours", now, among=rules_now)
    here = timezone.localtime(now)
    evening, noon = (
        here.replace(hour=at.hour, minute=0, second=0, microsecond=0) + timedelta(days=days)
        for at, days in ((EVENING, 0), (NOON, 1))
    )
    later = _rounded(add(rules_now.calendar_named(HOURS), now, soon))
    found = [(later, _("In %(hours)d working hours") % {"hours": soon // timedelta(hours=1)})]
    if evening - here > NEAR:
        found.append((evening, pgettext("promise", "Today")))
    found.append((noon, pgettext("promise", "Tomorrow")))
    return [Choice(f"{words} · {timezone.localtime(at):%H:%M}", value(at)) for at, words in found]


def _rounded(at: datetime) -> datetime:
    """Up to the next five minutes: a time that people say."""
    over = timedelta(minutes=at.minute % STEP, seconds=at.second, microseconds=at.microsecond)
    return at + timedelta(minutes=STEP) - over if over else at


def value(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def workdays() -> WorkingTime:
    return book().calendar_named(WORKDAYS)


def suggested(text: str, now: datetime, *, called: bool = False) -> Mapping[str, str]:
    """What the reply seems to promise, for the form; nothing when it seems to promise nothing.

    ``called``: its writer says that it is a promise; then only its time is asked.
    """
    read_words = given_words.said_to_promise if called else given_words.suggest
    found = read_words(text, now, workdays())
    if found is None:
        return {"what": given_words.last_sentence(text, LONGEST), "due": "", "words": ""}
    return {
        "what": found.what[:LONGEST], "due": value(found.due_at),
        "words": _("Promise? %(what)s · %(due)s") % {"what": found.what[:40], "due": minute(found.due_at, now)},
    }  # fmt: skip


def page(row: Ticket, user: Any, now: datetime) -> dict[str, Any]:
    """What the workbench shows of promises. One query; the row's moves ask no second one."""
    given = [face(one, now) for one in read(row)]
    holds = row.assignee_id == user.pk or user.has_perm("tickets.work_any")
    may = row.is_open and holds and user.has_perm("tickets.promise")
    return {
        "promises": [one for one in given if one.promise.is_open],
        "promises_ended": [one for one in given if not one.promise.is_open],
        "may_promise": may,
        "promise_silent": user.has_perm("tickets.work_any"),
        "promise_choices": choices(now) if may else [],
    }


def face(promise: GivenPromise, now: datetime) -> Face:
    broken = promise.is_broken(now)
    states = {"open": "running", "kept": "met_late" if broken else "met", "withdrawn": "cancelled"}
    clock = ClockFace(
        promise=promise.what or _("Erased"), state=states[promise.state], started_at=promise.given_at,
        due_at=promise.due_at if promise.is_open else promise.first_due_at, stopped_at=promise.ended_at,
    )  # fmt: skip
    return Face(promise, clock, broken)


def due_posted(posted: Mapping[str, Any]) -> datetime | None:
    """The quick choice, or the date written beside it; None when nothing was chosen."""
    chosen = str(posted.get("promise_by", ""))
    if "promise_by" not in posted and str(posted.get("promise_what", "")).strip():  # opened, no time chosen
        raise DomainError(_("Choose by when you promise it."), "when")
    written = chosen if chosen not in ("", "at") else str(posted.get("promise_at", ""))
    if not written and chosen != "at":
        return None
    at = moment_of(written)
    if at is None:
        raise DomainError(_("Choose by when you promise it."), "when")
    return at


def begun(posted: Mapping[str, Any]) -> Begun:
    """The promise of a form that was not sent, as far as it is written; empty when none was made."""
    chosen = str(posted.get("promise_by", ""))
    if "promise_by" in posted and not chosen:
        return Begun("", None)
    due = moment_of(str(posted.get("promise_at", "")) if chosen == "at" else chosen)
    return Begun(str(posted.get("promise_what", "")).replace("\x00", "").strip()[:LONGEST], due)


def promised(voice: str, text: str, posted: Mapping[str, Any]) -> Promised | None:
    """The promise of a reply's form; None when none was made."""
    due = due_posted(posted) if voice in ("customer", "merchant") else None
    if due is None:
        return None
    what = str(posted.get("promise_what", "")).strip() or given_words.last_sentence(text, LONGEST)
    return Promised(what, due)


def speaking(say: Callable[..., Any], voice: str, posted: Mapping[str, Any]) -> Callable[..., Any]:
    """The service that says it, with the promise of the same form when one was made (what: the last sentence)."""
    if voice not in ("customer", "merchant") or due_posted(posted) is None:
        return say

    def said(*, text: str, **how: Any) -> Any:
        word = promised(voice, text, posted)
        if word is None:
            return say(text=text, **how)
        return services.ticket_reply_promising(text=text, what=word.what, due_at=word.due_at, to=voice, **how)

    return said
