"""The hand-over sheet 交接班 (R1.5): made by who goes, signed by both; the second signature moves the tickets."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import events, moves
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.core.wording import minute
from aftersales.tickets.models import Handover, HandoverLine, HandoverSignature, Ticket
from aftersales.tickets.selectors import handovers, pulling
from aftersales.tickets.services.dispatch import holds, ticket_assign
from aftersales.tickets.states import HandoverResult, HandoverSide, OwnReason

CAP = 300  # tickets of one sheet; nobody carries so many
LONGEST = 500


def handover_make(
    *, taker: User, notes: Mapping[int, str], shift_ends_at: datetime, actor: Any, now: datetime
) -> Handover:
    """The sheet of everything this person holds or still owes, with a note for each ticket (by its key).

    One whose time is over makes room for it. Errors: unfit, self, empty, scope, open_sheet.
    """
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    if not (taker.is_active and taker.has_perm("tickets.work")):
        raise DomainError(_("%(name)s cannot work on tickets.") % {"name": taker}, "unfit")
    if taker.pk == actor.pk:
        raise DomainError(_("Choose somebody else: nobody hands over to himself."), "self")
    rows = list(handovers.held(actor).order_by("next_due_at", "id")[:CAP])
    if not rows:
        raise DomainError(_("You hold no ticket and owe nothing: there is nothing to hand over."), "empty")
    if pulling.out_of_reach([taker.pk], rows, now, giver=actor):
        raise DomainError(
            _("%(name)s may not take all of these tickets; choose somebody of our own staff.")
            % {"name": taker},
            "scope",
        )
    try:
        with transaction.atomic():
            for old in Handover.objects.filter(giver=actor, moved_at=None, withdrawn_at=None):
                if handovers.is_over(old, now):
                    handover_withdraw(sheet=old, actor=actor, now=now)
            sheet = Handover.objects.create(
                team_id=rows[0].team_id, giver=actor, taker=taker, shift_ends_at=shift_ends_at, made_at=now
            )
            HandoverLine.objects.bulk_create(_line(sheet, row, notes.get(row.pk, "")) for row in rows)
            payload = {"to_id": taker.pk, "to_name": str(taker), "count": len(rows)}
            events.record("handover.made", subject=sheet, actor=actor, now=now, payload=payload)
    except IntegrityError as error:
        raise DomainError(
            _("You have an open hand-over sheet already; sign it or withdraw it."), "open_sheet"
        ) from error
    return sheet  # type: ignore[no-any-return]


def _line(sheet: Handover, row: Any, note: str) -> HandoverLine:
    return HandoverLine(
        sheet=sheet, ticket=row, state=row.state, next_due_at=row.next_due_at, promises=row.owed,
        note=" ".join(note.replace("\x00", "").split())[:LONGEST],
    )  # fmt: skip


def handover_sign(*, sheet: Handover, actor: Any, now: datetime, seen: str = "") -> Handover:
    """Sign for the own side, once; whoever signs second lets the tickets move. Signing again changes nothing.

    ``seen``: the tickets that the page showed (``handovers.stamp``). Errors: withdrawn, expired, changed.
    """
    with transaction.atomic():
        current = _locked(sheet)
        side = _side(current, actor)
        if current.withdrawn_at is not None:
            raise DomainError(_("This sheet was withdrawn."), "withdrawn")
        signed = set(current.signatures.values_list("side", flat=True))
        if side in signed:
            return current
        _refuse_old(current, seen, now)
        HandoverSignature.objects.create(sheet=current, side=side, person=actor, at=now)
        events.record("handover.signed", subject=current, actor=actor, now=now, payload={"side": side})
        if signed:
            _move(current, now)
    return current


def _refuse_old(sheet: Handover, seen: str, now: datetime) -> None:
    """Nobody signs for another shift, nor for tickets that he was not shown."""
    if handovers.is_over(sheet, now):
        raise DomainError(
            _("This sheet was for the shift that ended %(at)s: who hands over makes a new one.")
            % {"at": minute(sheet.shift_ends_at)},
            "expired",
        )
    if seen and seen != handovers.stamp(handovers.held(sheet.giver)):
        raise DomainError(
            _("Tickets came or went since this page was opened. Look at the sheet again before you sign."),
            "changed",
        )


def handover_go_on(*, sheet: Handover, actor: Any, now: datetime) -> Handover:
    """Once more for the tickets that were in somebody's hands when the sheet moved."""
    with transaction.atomic():
        current = _locked(sheet)
        _side(current, actor)
        if current.moved_at is None:
            raise DomainError(_("This sheet is not signed by both yet."), "unsigned")
        _move(current, now)
    return current


def handover_withdraw(*, sheet: Handover, actor: Any, now: datetime) -> Handover:
    """Take back a sheet that is not signed by both; only who made it."""
    with transaction.atomic():
        current = _locked(sheet)
        if _side(current, actor) != HandoverSide.GIVER:
            raise NotPermitted()
        if not current.is_open:
            raise DomainError(_("This sheet is closed already."), "closed")
        current.withdrawn_at = now
        current.save(update_fields=["withdrawn_at"])
        events.record("handover.withdrawn", subject=current, actor=actor, now=now)
    return current


def _locked(sheet: Handover) -> Handover:
    found: Handover = Handover.objects.select_for_update(of=("self",)).get(pk=sheet.pk)
    return found


def _side(sheet: Handover, actor: Any) -> str:
    if not actor.has_perm("tickets.work"):
        raise NotPermitted()
    if actor.pk == sheet.giver_id:
        return HandoverSide.GIVER
    if actor.pk == sheet.taker_id:
        return HandoverSide.TAKER
    raise NotPermitted()


def _move(sheet: Handover, now: datetime) -> None:
    """Everything the giver still holds goes to the taker, in order of key; each line keeps what became of it.

    What he was given after the sheet was made goes along: nobody may be left with the tickets of who is gone.
    """
    if sheet.moved_at is None:
        later = handovers.held(sheet.giver).exclude(pk__in=sheet.lines.values("ticket")).order_by("id")
        HandoverLine.objects.bulk_create(_line(sheet, row, "") for row in later)
    lines = list(
        sheet.lines.filter(result__in=["", HandoverResult.BUSY, HandoverResult.REFUSED])
        .select_related("ticket")
        .order_by("ticket_id")
    )
    for line in lines:
        line.result = _moved(line.ticket, sheet, now)
    HandoverLine.objects.bulk_update(lines, ["result"])
    if sheet.moved_at is None:
        sheet.moved_at = now
        sheet.save(update_fields=["moved_at"])
    moved = sum(line.result == HandoverResult.MOVED for line in lines)
    payload = {"count": moved, "left": len(lines) - moved}
    events.record("handover.moved", subject=sheet, actor=system_user(), now=now, payload=payload)


def _moved(ticket: Ticket, sheet: Handover, now: datetime) -> str:
    """The door judges the ticket as it stands under its lock; one that is refused holds nobody up."""
    try:
        with transaction.atomic():
            current = moves.locked(Ticket(pk=ticket.pk))
            if current.assignee_id != sheet.giver_id or not holds(current):
                return HandoverResult.GONE
            if pulling.barred([current], sheet.taker, now):
                return HandoverResult.REFUSED
            ticket_assign(
                ticket=current, to=sheet.taker, actor=system_user(), now=now, reason=OwnReason.HANDED_OVER
            )
    except Busy:
        return HandoverResult.BUSY
    except DomainError:
        return HandoverResult.REFUSED
    return HandoverResult.MOVED
