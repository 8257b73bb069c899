"""Answers of the training room: standing of people, limits held now, words for pages."""

from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.qualifications import ANY_WORK, Newcomer, Qualification
from accounts.states import Duty
from aftersales.core import wording
from aftersales.core.authority import Claim, Claims, Ruling, Verdict
from aftersales.core.errors import Refusal
from aftersales.core.wording import listed
from training import rules
from training.models import Certificate, Course, Exam, Limit, Number, Rubric, Tier, TierVersion
from training.rules import Decided, Held
from training.states import LIVE, NEVER_HELD, Decision, Holder


def english() -> bool:
    return (get_language() or "").startswith("en")


def day_of(now: datetime) -> date:
    """The installation's own day."""
    return now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def end_of(begin: datetime, months: int) -> datetime:
    """The midnight that ends the same day so many months later; the last day of a shorter month."""
    zone = ZoneInfo(settings.TIME_ZONE)
    start = begin.astimezone(zone).date()
    years, month = divmod(start.month - 1 + months, 12)
    last = monthrange(start.year + years, month + 1)[1]
    day = date(start.year + years, month + 1, min(start.day, last)) + timedelta(days=1)
    return datetime.combine(day, time.min, zone)


def midnight_after(begin: datetime, days: int) -> datetime:
    """The midnight that ends the day so many days later."""
    day = day_of(begin) + timedelta(days=days + 1)
    return datetime.combine(day, time.min, ZoneInfo(settings.TIME_ZONE))


def is_bound(actor: Any) -> bool:
    """Staff is limited by certificates; rules of the system are rows, and merchants decide about their own money."""
    return bool(getattr(actor, "is_staff", False))


def held(person_id: int, claims: Iterable[Claim], now: datetime) -> list[Held]:
    """Every limit of the person's live certificates for these kinds, with the sums it is held against. One query."""
    asked = list(claims)
    customers = sorted({claim.customer_id for claim in asked if claim.customer_id is not None})
    kinds = sorted({claim.kind for claim in asked})
    today = day_of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            _HELD,
            {
                "person": person_id, "now": now, "kinds": kinds, "customers": customers, "today": today,
                "live": sorted(LIVE),
            },
        )  # fmt: skip
        return [_held(row) for row in cursor.fetchall()]


def _held(row: Sequence[Any]) -> Held:
    code, number, name_zh, name_en, rank, kind, severities, currency, *sums, today, given = row
    per_decision, per_day, per_customer, customer_days, four_eyes = sums
    return Held(
        citation=f"limit.{code} v{number}", tier=name_en if english() else name_zh, rank=rank, kind=kind,
        severities=frozenset(severities), currency=currency, per_decision=per_decision, per_day=per_day,
        per_customer=per_customer, customer_days=customer_days, four_eyes_above=four_eyes, today=today,
        given={int(pair[0]): Decimal(pair[1]) for pair in given or ()},
    )  # fmt: skip


_HELD = """
    SELECT DISTINCT l.code, l.number, t.name_zh, t.name_en, coalesce(v.rank, 0), l.kind, l.severities, l.currency,
           l.per_decision, l.per_day, l.per_customer, l.customer_days, l.four_eyes_above,
           coalesce((SELECT u.amount FROM training_authorityuse u
                      WHERE u.holder = 'person' AND u.holder_id = %(person)s AND u.kind = l.kind
                        AND u.currency = l.currency AND u.day = %(today)s), 0) AS today,
           (SELECT array_agg(ARRAY[s.holder_id::text, s.given::text]) FROM (
                SELECT u.holder_id, sum(u.amount) AS given FROM training_authorityuse u
                 WHERE u.holder = 'customer' AND u.holder_id = ANY(%(customers)s::bigint[]) AND u.kind = l.kind
                   AND u.currency = l.currency AND u.day > %(today)s::date - l.customer_days::integer
                 GROUP BY u.holder_id) s) AS given
      FROM training_certificate c
      JOIN training_tier t ON t.id = c.tier_id
      JOIN training_limit l ON l.tier_id = c.tier_id
      LEFT JOIN training_tierversion v ON v.tier_id = t.id AND v.state IN ('active', 'retired')
           AND v.valid_from <= %(now)s AND (v.valid_to IS NULL OR v.valid_to > %(now)s)
     WHERE c.person_id = %(person)s AND c.state = ANY(%(live)s) AND c.valid_from <= %(now)s
       AND c.valid_to > %(now)s AND l.kind = ANY(%(kinds)s) AND l.state IN ('active', 'retired')
       AND l.valid_from <= %(now)s AND (l.valid_to IS NULL OR l.valid_to > %(now)s)
"""


def weigh(*, actor: Any, claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """What the person may decide now, row after row; nothing is locked or counted. One query while all is allowed."""
    if not claims or not is_bound(actor):
        return {key: Ruling() for key in claims}
    limits = held(actor.pk, [claim for found in claims.values() for claim in found], now)
    return judged(actor, limits, claims, now)


def judged(actor: Any, limits: Sequence[Held], claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """Row after row against these limits; what one row takes is gone for the next."""
    decided = Decided()
    rulings: dict[Any, Ruling] = {}
    for key, found in claims.items():
        ruling = rules.judge(limits, found, decided)
        if ruling.allowed:
            decided.add(found)
        rulings[key] = ruling
    if all(ruling.allowed for ruling in rulings.values()):
        return rulings
    return _explained(actor, rulings, claims, now)


def _explained(actor: Any, rulings: Mapping[Any, Ruling], claims: Claims, now: datetime) -> dict[Any, Ruling]:
    """Refusals with what helps: an ended certificate is named, else who may decide it."""
    without = _without_certificate(actor, now)
    asked = [claim for key, found in claims.items() if not rulings[key].allowed for claim in found]
    whom = {} if without else _deciders(asked, now)
    return {
        key: ruling if ruling.allowed else (without or _with_advice(ruling, claims[key], whom))
        for key, ruling in rulings.items()
    }


def _without_certificate(actor: Any, now: datetime) -> Ruling | None:
    """What to say to somebody who holds no live certificate at all; None for everybody else."""
    newest = (
        Certificate.objects.filter(person_id=actor.pk, valid_from__lte=now)
        .exclude(state__in=NEVER_HELD).select_related("tier").order_by("-valid_to", "-pk").first()
    )  # fmt: skip
    if newest is None:
        text = _("You hold no certificate that lets you decide this.")
        return Ruling(Verdict.REFUSED, (Refusal("no_certificate", text),))
    if Certificate.objects.live(now).filter(person_id=actor.pk).exists():
        return None
    words = {"number": newest.number, "tier": newest.tier, "end": wording.minute(newest.valid_to, now)}
    if newest.state in LIVE or newest.state == "expired":
        text = _("Your certificate %(number)s (%(tier)s) ended on %(end)s.") % words
    elif newest.state == "suspended":
        text = _("Your certificate %(number)s (%(tier)s) is suspended.") % words
    else:
        text = _("Your certificate %(number)s (%(tier)s) was revoked.") % words
    return Ruling(Verdict.REFUSED, (Refusal("no_certificate", text),))


def _deciders(claims: Sequence[Claim], now: datetime) -> dict[Claim, str]:
    """The lowest tier that decides such an amount alone, by claim."""
    kinds = {claim.kind for claim in claims}
    limits = list(Limit.objects.in_force(now).filter(kind__in=kinds).select_related("tier"))
    ranks = dict(TierVersion.objects.in_force(now).values_list("tier_id", "rank"))
    found: dict[Claim, str] = {}
    for claim in claims:
        wide = [limit for limit in limits if _covers(limit, claim)]
        if wide:
            found[claim] = str(min(wide, key=lambda one: ranks.get(one.tier_id, 0)).tier)
    return found


def _covers(limit: Limit, claim: Claim) -> bool:
    if limit.kind != claim.kind or (limit.severities and claim.severity not in limit.severities):
        return False
    if claim.amount and limit.currency != claim.currency:
        return False
    return limit.per_decision is None or (claim.amount or Decimal(0)) <= limit.per_decision


def _with_advice(ruling: Ruling, claims: Sequence[Claim], whom: Mapping[Claim, str]) -> Ruling:
    names = list(dict.fromkeys(whom[claim] for claim in claims if claim in whom))
    if not names or any(one.code == "four_eyes" for one in ruling.refusals):
        return ruling
    advice = _("Ask: %(tiers)s.") % {"tiers": listed(names)}
    last = ruling.refusals[-1]
    return replace(ruling, refusals=(*ruling.refusals[:-1], Refusal(last.code, f"{last.message} {advice}")))


def standing(
    person_ids: Sequence[int], duties: Sequence[str], at: datetime
) -> dict[tuple[int, str], Qualification]:
    """Everybody's standing for these duties (``accounts.qualifications``). One query; others are left out."""
    asked: dict[str, Any] = {
        "people": list(person_ids),
        "duties": list(duties),
        "at": at,
        "live": sorted(LIVE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, asked)
        return {(person, duty): _qualification(row) for person, duty, *row in cursor.fetchall()}


def _qualification(row: Sequence[Any]) -> Qualification:
    needed, need_zh, need_en, rank, until, senior, name_zh, name_en, hours, done, run, starts_at = row
    new = Newcomer(done, hours, run or "", starts_at) if hours is not None else None
    if needed is not None and (rank is None or rank < needed):
        return Qualification(valid=False, certificate=need_en if english() else need_zh, newcomer=new)
    return Qualification(
        certificate=(name_en if english() else name_zh) or "", until=until, tier=rank,
        senior=True if senior else None, newcomer=new,
    )  # fmt: skip


_STANDING = """
    WITH ranks AS (
        SELECT v.tier_id, v.rank, v.counts_as_senior, t.name_zh, t.name_en
          FROM training_tierversion v JOIN training_tier t ON t.id = v.tier_id
         WHERE v.state IN ('active', 'retired') AND v.valid_from <= %(at)s
           AND (v.valid_to IS NULL OR v.valid_to > %(at)s)
    ), needed AS (
        SELECT DISTINCT ON (q.duty) q.duty, k.rank, k.name_zh, k.name_en
          FROM training_requirement q JOIN ranks k ON k.tier_id = q.tier_id
         WHERE q.duty = ANY(%(duties)s) AND q.state IN ('active', 'retired') AND q.valid_from <= %(at)s
           AND (q.valid_to IS NULL OR q.valid_to > %(at)s)
         ORDER BY q.duty, k.rank DESC
    ), gate AS (
        SELECT h.value AS hours FROM training_number g JOIN training_number h ON h.code = 'onboarding_hours'
         WHERE g.code = 'onboarding_gate' AND g.value > 0
           AND g.state IN ('active', 'retired') AND g.valid_from <= %(at)s
           AND (g.valid_to IS NULL OR g.valid_to > %(at)s)
           AND h.state IN ('active', 'retired') AND h.valid_from <= %(at)s
           AND (h.valid_to IS NULL OR h.valid_to > %(at)s)
         ORDER BY g.number DESC, h.number DESC LIMIT 1
    ), onboarding AS (
        SELECT gate.hours, u.id, (
            SELECT coalesce(sum(r.hours), 0) FROM training_seat s JOIN training_run r ON r.id = s.run_id
              JOIN training_course o ON o.id = r.course_id AND o.kind = 'onboarding'
             WHERE s.person_id = u.id AND s.state = 'present' AND r.state = 'done' AND r.ends_at <= %(at)s) AS done
          FROM gate CROSS JOIN unnest(%(people)s::bigint[]) AS u(id)
         WHERE NOT EXISTS (SELECT FROM training_fact f
                            WHERE f.person_id = u.id AND f.metric = 'tickets_handled' AND f.total > 0)
           AND NOT EXISTS (SELECT FROM training_certificate e
                            WHERE e.person_id = u.id AND e.overridden_by_id IS NOT NULL AND e.state = ANY(%(live)s)
                              AND e.valid_from <= %(at)s AND e.valid_to > %(at)s)
    ), newcomers AS (
        SELECT x.id, x.hours, x.done, y.number AS run, y.starts_at FROM onboarding x LEFT JOIN LATERAL (
            SELECT r.number, r.starts_at FROM training_run r
              JOIN training_course o ON o.id = r.course_id AND o.kind = 'onboarding'
             WHERE r.state IN ('planned', 'open') AND r.starts_at > %(at)s ORDER BY r.starts_at, r.id LIMIT 1
        ) y ON true WHERE x.done < x.hours
    )
    SELECT p.id, d.duty, n.rank, n.name_zh, n.name_en, b.rank, b.valid_to, b.counts_as_senior, b.name_zh, b.name_en,
           w.hours, w.done, w.run, w.starts_at
      FROM unnest(%(people)s::bigint[]) AS p(id) CROSS JOIN unnest(%(duties)s::text[]) AS d(duty)
      LEFT JOIN needed n ON n.duty = d.duty
      LEFT JOIN newcomers w ON w.id = p.id
      LEFT JOIN LATERAL (
        SELECT k.*, c.valid_to FROM training_certificate c JOIN ranks k ON k.tier_id = c.tier_id
         WHERE c.person_id = p.id AND c.state = ANY(%(live)s) AND c.valid_from <= %(at)s AND c.valid_to > %(at)s
           AND (c.duties = '{}' OR d.duty = ANY(c.duties))
         ORDER BY k.rank DESC, c.valid_to DESC LIMIT 1
      ) b ON true
     WHERE n.rank IS NOT NULL OR b.rank IS NOT NULL OR w.id IS NOT NULL
"""


def onboarding_gap(person: Any, at: datetime) -> Newcomer | None:
    """What the person lacks of the onboarding while it comes before the first ticket (R1.2); None: nothing."""
    found = standing([person.pk], [ANY_WORK], at).get((person.pk, ANY_WORK))
    return found.newcomer if found else None


@dataclass(frozen=True)
class Allowance:
    """One line of “what may I decide”: the limit and how much of the day is used."""

    kind: str
    label: str
    limit: Held

    @property
    def left_today(self) -> Decimal | None:
        return None if self.limit.per_day is None else max(self.limit.per_day - self.limit.today, Decimal(0))


def allowances(person: Any, now: datetime) -> list[Allowance]:
    """Everything this person may decide at this moment, the most generous limit of each kind and currency."""
    found = held(person.pk, [Claim(kind) for kind in Decision.values], now)
    best: dict[tuple[str, str, frozenset[str]], Held] = {}
    for limit in sorted(found, key=lambda one: one.rank):
        best[limit.kind, limit.currency, limit.severities] = limit
    order = {kind: place for place, kind in enumerate(Decision.values)}
    return [
        Allowance(limit.kind, str(Decision(limit.kind).label), limit)
        for limit in sorted(best.values(), key=lambda one: (order[one.kind], one.currency))
    ]


def waiting_exceptions(reader: Any) -> list[Certificate]:
    """Certificates that wait for a second person, as far as the reader sees them, oldest first."""
    rows = Certificate.objects.visible_to(reader).filter(state="proposed")
    return list(rows.select_related("person", "tier", "granted_by").order_by("granted_at", "pk")[:200])


def certificate_checked(number: str, code: str) -> Certificate | None:
    """The certificate of this number and code, for whoever holds the paper; None for both when one is wrong."""
    rows = Certificate.objects.filter(number=number, public_id=code).exclude(state__in=NEVER_HELD)
    return rows.first()  # type: ignore[no-any-return]


def certificates_of(person: Any, reader: Any) -> list[Certificate]:
    """A person's certificates, newest first, as far as the reader may see them."""
    rows = Certificate.objects.visible_to(reader).filter(person_id=person.pk)
    return list(rows.select_related("tier", "granted_by", "person", "overridden_by"))


def person_and_tier(person_id: Any, tier_id: Any) -> tuple[str, str]:
    """Names for a sentence; empty for keys that are unknown."""
    person = User.objects.filter(pk=person_id).first() if person_id else None
    tier = Tier.objects.filter(pk=tier_id).first() if tier_id else None
    return str(person or ""), str(tier or "")


_told_rules: dict[str, Callable[[str], str]] = {}


def tell_rules(sort: str, words: Callable[[str], str]) -> None:
    """A room above keeps rules of this sort in the same way: ``words(key)`` names one in the reader's language."""
    _told_rules[sort] = words


def rule_words(code: str) -> str:
    """A rule's code (``tier.x``, ``limit.x``, ``duty.x``) in the reader's language."""
    sort, _dot, key = code.partition(".")
    if sort in _told_rules:
        return _told_rules[sort](key)
    if sort == "tier":
        return str(Tier.objects.filter(code=key).first() or code)
    if sort == "duty":
        known = dict(Duty.choices)
        return _("Needed for: %(duty)s") % {"duty": known[key]} if key in known else code
    named: dict[str, Any] = {"course": Course, "number": Number, "exam": Exam, "rubric": Rubric}
    if sort in named:
        return str(getattr(named[sort].objects.filter(code=key).order_by("-pk").first(), "name", code))
    if sort == "question":
        return _("Question %(code)s") % {"code": key}
    row = Limit.objects.filter(code=key).select_related("tier").first() if sort == "limit" else None
    return f"{row.tier} · {row.get_kind_display()}" if row else code


def use_sum(holder: str, holder_id: int, kind: str, currency: str, day: date) -> Decimal:
    """What one counter says (tests and pages)."""
    from training.models import AuthorityUse

    row = AuthorityUse.objects.filter(
        holder=Holder(holder), holder_id=holder_id, kind=kind, currency=currency, day=day
    ).first()
    return row.amount if row else Decimal(0)
