"""Reasons and rules in words. A code is what is kept; the sentence is made when somebody reads it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy, ngettext, pgettext

from .states import Demand, ExceptionKind, Ground, Mark, WindowUnit

SIGNERS: Mapping[str, Any] = {
    "neighbour": gettext_lazy("a neighbour"),
    "guard": gettext_lazy("a guard or a reception"),
    "locker": gettext_lazy("a parcel locker"),
    "station": gettext_lazy("a parcel station"),
}

SENTENCES: Mapping[str, Any] = {
    # speaks for it
    "in_time": gettext_lazy("Asked in time: the window is open until %(until)s."),
    "in_time_by_promise": gettext_lazy("Asked in time by the merchant's longer promise: until %(until)s."),
    "not_begun": gettext_lazy("The window has no end yet: what it is counted from is still to come."),
    "no_window": gettext_lazy("The goods are at the stage this rule speaks about; it has no time limit."),
    "not_confirmed": gettext_lazy("The buyer did not confirm the exception for this purchase, so the right stands."),
    "confirmed_too_late": gettext_lazy(
        "The exception was confirmed after the purchase, which does not count, so the right stands."
    ),
    "promised_anyway": gettext_lazy(
        "The goods could be excluded, but the merchant promised to take them back and is bound by it."
    ),
    "repairs_failed": gettext_lazy("Repaired in vain %(known)s times; %(n)s are needed."),
    "repair_too_slow": gettext_lazy("A repair took %(n)s days; more than %(limit)s give the right to an exchange."),
    "parts_too_slow": gettext_lazy(
        "Parts were awaited for %(n)s days; more than %(limit)s give the right to an exchange."
    ),
    # speaks against it
    "too_late": gettext_lazy("Asked too late: the window ended on %(until)s."),
    "hard_exception": gettext_lazy("Goods of this kind are out of this right by law.%(kind)s"),
    "soft_exception": gettext_lazy("The buyer confirmed for this purchase that these goods are excluded.%(kind)s"),
    # needs a person
    "no_rule": gettext_lazy("No rule of the day of purchase speaks about “%(demand)s” for “%(ground)s”."),
    "category_unknown": gettext_lazy("The category of the goods is not known, and the rule depends on it."),
    "region_unknown": gettext_lazy("The region is not known, and the rule depends on it."),
    "stage_unknown": gettext_lazy("The parcels do not say how far the goods have come."),
    "arrival_unknown": gettext_lazy("Nothing says when the goods arrived."),
    "parcels_incomplete": gettext_lazy("Not every parcel of this line is recorded; the last one counts."),
    "pick_up_unknown": gettext_lazy(
        "Left with %(signer)s without recorded consent, and nothing says when the recipient took it."
    ),
    "installation_unknown": gettext_lazy("Nothing says whether or when the goods were installed."),
    "payment_unknown": gettext_lazy("Nothing says when the order was paid."),
    "grain_at_edge": gettext_lazy("The times are known too coarsely to say on which side of %(until)s they lie."),
    "holiday_end": gettext_lazy(
        "The last day, %(day)s, is a day off: by the civil code the next working day may still be in time."
    ),
    "after_replacement": gettext_lazy("The goods were replaced, and whether the window began again is open."),
    "calendar_provisional": gettext_lazy("The working days of that year are not announced yet."),
    "looked_at_after": gettext_lazy(
        "After the window a person looks whether the right goes on; this rule keeps that open until %(until)s."
    ),
    "person_by_rule": gettext_lazy("This rule wants a person to look."),
    "person_refuses": gettext_lazy("An order of this kind (%(mark)s) is never refused by the machine."),
    "exception_unknown": gettext_lazy("The goods were sold as excluded for a cause that no rule lists."),
    "repairs_too_few": gettext_lazy("%(n)s failed repairs are needed; our record shows %(known)s."),
    "rule_changed_that_day": gettext_lazy(
        "The rule changed on the day of the order, whose hour is not known, and the two versions differ."
    ),
    "asked_before_order": gettext_lazy("The request is older than the order."),
    "arrived_before_sent": gettext_lazy("A parcel is said to have arrived before it was ordered or sent."),
    "picked_up_before_arrival": gettext_lazy("A parcel is said to have been picked up before it arrived."),
    "arrived_and_under_way": gettext_lazy("A parcel is said to have arrived and to be under way."),
    "installed_before_arrival": gettext_lazy("The goods are said to have been installed before they arrived."),
    "repair_back_before_received": gettext_lazy("A repair is said to have ended before it began."),
    "line_rule_unknown": gettext_lazy("The return rule told at purchase is not one we know."),
    # also true
    "after_certain_end": gettext_lazy("What is certain ended on %(until)s."),
    "several_parcels": gettext_lazy("The goods came in %(n)s parcels; the last one counts."),
    "under_way": gettext_lazy("A parcel is still on the way."),
    "pick_up_counts": gettext_lazy("Left with %(signer)s without recorded consent: the pick-up counts."),
    "consent_recorded": gettext_lazy("Left with %(signer)s with recorded consent: that counts as signed for."),
    "installation_counts": gettext_lazy("The window is counted from the installation."),
    "replacement_restarts": gettext_lazy("The goods were replaced: the window began again with the replacement."),
    "repair_excluded": gettext_lazy("%(n)s days under repair do not count."),
    "order_is_older": gettext_lazy(
        "The rule has changed since (%(since)s); the order is older, so version %(n)s counts."
    ),
}  # fmt: skip


def reason(code: str, params: Mapping[str, Any], zone: str = "Asia/Shanghai") -> str:
    """A reason in the reader's language, from its code and the numbers kept with it."""
    text = str(SENTENCES.get(code, code))
    return text % _said(params, zone) if "%" in text else text


def _said(params: Mapping[str, Any], zone: str) -> dict[str, Any]:
    shown: dict[str, Any] = dict(params)
    for name in ("until", "since"):
        if name in params:
            shown[name] = moment(params[name], zone)
    if "signer" in params:
        shown["signer"] = str(SIGNERS.get(params["signer"], params["signer"]))
    if "kind" in params:
        kind = params["kind"]
        shown["kind"] = " " + str(ExceptionKind(kind).label) if kind in ExceptionKind.values else ""
    for name, words in (("mark", Mark), ("demand", Demand), ("ground", Ground)):
        if params.get(name) in words.values:
            shown[name] = str(words(params[name]).label)
    return shown


def moment(at: str | datetime | None, zone: str) -> str:
    """An end as people say it: 2026-11-26 24:00 in the market's zone; an open one in words."""
    if not at:
        return pgettext("end of a window", "an open date")
    known = datetime.fromisoformat(at) if isinstance(at, str) else at
    local = known.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M:%S}"


def length(value: int | None, unit: str) -> str:
    """A window as people say it: 7 days, 5 working days, 6 months, 1 year; a dash for none."""
    if value is None:
        return "–"
    words = {
        WindowUnit.HOURS: ngettext("%(n)d hour", "%(n)d hours", value),
        WindowUnit.DAYS: ngettext("%(n)d day", "%(n)d days", value),
        WindowUnit.WORKING_DAYS: ngettext("%(n)d working day", "%(n)d working days", value),
        WindowUnit.MONTHS: ngettext("%(n)d month", "%(n)d months", value),
        WindowUnit.YEARS: ngettext("%(n)d year", "%(n)d years", value),
    }
    return words[WindowUnit(unit)] % {"n": value}
