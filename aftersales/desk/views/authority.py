"""Letters of authorities: the board, taking one down, one with its dialogs, the reply, evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.cases.authority import selectors, zipping
from aftersales.cases.authority.sheets import AuthoritySheet
from aftersales.cases.authority.states import LetterSource
from aftersales.cases.models import AuthorityCase, AuthorityFile, EvidenceBundle
from aftersales.cases.services import authority as services
from aftersales.core import files
from aftersales.core.access import answered, needs
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole
from aftersales.core.sheets.views import exported
from aftersales.desk import authority, boards
from aftersales.desk.authorityforms import LetterForm
from aftersales.desk.receiveforms import uploads
from aftersales.desk.views.export import FORMATS
from aftersales.desk.views.framing import there
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets.models import Ticket


def the_letter(request: HttpRequest, number: str) -> AuthorityCase:
    """The letter this person may see, or nothing at all."""
    return there(authority.find(request.user, number))


@require_GET
@needs("cases.view_authoritycase")
def board(request: HttpRequest) -> HttpResponse:
    """Letters by what they wait for."""
    asked, now = authority.wanted(request.GET), timezone.now()
    cards, more = authority.page(request.user, asked, now)
    numbers = authority.counts(request.user, now)
    context = {
        "title": pgettext("navigation", "Letters of authorities"), "asked": asked, "cards": cards, "more": more,
        "now": now, "sources": LetterSource.choices, "may_take": request.user.has_perm("cases.take_letter"),
        "formats": FORMATS if request.user.has_perm(AuthoritySheet.export_capability()) else (),
        "may_import": request.user.has_perm(AuthoritySheet.import_capability()),
        "tabs": [
            (code, label, boards.counted(numbers[code]) if code in numbers else "")
            for code, label in authority.BOARDS.items()
        ],
    }  # fmt: skip
    return render(request, "desk/authority/board.html", context)


@require_GET
@needs("core.export_authority_cases")
def export(request: HttpRequest, fmt: str) -> HttpResponse:
    """A board as it is filtered; who reported is masked unless the reader may export names."""
    if fmt not in dict(FORMATS):
        raise Http404
    asked = authority.wanted(request.GET)
    rows = authority.listed(request.user, asked, timezone.now())
    return exported(request, rows, AuthoritySheet.sheet, fmt, filtered=request.GET.urlencode())


@require_http_methods(["GET", "POST"])
@needs("cases.take_letter")
def take(request: HttpRequest) -> HttpResponse:
    """Take a letter down at a ticket or alone; one that is known is shown instead."""
    at = request.GET.get("ticket", "") or request.POST.get("ticket", "")
    ticket: Ticket | None = the_ticket(request, at) if at else None
    now = timezone.now()
    posted = request.method == "POST"
    form = LetterForm(request.POST if posted else None, initial={"received_at": timezone.localtime(now)})
    if posted and form.is_valid():
        taken = answered(lambda: _taken(request, form, ticket), request)
        if taken is not None:
            return redirect("desk:authority_letter", taken.number)
    context = {
        "title": pgettext("authority", "Take a letter down"), "form": form, "ticket": ticket, "now": now,
        "accept": files.accepted(),
    }  # fmt: skip
    return render(request, "desk/authority/take.html", context, status=422 if posted else 200)


def _taken(request: HttpRequest, form: LetterForm, ticket: Ticket | None) -> AuthorityCase:
    now = timezone.now()
    with files.stored_for(uploads(request.FILES, "files"), now=now) as stored:
        found = services.letter_take(
            draft=form.draft(), ticket=ticket, files=list(stored), actor=request.user, now=now
        )
    if found.known:
        messages.warning(request, _("This letter is here already; nothing was written."))
    else:
        messages.success(request, _("Taken down; its deadline runs."))
    return found.letter


@require_GET
@needs("cases.view_authoritycase")
def letter(request: HttpRequest, number: str) -> HttpResponse:
    """One letter: its deadline, what was asked, the reply, the evidence, the story."""
    row, now = the_letter(request, number), timezone.now()
    context = {
        "title": row.number, "letter": row, "ticket": row.ticket, "card": authority.whole(row, request.user, now),
        "files": list(row.files.select_related("by")), "deadlines": list(row.deadlines.select_related("by")),
        "happened": authority.happened(row), "now": now, "accept": files.accepted(),
        "may_reveal": request.user.has_perm("cases.reveal_reporter"),
        "may_bundle": request.user.has_perm("cases.handle_letter"),
        "may_add": request.user.has_perm("cases.take_letter"),
    }  # fmt: skip
    return render(request, "desk/authority/letter.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.view_authoritycase")
def act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """One act on a letter: its dialog, and the act itself."""
    row, now = the_letter(request, number), timezone.now()
    found = authority.act_named(row, request.user, now, name)
    if found is None:
        raise Http404
    wanted, offered = found
    posted = request.method == "POST"
    form = wanted.form(request.POST if posted else None, initial=_first(row, name))
    if posted and form.is_valid():
        version = whole(request.POST.get("version"))
        who = {"actor": request.user, "now": now, "version": version}
        done = answered(lambda: wanted.run(row, form.cleaned_data, **who), request, _("Done."))
        if done or bool(request.htmx):  # type: ignore[attr-defined]
            return redirect("desk:authority_letter", row.number)
    context = {
        "title": offered.label, "letter": row, "act": offered, "name": name, "form": form, "now": now,
        "variables": authority.variables() if name == "draft" else "",
    }  # fmt: skip
    template = "desk/authority/_act.html" if request.htmx else "desk/authority/act.html"  # type: ignore[attr-defined]
    return render(request, template, context, status=422 if posted else 200)


def _first(row: AuthorityCase, name: str) -> dict[str, Any]:
    """A new version of the reply begins with the last one."""
    if name != "draft":
        return {}
    last = row.replies.first()
    return {"text": last.text if last else authority.first_words()}


@require_POST
@needs("cases.take_letter")
def file_add(request: HttpRequest, number: str) -> HttpResponse:
    """A scan of the letter, or a proof of the sending."""
    row, now = the_letter(request, number), timezone.now()

    def add() -> AuthorityCase:
        given = uploads(request.FILES, "files")
        if not given:
            raise DomainError(_("Choose a file."), "empty")
        with files.stored_for(given, now=now) as stored:
            services.letter_files_add(letter=row, files=stored, actor=request.user, now=now)
        return row

    answered(add, request, _("Done."))
    return redirect("desk:authority_letter", row.number)


@require_GET
@needs("cases.view_authoritycase")
def file(request: HttpRequest, public_id: str) -> FileResponse:
    """A file of a letter, always as a download."""
    found = AuthorityFile.objects.visible_to(request.user).filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return files.serve(found, request)


@require_POST
@needs("cases.reveal_reporter")
def reporter(request: HttpRequest, number: str) -> HttpResponse:
    """Who reported, shown once to whoever says why; that he looked stays on record."""
    row, now = the_letter(request, number), timezone.now()
    context: dict[str, Any] = {"letter": row, "title": row.number, "now": now}
    status = 200
    try:
        context["name"], context["contact"] = services.reporter_reveal(
            letter=row, reason=request.POST.get("reason", ""), actor=request.user, now=now
        )
    except DomainError as error:
        context["error"], status = str(error), 422
    answer = render(request, "desk/authority/reporter.html", context, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
@needs("cases.view_authoritycase")
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """The reply on paper: number, date and the place for the seal; a draft says that it is one."""
    row, now = the_letter(request, number), timezone.now()
    reply = row.replies.first()
    if reply is None:
        raise Http404
    context = {
        "title": row.number,
        "letter": row,
        "reply": reply,
        "now": now,
        "final": row.approved_at is not None,
    }
    return render(request, "desk/authority/print.html", context)


@require_http_methods(["GET", "POST"])
@needs("cases.handle_letter")
def evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Choose what goes to the office."""
    row, now = the_letter(request, number), timezone.now()
    if request.method == "POST":
        chosen = request.POST.getlist("piece")[:1000]
        made = answered(
            lambda: services.bundle_make(letter=row, chosen=chosen, actor=request.user, now=now), request,
            _("The evidence is put together."),
        )  # fmt: skip
        if made is not None:
            return redirect("desk:authority_bundle", made.public_id)
    context = {
        "title": pgettext("authority", "Evidence"), "letter": row, "now": now,
        "pieces": selectors.evidence_for(row, request.user),
    }  # fmt: skip
    status = 422 if request.method == "POST" else 200
    return render(request, "desk/authority/evidence.html", context, status=status)


def the_bundle(request: HttpRequest, public_id: str) -> EvidenceBundle:
    rows = EvidenceBundle.objects.visible_to(request.user).select_related("letter__ticket", "made_by")
    found: EvidenceBundle | None = rows.filter(public_id=public_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs("cases.handle_letter")
def bundle(request: HttpRequest, public_id: str) -> HttpResponse:
    """The list of the evidence on paper, with moments and fingerprints."""
    row = the_bundle(request, public_id)
    pieces = [{**one, "moment": datetime.fromisoformat(one["at"])} for one in row.pieces]
    context = {
        "title": row.letter.number,
        "bundle": row,
        "letter": row.letter,
        "now": timezone.now(),
        "pieces": pieces,
    }
    return render(request, "desk/authority/bundle.html", context)


@require_GET
@needs("cases.handle_letter")
def bundle_zip(request: HttpRequest, public_id: str) -> StreamingHttpResponse:
    """The evidence with its list as one file, written while it is read."""
    row = the_bundle(request, public_id)
    answer = StreamingHttpResponse(zipping.streamed(row), content_type="application/zip")
    name = f"{row.letter.number}-{timezone.localtime(row.made_at):%Y%m%d-%H%M}.zip"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer
