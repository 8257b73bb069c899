"""Consequence rules: drafted by one person, announced by another, in force after the time of notice."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from aftersales.core import jobs, registers
from aftersales.core.errors import DomainError
from aftersales.merchants.models import Merchant
from aftersales.scorecards import consequences
from aftersales.scorecards.consequenceterms import check_new
from aftersales.scorecards.models import ConsequenceRule, ConsequenceVersion
from aftersales.scorecards.services.announcing import tell_merchants, with_a_day
from aftersales.standards import services as rule_book
from aftersales.standards.announcing.services import Announced, version_activate, version_draft
from training.models import Course

TERMS = ("terms", "source_ref", "source_zh", "source_en", "note_zh", "note_en")
ANNOUNCE, TOLD = "scorecards.announce_consequence", "scorecards.consequence_rule"


def consequence_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime
) -> ConsequenceRule:
    """Open a rule; nothing follows from it until a version of it is in force. Raises ``code_taken``."""
    rule_book.require(actor, rule_book.DRAFT)
    created: ConsequenceRule = registers.create_coded(
        ConsequenceRule(code=code, name_zh=name_zh, name_en=name_en),
        taken=_("A rule of this code exists already."), actor=actor, now=now, event="consequence_rule.created",
    )  # fmt: skip
    return created


def consequence_draft(
    *, rule: ConsequenceRule, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> ConsequenceVersion:
    """Draft the next version, or correct the waiting draft.

    Raises ``no_terms``, ``wrong_terms``, ``unknown_metric``, ``no_course``.
    """
    row: ConsequenceVersion = version_draft(
        CONSEQUENCE, rule=rule, actor=actor, now=now, reason=reason, **terms
    )
    return row


def check(version: ConsequenceVersion) -> None:
    """A version that nobody could follow is refused."""
    terms = consequences.terms_of(version)
    check_new(terms)
    wanted = {one.course for one in terms.steps if one.course}
    for code in sorted(wanted - set(Course.objects.filter(code__in=wanted).values_list("code", flat=True))):
        raise DomainError(_("There is no course “%(code)s”.") % {"code": code}, "no_course")


def _announce_later(version: ConsequenceVersion, now: datetime) -> None:
    if Merchant.objects.exists():
        jobs.enqueue(ANNOUNCE, key=f"{ANNOUNCE}:{version.pk}", payload={"version": version.pk}, now=now)


CONSEQUENCE = Announced(
    versions=ConsequenceVersion, terms=TERMS, check=check, tell=_announce_later,
    earliest=lambda version, now: consequences.earliest(now), begins=with_a_day(_("A rule begins with a day.")),
)  # fmt: skip


def consequence_activate(
    *, draft: ConsequenceVersion, actor: Any, now: datetime, valid_from: datetime | None = None,
    reason: str = "", seen: int | None = None,
) -> ConsequenceVersion:  # fmt: skip
    """Announce a draft and bring it into force with a day, after the time of notice (second person).

    Every merchant is told, once. Raises ``not_a_day`` and those of ``version_activate``.
    """
    done: ConsequenceVersion = version_activate(
        CONSEQUENCE, draft=draft, actor=actor, now=now, valid_from=valid_from, reason=reason, seen=seen
    )
    return done


def consequence_announce(*, version: ConsequenceVersion, actor: Any, now: datetime) -> int:
    """Tell every merchant who does not know it yet; how many."""
    return tell_merchants(TOLD, version, version.rule, key=ANNOUNCE, actor=actor, now=now)
