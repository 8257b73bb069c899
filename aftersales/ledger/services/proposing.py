"""Proposals: what a party shall pay or get, once per fact; nothing is posted here."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from aftersales.core import moves, series
from aftersales.core.errors import DomainError, NotPermitted
from aftersales.core.money import CENT, MAX_AMOUNT
from aftersales.ledger.incentivestates import MEASURES_OF
from aftersales.ledger.models import Proposal
from aftersales.ledger.states import DEAD, MAIN_KINDS, POINTS, AccountKind, Party, ProposalKind

CURRENCY = re.compile("[A-Z]{3}")


def propose(
    *,
    kind: str,
    party: models.Model | tuple[str, int],
    amount: Decimal | None,
    unit: str = "CNY",
    measure: str = "",
    fact_code: str,
    citation: str,
    source: models.Model | tuple[str, int],
    actor: Any,
    now: datetime,
    beneficiary: str = AccountKind.CONSUMER_PROTECTION,
    evidence: Sequence[str] = (),
    calculation: Mapping[str, Any] | None = None,
) -> Proposal:
    """Propose a penalty, an incentive, a deduction, a recovery or a measure; the same (kind, source) answers the first.

    ``party``: a merchant's or a person's row, or ``("merchant", pk)``. ``evidence``: references (public ids), never
    texts. ``calculation``: the terms of the amount, as codes and amounts. ``measure``: instead of an amount. A person
    never proposes for himself. Raises ``amount``, ``unit``, ``measure``, ``no_citation``, ``own_proposal``,
    ``one_consequence``; needs ``ledger.propose``.
    """
    if not actor.has_perm("ledger.propose"):
        raise NotPermitted()
    who, party_id = _party(party)
    _check(who, party_id, amount, measure, citation, actor)
    _check_unit(kind, unit)
    source_kind, source_id = _source(source)
    known = Proposal.objects.filter(kind=kind, source_kind=source_kind, source_id=source_id)
    first: Proposal | None = known.first()
    if first is not None:
        return first
    row = Proposal(
        number=series.next_number("proposal", now), kind=ProposalKind(kind), party=who, party_id=party_id, unit=unit,
        merchant_id=party_id if who == Party.MERCHANT else None, amount=amount, measure=measure,
        beneficiary=AccountKind(beneficiary), fact_code=fact_code, citation=citation,
        calculation=dict(calculation or {}), evidence=list(evidence), source_kind=source_kind, source_id=source_id,
        proposed_by_id=actor.pk, proposed_at=now,
    )  # fmt: skip
    payload = row.told() | {"sort": str(row.kind), "party": who, "party_id": party_id}
    try:
        with transaction.atomic():
            made: Proposal = moves.create(
                row, actor=actor, now=now, event="proposal.made", payload=payload, rule_version=citation[:80]
            )
            return made
    except IntegrityError:
        other: Proposal | None = known.first()  # somebody proposed the same at the same moment
        return other or _refuse_second(row)


def _refuse_second(row: Proposal) -> Proposal:
    """One fact has one main consequence (order 116 §27): points, measure and money are not piled up."""
    same = Proposal.objects.filter(
        source_kind=row.source_kind, source_id=row.source_id, party=row.party, party_id=row.party_id,
        kind__in=sorted(MAIN_KINDS),
    ).exclude(state__in=sorted(DEAD))  # fmt: skip
    if row.kind in MAIN_KINDS and (first := same.first()) is not None:
        raise DomainError(
            _("One fact has one consequence: %(number)s stands for it already. Withdraw that one first.")
            % {"number": first.number},
            "one_consequence",
        )
    raise  # noqa: PLE0704 - within the handler of the caller


def _check(
    party: str, party_id: int, amount: Decimal | None, measure: str, citation: str, actor: Any
) -> None:
    if measure and amount is not None:
        raise DomainError(_("A measure has no amount; an amount has no measure."), "amount")
    if measure and measure not in MEASURES_OF[party]:
        raise DomainError(_("There is no such measure for this party."), "measure")
    if not measure and not _is_amount(amount):
        raise DomainError(
            _("A proposal has an amount above zero, at most %(most)s, with at most two decimals.")
            % {"most": MAX_AMOUNT},
            "amount",
        )
    if not citation.strip():
        raise DomainError(_("A proposal names its rule."), "no_citation")
    if party == Party.PERSON and party_id == actor.pk:
        raise DomainError(_("Nobody proposes anything for or against himself."), "own_proposal")


def _is_amount(value: Decimal | None) -> bool:
    return (
        value is not None and value.is_finite() and 0 < value <= MAX_AMOUNT and value == value.quantize(CENT)
    )


def _check_unit(kind: str, unit: str) -> None:
    """A currency or points; what makes good money that is gone is money itself."""
    if unit != POINTS and not CURRENCY.fullmatch(unit):
        raise DomainError(_("The unit is a currency of three letters, or points."), "unit")
    if unit == POINTS and kind in (ProposalKind.LOSS, ProposalKind.RECOVERY):
        raise DomainError(_("A loss and a recovery are money; points never stand for it."), "unit")


def _party(party: models.Model | tuple[str, int]) -> tuple[str, int]:
    if isinstance(party, tuple):
        return str(Party(party[0])), int(party[1])
    kinds = {"merchants.merchant": Party.MERCHANT, "accounts.user": Party.PERSON}
    return str(kinds[party._meta.label_lower]), int(party.pk)


def _source(source: models.Model | tuple[str, int]) -> tuple[str, int]:
    return source if isinstance(source, tuple) else (str(source._meta.label_lower), int(source.pk))
