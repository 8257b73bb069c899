"""The customer asks for a person; a person settles a signal."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from aftersales.cases.models import CaseFlag
from aftersales.cases.services.automatic import case_ask_person
from aftersales.cases.services.flags import flag_settle
from aftersales.core.access import answered, needs
from aftersales.core.posted import whole
from aftersales.desk.views.cases import the_case

SETTLES = ("dismiss", "uphold", "reopen")


@require_POST
@needs("cases.answer")
def ask_person(request: HttpRequest, number: str) -> HttpResponse:
    """The rule does not touch this case any more."""
    row = the_case(request, number)
    answered(
        lambda: case_ask_person(case=row, actor=request.user, now=timezone.now()), request,
        _("A person takes it from here."),
    )  # fmt: skip
    return redirect("desk:case", row.number)


@require_POST
@needs("cases.settle_flag")
def flag_act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Whether a signal is founded, with what was found."""
    flags = CaseFlag.objects.visible_to(request.user).select_related("case__ticket")
    flag = flags.filter(public_id=public_id).first()
    if flag is None or name not in SETTLES:
        raise Http404
    answered(
        lambda: flag_settle(
            flag=flag, move=name, words=request.POST.get("words", ""), actor=request.user, now=timezone.now(),
            version=whole(request.POST.get("version")),
        ),
        request, _("Done."),
    )  # fmt: skip
    return redirect("desk:case", flag.case.number)
