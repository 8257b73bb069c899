"""Kinds of cells. Each widget says the same thing twice: ``clean()`` in Python, ``sql()`` for PostgreSQL.

``sql(cell)`` answers an expression that is the typed value, or NULL for an empty or unreadable cell; the engine tells
the two apart, and ``clean()`` then explains why. A test runs good and bad cells through both.
"""

import copy
import json
import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from import_export.widgets import Widget

from .problems import Unreadable

ROUNDED = r"^[0-9]\.[0-9]+E\+[0-9]+$"
MONTH_DAY = (
    r"(?:(?:19|20|21)[0-9]{2}[-/](?:(?:0?[13578]|1[02])[-/](?:0?[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[469]|11)[-/](?:0?[1-9]|[12][0-9]|30)|0?2[-/](?:0?[1-9]|1[0-9]|2[0-8]))"
    r"|(?:(?:19|20|21)(?:0[48]|[2468][048]|[13579][26])|2000)[-/]0?2[-/]29)"
)
MOMENT = rf"^{MONTH_DAY}(?:[ T](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{{1,6}})?)?)?$"
# Nearly all times are written 2026-11-23[ 14:05[:00]]: four parts of a fixed place, each one of a known set.
YEARS = [f"{year}-" for year in range(1990, 2060)]
DAYS = [
    f"{month:02d}-{day:02d}" for month in range(1, 13) for day in range(1, monthrange(2001, month)[1] + 1)
]
MINUTES = ["", *(f" {hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60))]
SECONDS = ["", *(f":{second:02d}" for second in range(60))]
GRAINS = ("exact", "minute", "day")


def quote(value: object) -> str:
    """A literal of SQL. Text only (standard_conforming_strings), whole numbers, booleans, NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return f"ARRAY[{', '.join(quote(one) for one in value)}]::text[]"
    if isinstance(value, datetime):
        return f"'{value.isoformat()}'::timestamptz"
    return "'" + str(value).replace("\x00", "").replace("'", "''") + "'"


def among(words: Sequence[str]) -> str:
    """A constant array of plain words in one literal: quick to read, and hashed from nine words on."""
    joined = ",".join(f'"{word}"' for word in words)
    return f"'{{{joined}}}'::text[]"


class SheetWidget(Widget):
    """Text as it stands is the base; ``number`` says whether a spreadsheet should hold it as a number."""

    number = False
    sql_type = "text"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = "" if value is None else str(value).strip()
        return self.read(text) if text else None

    def read(self, text: str) -> Any:
        """The typed value of a cell that is not empty; raises Unreadable."""
        return text

    def sql(self, cell: str) -> str:
        return cell

    def cast(self, cell: str) -> str:
        """The typed value of a cell that was found readable before."""
        return self.sql(cell)

    def export_sql(self, value: str) -> str:
        """The stored value as text of an export."""
        return f"{value}::text"

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)

    def differs(self, stored: str, new: str) -> str:
        """Condition: the file says something else than what is stored."""
        return f"{stored} IS DISTINCT FROM {new}"


class TextWidget(SheetWidget):
    """Free text; blanks around it do not count as a change."""

    def __init__(self, longest: int = 0) -> None:
        super().__init__()
        self.longest = longest

    def read(self, text: str) -> str:
        if self.longest and len(text) > self.longest:
            raise Unreadable(
                "too_long",
                _("The text is longer than %(limit)s characters.") % {"limit": self.longest},
                _("Shorten it."),
            )
        return text

    def sql(self, cell: str) -> str:
        return f"CASE WHEN char_length({cell}) <= {self.longest} THEN {cell} END" if self.longest else cell

    def cast(self, cell: str) -> str:
        return cell

    def differs(self, stored: str, new: str) -> str:
        return f"({stored} IS DISTINCT FROM {new} AND btrim({stored}, E' \\t\\r\\n') IS DISTINCT FROM {new})"


class KeyWidget(TextWidget):
    """A code or number by which rows are found: text, even when it looks like a number (case I17)."""

    def __init__(self, longest: int = 64) -> None:
        super().__init__(longest)

    def read(self, text: str) -> str:
        if re.match(ROUNDED, text):
            raise Unreadable(
                "rounded",
                _("The spreadsheet has rounded this number."),
                _("Format the column as text and fill it anew."),
            )
        return super().read(text)

    def sql(self, cell: str) -> str:
        return (
            f"CASE WHEN char_length({cell}) <= {self.longest} "
            f"AND NOT ({cell} LIKE '_.%E+%' AND {cell} ~ {quote(ROUNDED)}) THEN {cell} END"
        )

    def differs(self, stored: str, new: str) -> str:
        return f"{stored} IS DISTINCT FROM {new}"


class EmailWidget(TextWidget):
    PATTERN = r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$"

    def read(self, text: str) -> str:
        if not re.match(self.PATTERN, text):
            raise Unreadable("email", _("This is not an e-mail address."), _("Write name@example.com."))
        return super().read(text)

    def sql(self, cell: str) -> str:
        return f"CASE WHEN char_length({cell}) <= {self.longest} AND {cell} ~ {quote(self.PATTERN)} THEN {cell} END"


class WholeWidget(SheetWidget):
    """A whole number between two bounds."""

    number = True
    sql_type = "integer"
    PATTERN = r"^-?[0-9]{1,9}(?:\.0+)?$"

    def __init__(self, least: int = 0, most: int = 999_999_999) -> None:
        super().__init__()
        self.least, self.most = least, most

    def read(self, text: str) -> int:
        if not re.match(self.PATTERN, text):
            raise Unreadable("not_whole", _("This is not a whole number."), _("Write digits only."))
        number = int(text.split(".", maxsplit=1)[0])
        if not self.least <= number <= self.most:
            raise Unreadable(
                "range",
                _("The number must lie between %(least)s and %(most)s.")
                % {"least": self.least, "most": self.most},
                _("Correct the number."),
            )
        return number

    def sql(self, cell: str) -> str:
        number = f"split_part({cell}, '.', 1)::integer"
        return (
            f"CASE WHEN {cell} ~ {quote(self.PATTERN)} THEN CASE WHEN {number} BETWEEN {self.least} AND {self.most} "
            f"THEN {number} END END"
        )


class AmountWidget(SheetWidget):
    """Money with at most two decimals; never rounded, no exponent, no thousands mark (F16)."""

    number = True
    sql_type = "numeric"
    POSITIVE = r"^[0-9]{1,12}(?:\.[0-9]{1,2}0*)?$"
    SIGNED = r"^-?[0-9]{1,12}(?:\.[0-9]{1,2}0*)?$"

    def __init__(self, *, signed: bool = False) -> None:
        super().__init__()
        self.pattern = self.SIGNED if signed else self.POSITIVE

    def read(self, text: str) -> Decimal:
        if not re.match(self.pattern, text):
            raise Unreadable(*self._why(text))
        return Decimal(text).quantize(Decimal("0.01"))

    def _why(self, text: str) -> tuple[str, Any, Any]:
        remedy = _("Write digits and a point, such as 1208.00.")
        if re.match(r"^-[0-9]", text):
            return "negative", _("The amount must not be negative."), _("Correct the amount.")
        if re.match(r"^[0-9]+\.[0-9]{3,}$", text):
            return "places", _("The amount has more than two decimals."), _("Round it where it came from.")
        if "," in text:
            return "separator", _("The amount holds a thousands mark."), remedy
        return "not_amount", _("This is not an amount of money."), remedy

    def sql(self, cell: str) -> str:
        return f"CASE WHEN {cell} ~ {quote(self.pattern)} THEN {cell}::numeric(14,2) END"

    def cast(self, cell: str) -> str:
        return f"{cell}::numeric(14,2)"


class BoolWidget(SheetWidget):
    sql_type = "boolean"
    WORDS = {
        **dict.fromkeys(("1", "yes", "y", "true", "是", "对", "有"), True),
        **dict.fromkeys(("0", "no", "n", "false", "否", "无"), False),
    }

    def read(self, text: str) -> bool:
        try:
            return self.WORDS[_lower(text)]
        except KeyError:
            raise Unreadable("yes_no", _("This is neither yes nor no."), _("Write yes or no.")) from None

    def sql(self, cell: str) -> str:
        return f"({quote(json.dumps(self.WORDS, ensure_ascii=False))}::jsonb ->> lower({cell}))::boolean"

    def export_sql(self, value: str) -> str:
        return f"CASE WHEN {value} THEN 'yes' WHEN NOT {value} THEN 'no' END"


class ChoiceWidget(SheetWidget):
    """One of a fixed set: the stored code, or its word in either language."""

    def __init__(self, choices: Iterable[tuple[str, Any]]) -> None:
        super().__init__()
        self.choices = [(code, label) for code, label in choices if code != ""]
        self._known: dict[str, str] = {}

    @property
    def known(self) -> dict[str, str]:
        if not self._known:
            for language in ("en", "zh-hans"):
                with override(language):
                    self._known |= {_lower(str(label)): str(code) for code, label in self.choices}
            self._known |= {_lower(str(code)): str(code) for code, _label in self.choices}
        return self._known

    def read(self, text: str) -> str:
        try:
            return self.known[_lower(text)]
        except KeyError:
            allowed = ", ".join(said(code, label) for code, label in self.choices)
            raise Unreadable(
                "unknown_word",
                _("This word is not known here."),
                _("Write one of: %(allowed)s.") % {"allowed": allowed},
            ) from None

    def sql(self, cell: str) -> str:
        return f"({quote(json.dumps(self.known, ensure_ascii=False))}::jsonb ->> lower({cell}))"


def said(code: str, label: Any) -> str:
    """A word in the reader's language, with the code that files of machines use."""
    return str(code) if _lower(str(label)) == _lower(str(code)) else f"{label} ({code})"


class WordsWidget(SheetWidget):
    """Several codes in one cell, divided by commas or semicolons. ``longest``: of each, where any code may stand."""

    sql_type = "text[]"
    SPLIT = r"\s*[,;、，；]\s*"

    def __init__(self, choices: Iterable[tuple[str, Any]] = (), longest: int = 24) -> None:
        super().__init__()
        self.codes, self.longest = [str(code) for code, _label in choices], longest

    def read(self, text: str) -> list[str]:
        words = [word for word in re.split(self.SPLIT, text) if word]
        wrong = [word for word in words if self.codes and word not in self.codes]
        if wrong or (not self.codes and any(len(word) > self.longest for word in words)):
            raise Unreadable(
                "unknown_word",
                _("This word is not known here."),
                _("Write one of: %(allowed)s.") % {"allowed": ", ".join(self.codes)},
            )
        return words

    def sql(self, cell: str) -> str:
        words = f"array_remove(regexp_split_to_array({cell}, {quote(self.SPLIT)}), '')"
        if not self.codes:
            long = f"SELECT FROM unnest({words}) AS w (word) WHERE char_length(w.word) > {self.longest}"
            return f"CASE WHEN NOT EXISTS ({long}) THEN {words} END"
        return f"CASE WHEN {words} <@ {quote(self.codes)} THEN {words} END"

    def export_sql(self, value: str) -> str:
        return f"array_to_string({value}, ',')"

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ",".join(value or [])

    def differs(self, stored: str, new: str) -> str:
        return f"{stored}::text[] IS DISTINCT FROM {new}"


class MomentWidget(SheetWidget):
    """A moment on a wall clock; how fine it is known follows from how it is written (R2, DESIGN: time grain)."""

    sql_type = "timestamptz"

    def __init__(self, *, grain_column: str = "") -> None:
        super().__init__()
        self.grain_column = grain_column
        self.zone = settings.TIME_ZONE
        self.grain = ""

    def told(self, *, zone: str = "", grain: str = "") -> "MomentWidget":
        """The same column of a source in another zone, or of a source that is only exact to ``grain``."""
        other = copy.copy(self)
        other.zone, other.grain = zone or self.zone, grain
        return other

    def read(self, text: str) -> datetime:
        if not re.match(MOMENT, text):
            raise Unreadable(
                "not_moment", _("This is not a valid date and time."), _("Write it as 2026-11-23 14:05:00.")
            )
        parts = [int(part) for part in re.split(r"[-/ T:]", text.split(".", maxsplit=1)[0])]
        if fraction := text.partition(".")[2]:
            parts.append(int(fraction.ljust(6, "0")))
        return self._in_zone(datetime(*parts))  # type: ignore[arg-type]  # noqa: DTZ001

    def _in_zone(self, wall: datetime) -> datetime:
        """As PostgreSQL does it: before a gap the old offset, in a doubled hour the standard one."""
        zone = ZoneInfo(self.zone)
        return max(wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))

    def grain_of(self, text: str) -> str:
        if self.grain:
            return self.grain
        return GRAINS[0] if text.count(":") == 2 else GRAINS[1] if ":" in text else GRAINS[2]

    def sql(self, cell: str) -> str:
        """The common shape is looked up in sets, which PostgreSQL hashes; the rest is judged by the pattern."""
        places = (
            f"left({cell}, 5)",
            f"substr({cell}, 6, 5)",
            f"substr({cell}, 11, 6)",
            f"substr({cell}, 17)",
        )
        shape = " AND ".join(
            f"{place} = ANY({among(known)})"
            for place, known in zip(places, (YEARS, DAYS, MINUTES, SECONDS), strict=True)
        )
        return f"CASE WHEN {shape} OR {cell} ~ {quote(MOMENT)} THEN {self.cast(cell)} END"

    def cast(self, cell: str) -> str:
        return f"({cell}::timestamp AT TIME ZONE {quote(self.zone)})"

    def grain_sql(self, cell: str) -> str:
        if self.grain:
            return quote(self.grain)
        return (
            f"CASE WHEN {cell} LIKE '%:%:%' THEN 'exact' WHEN {cell} LIKE '%:%' THEN 'minute' ELSE 'day' END"
        )

    def export_sql(self, value: str) -> str:
        return self.export_with_grain(value, "")

    def export_with_grain(self, value: str, grain: str) -> str:
        """A time known to the minute is written to the minute, so that it comes back no finer than it went."""
        wall = f"({value} AT TIME ZONE {quote(self.zone)})"
        full = f"regexp_replace(to_char({wall}, 'YYYY-MM-DD HH24:MI:SS.US'), '\\.?0*$', '')"
        exact = (
            f"CASE WHEN date_trunc('second', {value}) = {value} "
            f"THEN to_char({wall}, 'YYYY-MM-DD HH24:MI:SS') ELSE {full} END"
        )
        if not grain:
            return exact
        return (
            f"CASE {grain} WHEN 'day' THEN to_char({wall}, 'YYYY-MM-DD') "
            f"WHEN 'minute' THEN to_char({wall}, 'YYYY-MM-DD HH24:MI') ELSE {exact} END"
        )


class LookupWidget(KeyWidget):
    """A row of another table by its key, within what the user may see: foreign rows are unknown rows.

    ``also`` names further key parts (model field → column of this sheet); ``carries`` copies columns of the found row
    (our column → its column); ``makes(plan, rows, key)`` answers the room's SQL that adds unknown keys.
    """

    def __init__(
        self,
        model: str,
        field: str = "code",
        *,
        also: Mapping[str, str] | None = None,
        carries: Mapping[str, str] | None = None,
        makes: Callable[[Any, str, str], str] | None = None,
        longest: int = 64,
    ) -> None:
        super().__init__(longest)
        self.model_label, self.field = model, field
        self.also, self.carries, self.makes = dict(also or {}), dict(carries or {}), makes

    @property
    def model(self) -> Any:
        from django.apps import apps

        return apps.get_model(self.model_label)

    def rows(self, user: Any) -> Any:
        manager = self.model._default_manager
        return manager.all().visible_to(user) if user is not None else manager.all()

    def find(self, text: str, others: Mapping[str, Any], user: Any) -> Any:
        """The row in Python, as the reference for the join."""
        parts = {name: others.get(column) for name, column in self.also.items()}
        found = self.rows(user).filter(**{self.field: text}, **parts).first()
        if found is None and not self.makes:
            raise Unreadable("unknown", _("No such row is known."), _("Load it first, or correct the value."))
        return found

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(getattr(value, self.field))


def _lower(text: str) -> str:
    """Lower case of A–Z only, as PostgreSQL does it without a locale."""
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)
