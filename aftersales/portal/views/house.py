"""What a merchant is told: rules that changed."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from aftersales.core.access import answered, needs
from aftersales.portal.scope import MerchantRequest, merchant_page
from aftersales.standards.models import StandardVersion
from aftersales.standards.selectors import book, limit_words
from aftersales.tickets.selectors import reading
from aftersales.tickets.services import merchant_rule_confirm

from .today import WORK


@needs(WORK)
@merchant_page
@require_GET
def rules(request: MerchantRequest) -> HttpResponse:
    """What changed in the rules that bind merchants, old beside new; each is confirmed by whoever read it."""
    now = timezone.now()
    unread = {one.version.pk for one in reading.unread_by_merchant(cast(User, request.user), now)}
    rows = [
        (one, _name(one), _limit(one.version), _limit(one.before), one.version.pk in unread)
        for one in reading.merchant_changes(now)
    ]  # fmt: skip
    among = book()
    promoted = [
        (one, among.name_of(one.standard.code), _limit(one), _limit(reading.usual(one, among)), one.applies_at(now))
        for one in reading.merchant_promoted(request.merchant.market_id, now)
    ]  # fmt: skip
    page = {"title": pgettext("portal", "Rules"), "now": now, "rows": rows, "promoted": promoted}
    return render(request, "portal/rules.html", page)


def _name(change: reading.Change) -> str:
    return book().name_of(change.version.standard.code)


def _limit(version: StandardVersion | None) -> str:
    return limit_words(version.limit_value, version.limit_unit) if version is not None else ""


@needs(WORK)
@merchant_page
@require_POST
def rule_read(request: HttpRequest, pk: int) -> HttpResponse:
    """I have read it."""
    version = get_object_or_404(StandardVersion, pk=pk)
    answered(
        lambda: merchant_rule_confirm(version=version, actor=request.user, now=timezone.now()),
        request, _("Thank you. It is noted that you have read it."),
    )  # fmt: skip
    return redirect("portal:rules")
