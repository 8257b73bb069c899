"""Pages of statements and performance files: of an account, a person, a merchant; on the screen and on paper."""

from __future__ import annotations

from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Team, User
from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of
from aftersales.core.sheets.views import handed
from aftersales.ledger import sections, selectors, services, statementpages, statements
from aftersales.ledger.models import Account
from aftersales.ledger.states import Party
from aftersales.merchants.models import Merchant

OWN = "ledger.view_own"


def _month(request: HttpRequest, now: datetime) -> date:
    """The month that is asked for, else the present one."""
    asked = request.POST if request.method == "POST" else request.GET
    return day_of(f"{asked.get('month', '')}-01") or selectors.month_of(now)


@needs("ledger.view_statements")
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Whose accounts moved in a month."""
    now = timezone.now()
    month = _month(request, now)
    page = {
        "title": pgettext("ledger", "Statements"), "now": now, "month": month,
        "months": statements.months_to_choose(now), "rows": statementpages.moved_in(month, request.user),
    }  # fmt: skip
    return render(request, "ledger/statements.html", page)


def _subject(party: str, key: int, user: Any) -> Any:
    """The person or merchant, when this reader may read the statement."""
    if party == Party.MERCHANT:
        if not user.has_perm("ledger.view_merchants") and not user.has_perm("ledger.view_all"):
            raise Http404
        return get_object_or_404(Merchant, pk=key)
    if party != Party.PERSON:
        raise Http404
    others = user.has_perm("ledger.view_all") or user.has_perm("ledger.view_people")
    if key != user.pk and not others:
        raise Http404
    return get_object_or_404(User.objects.people(), pk=key)


def _statement(request: HttpRequest, party: str, pk: int) -> dict[str, Any]:
    now = timezone.now()
    subject, month = _subject(party, pk, request.user), _month(request, now)
    accounts = statements.accounts_of(party, pk, request.user)
    return {
        "title": pgettext("ledger", "Statement"), "now": now, "subject": subject, "party": party, "pk": pk,
        "month": month, "months": statements.months_to_choose(now),
        "parts": statementpages.told(accounts, month), "own": party == Party.PERSON and pk == request.user.pk,
        "may_open": request.user.has_perm("ledger.view"), "limit": statements.LONGEST,
        "sheet": reverse("ledger:statement_sheet", args=[party, pk]),
    }  # fmt: skip


@needs(OWN)
@require_GET
def statement(request: HttpRequest, party: str, pk: int) -> HttpResponse:
    """A month of all accounts of a person or a merchant: opening, entries, closing."""
    page = _statement(request, party, pk)
    page["charts"] = statementpages.charts(page["parts"], page["month"])
    return render(request, "ledger/statement.html", page)


@needs(OWN)
@require_GET
def statement_print(request: HttpRequest, party: str, pk: int) -> HttpResponse:
    """The same on A4."""
    return render(request, "ledger/statement_print.html", _statement(request, party, pk))


@needs(OWN)
@require_POST
def statement_sheet(request: HttpRequest, party: str, pk: int) -> HttpResponse:
    """The same as a sheet; who took it out is recorded."""
    subject = _subject(party, pk, request.user)
    accounts = statements.accounts_of(party, pk, request.user)
    return _taken(request, subject, accounts, reverse("ledger:statement", args=[party, pk]))


def _taken(request: HttpRequest, of: Any, accounts: list[Account], page: str) -> HttpResponse:
    """The file, or back to the page with what stands against it."""
    now = timezone.now()
    month = _month(request, now)
    taken = answered(
        lambda: services.statement_take(
            of=of, accounts=accounts, month=month, fmt=request.POST.get("fmt", "xlsx"), actor=request.user, now=now
        ),
        request,
    )  # fmt: skip
    return handed(BytesIO(taken.content), taken.name) if taken else redirect(f"{page}?month={month:%Y-%m}")


@needs("ledger.view")
@require_POST
def account_month_sheet(request: HttpRequest, public_id: str) -> HttpResponse:
    """A month of one account as a sheet."""
    row = get_object_or_404(Account.objects.visible_to(request.user), public_id=public_id)
    return _taken(request, row, [row], reverse("ledger:account_month", args=[public_id]))


@needs("ledger.view")
@require_GET
def account_month(request: HttpRequest, public_id: str) -> HttpResponse:
    """A month of one account, which may be one of the platform's own."""
    now = timezone.now()
    row = get_object_or_404(Account.objects.visible_to(request.user), public_id=public_id)
    month = _month(request, now)
    parts = statementpages.told([row], month)
    page = {
        "title": pgettext("ledger", "Statement"), "now": now, "account": row, "month": month, "parts": parts,
        "subject": selectors.subject_names([row]).get(row.pk, "") or row.get_kind_display(),
        "months": statements.months_to_choose(now), "charts": statementpages.charts(parts, month),
        "may_open": True, "limit": statements.LONGEST, "sheet": reverse("ledger:account_month_sheet", args=[public_id]),
    }  # fmt: skip
    return render(request, "ledger/statement.html", page)


@needs(OWN)
@require_GET
def my_statement(request: HttpRequest) -> HttpResponse:
    return redirect("ledger:statement", Party.PERSON, request.user.pk)


@needs(OWN)
@require_GET
def my_file(request: HttpRequest) -> HttpResponse:
    return redirect("ledger:file", Party.PERSON, request.user.pk)


def _file_of(party: str, pk: int, user: Any) -> Any:
    """Whose file: one's own, of people one leads, of everybody for supervisors; of merchants for who manages them."""
    if party == Party.MERCHANT:
        return _subject(party, pk, user)
    if party != Party.PERSON:
        raise Http404
    people = User.objects.people()
    if pk != user.pk and not user.has_perm("ledger.view_every_file"):
        if not user.has_perm("ledger.view_files"):
            raise Http404
        led = Team.objects.active().filter(lead=user)
        people = people.filter(memberships__active_to=None, memberships__team__in=led).distinct()
    return get_object_or_404(people, pk=pk)


def _file(request: HttpRequest, party: str, pk: int) -> dict[str, Any]:
    now = timezone.now()
    subject = _file_of(party, pk, request.user)
    if party == Party.PERSON:
        services.file_looked(person=subject, actor=request.user, now=now)
    return {
        "title": _("Performance file") if party == Party.PERSON else _("File of the merchant"), "now": now,
        "subject": subject, "party": party, "pk": pk, "own": party == Party.PERSON and pk == request.user.pk,
        "parts": sections.of(party, subject, request.user, now),
    }  # fmt: skip


@needs(OWN)
@require_GET
def file(request: HttpRequest, party: str, pk: int) -> HttpResponse:
    """A performance file 绩效档案: consequences, appeals, training, certificates and what rooms above add."""
    return render(request, "ledger/file.html", _file(request, party, pk))


@needs(OWN)
@require_GET
def file_print(request: HttpRequest, party: str, pk: int) -> HttpResponse:
    """The same on A4."""
    return render(request, "ledger/file_print.html", _file(request, party, pk))
