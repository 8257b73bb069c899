"""Dated cases of the return rules, written from the law page: each with the clause it follows.

All times stand on the market's wall clock (Asia/Shanghai) unless they end in Z. 2 March 2026 is a Monday. Days off in
2026: 15–23 February, 1–5 May, 25–27 September, 1–7 October; make-up working days: 14 and 28 February, 9 May,
20 September, 10 October.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from aftersales.standards.returns.eligibility import judge
from aftersales.standards.returns.facts import Place, PromiseFacts
from aftersales.standards.returns.rule import Rule
from aftersales.standards.worktime import ALWAYS

from .returns import at, china, facts, parcel, repair, shipped, with_next

YES, NO, PERSON = "yes", "no", "person"
SAO_PAULO = Place("CN", ZoneInfo("America/Sao_Paulo"), ALWAYS)
BERLIN = Place("CN", ZoneInfo("Europe/Berlin"), ALWAYS)


@dataclass(frozen=True)
class Case:
    """What is asked, and what the clause says to it. ``last``: last day; ``why``: a reason that must be named."""

    clause: str
    name: str
    asked: str
    verdict: str
    last: str = ""
    why: str = ""
    place: Place = field(default_factory=china)
    rules: tuple[Rule, ...] = field(default_factory=shipped)
    more: dict[str, Any] = field(default_factory=dict)


def case(
    clause: str, name: str, asked: str, verdict: str, last: str = "", why: str = "", **more: Any
) -> Case:
    place, rules = more.pop("place", china()), more.pop("rules", shipped())
    return Case(clause, name, asked, verdict, last, why, place, rules, more)


PHONE = {"category_path": ("digital",), "needs_installation": False}
TOILET = {"category_path": ("bathroom", "smart_toilet"), "needs_installation": True, "ground": "warranty"}
TOILET |= {"demand": "repair"}
WARRANTY = {**PHONE, "ground": "warranty", "demand": "repair"}
SOFT = {"line_rule": "soft_exception"}
HARD = {"line_rule": "hard_exception"}
ANYWAY = PromiseFacts("takes_back_all", in_spite_of_exceptions=True)
FIFTEEN = PromiseFacts("fifteen_days", value=15)
IN_LOCKER = {"signer": "locker", "consent": False}
TEN_DAYS = with_next("return_no_reason", "2026-03-05 00:00", window_value=10)
SHORTER = with_next("exchange_faulty", "2026-03-05 00:00", window_value=7)
AT_NOON = with_next("return_no_reason", "2026-03-05 12:00", window_value=10)

CASES = [
    # -- R1, seven-day measures §10: seven calendar days, the first is the day after signing
    case("R1", "on the day of signing", "2026-03-02 10:01", YES, "2026-03-09"),
    case("R1", "on the seventh day", "2026-03-09 08:00", YES, "2026-03-09"),
    case("R1", "in the last second", "2026-03-09 23:59:59", YES, "2026-03-09", "in_time"),
    case("R1", "in the last microsecond", "2026-03-09 23:59:59.999999", YES),
    case("R1", "at the first instant of the eighth day", "2026-03-10 00:00:00", NO, why="too_late"),
    case(
        "R1",
        "signed in the last second of a day",
        "2026-03-09 23:59:59",
        YES,
        "2026-03-09",
        signed="2026-03-02 23:59:59",
    ),
    case(
        "R1",
        "signed at midnight begins the new day",
        "2026-03-10 23:59:59",
        YES,
        "2026-03-10",
        signed="2026-03-03 00:00",
    ),
    case(
        "R1",
        "signed on the last day of a month",
        "2026-04-07 23:59:59",
        YES,
        "2026-04-07",
        signed="2026-03-31 09:00",
    ),
    case(
        "R1", "signed before a leap day", "2024-03-06 23:59:59", YES, "2024-03-06", signed="2024-02-28 09:00"
    ),
    case("R1", "signed on a leap day", "2024-03-07 23:59:59", YES, "2024-03-07", signed="2024-02-29 09:00"),
    case(
        "R1",
        "across the turn of the year",
        "2026-01-05 23:59:59",
        YES,
        "2026-01-05",
        signed="2025-12-29 09:00",
    ),
    # -- R1 with zones: days are the market's, whatever the clock of the source
    case(
        "R1",
        "16:30 in UTC is the next day in the market",
        "2026-03-10 23:59:59",
        YES,
        "2026-03-10",
        signed="2026-03-02T16:30:00Z",
    ),
    case("R1", "asked one second before midnight told in UTC", "2026-03-09T15:59:59Z", YES),
    case("R1", "asked at midnight told in UTC", "2026-03-09T16:00:00Z", NO),
    case(
        "R1",
        "a market west of Greenwich: still the day before",
        "2026-03-09T02:59:59Z",
        YES,
        "2026-03-08",
        signed="2026-03-02T02:30:00Z",
        place=SAO_PAULO,
    ),
    case(
        "R1",
        "a market west of Greenwich: over at its midnight",
        "2026-03-09T03:00:00Z",
        NO,
        signed="2026-03-02T02:30:00Z",
        place=SAO_PAULO,
    ),
    case(
        "R1",
        "the clocks change inside the window",
        "2026-04-02T21:59:59Z",
        YES,
        "2026-04-02",
        signed="2026-03-26T10:00:00Z",
        place=BERLIN,
    ),
    case(
        "R1",
        "the clocks change inside the window: over",
        "2026-04-02T22:00:00Z",
        NO,
        signed="2026-03-26T10:00:00Z",
        place=BERLIN,
    ),
    # -- R1 and civil code §203: holidays count as days, a last day off leaves a doubt and no refusal
    case(
        "R1",
        "holidays inside the window count",
        "2026-05-09 23:59:59",
        YES,
        "2026-05-09",
        signed="2026-05-02 10:00",
    ),
    case(
        "R1",
        "a last day that is a make-up day carries nothing over",
        "2026-05-10 00:00",
        NO,
        signed="2026-05-02 10:00",
    ),
    case(
        "R1",
        "a make-up Saturday in February carries nothing over",
        "2026-03-01 00:00",
        NO,
        signed="2026-02-21 10:00",
    ),
    case(
        "R1",
        "the last day is the first of October",
        "2026-10-01 23:59:59",
        YES,
        "2026-10-01",
        signed="2026-09-24 10:00",
    ),
    case(
        "civil code 203",
        "after a last day in the holidays a person looks",
        "2026-10-03",
        PERSON,
        why="holiday_end",
        signed="2026-09-24 10:00",
    ),
    case(
        "civil code 203",
        "the first working day after the holidays",
        "2026-10-08 23:59:59",
        PERSON,
        why="holiday_end",
        signed="2026-09-24 10:00",
    ),
    case(
        "civil code 203",
        "after the first working day it is over",
        "2026-10-09 00:00",
        NO,
        signed="2026-09-24 10:00",
    ),
    case(
        "civil code 203",
        "Spring Festival",
        "2026-02-24 23:59:59",
        PERSON,
        why="holiday_end",
        signed="2026-02-10 10:00",
    ),
    case("civil code 203", "Spring Festival is over", "2026-02-25 00:00", NO, signed="2026-02-10 10:00"),
    case(
        "civil code 203",
        "an ordinary Saturday, asked on Monday",
        "2026-03-16 23:59:59",
        PERSON,
        why="holiday_end",
        signed="2026-03-07 10:00",
    ),
    case(
        "civil code 203",
        "an ordinary Saturday, asked on Tuesday",
        "2026-03-17 00:00",
        NO,
        signed="2026-03-07 10:00",
    ),
    # -- R2: the law's exceptions, and the seller who promised it anyway
    case("R2", "fresh food goes back for no reason", "2026-03-03", NO, why="hard_exception", **HARD),
    case(
        "R2",
        "made to order, the kind is known",
        "2026-03-03",
        NO,
        why="hard_exception",
        **HARD,
        exception_kind="custom_made",
    ),
    case(
        "R2",
        "a kind that no list names",
        "2026-03-03",
        PERSON,
        why="exception_unknown",
        **HARD,
        exception_kind="underwear",
    ),
    case(
        "R2",
        "fresh food promised anyway binds the seller",
        "2026-03-09 23:59:59",
        YES,
        why="promised_anyway",
        **HARD,
        promises=(ANYWAY,),
    ),
    case(
        "R2",
        "promised for three days, asked on the third",
        "2026-03-05 23:59:59",
        YES,
        "2026-03-05",
        **HARD,
        promises=(PromiseFacts("x", value=3, in_spite_of_exceptions=True),),
    ),
    case(
        "R2",
        "promised for three days, asked on the fourth",
        "2026-03-06 00:00",
        NO,
        **HARD,
        promises=(PromiseFacts("x", value=3, in_spite_of_exceptions=True),),
    ),
    case(
        "R2",
        "promised for 48 hours, one second left",
        "2026-03-04 09:59:59",
        YES,
        **HARD,
        promises=(PromiseFacts("x", value=48, unit="hours", in_spite_of_exceptions=True),),
    ),
    case(
        "R2",
        "promised for 48 hours, over",
        "2026-03-04 10:00:00",
        NO,
        **HARD,
        promises=(PromiseFacts("x", value=48, unit="hours", in_spite_of_exceptions=True),),
    ),
    case(
        "R2",
        "a longer window alone does not open an exception",
        "2026-03-03",
        NO,
        why="hard_exception",
        **HARD,
        promises=(FIFTEEN,),
    ),
    case("R2", "a fault is no matter of exceptions", "2026-03-03", YES, **HARD, ground="quality"),
    # -- R3: the soft list counts only when confirmed for the single purchase
    case(
        "R3",
        "confirmed at checkout",
        "2026-03-03",
        NO,
        why="soft_exception",
        **SOFT,
        confirmed=True,
        ordered="2026-02-28 10:00",
        confirmed_at="2026-02-28 09:59",
    ),
    case("R3", "not confirmed: the right stands", "2026-03-09 23:59:59", YES, why="not_confirmed", **SOFT),
    case("R3", "not confirmed and too late all the same", "2026-03-10 00:00", NO, why="too_late", **SOFT),
    case(
        "R3",
        "confirmed after the purchase: the right stands",
        "2026-03-03",
        YES,
        why="confirmed_too_late",
        **SOFT,
        confirmed=True,
        ordered="2026-02-28 10:00",
        confirmed_at="2026-03-01 10:00",
    ),
    case(
        "R3",
        "confirmed while paying is within the purchase",
        "2026-03-03",
        NO,
        **SOFT,
        confirmed=True,
        ordered="2026-02-28 10:00",
        paid="2026-02-28 10:05",
        confirmed_at="2026-02-28 10:04",
    ),
    case(
        "R3",
        "confirmed, yet promised anyway",
        "2026-03-03",
        YES,
        why="promised_anyway",
        **SOFT,
        confirmed=True,
        promises=(ANYWAY,),
    ),
    case(
        "R3",
        "a hard kind told as soft widens no list",
        "2026-03-03",
        PERSON,
        why="exception_unknown",
        **SOFT,
        exception_kind="perishable",
        confirmed=True,
    ),
    # -- promises only lengthen (R1 "unless agreed otherwise")
    case(
        "R1",
        "fifteen days promised",
        "2026-03-17 23:59:59",
        YES,
        "2026-03-17",
        "in_time_by_promise",
        promises=(FIFTEEN,),
    ),
    case("R1", "fifteen days promised, over", "2026-03-18 00:00", NO, promises=(FIFTEEN,)),
    case(
        "R1",
        "a shorter promise takes nothing away",
        "2026-03-09 23:59:59",
        YES,
        "2026-03-09",
        promises=(PromiseFacts("three", value=3),),
    ),
    case(
        "R1",
        "a promise about exchanges is none about returns",
        "2026-03-12",
        NO,
        promises=(PromiseFacts("x", frozenset({"exchange"}), value=30),),
    ),
    case(
        "civil code 202",
        "a month from 31 January ends with February",
        "2026-02-28 23:59:59",
        YES,
        "2026-02-28",
        signed="2026-01-31 10:00",
        promises=(PromiseFacts("month", value=1, unit="months"),),
    ),
    case(
        "civil code 202",
        "and is over in March",
        "2026-03-01 00:00",
        NO,
        signed="2026-01-31 10:00",
        promises=(PromiseFacts("month", value=1, unit="months"),),
    ),
    case(
        "civil code 202",
        "a month from 31 January of a leap year",
        "2024-02-29 23:59:59",
        YES,
        "2024-02-29",
        signed="2024-01-31 10:00",
        promises=(PromiseFacts("month", value=1, unit="months"),),
    ),
    case(
        "R1",
        "ten working days across two holidays and a make-up day",
        "2026-10-15 23:59:59",
        YES,
        "2026-10-15",
        signed="2026-09-24 10:00",
        promises=(PromiseFacts("ten", value=10, unit="working_days"),),
    ),
    case(
        "R1",
        "ten working days, over",
        "2026-10-16 00:00",
        NO,
        signed="2026-09-24 10:00",
        promises=(PromiseFacts("ten", value=10, unit="working_days"),),
    ),
    case(
        "R1",
        "working days of a year not announced yet",
        "2035-02-20",
        PERSON,
        why="calendar_provisional",
        signed="2035-01-02 10:00",
        promises=(PromiseFacts("ten", value=10, unit="working_days"),),
    ),
    # -- courier measures §28: a locker or others without consent, then the pick-up
    case(
        "locker",
        "without consent: seven days from the pick-up",
        "2026-03-12 23:59:59",
        YES,
        "2026-03-12",
        "pick_up_counts",
        parcels=(parcel("2026-03-02 10:00", picked_up="2026-03-05 20:00", **IN_LOCKER),),
    ),
    case(
        "locker",
        "without consent: over after the pick-up's seven days",
        "2026-03-13 00:00",
        NO,
        parcels=(parcel("2026-03-02 10:00", picked_up="2026-03-05 20:00", **IN_LOCKER),),
    ),
    case(
        "locker",
        "with consent the delivery counts",
        "2026-03-10 00:00",
        NO,
        why="consent_recorded",
        parcels=(parcel("2026-03-02 10:00", signer="locker", consent=True, picked_up="2026-03-05 20:00"),),
    ),
    case(
        "locker",
        "no consent, no pick-up known: certain so far",
        "2026-03-09 23:59:59",
        YES,
        parcels=(parcel("2026-03-02 10:00", **IN_LOCKER),),
    ),
    case(
        "locker",
        "no consent, no pick-up known: a person looks",
        "2026-03-10 00:00",
        PERSON,
        why="pick_up_unknown",
        parcels=(parcel("2026-03-02 10:00", **IN_LOCKER),),
    ),
    case(
        "locker",
        "nothing recorded is no consent",
        "2026-03-12 23:59:59",
        YES,
        "2026-03-12",
        parcels=(parcel("2026-03-02 10:00", signer="station", consent=None, picked_up="2026-03-05 20:00"),),
    ),
    case(
        "locker",
        "a neighbour took it, nobody knows the rest",
        "2026-05-20",
        PERSON,
        why="pick_up_unknown",
        parcels=(parcel("2026-03-02 10:00", signer="neighbour", consent=False),),
    ),
    case(
        "locker",
        "the family took it",
        "2026-03-10 00:00",
        NO,
        parcels=(parcel("2026-03-02 10:00", signer="family"),),
    ),
    # -- several parcels: the last one
    case(
        "parcels",
        "two parcels: the later one counts",
        "2026-03-12 23:59:59",
        YES,
        "2026-03-12",
        "several_parcels",
        parcels=(parcel("2026-03-05 10:00"), parcel("2026-03-02 10:00")),
    ),
    case(
        "parcels",
        "two parcels: over after the later one",
        "2026-03-13 00:00",
        NO,
        parcels=(parcel("2026-03-02 10:00"), parcel("2026-03-05 10:00")),
    ),
    case(
        "parcels",
        "the second one is still on the way",
        "2026-04-01",
        YES,
        why="not_begun",
        parcels=(parcel("2026-03-02 10:00"), parcel(state="under_way")),
    ),
    case(
        "parcels",
        "a cancelled parcel does not count",
        "2026-03-10 00:00",
        NO,
        parcels=(parcel("2026-03-02 10:00"), parcel("2026-03-08 10:00", state="void")),
    ),
    case(
        "parcels",
        "not all parcels are recorded",
        "2026-03-10 00:00",
        PERSON,
        why="parcels_incomplete",
        parcels_complete=False,
    ),
    case(
        "parcels",
        "arrived, but nobody says when",
        "2026-03-20",
        PERSON,
        why="arrival_unknown",
        parcels=(parcel(shipped="2026-02-28 10:00"),),
        ordered="2026-02-27",
    ),
    case(
        "parcels",
        "arrived unknown when, but not before it was sent",
        "2026-03-07 23:59:59",
        YES,
        parcels=(parcel(shipped="2026-02-28 10:00"),),
        ordered="2026-02-27",
    ),
    # -- grain: what is known too coarsely at the edge is for a person
    case(
        "grain",
        "a day of the market is exact enough",
        "2026-03-09 23:59:59",
        YES,
        "2026-03-09",
        parcels=(parcel("2026-03-02 00:00", grain="day"),),
    ),
    case(
        "grain",
        "a day of the market is exact enough to say no",
        "2026-03-10 00:00",
        NO,
        parcels=(parcel("2026-03-02 00:00", grain="day"),),
    ),
    case(
        "grain",
        "a day told in UTC reaches into the next one",
        "2026-03-10 07:00",
        PERSON,
        why="grain_at_edge",
        parcels=(parcel("2026-03-02T00:00:00Z", grain="day"),),
    ),
    case(
        "grain",
        "a day told in UTC is over after both",
        "2026-03-11 00:00",
        NO,
        parcels=(parcel("2026-03-02T00:00:00Z", grain="day"),),
    ),
    case("grain", "asked on a day, the last one", "2026-03-09 00:00", YES, asked_grain="day"),
    case(
        "grain",
        "asked on a day told in UTC, the last one",
        "2026-03-09T00:00:00Z",
        PERSON,
        why="grain_at_edge",
        asked_grain="day",
    ),
    case("grain", "asked at 23:59, to the minute", "2026-03-09 23:59", YES, asked_grain="minute"),
    # -- Q1, consumer law §24: faults, seven days from receipt, then the conditions to end the contract
    case("Q1", "a fault on the seventh day", "2026-03-09 23:59:59", YES, "2026-03-09", ground="quality"),
    case(
        "Q1",
        "a fault on the eighth day may still end the contract",
        "2026-03-10 00:00",
        PERSON,
        why="looked_at_after",
        ground="quality",
    ),
    case(
        "Q1",
        "a fault after the limitation",
        "2029-03-03 00:00",
        NO,
        category_path=("clothing",),
        ground="quality",
        signed="2026-03-02 10:00",
    ),
    case(
        "R4.1",
        "an exchange on the fifteenth day",
        "2026-03-17 23:59:59",
        YES,
        "2026-03-17",
        ground="wrong_item",
        demand="exchange",
    ),
    case(
        "Q1",
        "an exchange on the sixteenth day",
        "2026-03-18 00:00",
        PERSON,
        ground="wrong_item",
        demand="exchange",
    ),
    # -- Q5, Q6: warranted goods
    case(
        "Q5",
        "a phone fails on day 7: refund at choice",
        "2026-03-09 23:59:59",
        YES,
        "2026-03-09",
        **{**PHONE, "ground": "warranty"},
    ),
    case(
        "Q5",
        "a phone fails on day 8: one year remains for repair only",
        "2026-03-10 00:00",
        PERSON,
        why="repairs_too_few",
        **{**PHONE, "ground": "warranty"},
    ),
    case(
        "Q6",
        "a phone fails on day 15: exchange",
        "2026-03-17 23:59:59",
        YES,
        "2026-03-17",
        **{**WARRANTY, "demand": "exchange"},
    ),
    # -- Q3, Q9, regulation §18: warranty from delivery or installation
    case(
        "Q9",
        "one year from delivery, the last second",
        "2026-03-03 23:59:59",
        YES,
        "2026-03-03",
        **WARRANTY,
        signed="2025-03-03 10:00",
    ),
    case("Q9", "one year from delivery, over", "2026-03-04 00:00", NO, **WARRANTY, signed="2025-03-03 10:00"),
    case(
        "Q9",
        "one year from a leap day ends on 28 February",
        "2025-02-28 23:59:59",
        YES,
        "2025-02-28",
        **WARRANTY,
        signed="2024-02-29 10:00",
    ),
    case(
        "Q9",
        "one year from a leap day, over on 1 March",
        "2025-03-01 00:00",
        NO,
        **WARRANTY,
        signed="2024-02-29 10:00",
    ),
    case(
        "Q3",
        "three years from the installation",
        "2026-03-03 23:59:59",
        YES,
        "2026-03-03",
        "installation_counts",
        **TOILET,
        signed="2023-01-10 10:00",
        installed="2023-03-03 15:00",
    ),
    case(
        "Q3",
        "three years from the installation, over",
        "2026-03-04 00:00",
        NO,
        **TOILET,
        signed="2023-01-10 10:00",
        installed="2023-03-03 15:00",
    ),
    case(
        "Q3",
        "installation unknown: certain for three years from delivery",
        "2026-01-10 12:00",
        YES,
        **TOILET,
        signed="2023-01-10 10:00",
    ),
    case(
        "Q3",
        "installation unknown: afterwards a person looks",
        "2026-01-13 12:00",
        PERSON,
        why="installation_unknown",
        **TOILET,
        signed="2023-01-10 10:00",
    ),
    case(
        "Q9",
        "the category is not known",
        "2026-03-03",
        PERSON,
        why="category_unknown",
        ground="warranty",
        demand="repair",
    ),
    case(
        "Q9",
        "a battery on day 180",
        "2026-03-03 23:59:59",
        YES,
        "2026-03-03",
        ground="warranty",
        demand="repair",
        category_path=("digital_parts", "battery"),
        signed="2025-09-04 10:00",
    ),
    case(
        "Q9",
        "shoes after thirty days, the band unknown",
        "2026-04-20",
        PERSON,
        why="looked_at_after",
        ground="warranty",
        demand="repair",
        category_path=("shoes",),
    ),
    # -- Q3: a replacement restarts, repair does not count
    case(
        "Q3",
        "a replacement begins the warranty anew",
        "2025-09-02 23:59:59",
        YES,
        "2025-09-02",
        "replacement_restarts",
        **WARRANTY,
        signed="2024-03-04 10:00",
        replacements=(parcel("2024-09-02 10:00"),),
    ),
    case(
        "Q3",
        "a replaced phone's warranty is over",
        "2025-09-03 00:00",
        NO,
        **WARRANTY,
        signed="2024-03-04 10:00",
        replacements=(parcel("2024-09-02 10:00"),),
    ),
    case(
        "Q3",
        "a fault of the replacement, seven days anew",
        "2026-03-27 23:59:59",
        YES,
        "2026-03-27",
        "replacement_restarts",
        ground="quality",
        replacements=(parcel("2026-03-20 10:00"),),
    ),
    case(
        "Q3",
        "the replacement is on the way",
        "2026-05-20",
        YES,
        why="not_begun",
        ground="quality",
        replacements=(parcel(state="under_way"),),
    ),
    case(
        "R1",
        "no reason after an exchange: a person looks",
        "2026-03-25",
        PERSON,
        why="after_replacement",
        replacements=(parcel("2026-03-20 10:00"),),
    ),
    case(
        "R1",
        "no reason after an exchange: over for both",
        "2026-03-28 00:00",
        NO,
        replacements=(parcel("2026-03-20 10:00"),),
    ),
    case(
        "Q3",
        "ten days under repair do not count",
        "2026-03-13 23:59:59",
        YES,
        "2026-03-13",
        "repair_excluded",
        **WARRANTY,
        signed="2025-03-03 10:00",
        repairs=(repair("2025-06-02", "2025-06-11"),),
    ),
    case(
        "Q3",
        "ten days under repair, over",
        "2026-03-14 00:00",
        NO,
        **WARRANTY,
        signed="2025-03-03 10:00",
        repairs=(repair("2025-06-02", "2025-06-11"),),
    ),
    case(
        "Q3",
        "days told by two repairs count once",
        "2026-03-16 00:00",
        PERSON,
        why="holiday_end",
        **WARRANTY,
        signed="2025-03-03 10:00",
        repairs=(repair("2025-06-02", "2025-06-11"), repair("2025-06-08", "2025-06-12")),
    ),
    case(
        "Q3",
        "a repair at the end takes in the next one",
        "2026-03-09 23:59:59",
        YES,
        "2026-03-09",
        **WARRANTY,
        signed="2025-03-03 10:00",
        repairs=(repair("2026-03-02", "2026-03-03", ""), repair("2026-03-04", "2026-03-07", "")),
    ),
    case(
        "Q3",
        "it is still at the shop",
        "2027-08-20",
        YES,
        **WARRANTY,
        signed="2025-03-03 10:00",
        repairs=(repair("2026-02-20"),),
    ),
    case(
        "Q8",
        "a repair after the warranty still runs thirty days",
        "2025-07-10 23:59:59",
        YES,
        "2025-07-10",
        **WARRANTY,
        signed="2024-03-04 10:00",
        repairs=(repair("2025-06-02", "2025-06-10"),),
    ),
    case(
        "Q8",
        "and does not revive the warranty",
        "2025-07-11 00:00",
        NO,
        **WARRANTY,
        signed="2024-03-04 10:00",
        repairs=(repair("2025-06-02", "2025-06-10"),),
    ),
    # -- Q7, Q8: repairs in vain or too slow
    case(
        "Q7",
        "repaired twice in vain: exchange",
        "2026-06-01",
        YES,
        why="repairs_failed",
        **{**WARRANTY, "demand": "exchange"},
        repairs=(repair("2026-04-01", "2026-04-05", "failed"), repair("2026-05-01", "2026-05-05", "failed")),
    ),
    case(
        "Q7",
        "repaired twice in vain: return",
        "2026-06-01",
        YES,
        why="repairs_failed",
        **{**WARRANTY, "demand": "return"},
        repairs=(
            repair("2026-04-01", "2026-04-05", "failed"),
            repair("2026-05-01", "2026-05-05", "unrepairable"),
        ),
    ),
    case(
        "Q7",
        "repaired once in vain by our record",
        "2026-06-01",
        PERSON,
        why="repairs_too_few",
        **{**WARRANTY, "demand": "exchange"},
        repairs=(repair("2026-04-01", "2026-04-05", "failed"),),
    ),
    case(
        "Q7",
        "repaired twice in vain, the warranty is over",
        "2026-06-01",
        NO,
        **{**WARRANTY, "demand": "exchange"},
        signed="2024-03-04 10:00",
        repairs=(repair("2024-04-01", "2024-04-05", "failed"), repair("2024-05-01", "2024-05-05", "failed")),
    ),
    case(
        "Q8",
        "a repair of 31 days: exchange",
        "2026-06-01",
        YES,
        why="repair_too_slow",
        **{**WARRANTY, "demand": "exchange"},
        repairs=(repair("2026-04-01", "2026-05-02", ""),),
    ),
    case(
        "Q8",
        "a repair of 30 days gives no exchange",
        "2026-06-01",
        PERSON,
        why="repairs_too_few",
        **{**WARRANTY, "demand": "exchange"},
        repairs=(repair("2026-04-01", "2026-05-01", ""),),
    ),
    case(
        "Q8",
        "91 days without parts: exchange",
        "2026-07-20",
        YES,
        why="parts_too_slow",
        **{**WARRANTY, "demand": "exchange"},
        repairs=(repair("2026-04-01", None, "", parts_days=91),),
    ),
    # -- rule versions: the contract stands from the order, so its day's version counts
    case(
        "version",
        "ordered before a longer version: the old seven days",
        "2026-03-16 12:00",
        NO,
        why="order_is_older",
        rules=TEN_DAYS,
        ordered="2026-03-04 10:00",
        signed="2026-03-06 10:00",
    ),
    case(
        "version",
        "ordered one second before the change",
        "2026-03-16 12:00",
        NO,
        rules=TEN_DAYS,
        ordered="2026-03-04 23:59:59",
        signed="2026-03-06 10:00",
    ),
    case(
        "version",
        "ordered at the instant of the change",
        "2026-03-16 23:59:59",
        YES,
        "2026-03-16",
        rules=TEN_DAYS,
        ordered="2026-03-05 00:00",
        signed="2026-03-06 10:00",
    ),
    case(
        "version",
        "a later version takes nothing from an older order",
        "2026-03-17 12:00",
        YES,
        "2026-03-17",
        "order_is_older",
        rules=SHORTER,
        ground="quality",
        demand="exchange",
    ),
    case(
        "version",
        "ordered on the day of the change, the hour unknown",
        "2026-03-16 12:00",
        PERSON,
        why="rule_changed_that_day",
        rules=AT_NOON,
        ordered="2026-03-05 00:00",
        ordered_grain="day",
        signed="2026-03-06 10:00",
    ),
    case(
        "version",
        "the hour is unknown and does not matter",
        "2026-03-13 12:00",
        YES,
        rules=AT_NOON,
        ordered="2026-03-05 00:00",
        ordered_grain="day",
        signed="2026-03-06 10:00",
    ),
    # -- facts that contradict each other, and orders whose refusals are a person's
    case(
        "doubt",
        "arrived before it was ordered",
        "2026-03-03",
        PERSON,
        why="arrived_before_sent",
        ordered="2026-03-02 12:00",
    ),
    case(
        "doubt",
        "asked before it was ordered",
        "2026-03-01",
        PERSON,
        why="asked_before_order",
        ordered="2026-03-02 09:00",
    ),
    case(
        "doubt",
        "picked up before it arrived",
        "2026-03-03",
        PERSON,
        why="picked_up_before_arrival",
        parcels=(parcel("2026-03-02 10:00", picked_up="2026-03-01 20:00", **IN_LOCKER),),
    ),
    case(
        "civil code 19",
        "a minor's order is never refused by the machine",
        "2026-04-10",
        PERSON,
        why="person_refuses",
        marks=frozenset({"minor"}),
    ),
    case(
        "R2",
        "a minor bought fresh food",
        "2026-03-03",
        PERSON,
        why="person_refuses",
        **HARD,
        marks=frozenset({"minor"}),
    ),
    case("R1", "a minor in time needs nobody", "2026-03-03", YES, marks=frozenset({"minor"})),
    case(
        "none",
        "no rule speaks about compensation",
        "2026-03-03",
        PERSON,
        why="no_rule",
        demand="compensation",
        ground="service",
    ),
    # -- before the goods arrive (R4.0)
    case(
        "R4.0",
        "not sent yet: refund",
        "2026-03-03",
        YES,
        why="no_window",
        demand="refund_only",
        ground="not_sent",
        parcels=(parcel(state="under_way"),),
    ),
    case(
        "R4.0",
        "under way and not received",
        "2026-03-03",
        PERSON,
        why="person_by_rule",
        demand="refund_only",
        ground="not_received",
        parcels=(parcel(state="under_way", shipped="2026-02-28"),),
    ),
    case(
        "R4.0",
        "signed for, but he never got it",
        "2026-03-03",
        PERSON,
        why="person_by_rule",
        demand="refund_only",
        ground="not_received",
    ),
]


@pytest.mark.parametrize("one", CASES, ids=lambda one: f"{one.clause}: {one.name}")
def test_a_dated_case_is_judged_as_the_clause_says(one: Case) -> None:
    answer = judge(facts(one.asked, **one.more), one.rules, one.place)
    assert answer.verdict == one.verdict, [reason.code for reason in answer.reasons]
    if one.last:
        assert answer.window is not None
        assert answer.window.last_day == date.fromisoformat(one.last)
    if one.why:
        assert one.why in answer.codes()


def test_there_are_at_least_sixty_of_them() -> None:
    assert len({(one.clause, one.name) for one in CASES}) == len(CASES) >= 60


PROOF = [
    ("Q2: on the last day of six months the seller proves", "2026-02-28 23:59:59", "merchant"),
    ("Q2: afterwards the buyer does", "2026-03-03 00:00", "customer"),
]


@pytest.mark.parametrize(("name", "asked", "side"), PROOF, ids=[one[0] for one in PROOF])
def test_durable_goods_are_proven_by_the_seller_for_six_months(name: str, asked: str, side: str) -> None:
    """From 31 August six months end on 28 February, which in 2026 is a make-up working day."""
    answer = judge(facts(asked, **WARRANTY, signed="2025-08-31 10:00"), shipped(), china())
    assert answer.proof is not None
    assert answer.proof.side == side, name
    assert answer.proof.until == at("2026-03-01 00:00")


FREIGHT = [
    ("R1: the buyer bears the way back", {}, ("customer", "customer", "rule")),
    ("Q1: of faulty goods the seller bears every leg", {"ground": "quality"}, ("merchant", "merchant", "rule")),
    ("R1: unless the seller promised it", {"promises": (PromiseFacts("free_way_back", return_freight="merchant"),)},
     ("customer", "merchant", "promise")),
    ("operations: or the order is insured", {"freight_insured": True}, ("customer", "insurer", "insurance")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "more", "legs"), FREIGHT, ids=[one[0] for one in FREIGHT])
def test_each_leg_of_freight_has_one_bearer(
    name: str, more: dict[str, Any], legs: tuple[str, str, str]
) -> None:
    freight = judge(facts("2026-03-03", **more), shipped(), china()).freight
    assert (freight.out, freight.back, freight.back_by) == legs, name
