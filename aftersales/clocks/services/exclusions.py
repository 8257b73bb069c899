"""Breaches of merchants that do not count: left out by a person or by a declared circumstance, and taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from aftersales.clocks.models import BreachExclusion, Circumstance, Clock
from aftersales.clocks.querysets import bound_for
from aftersales.clocks.selectors import excluded_clocks
from aftersales.clocks.states import BY_RULE, ExclusionCause
from aftersales.core import events, moves, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.events import Draft
from aftersales.core.models import Audience
from aftersales.core.rulebook import RuleState
from aftersales.merchants.models import Merchant
from aftersales.standards.announcing.services import version_correct
from aftersales.standards.services import DRAFT
from aftersales.standards.states import EXCUSED_AT, Debtor, Place, Promise, TradeDuty

EXCLUDE = "clocks.exclude"
BATCH = 500
LONGEST = 1000
NEW = timedelta(days=7)  # declared late: what ran out long ago is looked at as well
LOOKED_AT = timedelta(days=120)  # after its end; what runs out later still began after it
DUTIES = frozenset({*Promise.values, *TradeDuty.values})
TO_CUSTOMER = sorted(one.value for one in Promise if Place.DELIVERY in EXCUSED_AT[one])
PROVINCES, CITIES = ("省", "市", "自治区"), ("市",)
TERMS = (
    "name_zh", "name_en", "cause", "begins_at", "ends_at", "provinces", "cities", "promises", "source_ref",
    "source_zh", "source_en",
)  # fmt: skip


# ----------------------------------------------------------------------------------------------- by a person
def breach_exclude(
    *, clock: Clock, cause: str, reason: str, actor: Any, now: datetime, evidence: str = ""
) -> BreachExclusion:
    """Leave one breach of a merchant out of his figures, with the reason; the breach itself stays on record.

    The same again is the first one. Errors: not_permitted, own_merchant (who looks after the merchant does not judge),
    not_a_breach, cause, reason, excluded_already.
    """
    if not actor.has_perm(EXCLUDE):
        raise NotPermitted()
    said, shown = reason.strip()[:LONGEST], evidence.strip()[:200]
    if cause not in ExclusionCause.values:
        raise DomainError(_("Choose why it does not count."), "cause")
    if not said:
        raise DomainError(_("Say what happened; the merchant and the auditor read it."), "reason")
    with moves.translated_locks(), transaction.atomic():
        row: Clock = Clock.objects.select_for_update().get(pk=clock.pk)
        shop = _judged_by_another(row, actor)
        known = BreachExclusion.objects.standing().filter(clock=row).first()
        if known is not None:
            if (known.cause, known.reason) == (cause, said):
                return known  # type: ignore[no-any-return]
            raise DomainError(
                _("This breach is left out already: %(cause)s. Take that back first.")
                % {"cause": known.get_cause_display()},
                "excluded_already",
            )
        made = BreachExclusion(
            clock=row,
            merchant_id=shop,
            cause=cause,
            reason=said,
            evidence=shown,
            by_id=actor.pk,
            at=now,
        )
        made.save(force_insert=True)
        events.record_many([_told("clock.excluded", row, made, said, actor, now)], now=now)
    return made


def _judged_by_another(row: Clock, actor: Any) -> int:
    """The merchant whose breach it is."""
    if (
        row.owed_by != Debtor.MERCHANT
        or row.merchant_id is None
        or row.breached_at is None
        or row.is_historic
    ):
        raise DomainError(
            _("Only what a merchant let run out can be left out of his figures."), "not_a_breach"
        )
    if Merchant.objects.filter(pk=row.merchant_id, manager=actor.pk).exists():
        raise DomainError(
            _("You look after this merchant; another person judges whether a breach counts."), "own_merchant"
        )
    return row.merchant_id


def breach_count_again(
    *, exclusion: BreachExclusion, reason: str, actor: Any, now: datetime
) -> BreachExclusion:
    """Take an exclusion back: the breach counts again. A circumstance does not leave out the same breach twice.

    Errors: not_permitted, own_merchant, reason, gone (somebody took it back before).
    """
    if not actor.has_perm(EXCLUDE):
        raise NotPermitted()
    said = reason.strip()[:LONGEST]
    if not said:
        raise DomainError(_("Say why it counts again."), "reason")
    with moves.translated_locks(), transaction.atomic():
        row: Clock = Clock.objects.select_for_update().get(pk=exclusion.clock_id)
        _judged_by_another(row, actor)
        found = BreachExclusion.objects.standing().filter(pk=exclusion.pk).first()
        if found is None:
            raise DomainError(_("It was taken back already."), "gone")
        _end([found], said, actor, now)
    return found  # type: ignore[no-any-return]


def _end(rows: Sequence[BreachExclusion], reason: str, actor: Any, now: datetime) -> None:
    for one in rows:
        one.ended_at, one.ended_by_id, one.ended_reason = now, actor.pk, reason
    BreachExclusion.objects.bulk_update(rows, ["ended_at", "ended_by", "ended_reason"])
    clocks = Clock.objects.in_bulk([one.clock_id for one in rows])
    told = [_told("clock.counted_again", clocks[one.clock_id], one, reason, actor, now) for one in rows]
    events.record_many(told, now=now)


def _told(kind: str, clock: Clock, row: BreachExclusion, reason: str, actor: Any, now: datetime) -> Draft:
    payload: dict[str, Any] = {
        "promise": clock.promise, "round": clock.round, "clock": clock.pk, "due_at": clock.due_at.isoformat(),
        "cause": row.cause,
    }  # fmt: skip
    if row.circumstance is not None:
        payload["circumstance"] = row.circumstance.citation
    return Draft(
        kind=kind, row=None, actor=actor, at=now, reason=reason, payload=payload, merchant_id=clock.merchant_id,
        audience=Audience.MERCHANT, subject_kind=clock.subject_kind, subject_id=clock.subject_id,
    )  # fmt: skip


# ----------------------------------------------------------------------------------------------- by a rule
def circumstance_draft(
    *, code: str, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> Circumstance:
    """Draft a circumstance, its next version, or correct the waiting draft; it leaves nothing out before a second
    person brings it into force. Errors: not_permitted and those of ``circumstance_check``.
    """
    if not actor.has_perm(DRAFT):
        raise NotPermitted()
    with transaction.atomic():
        rows = list(Circumstance.objects.select_for_update().filter(code=code).order_by("-number"))
        if rows and rows[0].state == RuleState.DRAFT:
            corrected: Circumstance = version_correct(
                rows[0], check=circumstance_check, actor=actor, now=now, reason=reason, **terms
            )
            return corrected
        columns = {name: getattr(rows[0], name) for name in TERMS} if rows else {}
        row = Circumstance(
            code=code, number=(rows[0].number if rows else 0) + 1, drafted_by_id=actor.pk, drafted_at=now,
            change_reason=reason, **{**columns, **terms},
        )  # fmt: skip
        circumstance_check(row)
        created: Circumstance = registers.create(
            row, actor=actor, now=now, event="rule.drafted", reason=reason, payload=row._payload()
        )
    return created


def circumstance_check(row: Circumstance) -> None:
    """Refuses what nobody could apply. Raises names, cause, span, region, promises."""
    if not row.name_zh.strip() or not row.name_en.strip():
        raise DomainError(_("Give the circumstance a name in both languages."), "names")
    if row.cause not in BY_RULE:
        raise DomainError(
            _(
                "Declare a disaster, a failure of our system or an order; other causes lie in the single case."
            ),
            "cause",
        )
    if not row.begins_at < row.ends_at:
        raise DomainError(_("It begins before it ends."), "span")
    if row.cause == ExclusionCause.DISASTER and not row.provinces and not row.cities:
        raise DomainError(_("Name the provinces or cities that the disaster struck."), "region")
    if set(row.promises) - DUTIES:
        raise DomainError(_("Choose promises from the list."), "promises")


def circumstance_apply(*, circumstance: Circumstance, actor: Any, now: datetime) -> int:
    """Leave out the breaches that fall into it, and count again those of a version that is out of force; how many.

    Each breach once for each version: what a person took back stays counted. Run twice it does nothing.
    """
    if not circumstance.applies_at(now):
        return _all_end(circumstance, actor, now) if circumstance.state == RuleState.RETIRED else 0
    total = 0
    while True:
        with transaction.atomic():
            found = list(
                fallen_into(circumstance)
                .order_by("pk")
                .select_for_update(skip_locked=True, of=("self",))[:BATCH]
            )
            _leave_out(found, circumstance, actor, now)
        total += len(found)
        if len(found) < BATCH:
            return total


def circumstances_sweep(*, actor: Any, now: datetime) -> int:
    """The same for every circumstance in force that is not long over, and for those that are out of force."""
    fresh = Q(ends_at__gt=now - LOOKED_AT) | Q(valid_from__gt=now - NEW)
    held = BreachExclusion.objects.standing().filter(circumstance__state=RuleState.RETIRED)
    over = Circumstance.objects.filter(pk__in=held.values("circumstance"), valid_to__lte=now)
    rows = [*over.order_by("pk"), *Circumstance.objects.in_force(now).filter(fresh).order_by("pk")]
    return sum(circumstance_apply(circumstance=one, actor=actor, now=now) for one in rows)


def fallen_into(row: Circumstance) -> QuerySet[Clock]:
    """Breaches in its region whose time ran while it lasted, not yet judged by it nor left out.

    By the ends of the way at which it excuses a duty (``EXCUSED_AT``); each comes with the one that was ``struck_at``.
    """
    by_hand = Q(circumstance__code=row.code, ended_at__lt=F("circumstance__valid_to"))
    judged = BreachExclusion.objects.filter(Q(circumstance=row) | Q(ended_at=None) | by_hand)
    rows: QuerySet[Clock] = Clock.objects.filter(
        owed_by=Debtor.MERCHANT, is_historic=False, breached_at__gte=row.begins_at,
        counted_from__lt=row.ends_at, merchant_id__isnull=False,
    ).exclude(pk__in=judged.values("clock"))  # fmt: skip
    if row.provinces or row.cities:
        provinces, cities = spellings(row.provinces, PROVINCES), spellings(row.cities, CITIES)
        shops = Merchant.objects.filter(Q(province__in=provinces) | Q(city__in=cities))
        there = bound_for(Q(ship_province__in=provinces) | Q(ship_city__in=cities))
        here = Q(merchant_id__in=shops.values("pk"))
        rows = rows.filter(here | Q(promise__in=TO_CUSTOMER) & there)
        rows = rows.annotate(
            struck_at=Case(When(here, then=Value(Place.DISPATCH)), default=Value(Place.DELIVERY))
        )
    else:
        rows = rows.annotate(struck_at=Value(""))
    return rows.filter(promise__in=row.promises) if row.promises else rows


def spellings(names: Sequence[str], endings: Sequence[str]) -> list[str]:
    """The same places as registers and orders write them: 河南 and 河南省."""
    bare = {one.removesuffix(end) for one in names for end in endings if len(one.removesuffix(end)) > 1}
    return sorted({*names, *bare, *(one + end for one in bare for end in endings)})


def _leave_out(clocks: Sequence[Any], row: Circumstance, actor: Any, now: datetime) -> None:
    """Under the locks of the clocks it is asked again what a person has left out meanwhile."""
    taken = excluded_clocks(one.pk for one in clocks)
    made = [
        BreachExclusion(
            clock=one, merchant_id=one.merchant_id or 0, cause=row.cause, reason=row.name_zh, evidence=row.citation,
            circumstance=row, place=one.struck_at if row.cause == ExclusionCause.DISASTER else "", by_id=actor.pk,
            at=now,
        )
        for one in clocks if one.pk not in taken
    ]  # fmt: skip
    BreachExclusion.objects.bulk_create(made)
    told = [_told("clock.excluded", one.clock, one, row.name_zh, actor, now) for one in made]
    events.record_many(told, now=now)


def _all_end(row: Circumstance, actor: Any, now: datetime) -> int:
    total = 0
    while True:
        with transaction.atomic():
            found: list[BreachExclusion] = list(
                BreachExclusion.objects.standing().filter(circumstance=row).select_related("circumstance")
                .order_by("pk").select_for_update(skip_locked=True, of=("self",))[:BATCH]
            )  # fmt: skip
            if found:
                _end(found, str(_("The circumstance is out of force.")), actor, now)
        total += len(found)
        if len(found) < BATCH:
            return total
