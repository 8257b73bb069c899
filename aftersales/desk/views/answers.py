"""Answer templates: the list, the page of one, its preview, and what the reply box fetches of them."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Team
from aftersales.core.access import answered, needs
from aftersales.core.errors import Conflict, DomainError
from aftersales.core.posted import whole
from aftersales.desk.views.ticket import the_ticket
from aftersales.tickets import answering
from aftersales.tickets.models import AnswerTemplate
from aftersales.tickets.selectors import answer_templates as selectors
from aftersales.tickets.services import answers as services
from aftersales.tickets.states import AnswerScope, Kind

EDITED = ("title_zh", "title_en", "body_zh", "body_en", "shortcut")


@require_GET
@needs("tickets.use_answers")
def answers(request: HttpRequest) -> HttpResponse:
    """Every template this person may use, his own first."""
    rows = (
        AnswerTemplate.objects.visible_to(request.user).select_related("team").order_by("-is_active", "code")
    )
    place = {scope: number for number, scope in enumerate(AnswerScope.values)}
    found = sorted(rows[: selectors.SHOWN], key=lambda row: (not row.is_active, place[row.scope]))
    shown = [(row, [Kind(kind).label for kind in row.kinds if kind in Kind.values]) for row in found]
    return render(request, "desk/answers.html", {"title": _("Answer templates"), "rows": shown})


def _row(request: HttpRequest, code: str) -> AnswerTemplate:
    found: AnswerTemplate | None = AnswerTemplate.objects.visible_to(request.user).filter(code=code).first()
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "POST"])
@needs("tickets.write_own_answer")
def answer_new(request: HttpRequest) -> HttpResponse:
    """Write a new template."""
    user: Any = request.user
    return _edited(request, AnswerTemplate(owner=user, scope=AnswerScope.OWN))


@require_http_methods(["GET", "POST"])
@needs("tickets.use_answers")
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """One template, to read or to change."""
    return _edited(request, _row(request, code))


def _edited(request: HttpRequest, row: AnswerTemplate) -> HttpResponse:
    if request.method == "GET":
        return _page(request, row)
    typed = _typed(request.POST, request.user)
    stale: list[Conflict] = []

    def save() -> AnswerTemplate:
        try:
            return services.answer_save(
                row=row, columns=typed, actor=request.user, now=timezone.now(),
                version=whole(request.POST.get("version")),
            )  # fmt: skip
        except Conflict as conflict:
            stale.append(conflict)
            raise

    if answered(save, request, _("The template is saved.")) is None:
        stored = _row(request, row.code) if row.pk else row
        return _page(request, stored, typed=typed, stale=stale[0] if stale else None, status=422)
    return redirect("desk:answers")


def _typed(data: QueryDict, user: Any) -> dict[str, Any]:
    """What the form sent; a team only when this person may see it."""
    team = Team.objects.visible_to(user).active().filter(pk=whole(data.get("team")) or 0).first()
    scope = data.get("scope", "")
    return {name: data.get(name, "") for name in EDITED} | {
        "kinds": data.getlist("kinds"), "scope": scope, "team": team if scope == AnswerScope.TEAM else None,
        "is_active": "is_active" in data,
    }  # fmt: skip


def _page(
    request: HttpRequest,
    row: AnswerTemplate,
    *,
    typed: dict[str, Any] | None = None,
    stale: Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = typed or {name: getattr(row, name) for name in (*EDITED, "kinds", "scope", "team", "is_active")}
    context = {
        "title": row.title if row.pk else _("New answer template"), "row": row, "shown": shown,
        "may_write": not row.pk or services.may_write(row, request.user), "kinds": Kind.choices,
        "scopes": _scopes(request.user, row), "teams": Team.objects.visible_to(request.user).active(),
        "variables": answering.VARIABLES.values(), "stale": _both_values(row, stale) if stale else [],
        **_preview(shown),
    }  # fmt: skip
    return render(request, "desk/answer.html", context, status=status)


def _both_values(row: AnswerTemplate, stale: Conflict) -> list[tuple[str, str, str]]:
    """Field, what he wrote, what stands there now: the words of both."""
    texts = [name for name in stale.fields if name in EDITED]
    labels = {field.name: str(field.verbose_name) for field in row._meta.concrete_fields}
    return [(labels[name], str(stale.fields[name][0]), str(stale.fields[name][1])) for name in texts]


def _scopes(user: Any, row: AnswerTemplate) -> list[tuple[str, Any]]:
    """For whom this person may write, and for whom the template is now."""
    may = {
        AnswerScope.OWN: user.has_perm("tickets.write_own_answer"),
        AnswerScope.TEAM: user.has_perm("tickets.write_team_answer"),
        AnswerScope.ALL: user.has_perm("tickets.write_any_answer"),
    }
    return [(scope.value, scope.label) for scope in AnswerScope if may[scope] or scope == row.scope]


def _preview(shown: dict[str, Any]) -> dict[str, Any]:
    """Both texts with sample values, and what is wrong with them."""
    both = []
    for language, name, body in (("zh-hans", "中文", "body_zh"), ("en", "English", "body_en")):
        samples = {one.name: one.sample(language) for one in answering.VARIABLES.values()}
        text = str(shown[body])[: services.LONGEST["body_zh"]]
        both.append((name, answering.fill(text, samples), answering.template_problems(text)))
    return {"previews": both}


@require_POST
@needs("tickets.use_answers")
def answer_preview(request: HttpRequest) -> HttpResponse:
    """How the texts would read, while they are written."""
    return render(request, "desk/_answer_preview.html", _preview(_typed(request.POST, request.user)))


@require_GET
@needs("tickets.use_answers")
def answer_choices(request: HttpRequest, number: str) -> HttpResponse:
    """The templates that fit this ticket, for the list that opens at a slash."""
    row = the_ticket(request, number)
    english = (get_language() or "").startswith("en")
    context = {
        "ticket": row, "title": _("Answer templates"),
        "rows": [
            (one, one.body_en if english else one.body_zh, selectors.fits(one, row))
            for one in selectors.fitting(row, request.user)
        ],
    }  # fmt: skip
    return render(request, "desk/_answer_choices.html", context)


@require_GET
@needs("tickets.use_answers")
def answer_filled(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """One template with this ticket's values; what could not be filled is named."""
    row, voice = the_ticket(request, number), request.GET.get("voice", "")
    template = AnswerTemplate.objects.visible_to(request.user).in_use().filter(code=code).first()
    if template is None:
        raise Http404
    try:
        found = selectors.filled(template, row, request.user, timezone.now(), voice=voice)
    except DomainError as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    missing = [{"name": one.name, "label": one.label, "why": one.why} for one in found.missing]
    words = _("%(label)s ({%(name)s}): %(why)s")
    said = [words % one for one in missing]
    return JsonResponse({"text": found.text, "missing": said})
