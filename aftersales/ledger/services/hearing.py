"""Due process: a party is told, may appeal, is heard by another person; only then something is posted (R6.8)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import system_user
from aftersales.core import moves
from aftersales.core.errors import DomainError
from aftersales.core.files import StoredFile
from aftersales.ledger import chart, clauses, words
from aftersales.ledger.chart import Line, Ref
from aftersales.ledger.models import Journal, Proposal, ProposalFile
from aftersales.ledger.rules import amount_words
from aftersales.ledger.services import posting
from aftersales.ledger.states import (
    POINTS,
    AccountKind,
    EntryKind,
    Fallen,
    FilePurpose,
    Measure,
    Party,
    ProposalKind,
    ProposalState,
    Shortage,
)
from aftersales.merchants.models import Merchant
from aftersales.notices.services import notice_send
from aftersales.standards.selectors import duration

WINDOW = "proposal_appeal_days"
LONGEST = 4000
MOST_FILES = 10  # with one appeal
ENTRIES: Mapping[str, str] = {
    ProposalKind.PENALTY: EntryKind.PENALTY,
    ProposalKind.DEDUCTION: EntryKind.PENALTY,
    ProposalKind.INCENTIVE: EntryKind.INCENTIVE,
    ProposalKind.RECOVERY: EntryKind.RECOVERY,
    ProposalKind.LOSS: EntryKind.RECOVERY,
}


def proposal_notify(*, proposal: Proposal, actor: Any, now: datetime) -> Proposal:
    """Tell the party fact, clause, calculation and until when it can appeal. Needs ``ledger.notify``."""
    with transaction.atomic():
        row = moves.perform(proposal, "notify", actor=actor, now=now, until=now + duration(WINDOW, now))
        counting = words.counting_of(row.calculation)
        _tell(row, "ledger.proposal", actor, now, due=row.appeal_until, counting=counting)
    return row


def proposal_appeal(
    *, proposal: Proposal, text: str, actor: Any, now: datetime, files: Sequence[StoredFile] = ()
) -> Proposal:
    """The party says why it is wrong and brings what proves it: a person himself, a merchant's owner or who takes
    it down for him.

    Once. The same file counts once. Raises ``words_missing``, ``too_many_files``, ``not_the_party``,
    ``window_over``, ``own_proposal``.
    """
    said = _words(text)
    if len(files) > MOST_FILES:
        words = {"number": MOST_FILES, "sent": len(files)}
        raise DomainError(
            _("At most %(number)d files go with an appeal; you sent %(sent)d. Put some together.") % words,
            "too_many_files",
        )
    side = "merchant" if proposal.party == Party.MERCHANT and actor.is_staff else ""
    with transaction.atomic():
        row = moves.perform(proposal, "appeal", actor=actor, now=now, acting_as=side, words=said)
        keep_files(row, files, FilePurpose.APPEAL, actor, now)
    return row


def keep_files(
    row: Proposal, files: Sequence[StoredFile], purpose: FilePurpose, actor: Any, now: datetime
) -> None:
    """Files of a proposal, each content once, with fingerprint and moment."""
    known = set(ProposalFile.objects.filter(proposal=row).values_list("sha256", flat=True))
    for file in files:
        if file.sha256 not in known:
            known.add(file.sha256)
            ProposalFile(
                proposal=row, purpose=purpose, by=actor, at=now, name=file.name, original_name=file.original_name,
                content_type=file.content_type, size=file.size, sha256=file.sha256,
            ).save(force_insert=True)  # fmt: skip


def proposal_hear(
    *, proposal: Proposal, upheld: bool, answer: str, actor: Any, now: datetime, fell_by: str = ""
) -> Proposal:
    """Another person decides about the appeal and says why. Raises ``another_person``, ``words_missing``, ``fell_by``.

    ``fell_by``: of one that is overturned, whether the fact fell or the consequence alone was wrong; then another one
    may follow from the fact. Empty where it was not asked: nothing follows, and nobody says that the fact fell.
    """
    said = _words(answer)
    more: dict[str, Any] = {} if upheld else {"fell_by": _ground(fell_by)}
    with transaction.atomic():
        name = "uphold" if upheld else "overturn"
        row = moves.perform(proposal, name, actor=actor, now=now, answer=said, **more)
        _tell(row, "ledger.heard", actor, now, answer=said, result=ProposalState(row.state).label)
    return row


def proposal_approve(*, proposal: Proposal, actor: Any, now: datetime) -> Proposal:
    """Approve what the party was heard about, within one's authority, and post it at once.

    Raises ``window_open``, ``own_proposal``, ``about_oneself``, those of the authority and of posting (``not_enough``
    cannot happen: what a merchant does not have becomes what he owes).
    """
    with transaction.atomic():
        row = moves.perform(proposal, "approve", actor=actor, now=now)
        return _post(row, now)


def _post(row: Proposal, now: datetime) -> Proposal:
    actor = system_user(now)
    entry = None
    if row.amount is not None:
        entry = posting.post(
            source=row, kind=ENTRIES[row.kind], lines=[line_of(row)], actor=actor, now=now,
            rule_version=row.citation[:80],
        ).journal  # fmt: skip
    row = moves.perform(row, "post", actor=actor, now=now, journal_id=entry.pk if entry else None)
    _tell(row, "ledger.posted", actor, now)
    return row


def _ground(fell_by: str) -> str:
    return fell(fell_by) if fell_by else ""


def fell(fell_by: str) -> str:
    """Why a consequence fell; where nobody says so its fact fell with it. Raises ``fell_by``."""
    if fell_by and fell_by not in Fallen.values:
        raise DomainError(
            _("Say whether the fact does not hold or only the consequence was the wrong one."), "fell_by"
        )
    return fell_by or Fallen.FACT


def proposal_reverse(
    *, proposal: Proposal, reason: str, actor: Any, now: datetime, fell_by: str = ""
) -> Proposal:
    """Turn a posted proposal back: by a new entry, at most once. Needs ``ledger.reverse``. ``fell_by``: as heard."""
    why = reason.strip()
    if not why:
        raise DomainError(_("Say why it is turned back."), "reason_missing")
    with transaction.atomic():
        row = moves.perform(proposal, "reverse", actor=actor, now=now, reason=why, fell_by=_ground(fell_by))
        if row.journal_id is not None:
            entry = Journal.objects.get(pk=row.journal_id)
            posting.turn_back(journal=entry, actor=actor, now=now, reason=why, overdraw=True)
        _tell(row, "ledger.reversed", actor, now, reason=why)
    return row


def proposal_withdraw(
    *, proposal: Proposal, actor: Any, now: datetime, reason: str, fell_by: str = ""
) -> Proposal:
    """Take a proposal back with a reason; a party that was told already is told that too. Needs ``ledger.withdraw``.

    ``fell_by``: as heard.
    """
    why = reason.strip()
    if not why:
        raise DomainError(_("Say why the proposal is withdrawn."), "reason_missing")
    with transaction.atomic():
        row = moves.perform(proposal, "withdraw", actor=actor, now=now, reason=why, fell_by=_ground(fell_by))
        if row.notified_at:
            _tell(row, "ledger.reversed", actor, now, reason=why)
    return row


def proposal_cancel(*, proposal: Proposal, actor: Any, now: datetime, reason: str = "") -> Proposal:
    """What it rested on was turned back (a ruling overturned): the system cancels it, or turns it back when posted."""
    with transaction.atomic():
        current = moves.locked(proposal)
        if current.state == ProposalState.POSTED:
            return proposal_reverse(proposal=current, reason=reason or "cancelled", actor=actor, now=now)
        return moves.perform(current, "cancel", actor=actor, now=now, reason=reason)


def line_of(row: Proposal) -> Line:
    """From where to where the amount goes, taken first from what is there (R6.8).

    A merchant's money: what we owe him, his deposit, then what he owes. A person's: variable pay only.
    """
    assert row.amount is not None
    given = row.kind == ProposalKind.INCENTIVE
    if row.unit == POINTS:
        own = chart.points(row.party_id) if row.party == Party.PERSON else chart.merchant_points(row.party_id)
        pair = (chart.POINTS_GIVEN, own) if given else (own, chart.POINTS_GIVEN)
        return Line(*pair, row.amount, POINTS, Shortage.OVERDRAW)
    if row.party == Party.PERSON:
        own = chart.bonus(row.party_id)
        pair = (chart.COST, own) if given else (own, chart.COST)
        return Line(*pair, row.amount, row.unit, Shortage.OVERDRAW)
    if given:
        return Line(chart.COST, chart.payable(row.party_id), row.amount, row.unit)
    shop = row.party_id
    return Line(
        [chart.payable(shop), chart.deposit(shop), chart.receivable(shop)],
        _goes_to(row),
        row.amount,
        row.unit,
    )


def _goes_to(row: Proposal) -> Ref:
    if row.kind == ProposalKind.RECOVERY:
        return chart.CASH
    return Ref(AccountKind(row.beneficiary))


def _words(text: str) -> str:
    said = text.replace("\x00", "").strip()
    if not said:
        raise DomainError(_("Say why, in words."), "words_missing")
    if len(said) > LONGEST:
        raise DomainError(_("At most %(number)d characters.") % {"number": LONGEST}, "too_long")
    return said


def _tell(row: Proposal, template: str, actor: Any, now: datetime, **more: Any) -> None:
    """The party reads it: a person in the product and by mail, a merchant by mail."""
    model: Any = Merchant if row.party == Party.MERCHANT else User
    to = model.objects.filter(pk=row.party_id).first()
    if to is None:
        return
    kind = template if row.party == Party.PERSON else f"{template}_merchant"
    amount = amount_words(row.amount, row.unit) if row.amount is not None else Measure(row.measure).label
    values = {
        "proposal": row.number, "what": ProposalKind(row.kind).label, "amount": amount,
        "facts": words.fact_words(row.fact_code), "clause": lazy(clauses.name_of, str)(row.citation), **more,
    }  # fmt: skip
    key = f"{template}:{row.pk}"
    notice_send(template=kind, to=to, about=row, values=values, key=key, actor=system_user(now), now=now)
