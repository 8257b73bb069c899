"""What pages show of disputes: whose turn it is, what both sides brought, offered and were told. Nothing writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from accounts.selectors import strangers
from aftersales.cases import services
from aftersales.cases.disputeselectors import Judge, judges, precedents
from aftersales.cases.disputestates import BEFORE_RULING, DISPUTE_COLOURS, OTHER, TAKES_EVIDENCE, DisputeState
from aftersales.cases.models import Case, CaseNote, Dispute, DisputeEvidence, Ruling, Settlement
from aftersales.cases.states import CaseKind, Side
from aftersales.core import moves
from aftersales.core.models import Event
from aftersales.core.moves import MoveOption
from aftersales.core.wording import listed, money
from aftersales.desk.cases import Happening, as_told
from aftersales.desk.statelook import state_badge

ACTS = ("rule", "decide_appeal", "appeal", "review", "suspend", "withdraw")
OWN_PAGE = ("rule", "decide_appeal")
PAGE = 30
STORY = 300
BESIDE = 5


WHY_NOT = {
    "not_neutral": pgettext_lazy("who may rule", "worked on the case or spoke for a side"),
    "own_order": pgettext_lazy("who may rule", "may not rule on this one"),
    "own_team": pgettext_lazy("who may rule", "the own team works on these sales"),
    "own_ruling": pgettext_lazy("who may rule", "ruled on it; another person hears the appeal"),
}


@dataclass(frozen=True)
class Bench:
    """Who may rule on a dispute and who not, as one reader sees it."""

    judges: Sequence[Judge]
    reader: int

    @property
    def rows(self) -> list[tuple[Judge, str]]:
        """Each with why not, in words; empty for who may."""
        return [(one, str(WHY_NOT[one.reasons[0]]) if one.reasons else "") for one in self.judges]

    @property
    def others(self) -> list[Judge]:
        """Those who may rule, besides the reader."""
        return [one for one in self.judges if one.may and one.person.pk != self.reader]

    @property
    def loses(self) -> bool:
        """The reader may still rule, and no more once he speaks for a side."""
        return any(one.may and one.person.pk == self.reader for one in self.judges)

    @property
    def names(self) -> str:
        return listed(one.person for one in self.others)


def bench(dispute: Dispute, user: Any, now: datetime) -> Bench:
    """Empty as soon as nobody rules on it any more, and of people whose names the reader sees nowhere."""
    found = judges(dispute, now) if dispute.state in TAKES_EVIDENCE else []
    hidden = strangers(user, [one.person.pk for one in found])
    return Bench([one for one in found if one.person.pk not in hidden], user.pk)


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
    hands_on: bool = False  # this person may ask a colleague to rule

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
    return state_badge(DisputeState(dispute.state), DISPUTE_COLOURS)


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
        evidence=list(dispute.evidence.select_related("by")),
        offers=list(dispute.settlements.select_related("taken_down_by")),
        rulings=list(dispute.rulings.select_related("ruled_by")),
        takes_evidence=may and dispute.state in TAKES_EVIDENCE, takes_offers=may and dispute.state in BEFORE_RULING,
        speaks=user.has_perm("cases.answer"),
        hands_on=user.has_perm("cases.review_dispute") and dispute.state in TAKES_EVIDENCE,
        otherwise=otherwise_of(dispute),
        said_before=list(
            CaseNote.objects.filter(case=dispute.case_id, at__lte=dispute.opened_at).exclude(text="").order_by("id")
        ),
        owes=bool(dispute.obligation) and dispute.obligation_kept_at is None and dispute.is_open,
    )  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One thing that a settlement does: what, how it will be, and whether it is other than it was."""

    label: str
    words: str
    turns: bool = False


@dataclass(frozen=True)
class AppealSaid:
    """What a printed ruling says of an appeal: possible until, pending, over, or that the decision is final."""

    until: datetime | None = None
    pending_by: str = ""
    over_since: datetime | None = None


def appeal_of(dispute: Dispute, ruling: Ruling, now: datetime) -> AppealSaid:
    if ruling.on_appeal or ruling.appeal_until is None:
        return AppealSaid()
    if dispute.appealed_by:
        return AppealSaid(pending_by=str(dispute.get_appealed_by_display()))
    if dispute.state != DisputeState.RULED or ruling.appeal_until < now:
        return AppealSaid(over_since=ruling.appeal_until)
    return AppealSaid(until=ruling.appeal_until)


def evidence_times(dispute: Dispute) -> list[tuple[str, datetime]]:
    """Until when who was asked, as both sides were told; the next turn does not wipe it out of the notice."""
    asked = {
        "dispute.opened": _("%(side)s answers until")
        % {"side": Side(OTHER[Side(dispute.opened_side)]).label},
        "dispute.answered": _("Both sides may bring evidence until"),
    }
    told = Event.objects.about("cases.dispute", dispute.pk).filter(kind__in=asked).order_by("id")
    return [
        (asked[one.kind], datetime.fromisoformat(one.payload["until"]))
        for one in told
        if "until" in one.payload
    ]


def effects(offer: Settlement) -> list[Term]:
    """All that accepting this proposal does, in words."""
    return terms_of(offer.dispute.case, offer.amount, goods_back=offer.goods_back)


def terms_of(case: Case, amount: Decimal, *, goods_back: bool) -> list[Term]:
    found = services.settlement_effects(case=case, amount=amount, goods_back=goods_back)
    words = found.turn if found.turns else str(CaseKind(found.kind).label)
    terms = [
        Term(pgettext("settlement", "The case"), words, found.turns),
        Term(pgettext("case", "Amount"), money(found.amount, found.currency)),
    ]
    if case.kind != CaseKind.COMPENSATION:
        kept, back = _("The customer keeps them"), _("The customer sends them back")
        terms.append(Term(_("The goods"), back if goods_back else kept, goods_back != case.goods_back))
    if found.freight_by:
        terms.append(Term(_("Return freight borne by"), str(Side(found.freight_by).label)))
    return terms


def turned_by(dispute: Dispute) -> tuple[str, str] | None:
    """What the case becomes by a settlement without and with goods back; None where it stays what it is."""
    case = dispute.case
    both = [
        services.settlement_effects(case=case, amount=case.asked, goods_back=goods) for goods in (False, True)
    ]
    if not any(one.turns for one in both):
        return None
    without, back = (str(CaseKind(one.kind).label) for one in both)
    return without, back


def of_case(case: Case, user: Any) -> list[tuple[Dispute, SafeString, str]]:
    """The disputes of a case for its panel, newest first."""
    rows = Dispute.objects.visible_to(user).filter(case=case).order_by("-id")[:10]
    return [(row, dispute_badge(row), turn_of(row)) for row in rows]


def happened(shown: DisputeCard) -> list[Happening]:
    """The story of a dispute, oldest first, with the words of both sides where they were said."""
    rows = Event.objects.filter(subject_kind="cases.dispute", subject_id=shown.dispute.pk).order_by(
        "at", "id"
    )
    found = [Happening(row.at, row.actor_name, as_told(row)) for row in rows[:STORY]]
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
