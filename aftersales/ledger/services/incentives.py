"""Writes of incentive rules: drafted, announced by a second person, raised into proposals once a month (R6.5, R6.8)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import events, registers
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.core.rulebook import RuleState
from aftersales.ledger import figureterms, incentives, raisers, selectors
from aftersales.ledger.incentiverules import Result, check
from aftersales.ledger.incentivestates import PROPOSED_AS, Consequence
from aftersales.ledger.models import IncentiveRule, IncentiveVersion, Raised, Scheme
from aftersales.ledger.services.announcing import announce_later
from aftersales.ledger.services.onefact import facts_hold
from aftersales.ledger.services.proposing import propose
from aftersales.ledger.states import Party
from aftersales.standards import services as rule_book
from aftersales.standards.announcing.services import Announced, version_activate, version_draft

TERMS = (
    "trigger", "duties", "categories", "unit", "amount", "cap", "measure", "from_count", "scheme_id", "terms",
    "source_ref", "source_zh", "source_en", "note_zh", "note_en",
)  # fmt: skip


def scheme_register(
    *, title: str, adopted_on: date, record_number: str, file: StoredFile, actor: Any, now: datetime
) -> Scheme:
    """Keep what was adopted with staff: day, record number, the signed acknowledgement. Needs ``standards.draft``.

    The same sheet under the same record number answers the first; the database is the judge of two at once. Raises
    ``scheme_incomplete``, ``in_the_future`` and ``scheme_taken`` (the number stands for something else).
    """
    rule_book.require(actor, rule_book.DRAFT)
    number, name = record_number.strip()[:60], title.strip()[:120]
    if not number or not name:
        raise DomainError(_("A scheme has a title and the number of its record."), "scheme_incomplete")
    if adopted_on > now.astimezone(incentives.month_start(adopted_on).tzinfo).date():
        raise DomainError(_("A scheme is registered once it was adopted."), "in_the_future")
    row = Scheme(
        title=name, adopted_on=adopted_on, record_number=number, by=actor, at=now, name=file.name,
        original_name=file.original_name, content_type=file.content_type, size=file.size, sha256=file.sha256,
    )  # fmt: skip
    try:
        created: Scheme = registers.create(
            row, actor=actor, now=now, event="incentive_scheme.registered",
            payload={"record": number, "day": adopted_on.isoformat(), "fingerprint": file.sha256},
        )  # fmt: skip
    except IntegrityError:
        known = Scheme.objects.filter(record_number=number).first()
        if known is None:
            raise
        return _same_scheme(known, row)
    return created


def _same_scheme(known: Scheme, sent: Scheme) -> Scheme:
    """The first one, where the second says the same; never a sheet that is silently left out."""
    if (known.adopted_on, known.sha256) != (sent.adopted_on, sent.sha256):
        words = {"number": known.record_number, "title": known.title, "day": known.adopted_on}
        text = _(
            "The record %(number)s is registered already: %(title)s, adopted on %(day)s. Correct the number, or use"
            " the registered one."
        )
        raise DomainError(text % words, "scheme_taken")
    return known


def incentive_create(
    *, code: str, name_zh: str, name_en: str, party: str, consequence: str, actor: Any, now: datetime
) -> IncentiveRule:
    """Open a rule; nothing follows from it until a version of it is in force. Raises ``code_taken``."""
    rule_book.require(actor, rule_book.DRAFT)
    row = IncentiveRule(
        code=code, name_zh=name_zh, name_en=name_en, party=Party(party), consequence=Consequence(consequence)
    )
    return registers.create_coded(
        row,
        taken=_("A rule of this code exists already."),
        actor=actor,
        now=now,
        event="incentive_rule.created",
    )


SHIPPED = (
    "trigger", "unit", "measure", "from_count", "duties", "categories", "source_ref", "source_zh", "source_en", "terms",
)  # fmt: skip


def incentives_ship(*, rules: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> int:
    """Shipped rules that are not there yet, merchants' announced unless they are told to wait as a draft; how many."""
    known = set(IncentiveRule.objects.values_list("code", flat=True))
    fresh = [one for one in rules if one["code"] not in known]
    with transaction.atomic():
        for one in fresh:
            rule = incentive_create(
                code=one["code"], name_zh=one["name_zh"], name_en=one["name_en"], party=one["party"],
                consequence=one["consequence"], actor=actor, now=now,
            )  # fmt: skip
            terms = {name: one[name] for name in SHIPPED if name in one}
            terms |= {name: Decimal(one[name]) for name in ("amount", "cap") if name in one}
            draft = incentive_draft(rule=rule, actor=actor, now=now, is_shipped=True, **terms)
            if rule.party == Party.MERCHANT and not one.get("is_draft"):
                incentive_activate(draft=draft, actor=actor, now=now)
    return len(fresh)


INCENTIVE = Announced(
    versions=IncentiveVersion, terms=TERMS, check=check, earliest=incentives.earliest, tell=announce_later
)


def incentive_draft(
    *, rule: IncentiveRule, actor: Any, now: datetime, reason: str = "", **terms: Any
) -> IncentiveVersion:
    """Draft the next version, or correct the waiting draft. Raises those of ``check``."""
    row: IncentiveVersion = version_draft(INCENTIVE, rule=rule, actor=actor, now=now, reason=reason, **terms)
    return row


def drafts_take(rows: Sequence[Mapping[str, Any]], actor: Any, now: datetime) -> list[int]:
    """Rows of a sheet as drafts: the next version of each rule, or its waiting draft corrected; all of them or none."""
    rules = IncentiveRule.objects.in_bulk([row["code"] for row in rows])
    with transaction.atomic():
        return [
            incentive_draft(
                rule=rules[row["code"]], actor=actor, now=now, reason=row.get("change_reason") or "", **_told(row)
            ).pk
            for row in rows
        ]  # fmt: skip


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says; an empty cell leaves what stands. A rule that hangs on events has no terms of a figure."""
    columns = {"scheme_id": "scheme"} | {name: name for name in TERMS if name not in ("scheme_id", "terms")}
    told = {term: row[name] for term, name in columns.items() if row.get(name) is not None}
    if told.get("trigger") and raisers.gauge_of(told["trigger"]) is None:
        return told | {"terms": {}}
    if terms := figureterms.kept({name: row.get(f"figure_{name}") for name in figureterms.FIELDS}):
        versions = IncentiveVersion.objects.filter(rule=row["code"])
        stands = versions.filter(state=RuleState.DRAFT).first() or rule_book.newest(versions)
        told["terms"] = (dict(stands.terms) if stands is not None else {}) | terms
    return told


def incentive_activate(
    *, draft: IncentiveVersion, actor: Any, now: datetime, valid_from: datetime | None = None,
    reason: str = "", seen: int | None = None,
) -> IncentiveVersion:  # fmt: skip
    """Announce a draft and bring it into force with a month, after the time of notice (second person).

    Everybody in its scope is told, once. Raises ``no_scheme``, ``not_a_month`` and those of ``version_activate``.
    """
    begin = valid_from or incentives.earliest(draft, now)
    if begin != incentives.month_start(selectors.month_of(begin)):
        raise DomainError(
            _("A rule begins with the first day of a month, so that it judges whole months."), "not_a_month"
        )
    done: IncentiveVersion = version_activate(
        INCENTIVE, draft=draft, actor=actor, now=now, valid_from=begin, reason=reason, seen=seen
    )
    return done


def incentives_raise(*, month: date, actor: Any, now: datetime) -> int:
    """Make the proposals of a month that is over, each (party, month, rule) once; how many are new.

    Each party's is one transaction: killed halfway, the next run goes on where it stopped. Nobody is proposed for by
    himself: a rule acts as the system. Raises ``month_runs``.
    """
    events.require_actor(actor, "ledger.raise")
    if now < selectors.month_end(month):
        raise DomainError(_("A month is judged when it is over."), "month_runs")
    return sum(
        _raise(version, one, month, actor, now)
        for version in incentives.in_month(month)
        for one in incentives.judged(version, month)
    )


def incentives_propose(
    *, version: IncentiveVersion, results: Sequence[Result], month: date, actor: Any, now: datetime
) -> int:
    """Make the proposals of a rule that hangs on a figure, each (party, month, rule) once; how many are new.

    Each party's is one transaction, as with those that hang on events. Raises ``month_runs``.
    """
    events.require_actor(actor, "ledger.raise")
    if now < selectors.month_end(month):
        raise DomainError(_("A month is judged when it is over."), "month_runs")
    return sum(_raise(version, one, month, actor, now) for one in results)


def _raise(version: IncentiveVersion, one: Result, month: date, actor: Any, now: datetime) -> bool:
    key = {"rule": version.rule, "party": version.rule.party, "party_id": one.party_id, "month": month}
    if Raised.objects.filter(**key).exists():
        return False
    try:
        with transaction.atomic():
            if version.rule.party == Party.MERCHANT:
                facts_hold(one.party_id)
                if raisers.is_taken(version, one.party_id, month, one.references):
                    return False  # a measure came first: what is left leads to nothing in this month
            row = Raised(
                **key,
                citation=version.citation,
                times=one.times,
                amount=one.amount,
                events=list(one.references),
                at=now,
            )
            row.save(force_insert=True)
            _propose(version, one, row, actor, now)
    except IntegrityError:
        if not Raised.objects.filter(**key).exists():  # somebody raised the same at the same moment
            raise
        return False
    return True


def _propose(version: IncentiveVersion, one: Result, row: Raised, actor: Any, now: datetime) -> None:
    rule = version.rule
    terms: dict[str, Any] = {"month": f"{row.month:%Y-%m}", "times": one.times}
    if one.amount is not None:
        terms |= {"base": str(version.amount), "counted": str(one.counted), "cap": str(version.cap)}
    if one.told:
        terms = {"month": terms["month"]} | dict(one.told)
    propose(
        kind=PROPOSED_AS[rule.consequence, rule.party], party=(rule.party, one.party_id), amount=one.amount,
        unit=version.unit, measure=one.measure or version.measure, fact_code=version.trigger, citation=version.citation,
        source=("ledger.raised", row.pk), actor=actor, now=now, calculation=terms,
        evidence=evidence_of(one.references),
    )  # fmt: skip


def evidence_of(references: Sequence[int], most: int = 50) -> list[str]:
    """The events it rests on, as references; the whole list stands with the month."""
    return [f"event:{key}" for key in references[:most]]
