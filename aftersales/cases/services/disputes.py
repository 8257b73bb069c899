"""Platform intervention (R4.7): each side has its turn and its time, and silence has an outcome.

Opened by the customer, the merchant, or by the platform where the merchant is silent. Ruling and settling have modules
of their own.
"""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.services import system_user
from aftersales.cases.disputestates import (
    BEFORE_RULING,
    FINAL,
    MAY_CHANGE,
    OTHER,
    SIDES,
    TAKES_EVIDENCE,
    DisputeState,
    EvidenceKind,
)
from aftersales.cases.models import Case, Dispute, DisputeEvidence, Settlement
from aftersales.cases.services import deciding
from aftersales.cases.services.locking import Held, held, refuse_foreign, require, ticket_open_again
from aftersales.cases.services.paying import cancel_what_can_be
from aftersales.cases.services.receipts import goods_count
from aftersales.cases.services.settling import close_if_settled
from aftersales.cases.states import CaseKind, CaseState, Side
from aftersales.core import events, moves, series
from aftersales.core.errors import DomainError, Refusal
from aftersales.core.files import StoredFile
from aftersales.standards.selectors import calendar, duration
from aftersales.standards.worktime import add

logger = logging.getLogger(__name__)
EVIDENCE_CALENDAR = "evidence_desk"
LONGEST = 4000
BATCH = 200


def dispute_open(
    *, case: Case, by: str, actor: Any, now: datetime, words: str = "", version: int | None = None
) -> Dispute:
    """Have the platform decide. The other side answers within its time; one dispute of a case is open at a time.

    ``by`` platform: the merchant was silent. Errors: side, ruled_already, disputed_already, wrong_state, too_many
    (pieces of a refused case that another case took), too_long, ticket_done, window_over.
    """
    if by not in SIDES and not (by == Side.PLATFORM and "system" in actor.roles):
        raise DomainError(_("Say for which side: customer or merchant."), "side")
    number = series.next_number("dispute", now)
    with transaction.atomic():
        mine = _held_case(case, actor, version)
        was = mine.case.state
        if why := disputed_already(Dispute.objects.filter(case=mine.case).values_list("state", flat=True)):
            raise DomainError(why.message, why.code)
        ticket_open_again(mine, actor=actor, now=now)
        if was == CaseState.REJECTED:
            deciding.claim_again(mine)
        mine.case = moves.perform(mine.case, "dispute", actor=actor, now=now, acting_as=acting(by), by=by)
        until = now + duration("dispute_answer_hours", now)
        row: Dispute = moves.create(
            Dispute(
                number=number, case=mine.case, merchant_id=mine.case.merchant_id, case_was=was, opened_side=by,
                opened_by=actor, opened_at=now, turn=OTHER[Side(by)],
                turn_until=until,
            ),
            actor=actor, now=now, event="dispute.opened", acting_as=acting(by),
            payload={"case_id": mine.case.pk, "by": by, "until": until.isoformat()},
        )  # fmt: skip
        if words.strip():
            brought(row, by, clean(words), actor=actor, now=now, kind=EvidenceKind.STATEMENT)
        deciding.tell_decided(mine, mine.case, actor=actor, now=now)
    return row


def evidence_add(
    *,
    dispute: Dispute,
    side: str,
    actor: Any,
    now: datetime,
    text: str = "",
    file: StoredFile | None = None,
) -> DisputeEvidence:
    """Bring words or a file. The asked side's first evidence is its answer and opens the window for both.

    The same of the same side is kept once. What comes after the window is kept and marked late.
    Errors: side, empty, too_long, ruled.
    """
    of_a_side(side)
    words = clean(text)
    if not words and file is None:
        raise DomainError(_("Write something, or add a file."), "empty")
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor)
        if current.state not in TAKES_EVIDENCE:
            raise DomainError(_("It is ruled already; bring it with the appeal."), "ruled")
        if known := _same(current, side, words, file):
            return known
        row = brought(current, side, words, file, actor=actor, now=now)
        if current.state == DisputeState.OPENED and side == current.turn:
            until = add(calendar(EVIDENCE_CALENDAR), now, duration("dispute_evidence_hours", now))
            moves.perform(current, "hear", actor=actor, now=now, acting_as=acting(side), until=until)
    return row


def evidence_bring(
    *, dispute: Dispute, side: str, text: str, files: Sequence[StoredFile], actor: Any, now: datetime
) -> None:
    """Words and each file as pieces of their own, all or none: a file that is refused takes the others with it."""
    with transaction.atomic():
        if text.strip() or not files:
            evidence_add(dispute=dispute, side=side, text=text, actor=actor, now=now)
        for file in files:
            evidence_add(dispute=dispute, side=side, file=file, actor=actor, now=now)


def fingerprint(words: str, file: StoredFile | None) -> str:
    """SHA-256 of the file, or of the words."""
    return file.sha256 if file is not None else hashlib.sha256(words.encode()).hexdigest()


def _same(dispute: Dispute, side: str, words: str, file: StoredFile | None) -> DisputeEvidence | None:
    rows = DisputeEvidence.objects.filter(dispute=dispute, side=side, withdrawn_at=None)
    known: DisputeEvidence | None = rows.filter(sha256=fingerprint(words, file)).first()
    return known


def brought(
    dispute: Dispute, side: str, words: str, file: StoredFile | None = None, *, actor: Any, now: datetime,
    kind: str = EvidenceKind.EVIDENCE,
) -> DisputeEvidence:  # fmt: skip
    """Keep what one side brought, and say so in the story."""
    row = DisputeEvidence(
        dispute=dispute, kind=kind, side=side, by=actor, at=now, text=words, sha256=fingerprint(words, file),
        late=dispute.state == DisputeState.UNDER_REVIEW,
    )  # fmt: skip
    if file is not None:
        row.name, row.original_name, row.content_type = file.name, file.original_name, file.content_type
        row.size = file.size
    row.save()
    events.record(
        "dispute.evidence_added", subject=dispute, actor=actor, now=now, acting_as=acting(side),
        payload=dispute.told(by=side),
    )  # fmt: skip
    return row


def evidence_withdraw(*, evidence: DisputeEvidence, actor: Any, now: datetime) -> DisputeEvidence:
    """The side that brought it takes it back: it stays readable and counts no more. Errors: not_permitted, ruled."""
    require(actor, "cases.speak")
    with transaction.atomic():
        _mine, current = held_dispute(evidence.dispute, actor)
        if current.state not in TAKES_EVIDENCE:
            raise DomainError(_("It is ruled already; nothing is taken back any more."), "ruled")
        row: DisputeEvidence = DisputeEvidence.objects.select_for_update().get(pk=evidence.pk)
        if row.withdrawn_at is None:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
            events.record(
                "dispute.evidence_withdrawn", subject=current, actor=actor, now=now, acting_as=acting(row.side),
                payload=current.told(by=row.side),
            )  # fmt: skip
    return row


def dispute_review(*, dispute: Dispute, actor: Any, now: datetime, version: int | None = None) -> Dispute:
    """The time for evidence ends: the window is over, or both sides have said what they had to."""
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor, version=version)
        until = now + duration("dispute_ruling_hours", now)
        reviewed: Dispute = moves.perform(current, "review", actor=actor, now=now, until=until)
    return reviewed


def dispute_suspend(
    *, dispute: Dispute, cause: str, until: datetime, actor: Any, now: datetime, version: int | None = None
) -> Dispute:
    """Wait for a test, police or court, or the carrier; never without an end. Errors: in_the_past, too_far."""
    if until <= now:
        raise DomainError(_("Say until when, in the future."), "in_the_past")
    longest: timedelta = duration("dispute_longest_suspension_days", now)
    if until - now > longest:
        raise DomainError(
            _("A dispute is suspended for at most %(days)d days; look at it again then.")
            % {"days": longest.days}, "too_far",
        )  # fmt: skip
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor, version=version)
        waits: Dispute = moves.perform(current, "suspend", actor=actor, now=now, cause=cause, until=until)
    return waits


def dispute_withdraw(
    *, dispute: Dispute, by: str, actor: Any, now: datetime, version: int | None = None
) -> Dispute:
    """Whoever opened it does not want it any more: the case stands again as it stood before. Errors: side.

    What the platform opened because the merchant was silent is not the silent side's to undo, nor the customer's.
    """
    with transaction.atomic():
        mine, current = held_dispute(dispute, actor, version=version)
        if by != current.opened_side:
            raise DomainError(_("Only the side that opened the dispute withdraws it."), "side")
        gone: Dispute = moves.perform(current, "withdraw", actor=actor, now=now, acting_as=acting(by))
        end_offers(current, now)
        was = current.case_was
        name = "drop_dispute" if was == CaseState.REQUESTED else f"drop_dispute_{was}"
        if was == CaseState.REJECTED:
            cancel_what_can_be(mine, actor, now)
        mine.case = moves.perform(mine.case, name, actor=actor, now=now, acting_as=acting(by))
        if was == CaseState.REJECTED:
            deciding.give_up(mine, mine.case, now)
        if was == CaseState.APPROVED:  # goods may have come, or been given up, meanwhile
            goods_count(mine, actor=actor, now=now)
        deciding.tell_decided(mine, mine.case, actor=actor, now=now)
        close_if_settled(mine, now=now)
    return gone


def obligation_keep(*, dispute: Dispute, actor: Any, now: datetime, version: int | None = None) -> Dispute:
    """The merchant did what the ruling asks of him besides. Errors: no_obligation."""
    with transaction.atomic():
        _mine, current = held_dispute(dispute, actor, version=version)
        if not current.obligation or current.obligation_kept_at:
            raise DomainError(_("Nothing is owed by this ruling."), "no_obligation")
        kept: Dispute = moves.change(
            current, actor=actor, now=now, event="dispute.obligation_kept", payload=current.told(),
            obligation_kept_at=now,
        )  # fmt: skip
    return kept


def disputes_sweep(*, now: datetime) -> int:
    """Silence has an outcome: who does not answer is ruled upon without it; after the time for an appeal a ruling is
    final. Each in a transaction of its own; what somebody holds waits for the next sweep. Answers how many."""
    who, done = system_user(now), 0
    for row in Dispute.objects.turn_over(now).order_by("turn_until")[:BATCH]:
        done += _on_time(row, who, now)
    missed = Dispute.objects.open().filter(
        obligation_until__lt=now, obligation_kept_at=None, obligation_missed_at=None
    ).exclude(obligation="")  # fmt: skip
    for row in missed.order_by("obligation_until")[:BATCH]:
        moves.change(
            row, actor=who, now=now, event="dispute.obligation_missed", payload=row.told(), obligation_missed_at=now
        )  # fmt: skip
        done += 1
    return done


def _on_time(row: Dispute, who: Any, now: datetime) -> int:
    try:
        if row.state == DisputeState.RULED:
            moves.perform(row, "execute", actor=who, now=now)
        else:
            until = now + duration("dispute_ruling_hours", now)
            moves.perform(row, "review", actor=who, now=now, version=row.version, until=until)
    except DomainError as error:
        logger.warning("dispute %s did not go on: %s", row.pk, error.code)
        return 0
    return 1


def silence_dispute(*, now: datetime) -> int:
    """A merchant who does not answer a request has the platform decide it without him (R4.7). Answers how many."""
    since, opened = now - duration("dispute_silence_hours", now), 0
    silent = Case.objects.filter(state=CaseState.REQUESTED, merchant__isnull=False, asked_at__lte=since)
    silent = silent.exclude(kind=CaseKind.COMPENSATION).exclude(ticket__historic=True)
    silent = silent.exclude(merchant__self_run=True)
    standing = Dispute.objects.filter(case=OuterRef("pk"))
    withdrawn = Q(
        state=DisputeState.WITHDRAWN, ended_at__lte=since
    )  # his time began anew then, and is over too
    silent = silent.exclude(Exists(standing.exclude(withdrawn)))
    for case in silent.order_by("asked_at")[:BATCH]:
        try:
            dispute_open(case=case, by=Side.PLATFORM, actor=system_user(now), now=now)
            opened += 1
        except DomainError as error:
            logger.warning("case %s was not disputed for silence: %s", case.pk, error.code)
    return opened


# What all of them share


def disputed_already(states: Iterable[str]) -> Refusal | None:
    """Why a case with disputes in these states is not disputed (again); None when it may be."""
    found = set(states)
    if found & FINAL:
        return Refusal("ruled_already", _("This case was ruled or settled already; that is final."))
    if found & MAY_CHANGE:
        return Refusal(
            "disputed_already",
            _("There is a dispute about this case already; a ruling in it can be appealed."),
        )
    return None


def _held_case(case: Case, actor: Any, version: int | None) -> Held:
    require(actor, "cases.dispute")
    mine = held(case, version=version)
    refuse_foreign(mine.ticket, actor, mine.case)
    return mine


def held_dispute(dispute: Dispute, actor: Any, *, version: int | None = None) -> tuple[Held, Dispute]:
    """Order, ticket and case first, then the dispute. Errors: not_permitted, gone, Busy, Conflict."""
    require(actor, "cases.dispute")
    mine = held(Case.objects.only("pk", "order_id", "ticket_id").get(pk=dispute.case_id))
    refuse_foreign(mine.ticket, actor, mine.case)
    current: Dispute = moves.locked(dispute, version=version)
    return mine, current


def of_a_side(side: str) -> None:
    if side not in SIDES:
        raise DomainError(_("Say for which side: customer or merchant."), "side")


def acting(side: str) -> str:
    """Staff acting for the merchant is recorded as such."""
    return "merchant" if side == Side.MERCHANT else ""


def clean(words: str) -> str:
    """Errors: too_long."""
    cleaned = words.replace("\x00", "").strip()
    if len(cleaned) > LONGEST:
        raise DomainError(_("At most 4,000 characters, please."), "too_long")
    return cleaned


def before_ruling(dispute: Dispute) -> None:
    if dispute.state not in BEFORE_RULING:
        raise DomainError(_("It is ruled or settled already."), "ruled")


def end_offers(dispute: Dispute, now: datetime) -> None:
    """Proposals that still lie open are gone with what decided the dispute."""
    Settlement.objects.filter(dispute=dispute, gone_at=None, accepted_at=None).update(gone_at=now)
