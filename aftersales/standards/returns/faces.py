"""An answer as a page shows it: words only. For ``templates/standards/_answer.html``, wherever an answer is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from aftersales.standards.lawnames import law_words
from aftersales.standards.selectors import Book

from . import preview
from .answers import Answer, Duty, Reason
from .rule import Rule
from .sentences import length, moment
from .states import VERDICT_COLOURS, Anchor, Bearer, Demand, Ground, Silence, Verdict, Weight

MARKS = {Verdict.YES: "tick", Verdict.NO: "cross", Verdict.PERSON: "dashed"}
TONES = {Weight.FOR: "green", Weight.AGAINST: "red", Weight.DOUBT: "amber", Weight.NOTE: "grey"}


@dataclass(frozen=True)
class ReasonFace:
    """One reason: what it does, in words, on which rule and clause it rests. ``code`` is empty without a rule.

    ``law``: the clause where it is one of the law, empty where it is but our own source.
    """

    weight: str
    tone: str
    sentence: str
    rule: str
    citation: str
    code: str
    number: str
    clause: str
    law: str = ""


@dataclass(frozen=True)
class DutyFace:
    """What somebody owes then: ours beside the law's."""

    name: str
    who: str
    ours: str
    laws: str
    code: str
    clause: str


@dataclass(frozen=True)
class AnswerFace:
    """Everything about an answer in the reader's language. ``lines`` are pairs of what and how."""

    verdict: str
    tone: str
    mark: str
    question: str
    lead: str
    reasons: list[ReasonFace]
    window: list[tuple[str, str]]
    terms: list[tuple[str, str]]
    duties: list[DutyFace]


def answer_face(answer: Answer, zone: str = "Asia/Shanghai") -> AnswerFace:
    """The answer to read; the first reason of the answer's own weight leads."""
    reasons = [_reason(one) for one in _ordered(answer)]
    return AnswerFace(
        verdict=answer.verdict_label,
        tone=VERDICT_COLOURS[answer.verdict],
        mark=MARKS[Verdict(answer.verdict)],
        question=answer.question,
        lead=reasons[0].sentence if reasons else "",
        reasons=reasons,
        window=_window(answer, zone),
        terms=[] if answer.is_no else _terms(answer, zone),
        duties=[_duty(one) for one in answer.duties],
    )


def kept_face(kept: Mapping[str, Any], zone: str, known: Book) -> AnswerFace:
    """The same of an answer as a case keeps it (``Answer.as_json``): what was known and said on that day.

    ``known``: the rule book, for the names of the rules.
    """
    verdict = Verdict(kept["verdict"])
    own = {Verdict.YES: Weight.FOR, Verdict.NO: Weight.AGAINST, Verdict.PERSON: Weight.DOUBT}[verdict]
    told = sorted(kept["reasons"], key=lambda one: one["weight"] != own)
    rules = {one.citation: one for one in known.return_rules}
    reasons = [_kept_reason(one, known, rules.get(one["rule"])) for one in told]
    window = kept.get("window")
    proof = kept.get("proof")
    terms: Any = SimpleNamespace(
        freight=SimpleNamespace(**{leg: kept["freight"][leg] for leg in ("out", "back", "again")}),
        evidence=kept["evidence"], conditions=kept["conditions"], silence=kept["silence"],
        proof=SimpleNamespace(side=proof["side"], until=parse_datetime(proof["until"])) if proof else None,
    )  # fmt: skip
    read: Any = SimpleNamespace(window=_kept_window(window) if window else None)
    return AnswerFace(
        verdict=str(verdict.label), tone=VERDICT_COLOURS[verdict], mark=MARKS[verdict],
        question=f"{Demand(kept['demand']).label} · {Ground(kept['ground']).label}",
        lead=reasons[0].sentence if reasons else "", reasons=reasons, window=_window(read, zone),
        terms=[] if verdict == Verdict.NO else _terms(terms, zone), duties=[],
    )  # fmt: skip


def _kept_reason(one: Mapping[str, Any], known: Book, rule: Rule | None) -> ReasonFace:
    code, _space, number = one["rule"].partition(" v")
    weight = Weight(one["weight"])
    sentence = one["en"] if (get_language() or "").startswith("en") else one["zh"]
    return ReasonFace(
        str(weight.label), TONES[weight], sentence, known.name_of(code) if code else "", one["rule"], code, number,
        law_words(one["clause"]), law_words(rule.legal_ref) if rule is not None else "",
    )  # fmt: skip


def _kept_window(kept: Mapping[str, Any]) -> Any:
    days = {name: parse_date(kept[name]) if kept[name] else None for name in ("first_day", "last_day")}
    names = ("anchor_at", "ends_at", "doubt_until", "ours", "legal", "promised")
    moments = {name: parse_datetime(kept[name]) if kept[name] else None for name in names}
    return SimpleNamespace(anchor=kept["anchor"], **days, **moments)


def _ordered(answer: Answer) -> Sequence[Reason]:
    """First what decides, by weight; within a weight the deciding rule's reasons stand first already."""
    own = {Verdict.YES: Weight.FOR, Verdict.NO: Weight.AGAINST, Verdict.PERSON: Weight.DOUBT}
    first = own[Verdict(answer.verdict)]

    def place(one: Reason) -> tuple[bool, bool]:
        return one.weight != first, bool(answer.citation) and one.citation not in {answer.citation, ""}

    return sorted(answer.reasons, key=place)


def _reason(one: Reason) -> ReasonFace:
    code, _space, number = one.citation.partition(" v")
    return ReasonFace(
        str(Weight(one.weight).label), TONES[Weight(one.weight)], one.sentence, one.rule_name, one.citation, code,
        number, law_words(one.clause),
    )  # fmt: skip


def _window(answer: Answer, zone: str) -> list[tuple[str, str]]:
    window = answer.window
    if window is None:
        return []
    began = moment(window.anchor_at, zone) if window.anchor_at else pgettext("moment", "not known")
    found = [(str(Anchor(window.anchor).label), began)]
    if window.first_day:
        found.append((pgettext("window", "First day"), window.first_day.isoformat()))
    found.append((pgettext("window", "Certain until"), moment(window.ends_at, zone)))
    if window.doubt_until != window.ends_at:
        found.append((pgettext("window", "A person looks until"), moment(window.doubt_until, zone)))
    ends = (
        (pgettext("window", "By our window"), window.ours),
        (pgettext("window", "By the law"), window.legal),
        (pgettext("window", "By the promise"), window.promised),
    )
    return found + [(label, moment(at, zone)) for label, at in ends if at is not None]


def _terms(answer: Answer, zone: str) -> list[tuple[str, str]]:
    legs = (
        (pgettext("return rule", "Freight to the customer"), answer.freight.out),
        (pgettext("return rule", "Freight back"), answer.freight.back),
        (pgettext("return rule", "Freight of the second delivery"), answer.freight.again),
    )
    found = [(label, str(Bearer(who).label)) for label, who in legs if who]
    if answer.evidence:
        found.append((pgettext("return rule", "Evidence"), preview.words("evidence", answer.evidence)))
    if answer.conditions:
        found.append(
            (pgettext("return rule", "Goods come back"), preview.words("conditions", answer.conditions))
        )
    if answer.silence:
        found.append((pgettext("return rule", "Merchant's silence"), str(Silence(answer.silence).label)))
    if answer.proof:
        said = {"who": Bearer(answer.proof.side).label, "until": moment(answer.proof.until, zone)}
        found.append((_("Who must prove it"), _("%(who)s; the seller until %(until)s") % said))
    return found


def _duty(one: Duty) -> DutyFace:
    return DutyFace(
        name=one.name,
        who=str(Bearer(one.side).label),
        ours=length(one.value, one.unit),
        laws=length(one.legal_value, one.legal_unit),
        code=one.code,
        clause=law_words(one.clause),
    )
