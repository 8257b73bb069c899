"""Every write of the training room: rules by two persons, certificates by somebody else, sums under lock."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, registers
from aftersales.core.authority import Claim, Claims, Ruling
from aftersales.core.errors import Busy, DomainError, NotPermitted
from aftersales.core.rulebook import RuleState, RuleVersion
from training import selectors
from training.models import (
    AuthorityUse,
    Certificate,
    CustomerGate,
    Limit,
    Requirement,
    Tier,
    TierVersion,
)
from training.models.terms import TERMS
from training.services.certificates import certificate_grant, certificate_renew, check_terms, recertify_sweep
from training.services.facts import fact_record, facts_record
from training.states import LIVE, Holder

__all__ = ["certificate_grant", "certificate_renew", "fact_record", "facts_record", "recertify_sweep"]

DRAFT = "training.draft"
ACTS = frozenset({"suspend", "reinstate", "revoke", "override", "decline"})
TIER_TERMS: tuple[str, ...] = ("rank", "counts_as_senior", "valid_months", "warn_days", *TERMS)
LIMIT_TERMS: tuple[str, ...] = (
    "tier_id", "kind", "severities", "currency", "per_decision", "per_day", "per_customer", "customer_days",
    "four_eyes_above",
)  # fmt: skip
NO_CURRENCY = "---"  # decisions that no money hangs on are counted too
SOURCES: tuple[str, ...] = ("source_ref", "source_zh", "source_en", "note_zh", "note_en")


def require(actor: Any, capability: str) -> None:
    if not actor.has_perm(capability):
        raise NotPermitted()


# ------------------------------------------------------------------------------------------------ authority
def authority_take(*, actor: Any, claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """What the person may decide, under lock, and counted at once; call it in the transaction of the decision.

    Locks the person's certificates (a suspension waits for the decision or the decision sees it) and passes the gates
    of the customers in key order, so that two decisions in parallel never pass a limit together. Nobody but staff is
    limited. A decision that is rolled back is not counted.
    """
    if not claims or not selectors.is_bound(actor):
        return {key: Ruling() for key in claims}
    with transaction.atomic():
        asked = [claim for found in claims.values() for claim in found]
        _lock(actor.pk, {claim.customer_id for claim in asked if claim.customer_id is not None})
        rulings = selectors.judged(actor, selectors.held(actor.pk, asked, now), claims, now)
        taken = [claim for key, ruling in rulings.items() if ruling.allowed for claim in claims[key]]
        _count(actor.pk, taken, now, sign=1)
    return rulings


def authority_return(*, person: Any, claims: Sequence[Claim], decided_at: datetime) -> None:
    """A decision was taken back before anything was paid: it no longer counts. Call it once, in that transaction."""
    if selectors.is_bound(person):
        with transaction.atomic():
            _lock(person.pk, {claim.customer_id for claim in claims if claim.customer_id is not None})
            _count(person.pk, claims, decided_at, sign=-1)


def _lock(person_id: int, customers: set[int]) -> None:
    list(Certificate.objects.filter(person_id=person_id).select_for_update(no_key=True).order_by("pk"))
    if customers:
        wanted = sorted(customers)
        CustomerGate.objects.bulk_create([CustomerGate(pk) for pk in wanted], ignore_conflicts=True)
        list(CustomerGate.objects.filter(pk__in=wanted).select_for_update().order_by("pk"))


def _count(person_id: int, claims: Sequence[Claim], now: datetime, *, sign: int) -> None:
    """Two sums per decision: the person's and the customer's. Rows in key order, so that nobody deadlocks."""
    sums: dict[tuple[str, int, str, str], list[Any]] = defaultdict(lambda: [Decimal(0), 0])
    for claim in claims:
        holders = [(str(Holder.PERSON), person_id)]
        if claim.customer_id is not None:
            holders.append((str(Holder.CUSTOMER), claim.customer_id))
        for holder, holder_id in holders:
            row = sums[holder, holder_id, claim.kind, claim.currency or NO_CURRENCY]
            row[0] += sign * (claim.amount or Decimal(0))
            row[1] += sign
    if not sums:
        return
    rows = [(*key, *value) for key, value in sorted(sums.items())]
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(_ADD if sign > 0 else _TAKE_AWAY, [selectors.day_of(now), *columns])


_GIVEN = """(SELECT %s::date AS day, v.* FROM unnest(
    %s::text[], %s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::integer[]
) AS v(holder, holder_id, kind, currency, amount, decisions)) AS v"""
_ADD = f"""
    INSERT INTO {AuthorityUse._meta.db_table} AS u (holder, holder_id, kind, currency, day, amount, decisions)
    SELECT v.holder, v.holder_id, v.kind, v.currency, v.day, v.amount, v.decisions FROM {_GIVEN}
    ON CONFLICT (holder, holder_id, kind, currency, day)
    DO UPDATE SET amount = u.amount + EXCLUDED.amount, decisions = u.decisions + EXCLUDED.decisions
"""  # noqa: S608 - our own table name
_TAKE_AWAY = f"""
    UPDATE {AuthorityUse._meta.db_table} AS u SET amount = u.amount + v.amount, decisions = u.decisions + v.decisions
      FROM {_GIVEN}
     WHERE u.holder = v.holder AND u.holder_id = v.holder_id AND u.kind = v.kind AND u.currency = v.currency
       AND u.day = v.day
"""  # noqa: S608 - our own table name


# --------------------------------------------------------------------------------------------- certificates
def certificate_move(
    *, certificate: Certificate, name: str, actor: Any, now: datetime, reason: str, version: int | None = None
) -> Certificate:
    """Suspend, reinstate, revoke, confirm or decline an exception, with a reason, at once. Never one's own."""
    if name not in ACTS:
        raise ValueError(name)
    if not reason.strip():
        raise DomainError(_("Say why: the person and the auditor read it."), "reason_missing")
    return moves.perform(certificate, name, actor=actor, now=now, reason=reason.strip(), version=version)


def certificates_sweep(*, actor: Any, now: datetime) -> int:
    """States follow the time: ended ones, those called up, those whose end is announced. No state alone is judged."""
    recertify_sweep(actor=actor, now=now)
    over = Certificate.objects.filter(state__in=LIVE, valid_to__lte=now)
    done = moves.perform_many(over, "expire", actor=actor, now=now).done
    near: list[int] = []
    for terms in TierVersion.objects.in_force(now):
        until = now + timedelta(days=terms.warn_days)
        rows = Certificate.objects.filter(
            tier_id=terms.tier_id, state="certified", valid_to__gt=now, valid_to__lte=until
        )
        near += rows.values_list("pk", flat=True)
    soon = Certificate.objects.filter(pk__in=near, state="certified")
    return len(done) + len(moves.perform_many(soon, "near_end", actor=actor, now=now).done)


# --------------------------------------------------------------------------------------------------- rules
def tier_create(*, actor: Any, now: datetime, code: str, name_zh: str, name_en: str) -> Tier:
    """Open a tier; it is worth nothing until a version of it is in force."""
    require(actor, DRAFT)
    row = Tier(code=code, name_zh=name_zh, name_en=name_en)
    return registers.create(row, actor=actor, now=now, event="tier.created", payload={"code": code})


def tier_draft(*, tier: Tier, actor: Any, now: datetime, reason: str = "", **terms: Any) -> TierVersion:
    """Draft the next version of a tier: the newest one with ``terms`` changed."""
    drafted: TierVersion = draft_version(TierVersion(tier=tier), TIER_TERMS, actor, now, reason, terms)
    return drafted


def limit_draft(*, code: str, actor: Any, now: datetime, reason: str = "", **terms: Any) -> Limit:
    """Draft the next version of a limit: the newest one with ``terms`` changed."""
    drafted: Limit = draft_version(Limit(code=code), LIMIT_TERMS, actor, now, reason, terms)
    return drafted


def requirement_draft(
    *, duty: str, tier: Tier, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> Requirement:
    """Draft which tier a duty asks for."""
    terms = {"tier_id": tier.pk} | terms
    drafted: Requirement = draft_version(Requirement(duty=duty), ("tier_id",), actor, now, reason, terms)
    return drafted


def draft_version(
    row: Any, names: Sequence[str], actor: Any, now: datetime, reason: str, terms: dict[str, Any]
) -> Any:
    """The next version: terms of the newest, changed; whoever last touched a draft counts as its drafter."""
    require(actor, DRAFT)
    try:
        return _next_version(row, names, actor, now, reason, terms)
    except IntegrityError as error:
        raise Busy() from error  # somebody drafts the very first version of the same rule


def _next_version(
    row: Any, names: Sequence[str], actor: Any, now: datetime, reason: str, terms: dict[str, Any]
) -> Any:
    with transaction.atomic():
        row.siblings().order_by("number").select_for_update(of=("self",)).first()  # one drafter at a time
        newest = row.siblings().order_by("-number").first()
        if newest is not None and newest.state == RuleState.DRAFT:
            return _correct(newest, actor, now, reason, terms)
        for name in (*names, *SOURCES):
            if newest is not None:
                setattr(row, name, getattr(newest, name))
        for name, value in terms.items():
            setattr(row, name, value)
        row.number = (row.siblings().aggregate(last=Max("number"))["last"] or 0) + 1
        row.change_reason, row.drafted_by_id, row.drafted_at = reason, actor.pk, now
        check_draft(row)
        return moves.create(
            row, actor=actor, now=now, event="training_rule.drafted", payload=row._payload(), reason=reason
        )


def _correct(draft: Any, actor: Any, now: datetime, reason: str, terms: dict[str, Any]) -> Any:
    for name, value in terms.items():
        setattr(draft, name, value)
    check_draft(draft)
    return registers.save(
        draft, actor=actor, now=now, event="training_rule.changed", payload=draft._payload(),
        drafted_by_id=actor.pk, drafted_at=now, change_reason=reason, **terms,
    )  # fmt: skip


def check_draft(row: Any) -> None:
    """A tier that nobody can reach and a limit that cannot be followed are refused while they are drafted.

    Errors: those of ``certificates.check_terms``, ``check_amounts`` and ``refuse_twins``.
    """
    if isinstance(row, TierVersion):
        check_terms(row)
    if isinstance(row, Limit):
        check_amounts(row)
        refuse_twins([row])


def check_amounts(row: Limit) -> None:
    """Errors: negative, order."""
    named = [row.per_decision, row.per_day, row.per_customer]
    if any(one is not None and one < 0 for one in [*named, row.four_eyes_above]):
        raise DomainError(_("A limit is not negative."), "negative")
    if any(row.per_decision is not None and one is not None and one < row.per_decision for one in named):
        raise DomainError(_("A day or a customer cannot be limited to less than one decision."), "order")


def refuse_twins(rows: Sequence[Limit]) -> None:
    """No tier gets two limits of one kind and currency whose severities overlap: the higher one would count, unseen.

    Call it in the transaction that drafts: it locks the tiers, so that two drafters see each other. Error: twin.
    """
    tiers = sorted({row.tier_id for row in rows})
    with moves.translated_locks():
        list(
            Tier.objects.filter(pk__in=tiers).order_by("pk").select_for_update(no_key=True).values_list("pk")
        )
    standing = Limit.objects.filter(tier_id__in=tiers, state__in=[RuleState.DRAFT, RuleState.ACTIVE])
    beside: dict[tuple[Any, ...], list[Limit]] = defaultdict(list)
    for one in [*standing, *rows]:
        beside[one.tier_id, one.kind, one.currency].append(one)
    for row in rows:
        for other in beside[row.tier_id, row.kind, row.currency]:
            if other.code != row.code and _overlap(row.severities, other.severities):
                words = {"code": other.code}
                raise DomainError(
                    _(
                        "The limit %(code)s gives this tier a sum of this kind, currency and severity already; of two "
                        "the higher one would count. Change that one, or take it out of force first."
                    )
                    % words,
                    "twin",
                )


def _overlap(one: Sequence[str], other: Sequence[str]) -> bool:
    """No severities are all of them."""
    return not one or not other or not set(one).isdisjoint(other)


def rule_activate(
    *, draft: RuleVersion, actor: Any, now: datetime, valid_from: datetime | None = None, reason: str = ""
) -> Any:
    """The second person brings a draft into force now or later; the version before it ends at that moment."""
    begin = valid_from or now
    if begin < now:
        raise DomainError(_("A rule comes into force now or later, never in the past."), "in_the_past")
    with transaction.atomic():
        row = moves.perform(draft, "activate", actor=actor, now=now, reason=reason, valid_from=begin)
        for earlier in row.siblings().filter(state=RuleState.ACTIVE).exclude(pk=row.pk):
            moves.perform(earlier, "retire", actor=actor, now=now, valid_to=max(begin, earlier.valid_from))
    return row


def rule_reject(*, draft: RuleVersion, actor: Any, now: datetime, reason: str) -> Any:
    """Return a draft with a reason; it stays readable and never comes into force."""
    if not reason.strip():
        raise DomainError(_("Say why the draft is returned."), "reason_missing")
    return moves.perform(draft, "reject", actor=actor, now=now, reason=reason.strip())


def rule_retire(*, row: RuleVersion, actor: Any, now: datetime, reason: str) -> Any:
    """Take a version out of force without a successor, with a reason."""
    if not reason.strip():
        raise DomainError(_("Say why the version goes out of force."), "reason_missing")
    return moves.perform(row, "retire", actor=actor, now=now, valid_to=now, reason=reason.strip())
