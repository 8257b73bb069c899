"""Who decides a case that no rule decided: a person, and before him the merchant, who is asked (R4.2, R4.7).

The merchant's clock runs from when the question has gone out.

What the rule decides by itself is never asked of anybody. His words are his answer, whoever registers what follows.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case
from aftersales.cases.services.automatic import waits_for_rule
from aftersales.cases.services.consent import Consent, checked
from aftersales.cases.services.locking import held, refuse_foreign, require
from aftersales.cases.services.opening import note
from aftersales.cases.states import HIS_TURN, CaseKind, CaseState, Ground, NoteKind, Side
from aftersales.cases.timing import clock_subjects
from aftersales.clocks.selectors import due_if_begun
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.models import Event
from aftersales.core.wording import money
from aftersales.merchants.selectors import notice_emails, why_no_address
from aftersales.notices.models import Notice
from aftersales.notices.services import notice_send
from aftersales.standards.states import Promise

KIND = "cases.case"
QUESTION = "case.asked_merchant"
ASKING = ("case.asked", "case.amended", "case.countered")
NO_WAY = frozenset({"no_address", "bad_address"})
BATCH = 200


def person_decides(*, case_id: int, now: datetime) -> None:
    """What the rule did not decide is a person's: our own time runs from now on, and the merchant is asked."""
    case = Case.objects.select_related("ticket", "merchant", "order").filter(pk=case_id).first()
    if case is None or case.state not in HIS_TURN or case.ticket.historic or waits_for_rule(case.pk, now):
        return
    told = Event.objects.about(KIND, case.pk)
    asked = told.filter(kind__in=ASKING).order_by("-id").first()
    if asked is None or asked.source == "import":
        return
    if case.kind != CaseKind.COMPENSATION and not told.filter(kind="case.to_decide").exists():
        _noted(case.pk, "case.to_decide", now)
    if asks_merchant(case):
        _ask(case, asked, now)


def _ask(case: Case, asked: Event, now: datetime, again: int = 0) -> None:
    """Once for each time that something was asked; ``again``: how often it did not reach him before."""
    wanted = case.offered if case.state == CaseState.COUNTERED else case.asked
    values = {
        "number": case.ticket.number, "case": case.number, "asked": CaseKind(case.kind).label,
        "reason": Ground(case.ground).label, "order": case.order.external_no if case.order else None,
        "items": goods_named(case), "amount": money(wanted, case.currency) if wanted else None,
        "due": merchant_answer_due(case, now),
    }  # fmt: skip
    key = f"case:{case.pk}:{asked.pk}" + (f"-{again}" if again else "")
    notice_send(
        template=QUESTION, to=case.merchant, about=case.ticket, values=values, key=key, actor=system_user(now), now=now
    )  # fmt: skip


def asks_merchant(case: Case) -> bool:
    """A compensation is the platform's own; of its own sales the platform decides itself."""
    if case.merchant is None or case.merchant.self_run:
        return False
    return case.kind != CaseKind.COMPENSATION and case.asked_by != Side.MERCHANT


def goods_named(case: Case) -> str | None:
    """Its articles with their pieces, for a message; None for a case without goods."""
    rows = case.lines.select_related("line").order_by("line__line_no")
    return ", ".join(f"{one.line.product_name or one.line.sku} × {one.announced}" for one in rows) or None


def merchant_answer_due(case: Case, now: datetime) -> datetime | None:
    """When he would have to answer if he got the question now; None when no rule asks for it."""
    subject = clock_subjects([case], now)[case.pk]
    return due_if_begun(Promise.MERCHANT_ANSWER, subject, now, subject_kind=KIND)


def question_fared(*, event: Event, now: datetime) -> None:
    """The question has gone out: he owes an answer from now on. One that is overtaken starts nothing."""
    if pk := _case_asked_about(event):
        _noted(pk, "case.merchant_told", now)


def question_lost(*, event: Event, now: datetime) -> None:
    """No address of his is known, or none that works: whoever works on the ticket is told to ask by other means."""
    pk = _case_asked_about(event)
    case = Case.objects.select_related("ticket__assignee", "ticket__owner", "merchant").filter(pk=pk).first()
    if case is None or case.state not in HIS_TURN or case.merchant is None:
        return
    _noted(case.pk, "case.merchant_unreached", now)
    worker = case.ticket.assignee or case.ticket.owner
    if worker is None:
        return  # it stands on the board
    values = {
        "number": case.ticket.number, "problem": case.ticket.subject, "case": case.number,
        "merchant": case.merchant.name,
    }  # fmt: skip
    notice_send(
        template="work.merchant_unreached", to=worker, about=case.ticket, values=values, key=f"event:{event.pk}",
        actor=system_user(now), now=now,
    )  # fmt: skip


def _case_asked_about(event: Event) -> int:
    """The case of a question by its message's key; 0 for another one."""
    key = Notice.objects.filter(pk=event.payload["notice"]).values_list("source_ref", flat=True).first() or ""
    named, _slash, _channel = key.partition("/")
    pk = named.split(":")[1] if named.count(":") == 2 else ""
    return int(pk) if pk.isdigit() else 0


def merchants_ask_again(*, now: datetime) -> int:
    """Questions that reached nobody go out by themselves once the merchant has an address. Answers how many."""
    rows = Case.objects.unreached().select_related("ticket", "merchant", "order").order_by("pk")[:BATCH]
    found, sent = list(rows), 0
    emails = notice_emails({case.merchant_id for case in found if case.merchant_id})
    for case in found:
        if why_no_address(emails.get(case.merchant_id or 0)):
            continue
        told = Event.objects.about(KIND, case.pk)
        asked = told.filter(kind__in=ASKING).order_by("-id").first()
        if asked is not None:
            _ask(case, asked, now, told.filter(kind="case.merchant_unreached", id__gt=asked.pk).count())
            sent += 1
    return sent


def merchant_told(
    *, case: Case, consent: Consent, actor: Any, now: datetime, version: int | None = None
) -> Case:
    """Staff asked the merchant by other means: he owes an answer from when he was asked.

    ``consent``: how and when he was asked, and in which words. Errors: not_permitted, wrong_state (nothing waits for
    him, or he was asked already), heard_by, consent, said_at.
    """
    require(actor, "cases.decide")
    with transaction.atomic():
        mine = held(case, version=version)
        refuse_foreign(mine.ticket, actor)
        early = _("He cannot have been asked before the case was opened. Correct the time.")
        said = checked(consent, actor=actor, since=mine.case.opened_at, now=now, early=early)
        if not Case.objects.unreached().filter(pk=mine.case.pk).exists():
            raise DomainError(
                _("The merchant was asked already, or nothing waits for an answer."), "wrong_state"
            )
        told: Case = moves.change(
            mine.case, actor=actor, now=now, event="case.merchant_told", payload=mine.case.told()
        )
        note(
            told,
            NoteKind.ASKED,
            Side.PLATFORM,
            said.words,
            actor,
            now,
            heard_by=said.heard_by,
            said_at=said.said_at,
        )
    return told


def merchant_wrote(*, ticket_id: int, now: datetime) -> None:
    """He answered in words: nothing of his cases on this ticket is owed any more until he is asked again."""
    mine = Case.objects.filter(ticket=ticket_id, state__in=HIS_TURN, merchant__tickets=ticket_id)
    for pk in mine.order_by("pk").values_list("pk", flat=True):
        _noted(pk, "case.merchant_wrote", now)


def _noted(case_id: int, event: str, now: datetime) -> None:
    with transaction.atomic():
        row = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=case_id)).case
        if row.state in HIS_TURN:
            moves.change(row, actor=system_user(now), now=now, event=event, payload=row.told())
