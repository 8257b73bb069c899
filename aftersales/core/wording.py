"""How the product says durations, moments, money and masked personal data, the same on every page.

Pure functions of their arguments: the present moment is always passed in, the zone is Django's current one
(the market's). Nothing here knows HTML.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.translation import get_language, get_language_info, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# Below two days people think in hours ("28 hours left"), above it in days.
HOURS_UNTIL = 48 * HOUR

SYMBOLS = {"CNY": "¥", "BRL": "R$", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$"}
CENT = Decimal("0.01")


@lru_cache(maxsize=8)
def patterns(language: str) -> dict[str, str]:
    """The patterns of durations in one language; a queue says a hundred of them."""
    del language  # the key; gettext reads the active language
    return {
        "minutes": _("%(minutes)d min"),
        "hours": _("%(hours)d h"),
        "hours_minutes": _("%(hours)d h %(minutes)d min"),
        "days": _("%(days)d d"),
        "days_hours": _("%(days)d d %(hours)d h"),
        "left": _("%(duration)s left"),
        "late": _("%(duration)s late"),
    }


def duration(span: timedelta | float) -> str:
    """The length of time in at most two units: minutes, then hours and minutes below 48 h, then days and hours."""
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    return _duration(abs(int(seconds)), patterns(get_language() or ""))


def _duration(seconds: int, words: dict[str, str]) -> str:
    if seconds < HOUR:
        return words["minutes"] % {"minutes": seconds // MINUTE}
    if seconds < HOURS_UNTIL:
        hours, minutes = seconds // HOUR, seconds % HOUR // MINUTE
        return words["hours_minutes" if minutes else "hours"] % {"hours": hours, "minutes": minutes}
    days, hours = seconds // DAY, seconds % DAY // HOUR
    return words["days_hours" if hours else "days"] % {"days": days, "hours": hours}


def time_left(due: datetime, now: datetime) -> str:
    """What is left until `due`, or by how much it is late."""
    words = patterns(get_language() or "")
    return words["late" if due < now else "left"] % {
        "duration": _duration(abs(int((due - now).total_seconds())), words)
    }


def ago(moment: datetime, now: datetime) -> str:
    """How long ago `moment` was; under a minute it is just now."""
    if now - moment < timedelta(minutes=1):
        return _("just now")
    return _("%(duration)s ago") % {"duration": duration(now - moment)}


def when(moment: datetime | None, now: datetime) -> str:
    """The moment on the market's wall clock: 14:36 today, then yesterday or tomorrow, then month-day, then year."""
    if moment is None:
        return "–"
    zone = timezone.get_current_timezone()
    local, today = moment.astimezone(zone), now.astimezone(zone)
    clock = f"{local.hour:02d}:{local.minute:02d}"
    days = (local.date() - today.date()).days
    if days == 0:
        return clock
    if days == -1:
        return _("yesterday %(time)s") % {"time": clock}
    if days == 1:
        return _("tomorrow %(time)s") % {"time": clock}
    if local.year == today.year:
        return f"{local.month:02d}-{local.day:02d} {clock}"
    return f"{local.year}-{local.month:02d}-{local.day:02d} {clock}"


def day(moment: datetime, now: datetime) -> str:
    """The day of a moment as a heading of a conversation: today, yesterday, or month-day and weekday."""
    local = timezone.localtime(moment)
    days = (timezone.localtime(now).date() - local.date()).days
    if days == 0:
        return pgettext("day", "Today")
    if days == 1:
        return pgettext("day", "Yesterday")
    weekday = WEEKDAYS[local.weekday()]
    year = f"{local.year}-" if local.year != timezone.localtime(now).year else ""
    return f"{year}{local.month:02d}-{local.day:02d} {weekday}"


WEEKDAYS = (
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
)


def minute(moment: datetime | None, near: datetime | None = None) -> str:
    """The moment to the minute, 11-25 05:21; with the year when it is not that of ``near``, or without ``near``."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    same = near is not None and timezone.localtime(near).year == local.year
    return local.strftime("%m-%d %H:%M" if same else "%Y-%m-%d %H:%M")


def stamp(moment: datetime | None) -> str:
    """The full moment with seconds, for titles of shortened times, prints and exports read by people."""
    if moment is None:
        return "–"
    return timezone.localtime(moment).replace(tzinfo=None).isoformat(" ", "seconds")


def money(amount: Decimal | None, currency: str = "CNY") -> str:
    """An amount with its currency sign, two places, grouped, and a real minus sign."""
    if amount is None:
        return "–"
    cents = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    sign = "−" if cents < 0 else ""
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{abs(cents):,.2f}"


def listed(items: Iterable[object]) -> str:
    """Names one after the other, with the mark that the reader's language puts between items of a list."""
    return pgettext("list", ", ").join(map(str, items))


def languages(codes: Iterable[str]) -> str:
    """Languages by their names in the reader's language; one that nobody knows by its code."""
    return listed(map(_language, codes)) or "–"


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def percent(share: float | Decimal | None, places: int = 1) -> str:
    """A share between 0 and 1 as per cent."""
    return "–" if share is None else f"{float(share) * 100:.{places}f}%"


def masked(value: str, kind: str = "name") -> str:
    """Personal data that stays recognisable but is not readable. Kinds: name, phone, email, address, code."""
    value = (value or "").strip()
    return MASKS[kind](value) if value else "–"


def _name(value: str) -> str:
    if len(value) == 1:
        return "*"
    return value[0] + "*" if len(value) == 2 else f"{value[0]}*{value[-1]}"


def _phone(value: str) -> str:
    digits = "".join(c for c in value if c.isdigit())
    return f"{digits[:3]} **** {digits[-4:]}" if len(digits) >= 11 else f"**** {digits[-2:]}"


def _email(value: str) -> str:
    box, _at, host = value.partition("@")
    return f"{box[:1]}***@{host}" if host else "***"


def _address(value: str) -> str:
    return value[:6] + " ****" if len(value) > 6 else "****"


def _code(value: str) -> str:
    return "**** " + value[-4:] if len(value) > 4 else "****"


MASKS = {"name": _name, "phone": _phone, "email": _email, "address": _address, "code": _code}


def chinese() -> bool:
    """Whether the page is being said in Chinese (widths of labels in charts depend on it)."""
    return (get_language() or "").startswith("zh")
