"""Every write about agreements: templates, their versions, and what owners answer (R6.6, S(三))."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, registers
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.rulebook import RuleState
from aftersales.merchants import agreementselectors
from aftersales.merchants.agreementrules import Clause, as_stored, check
from aftersales.merchants.agreementstates import Answer, ChangeSize
from aftersales.merchants.duties import declared
from aftersales.merchants.models import Agreement, AgreementAnswer, AgreementVersion, Merchant, MerchantMember
from aftersales.merchants.states import MemberRole
from aftersales.standards import services as rule_book
from aftersales.standards.announcing.services import Announced, version_activate, version_draft
from aftersales.standards.models import ServiceStandard

ACCEPT = "merchants.accept_agreement"
TERMS = (
    "size", "preamble_zh", "preamble_en", "clauses", "source_ref", "source_zh", "source_en", "note_zh", "note_en",
)  # fmt: skip
OWN_SOURCE = {
    "source_ref": "R6.6 · S(三)",
    "source_zh": "在入驻协议中清晰界定商家的售后义务、服务标准及违规处理措施。",
    "source_en": "The agreement states the merchant's after-sales duties, service standards and what breaches lead to.",
}
LONGEST_WORDS = 1000


def agreement_create(
    *, code: str, name_zh: str, name_en: str, actor: Any, now: datetime, category: str = "",
    merchant: Merchant | None = None,
) -> Agreement:  # fmt: skip
    """Open a template; it asks nobody before a version of it is announced.

    One for every merchant, one for each main category, one for each merchant. Errors: not_permitted, names,
    agreement_taken.
    """
    rule_book.require(actor, rule_book.DRAFT)
    if not name_zh.strip() or not name_en.strip():
        raise DomainError(_("Give the agreement a name in both languages."), "names")
    row = Agreement(
        code=code,
        name_zh=name_zh.strip(),
        name_en=name_en.strip(),
        category=category.strip(),
        merchant=merchant,
    )
    taken = _("There is such an agreement already: each code, each category and each merchant has one.")
    try:
        with transaction.atomic():
            return registers.create(
                row, actor=actor, now=now, event="agreement.created", payload={"code": code}
            )
    except IntegrityError as error:
        raise DomainError(taken, "agreement_taken") from error


def agreement_draft(
    *, agreement: Agreement, label: str, actor: Any, now: datetime, reason: str = "",
    clauses: Sequence[Clause] | None = None, **terms: Any,
) -> AgreementVersion:  # fmt: skip
    """Draft the next version, or correct the waiting draft. Errors: not_permitted, label, and those of ``check``."""
    if clauses is not None:
        terms["clauses"] = as_stored(clauses)
    terms["label"] = label.strip()[:40]
    row: AgreementVersion = version_draft(
        AGREEMENT, rule=agreement, actor=actor, now=now, reason=reason, **terms
    )
    return row


def version_check(row: AgreementVersion) -> None:
    """Terms that somebody can follow. Raises label, size, standard, counted, and those of ``agreementrules.check``."""
    if not row.label:
        raise DomainError(_("Give the version a label, as it stands on paper: 2026-2."), "label")
    others = AgreementVersion.objects.filter(agreement=row.agreement_id, label=row.label).exclude(pk=row.pk)
    if others.exists():
        raise DomainError(_("The label “%(label)s” is taken.") % {"label": row.label}, "label")
    if row.size not in ChangeSize.values:
        raise DomainError(_("Say how deep the change goes."), "size")
    said = row.said
    check(row.preamble_zh, row.preamble_en, said)
    wanted = {one.standard for one in said if one.standard}
    known = set(ServiceStandard.objects.filter(code__in=wanted).values_list("code", flat=True))
    if missing := sorted(wanted - known):
        raise DomainError(_("There is no standard “%(code)s”.") % {"code": missing[0]}, "standard")
    if missing := sorted({one.counted for one in said if one.counted} - set(declared())):
        raise DomainError(_("Nothing counts “%(code)s”.") % {"code": missing[0]}, "counted")


AGREEMENT = Announced(
    versions=AgreementVersion, terms=TERMS, first=OWN_SOURCE, check=version_check,
    earliest=lambda version, now: agreementselectors.announced_until([version], now)[version.pk],
)  # fmt: skip


def agreement_activate(
    *, draft: AgreementVersion, actor: Any, now: datetime, valid_from: datetime | None = None,
    seen: int | None = None,
) -> AgreementVersion:  # fmt: skip
    """Announce a draft (second person): its text is fixed, whom it concerns is asked, it binds from ``valid_from``.

    Raises not_consulted, still_open, unanswered, beside_the_book, and those of ``version_activate``.
    """
    done: AgreementVersion = version_activate(
        AGREEMENT, draft=draft, actor=actor, now=now, valid_from=valid_from, seen=seen
    )
    return done


def agreement_answer(
    *, merchant: Merchant, version: AgreementVersion, answer: str, seen: str, actor: Any, now: datetime,
    words: str = "",
) -> AgreementAnswer:  # fmt: skip
    """An owner accepts or declines the text of which he saw the fingerprint ``seen``; written once, for ever.

    The same answer again is the first one. Errors: not_permitted (not an owner of this merchant), answer, not_asked,
    text_changed, accepted_already, words (who declines says why).
    """
    if answer not in Answer.values:
        raise DomainError(_("Accept or decline."), "answer")
    said = words.strip()[:LONGEST_WORDS]
    if answer == Answer.DECLINED and not said:
        raise DomainError(_("Say why you decline; your contact at the platform reads it."), "words")
    with transaction.atomic():
        shop: Merchant = Merchant.objects.select_for_update().get(pk=merchant.pk)
        _owner_only(shop, actor)
        given: dict[str, AgreementAnswer] = {
            one.answer: one for one in AgreementAnswer.objects.filter(merchant=shop, version=version)
        }
        if answer in given:
            return given[answer]
        if Answer.ACCEPTED in given:
            raise DomainError(_("This version was accepted already; that stands."), "accepted_already")
        row = _asked(shop, version, seen)
        made = AgreementAnswer(
            merchant=shop, version=row, answer=answer, sha256=row.sha256, by_id=actor.pk,
            by_name=str(actor)[:150], words=said if answer == Answer.DECLINED else "", at=now,
        )  # fmt: skip
        made.save(force_insert=True)
        _tell(shop, row, answer, actor, now)
    return made


def _owner_only(merchant: Merchant, actor: Any) -> None:
    owners = MerchantMember.objects.filter(merchant=merchant, active_to=None, role=MemberRole.OWNER)
    if not actor.has_perm(ACCEPT) or not owners.filter(user_id=actor.pk).exists():
        raise NotPermitted()


def _asked(merchant: Merchant, version: AgreementVersion, seen: str) -> AgreementVersion:
    row: AgreementVersion = AgreementVersion.objects.select_related("agreement").get(pk=version.pk)
    if row.state != RuleState.ACTIVE or not agreementselectors.concerns(row.agreement, merchant):
        raise DomainError(_("You are not asked to accept this version (any more)."), "not_asked")
    if seen != row.sha256 or not row.is_whole:
        raise DomainError(
            _("This is not the text that you were shown. Open the agreement again and read it."),
            "text_changed",
        )
    return row


def _tell(merchant: Merchant, version: AgreementVersion, answer: str, actor: Any, now: datetime) -> None:
    """On the merchant's record; the general agreement also stands in the register by its label."""
    kind = "merchant.agreement_accepted" if answer == Answer.ACCEPTED else "merchant.agreement_declined"
    payload = {
        "agreement": version.agreement.code, "label": version.label, "number": version.number,
        "fingerprint": version.sha256,
    }  # fmt: skip
    general = version.agreement.merchant_id is None and not version.agreement.category
    if answer == Answer.ACCEPTED and general and merchant.agreement != version.label:
        registers.save(merchant, actor=actor, now=now, event=kind, payload=payload, agreement=version.label)
    else:
        events.record(kind, subject=merchant, actor=actor, now=now, payload=payload)
