"""What follows for a merchant: what he was told, his appeal, letters, and the months of his accounts. For owners."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.cases.models import Ruling
from aftersales.core import files, moves
from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets.views import handed
from aftersales.ledger import clauses, pages, selectors, services, statementpages, statements, words
from aftersales.ledger.models import Journal, Proposal, ProposalFile
from aftersales.ledger.states import Party
from aftersales.merchants.models import Merchant
from aftersales.portal.scope import MerchantRequest, own_cases, owner_page, reading
from aftersales.scorecards import consequenceeffects, measurepages

READ = "ledger.view_of_merchant"


@needs(READ)
@owner_page
@require_GET
def index(request: MerchantRequest) -> HttpResponse:
    """What stands against the shop, the measures, and everything about money that the merchant was told."""
    now = timezone.now()
    rows, more = pages.proposals(request.user, before=whole(request.GET.get("before")))
    mine = measurepages.MerchantMeasure.objects.visible_to(request.user).filter(merchant=request.merchant)
    measures, older = measurepages.lines(mine, now, before=whole(request.GET.get("older")), most=20)
    page = {
        "title": pgettext("portal", "Consequences"), "now": now, "rows": rows, "more": more, "measures": measures,
        "older": older, "held": consequenceeffects.effects(request.merchant, now),
    }  # fmt: skip
    return render(request, "portal/consequences.html", page)


def _ruling(request: HttpRequest, row: Proposal) -> Ruling | None:
    """The ruling that the proposal follows from, where it is of a case of this shop."""
    if row.source_kind != Ruling._meta.label_lower:
        return None
    rows = Ruling.objects.filter(pk=row.source_id, dispute__case__in=own_cases(request))
    found: Ruling | None = rows.select_related("dispute__case").first()
    return found


def _told(request: HttpRequest, public_id: str) -> Proposal:
    rows = Proposal.objects.visible_to(request.user)
    found: Proposal = get_object_or_404(rows, public_id=public_id)
    return found


@needs(READ)
@owner_page
@require_GET
def consequence(request: HttpRequest, public_id: str) -> HttpResponse:
    """Fact, clause, amount and how it came about; the appeal while its time runs."""
    row, now = _told(request, public_id), timezone.now()
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    named, others = pages.evidence(row, request.user)
    page = {
        "title": row.number, "now": now, "row": row, "party": selectors.party_name(row),
        "amount": pages.amount_of(row), "badge": pages.badge_of(row), "terms": pages.calculation(row),
        "fact": words.fact(row.fact_code), "clause": clauses.name_of(row.citation), "named": named, "others": others,
        "appeal": options.get("appeal"), "accept": files.accepted(), "files": row.files.all(),
        "ruling": _ruling(request, row),
    }  # fmt: skip
    return render(request, "portal/consequence.html", page)


@needs(READ)
@owner_page
@require_POST
def appeal(request: HttpRequest, public_id: str) -> HttpResponse:
    """Against it, with reasons and what proves them; nothing of a file stays when it is refused."""
    now = timezone.now()
    with reading(request):
        row = _told(request, public_id)
    sent = request.FILES.getlist("files")

    def appealed() -> Proposal:
        with files.stored_for(sent, now=now) as stored:
            return services.proposal_appeal(
                proposal=row,
                text=request.POST.get("reason", "")[:4001],
                actor=request.user,
                now=now,
                files=stored,
            )

    answered(
        appealed, request, _("Your appeal is with us. Another person decides; nothing is posted until then.")
    )
    return redirect("portal:consequence", public_id)


@needs(READ)
@owner_page
@require_GET
def file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file of what one's merchant was told or brought."""
    row = get_object_or_404(ProposalFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)


@needs(READ)
@owner_page
@require_GET
def letter(request: HttpRequest, public_id: str) -> HttpResponse:
    """The decision, or the answer to the appeal, to print."""
    row = _told(request, public_id)
    page = pages.letter(row, timezone.now(), is_answer=request.GET.get("of") == "appeal")
    if page is None:
        raise Http404
    back = reverse("portal:consequence", args=[public_id])
    return render(request, "ledger/letter.html", page | {"back": back})


@needs(READ)
@owner_page
@require_GET
def statement(request: MerchantRequest) -> HttpResponse:
    """A month of every account of the merchant: opening, entries, closing."""
    now = timezone.now()
    month = day_of(f"{request.GET.get('month', '')}-01") or selectors.month_of(now)
    shop = request.merchant
    page = {
        "title": pgettext("ledger", "Statement"), "now": now, "month": month,
        "months": statements.months_to_choose(now), "shops": [(shop, _parts(request.user, shop, month))],
    }  # fmt: skip
    return render(request, "portal/statement.html", page)


@needs(READ)
@owner_page
@require_POST
def statement_sheet(request: MerchantRequest, public_id: str) -> HttpResponse:
    """The month of the merchant as a sheet; who took it out is recorded."""
    now, shop = timezone.now(), request.merchant
    if shop.public_id != public_id:
        raise Http404
    month = day_of(f"{request.POST.get('month', '')}-01") or selectors.month_of(now)
    with reading(request):
        accounts = statements.accounts_of(Party.MERCHANT, shop.pk, request.user)
    taken = answered(
        lambda: services.statement_take(
            of=shop, accounts=accounts, month=month, fmt=request.POST.get("fmt", "xlsx"), actor=request.user, now=now
        ),
        request,
    )  # fmt: skip
    back = f"{reverse('portal:statement')}?month={month:%Y-%m}"
    return handed(BytesIO(taken.content), taken.name) if taken else redirect(back)


def _parts(user: Any, shop: Merchant, month: date) -> list[statementpages.Part]:
    def urls(entries: Sequence[Journal]) -> dict[int, str]:
        kind = Proposal._meta.label_lower
        asked = {one.pk: one.source_id for one in entries if one.source_kind == kind}
        rows = Proposal.objects.visible_to(user).filter(pk__in=asked.values()) if asked else ()
        keys = {one.pk: reverse("portal:consequence", args=[one.public_id]) for one in rows}
        return {entry: keys[key] for entry, key in asked.items() if key in keys}

    accounts = statements.accounts_of(Party.MERCHANT, shop.pk, user)
    return statementpages.told(accounts, month, to_merchant=True, urls=urls)
