"""What people do with a warning: look into it, ask for action, take down answers, close it; the monthly list."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from accounts.states import Role
from aftersales.core import moves
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import Draft
from aftersales.core.models import Event
from aftersales.improvement import naming, selectors
from aftersales.improvement.machine import HANDLE
from aftersales.improvement.models import Warning, WarningAsk
from aftersales.improvement.states import LISTED, OPEN, AskedOf, Outcome, Surged, WarningState
from aftersales.notices.services import Order, notices_send
from aftersales.standards import selectors as rule_book

LONGEST = 1000
TO_MERCHANT, LATE = "improvement.question", "improvement.late"
GOODS = (Surged.PRODUCT, Surged.BATCH, Surged.MERCHANT)


def _said(words: str, most: int = LONGEST) -> str:
    said = words.replace("\x00", "").strip()
    if not said or len(said) > most:
        raise DomainError(
            _("Write at least a word and at most %(most)s characters.") % {"most": most}, "words"
        )
    return said


def warning_acknowledge(*, warning: Warning, actor: Any, now: datetime) -> Warning:
    """Say that one looks into it; everybody sees who. Raises NotPermitted, WrongState."""
    return moves.perform(warning, "acknowledge", actor=actor, now=now)


def warning_ask(
    *, warning: Warning, of: str, words: str, actor: Any, now: datetime, month: date | None = None
) -> WarningAsk:
    """Ask buying, quality, the merchant or the carrier to act; the answer is due in the rule book's days.

    The merchant gets a message; the others are asked by the list and by whoever asks. Raises asked_of, words,
    no_merchant, asked_already (the same one has not answered yet), NotPermitted, WrongState.
    """
    if of not in AskedOf.values:
        raise DomainError(_("Choose who is asked."), "asked_of")
    if of == AskedOf.MERCHANT and warning.merchant_id is None:
        raise DomainError(_("This warning belongs to no single merchant."), "no_merchant")
    said, due = _said(words), now + rule_book.duration("warning_answer_days", now)
    with transaction.atomic():
        moved = moves.perform(warning, "ask", actor=actor, now=now, of=of, due=due)
        if moved.asks.filter(of=of, answered_at=None).exists():
            raise DomainError(_("An answer of theirs is still due."), "asked_already")
        row = WarningAsk.objects.create(
            warning=moved, of=of, words=said, month=month, asked_by_id=actor.pk, asked_at=now, due_at=due
        )
        if of == AskedOf.MERCHANT:
            values = {"number": moved.number, "subject": lazy(lambda: naming.name_of(moved), str)(), "words": said,
                      "due": due}  # fmt: skip
            order = Order(TO_MERCHANT, moved.merchant, moved, values, f"{TO_MERCHANT}:{row.pk}")
            notices_send([order], actor=system_user(now), now=now)
    return row


def ask_answer(*, ask: WarningAsk, answer: str, actor: Any, now: datetime) -> WarningAsk:
    """Take down what was answered, or that no answer came. With the last open question the warning is answered.

    Raises NotPermitted, words, answered_already.
    """
    if not actor.has_perm(HANDLE):
        raise NotPermitted()
    said = _said(answer, 2000)
    with transaction.atomic():
        warning = moves.locked(ask.warning)
        row: WarningAsk = WarningAsk.objects.select_for_update().get(pk=ask.pk)
        if row.answered_at is not None:
            raise DomainError(_("This answer was taken down already."), "answered_already")
        row.answer, row.answered_at, row.answered_by_id = said, now, actor.pk
        row.save(update_fields=["answer", "answered_at", "answered_by"])
        if not warning.asks.filter(answered_at=None).exists():
            moves.perform(warning, "answer", actor=actor, now=now, of=row.of)
        else:
            payload = {"number": warning.number, "of": str(row.of)}
            moves.tell_many(
                [Draft("warning.part_answered", warning, actor, now, payload=payload)], actor=actor, now=now
            )
    return row


def warning_close(
    *, warning: Warning, outcome: str, done: str, actor: Any, now: datetime, since: date | None = None
) -> Warning:
    """Close it with what was done, or as a false alarm with why; or because it will stay so from ``since`` on.

    A lasting change is the subject's base from its first day on, by default the first one of what goes on; it is warned
    of no more. Raises outcome, words, since (no day of the warning), batch, NotPermitted, WrongState.
    """
    if outcome not in Outcome.values:
        raise DomainError(_("Say whether it was true."), "outcome")
    said = _said(done)
    if outcome != Outcome.LASTING:
        return moves.perform(warning, f"close_{outcome}", actor=actor, now=now, done=said)
    with transaction.atomic():
        row = moves.locked(warning)
        begin = since or selectors.new_level(row)
        if not row.first_day <= begin <= row.last_day:
            words = {"first": row.first_day, "last": row.last_day}
            raise DomainError(
                _("The new level begins on a day of the warning: %(first)s to %(last)s.") % words, "since"
            )
        return moves.perform(row, "close_lasting", actor=actor, now=now, since=begin, done=said)


def list_send(*, month: date, words: str, actor: Any, now: datetime, of: Sequence[str] = LISTED) -> int:
    """The monthly list to buying and quality: each open warning of goods or merchants is asked about, once a month.

    A warning nobody has looked at yet is taken on by who sends the list. How many questions were asked; sent again it
    asks only about what came since. Raises NotPermitted, words.
    """
    if not actor.has_perm(HANDLE):
        raise NotPermitted()
    said, first = _said(words), month.replace(day=1)
    asked = 0
    rows = Warning.objects.visible_to(actor).not_below_another(actor).filter(state__in=OPEN, kind__in=GOODS)
    for row in rows.order_by("pk"):
        for party in of:
            asked += _listed(row, party, first, said, actor, now)
    return asked


def _listed(row: Warning, party: str, month: date, words: str, actor: Any, now: datetime) -> bool:
    try:
        with transaction.atomic():
            current = moves.locked(row)
            known = current.asks.filter(of=party)
            if known.filter(month=month).exists() or known.filter(answered_at=None).exists():
                return False
            if current.state == WarningState.RAISED:
                current = warning_acknowledge(warning=current, actor=actor, now=now)
            warning_ask(warning=current, of=party, words=words, actor=actor, now=now, month=month)
    except IntegrityError:  # another list at the same moment
        return False
    return True


def asks_tell_late(*, actor: Any, now: datetime) -> int:
    """Tell that no answer came in time, once for each question; how many messages.

    Told is who asked; if he works here no more, who looks into the warning, else every supervisor.
    """
    late = WarningAsk.objects.filter(answered_at=None, told_late_at=None, due_at__lt=now)
    found = list(late.select_related("warning__taken_by", "asked_by").order_by("pk")[:500])
    supervisors = list(User.objects.active().with_role(Role.SUPERVISOR).order_by("pk")) if found else []
    orders = [
        Order(LATE, who, one.warning, _late(one), f"{LATE}:{one.pk}")
        for one in found
        for who in _waiting(one) or supervisors
    ]
    with transaction.atomic():
        notices_send(orders, actor=actor, now=now)
        WarningAsk.objects.filter(pk__in=[one.pk for one in found]).update(told_late_at=now)
    return len(orders)


def _waiting(one: WarningAsk) -> list[User]:
    for who in (one.asked_by, one.warning.taken_by):
        if isinstance(who, User) and who.is_active:
            return [who]
    return []


def _late(one: WarningAsk) -> dict[str, Any]:
    return {
        "number": one.warning.number, "subject": lazy(lambda: naming.name_of(one.warning), str)(),
        "party": AskedOf(one.of).label, "due": one.due_at,
    }  # fmt: skip


def told_new(warnings: Sequence[Warning], actor: Any, now: datetime) -> int:
    """One message to each supervisor about what this look raised or opened again; how many people."""
    again = Event.objects.filter(kind="warning.reopened", at=now).values_list("subject_id", flat=True)
    came = {one.pk for one in warnings if one.raised_at == now} | set(again)
    fresh = [one for one in warnings if one.pk in came and one.within_id is None]
    if not fresh:
        return 0

    people = list(User.objects.active().with_role(Role.SUPERVISOR).order_by("pk"))
    strongest = max(fresh, key=lambda one: (one.strength, -one.pk))
    values = {
        "warnings": len(fresh), "number": strongest.number,
        "subject": lazy(lambda: naming.name_of(strongest), str)(),
        "observed": strongest.observed, "usual": f"{strongest.expected:.1f}",
    }  # fmt: skip
    orders = [
        Order("improvement.new", one, strongest, values, f"improvement.new:{now:%Y-%m-%dT%H:%M}")
        for one in people
    ]
    notices_send(orders, actor=actor, now=now)
    return len(orders)
