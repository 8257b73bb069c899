"""What a metric is: declared once, counted and opened by the same SQL.

A *source* names rows and says how they lead to whom they are about. A *part* of a metric takes rows of one source:
the moment that decides the day, which rows count, what each adds to numerator and denominator, and which rows are left
out for which reason. Numbers of the rule book stand in the SQL as ``@code@`` and are those in force at that moment.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from aftersales.core.errors import Text
from aftersales.core.wording import listed
from aftersales.scorecards.states import Direction, SubjectKind, Unit, Way
from aftersales.standards.states import Place

NUMBER = re.compile(r"@([a-z_]+)@")


@dataclass(frozen=True)
class Subject:
    """How rows of a source reach one kind of subject: joins, the key's SQL, and the name where there is no key.

    ``rows``: the whole FROM clause where this kind needs another one than the source's.
    """

    key: str = "0"
    join: str = ""
    name: str = "''"
    category: str = ""
    rows: str = ""


@dataclass(frozen=True)
class Source:
    """Rows of one sort. ``item`` and ``key``: kind and key (SQL) of what a person opens behind a figure.

    ``zone``: SQL of the market's zone. ``touched_by``: kinds of rows whose events may change a figure of it. ``row``:
    the row's own key (SQL), of which an item may have several, and ``by``: by which moments of a ticket it counts; both
    named where tickets touch it.
    """

    rows: str
    item: str
    key: str
    zone: str
    subjects: Mapping[SubjectKind, Subject]
    touched_by: frozenset[str]
    category: str = "''"
    row: str = ""
    by: str = ""


@dataclass(frozen=True)
class Exclusion:
    """Rows that do not count, and why: they are shown behind the figure, with this reason.

    ``place``: at which end of the goods' way something happened that excuses it.
    """

    code: str
    reason: Text
    when: str
    place: Place | None = None


@dataclass(frozen=True)
class Part:
    """What one source adds to a metric. ``at`` are columns of which the first one set is the moment that counts.

    ``seconds``: the single time of a row, for a median. ``only``: of the source's kinds of subjects, these.
    ``looks_around``: what it adds depends on other rows of the same customer, before or after it. ``due`` and ``done``:
    until when a promise had to be kept, and when it was; shown with the row.
    """

    source: Source
    at: tuple[str, ...]
    num: str
    den: str = "1"
    where: str = "true"
    seconds: str = ""
    exclusions: tuple[Exclusion, ...] = ()
    only: frozenset[SubjectKind] = frozenset()
    looks_around: bool = False
    due: str = ""
    done: str = ""

    @property
    def kinds(self) -> frozenset[SubjectKind]:
        return frozenset(self.source.subjects) & (self.only or frozenset(self.source.subjects))


@dataclass(frozen=True)
class Metric:
    """One figure: numerator over denominator (or what ``way`` says), per subject and day of the market's zone.

    ``settles_after``: the rule book's number of days after which a day's figure moves no more, as a rule.
    """

    code: str
    name: Text
    meaning: Text
    numerator: Text
    denominator: Text
    way: Way
    direction: Direction
    unit: Unit
    source: str
    parts: tuple[Part, ...]
    settles_after: str = ""
    grain: str = field(default="day", init=False)

    @property
    def kinds(self) -> tuple[SubjectKind, ...]:
        found = frozenset[SubjectKind]().union(*(part.kinds for part in self.parts))
        return tuple(kind for kind in SubjectKind if kind in found)

    @property
    def exclusions(self) -> dict[str, Text]:
        return {one.code: one.reason for part in self.parts for one in part.exclusions}

    @property
    def excused_at(self) -> tuple[Place, ...]:
        """At which ends a disaster excuses what failed."""
        found = {one.place for part in self.parts for one in part.exclusions}
        return tuple(place for place in Place if place in found)

    @property
    def explained(self) -> str:
        """The meaning, and at which ends a disaster excuses what failed."""
        if not self.excused_at:
            return str(self.meaning)
        places = listed(place.label for place in self.excused_at)
        excuse = _("What failed because of a declared disaster is left out (%(places)s).") % {
            "places": places
        }
        return f"{self.meaning} {excuse}"

    @property
    def touched_by(self) -> frozenset[str]:
        return frozenset[str]().union(*(part.source.touched_by for part in self.parts))

    @property
    def looks_around(self) -> bool:
        return any(part.looks_around for part in self.parts)

    @property
    def numbers(self) -> frozenset[str]:
        """Codes of the rule book's numbers that it rests on."""
        return frozenset(code for part in self.parts for code in _numbers(part))


def _numbers(part: Part) -> Iterable[str]:
    source = part.source
    rows = [text for kind in part.kinds for text in (source.subjects[kind].rows, source.subjects[kind].join)]
    texts = [
        source.rows,
        *rows,
        part.num,
        part.den,
        part.where,
        part.seconds,
        *(one.when for one in part.exclusions),
    ]
    return (code for text in texts for code in NUMBER.findall(text))
