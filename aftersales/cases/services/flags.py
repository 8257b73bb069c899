"""Signals of abuse (R4.6): found by rule, shown with their reasons, settled by a person; they change no right."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.models import Case, CaseFlag, CaseParcel, ParcelItem, ParcelPhoto, PhotoPrint
from aftersales.cases.request_states import SignalKind
from aftersales.cases.services.locking import refuse_foreign, require
from aftersales.cases.states import MONEY_BACK, CaseState, FoundCause, Ground, ParcelState
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.wording import money
from aftersales.orders.models import Order
from aftersales.orders.states import FAILED
from aftersales.standards.selectors import parameter
from aftersales.tickets.models import Attachment
from aftersales.tickets.states import AuthorKind

LONGEST = 500
KIB = 1024
SHOWN = 5  # cases that a signal names


def case_look(*, case_id: int, now: datetime) -> None:
    """A case was asked for: does this customer return unusually often, and are its pictures new?"""
    case = Case.objects.select_related("ticket").get(pk=case_id)
    _look_serial(case, now)
    pictures_look(case=case, now=now)


def pictures_look(*, case: Case, now: datetime) -> None:
    """Pictures of the customer on this ticket and of the receiving desk, beside those of all other cases."""
    least = int(parameter("signal_photo_kib", now)) * KIB
    sent = Attachment.objects.filter(
        ticket=case.ticket_id, message__author_kind=AuthorKind.CUSTOMER, content_type__startswith="image/",
        size__gte=least, erased_at=None,
    )  # fmt: skip
    taken = ParcelPhoto.objects.filter(parcel__case=case, content_type__startswith="image/", size__gte=least)
    prints = {*sent.values_list("sha256", flat=True), *taken.values_list("sha256", flat=True)} - {""}
    if not prints:
        return
    PhotoPrint.objects.bulk_create(
        [PhotoPrint(case=case, sha256=one, at=now) for one in sorted(prints)], ignore_conflicts=True
    )
    others: dict[str, list[Case]] = {}
    same = PhotoPrint.objects.filter(sha256__in=prints).exclude(case__ticket=case.ticket_id)
    for row in same.select_related("case").order_by("id"):
        others.setdefault(row.sha256, []).append(row.case)
    for sha256, cases in others.items():
        reasons = {
            "cases": [one.number for one in cases[:SHOWN]],
            "customers": len({one.customer_id for one in cases} | {case.customer_id}),
        }
        flag_raise(case=case, signal=SignalKind.SAME_PHOTO, ref=sha256, reasons=reasons, now=now)


def parcel_look(*, parcel_id: int, now: datetime) -> None:
    """A parcel was inspected: was it empty, or did another article lie in it?"""
    parcel = CaseParcel.objects.get(pk=parcel_id)
    items: dict[int, list[ParcelItem]] = {}
    for item in ParcelItem.objects.filter(parcel=parcel).select_related("case_line"):
        items.setdefault(item.case_line.case_id, []).append(item)
    for case in Case.objects.filter(pk__in=items).order_by("pk"):
        _look_inside(case, parcel, items[case.pk], now)
        pictures_look(case=case, now=now)


def expiry_look(*, parcel_id: int, now: datetime) -> None:
    """Goods were never sent: was the customer paid at once? Until somebody looked he is not paid at once again."""
    parcel = CaseParcel.objects.get(pk=parcel_id)
    for case in (
        Case.objects.filter(lines__parcel_items__parcel=parcel, instant=True).distinct().order_by("pk")
    ):
        if parcel.state == ParcelState.EXPIRED and case.paying > 0:
            reasons = {"amount": money(case.paying, case.currency)}
            flag_raise(case=case, signal=SignalKind.NEVER_SENT, ref=str(parcel.pk), reasons=reasons, now=now)


def flag_settle(
    *, flag: CaseFlag, move: str, words: str, actor: Any, now: datetime, version: int | None = None
) -> CaseFlag:
    """Say whether a signal is founded (*dismiss*, *uphold*), or look again (*reopen*). Errors: words, wrong_state."""
    require(actor, "cases.settle_flag")
    said = words.replace("\x00", "").strip()
    if len(said) > LONGEST:
        raise DomainError(_("At most 500 characters, please."), "words")
    if not said:
        raise DomainError(_("Say what you found."), "words")
    refuse_foreign(flag.case.ticket, actor)
    settled: CaseFlag = moves.perform(flag, move, actor=actor, now=now, version=version, words=said)
    return settled


def _look_serial(case: Case, now: datetime) -> None:
    """Once for a customer within the period that counts."""
    if not case.customer_id:
        return
    days = int(parameter("signal_serial_days", now))
    since = now - timedelta(days=days)
    known = CaseFlag.objects.filter(
        case__customer=case.customer_id, signal=SignalKind.SERIAL, raised_at__gte=since
    )
    if known.exists():
        return
    back = Case.objects.filter(
        customer=case.customer_id, kind__in=MONEY_BACK, opened_at__gte=since, order__isnull=False
    ).exclude(state=CaseState.WITHDRAWN)
    returned = back.order_by().values("order").distinct().count()
    bought = Order.objects.filter(customer=case.customer_id).exclude(status__in=FAILED)
    orders = bought.filter(Q(placed_at__gte=since) | Q(pk__in=back.values("order"))).count()
    share = 100 * returned // max(orders, 1)
    if returned < parameter("signal_serial_cases", now) or share < parameter("signal_serial_percent", now):
        return
    reasons = {"returned": returned, "orders": orders, "share": share, "days": days}
    flag_raise(case=case, signal=SignalKind.SERIAL, ref="", reasons=reasons, now=now)


def _look_inside(case: Case, parcel: CaseParcel, items: Sequence[ParcelItem], now: datetime) -> None:
    missing = sum(item.missing for item in items)
    there = sum(item.accepted + item.damaged + item.wrong for item in items)
    wrong = sum(item.wrong for item in items)
    ref = str(parcel.pk)
    if missing and not there:
        reasons = {"missing": missing, "weight_g": parcel.weight_g}
        flag_raise(case=case, signal=SignalKind.EMPTY_BOX, ref=ref, reasons=reasons, now=now)
    other = wrong or any(item.cause == FoundCause.OTHER_ITEM for item in items)
    if other and case.first_ground != Ground.WRONG_ITEM:
        flag_raise(case=case, signal=SignalKind.SWAPPED, ref=ref, reasons={"wrong": wrong}, now=now)


def flag_raise(*, case: Case, signal: str, ref: str, reasons: Mapping[str, Any], now: datetime) -> None:
    """Once for what it is about, however often it is found."""
    if CaseFlag.objects.filter(case=case, signal=signal, ref=ref).exists():
        return
    row = CaseFlag(case=case, signal=signal, ref=ref, reasons=dict(reasons), raised_at=now)
    try:
        with transaction.atomic():
            moves.create(row, actor=system_user(now), now=now, event="case_flag.raised", payload=row.told())
    except IntegrityError:
        if not CaseFlag.objects.filter(case=case, signal=signal, ref=ref).exists():
            raise
