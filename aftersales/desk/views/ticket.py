"""The workbench of one ticket, its acts, what is said in it, and its files."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.selectors import names_of_others, people_of_team
from aftersales.core import files, once
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.customers.models import Contact
from aftersales.customers.services import contact_reveal
from aftersales.desk import acts, appointments, checks, dispatching, promises, voices, workbench
from aftersales.desk.views import looking, saying
from aftersales.desk.voices import ASKING, VOICES
from aftersales.notices.selectors import kept_in
from aftersales.standards.selectors import one_edition
from aftersales.tickets import selectors
from aftersales.tickets.models import Attachment, Message, Ticket
from aftersales.tickets.selectors import writing
from aftersales.tickets.selectors.merging import read_with
from aftersales.tickets.states import Channel


def the_ticket(request: HttpRequest, number: str) -> Ticket:
    """The ticket this person may see, or nothing at all."""
    found = workbench.find(request.user, number)
    if found is None:
        raise Http404
    return found


@require_GET
@needs("desk.view")
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """The workbench."""
    with one_edition():
        return ticket_page(request, the_ticket(request, number))


def ticket_page(
    request: HttpRequest,
    row: Ticket,
    *,
    draft: str = "",
    voice: str = "",
    news: saying.News | None = None,
    opened: str = "",
    status: int = 200,
) -> HttpResponse:
    """``opened``: the dialog of a case that was refused, standing open with what was written."""
    now = timezone.now()
    bench = workbench.read(row, request.user, now)
    ended = voices.ended_words(row)  # then nothing is sent, and what is switched off makes no difference
    off = set() if ended else kept_in(selectors.ANSWER, selectors.ASK)
    unheard = voices.why_words(
        selectors.unheard_because(row, bench.customer.no_mail if bench.customer else None, off)
    )
    promised = (
        promises.page(row, request.user, now) | checks.page(row, request.user) | appointments.page(row, now)
    )
    todo = acts.acts(row, request.user, now, unheard=unheard)
    read = [item.message.pk for item in bench.stream if item.message]
    context = {
        "title": row.number, "now": now, "ticket": row, "bench": bench, "acts": todo, "news": news,
        "voices": voices.offered(request.user, row), **saying.box(request.user, row, read, draft, voice, news),
        "waiting": workbench.waiting_face(row), "people": _people(request.user, row, todo, now),
        "reopened_words": ngettext("reopened once", "reopened %(n)d times", row.reopened) % {"n": row.reopened},
        "why": dispatching.face(bench.dispatch, row.owner, now, request.user, bench.dispatch_before),
        "may_reassign": any(act.name == "assign" for act in todo.allowed),
        "ended": ended, "mute": unheard, "accept": files.accepted(),
        "resolve_text": resolve_text(row), "opened_dialog": opened,
        "merchant_mute": voices.why_words(selectors.merchant_unheard_because(row, off)) if row.merchant_id else "",
        "tomorrow": timezone.localtime(now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M"),
        "soonest": timezone.localtime(now).strftime("%Y-%m-%dT%H:%M"), **promised,
    }  # fmt: skip
    context["voice"] = context["voice"] or voices.first(request.user, row)
    return render(request, "desk/ticket.html", context, status=status)


def resolve_text(row: Ticket) -> str:
    """What the resolving dialog proposes to tell the customer; the person rewrites it."""
    return _("Hello, we have dealt with your matter “%(subject)s”. Please tell us whether it is solved.") % {
        "subject": row.subject
    }


def _people(user: Any, row: Ticket, todo: acts.Acts, now: datetime) -> list[tuple[int, str, str]]:
    """Whom the ticket can be given to: its team's people, the available ones first, then those of other teams."""
    if not any(act.name == "assign" for act in todo.allowed):
        return []
    found = people_of_team(row.team_id, now) if row.team_id else []
    own = [
        (one.person.pk, str(one.person), "" if one.available else _("not on shift"))
        for one in sorted(found, key=lambda one: (not one.available, str(one.person)))
    ]
    return own + names_of_others(user, now, but=row.team_id or 0)


@require_POST
@needs("desk.view")
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act from a dialog."""
    row = the_ticket(request, number)
    ref, before = once.reference(request), row.assignee_id
    done = answered(
        lambda: acts.perform(name, row, request.POST, actor=request.user, now=timezone.now(), ref=ref) or True,
        request, "" if name in ("assign", "hand_over") else _("Done."),
    )  # fmt: skip
    if done and name == "assign":
        _given(request, number, before)
    if done and name == "hand_over":
        _handed(request, number)
    if done is None and name in ("resolve", "archive"):
        text = request.POST.get("text") or request.POST.get("summary", "")
        return ticket_page(request, the_ticket(request, number), draft=text, status=422)
    return redirect("desk:ticket", number)


def _handed(request: HttpRequest, number: str) -> None:
    """To the lead; or to the queue, where the lead may not have it."""
    row = workbench.find(request.user, number)
    is_back = row is not None and row.assignee is None
    back = _("The lead lacks the certificate or the onboarding for it: it is back in the queue.")
    messages.success(request, back if is_back else _("Done."))


def _given(request: HttpRequest, number: str, before: int | None) -> None:
    """Whom it was given to; while the message stands, and nothing else happened, it is given back from there."""
    row = workbench.find(request.user, number)
    if row is None or row.assignee is None:  # gone out of his sight with the team it went to
        messages.success(request, _("Done."))
        return
    back = f"undo {number} {before} {row.version}" if before not in (None, row.assignee_id) else ""
    messages.success(request, _("Given to %(name)s.") % {"name": row.assignee}, extra_tags=back)


@require_POST
@needs("desk.view")
def say(request: HttpRequest, number: str) -> HttpResponse:
    """Something said: to the customer, to the merchant, to colleagues, or taken down for somebody."""
    row = the_ticket(request, number)
    voice = request.POST.get("voice", "")
    text = request.POST.get("text", "")
    if voice not in VOICES or not request.user.has_perm(VOICES[voice].capability):
        raise Http404
    page = looking.face if looking.asked(request) else ticket_page
    if voice in ASKING and writing.is_sent(row, source_ref=once.reference(request), user=request.user):
        return looking.back(request, number)
    if voice in ASKING and (refused := voices.ended_words(row)):
        messages.error(request, refused)
        return page(request, row, draft=text, status=422)
    if voice in ASKING and (news := saying.news(request, row)):
        if answered(lambda: saying.keep(request, row), request) is False:
            return looking.back(request, number)
        return page(request, the_ticket(request, number), voice=voice, news=news, status=409)
    if answered(lambda: _say(request, row, voice), request) is None:
        answered(lambda: saying.keep(request, row), request)
        return page(request, the_ticket(request, number), draft=text, voice=voice, status=422)
    return looking.back(request, number)


def _say(request: HttpRequest, row: Ticket, voice: str) -> Any:
    """Words that reach somebody are held for a moment; all others are kept at once, and the page says so."""
    why = voices.unheard_words(row, voice)
    if voice in ASKING and not why:
        said = saying.hold(request, row, voice)
    else:
        how: dict[str, Any] = {"channel": Channel.PHONE} if voice == "heard" else {}
        service = promises.speaking(VOICES[voice].service, voice, request.POST)
        said = saying.say(request, row, service, outgoing=voice in ASKING, **how)
    if isinstance(said, Message):
        done = voices.NOT_SENT % {"why": why} if why else VOICES[voice].done
        messages.success(request, str(done))
    return said


@require_GET
@needs("desk.view")
def attachment(request: HttpRequest, public_id: str) -> HttpResponse | FileResponse:
    """A file of a ticket this person may see, always as a download."""
    wanted = Attachment.objects.filter(public_id=public_id, erased_at=None)
    found = wanted.visible_to(request.user).first() or wanted.filter(read_with(request.user)).first()
    if found is None:
        raise Http404
    return files.serve(found, request)


@require_POST
@needs("customers.reveal")
def reveal(request: HttpRequest, number: str, public_id: str) -> HttpResponse:
    """Show one contact in full, for a reason, once; the look is recorded, the value is not kept anywhere."""
    row = the_ticket(request, number)
    contact = Contact.objects.filter(public_id=public_id, customer_id=row.customer_id or 0).first()
    if contact is None:
        raise Http404
    try:
        value = contact_reveal(
            contact=contact, actor=request.user, reason=request.POST.get("reason", ""), now=timezone.now(),
            context=f"tickets.ticket:{row.pk}",
        )  # fmt: skip
    except DomainError as error:
        return _not_revealed(request, number, error)
    template = "desk/_revealed.html" if request.htmx else "desk/revealed.html"  # type: ignore[attr-defined]
    return render(request, template, {"title": row.number, "value": value, "contact": contact, "ticket": row})


def _not_revealed(request: HttpRequest, number: str, error: DomainError) -> HttpResponse:
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "desk/_revealed.html", {"error": str(error)})
    messages.error(request, str(error))
    return redirect("desk:ticket", number)


@require_GET
@needs("desk.view")
def look(request: HttpRequest, number: str) -> HttpResponse:
    """The quick look beside the queue."""
    return looking.face(request, the_ticket(request, number))
