"""Certificates: granted against what the tier asks for, by exception with a second person, renewed, called up."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from aftersales.core import moves, registers, series
from aftersales.core.errors import Busy, Conflict, DomainError, NotPermitted
from aftersales.core.wording import listed
from training import selectors, tierpages, tierrules, tierselectors
from training.machine import CERTIFY
from training.models import Certificate, Course, Exam, Rubric, Tier, TierVersion
from training.states import LIVE, Asked, CertificateState


def certificate_grant(
    *,
    person: User,
    tier: Tier,
    actor: Any,
    now: datetime,
    duties: Sequence[str] = (),
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    reason: str = "",
    by_exception: bool = False,
) -> Certificate:
    """Certify somebody else who has what the tier asks for (R1.2, R1.3).

    Without an end it lasts as long as the tier's rule says, and no longer than to where a later one of the same tier
    and duties begins: so the gap before a renewal is filled and what was granted stays as it is. A temporary tier's
    certificate never outlives the tier and covers only its duties. With ``by_exception`` and a reason it is only
    proposed where something is missing (of what the tier asks for, or of the onboarding before the first ticket): it
    gives nothing until a second person confirms it. Raises ``own_certificate``, ``not_staff``, ``no_terms`` (no
    version of the tier in force), ``period``, ``temporary``, ``too_wide``, ``missing``, ``reason_missing``,
    ``not_begun`` (one of the tier and duties waits to begin, and this one would begin after it), ``too_far_ahead`` and
    ``held_already`` (a live certificate of the tier covers that time and these duties).
    """
    _refuse_people(person, actor)
    terms = _terms(tier, now)
    begin = valid_from or now
    end = _end(terms, begin, valid_to, now)
    covered = _duties(terms, duties)
    number = series.next_number("certificate", now)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)
        others = _others(person, tier, covered)
        _refuse_not_begun(others, begin, now)
        _refuse_ahead(others, terms, begin, now)
        if valid_to is None:
            end = min([end, *(row.valid_from for row in others if row.valid_from > begin)])
        _refuse_held(others, begin, end)
        lacking = _lacking(person, terms, now, by_exception, reason)
        row = Certificate(
            number=number, person=person, tier=tier, duties=covered, valid_from=begin, valid_to=end,
            granted_by=actor, granted_at=now, rule_version=terms.citation, missing=lacking,
            examined_on=tierselectors.examined_on(person, terms, now),
            state=CertificateState.PROPOSED if lacking else CertificateState.CERTIFIED,
        )  # fmt: skip
        payload = row._payload() | {"valid_from": begin.isoformat(), "valid_to": end.isoformat()}
        event = "certificate.proposed" if lacking else "certificate.granted"
        return moves.create(
            row, actor=actor, now=now, event=event, payload=payload, reason=reason, rule_version=terms.citation
        )  # fmt: skip


def _refuse_people(person: User, actor: Any) -> None:
    if not actor.has_perm(CERTIFY):
        raise NotPermitted()
    if person.pk == actor.pk:
        raise DomainError(_("Nobody certifies himself."), "own_certificate")
    if not person.is_staff:
        raise DomainError(_("Only people of the department are certified."), "not_staff")


def _terms(tier: Tier, now: datetime) -> TierVersion:
    terms: TierVersion | None = (
        TierVersion.objects.in_force(now).filter(tier=tier).order_by("-number").first()
    )
    if terms is None:
        raise DomainError(_("No version of this tier is in force."), "no_terms")
    return terms


def _end(terms: TierVersion, begin: datetime, wanted: datetime | None, now: datetime) -> datetime:
    """The end of a new certificate; a temporary tier cuts it."""
    latest = terms.latest_end
    if latest is not None and ((wanted is not None and wanted > latest) or latest <= max(begin, now)):
        words = {"end": selectors.day_of(latest - timedelta(seconds=1))}
        raise DomainError(
            _("This tier is temporary: its certificates end on %(end)s at the latest.") % words, "temporary"
        )
    end = wanted or selectors.end_of(begin, terms.valid_months)
    end = min(end, latest) if latest is not None else end
    if end <= begin or end <= now:
        raise DomainError(_("A certificate ends after it begins, and not in the past."), "period")
    return end


def _duties(terms: TierVersion, wanted: Sequence[str]) -> list[str]:
    """None wanted: everything that the tier covers."""
    chosen = sorted(set(wanted) or set(terms.duties))
    if terms.duties and not set(chosen) <= set(terms.duties):
        words = {"duties": tierpages.duty_names(terms.duties)}
        raise DomainError(_("Certificates of this tier cover only: %(duties)s.") % words, "too_wide")
    return chosen


def _lacking(person: User, terms: TierVersion, now: datetime, by_exception: bool, reason: str) -> list[str]:
    """What is missing, for the record; refused unless an exception is asked for with a reason.

    Hours of onboarding keep nobody from a certificate, but from work: an exception covers them too.
    """
    missing = tierrules.missing(tierselectors.points_of(person, terms, now))
    if by_exception and (new := selectors.onboarding_gap(person, now)):
        missing.append(tierrules.Point(Asked.ONBOARDING, new.done, new.needed, met=False))
    if not missing:
        return []
    if not by_exception:
        words = {"points": tierpages.listed_points(missing)}
        text = _("Missing: %(points)s. Make it up, or propose an exception that a second person confirms.")
        raise DomainError(text % words, "missing")
    if not reason.strip():
        raise DomainError(_("Say why: the person and the auditor read it."), "reason_missing")
    return [tierpages.recorded(one) for one in missing]


def _others(person: User, tier: Tier, duties: Sequence[str]) -> list[Certificate]:
    """Certificates of the tier that speak about one of these duties and are not over for good."""
    rows = Certificate.objects.filter(person=person, tier=tier, state__in=[*LIVE, "suspended", "proposed"])
    return [row for row in rows if not row.duties or not duties or set(row.duties) & set(duties)]


def _refuse_not_begun(others: Sequence[Certificate], begin: datetime, now: datetime) -> None:
    """One renewal at a time: years stacked on one another would be granted on what nobody asks again."""
    for row in others:
        if now < row.valid_from < begin:
            words = {"number": row.number, "day": selectors.day_of(row.valid_from)}
            text = _(
                "%(number)s begins on %(day)s only. Whoever holds it is certified further once it has begun."
            )
            raise DomainError(text % words, "not_begun")


def _refuse_ahead(others: Sequence[Certificate], terms: TierVersion, begin: datetime, now: datetime) -> None:
    """Nor backwards: it begins no later than where the running one ends, or within one term where none runs."""
    ends = [row.valid_to for row in others if row.valid_from <= now < row.valid_to]
    latest = max(ends) if ends else selectors.end_of(now, terms.valid_months)
    if begin > latest:
        words = {"day": selectors.day_of(latest)}
        raise DomainError(_("It begins on %(day)s at the latest.") % words, "too_far_ahead")


def _refuse_held(others: Sequence[Certificate], begin: datetime, end: datetime) -> None:
    """A renewal begins where the old one ends; two that say the same would hide which one counts."""
    for row in others:
        if row.valid_from < end and row.valid_to > begin:
            words = {"number": row.number}
            raise DomainError(_("%(number)s covers this time already.") % words, "held_already")


def certificate_renew(
    *, certificate: Certificate, actor: Any, now: datetime, reason: str = "", by_exception: bool = False
) -> Certificate:
    """The next certificate of the same tier and duties, from the end of this one on, or at once after its end.

    One that has not begun is not renewed. Everything that the tier asks for is asked again. Raises what a grant raises.
    """
    return certificate_grant(
        person=certificate.person, tier=certificate.tier, duties=certificate.duties, actor=actor, now=now,
        valid_from=max(certificate.valid_to, now), reason=reason, by_exception=by_exception,
    )  # fmt: skip


def check_terms(row: TierVersion) -> None:
    """A tier that nobody can reach is refused while it is drafted: what it names exists, a temporary one is narrow.

    Raises ``unknown_course`` (and exam, rubric), ``temporary_wide``, ``scores``.
    """
    for codes, model, code in (
        (row.courses, Course, "unknown_course"), (row.exams, Exam, "unknown_exam"),
        (row.rubrics, Rubric, "unknown_rubric"),
    ):  # fmt: skip
        known = set(model.objects.filter(code__in=codes).values_list("code", flat=True)) if codes else set()
        if unknown := sorted(set(codes) - known):
            words = {"codes": listed(unknown)}
            raise DomainError(_("These codes are not known: %(codes)s.") % words, code)
    if row.is_temporary and not row.duties:
        raise DomainError(_("A temporary tier names the duties that it covers."), "temporary_wide")
    for value, highest in ((row.satisfaction, 5), (row.inspection, 100)):
        if value is not None and not 0 <= value <= highest:
            words = {"highest": str(highest)}
            raise DomainError(_("This score lies between 0 and %(highest)s.") % words, "scores")


def recertify_sweep(*, actor: Any, now: datetime) -> int:
    """Calls up whoever was examined on a version that a newer one replaced: his certificate ends earlier (R1.2).

    The new end is so many days after the new version came into force as the tier says (``recertify_days``), and
    never less than that from now. Once for each certificate; a certificate that ends before stays as it is.
    """
    called = 0
    for row, replaced, days in tierselectors.replaced(now):
        by = selectors.midnight_after(max(replaced, now), days)
        if by >= row.valid_to:
            continue
        payload = row._payload() | {"by": by.isoformat(), "was": row.valid_to.isoformat()}
        with suppress(Busy, Conflict):  # whoever changes it meanwhile has it; the next sweep looks again
            registers.save(
                row, actor=actor, now=now, event="certificate.called_up", payload=payload, version=row.version,
                recertify_by=by, valid_to=by,
            )  # fmt: skip
            called += 1
    return called
