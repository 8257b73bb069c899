"""Whether a rule speaks about a question, and what in the facts contradicts itself. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from .facts import LineFacts, Moment, Place, RepairFacts
from .rule import Rule
from .states import LineRule, Stage, Weight

CONDITIONS = ("law_sets", "regions", "categories", "demands", "grounds", "stages", "marks", "promises")
ONE_DAY = timedelta(days=1)
FAILED = frozenset({"failed", "unrepairable"})


def specificity(rule: Rule) -> int:
    """How many conditions a rule names."""
    return sum(bool(getattr(rule, name)) for name in CONDITIONS) + bool(rule.exception)


def stage_of(facts: LineFacts) -> str | None:
    """How far the goods have come; None when the parcels do not say."""
    states = {parcel.state for parcel in facts.parcels if parcel.state != "void"}
    if "delivered" in states:
        return Stage.ARRIVED
    if states & {"lost"}:
        return Stage.UNDER_WAY
    if "under_way" in states:
        sent = any(parcel.shipped for parcel in facts.parcels if parcel.state == "under_way")
        return Stage.UNDER_WAY if sent else Stage.NOT_SENT
    return None


def fits(rule: Rule, facts: LineFacts, place: Place) -> tuple[bool | None, list[str]]:
    """True, False, or None with the codes of what nobody knows."""
    named: Sequence[tuple[Sequence[str], str]] = (
        (rule.law_sets, place.law_set), (rule.demands, facts.demand), (rule.grounds, facts.ground),
    )  # fmt: skip
    if any(allowed and fact not in allowed for allowed, fact in named):
        return False, []
    if not set(rule.marks) <= set(facts.marks):
        return False, []
    if rule.promises and not {one.code for one in facts.promises} & set(rule.promises):
        return False, []
    unknown: list[str] = []
    for allowed, found, code in (
        (rule.categories, set(facts.category_path), "category_unknown"),
        (rule.regions, {facts.region} - {""}, "region_unknown"),
        (rule.stages, {stage_of(facts)} - {None}, "stage_unknown"),
    ):
        if allowed and not found:
            unknown.append(code)
        elif allowed and not set(allowed) & found:
            return False, []
    return (None, unknown) if unknown else (True, [])


def marks_of_person(rule: Rule, facts: LineFacts) -> list[str]:
    """Marks of the order with which a refusal is for a person."""
    return [mark for mark in rule.person_marks if mark in facts.marks]


Told = tuple[str, str, dict[str, Any]]


def repairs_needed(rule: Rule, facts: LineFacts, place: Place) -> tuple[bool, list[Told]] | None:
    """Whether the repairs that a rule asks for have happened; None when it does not come into question.

    Too few of them by our record is a doubt and no refusal: shops we know nothing of may have tried.
    """
    if rule.failed_repairs:
        failed = sum(one.outcome in FAILED for one in facts.repairs)
        params = {"n": rule.failed_repairs, "known": failed}
        if failed >= rule.failed_repairs:
            return True, [("repairs_failed", Weight.FOR, params)]
        return False, [("repairs_too_few", Weight.DOUBT, params)]
    if rule.slow_repair_days or rule.slow_parts_days:
        for one in facts.repairs:
            days = _days(one, facts, place)
            working = max(days - one.parts_days, 0)
            if rule.slow_repair_days and not one.by_customer and working > rule.slow_repair_days:
                return True, [("repair_too_slow", Weight.FOR, {"n": working, "limit": rule.slow_repair_days})]
            if rule.slow_parts_days and one.parts_days > rule.slow_parts_days:
                params = {"n": one.parts_days, "limit": rule.slow_parts_days}
                return True, [("parts_too_slow", Weight.FOR, params)]
        return None
    return True, []


def _days(repair: RepairFacts, facts: LineFacts, place: Place) -> int:
    """Calendar days from receipt to hand-back; the day of receipt is not counted."""
    back = repair.back or facts.asked
    start = repair.received.at.astimezone(place.zone).date()
    return (back.at.astimezone(place.zone).date() - start) // ONE_DAY


def contradictions(facts: LineFacts, place: Place) -> list[tuple[str, dict[str, Any]]]:
    """Facts that cannot all be true, each by its code. With any of them a person looks."""

    def before(one: Moment | None, other: Moment | None) -> bool:
        return one is not None and other is not None and one.latest(place.zone) < other.earliest

    found: list[tuple[str, dict[str, Any]]] = []
    if before(facts.asked, facts.purchased):
        found.append(("asked_before_order", {}))
    for parcel in (*facts.parcels, *facts.replacements):
        if before(parcel.delivered, facts.purchased) or before(parcel.delivered, parcel.shipped):
            found.append(("arrived_before_sent", {}))
        if before(parcel.picked_up, parcel.delivered):
            found.append(("picked_up_before_arrival", {}))
        if parcel.state == "under_way" and parcel.delivered is not None:
            found.append(("arrived_and_under_way", {}))
    if facts.installed and any(before(facts.installed, one.delivered) for one in facts.parcels[:1]):
        found.append(("installed_before_arrival", {}))
    if any(before(one.back, one.received) for one in facts.repairs):
        found.append(("repair_back_before_received", {}))
    if facts.line_rule not in LineRule.values:
        found.append(("line_rule_unknown", {}))
    return list({code: (code, params) for code, params in found}.values())
