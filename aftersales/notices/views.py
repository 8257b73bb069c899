"""Pages of the messages' room: the bell's inbox, the preview of a text, the folder of mails."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aftersales.core import moves
from aftersales.core.access import answered, needs

from . import kinds, mail, selectors, services, texts
from .models import Notice, NoticeText


@needs("notices.view_inbox")
@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """The messages to this person, newest first."""
    before = request.GET.get("before", "")
    rows, more = selectors.inbox(
        request.user, before=int(before) if before.isdecimal() and len(before) < 18 else None
    )
    page = {"title": _("Messages"), "rows": rows, "more": rows[-1].pk if more else None}
    page["unread"] = selectors.unread_count(request.user)
    return render(request, "notices/inbox.html", page)


@needs("notices.view_inbox")
@require_POST
def open_notice(request: HttpRequest, public_id: str) -> HttpResponse:
    """Seen; go to what the message is about."""
    notice = get_object_or_404(Notice.objects.in_inbox_of(request.user), public_id=public_id)
    services.notice_mark_read(notice=notice, actor=request.user, now=timezone.now())
    return redirect(kinds.page_of(notice.subject_kind, notice.subject_id) or "notices:inbox")


@needs("notices.view_inbox")
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    services.notices_mark_all_read(actor=request.user, now=timezone.now())
    return redirect("notices:inbox")


@needs("notices.retry")
@require_POST
def retry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a given-up message again."""
    notice = get_object_or_404(Notice.objects.visible_to(request.user), public_id=public_id)
    answered(
        lambda: services.notice_retry(notice=notice, actor=request.user, now=timezone.now()),
        request,
        _("Done."),
    )
    return redirect("admin:notices_notice_change", notice.pk)


@needs("notices.view_noticetext")
@require_GET
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """A text as its reader would get it, and what may be done with it."""
    text = get_object_or_404(NoticeText.objects.visible_to(request.user).select_related("template"), pk=pk)
    now = timezone.now()
    options = moves.options(text, actor=request.user, now=now)
    page = {
        "title": _("Preview"),
        "text": text,
        "previews": selectors.preview(text, now=now),
        "options": options,
    }
    return render(request, "notices/preview.html", page)


@needs("notices.activate_text")
@require_POST
def activate(request: HttpRequest, pk: int) -> HttpResponse:
    text = get_object_or_404(NoticeText.objects.visible_to(request.user), pk=pk)
    answered(
        lambda: texts.text_activate(text=text, actor=request.user, now=timezone.now()), request, _("Done.")
    )
    return redirect("notices:preview", pk)


@needs("notices.activate_text")
@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    text = get_object_or_404(NoticeText.objects.visible_to(request.user), pk=pk)
    reason = request.POST.get("reason", "")
    answered(
        lambda: texts.text_reject(text=text, reason=reason, actor=request.user, now=timezone.now()),
        request,
        _("Done."),
    )
    return redirect("notices:preview", pk)


@needs("notices.view_notice")
@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """The folder of mails, where no mail server is set up."""
    number = request.GET.get("page", "")
    asked = int(number) if number.isdecimal() and len(number) < 6 else 1
    mails, more = mail.kept(page=asked)
    page = {"title": _("Outbox"), "mails": mails, "page": asked, "more": asked + 1 if more else None}
    page |= {"server": bool(settings.EMAIL_HOST), "demo": not settings.PRODUCTION}
    return render(request, "notices/outbox.html", page)


@needs("notices.view_notice")
@require_GET
def outbox_mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail; what only its recipient may open is masked, also for those who may read all messages."""
    found = mail.kept_one(name)
    if found is None:
        raise Http404
    played = mail.addresses_in(name) if selectors.may_play_customer(request.user) else []
    page = {"title": found.subject, "mail": found, "played": played}
    return render(request, "notices/outbox_mail.html", page)
