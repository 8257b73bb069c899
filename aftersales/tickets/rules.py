"""Pure judgements about tickets: levels, guards, grading, who is fit to take one. No query, no clock read here."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from aftersales.core.errors import Refusal
from aftersales.tickets.states import (
    ACTIVE_STATES,
    OPEN_STATES,
    SEVERITY_ORDER,
    AskInPerson,
    Kind,
    Level,
    Nature,
    Severity,
    TicketState,
)

Guarding = Iterable[Refusal]
NEVER = frozenset({"not_this", "onboarding", "certificate", "scope", "unread"})
"""Verdicts of dispatch that no waiting changes: such a person is no help for this ticket."""


def level(severity: str, nature: str) -> Level:
    """The source's level from the two axes (R5.1): critical outranks the nature, the nature outranks the rest."""
    if severity == Severity.CRITICAL:
        return Level.L3
    by_nature = {Nature.COMPLAINT: Level.L5, Nature.PROCESS: Level.L4, Nature.FEEDBACK: Level.L6}
    if nature in by_nature:
        return by_nature[Nature(nature)]
    return Level.L2 if severity == Severity.MAJOR else Level.L1


def worse(one: str, other: str) -> str:
    return max(one, other, key=SEVERITY_ORDER.index)


def is_grave(severity: str, nature: str, kind: str) -> bool:
    """Major, critical, complaint and safety tickets: no machine and no single agent ends them (DESIGN 4)."""
    return severity != Severity.MINOR or nature == Nature.COMPLAINT or kind == Kind.SAFETY


def may_close_by_silence(severity: str, nature: str, kind: str) -> bool:
    """Grave tickets need a human answer (DESIGN 4)."""
    return not is_grave(severity, nature, kind)


# Guards: (row, facts, actor, now, data) -> refusals. ``data`` is None while only asking what is possible.


def only_ordinary_by_silence(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    if not may_close_by_silence(row.severity, row.nature, row.kind):
        yield Refusal(
            "needs_answer", _("Major, critical, safety and complaint tickets are never closed by silence.")
        )
    if row.wake_at is None or row.wake_at > now:
        yield Refusal("too_early", _("The customer still has time to answer."))
    if row.last_customer_at and row.resolved_at and row.last_customer_at > row.resolved_at:
        yield Refusal("customer_wrote", _("The customer wrote after the result; a person answers first."))


def customer_was_asked(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Silence says something only of somebody who was asked: the question left the house, long enough ago (R3.6)."""
    asked: Question = next(iter(facts.get("tickets.question", ())), Question())
    if asked.on_its_way:
        yield Refusal("not_sent_yet", _("The question whether it is solved has not gone out yet."))
    elif asked.quiet_until is None:
        why = AskInPerson(asked.why).label
        yield Refusal(
            "not_asked",
            _("Ask by telephone: the message did not reach the customer (%(why)s).") % {"why": why},
        )
    elif asked.quiet_until > now:
        yield Refusal("too_early", _("The customer still has time to answer."))


def nothing_open(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Rooms above name what is still open on the ticket: cases, payments, requests, promises."""
    for answers in facts.get("tickets.open_work", ()):
        yield from (Refusal("open_work", text) for text in answers)


def no_letter_binds(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """A letter of an authority (R4.11): while it is open its ticket goes on, and silence never ends it."""
    for letters in facts.get("tickets.bound_by_letter", ()):
        for number, is_open in letters:
            if data is not None and "into" in data and not is_open:
                continue
            yield Refusal(
                "letter",
                _(
                    "The letter of an authority %(number)s binds this ticket: "
                    "it is never merged away, nor closed by silence."
                )
                % {"number": number},
            )


def appointment_has_begun(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """Nobody missed what has not begun: such an appointment is moved or cancelled."""
    if row.starts_at > now:
        yield Refusal("not_begun", _("It has not begun yet: move or cancel it instead."))


def checklist_done(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """The required items of the checklists that this move waits for."""
    for answers in facts.get("tickets.unchecked", ()):
        yield from (Refusal("unchecked", text) for text in answers)


def changes_read(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Who has not read a change of the rules does not begin with the tickets that it touches (R1.2)."""
    if row.assignee_id == actor.pk:
        for refusals in facts.get("tickets.rules_unread", ()):
            yield from refusals


def still_certified(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Nothing begins in the hands of who no longer holds what its duty asks for: over at midnight is over (R1.3)."""
    if (
        data is None
    ):  # a page that only lists what may be done: the sweep puts back within minutes what is not begun
        return
    for lacks in facts.get("tickets.certificate", ()):
        yield from lacks.of(row.pk)


def own_work(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """Only the assignee works on a ticket, unless a lead steps in."""
    if row.assignee_id == actor.pk or actor.has_perm("tickets.work_any"):
        return
    if row.assignee_id is None:
        yield Refusal("not_yours", _("Nobody has this ticket yet. Take it first."))
    else:
        yield Refusal("not_yours", _("This ticket is assigned to somebody else. Ask for a transfer first."))


def lead_cancels_grave(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """What nothing may close by itself, nobody alone may make go away: a lead cancels it (DESIGN 4)."""
    if is_grave(row.severity, row.nature, row.kind) and not actor.has_perm("tickets.cancel_grave"):
        yield Refusal(
            "needs_lead",
            _("Only a lead cancels major, critical, safety and complaint tickets. Ask your lead."),
        )


def fit_to_work(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """Who gets a ticket may work on tickets and does not have it yet: asked of one and of many, by hand and by rule."""
    to = None if data is None else data.get("to")
    if to is None:
        return
    if not (to.is_active and to.has_perm("tickets.work")):
        yield Refusal("unfit", _("%(name)s cannot work on tickets.") % {"name": to})
    if row.assignee_id == to.pk:
        yield Refusal("already", _("The ticket is already with %(name)s.") % {"name": to})


def not_own_order(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Nobody handles an order of himself, his address, telephone or account. The reason tells nobody which it is."""
    to = None if data is None else data.get("to")
    if to is None:
        return
    if any(to.pk in own.of(row.pk) for own in facts.get("tickets.own_order", ())):
        yield Refusal(
            "not_for_person", _("This ticket cannot go to %(name)s; another person takes it.") % {"name": to}
        )


def fit_to_merge(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """Whether this ticket may go on inside another: asked under the lock of both."""
    into = None if data is None else data.get("into")
    if into is None:
        return
    if into.pk == row.pk:
        yield Refusal("itself", _("A ticket is not merged into itself."))
        return
    yield from _survivor_goes_on(row, into)
    if row.historic != into.historic:
        yield Refusal("historic", _("A historic ticket goes together with historic tickets only."))
    two_people = row.customer_id and into.customer_id and row.customer_id != into.customer_id
    if two_people and not actor.has_perm("tickets.merge_across"):
        yield Refusal(
            "other_customer", _("These are two customers: a lead decides whether they are one person.")
        )
    yield from _grave_one_goes_on(row, into)
    holders = {row.assignee_id, into.assignee_id} - {None}
    if holders and actor.pk not in holders and not actor.has_perm("tickets.work_any"):
        yield Refusal(
            "not_yours", _("Neither ticket is yours: ask a colleague who has one of them, or a lead.")
        )


def _survivor_goes_on(row: Any, into: Any) -> Guarding:
    if into.state == TicketState.MERGED:
        yield Refusal(
            "merged",
            _("%(number)s was merged itself; choose the ticket that goes on.") % {"number": into.number},
        )
    elif into.state not in ACTIVE_STATES:
        yield Refusal(
            "finished",
            _("%(number)s is finished; reopen it first, or link the two.") % {"number": into.number},
        )
    elif into.state == TicketState.RESOLVED and row.state in OPEN_STATES:
        yield Refusal(
            "resolved",
            _("%(number)s is resolved already; reopen it first, or let this ticket go on.")
            % {"number": into.number},
        )


def _grave_one_goes_on(row: Any, into: Any) -> Guarding:
    """What protects a customer is never merged away: the graver ticket goes on (DESIGN 4, R4.11)."""
    lost = [
        is_grave(row.severity, row.nature, row.kind) and not is_grave(into.severity, into.nature, into.kind),
        row.kind == Kind.SAFETY and into.kind != Kind.SAFETY,
        row.nature == Nature.COMPLAINT and into.nature != Nature.COMPLAINT,
    ]
    if any(lost):
        yield Refusal(
            "graver",
            _("%(number)s is the graver one and goes on: merge the other way round.")
            % {"number": row.number},
        )


def has_assignee(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    if row.assignee_id is None:
        yield Refusal("nobody", _("Nobody is assigned yet."))


def reviewer_is_another(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    """The lead's review is a second pair of eyes (R5.5)."""
    if row.assignee_id == actor.pk:
        yield Refusal("own_work", _("You handled this ticket yourself; another lead reviews it."))


def has_record(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    if data is not None and len((data.get("summary") or "").strip()) < MIN_SUMMARY:
        yield Refusal("summary", _("The record needs a summary of at least ten characters."))


def windows_over(row: Any, facts: Any, actor: Any, now: datetime, data: Any) -> Guarding:
    if row.wake_at is None or row.wake_at > now:
        yield Refusal("window_open", _("The window for reopening is still open."))


def tried_enough(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """So many tries on so many channels over so many days (operations S2); the numbers are rows of the rule book."""
    if not may_close_by_silence(row.severity, row.nature, row.kind):
        yield Refusal(
            "needs_answer", _("Major, critical, safety and complaint tickets need the customer's answer.")
        )
    for tried in facts.get("tickets.contact_tries", ()):
        if not tried.enough:
            yield Refusal("tried_too_little", tried.sentence)


def inside_window(row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any) -> Guarding:
    """Reopening is possible until the record is sealed; a cancelled ticket may always be taken up again."""
    for until in facts.get("tickets.reopen_until", ()):
        if until is not None and until < now:
            yield Refusal("window_over", _("The time for reopening is over; please open a new ticket."))


def lead_takes_up_cancelled(
    row: Any, facts: Mapping[str, Any], actor: Any, now: datetime, data: Any
) -> Guarding:
    """Its clocks are gone, so that whoever cancels and reopens would have time anew: a second person looks (R6.1)."""
    asked = actor.has_role(Role.SYSTEM) or actor.has_role(Role.CUSTOMER) or actor.has_perm("tickets.assign")
    if row.state == TicketState.CANCELLED and not asked:
        yield Refusal(
            "lead_only", _("A cancelled ticket is taken up again by a lead, or when the customer writes.")
        )


MIN_SUMMARY = 10  # characters; a shorter summary says nothing


@dataclass(frozen=True)
class Tries:
    """How often the customer was tried: ``sentence`` says what is still missing."""

    enough: bool
    sentence: Any = ""


@dataclass(frozen=True)
class Question:
    """How the question whether it is solved fared: gone out (silence counts from then on), on its way, or why not."""

    sent_at: datetime | None = None
    quiet_until: datetime | None = None
    on_its_way: bool = False
    why: str = AskInPerson.MISSING


# Handling


@dataclass(frozen=True)
class Handling:
    """One person's time with a ticket (key or name); ``until`` is None while it lasts."""

    person: Any
    since: datetime
    until: datetime | None = None


def handlings(given: Sequence[tuple[Any, datetime]], ended: datetime | None) -> list[Handling]:
    """From (to whom, when), oldest first, nobody when it was put back: who had it from when until when."""
    found: list[Handling] = []
    for person, at in given:
        last = found[-1] if found else None
        if last and last.until is None:
            if last.person == person:
                continue
            found[-1] = replace(last, until=at)
        if person:
            found.append(Handling(person, at))
    if found and found[-1].until is None and ended:
        found[-1] = replace(found[-1], until=max(ended, found[-1].since))
    return found


# Grading


@dataclass(frozen=True)
class GradeFacts:
    """What grading looks at. ``text`` is the subject and the first message, lower case."""

    kind: str
    channel: str
    text: str = ""
    customer_class: str = ""
    amount: Any = None
    signal: str = ""


@dataclass(frozen=True)
class Grade:
    """The verdict with the rules and versions that gave it, kept with the ticket (R5.2)."""

    kind: str
    severity: str
    nature: str
    rules: tuple[str, ...] = ()


def grade(facts: GradeFacts, book: Sequence[Any]) -> Grade:
    """Rules in order of position; the first that sets an axis wins that axis.

    A kind that somebody chose stays. Later rules see the kind that an earlier one found.
    """
    kind, severity, nature = facts.kind, "", ""
    named: list[str] = []
    for rule in book:
        if not matches(rule, replace(facts, kind=kind or Kind.OTHER)):
            continue
        before = (kind, severity, nature)
        kind = kind or rule.set_kind
        severity = severity or rule.set_severity
        nature = nature or rule.set_nature
        if (kind, severity, nature) != before:
            named.append(f"{rule.code} v{rule.version}")
    return Grade(
        kind=kind or Kind.OTHER,
        severity=severity or Severity.MINOR,
        nature=nature or Nature.OPERATION,
        rules=tuple(named),
    )


def graded(facts: GradeFacts, severity: str, nature: str, book: Sequence[Any]) -> Grade:
    """The grade with what was reported: a kind and a nature that somebody chose stay, of severities the worse one."""
    found = grade(facts, book)
    return replace(
        found,
        kind=facts.kind or found.kind,
        severity=worse(found.severity, severity) if severity else found.severity,
        nature=nature or found.nature,
    )


def matches(rule: Any, facts: GradeFacts) -> bool:
    """Empty conditions match everything; several values of one condition are alternatives."""
    return (
        (not rule.kinds or facts.kind in rule.kinds)
        and (not rule.channels or facts.channel in rule.channels)
        and (not rule.customer_classes or facts.customer_class in rule.customer_classes)
        and (not rule.signals or facts.signal in rule.signals)
        and (not rule.words or any(is_said(word, facts.text) for word in rule.words))
        and (rule.min_amount is None or (facts.amount is not None and facts.amount >= rule.min_amount))
    )


def is_said(word: str, text: str) -> bool:
    """Whether a text in lower case holds the word: Chinese anywhere, Latin from the beginning of a word ("explod"),
    a number only as a whole number (12315, not inside an order number)."""
    word = word.lower()
    if word not in text:
        return False
    return not word.isascii() or bool(_from_its_beginning(word).search(text))


@lru_cache(maxsize=2048)
def _from_its_beginning(word: str) -> re.Pattern[str]:
    end = r"(?![0-9])" if word[-1].isdigit() else ""
    return re.compile(rf"(?<![a-z0-9]){re.escape(word)}{end}")


# Dispatch: who gets a ticket is judged in ``dispatch_rules``


def cannot_wait(row: Any, first_due: datetime | None, candidates: Sequence[Any]) -> bool:
    """Whether a ticket that nobody can take now must not lie until the next shift (R3.2, R5.1 L3, G7.2).

    Critical and safety tickets never wait; any other does when its first response is due after somebody comes.
    ``first_due``: when the customer's first response is due, None without such a promise.
    """
    if row.severity == Severity.CRITICAL or row.kind == Kind.SAFETY:
        return True
    if first_due is None or any(
        one.on_shift and not one.away and one.verdict not in NEVER for one in candidates
    ):
        return False
    coming = [one.next_shift_at for one in candidates if one.next_shift_at]
    return not coming or first_due < min(coming)


def same_problem(open_state: str, resolved_at: datetime | None, window: timedelta, now: datetime) -> bool:
    """A signal about an order belongs to its open ticket, or to one solved so recently that it counts as a reopen."""
    if open_state in (TicketState.RESOLVED, TicketState.CLOSED):
        return resolved_at is not None and now - resolved_at <= window
    return True
