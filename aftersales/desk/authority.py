"""What pages show of letters of authorities: boards, the page of one, what may be done. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from aftersales.cases.authority.rules import VARIABLES
from aftersales.cases.authority.states import LETTER_COLOURS, LetterSource, LetterState
from aftersales.cases.models import (
    AuthorityAsk,
    AuthorityCase,
    AuthorityReply,
    EvidenceBundle,
)
from aftersales.core import events, moves
from aftersales.core.models import Event
from aftersales.desk.authorityacts import ACTS, LetterAct
from aftersales.desk.cases import Happening
from aftersales.desk.statelook import state_badge
from aftersales.tickets.models import Ticket

PAGE = 50
STORY = 300
COUNTED = 100
BOARDS: Mapping[str, Any] = {
    "open": pgettext_lazy("board of letters", "To answer"),
    "today": pgettext_lazy("board of letters", "Due today"),
    "late": pgettext_lazy("board of letters", "Late"),
    "merchant": pgettext_lazy("board of letters", "Waits for the merchant"),
    "approve": pgettext_lazy("board of letters", "To approve"),
    "replied": pgettext_lazy("board of letters", "Replied"),
    "all": pgettext_lazy("board of letters", "All"),
}
NEXT: Mapping[LetterState, str] = {
    LetterState.RECEIVED: "accept", LetterState.ACCEPTED: "draft", LetterState.ASKED: "answer",
    LetterState.DRAFTED: "approve", LetterState.APPROVED: "reply", LetterState.REPLIED: "close",
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """A button: the name of the act, what it says, and why it is not possible now."""

    name: str
    label: Any
    effect: Any = ""
    reasons: Sequence[Any] = ()


@dataclass(frozen=True)
class Card:
    letter: AuthorityCase
    state: SafeString
    late: bool
    ask: AuthorityAsk | None = None


@dataclass(frozen=True)
class Whole:
    """One letter with all that hangs on it."""

    letter: AuthorityCase
    state: SafeString
    late: bool
    acts: Sequence[Act]
    refused: Sequence[Act]
    asks: Sequence[AuthorityAsk]
    replies: Sequence[AuthorityReply]
    bundles: Sequence[EvidenceBundle]

    @property
    def next_step(self) -> str:
        """The act that brings the letter on; the others are there for when it is needed."""
        return NEXT.get(LetterState(self.letter.state), "")

    @property
    def reply(self) -> AuthorityReply | None:
        return self.replies[0] if self.replies else None


def letter_badge(letter: AuthorityCase) -> SafeString:
    return state_badge(LetterState(letter.state), LETTER_COLOURS)


def find(user: Any, number: str) -> AuthorityCase | None:
    rows = AuthorityCase.objects.visible_to(user).select_related(
        "ticket__merchant", "ticket__order", "handler", "taken_by", "drafter", "approved_by"
    )
    found: AuthorityCase | None = rows.filter(number=number).first()
    return found


def whole(letter: AuthorityCase, user: Any, now: datetime) -> Whole:
    offered = acts(letter, user, now)
    return Whole(
        letter, letter_badge(letter), letter.is_late(now), [one for one in offered if not one.reasons],
        [one for one in offered if one.reasons], list(letter.asks.select_related("asked_by", "answered_by")),
        list(letter.replies.select_related("by")), list(letter.bundles.select_related("made_by")),
    )  # fmt: skip


def acts(letter: AuthorityCase, user: Any, now: datetime) -> list[Act]:
    """What this person may do now, in the order of the letter's life; what only the wrong state forbids is left out."""
    options = {one.move.name: one for one in moves.options(letter, actor=user, now=now)}
    found = []
    for name, act in ACTS.items():
        if act.capability:
            if user.has_perm(act.capability) and act.fits(letter) and not _idle(name, letter, user):
                found.append(Act(name, act.label, act.effect))
        elif name in options:
            option = options[name]
            if option.allowed or option.reasons[0].code != "wrong_state":
                found.append(
                    Act(name, option.move.label, option.move.effect, () if option.allowed else option.reasons)
                )
    return found


def _idle(name: str, letter: AuthorityCase, user: Any) -> bool:
    return name == "take_over" and letter.handler_id == user.pk


def act_named(letter: AuthorityCase, user: Any, now: datetime, name: str) -> tuple[LetterAct, Act] | None:
    offered = next((one for one in acts(letter, user, now) if one.name == name), None)
    return (ACTS[name], offered) if offered is not None else None


def happened(letter: AuthorityCase) -> list[Happening]:
    rows = Event.objects.filter(subject_kind="cases.authoritycase", subject_id=letter.pk).order_by("at", "id")
    return [Happening(row.at, row.actor_name, events.sentence(row)) for row in rows[:STORY]]


def first_words() -> str:
    """Where a reply begins, with its variables."""
    return _(
        "To: {source}\n\nYour letter {letter_no} ({subject}), received {received}, was examined as our case {case}.\n\n"
        "1. Facts: order {order}, merchant {merchant}.\n2. What was done:\n3. Result:\n\n"
        "Evidence is attached.\n\n{today}"
    )


def variables() -> str:
    return " ".join(f"{{{one}}}" for one in VARIABLES)


# The card in the workbench


def of_ticket(ticket: Ticket, user: Any, now: datetime) -> list[Card]:
    """The letters on a ticket, unanswered ones first; no query where nothing hangs on it."""
    if not ticket.case_count or not user.has_perm("cases.view_authoritycase"):
        return []
    rows = AuthorityCase.objects.visible_to(user).filter(ticket=ticket).select_related("handler")
    cards = [card(one, now) for one in rows.prefetch_related("asks")[:20]]
    return sorted(cards, key=lambda one: (not one.letter.is_unanswered, one.letter.due_at))


def card(letter: AuthorityCase, now: datetime) -> Card:
    ask = next((one for one in letter.asks.all() if one.ended_at is None), None)
    return Card(letter, letter_badge(letter), letter.is_late(now), ask)


# The board


@dataclass(frozen=True)
class Wanted:
    board: str = "open"
    source: str = ""
    mine: bool = False
    after: int = 0

    @property
    def narrowed(self) -> bool:
        return bool(self.source or self.mine)


def wanted(asked: Any) -> Wanted:
    """What the address asks for; codes that are none count as nothing."""
    board, source, after = asked.get("board", ""), asked.get("source", ""), asked.get("after", "")
    return Wanted(
        board if board in BOARDS else "open", source if source in LetterSource.values else "",
        asked.get("mine") == "1", int(after) if after.isascii() and after.isdigit() and len(after) < 7 else 0,
    )  # fmt: skip


def _of_board(rows: QuerySet[AuthorityCase], board: str, now: datetime) -> QuerySet[AuthorityCase]:
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(now) + timedelta(days=1), time.min))
    owed = ~Q(
        state__in=[LetterState.REPLIED, LetterState.CLOSED, LetterState.PASSED_ON, LetterState.WITHDRAWN]
    )
    narrowed = {
        "open": owed, "today": owed & Q(due_at__gte=now, due_at__lt=midnight), "late": owed & Q(due_at__lt=now),
        "merchant": Q(state=LetterState.ASKED), "approve": Q(state=LetterState.DRAFTED),
        "replied": Q(state__in=[LetterState.REPLIED, LetterState.CLOSED]),
    }  # fmt: skip
    return rows.filter(narrowed.get(board, Q()))


def listed(user: Any, asked: Wanted, now: datetime) -> QuerySet[AuthorityCase]:
    """The letters of a board as it is filtered, the most urgent first."""
    rows = _of_board(AuthorityCase.objects.visible_to(user), asked.board, now)
    rows = rows.filter(source=asked.source) if asked.source else rows
    rows = rows.filter(handler=user) if asked.mine else rows
    return (
        rows.order_by("-received_at", "-id")
        if asked.board in ("replied", "all")
        else rows.order_by("due_at", "id")
    )


def page(user: Any, asked: Wanted, now: datetime) -> tuple[list[Card], int | None]:
    """Rows of a board, and where the next page begins."""
    rows = listed(user, asked, now).select_related("ticket__merchant", "handler").prefetch_related("asks")
    found = list(rows[asked.after : asked.after + PAGE + 1])
    return [card(one, now) for one in found[:PAGE]], asked.after + PAGE if len(found) > PAGE else None


def counts(user: Any, now: datetime) -> dict[str, int]:
    rows = AuthorityCase.objects.visible_to(user)
    return {
        board: len(_of_board(rows, board, now).order_by().values_list("pk", flat=True)[: COUNTED + 1])
        for board in BOARDS
        if board not in ("all", "replied")
    }
