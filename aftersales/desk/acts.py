"""What a person may do on a ticket now, as buttons and dialogs, and how a posted dialog becomes one act.

Acts that bulk, macros and rules know too are judged and carried out by the same engine (``tickets.actions``); here
stand only their dialogs, and the acts that are a person's own on one ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from aftersales.core.errors import DomainError, Refusal
from aftersales.core.machine import Need
from aftersales.core.moves import MoveOption
from aftersales.core.posted import moment_of, whole
from aftersales.desk import keys
from aftersales.tickets import selectors, services
from aftersales.tickets.actions import Step, engine
from aftersales.tickets.actions import action as known_action
from aftersales.tickets.machine import GRADE_NEEDS, MACHINE
from aftersales.tickets.models import Ticket
from aftersales.tickets.states import ACTIVE_STATES, TicketState

S = TicketState
# The next step of each state: the one filled button.
NEXT: Mapping[str, Sequence[str]] = {
    S.NEW: ("triage", "take"),
    S.TRIAGED: ("take", "assign"),
    S.ASSIGNED: ("resolve", "start"),
    S.IN_PROGRESS: ("resolve",),
    S.WAITING: ("resume",),
    S.RESOLVED: ("close_verified",),
    S.CLOSED: ("archive",),
    S.UNREACHABLE: ("archive",),
    S.CANCELLED: ("archive",),
}
# Until somebody has said anything to the customer nothing is solved: the work begins, or he is answered.
BEFORE_AN_ANSWER: Mapping[str, Sequence[str]] = {S.ASSIGNED: ("start",), S.IN_PROGRESS: ()}
ICONS: Mapping[str, str] = {
    "triage": "flag", "take": "user", "assign": "route", "unassign": "undo", "hand_over": "up", "start": "play",
    "wait": "pause", "resume": "play", "resolve": "check", "close_verified": "check", "give_up": "phone",
    "reopen": "undo", "cancel": "x", "archive": "book", "regrade": "flag", "tried": "phone", "told_merchant": "phone",
    "agree": "chat", "abusive": "moon",
}  # fmt: skip
# A move out of another state is no news; these refusals are never shown.
SILENT = frozenset({"wrong_state", "not_permitted"})
TEXT = Need("text", gettext_lazy("Message to the customer"), "long")
EXPECTS = Need("expects", gettext_lazy("Expected answer"), "text", required=False, max_length=200)
NEXT_PERSON = Need("next_person", gettext_lazy("Who goes on then"), "colleague", required=False)
REASON_NEEDED = frozenset(
    {"unassign", "hand_over", "wait", "close_verified", "cancel", "regrade", "reopen", "give_up", "abusive"}
)
NO_REASON = frozenset({"start", "resume", "resolve", "archive", "take", "tried", "agree", "told_merchant"})
REASON_WORDS = {"close_verified": gettext_lazy("What the customer said")}


@dataclass(frozen=True)
class Act:
    """One thing to do: allowed with its dialog, or refused with every reason."""

    name: str
    label: Any
    allowed: bool = True
    reasons: Sequence[Refusal] = ()
    needs: Sequence[Need] = ()
    effect: Any = ""
    reason_label: Any = ""
    reason_required: bool = False

    @property
    def icon(self) -> str:
        return ICONS.get(self.name, "bolt")

    @property
    def key(self) -> str:
        return keys.of(self.name)

    @property
    def at_once(self) -> bool:
        """No dialog: one click does it."""
        return not self.needs and not self.reason_label


@dataclass(frozen=True)
class Acts:
    """The acts of a ticket for one person."""

    primary: Act | None = None
    others: list[Act] = field(default_factory=list)
    refused: list[Act] = field(default_factory=list)
    answer_first: bool = False  # the filled button is the reply: nobody has said anything to the customer yet

    @property
    def allowed(self) -> list[Act]:
        return ([self.primary] if self.primary else []) + self.others


def acts(ticket: Ticket, actor: Any, now: datetime, *, unheard: str = "") -> Acts:
    """What may be done now, what may not and why; the same guards that judge the act itself.

    ``unheard``: why no message reaches the customer (selectors.unheard_because); then a person says how he told him.
    """
    found = {act.name: _asking_how(act) if unheard else act for act in _all(ticket, actor, now)}
    silent = ticket.first_reply_at is None and bool(ticket.customer_id) and ticket.state in BEFORE_AN_ANSWER
    names = BEFORE_AN_ANSWER[ticket.state] if silent else NEXT.get(ticket.state, ())
    if silent and unheard:
        names = (*names, "tried")
    primary = next((found[name] for name in names if name in found and found[name].allowed), None)
    others = [act for act in found.values() if act.allowed and act is not primary]
    refused = [act for act in found.values() if not act.allowed]
    return Acts(primary, others, refused, silent and not unheard and primary is None)


def _asking_how(act: Act) -> Act:
    """Telling a customer whom no message reaches: the dialog asks how a person did."""
    how = {"resolve": RESULT_TOLD, "agree": SOLUTION_TOLD}.get(act.name)
    return replace(act, needs=(*act.needs, how)) if how and act.allowed else act


def _all(ticket: Ticket, actor: Any, now: datetime) -> list[Act]:
    options = selectors.options(ticket, actor=actor, now=now)
    found = [
        _act(option) for option in options if option.allowed or not SILENT & {r.code for r in option.reasons}
    ]
    if ticket.state == S.ASSIGNED:
        found += _resolve_from_assigned(options, actor)
    found += [
        act if not why else Act(act.name, act.label, False, why)
        for act in _beside_moves(ticket, actor)
        for why in [_refusals(act.name, ticket, actor, now)]
        if not SILENT & {one.code for one in why}
    ]
    if ticket.is_open and ticket.assignee_id == actor.pk and actor.has_perm("tickets.reply"):
        label = pgettext_lazy("ticket act", "Register the solution")
        found.append(
            _own("agree", label, (TEXT,), _("The customer is told; the promise of a solution is met."))
        )
    if ticket.is_open and ticket.assignee_id == actor.pk:
        words = _("You get a pause: nothing new comes until it is over. The ticket stays as it is.")
        found.append(_own("abusive", pgettext_lazy("ticket act", "Abusive contact"), (), words))
    if ticket.state in ACTIVE_STATES and actor.has_perm("tickets.reply"):
        words = _("Reaching the customer counts as an answer; what was said is kept as a note.")
        found.append(_own("tried", pgettext_lazy("ticket act", "Register a contact"), TRIED, words))
    if ticket.is_open and ticket.merchant_id and actor.has_perm("tickets.reply"):
        words = _("From now on the merchant owes an answer.")
        found.append(
            _own("told_merchant", pgettext_lazy("ticket act", "Told the merchant myself"), ASKED, words)
        )
    return found


def _beside_moves(ticket: Ticket, actor: Any) -> list[Act]:
    """Acts of the engine that are no move of their own, where they make sense on a page; the engine judges them."""
    found = []
    if ticket.assignee_id is None and ticket.state == S.TRIAGED and actor.has_perm("tickets.take"):
        words = _("You work on it from now on.")
        found.append(_own("take", pgettext_lazy("ticket act", "Take it"), (), words))
    if ticket.state == S.WAITING and actor.has_perm("tickets.assign"):
        found.append(_from_move("assign"))
    found += _give_away(ticket, actor)
    if ticket.state != S.NEW and actor.has_perm("tickets.regrade"):
        found.append(_own("regrade", pgettext_lazy("ticket act", "Change the grade"), GRADE_NEEDS))
    return found


def _refusals(name: str, ticket: Ticket, actor: Any, now: datetime) -> tuple[Refusal, ...]:
    """Why the act is not possible, by the judge of bulk, macros and rules; what is still to be chosen is no reason."""
    return tuple(engine.open_to(known_action(STEPS[name].code), [ticket], actor=actor, now=now)[ticket.pk])


def _give_away(ticket: Ticket, actor: Any) -> list[Act]:
    """Who may not assign can still give the own ticket away: back to the queue, or once begun to the lead."""
    if (
        ticket.assignee_id != actor.pk
        or actor.has_perm("tickets.assign")
        or not actor.has_perm("tickets.work")
    ):
        return []
    if ticket.state == S.ASSIGNED:
        return [_from_move("unassign")]
    if ticket.state == S.IN_PROGRESS and ticket.team_id:
        words = _("The lead of the team has the ticket then and decides who goes on with it.")
        return [_own("hand_over", pgettext_lazy("ticket act", "Hand to the lead"), (), words)]
    return []


def _act(option: MoveOption) -> Act:
    act = _from_move(option.move.name)
    return act if option.allowed else Act(act.name, act.label, False, tuple(option.reasons))


def _resolve_from_assigned(options: Sequence[MoveOption], actor: Any) -> list[Act]:
    """Whoever may start may resolve at once: the service starts the work in the same transaction.

    What is open holds it from its end as it holds it from being cancelled.
    """
    may_start = any(option.move.name == "start" and option.allowed for option in options)
    if not may_start or not actor.has_perm("tickets.resolve"):
        return []
    act = _from_move("resolve")
    told = [reason for option in options if option.move.name == "cancel" for reason in option.reasons]
    why = tuple(reason for reason in told if reason.code == "open_work")
    return [Act(act.name, act.label, False, why) if why else act]


def _from_move(name: str) -> Act:
    move = MACHINE[name]
    needs = [need for need in move.needs if need.kind not in ("team", "hidden")]
    if name == "resolve":
        needs = [*needs, TEXT]
    if name == "wait":
        needs = [*needs, EXPECTS, NEXT_PERSON]
    return _own(name, move.label, needs, move.effect)


def _own(name: str, label: Any, needs: Sequence[Need], effect: Any = "") -> Act:
    reason = "" if name in NO_REASON else REASON_WORDS.get(name, pgettext_lazy("ticket act", "Reason"))
    return Act(name, label, True, (), tuple(needs), effect, reason, name in REASON_NEEDED)


def _channels() -> list[tuple[str, Any]]:
    return [
        ("phone", pgettext_lazy("channel", "Phone")),
        ("chat", pgettext_lazy("channel", "Chat")),
        ("email", pgettext_lazy("channel", "E-mail")),
        ("message", pgettext_lazy("channel", "Message")),
    ]


def _reached() -> list[tuple[str, Any]]:
    return [("no", pgettext_lazy("contact", "Not reached")), ("yes", pgettext_lazy("contact", "Reached"))]


def _not_yet() -> list[tuple[str, Any]]:
    return [("later", pgettext_lazy("contact", "Not told yet")), *_channels()]


TRIED = (
    Need("channel", gettext_lazy("Channel"), "choice", choices=_channels),
    Need("reached", gettext_lazy("Outcome"), "choice", choices=_reached),
    Need("said", gettext_lazy("What was said"), "long", required=False),
)
ASKED = (
    Need("channel", gettext_lazy("Channel"), "choice", choices=_channels),
    Need("text", gettext_lazy("What you asked the merchant"), "long"),
)
RESULT_TOLD = Need("told_by", gettext_lazy("How you told the customer"), "choice", choices=_not_yet)
SOLUTION_TOLD = Need("told_by", gettext_lazy("How you told the customer"), "choice", choices=_channels)


SOURCE = "desk"  # of everything that staff writes here

# A posted dialog ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Posted:
    """What a dialog sent, read by kind of need; free text stays as it was typed."""

    ticket: Ticket
    actor: Any
    now: datetime
    values: Mapping[str, Any]
    reason: str
    version: int | None
    ref: str = ""

    def words(self, *names: str) -> dict[str, Any]:
        return {name: str(self.values.get(name, "")) for name in names}

    def common(self) -> dict[str, Any]:
        """What every act takes: the ticket as the person saw it, who he is, when."""
        return {"ticket": self.ticket, "actor": self.actor, "now": self.now, "version": self.version}

    def once(self) -> dict[str, Any]:
        """By what an act that says something is known when it arrives twice."""
        return {"source": SOURCE, "source_ref": self.ref}


Handler = Callable[[Posted], Any]


@dataclass(frozen=True)
class OneStep:
    """An act of the engine and what the dialog tells it."""

    code: str
    values: Callable[[Posted], Mapping[str, Any]] = lambda posted: {"reason": posted.reason}

    def __call__(self, posted: Posted) -> Ticket:
        step = Step(self.code, self.values(posted))
        return engine.carry_out(
            [step], posted.ticket, actor=posted.actor, now=posted.now, ref=posted.ref, version=posted.version
        )


def perform(name: str, ticket: Ticket, data: QueryDict, *, actor: Any, now: datetime, ref: str = "") -> Any:
    """Do what the dialog asks: one act of the engine, or one service call.

    Raises DomainError with a sentence for the person. ``ref`` names the posted form (see :mod:`aftersales.core.once`).
    """
    handler = STEPS.get(name) or HANDLERS.get(name)
    if handler is None:
        raise DomainError(_("This act does not exist."), "unknown_act")
    posted = Posted(
        ticket,
        actor,
        now,
        data.dict(),
        data.get("reason", "").strip(),
        whole(data.get("version")),
        ref,
    )
    if name in REASON_NEEDED and not posted.reason:
        raise DomainError(_("Please give the reason."), "reason")
    return handler(posted)


def _person(posted: Posted) -> User:
    """Somebody whom the actor may see: people of a vendor pass tickets on among themselves."""
    return _seen_person(posted, "to")


def _seen_person(posted: Posted, name: str) -> User:
    key = whole(str(posted.values.get(name, "")))
    found = User.objects.visible_to(posted.actor).active().filter(pk=key).first() if key is not None else None
    if found is None:
        raise DomainError(_("Choose a person."), "to")
    return found  # type: ignore[no-any-return]


def _colleague(posted: Posted) -> User | None:
    """Who goes on when a wait is over; nobody named means the assignee."""
    if not posted.values.get("next_person"):
        return None
    return _seen_person(posted, "next_person")


def _moment(posted: Posted, name: str) -> datetime:
    found = moment_of(str(posted.values.get(name, "")))
    if found is None:
        raise DomainError(_("Choose a date and a time."), name)
    return found


def _one_of(posted: Posted, need: Need) -> str:
    value = str(posted.values.get(need.name, ""))
    if need.choices and value not in {code for code, _label in need.choices()}:
        raise DomainError(_("Choose one of the values for “%(label)s”.") % {"label": need.label}, need.name)
    return value


def _chosen(posted: Posted, needs: Sequence[Need], *, optional: bool = False) -> dict[str, Any]:
    wanted = [need for need in needs if not optional or posted.values.get(need.name)]
    return {need.name: _one_of(posted, need) for need in wanted if need.kind == "choice"}


def _told_by(posted: Posted, need: Need) -> str:
    """The channel on which a person told the customer; nothing when a message does or it is still to be done."""
    if "told_by" not in posted.values:
        return ""
    how = _one_of(posted, need)
    return "" if how == "later" else how


STEPS: Mapping[str, OneStep] = {
    "take": OneStep("take"),
    "assign": OneStep("assign", lambda p: {"to": _person(p).pk, "reason": p.reason}),
    "unassign": OneStep("put_back"),
    "hand_over": OneStep("escalate"),
    "start": OneStep("start"),
    "resume": OneStep("resume"),
    "cancel": OneStep("cancel", lambda p: {**_chosen(p, MACHINE["cancel"].needs), "reason": p.reason}),
    "archive": OneStep("archive", lambda p: p.words("summary")),
    "regrade": OneStep("regrade", lambda p: {**_chosen(p, GRADE_NEEDS), "reason": p.reason}),
}
HANDLERS: Mapping[str, Handler] = {
    "triage": lambda p: services.ticket_triage(
        **p.common(), **_chosen(p, GRADE_NEEDS, optional=True), reason=p.reason
    ),
    "wait": lambda p: services.ticket_wait(
        **p.common(),
        **_chosen(p, MACHINE["wait"].needs),
        until=_moment(p, "until"),
        reason=p.reason,
        **p.words("expects"),
        next_person=_colleague(p),
    ),
    "resolve": lambda p: services.ticket_resolve(
        **p.common(),
        **p.once(),
        **_chosen(p, MACHINE["resolve"].needs),
        **p.words("text"),
        told_by=_told_by(p, RESULT_TOLD),
    ),
    "close_verified": lambda p: services.ticket_verify(
        **p.common(), **_chosen(p, MACHINE["close_verified"].needs), reason=p.reason
    ),
    "give_up": lambda p: services.ticket_give_up(**p.common(), reason=p.reason),
    "reopen": lambda p: services.ticket_move(**p.common(), name="reopen", reason=p.reason),
    "agree": lambda p: services.ticket_agree_solution(
        **p.common(), **p.once(), **p.words("text"), told_by=_told_by(p, SOLUTION_TOLD)
    ),
    "abusive": lambda p: services.contact_abusive(**p.common(), reason=p.reason),
    "tried": lambda p: services.contact_attempt_record(
        **p.common(),
        channel=_chosen(p, TRIED)["channel"],
        reached=_chosen(p, TRIED)["reached"] == "yes",
        **p.once(),
        **p.words("said"),
    ),
    "told_merchant": lambda p: services.ticket_tell_merchant(
        **p.common(), **p.once(), **p.words("text"), channel=_chosen(p, ASKED)["channel"]
    ),
}
