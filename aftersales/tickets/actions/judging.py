"""How each action is judged before it is done: by the guards of the move, or by what its service asks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from accounts.states import Role
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted, Refusal
from aftersales.tickets import rules, selectors
from aftersales.tickets.actions import words
from aftersales.tickets.actions.kinds import Asked, Judged
from aftersales.tickets.models import Ticket
from aftersales.tickets.selectors import pulling
from aftersales.tickets.selectors.dispatching import own_order_facts
from aftersales.tickets.services.bulk import TAKEN
from aftersales.tickets.services.grading import is_milder
from aftersales.tickets.services.work import begins_by_words, refuse_too_long
from aftersales.tickets.states import ACTIVE_STATES, AskInPerson, TicketState

S = TicketState
NOT_ALLOWED = Refusal("not_permitted", NotPermitted().message)
NO_REASON = Refusal("reason", _("Please give the reason."))
FINISHED = Refusal("wrong_state", _("This ticket is finished: nothing is sent from it any more."))
SEALED = Refusal("sealed", _("The record of this ticket is sealed; please open a new ticket."))
Rows = Sequence[Ticket]


def merged(*found: Judged) -> dict[int, list[Refusal]]:
    """All reasons of several judgements, ticket by ticket."""
    together: dict[int, list[Refusal]] = {}
    for one in found:
        for pk, refusals in one.items():
            together.setdefault(pk, []).extend(refusals)
    return together


def by_move(name: str, rows: Rows, asked: Asked, **data: Any) -> Judged:
    """The door's own answer; a person without the right hears it as a reason like any other."""
    try:
        return moves.judged(rows, name, actor=asked.actor, now=asked.now, data=data)
    except NotPermitted:
        return {row.pk: [NOT_ALLOWED] for row in rows}


def moved(name: str, *data: str, reason: bool = False) -> Any:
    """A judge that asks one move with these values, and for a reason where the service wants one."""

    def judge(rows: Rows, asked: Asked) -> Judged:
        known = {key: asked.values[key] for key in data if asked.values.get(key)}
        return merged(by_move(name, rows, asked, **known), reasoned(rows, asked) if reason else {})

    return judge


def reasoned(rows: Rows, asked: Asked) -> Judged:
    return {} if asked.text("reason").strip() else {row.pk: [NO_REASON] for row in rows}


def permitted(rows: Rows, asked: Asked, *capabilities: str) -> Judged:
    if all(asked.actor.has_perm(one) for one in capabilities):
        return {row.pk: [] for row in rows}
    return {row.pk: [NOT_ALLOWED] for row in rows}


def taken(rows: Rows, asked: Asked) -> Judged:
    """As the service does it: nobody has it yet, and the system grades what is new before it gives it away."""
    as_system = Asked(system_user(), asked.now)
    new = [row for row in rows if row.assignee_id is None and row.state == S.NEW]
    graded = [row for row in rows if row.assignee_id is None and row.state != S.NEW]
    return merged(
        permitted(rows, asked, "tickets.take"),
        {row.pk: [TAKEN] for row in rows if row.assignee_id is not None},
        pulling.barred([*new, *graded], asked.actor, asked.now),
        by_move("triage", new, as_system),
        by_move("assign", graded, as_system, to=asked.actor),
    )


def person(asked: Asked) -> User | None:
    """Whom the step names, as far as the actor may see him; a rule gives to whomever its second person agreed to."""
    key = asked.values.get("to")
    system = asked.actor.has_role(Role.SYSTEM)
    people = User.objects.all() if system else User.objects.visible_to(asked.actor)
    return people.active().filter(pk=key).first() if key else None


def assigned(rows: Rows, asked: Asked) -> Judged:
    """What waits, or is solved and still owed, is passed on as it stands; any other goes through the door."""
    to = person(asked)
    if to is None:
        nobody = {row.pk: [Refusal("to", _("Choose a person."))] for row in rows}
        kept = passed_on(rows)
        moving = [row for row in rows if row.pk not in kept]
        return merged(permitted(rows, asked, "tickets.assign"), nobody, by_move("assign", moving, asked))
    return given(rows, asked, {row.pk: to for row in rows})


def passed_on(rows: Rows) -> set[int]:
    """Which of them change hands without a move (dispatch.ticket_assign)."""
    asked = [row.pk for row in rows if not row.is_open]
    owed = Ticket.objects.owing().filter(pk__in=asked).values_list("pk", flat=True) if asked else ()
    return {row.pk for row in rows if row.state == S.WAITING} | set(owed)


def given(rows: Rows, asked: Asked, whom: dict[int, User]) -> Judged:
    kept = passed_on(rows)
    same = [row for row in rows if row.pk in kept]
    own = own_order_facts(same, asked.now) if same else {}
    found: dict[int, list[Refusal]] = {}
    for row in same:
        known = (row, {"tickets.own_order": [own[row.pk]]}, asked.actor, asked.now, {"to": whom[row.pk]})
        found[row.pk] = [*rules.fit_to_work(*known), *rules.not_own_order(*known)]
    moving = [row for row in rows if row.pk not in kept]
    return merged(
        permitted(rows, asked, "tickets.assign"), _lacking(rows, whom, asked), found,
        _assigned_by_door(moving, asked, whom),
    )  # fmt: skip


def _assigned_by_door(rows: Rows, asked: Asked, whom: dict[int, User]) -> Judged:
    """The door's answer, asked once for each person."""
    groups = _by_person(rows, whom)
    return merged(*(by_move("assign", group, asked, to=to) for to, group in groups.items()))


def _by_person(rows: Rows, whom: dict[int, User]) -> dict[User, list[Ticket]]:
    groups: dict[User, list[Ticket]] = defaultdict(list)
    for row in rows:
        groups[whom[row.pk]].append(row)
    return groups


def put_back(rows: Rows, asked: Asked) -> Judged:
    """Who has it gives it back himself, by the system's hand; of others only who may assign."""
    own = [row for row in rows if row.assignee_id == asked.actor.pk and asked.actor.has_perm("tickets.work")]
    other = [row for row in rows if row not in own]
    return merged(
        by_move("unassign", own, Asked(system_user(), asked.now)),
        by_move("unassign", other, asked),
        reasoned(rows, asked),
    )


def escalated(rows: Rows, asked: Asked) -> Judged:
    """To the lead of the ticket's team: by who may assign, or by the assignee himself (``ticket_hand_over``)."""
    leads = {row.pk: lead for row in rows if (lead := _other_lead(row, asked))}
    none = [Refusal("no_lead", _("This team has no other lead who could take the ticket."))]
    found: dict[int, list[Refusal]] = {row.pk: list(none) for row in rows if row.pk not in leads}
    led = [row for row in rows if row.pk in leads]
    if asked.actor.has_perm("tickets.assign"):
        return merged(found, given(led, asked, leads), reasoned(rows, asked))
    works = asked.actor.has_perm("tickets.work")
    own = [row for row in led if works and row.assignee_id == asked.actor.pk]
    found |= {row.pk: [NOT_ALLOWED] for row in led if row not in own}
    as_system = Asked(system_user(), asked.now)
    # Without a reason it is only listed, on every page of a ticket: nothing is asked about the lead yet.
    lacks = _lacking(own, leads, asked) if asked.text("reason").strip() else {}
    back = [row for row in own if row.pk in lacks and row.state == S.ASSIGNED]
    return merged(
        found, {row.pk: lacks[row.pk] for row in own if row.pk in lacks and row not in back},
        by_move("unassign", back, as_system),
        _assigned_by_door([row for row in own if row.pk not in lacks], as_system, leads), reasoned(rows, asked),
    )  # fmt: skip


def goes_back(row: Ticket, asked: Asked) -> bool:
    """Handed to a lead who may not have it: it goes to the queue."""
    lead = _other_lead(row, asked)
    if lead is None or row.state != S.ASSIGNED or asked.actor.has_perm("tickets.assign"):
        return False
    return bool(pulling.lacking_certificate([row], lead, asked.now))


def _lacking(rows: Rows, whom: dict[int, User], asked: Asked) -> Judged:
    """Certificate and onboarding, asked once for each person."""
    return {
        pk: [why]
        for to, group in _by_person(rows, whom).items()
        for pk, why in pulling.lacking_certificate(group, to, asked.now).items()
    }


def _other_lead(row: Ticket, asked: Asked) -> User | None:
    lead = row.team.lead if row.team else None
    fit = lead is not None and lead.is_active and lead.pk not in (asked.actor.pk, row.assignee_id)
    return lead if fit else None


def waited(rows: Rows, asked: Asked) -> Judged:
    from aftersales.tickets.actions.foreseeing import begun

    until = wake_up(asked)
    late: list[Refusal] = []
    try:
        refuse_too_long(until, asked.now)
    except DomainError as error:
        late = [Refusal(error.code, error.message)]
    wait_for = asked.text("wait_for")
    return merged(
        by_move("start", [row for row in rows if row.state == S.ASSIGNED], asked),
        by_move("wait", [begun(row) if row.state == S.ASSIGNED else row for row in rows], asked, wait_for=wait_for,
                until=until),
        {row.pk: late for row in rows},
        reasoned(rows, asked),
    )  # fmt: skip


def wake_up(asked: Asked) -> Any:
    return asked.now + timedelta(hours=int(asked.values.get("hours") or 0))


def regraded(rows: Rows, asked: Asked) -> Judged:
    found: dict[int, list[Refusal]] = {row.pk: [] for row in rows}
    for row in rows:
        grade = grade_of(row, asked)
        if row.state not in ACTIVE_STATES:
            found[row.pk].append(Refusal("wrong_state", _("A finished ticket keeps its grade.")))
        if grade == (row.kind, row.severity, row.nature):
            found[row.pk].append(Refusal("already", _("The ticket has this grade already.")))
        elif is_milder(row, *grade) and (
            row.assignee_id == asked.actor.pk or not asked.actor.has_perm("tickets.lower_severity")
        ):
            words_ = _("A grade is made milder by a lead who does not handle the ticket.")
            found[row.pk].append(Refusal("second_person", words_))
    return merged(permitted(rows, asked, "tickets.regrade"), found, reasoned(rows, asked))


def grade_of(row: Ticket, asked: Asked) -> tuple[str, str, str]:
    """The grade the step asks for; what it leaves open stays as it is."""
    return (
        asked.text("kind") or row.kind, asked.text("severity") or row.severity,
        asked.text("nature") or row.nature,
    )  # fmt: skip


def said(rows: Rows, asked: Asked, capability: str) -> dict[int, list[Refusal]]:
    """Whatever is said in a ticket: the right to, a record that is not sealed, a text without a hole or a bribe."""
    text = asked.text("text")
    wrong = words.refused(text, asked.now)
    words.read([text, asked.text("text_en")], rows, asked.now)
    found = merged(permitted(rows, asked, capability))
    for row in rows:
        if row.state == S.SEALED:
            found[row.pk].append(SEALED)
        if why := wrong or words.missing(text, row, asked.actor, asked.now):
            found[row.pk].append(why)
    return found


def noted(rows: Rows, asked: Asked) -> Judged:
    return said(rows, asked, "tickets.note")


def replied(rows: Rows, asked: Asked) -> Judged:
    """Nothing is sent that nobody would hear: of those tickets a person calls the customer."""
    found = said(rows, asked, "tickets.reply")
    for row in rows:
        if row.state not in ACTIVE_STATES:
            found[row.pk].append(FINISHED)
    for pk, why in selectors.unheard_among([row for row in rows if not found[row.pk]]).items():
        found[pk] += unheard(why)
    starting = [row for row in rows if row.state == S.ASSIGNED and begins_by_words(row, asked.actor)]
    return merged(found, by_move("start", starting, asked))


def unheard(why: str) -> Iterable[Refusal]:
    if why:
        label = AskInPerson(why).label
        yield Refusal(
            "unheard", _("No message reaches the customer (%(why)s): please call.") % {"why": label}
        )


def merchant_asked(rows: Rows, asked: Asked) -> Judged:
    found = said(rows, asked, "tickets.reply")
    for row in rows:
        if row.merchant_id is None:
            found[row.pk].append(Refusal("no_merchant", _("This ticket concerns no merchant.")))
        elif row.state not in ACTIVE_STATES:
            found[row.pk].append(FINISHED)
    for pk, why in selectors.merchants_unheard_among([row for row in rows if not found[row.pk]]).items():
        if why:
            words_ = _("No message reaches the merchant (%(why)s): please call.") % {
                "why": AskInPerson(why).label
            }
            found[pk].append(Refusal("unheard", words_))
    return found


def agreed(rows: Rows, asked: Asked) -> Judged:
    found = {pk: list(why) for pk, why in replied(rows, asked).items()}
    for row in rows:
        found[row.pk] += rules.own_work(row, {}, asked.actor, asked.now, None)
        if not row.is_open:
            words_ = _("A solution is registered while the ticket is open.")
            found[row.pk].append(Refusal("wrong_state", words_))
    return found


def resolved(rows: Rows, asked: Asked) -> Judged:
    """Whoever resolves an assigned ticket begins the work first, in the same transaction."""
    from aftersales.tickets.actions.foreseeing import begun

    as_begun = [begun(row) if row.state == S.ASSIGNED else row for row in rows]
    waiting = [row for row in rows if row.state == S.ASSIGNED]
    return merged(
        replied(rows, asked), by_move("start", waiting, asked),
        by_move("resolve", as_begun, asked, result=asked.text("result")),
    )  # fmt: skip


def archived(rows: Rows, asked: Asked) -> Judged:
    return by_move("archive", rows, asked, summary=asked.text("summary"))
