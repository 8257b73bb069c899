"""May he, or may he not, or must a person look: a pure function of facts and rules.

*Which rules count.* The contract stands from the order, so the version in force when the order was placed decides,
whatever came later; what is owed after a yes follows the version in force when it was asked for. A merchant's promise
only adds. A machine never says no by doubt: what is not known, told too coarsely or contradicts itself, and every rule
that leaves room for judgement, goes to a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from .answers import Answer, Duty, Finding, Freight, Proof, Reason
from .exceptions import exclusion, promises_of
from .facts import LineFacts, Place
from .fitting import contradictions, fits, marks_of_person, repairs_needed, specificity
from .rule import Rule
from .states import Bearer, Demand, Effect, Ground, Verdict, Weight
from .windows import FOREVER, Between, Window, measure

RANK = {Verdict.YES: 0, Verdict.PERSON: 1, Verdict.NO: 2}
UNSURE = frozenset({
    "pick_up_unknown", "arrival_unknown", "installation_unknown", "payment_unknown", "parcels_incomplete",
    "calendar_provisional", "after_replacement", "holiday_end", "looked_at_after",
})  # fmt: skip
"""Notes of a window that explain why a person looks after its certain end."""
LATER = frozenset({"holiday_end", "looked_at_after", "calendar_provisional"})
"""Of these, what matters only once the certain end is over."""


def judge(facts: LineFacts, rules: Sequence[Rule], place: Place) -> Answer:
    """The whole answer to one question. ``rules``: all versions that are or were in force, of any rule."""
    then = facts.purchased.latest(place.zone)
    first = _judged(facts, rules, place, facts.purchased.earliest)
    if then == facts.purchased.earliest or _in_force(rules, then) == _in_force(
        rules, facts.purchased.earliest
    ):
        return first
    second = _judged(facts, rules, place, then)
    if first.verdict == second.verdict:
        return second
    doubt = Reason.by(None, "rule_changed_that_day", Weight.DOUBT, place.zone.key)
    return replace(second, verdict=Verdict.PERSON, reasons=(doubt, *_once([*second.reasons, *first.reasons])))


def _in_force(rules: Iterable[Rule], at: datetime) -> list[Rule]:
    return [rule for rule in rules if rule.applies_at(at)]


def _judged(facts: LineFacts, rules: Sequence[Rule], place: Place, at: datetime) -> Answer:
    standing = _in_force(rules, at)
    asked = Between.of(facts.asked, place)
    findings = [
        found
        for rule in standing
        if rule.effect in {Effect.GRANTS, Effect.LOOKS} and (found := _finding(rule, standing, facts, place, asked))
    ]  # fmt: skip
    findings.sort(key=lambda one: (_order(one), RANK[Verdict(one.verdict)], *_nearness(one)))
    verdict, reasons = _verdict(findings, facts, place)
    best = findings[0] if findings else None
    reasons += _later_rules(best, rules, asked, place)
    return _answer(verdict, reasons, best, findings, facts, rules, standing, place, asked)


def _order(found: Finding) -> int:
    """A rule that wants a person to look goes before any that would answer by itself."""
    return 0 if found.rule.effect == Effect.LOOKS and found.verdict == Verdict.PERSON else 1


def _nearness(found: Finding) -> tuple[int, float]:
    """The rule that names more conditions goes first, then the one that ends later."""
    ends = found.window.ends_at if found.window else None
    return -specificity(found.rule), -(ends or FOREVER).timestamp()


def _verdict(findings: Sequence[Finding], facts: LineFacts, place: Place) -> tuple[str, list[Reason]]:
    zone = place.zone.key
    wrong = [
        Reason.by(None, code, Weight.DOUBT, zone, **params) for code, params in contradictions(facts, place)
    ]
    reasons = [*wrong, *(reason for one in findings for reason in one.reasons)]
    if not findings:
        question = {"demand": str(facts.demand), "ground": str(facts.ground)}
        return Verdict.PERSON, [*reasons, Reason.by(None, "no_rule", Weight.DOUBT, zone, **question)]
    return (Verdict.PERSON if wrong else findings[0].verdict), reasons


def _later_rules(best: Finding | None, rules: Sequence[Rule], asked: Between, place: Place) -> list[Reason]:
    """Says so when the deciding rule has a newer version: the order is older."""
    if best is None:
        return []
    code, number = best.rule.code, best.rule.number
    newer = [
        rule for rule in rules if rule.code == code and rule.number > number and rule.applies_at(asked.latest)
    ]
    zone = place.zone.key
    since = [rule.valid_from.isoformat() for rule in newer[-1:]]
    return [Reason.by(best.rule, "order_is_older", Weight.NOTE, zone, n=number, since=one) for one in since]


def _finding(
    rule: Rule, standing: Sequence[Rule], facts: LineFacts, place: Place, asked: Between
) -> Finding | None:
    """What one rule says; None when it does not speak about the question."""
    fit, unknown = fits(rule, facts, place)
    if fit is False:
        return None
    zone = place.zone.key
    doubts = [Reason.by(rule, code, Weight.DOUBT, zone) for code in unknown]
    needed = repairs_needed(rule, facts, place)
    if needed is None:
        return None
    happened, notes = needed
    reasons = [Reason.by(rule, code, Weight(weight), zone, **params) for code, weight, params in notes]
    ended, excluded, bound = exclusion(standing, facts, place)
    if rule.promises:
        ended, bound = False, False
    if ended and not bound:
        verdict = Verdict.PERSON if doubts else _no(rule, facts)
        return Finding(rule, verdict, None, (*excluded, *doubts, *_marks(rule, facts, zone)))
    timed = _timed(rule, standing, facts, place, asked, bound)
    if timed is None:
        return None
    verdict, window, more = timed
    doubtful = doubts or not happened or any(one.weight == Weight.DOUBT for one in excluded)
    if doubtful and not (verdict == Verdict.NO and not happened):
        verdict = Verdict.PERSON
    return Finding(rule, verdict, window, (*reasons, *more, *excluded, *doubts))


def _no(rule: Rule, facts: LineFacts) -> str:
    """A refusal, unless the order is one whose refusals are a person's."""
    return Verdict.PERSON if marks_of_person(rule, facts) else Verdict.NO


def _marks(rule: Rule, facts: LineFacts, zone: str) -> list[Reason]:
    return [
        Reason.by(rule, "person_refuses", Weight.DOUBT, zone, mark=mark)
        for mark in marks_of_person(rule, facts)
    ]


def _timed(
    rule: Rule, standing: Sequence[Rule], facts: LineFacts, place: Place, asked: Between, bound: bool
) -> tuple[str, Window | None, list[Reason]] | None:
    """Whether the question came in time, by the rule's own window or the warranty's."""
    zone = place.zone.key
    if rule.within_warranty:
        return _within_warranty(rule, standing, facts, place, asked)
    if rule.effect == Effect.LOOKS:
        return Verdict.PERSON, None, [Reason.by(rule, "person_by_rule", Weight.DOUBT, zone)]
    if not rule.window_value and not rule.legal_value:
        return Verdict.YES, None, [Reason.by(rule, "no_window", Weight.FOR, zone)]
    chosen = (
        [one for one in promises_of(facts) if one.in_spite_of_exceptions] if bound else promises_of(facts)
    )
    window = measure(rule, facts, place, promises=chosen, bound_only=bound)
    if window is None:
        return None
    return _by_window(rule, window, facts, zone, asked)


def _by_window(
    rule: Rule, window: Window, facts: LineFacts, zone: str, asked: Between
) -> tuple[str, Window, list[Reason]]:
    ends = window.ends_at.isoformat() if window.ends_at else ""
    told = [
        Reason.by(rule, code, Weight.NOTE, zone, **params)
        for code, params in window.notes
        if code not in UNSURE
    ]
    if window.surely_in(asked):
        told += [
            Reason.by(rule, code, Weight.NOTE, zone, **params)
            for code, params in window.notes
            if code in UNSURE - LATER
        ]
        if not window.ends_at:
            return Verdict.YES, window, [Reason.by(rule, "not_begun", Weight.FOR, zone), *told]
        by_promise = window.promised == window.ends_at and window.promised not in {window.ours, window.legal}
        code = "in_time_by_promise" if by_promise else "in_time"
        return Verdict.YES, window, [Reason.by(rule, code, Weight.FOR, zone, until=ends), *told]
    if window.surely_over(asked):
        late = [
            Reason.by(rule, "too_late", Weight.AGAINST, zone, until=_end_said(window)),
            *_marks(rule, facts, zone),
        ]
        return _no(rule, facts), window, [*late, *told]
    doubts = [
        Reason.by(rule, code, Weight.DOUBT, zone, **params) for code, params in window.notes if code in UNSURE
    ]
    doubts = doubts or [Reason.by(rule, "grain_at_edge", Weight.DOUBT, zone, until=ends)]
    ended = Reason.by(rule, "after_certain_end", Weight.NOTE, zone, until=ends)
    return Verdict.PERSON, window, [ended, *doubts, *told]


def _end_said(window: Window) -> str:
    at = window.doubt_until or window.ends_at
    return at.isoformat() if at else ""


def _within_warranty(
    rule: Rule, standing: Sequence[Rule], facts: LineFacts, place: Place, asked: Between
) -> tuple[str, Window | None, list[Reason]] | None:
    """A right that lasts as long as the goods' own warranty (law Q7, Q8)."""
    as_warranty = replace(facts, demand=Demand.REPAIR, ground=Ground.WARRANTY)
    found: list[tuple[str, Window | None, list[Reason]]] = []
    unknown = False
    for one in standing:
        if one.effect != Effect.GRANTS or one.within_warranty or Ground.WARRANTY not in one.grounds:
            continue
        fit, missing = fits(one, as_warranty, place)
        unknown = unknown or (fit is None and bool(missing))
        if fit and (timed := _timed(one, standing, as_warranty, place, asked, bound=False)):
            found.append((timed[0], timed[1], [replace(reason, **_cited(rule)) for reason in timed[2]]))
    if found:
        return min(found, key=lambda one: RANK[Verdict(one[0])])
    if unknown:
        return Verdict.PERSON, None, [Reason.by(rule, "category_unknown", Weight.DOUBT, place.zone.key)]
    return None


def _cited(rule: Rule) -> dict[str, Any]:
    names = {"name_zh": rule.name_zh, "name_en": rule.name_en}
    return {"rule_id": rule.id, "citation": rule.citation, "clause": rule.clause, **names}


def _answer(
    verdict: str,
    reasons: Sequence[Reason],
    best: Finding | None,
    findings: Sequence[Finding],
    facts: LineFacts,
    rules: Sequence[Rule],
    standing: Sequence[Rule],
    place: Place,
    asked: Between,
) -> Answer:
    rule = best.rule if best else None
    proof = _proof(standing, facts, place, asked)
    duties = _duties(rules, facts, place, asked) if verdict != Verdict.NO else ()
    cited = [(one.rule.id, one.rule.citation) for one in findings]
    cited += [(one.rule_id, one.citation) for one in reasons if one.rule_id is not None]
    cited += [(one.rule_id, one.citation) for one in duties]
    return Answer(
        verdict=verdict,
        demand=facts.demand,
        ground=facts.ground,
        asked_at=facts.asked.at,
        judged_by=facts.purchased.at,
        reasons=tuple(_once(reasons)),
        rule_id=rule.id if rule else None,
        citation=rule.citation if rule else "",
        window=best.window if best else None,
        freight=_freight(rule, facts) if rule else Freight(),
        evidence=rule.evidence if rule else (),
        conditions=rule.conditions if rule else (),
        silence=rule.silence if rule else "",
        proof=proof,
        duties=duties,
        versions=tuple(dict.fromkeys(cited)),
        findings=tuple(findings),
    )


def _once(reasons: Iterable[Reason]) -> list[Reason]:
    found: list[Reason] = []
    for one in reasons:
        if one not in found:
            found.append(one)
    return found


def _freight(rule: Rule, facts: LineFacts) -> Freight:
    """The rule's legs; the way back by the merchant's promise or the order's insurance where one takes it over."""
    promised = next((one.return_freight for one in promises_of(facts) if one.return_freight), "")
    if rule.freight_back == Bearer.CUSTOMER and promised:
        return Freight(rule.freight_out, promised, rule.freight_again, "promise")
    if rule.freight_back == Bearer.CUSTOMER and facts.freight_insured:
        return Freight(rule.freight_out, Bearer.INSURER, rule.freight_again, "insurance")
    return Freight(rule.freight_out, rule.freight_back, rule.freight_again)


def _proof(standing: Sequence[Rule], facts: LineFacts, place: Place, asked: Between) -> Proof | None:
    """Who must prove: the seller while the rule's time may still run (law Q2), else nobody says."""
    for rule in standing:
        if rule.effect != Effect.PROVES or not fits(rule, facts, place)[0]:
            continue
        window = measure(rule, facts, place)
        if window is None:
            continue
        seller = not window.surely_over(asked)
        return Proof(
            Bearer.MERCHANT if seller else Bearer.CUSTOMER, window.ends_at, rule.citation, rule.clause
        )
    return None


def _duties(rules: Sequence[Rule], facts: LineFacts, place: Place, asked: Between) -> tuple[Duty, ...]:
    owed = [rule for rule in _in_force(rules, asked.latest) if rule.effect == Effect.OWES]
    return tuple(
        Duty(
            rule.code, rule.name_zh, rule.name_en, rule.owed_by, rule.anchor, rule.window_value, rule.window_unit,
            rule.legal_value, rule.legal_unit, rule.id, rule.citation, rule.clause,
        )
        for rule in owed
        if fits(rule, facts, place)[0]
    )  # fmt: skip
