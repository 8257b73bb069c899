"""Handing over: the sheet at shift end with its two signatures, and the tickets of people who are not there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.selectors import names_of_others
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.desk.day import shifts
from aftersales.standards.selectors import duration
from aftersales.tickets import services
from aftersales.tickets.models import Handover, HandoverLine, Ticket
from aftersales.tickets.selectors import absent, handovers
from aftersales.tickets.selectors.pulling import out_of_reach
from aftersales.tickets.services.reassigning import Reassigned

ACTS: dict[str, Callable[..., Any]] = {
    "sign": services.handover_sign,
    "go-on": services.handover_go_on,
    "withdraw": services.handover_withdraw,
}
SHEET = 300


@require_http_methods(["GET", "POST"])
@needs("tickets.work")
def hand_over(request: HttpRequest) -> HttpResponse:
    """Write the sheet: everything I hold, a note for each ticket, who takes it on."""
    now = timezone.now()
    if request.method == "POST":
        sheet = answered(lambda: _make(request, now), request, _("The sheet is made. Both of you sign it."))
        if sheet is not None:
            return redirect("desk:sheet", sheet.public_id)
    user: Any = request.user
    mine = Ticket.objects.filter(assignee=user).held().select_related("customer")
    rows = list(mine.order_by("next_due_at", "id")[:SHEET])
    people = names_of_others(user, now, but=0)
    never = out_of_reach((one[0] for one in people), rows, now, giver=user)
    context = {
        "title": _("Hand over"), "now": now, "rows": rows,
        "people": [one for one in people if one[0] not in never], "me": user.pk,
        "open": handovers.waiting_for(user),
    }  # fmt: skip
    return render(request, "desk/hand_over.html", context)


def _make(request: HttpRequest, now: datetime) -> Handover:
    user: Any = request.user
    notes = {
        key: str(text)
        for name, text in request.POST.items()
        if name.startswith("note-") and (key := whole(name[5:])) is not None
    }
    shift, _since = shifts(user, now)
    return services.handover_make(
        taker=_person(request),
        notes=notes,
        shift_ends_at=shift.ends_at if shift else now,
        actor=user,
        now=now,
    )


def _person(request: HttpRequest) -> User:
    key = whole(request.POST.get("to"))
    found = User.objects.visible_to(request.user).active().filter(pk=key).first() if key is not None else None
    if found is None:
        raise DomainError(_("Choose a person."), "to")
    return found  # type: ignore[no-any-return]


@require_GET
@needs("tickets.work")
def sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """One sheet, as it is signed and printed."""
    found = get_object_or_404(handovers.seen_by(request.user), public_id=public_id)
    signatures = list(found.signatures.select_related("person").order_by("at", "id"))
    mine, now = {found.giver_id, found.taker_id} & {request.user.pk}, timezone.now()
    over = handovers.is_over(found, now)
    lines = list(found.lines.select_related("ticket__customer").order_by("next_due_at", "ticket_id"))
    held = list(handovers.held(found.giver).select_related("customer")) if found.is_open else []
    context = {
        "title": _("Hand-over sheet"), "now": now, "sheet": found, "signatures": signatures, "over": over,
        "lines": lines, "later": _as_it_stands(lines, held) if found.is_open else [],
        "seen": handovers.stamp(held),
        "may_sign": found.is_open and not over and bool(mine)
        and request.user.pk not in {one.person_id for one in signatures},
        "mine": bool(mine), "left": any(line.result in ("busy", "refused") for line in lines),
    }  # fmt: skip
    return render(request, "desk/sheet.html", context)


def _as_it_stands(lines: list[HandoverLine], held: list[Ticket]) -> list[Ticket]:
    """Each line says what changed since it was written; answers the tickets that came later and move along."""
    present: dict[int, Any] = {row.pk: row for row in held}
    for line in lines:
        row: Any = present.pop(line.ticket_id, None)
        line.gone = row is None  # type: ignore[attr-defined]
        line.state_now = line.ticket.state if line.ticket.state != line.state else ""  # type: ignore[attr-defined]
        if row is not None:
            line.promises = row.owed
    return list(present.values())


@require_POST
@needs("tickets.work")
def sheet_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Sign, move the rest, withdraw."""
    found = get_object_or_404(handovers.seen_by(request.user), public_id=public_id)
    act = ACTS.get(name)
    if act is None:
        raise Http404
    how: dict[str, Any] = {"seen": request.POST.get("seen", "")[:32]} if name == "sign" else {}
    answered(lambda: act(sheet=found, actor=request.user, now=timezone.now(), **how), request, _("Done."))
    return redirect("desk:sheet", public_id)


@require_GET
@needs("tickets.assign")
def away(request: HttpRequest) -> HttpResponse:
    """Tickets of people who are not there, and sheets that nobody signed."""
    now, user = timezone.now(), request.user
    context = {
        "title": _("Tickets of absent people"), "now": now, "held": absent.held_by_absent(user, now),
        "people": names_of_others(user, now, but=0),  # type: ignore[arg-type]
        "unsigned": handovers.unsigned(request.user, now, duration("handover_late_minutes", now)),
    }  # fmt: skip
    return render(request, "desk/away.html", context)


@require_POST
@needs("tickets.assign")
def reassign(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything an absent person holds to somebody else, or to whom dispatch chooses."""
    now = timezone.now()
    person = get_object_or_404(absent.absent_people(now), pk=pk)
    seen = Ticket.objects.visible_to(request.user).filter(assignee=person).held()

    def work() -> list[Reassigned]:
        to = None if request.POST.get("to") == "rules" else _person(request)
        reason = request.POST.get("reason", "").strip() or _("%(name)s is absent") % {"name": person}
        return services.tickets_reassign(tickets=seen, to=to, actor=request.user, now=now, reason=reason)

    if (done := answered(work, request)) is not None:
        _told(request, done)
    return redirect("desk:absent")


def _told(request: HttpRequest, done: list[Reassigned]) -> None:
    """How many went to whom, and each that did not with its reason."""
    for to, number in Counter(str(one.to) for one in done if one.to).items():
        words = ngettext("%(n)d ticket went to %(name)s.", "%(n)d tickets went to %(name)s.", number)
        messages.success(request, words % {"n": number, "name": to})
    for one in [one for one in done if not one.to][:5]:
        why = one.words or _("nobody with this duty is free")
        messages.error(request, f"{one.ticket.number}: {why}")
