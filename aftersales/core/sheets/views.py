"""Pages of import and export: choose, upload, preview, confirm, watch, result; and every list as a file."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import IO, Any

from django.contrib import admin, messages
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aftersales.core.access import answered
from aftersales.core.components import Step
from aftersales.core.errors import DomainError
from aftersales.core.posted import whole

from . import (
    choosing,
    errorfile,
    explaining,
    exporting,
    keeping,
    limits,
    profiles,
    resource,
    services,
    templates,
)
from .models import ENDED, SheetExport, SheetUpload, UploadState
from .plan import Plan
from .problems import FileRefused
from .resource import SheetResource

View = Callable[..., HttpResponse]
TABS = (
    ("new", "plus"),
    ("changed", "sort"),
    ("same", "check"),
    ("refused", "alert"),
)


def page(view: View) -> View:
    """Signed-in people only; nothing of it is cached anywhere."""
    return never_cache(login_required(view))


def _home(sheet: str) -> str:
    """The page on which the sheet stands."""
    return resource.find(sheet).home or "sheets:list"


def with_sheet(capability: str) -> Callable[[View], View]:
    """The sheet named in the address, for people who may do ``capability`` (import or export) with it."""

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, sheet: str, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                found = resource.find(sheet)
            except LookupError:
                raise Http404 from None
            code = found.import_capability() if capability == "import" else found.export_capability()
            user: Any = request.user
            if not user.has_perm(code) or (capability == "import" and not found.importable):
                raise PermissionDenied
            return view(request, found, *args, **kwargs)

        return page(inner)

    return wrap


def with_upload(view: View) -> View:
    """The person's own upload, while he still has the right; anybody else's does not exist."""

    @wraps(view)
    def inner(request: HttpRequest, public_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = SheetUpload.objects.visible_to(request.user).select_related("owner")
        upload = get_object_or_404(rows, public_id=public_id)
        if not request.user.has_perm(resource.find(upload.sheet).import_capability()):  # type: ignore[union-attr]
            raise PermissionDenied
        if answered(lambda: resource.refuse_closed(upload.sheet, request.user), request) is None:
            return redirect(_home(upload.sheet))
        return view(request, upload, *args, **kwargs)

    return page(inner)


@page
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All sheets a person may load or take out, and what he did lately."""
    user: Any = request.user
    if not user.has_perm("sheets.upload"):
        raise PermissionDenied
    sheets = [
        {
            "sheet": found.sheet,
            "title": found.title,
            "imports": found.importable and user.has_perm(found.import_capability()),
            "exports": user.has_perm(found.export_capability()),
        }
        for found in resource.registered()
        if not found.home
    ]
    sheets = [one for one in sheets if one["imports"] or one["exports"]]
    context = {
        "title": _("Import and export"),
        "sheets": sheets,
        "uploads": [
            (row, resource.find(row.sheet).title)
            for row in SheetUpload.objects.visible_to(user).order_by("-id")[:10]
        ],
        "exports": SheetExport.objects.filter(owner=user, expires_at__gt=timezone.now()).order_by("-id")[:5],
        "now": timezone.now(),
    }
    return render(request, "sheets/index.html", context)


@with_sheet("import")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, found: type[SheetResource]) -> HttpResponse:
    """Choose a file, a column profile and what the profile asks for."""
    problem: FileRefused | DomainError | None = None
    if request.method == "POST":
        try:
            return _received(request, found)
        except DomainError as refusal:
            problem = refusal
    choices = profiles.of_sheet(found.sheet)
    context = {
        "title": found.title,
        "found": found,
        "profiles": choices,
        "chosen": choosing.asked(found, choices, user=request.user, posted=request.POST),
        "columns": found.columns(),
        "problem": problem,
        "posted": request.POST or request.GET,
        "steps": _steps(1),
        "limit": limits.current().max_bytes >> 20,
    }
    return render(request, "sheets/upload.html", context, status=422 if problem else 200)


def _received(request: HttpRequest, found: type[SheetResource]) -> HttpResponse:
    given = request.FILES.get("file")
    if given is None or isinstance(given, list):
        raise FileRefused("no_file", _("No file was chosen."), _("Choose a CSV or XLSX file."))
    now = timezone.now()
    profile = request.POST.get("profile", "")
    row = services.receive(
        sheet=found.sheet,
        name=str(given.name),
        chunks=given.chunks(),
        actor=request.user,
        now=now,
        profile=profile,
        options=services.choices(
            sheet=found.sheet, profile=profile, given=request.POST.dict(), actor=request.user
        ),
    )
    if row.size <= limits.current().inline_bytes:
        services.check(upload=row, now=now)
    else:
        services.work_later(row, now=now)
    return redirect("sheets:upload", public_id=row.public_id)


@with_upload
@require_GET
def show(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    """Preview, progress or result of an upload, whatever it is now."""
    context = _frame(row)
    if row.state == UploadState.REFUSED:
        return render(request, "sheets/refused.html", context | {"problem": said(row.problem)})
    if row.state in {UploadState.UPLOADED, UploadState.APPLYING}:
        return render(request, "sheets/waiting.html", context | _progress(row))
    if row.state == UploadState.CANCELLED or row.purged_at:
        return render(request, "sheets/ended.html", context)
    return render(request, "sheets/preview.html", context | _preview(request, row))


def _frame(row: SheetUpload) -> dict[str, Any]:
    found = resource.find(row.sheet)
    step = {UploadState.UPLOADED: 2, UploadState.PREVIEWED: 3, UploadState.APPLYING: 4}.get(row.state, 5)  # type: ignore[call-overload]
    profile = profiles.find(row.profile, row.sheet) if row.profile else None
    return {
        "title": found.title,
        "found": found,
        "upload": row,
        "now": timezone.now(),
        "steps": _steps(step),
        "profile": profile,
        "chosen": [(found.column(k).label, v) for k, v in row.options.items()],
        "ended": row.state in ENDED,
    }


def _preview(request: HttpRequest, row: SheetUpload) -> dict[str, Any]:
    plan = services.plan_of(row, now=timezone.now())
    counts = {"refused": row.count("refused") + row.count("conflict")}
    counts |= {name: row.count(name) for name in ("new", "changed", "same")}
    tab = request.GET.get("tab", "")
    if tab not in counts:
        tab = next((name for name in ("changed", "refused", "new", "same") if counts[name]), "new")
    part = request.GET.get("part", "").replace("\x00", "")
    after = request.GET.get("after", "")
    rows, more = explaining.page(plan, row, tab, after=whole(after) or 0, part=part)
    return {
        "tabs": [(name, _tab_word(name, plan), icon, counts[name]) for name, icon in TABS],
        "tab": tab,
        "part": part,
        "chips": explaining.chips(plan, tab),
        "rows": rows,
        "more": more,
        "counts": counts,
        "columns": explaining.columns_shown(plan),
        "writes": counts["new"] + counts["changed"],
        "before": services.same_bytes(row),
        "bar": _bar(row, counts),
    }


def _tab_word(name: str, plan: Plan) -> str:
    """What the rows of a tab are; a row that becomes a draft is no new rule."""
    if name == "new" and plan.resource.drafts_at:
        return pgettext("sheet", "Draft of a version")
    return {"new": _("New"), "changed": _("Changed"), "same": _("Unchanged"), "refused": _("Refused")}[name]


def _bar(row: SheetUpload, counts: dict[str, int]) -> list[tuple[str, float, float]]:
    """Shares of the four tabs as (class, x, width) of a bar of 290 units."""
    total, x, found = max(1, row.count("read")), 0.0, []
    for name in ("new", "changed", "same", "refused"):
        width = 290 * counts[name] / total
        width = max(2.0, width) if counts[name] else 0.0
        found.append((name, round(x, 1), round(width, 1)))
        x += width
    return found


@with_upload
@require_GET
def progress(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    """The moving part of the waiting page; tells htmx to load the next page when there is one."""
    response = render(request, "sheets/_progress.html", {"upload": row, **_progress(row)})
    if row.state not in {UploadState.UPLOADED, UploadState.APPLYING}:
        response["HX-Refresh"] = "true"
    return response


def _progress(row: SheetUpload) -> dict[str, Any]:
    job = keeping.job_of(row)
    done, total = (job.progress_done, job.progress_total) if job else (0, 0)
    share = round(290 * done / total, 1) if total else 0
    return {"stopped": keeping.stopped(row, timezone.now()), "done": done, "total": total, "share": share}


@with_upload
@require_POST
def confirm(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    """Write what was previewed; twice is as good as once."""
    return _acted(request, row, services.confirm)


@with_upload
@require_POST
def go_on(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    """Ask a worker once more for what stopped half-way."""
    return _acted(request, row, services.resume)


@with_upload
@require_POST
def cancel(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    return _acted(request, row, services.cancel)


def _acted(request: HttpRequest, row: SheetUpload, act: Callable[..., SheetUpload]) -> HttpResponse:
    answered(lambda: act(upload=row, actor=request.user, now=timezone.now()), request)
    return redirect("sheets:upload", public_id=row.public_id)


@with_upload
@require_GET
def errors(request: HttpRequest, row: SheetUpload) -> HttpResponse:
    """The refused rows with their original numbers."""
    if row.state not in {UploadState.PREVIEWED, UploadState.DONE, UploadState.APPLYING} or row.purged_at:
        raise Http404
    plan = services.plan_of(row, now=timezone.now())
    name = exporting.file_name(row.sheet, "errors", timezone.now(), "csv")
    return attachment(
        StreamingHttpResponse(errorfile.stream(plan, row), content_type="text/csv; charset=utf-8"), name
    )


@with_sheet("import")
@require_GET
def template(request: HttpRequest, found: type[SheetResource], fmt: str) -> HttpResponse:
    """An empty sheet with one example row."""
    if fmt not in exporting.FORMATS:
        raise Http404
    content = templates.csv_bytes(found) if fmt == "csv" else templates.xlsx_bytes(found)
    kind = "text/csv; charset=utf-8" if fmt == "csv" else XLSX
    return attachment(HttpResponse(content, content_type=kind), f"{found.sheet}-template.{fmt}")


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@with_sheet("export")
@require_GET
def export(request: HttpRequest, found: type[SheetResource], fmt: str) -> HttpResponse:
    """The list as it is filtered on the register page; the same parameters, the same rows."""
    if fmt not in exporting.FORMATS or found.home:
        raise Http404
    if answered(lambda: resource.refuse_closed(found.sheet, request.user), request) is None:
        return redirect("sheets:list")
    return exported(request, _as_filtered(request, found), found.sheet, fmt, filtered=request.GET.urlencode())


def _as_filtered(request: HttpRequest, found: type[SheetResource]) -> Any:
    model = found.model()
    register = admin.site._registry.get(model)
    if register is None or not request.GET:
        manager: Any = model._default_manager
        return manager.all().visible_to(request.user).order_by("pk")
    if not register.has_view_permission(request):
        raise PermissionDenied
    try:
        changelist: Any = register.get_changelist_instance(request)  # type: ignore[arg-type]
        return changelist.get_queryset(request)
    except (IncorrectLookupParameters, DisallowedModelAdminLookup) as error:
        raise SuspiciousOperation("a filter that the list does not offer") from error


def exported(
    request: HttpRequest,
    queryset: Any,
    sheet: str,
    fmt: str,
    *,
    filtered: str = "",
    columns: Sequence[str] = (),
) -> HttpResponse:
    """What any list page answers to "export": the file itself, or the page of the export that is being made."""
    row = exporting.export(
        queryset=queryset, sheet=sheet, fmt=fmt, actor=request.user, now=timezone.now(), filtered=filtered,
        columns=columns,
    )  # fmt: skip
    if row.ready_at is None:
        messages.success(
            request, _("The export is being made; its link appears here and works for two days.")
        )
        return redirect(_home(sheet))
    return _file(row)


@page
@require_GET
def download(request: HttpRequest, public_id: str) -> HttpResponse:
    """A finished export, for the person who asked for it, until it expires."""
    rows = SheetExport.objects.filter(owner_id=request.user.pk, expires_at__gt=timezone.now()).exclude(
        stored_name=""
    )
    row = get_object_or_404(rows, public_id=public_id)
    if row.ready_at is None or not exporting.may_export(row.sheet, request.user):
        raise Http404
    if answered(lambda: resource.refuse_closed(row.sheet, request.user), request) is None:
        return redirect(_home(row.sheet))
    return _file(row)


def _file(row: SheetExport) -> HttpResponse:
    path = exporting.path_of(row)
    if not path.exists():
        raise Http404
    return handed(path.open("rb"), row.file_name)


def handed(stream: IO[bytes], name: str) -> HttpResponse:
    """A sheet that is written already, to be kept under its name."""
    kind = "text/csv; charset=utf-8" if name.endswith(".csv") else XLSX
    return FileResponse(stream, as_attachment=True, filename=name, content_type=kind)  # type: ignore[return-value]


def attachment(response: Any, name: str) -> HttpResponse:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response  # type: ignore[no-any-return]


def said(problem: dict[str, Any]) -> tuple[str, str]:
    """Reason and remedy of a refused file in the reader's language."""
    found = problem.get(get_language() or "", problem.get("en", ["", ""]))
    return str(found[0]), str(found[1])


def _steps(present: int) -> list[Step]:
    words = [_("Upload"), _("Columns"), _("Preview"), _("Write"), _("Result")]
    return [
        Step(word, "done" if number < present or present == 5 else "now" if number == present else "next")
        for number, word in enumerate(words, start=1)
    ]
