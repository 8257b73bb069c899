"""Answers about agreements: what concerns a merchant, what he accepted and when, how he stands. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from aftersales.core.errors import Refusal
from aftersales.core.rulebook import RuleState
from aftersales.standards import selectors as rule_book
from aftersales.standards.consulting.selectors import not_talked_over

from .agreementrules import Clause
from .agreementstates import ANNOUNCED, Answer, ChangeSize, Standing
from .models import Agreement, AgreementAnswer, AgreementVersion, Merchant
from .states import MerchantState

BINDS = frozenset(MerchantState) - {MerchantState.CLOSED}
"""Who agrees: also who applies, before he sells. The platform's own shops keep the same duties and sign nothing."""


# ------------------------------------------------------------------------------------------- facts for the door
def announced_until(rows: Sequence[AgreementVersion], now: datetime) -> dict[int, datetime]:
    """Fact: before which moment a version announced now cannot come into force.

    What is new as a whole may at once; no version overtakes one that is announced for a later day.
    """
    begun = _announced_before(rows)
    return {
        row.pk: max(now + rule_book.duration(ANNOUNCED[ChangeSize(row.size)], now), begun[row.agreement_id])
        if row.agreement_id in begun
        else now
        for row in rows
    }


def _announced_before(rows: Sequence[AgreementVersion]) -> dict[int, datetime]:
    """Agreements of which something was announced before, with the last day from which a version of it is in force."""
    found = AgreementVersion.objects.announced().filter(agreement__in=[row.agreement_id for row in rows])
    return dict(found.order_by().values_list("agreement").annotate(Max("valid_from")))


def not_consulted(rows: Sequence[AgreementVersion], now: datetime) -> dict[int, list[Refusal]]:
    """Fact: a public agreement that changes was open for comments; what one merchant signs alone is not."""
    known = _announced_before(rows)
    public = set(
        Agreement.objects.filter(pk__in=[row.agreement_id for row in rows], merchant=None).values_list(
            "pk", flat=True
        )
    )
    asked = [row for row in rows if row.agreement_id in known and row.agreement_id in public]
    return {row.pk: [] for row in rows} | not_talked_over(asked, now)


def beside_the_book(rows: Sequence[AgreementVersion], now: datetime) -> dict[int, list[Refusal]]:
    """Fact: clauses that name no standard, or another time than the rule book has in force or announced."""
    return {row.pk: [Refusal("beside_the_book", one) for one in differences(row, now)] for row in rows}


def differences(version: AgreementVersion, now: datetime) -> list[str]:
    """Where the agreement and the rule book part, in sentences. One look into the rule book."""
    book = rule_book.book()
    found = []
    for number, clause in enumerate(version.said, 1):
        if not clause.standard:
            continue
        names = {"number": number, "name": book.name_of(clause.standard)}
        said = _said_by_the_book(clause.standard, now, book)
        if said is None:
            words = _("Clause %(number)s: no version of the standard “%(name)s” is in force.")
            found.append(words % names)
        elif said != (clause.limit_value, clause.limit_unit):
            names |= {"ours": limit_of(clause), "book": rule_book.limit_words(*said)}
            words = _("Clause %(number)s says %(ours)s, the rule book says %(book)s for “%(name)s”.")
            found.append(words % names)
    return found


def _said_by_the_book(code: str, now: datetime, book: rule_book.Book) -> tuple[int, str] | None:
    """The limit of the newest version in force or announced: the one that will go on to count."""
    rows = [
        one
        for one in book.versions
        if one.standard.code == code and one.state == RuleState.ACTIVE and one.promotion_id is None
    ]
    newest = max(rows, key=lambda one: one.number, default=None)
    return (newest.limit_value, newest.limit_unit) if newest is not None else None


def limit_of(clause: Clause) -> str:
    """The time agreed on, in words; empty for a clause without one."""
    return rule_book.limit_words(clause.limit_value, clause.limit_unit) if clause.standard else ""


# ------------------------------------------------------------------------------------------- one merchant
@dataclass(frozen=True)
class Asked:
    """One agreement as a merchant stands to it.

    ``asked``: the newest version announced; ``bound``: the accepted one that is in force for him, if any;
    ``accepted``/``declined``: his answers to ``asked``.
    """

    agreement: Agreement
    asked: AgreementVersion
    bound: AgreementVersion | None
    accepted: AgreementAnswer | None
    declined: AgreementAnswer | None
    standing: Standing

    @property
    def is_open(self) -> bool:
        return self.standing not in (Standing.ACCEPTED, Standing.NOTHING)


def concerns(agreement: Agreement, merchant: Merchant) -> bool:
    """Whether this agreement is his."""
    if agreement.merchant_id is not None:
        return bool(agreement.merchant_id == merchant.pk)
    return agreement.category in ("", merchant.main_category)


def of_merchants(merchants: Sequence[Merchant], now: datetime) -> Mapping[int, list[Asked]]:
    """For each of these merchants what he is asked to agree to, the general one first. Two queries for any number."""
    if not merchants:
        return {}
    agreements = Agreement.objects.for_merchants(merchants)
    versions = list(
        AgreementVersion.objects.announced()
        .filter(agreement__in=agreements)
        .select_related("agreement")
        .order_by("agreement_id", "number")
    )
    answers = AgreementAnswer.objects.filter(merchant__in=[one.pk for one in merchants]).order_by("at", "pk")
    said: dict[int, list[AgreementAnswer]] = {}
    for answer in answers:
        said.setdefault(answer.merchant_id, []).append(answer)
    by_agreement: dict[int, list[AgreementVersion]] = {}
    for version in versions:
        by_agreement.setdefault(version.agreement_id, []).append(version)
    return {one.pk: _of_one(one, by_agreement.values(), said.get(one.pk, []), now) for one in merchants}


def _of_one(
    merchant: Merchant,
    agreements: Iterable[list[AgreementVersion]],
    answers: list[AgreementAnswer],
    now: datetime,
) -> list[Asked]:
    mine = [rows for rows in agreements if concerns(rows[0].agreement, merchant)]
    mine.sort(key=lambda rows: (rows[0].agreement.merchant_id is not None, rows[0].agreement.category))
    return [
        found
        for rows in mine
        if (found := _asked(rows, answers, now, signs=not merchant.self_run)) is not None
    ]


def _asked(
    versions: list[AgreementVersion], answers: list[AgreementAnswer], now: datetime, *, signs: bool
) -> Asked | None:
    asked = next((one for one in reversed(versions) if one.state == RuleState.ACTIVE), None)
    if asked is None:
        return None
    accepted = {one.version_id: one for one in answers if one.answer == Answer.ACCEPTED}
    declined = {one.version_id: one for one in answers if one.answer == Answer.DECLINED}
    begun = [one for one in versions if one.valid_from and one.valid_from <= now]
    bound = next((one for one in reversed(begun) if one.pk in accepted), None)
    yes, no = accepted.get(asked.pk), declined.get(asked.pk)
    standing = _standing(asked, yes, no, now) if signs else Standing.NOTHING
    return Asked(asked.agreement, asked, bound, yes, no, standing)


def _standing(
    asked: AgreementVersion, yes: AgreementAnswer | None, no: AgreementAnswer | None, now: datetime
) -> Standing:
    if yes is not None:
        return Standing.ACCEPTED
    if no is not None:
        return Standing.DECLINED
    return Standing.OVERDUE if asked.valid_from and asked.valid_from <= now else Standing.WAITING


def unsigned(rows: Sequence[Merchant], now: datetime) -> dict[int, tuple[str, ...]]:
    """Of each merchant the agreements that are in force and that he has accepted in no version; own shops sign none."""
    found = of_merchants(rows, now)
    return {
        row.pk: tuple(
            f"{one.agreement.name} {one.asked.label}"
            for one in found.get(row.pk, [])
            if one.standing not in (Standing.ACCEPTED, Standing.NOTHING) and one.bound is None
        )
        for row in rows
    }


def worst(rows: Iterable[Asked]) -> Standing:
    """How a merchant stands to all of it together."""
    order = (Standing.DECLINED, Standing.OVERDUE, Standing.WAITING, Standing.ACCEPTED)
    found = {one.standing for one in rows}
    return next((one for one in order if one in found), Standing.NOTHING)


def clauses_binding(
    merchant: Merchant, now: datetime, asked: Sequence[Asked] | None = None
) -> list[tuple[AgreementVersion, int, Clause]]:
    """Every clause that obliges this merchant, with version and number: of what he accepted, else of what is in force.

    The law keeps who does not accept a change under the version before it until he leaves (电商法 §34). ``asked``: how
    he stands, where the caller knows it already.
    """
    rows = of_merchants([merchant], now).get(merchant.pk, []) if asked is None else asked
    return [
        (version, number, clause)
        for one in rows
        if (version := one.bound or _in_force(one, now)) is not None
        for number, clause in enumerate(version.said, 1)
        if clause.standard or clause.counted
    ]


def _in_force(one: Asked, now: datetime) -> AgreementVersion | None:
    """For who has accepted nothing: what is in force meanwhile, and for who declined it the version before."""
    rows = AgreementVersion.objects.announced().filter(agreement=one.agreement).select_related("agreement")
    if one.standing == Standing.DECLINED:
        rows = rows.filter(number__lt=one.asked.number)
    elif one.asked.applies_at(now):
        return one.asked
    else:
        rows = rows.in_force(now)
    found: AgreementVersion | None = rows.order_by("-number").first()
    return found


# ------------------------------------------------------------------------------------------- many merchants
def lines(viewer: Any, standing: str, now: datetime, *, manager: int | None = None) -> QuerySet[Merchant]:
    """Merchants of the list, by code; ``standing`` narrows it to who has still to answer, or declined."""
    rows: QuerySet[Merchant] = Merchant.objects.visible_to(viewer).filter(state__in=sorted(BINDS))
    if manager is not None:
        rows = rows.filter(manager=manager)
    if standing:
        rows = rows.filter(self_run=False)
    if standing in (Standing.WAITING, Standing.OVERDUE):
        due = ~Exists(_answers(Answer.ACCEPTED)) & ~Exists(_answers(Answer.DECLINED))
        begun = Q(valid_from__lte=now) if standing == Standing.OVERDUE else Q(valid_from__gt=now)
        rows = rows.filter(Exists(_asked_of_row().filter(due & begun)))
    elif standing == Standing.DECLINED:
        rows = rows.filter(
            Exists(
                _asked_of_row().filter(Exists(_answers(Answer.DECLINED)) & ~Exists(_answers(Answer.ACCEPTED)))
            )
        )
    elif standing == Standing.ACCEPTED:
        rows = rows.filter(~Exists(_asked_of_row().filter(~Exists(_answers(Answer.ACCEPTED)))))
    return rows.order_by("code")


def _asked_of_row() -> QuerySet[AgreementVersion]:
    """What the merchant of the outer row is asked to accept."""
    found: QuerySet[AgreementVersion] = AgreementVersion.objects.asked().filter(
        Q(agreement__merchant=None, agreement__category="")
        | Q(agreement__merchant=None, agreement__category=OuterRef("main_category"))
        | Q(agreement__merchant=OuterRef("pk"))
    )
    return found


def _answers(answer: str) -> QuerySet[AgreementAnswer]:
    found: QuerySet[AgreementAnswer] = AgreementAnswer.objects.filter(
        version=OuterRef("pk"), merchant=OuterRef(OuterRef("pk")), answer=answer
    )
    return found


def concerned(version: AgreementVersion) -> QuerySet[Merchant]:
    """Whom a version concerns."""
    agreement = version.agreement
    rows: QuerySet[Merchant] = Merchant.objects.filter(state__in=sorted(BINDS), self_run=False).order_by("pk")
    if agreement.merchant_id is not None:
        return rows.filter(pk=agreement.merchant_id)
    return rows.filter(main_category=agreement.category) if agreement.category else rows


def counts(version: AgreementVersion) -> tuple[int, int, int]:
    """Of a version: whom it concerns, who accepted, who declined and has not accepted since. Three counts."""
    shops = concerned(version)
    answers = AgreementAnswer.objects.filter(version=version, merchant__in=shops.order_by().values("pk"))
    yes = answers.filter(answer=Answer.ACCEPTED)
    no = answers.filter(answer=Answer.DECLINED).exclude(merchant__in=yes.values("merchant"))
    return shops.count(), yes.count(), no.count()


def agreement_name(code: str) -> str:
    """Its name in the reader's language; empty for what is no agreement."""
    found = Agreement.objects.filter(code=code).first()
    return found.name if found is not None else ""
