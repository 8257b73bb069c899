"""What pages show of disputes: whose turn it is, what both sides brought, offered and were told. Nothing writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aftersales.cases.disputeselectors import precedents
from aftersales.cases.disputestates import BEFORE_RULING, DISPUTE_COLOURS, TAKES_EVIDENCE, DisputeState
from aftersales.cases.models import Case, CaseNote, Dispute, DisputeEvidence, Ruling, Settlement
from aftersales.cases.states import Side
from aftersales.core import events, moves
from aftersales.core.components import badge
from aftersales.core.models import Event
from aftersales.core.moves import MoveOption
from aftersales.desk.cases import MARKS, Happening

ACTS = ("rule", "decide_appeal", "appeal", "review", "suspend", "withdraw")
OWN_PAGE = ("rule", "decide_appeal")
PAGE = 30
STORY = 300
BESIDE = 5


@dataclass(frozen=True)
class DisputeCard:
    """A dispute as a panel or a page shows it."""

    dispute: Dispute
    state: SafeString
    turn: str
    acts: Sequence[MoveOption] = ()
    evidence: Sequence[DisputeEvidence] = ()
    offers: Sequence[Settlement] = ()
    rulings: Sequence[Ruling] = ()
    takes_evidence: bool = False
    takes_offers: bool = False
    owes: bool = False
    speaks: bool = False  # this person says what a side says
    otherwise: str = ""  # what happens when nobody answers
    said_before: Sequence[CaseNote] = ()

    @property
    def allowed(self) -> list[MoveOption]:
        return [one for one in self.acts if one.allowed]

    @property
    def refused(self) -> list[MoveOption]:
        return [one for one in self.acts if not one.allowed and one.reasons[0].code != "wrong_state"]

    @property
    def sides(self) -> list[tuple[str, list[DisputeEvidence]]]:
        """What each side brought, customer first."""
        return [
            (str(Side(side).label), [one for one in self.evidence if one.side == side])
            for side in (Side.CUSTOMER, Side.MERCHANT)
        ]

    @property
    def standing(self) -> Ruling | None:
        """The ruling that counts."""
        return self.rulings[-1] if self.rulings else None

    @property
    def settled(self) -> Settlement | None:
        return next((one for one in self.offers if one.accepted_at), None)

    @property
    def lying(self) -> list[Settlement]:
        return [one for one in self.offers if one.gone_at is None and one.accepted_at is None]


def dispute_badge(dispute: Dispute) -> SafeString:
    tone = DISPUTE_COLOURS[DisputeState(dispute.state)]
    return badge(str(DisputeState(dispute.state).label), tone=tone, mark_name=MARKS[tone])


def turn_of(dispute: Dispute) -> str:
    """Whose turn it is, in words."""
    if not dispute.is_open:
        return ""
    if dispute.state == DisputeState.SUSPENDED:
        return _("Waits for: %(cause)s") % {"cause": dispute.get_suspended_for_display()}
    if dispute.state == DisputeState.OPENED:
        return (
            _("The merchant answers next")
            if dispute.turn == Side.MERCHANT
            else _("The customer answers next")
        )
    words = {
        DisputeState.EVIDENCE: _("Both sides may bring evidence"),
        DisputeState.UNDER_REVIEW: _("The platform rules next"),
        DisputeState.RULED: _("Ruled; an appeal is possible"),
        DisputeState.APPEALED: _("Another person decides the appeal"),
    }
    return words.get(DisputeState(dispute.state), _("The ruling is being carried out"))


def otherwise_of(dispute: Dispute) -> str:
    """What silence brings, so that nobody has to know the rules by heart."""
    words = {
        DisputeState.OPENED: _("Who does not answer by then is ruled upon without it."),
        DisputeState.EVIDENCE: _("Then the platform rules on what is there."),
        DisputeState.RULED: _("Without an appeal by then the ruling is carried out."),
    }
    return words.get(DisputeState(dispute.state), "")


def find(user: Any, number: str) -> Dispute | None:
    rows = Dispute.objects.visible_to(user).select_related(
        "case__ticket", "case__merchant", "case__customer", "case__order", "ruled_by", "opened_by"
    )
    found: Dispute | None = rows.filter(number=number).first()
    return found


def card(dispute: Dispute, user: Any, now: datetime) -> DisputeCard:
    """One dispute with everything that hangs on it."""
    may = user.has_perm("cases.dispute")
    options: Iterable[MoveOption] = moves.options(dispute, actor=user, now=now, names=ACTS)
    return DisputeCard(
        dispute=dispute, state=dispute_badge(dispute), turn=turn_of(dispute),
        acts=sorted(options, key=lambda one: ACTS.index(one.move.name)),
        evidence=list(dispute.evidence.select_related("by")), offers=list(dispute.settlements.all()),
        rulings=list(dispute.rulings.select_related("ruled_by")),
        takes_evidence=may and dispute.state in TAKES_EVIDENCE, takes_offers=may and dispute.state in BEFORE_RULING,
        speaks=user.has_perm("cases.answer"),
        otherwise=otherwise_of(dispute),
        said_before=list(
            CaseNote.objects.filter(case=dispute.case_id, at__lte=dispute.opened_at).exclude(text="").order_by("id")
        ),
        owes=bool(dispute.obligation) and dispute.obligation_kept_at is None and dispute.is_open,
    )  # fmt: skip


def of_case(case: Case, user: Any) -> list[tuple[Dispute, SafeString, str]]:
    """The disputes of a case for its panel, newest first."""
    rows = Dispute.objects.visible_to(user).filter(case=case).order_by("-id")[:10]
    return [(row, dispute_badge(row), turn_of(row)) for row in rows]


def happened(shown: DisputeCard) -> list[Happening]:
    """The story of a dispute, oldest first, with the words of both sides where they were said."""
    rows = Event.objects.filter(subject_kind="cases.dispute", subject_id=shown.dispute.pk).order_by(
        "at", "id"
    )
    found = [Happening(row.at, row.actor_name, events.sentence(row)) for row in rows[:STORY]]
    found += [
        Happening(one.at, str(one.by), str(one.get_kind_display()), one.text, str(one.get_side_display()))
        for one in shown.evidence
        if one.text
    ]
    return sorted(found, key=lambda one: one.at)


def similar(dispute: Dispute, user: Any) -> list[Ruling]:
    """Earlier rulings on the same kind of request for the same reason."""
    return list(precedents(user, kind=dispute.case.kind, ground=dispute.case.ground)[:BESIDE])


def found(user: Any, asked: dict[str, str], after: int | None) -> tuple[list[Ruling], int | None]:
    """A page of precedents and where the next begins."""
    rows = precedents(user, **asked).order_by("-pk")
    rows = rows.filter(pk__lt=after) if after is not None else rows
    shown = list(rows[: PAGE + 1])
    return shown[:PAGE], shown[PAGE - 1].pk if len(shown) > PAGE else None
