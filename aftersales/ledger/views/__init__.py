"""Pages of the ledger: the journal, one entry, accounts and their statements, proposals, months."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from aftersales.core import files, subjects
from aftersales.core.access import answered, needs
from aftersales.core.posted import day_of, whole
from aftersales.core.sheets import exporting
from aftersales.core.sheets.views import exported
from aftersales.ledger import clauses, pages, selectors, services, teamnotices, words
from aftersales.ledger.accountsheets import AccountList
from aftersales.ledger.journalsheets import JournalList
from aftersales.ledger.models import Account, Journal, Proposal, ProposalFile
from aftersales.ledger.rules import amount_words
from aftersales.ledger.statements import months_to_choose
from aftersales.ledger.states import AccountKind, EntryKind, Fallen, Party, ProposalState

READ = "ledger.view"
PROPOSALS = "ledger.view_own"  # everybody of the department reads what concerns himself


def _asked(request: HttpRequest, name: str, known: Any) -> str:
    """A filter of the address; what is none filters nothing."""
    value = request.GET.get(name, "")
    return value if value in known.values else ""


def journal_asked(request: HttpRequest) -> dict[str, Any]:
    """Kind, merchant and month by which the journal is filtered."""
    return {
        "kind": _asked(request, "kind", EntryKind), "merchant": whole(request.GET.get("merchant")),
        "month": day_of(f"{request.GET.get('month', '')}-01"),
    }  # fmt: skip


@needs(READ)
@require_GET
def journal(request: HttpRequest) -> HttpResponse:
    """Every entry this reader may see, newest first."""
    now, asked = timezone.now(), journal_asked(request)
    rows, more = pages.entries(request.user, before=whole(request.GET.get("before")), **asked)
    named = {key: f"{value:%Y-%m}" if key == "month" else value for key, value in asked.items() if value}
    page = {
        "title": pgettext("ledger", "Journal"), "now": now, "rows": rows, "more": more, "kinds": EntryKind.choices,
        "months": months_to_choose(now), "here": urlencode(named), **asked,
    }  # fmt: skip
    return render(request, "ledger/journal.html", page)


@needs("core.export_journal")
@require_GET
def journal_sheet(request: HttpRequest, fmt: str) -> HttpResponse:
    """The transfers of the journal as it is filtered."""
    if fmt not in exporting.FORMATS:
        raise Http404
    rows = pages.transfers(request.user, **journal_asked(request))
    return exported(request, rows, JournalList.sheet, fmt, filtered=request.GET.urlencode())


@needs(READ)
@require_GET
def entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """One entry: from where to where, from what, and whether it was turned back."""
    row = get_object_or_404(Journal.objects.visible_to(request.user), public_id=public_id)
    turned = Journal.objects.filter(pk=row.reverses_id).first() if row.reverses_id else None
    found = pages.entry(row, request.user)
    page = {
        "title": row.number, "now": timezone.now(), "one": found, "row": row, "turned": turned,
        "posted_by": User.objects.filter(pk=row.actor_id).first() or row.actor_name,
        "clause": clauses.name_of(row.rule_version),
        "may_reverse": request.user.has_perm("ledger.reverse") and found.reversed_by is None and turned is None,
    }  # fmt: skip
    return render(request, "ledger/entry.html", page)


@needs("ledger.reverse")
@require_POST
def reverse_entry(request: HttpRequest, public_id: str) -> HttpResponse:
    """Turn an entry back by a new one."""
    row = get_object_or_404(Journal.objects.visible_to(request.user), public_id=public_id)
    posting = answered(
        lambda: services.reverse(
            journal=row, actor=request.user, now=timezone.now(), reason=request.POST.get("reason", "")[:2000],
            overdraw=request.POST.get("overdraw") == "yes",
        ),
        request, _("The entry is turned back."),
    )  # fmt: skip
    target = posting.journal if posting and posting.journal else row
    return redirect("ledger:entry", target.public_id)


@needs(READ)
@require_GET
def accounts(request: HttpRequest) -> HttpResponse:
    """Every account this reader may see, with what stands on it."""
    kind = _asked(request, "kind", AccountKind)
    rows, more = pages.accounts(request.user, kind=kind, before=whole(request.GET.get("before")))
    page = {
        "title": pgettext("ledger", "Accounts"), "now": timezone.now(), "rows": rows, "more": more, "kind": kind,
        "kinds": AccountKind.choices,
    }  # fmt: skip
    return render(request, "ledger/accounts.html", page)


@needs("core.export_ledger_accounts")
@require_GET
def accounts_sheet(request: HttpRequest, fmt: str) -> HttpResponse:
    """The accounts of the page as it is filtered."""
    if fmt not in exporting.FORMATS:
        raise Http404
    rows = pages.account_rows(request.user, kind=_asked(request, "kind", AccountKind))
    return exported(request, rows, AccountList.sheet, fmt, filtered=request.GET.urlencode())


@needs(READ)
@require_GET
def account(request: HttpRequest, public_id: str) -> HttpResponse:
    """An account's statement."""
    row = get_object_or_404(Account.objects.visible_to(request.user), public_id=public_id)
    lines, more = pages.statement(row, before=whole(request.GET.get("before")))
    name = selectors.subject_names([row]).get(row.pk, "")
    page = {
        "title": row.get_kind_display(), "now": timezone.now(), "row": row, "name": name, "lines": lines,
        "more": more, "balance": amount_words(row.balance, row.unit), "is_less": row.balance < 0,
        "journal_seen": request.user.has_perm("ledger.view_all"),
    }  # fmt: skip
    return render(request, "ledger/account.html", page)


def _proposals_title(user: Any) -> str:
    if user.has_perm("ledger.view_proposals"):
        return pgettext("ledger", "Proposals")
    return pgettext("ledger", "My rewards and penalties")


@needs(PROPOSALS)
@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """What is proposed against or for merchants and people."""
    state = _asked(request, "state", ProposalState)
    rows, more = pages.proposals(request.user, state=state, before=whole(request.GET.get("before")))
    page = {
        "title": _proposals_title(request.user), "now": timezone.now(), "rows": rows, "more": more,
        "state": state, "states": ProposalState.choices, "own": not request.user.has_perm("ledger.view_proposals"),
    }  # fmt: skip
    return render(request, "ledger/proposals.html", page)


@needs(PROPOSALS)
@require_GET
def proposal(request: HttpRequest, public_id: str) -> HttpResponse:
    """One proposal: fact, clause, amount and how it came about."""
    row = get_object_or_404(Proposal.objects.visible_to(request.user), public_id=public_id)
    now = timezone.now()
    key = (row.source_kind, row.source_id)
    named, others = pages.evidence(row, request.user)
    by_rule = pages.rule_of(row)
    page = {
        "title": row.number, "now": now, "row": row, "party": selectors.party_name(row),
        "amount": pages.amount_of(row), "goes_to": pages.goes_to(row), "badge": pages.badge_of(row),
        "terms": pages.calculation(row), "fact": words.fact(row.fact_code), "clause": clauses.name_of(row.citation),
        "source": None if by_rule else subjects.named([key], request.user).get(key), "named": named, "others": others,
        "acts": pages.acts(row, request.user, now), "entry": pages.entry_of(row, request.user),
        "own": row.party == Party.PERSON and row.party_id == request.user.pk,
        "files": row.files.select_related("by"), "accept": files.accepted(), "by_rule": by_rule,
        "figures": pages.figures_of(row, by_rule), "falls": pages.falls(row),
        "grounds": Fallen.choices,
    }  # fmt: skip
    return render(request, "ledger/proposal.html", page)


ACTS: Mapping[str, Callable[..., Any]] = {
    "notify": lambda text, **who: services.proposal_notify(**who),
    "appeal": lambda text, **who: services.proposal_appeal(text=text, **who),
    "uphold": lambda text, **who: services.proposal_hear(upheld=True, answer=text, **who),
    "overturn": lambda text, **who: services.proposal_hear(upheld=False, answer=text, **who),
    "approve": lambda text, **who: services.proposal_approve(**who),
    "reverse": lambda text, **who: services.proposal_reverse(reason=text, **who),
    "withdraw": lambda text, **who: services.proposal_withdraw(reason=text, **who),
}


@needs(PROPOSALS)
@require_POST
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """One step of due process."""
    row = get_object_or_404(Proposal.objects.visible_to(request.user), public_id=public_id)
    step = ACTS.get(name)
    if step is None or not request.user.has_perm(
        f"ledger.{'hear' if name in ('uphold', 'overturn') else name}"
    ):
        raise Http404
    text, now = request.POST.get("reason", "")[:4001], timezone.now()
    sent = request.FILES.getlist("files") if name == "appeal" else []
    why = {"fell_by": request.POST.get("fell_by", "")[:12]} if name in pages.falls(row) else {}
    answered(lambda: _step(step, text, row, sent, request.user, now, **why), request, _("Done."))
    return redirect("ledger:proposal", public_id)


def _step(
    step: Callable[..., Any], text: str, row: Proposal, sent: list[Any], actor: Any, now: datetime, **why: str
) -> Any:
    """The step with what was brought; nothing of a file stays when the step is refused."""
    with files.stored_for(sent, now=now) as stored:
        more: dict[str, Any] = {"files": stored, **why} if stored else why
        return step(text, proposal=row, actor=actor, now=now, **more)


@needs(PROPOSALS)
@require_GET
def proposal_file(request: HttpRequest, public_id: str) -> FileResponse:
    """A file of a proposal that this person sees."""
    row = get_object_or_404(ProposalFile.objects.visible_to(request.user), public_id=public_id)
    return files.serve(row, request)


@needs(PROPOSALS)
@require_GET
def letter(request: HttpRequest, public_id: str) -> HttpResponse:
    """The decision, or the decision on the appeal, as a letter to print."""
    row = get_object_or_404(Proposal.objects.visible_to(request.user), public_id=public_id)
    page = pages.letter(row, timezone.now(), is_answer=request.GET.get("of") == "appeal")
    if page is None:
        raise Http404
    return render(
        request, "ledger/letter.html", page | {"back": reverse("ledger:proposal", args=[public_id])}
    )


@needs("ledger.view_proposals")
@require_GET
def measures(request: HttpRequest) -> HttpResponse:
    """Measures against merchants as they are published, each with the state of its appeal."""
    now = timezone.now()
    page = {"title": pgettext("ledger", "Published measures"), "now": now, "rows": pages.measures(now)}
    return render(request, "ledger/measures.html", page)


@needs("ledger.view_team_notices")
@require_GET
def team_notices(request: HttpRequest) -> HttpResponse:
    """Honour titles and criticism notices of one's own teams."""
    now = timezone.now()
    rows, more = teamnotices.of_teams(request.user, now, before=whole(request.GET.get("before")))
    page = {"title": pgettext("ledger", "Notices inside the team"), "now": now, "rows": rows, "more": more}
    return render(request, "ledger/team_notices.html", page)


@needs(READ)
@require_GET
def months(request: HttpRequest) -> HttpResponse:
    """Open and closed months."""
    now = timezone.now()
    page = {
        "title": pgettext("ledger", "Months"), "now": now, "rows": pages.months(now),
        "may_close": request.user.has_perm("ledger.close"),
    }  # fmt: skip
    return render(request, "ledger/months.html", page)


@needs("ledger.close")
@require_POST
def close_month(request: HttpRequest) -> HttpResponse:
    """Close a month for good."""
    month = day_of(f"{request.POST.get('month', '')}-01")
    if month is None:
        raise Http404
    answered(
        lambda: services.period_close(month=month, actor=request.user, now=timezone.now()),
        request, _("The month is closed."),
    )  # fmt: skip
    return redirect("ledger:months")
