"""My shops: the manager's list, one shop's working side with the contact log, and rectification plans."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from aftersales.cases.turns import OTHERS, Turn
from aftersales.clocks.models import Clock
from aftersales.core import events, files, moves, subjects, wording
from aftersales.core.access import answered, needs, valid
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.posted import whole
from aftersales.desk import shops
from aftersales.desk.shopforms import PlanForm, TalkForm
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import Party, ProposalState
from aftersales.merchants import agreementpages
from aftersales.merchants.agreementselectors import of_merchants
from aftersales.merchants.models import DepositCall, Lesson, Merchant, Talk
from aftersales.merchants.services.talks import KEEP, talk_note
from aftersales.scorecards import measurepages
from aftersales.scorecards.consequences import BREACH
from aftersales.scorecards.models import MerchantMeasure, Plan, PlanFile
from aftersales.scorecards.pages import no_grade
from aftersales.scorecards.rectification import selectors as plans
from aftersales.scorecards.rectification.machine import RECTIFY
from aftersales.scorecards.rectification.states import PlanCause
from aftersales.scorecards.services import rectification
from aftersales.standards.states import Debtor

SEE, READ_PLANS = "desk.my_shops", "scorecards.view_plans"
ROWS = 30


@needs(SEE)
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """My shops, what hurts first; who stands above the managers chooses one."""
    now, user = timezone.now(), request.user
    others = shops.managers() if user.has_perm(shops.ANY) or not user.has_perm(KEEP) else []
    wanted = whole(request.GET.get("manager")) if others else None
    chosen = next((one.pk for one in others if one.pk == wanted), others[0].pk if others else user.pk or 0)
    found, only = shops.board(user, chosen, now), request.GET.get("only", "")[:10]
    kept = [one for one in found.lines if only not in shops.KEPT or shops.KEPT[only](one)]
    page = {
        "title": pgettext("navigation", "My shops"), "now": now, "board": found, "lines": kept, "only": only,
        "filters": shops.FILTERS, "managers": others, "manager": chosen,
        "no_grade": no_grade(),
        "talks": {one.shop.pk: shops.talk_words(one.talk) for one in kept if one.talk},
    }  # fmt: skip
    return render(request, "desk/shops.html", page)


def _shop(request: HttpRequest, code: str) -> Merchant:
    rows = Merchant.objects.visible_to(request.user).select_related("manager")
    found: Merchant = get_object_or_404(rows, code=code)
    return found


@needs(SEE)
@require_GET
def shop(request: HttpRequest, code: str) -> HttpResponse:
    """What this shop owes, the disputes about it, its plans and every talk with it."""
    row = _shop(request, code)
    asked = _asked_for(request, row)
    form = PlanForm(prefix="plan", breaches=_breaches(request, row), initial=asked)
    return _shop_page(request, row, form, opened=bool(asked))


def _shop_page(
    request: HttpRequest, row: Merchant, form: PlanForm, *, opened: bool, noted: TalkForm | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """The shop's page; ``opened``: the dialog of a plan stands open, with what was typed and what is wrong with it.

    ``noted``: a talk that was refused; its dialog stands open the same way.
    """
    now, user = timezone.now(), request.user
    asked = Plan.objects.visible_to(user).filter(merchant=row)[:ROWS]
    page: dict[str, Any] = {
        "title": row.name, "now": now, "shop": row, **_rows(request, row, now),
        "plans": [(one, plans.badge_of(one, now)) for one in asked],
        "has_open_plan": any(one.closed_at is None for one in asked),
        "talks": Talk.objects.visible_to(user).filter(merchant=row).select_related("by")[:ROWS],
        "may_talk": user.has_perm(KEEP) and (row.manager_id == user.pk or user.has_perm(shops.ANY)),
        "may_rectify": plans.may_rectify(user, row),
        "talk_form": noted or TalkForm(prefix="talk", initial={"day": timezone.localdate(now)}),
        "plan_form": form, "asked_for": opened, "refused_talk": noted is not None,
    }  # fmt: skip
    return render(request, "desk/shop.html", page, status=status)


def _asked_for(request: HttpRequest, row: Merchant) -> dict[str, Any]:
    """What the plan is opened for, where one comes from a measure: its number and the breaches it rests on."""
    number = request.GET.get("measure", "")[:40]
    rows = MerchantMeasure.objects.visible_to(request.user).filter(merchant=row, number=number)
    found = rows.exclude(begins_at=None).first() if number else None
    if found is None:
        return {}
    broken = found.facts.filter(kind=BREACH).values_list("key", flat=True)
    return {
        "cause": PlanCause.MEASURE, "decisions": number, "breaches": [int(one) for one in broken],
        "metric": found.figures.get("metric", ""),
    }  # fmt: skip


def _rows(request: HttpRequest, row: Merchant, now: datetime) -> dict[str, Any]:
    """The very rows behind the numbers of the list."""
    user = request.user
    clocks = list(
        shops.open_obligations(user, [row.pk])
        .select_related("standard_version__standard")
        .order_by("due_at", "pk")[:ROWS]
    )
    names = subjects.named([(one.subject_kind, one.subject_id) for one in clocks], user)
    lessons = Lesson.objects.visible_to(user).late(now).filter(merchant=row, member__active_to=None)
    told = Proposal.objects.visible_to(user).filter(party=Party.MERCHANT, party_id=row.pk)
    asked = of_merchants([row], now).get(row.pk, [])
    return {
        "clocks": [
            (
                one,
                names.get((one.subject_kind, one.subject_id)),
                _others(one),
            )
            for one in clocks
        ],
        "lessons": lessons.select_related("course", "member__user")[:ROWS],
        "calls": DepositCall.objects.visible_to(user).unmet().filter(merchant=row)[:ROWS],
        "asked": [(one, agreementpages.standing_badge(one.standing)) for one in asked if one.is_open],
        "disputes": shops.open_disputes(user, [row.pk]).order_by("turn_until", "pk")[:ROWS],
        "appeals": told.filter(state=ProposalState.APPEALED)[:ROWS],
        "appealed": [
            measurepages.line(one, now) for one in _with_shop(shops.appealed(user, [row.pk]))[:ROWS]
        ],
        "measures": [measurepages.line(one, now) for one in _with_shop(_acting(user, row, now))[:ROWS]],
    }


def _others(clock: Any) -> str:
    """Whose turn it is where the shop has done its part."""
    return str(Turn(clock.whose).label) if clock.whose in OTHERS else ""


def _acting(user: Any, row: Merchant, now: datetime) -> Any:
    return (
        MerchantMeasure.objects.visible_to(user)
        .acting(now)
        .filter(merchant=row)
        .order_by("-begins_at", "-pk")
    )


def _with_shop(rows: Any) -> Any:
    return rows.select_related("merchant", "rule")


def _breaches(request: HttpRequest, row: Merchant) -> list[tuple[int, str]]:
    """The newest breaches, as choices of a plan."""
    now = timezone.now()
    rows = Clock.objects.visible_to(request.user).filter(owed_by=Debtor.MERCHANT, merchant_id=row.pk)
    found = list(rows.exclude(breached_at=None).order_by("-breached_at", "-pk")[:12])
    names = subjects.named([(one.subject_kind, one.subject_id) for one in found], request.user)
    return [
        (one.pk, f"{wording.minute(one.breached_at, now)} {one.get_promise_display()} · {_name(names, one)}")
        for one in found
    ]


def _name(names: Any, one: Clock) -> str:
    named = names.get((one.subject_kind, one.subject_id))
    return named.words if named else "–"


@needs(KEEP)
@require_POST
def talk(request: HttpRequest, code: str) -> HttpResponse:
    """Note a talk; refused, its dialog comes back open with what was typed."""
    row, form = _shop(request, code), TalkForm(request.POST, prefix="talk")
    if form.is_valid() and answered(lambda: _noted(request, row, form), request):
        messages.success(request, _("Noted in the contact log."))
    if form.is_valid():
        return redirect("desk:shop", code)
    plan = PlanForm(prefix="plan", breaches=_breaches(request, row))
    return _shop_page(request, row, plan, opened=False, noted=form, status=422)


def _noted(request: HttpRequest, row: Merchant, form: TalkForm) -> Talk | None:
    """The talk; what is wrong with one of the fields is said in the dialog."""
    try:
        return talk_note(merchant=row, actor=request.user, now=timezone.now(), **form.cleaned_data)
    except DomainError as error:
        if error.code not in form.fields:
            raise
        form.add_error(error.code, str(error))
        return None


@needs(RECTIFY)
@require_POST
def plan_open(request: HttpRequest, code: str) -> HttpResponse:
    """Ask the shop for a rectification plan."""
    row = _shop(request, code)
    form = PlanForm(request.POST, prefix="plan", breaches=_breaches(request, row))
    made = None
    if valid(request, form):
        made = answered(
            lambda: rectification.plan_open(merchant=row, actor=request.user, now=timezone.now(), **form.terms()),
            request, _("Asked; the merchant is told."),
        )  # fmt: skip
    if made:
        return redirect("desk:plan", made.number)
    return _shop_page(request, row, form, opened=True, status=422)


def _plan(request: HttpRequest, number: str) -> Plan:
    rows = Plan.objects.visible_to(request.user).select_related("merchant__manager", "opened_by", "closed_by")
    found: Plan = get_object_or_404(rows, number=number)
    return found


@needs(READ_PLANS)
@require_GET
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """One plan: facts, answer, proof, figure, and what the manager may do now."""
    row, now = _plan(request, number), timezone.now()
    options = {one.move.name: one for one in moves.options(row, actor=request.user, now=now)}
    clocks = Clock.objects.visible_to(request.user).filter(pk__in=row.breaches).order_by("-breached_at")
    named = subjects.named([(one.subject_kind, one.subject_id) for one in clocks], request.user)
    told = Event.objects.about("scorecards.plan", row.pk).order_by("-id")[:ROWS]
    page = {
        "title": row.number, "now": now, "row": row, "badge": plans.badge_of(row, now), "acts": options,
        "figure": plans.figure_of(row, now), "files": row.files.select_related("by"),
        "breaches": [(one, named.get((one.subject_kind, one.subject_id))) for one in clocks],
        "decisions": Proposal.objects.visible_to(request.user).filter(number__in=row.decisions),
        "measures": MerchantMeasure.objects.visible_to(request.user).filter(number__in=row.decisions),
        "told": [(events.sentence(one), one.at) for one in told],
        "back": options.get("send_back") if row.state == "answered" else options.get("ask_again"),
        "closes": [(name, options[name]) for name in ("fulfil", "fail", "withdraw") if name in options],
    }  # fmt: skip
    return render(request, "desk/plan.html", page)


@needs(RECTIFY)
@require_POST
def plan_act(request: HttpRequest, number: str, name: str) -> HttpResponse:
    """Accept, send back, or close."""
    row = _plan(request, number)
    who: dict[str, Any] = {
        "plan": row,
        "actor": request.user,
        "now": timezone.now(),
        "version": whole(request.POST.get("version")),
    }
    said = request.POST.get("words", "")[:4001]
    if name == "accept":
        answered(
            lambda: rectification.plan_accept(**who), request, _("Accepted; the merchant carries it out.")
        )
    elif name == "back":
        answered(
            lambda: rectification.plan_send_back(words=said, **who),
            request,
            _("Sent back; the merchant is told."),
        )
    elif name in ("fulfil", "fail", "withdraw"):
        answered(
            lambda: rectification.plan_close(outcome=name, words=said, **who),
            request,
            _("Closed; the merchant is told."),
        )
    else:
        raise Http404
    return redirect("desk:plan", number)


@needs(READ_PLANS)
@require_GET
def plan_file(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """A file of a plan."""
    row = get_object_or_404(PlanFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)
