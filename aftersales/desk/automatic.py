"""What the rule made of a case and the signals on it, in words. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aftersales.cases.good_standing import LABELS
from aftersales.cases.models import Case, CaseFlag, CaseJudgment
from aftersales.cases.request_states import SIGNAL_COLOURS, RuleOutcome, SignalKind, SignalState, WhyPerson
from aftersales.cases.services.automatic import may_ask_person
from aftersales.core import moves
from aftersales.core.errors import Text
from aftersales.core.moves import MoveOption
from aftersales.desk.statelook import state_badge


@dataclass(frozen=True)
class CheckRow:
    label: Text
    found: str
    limit: str
    holds: bool
    rule: str


@dataclass(frozen=True)
class Signal:
    flag: CaseFlag
    state: SafeString
    why: str
    acts: Sequence[MoveOption]


@dataclass(frozen=True)
class Automatic:
    """``why``: why a person decides, in words."""

    judgment: CaseJudgment | None
    why: str
    checks: Sequence[CheckRow]
    signals: Sequence[Signal]
    may_ask: bool

    @property
    def by_rule(self) -> bool:
        return self.judgment is not None and self.judgment.outcome == RuleOutcome.APPROVED


def of_case(case: Case, user: Any, now: datetime) -> Automatic:
    judgment: CaseJudgment | None = CaseJudgment.objects.filter(case=case).first()
    told = judgment.checks if judgment else []
    checks = [
        CheckRow(LABELS.get(one["code"], one["code"]), one["found"], one["limit"], one["holds"], one["rule"])
        for one in told
    ]
    why = dict(WhyPerson.choices).get(judgment.why, judgment.why) if judgment and judgment.why else ""
    flags = CaseFlag.objects.filter(case=case).select_related("settled_by").order_by("id")
    may_ask = may_ask_person(case, judgment) and user.has_perm("cases.answer")
    return Automatic(judgment, str(why), checks, [_signal(one, user, now) for one in flags], may_ask)


def _signal(flag: CaseFlag, user: Any, now: datetime) -> Signal:
    state = state_badge(SignalState(flag.state), SIGNAL_COLOURS)
    acts = [one for one in moves.options(flag, actor=user, now=now) if one.allowed]
    return Signal(flag, state, _reasons(flag.signal, flag.reasons), acts)


def _reasons(signal: str, told: Mapping[str, Any]) -> str:
    """The numbers behind a signal in one sentence."""
    if signal == SignalKind.SERIAL:
        return (
            _("%(returned)s of %(orders)s orders within %(days)s days were asked back (%(share)s%%).") % told
        )
    if signal == SignalKind.SAME_PHOTO:
        return _("The same picture stands in %(cases)s.") % {"cases": ", ".join(told.get("cases", ()))}
    if signal == SignalKind.EMPTY_BOX:
        weight = told.get("weight_g")
        missing = int(told.get("missing", 0))
        words = ngettext(
            "%(n)d piece was announced and nothing lay in the parcel",
            "%(n)d pieces were announced and nothing lay in the parcel",
            missing,
        ) % {"n": missing}
        return f"{words} ({weight} g)" if weight else words
    if signal == SignalKind.NEVER_SENT:
        return _("%(amount)s were refunded before the goods; they were never sent.") % {
            "amount": told.get("amount", "")
        }
    return _("Another article lay in the parcel than was sold: %(wrong)s.") % {"wrong": told.get("wrong", 0)}
