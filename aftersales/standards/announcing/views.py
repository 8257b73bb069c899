"""What the pages of announced rules have in common: which version is shown, its life, the draft, the second person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from aftersales.core import moves
from aftersales.core.access import answered, valid
from aftersales.core.posted import moment_of, whole
from aftersales.core.rulebook import RuleState
from aftersales.standards.announcing.pages import chosen
from aftersales.standards.services import DRAFT, rule_reject, rule_retire


def asked(request: HttpRequest, versions: Sequence[Any], now: datetime, **how: Any) -> Any:
    """The version that the address asks for, or the one that ``pages.chosen`` takes without. Raises Http404."""
    number = whole(request.GET.get("v"))
    version = chosen(versions, number, now, **how)
    if number is not None and version is None:
        raise Http404
    return version


def opened(
    request: HttpRequest, rule: Any, versions: Sequence[Any], now: datetime, *, badge: Callable[[Any, datetime], Any],
    about: Callable[..., dict[str, Any]], **how: Any,
) -> dict[str, Any]:  # fmt: skip
    """What the page of every announced rule shows: the rule, its versions, who may draft; of the chosen version its
    badge, what this person may do with it now, and what its room says ``about`` it. ``how``: see ``asked``.
    """
    version = asked(request, versions, now, **how)
    page: dict[str, Any] = {
        "title": rule.name, "now": now, "rule": rule, "version": version, "may_draft": request.user.has_perm(DRAFT),
        "versions": [(one, badge(one, now)) for one in versions],
    }  # fmt: skip
    if version is not None:
        options = {one.move.name: one for one in moves.options(version, actor=request.user, now=now)}
        page |= {name: options.get(name) for name in ("activate", "reject", "retire")}
        page |= {"badge": badge(version, now), "is_draft": version.state == RuleState.DRAFT}
        page |= about(request, version, versions, now)
    return page


def drafted(request: HttpRequest, form: Any, draft: Callable[..., Any]) -> bool:
    """Whether what was typed is a draft now; what is wrong with it, or why it is refused, stands in messages."""
    if not valid(request, form):
        return False
    who = {"actor": request.user, "now": timezone.now()}
    done = answered(
        lambda: draft(**form.cleaned_data, **who), request, _("The draft waits for a second person.")
    )
    return done is not None


def decided(
    request: HttpRequest, row: Any, activate: Callable[..., Any], *, ended: str, announced: str = ""
) -> None:
    """The second person returns a draft with a reason or announces it; a version in force can be ended.

    Raises Http404 for any other ``act``: nothing is announced by a form that does not say so.
    """
    who: dict[str, Any] = {"actor": request.user, "now": timezone.now()}
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "")[:2000]
    if act == "reject":
        returned = _("The draft was returned.")
        answered(lambda: rule_reject(draft=row, reason=reason, **who), request, returned)
    elif act == "retire":
        answered(lambda: rule_retire(row=row, **who), request, ended)
    elif act != "activate":
        raise Http404
    else:
        begin, seen = moment_of(request.POST.get("valid_from")), whole(request.POST.get("seen"))
        answered(
            lambda: activate(draft=row, valid_from=begin, reason=reason, seen=seen, **who), request,
            announced or _("The version is announced and comes into force on its day."),
        )  # fmt: skip
