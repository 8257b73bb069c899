"""The SQL of a metric: its facts row by row, the sums of days, what is behind a figure. One text serves all three."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from aftersales.scorecards.metrics.declaring import NUMBER, Metric, Part
from aftersales.scorecards.states import NAMED, SubjectKind
from aftersales.standards import selectors as rule_book
from aftersales.standards.selectors import Book

WIDEST_ZONE = timedelta(hours=15)  # no zone's day begins earlier or later than this beside UTC's
MOST_RUNS = 24  # runs of days that are looked for one by one; more are read as one span


@dataclass(frozen=True)
class Facts:
    """A statement and its values. Facts are rows of ``item_kind, item, at, day, subject_id, subject_name, category,
    num, den, seconds, excluded``, and those that are not only counted of ``due`` and ``done``.
    """

    sql: str
    params: dict[str, Any] = field(default_factory=dict)


def facts(
    metric: Metric,
    kind: SubjectKind,
    *,
    days: Sequence[date] | None = None,
    whose: int | str | None = None,
    counted: bool = False,
) -> Facts:
    """The rows of a metric for one kind of subject: of all days or of these, of all subjects or of one.

    ``counted``: without the excluded ones.
    """
    book = rule_book.book()
    params: dict[str, Any] = {
        "zone": rule_book.market_default().zone,
        "metric": metric.code,
        "kind": kind.value,
    }
    if days is not None:
        params["days"] = list(days)
    if whose is not None:
        params["whose"] = whose
    parts = [
        _part(part, kind, book, days, params, counted=counted) for part in metric.parts if kind in part.kinds
    ]
    return Facts("\nUNION ALL\n".join(parts), params)


def sums(metric: Metric, kind: SubjectKind, *, days: Sequence[date] | None = None) -> Facts:
    """Numerator, denominator and single times per subject, day and category. A day with nothing has no row."""
    found = facts(metric, kind, days=days, counted=True)
    timed = [bool(part.seconds) for part in metric.parts if kind in part.kinds]
    samples = "NULL::int[]"
    if any(timed):  # without a filter the rows come sorted already, not sorted anew for each group
        some = "" if all(timed) else " FILTER (WHERE f.seconds IS NOT NULL)"
        samples = f"array_agg(f.seconds ORDER BY f.seconds){some}"
    sql = f"""
        SELECT g.* FROM (
            SELECT f.subject_id, f.subject_name, f.day, f.category,
                   sum(f.num)::bigint AS num, sum(f.den)::bigint AS den, {samples} AS samples
              FROM ({found.sql}) f GROUP BY f.subject_id, f.subject_name, f.day, f.category OFFSET 0
        ) g WHERE g.num <> 0 OR g.den <> 0
    """  # behind OFFSET 0: a HAVING would weigh each row a second time, wherever it looks at other rows
    return Facts(sql, found.params)


def wide(
    chosen: Sequence[Metric], kind: SubjectKind, *, days: Sequence[date]
) -> list[tuple[list[str], Facts]]:
    """Several metrics straight from the rows, without roll-ups: one pass for all that read the same rows by one day.

    Each statement gives ``subject_id, subject_name`` and then numerator and denominator of each of the metrics named.
    """
    book = rule_book.book()
    passes: dict[tuple[int, tuple[str, ...]], list[tuple[str, Part]]] = {}
    for one in chosen:
        for part in one.parts:
            if kind in part.kinds:
                passes.setdefault((id(part.source), part.at), []).append((one.code, part))
    return [([code for code, _part in found], _pass(found, kind, days, book)) for found in passes.values()]


def _pass(found: Sequence[tuple[str, Part]], kind: SubjectKind, days: Sequence[date], book: Book) -> Facts:
    """What leaves a row out of all the metrics leaves it out once; a sum that two of them ask for is made once."""
    params: dict[str, Any] = {"zone": rule_book.market_default().zone, "days": list(days)}
    first = found[0][1]
    never = set.intersection(*({one.when for one in part.exclusions} for _code, part in found))
    wanted = [*_within(first, kind, days, params), *(f"({when}) IS NOT TRUE" for when in sorted(never))]
    made: dict[str, str] = {}
    places = []
    for _code, part in found:
        for text in (part.num, part.den):
            total = _total(text, part, never)
            places.append(made.setdefault(total, f"s{len(made)}"))
    subject = first.source.subjects[kind]
    sql = f"""
        SELECT f.subject_id, f.subject_name, {", ".join(f"f.{one}" for one in places)}
          FROM (SELECT {subject.key}::bigint AS subject_id, {subject.name} AS subject_name,
                       {", ".join(f"{total} AS {name}" for total, name in made.items())}
                  FROM {rows(first, kind)} WHERE {" AND ".join(wanted)}
                 GROUP BY {"1, 2" if kind in NAMED else "1"}) f
    """
    return Facts(numbered(sql, moment(first), book), params)


def _total(text: str, part: Part, never: set[str]) -> str:
    if text == "0":
        return "0::bigint"
    others = [f"({one.when}) IS NOT TRUE" for one in part.exclusions if one.when not in never]
    counted = " AND ".join([*([f"({part.where})"] if part.where != "true" else []), *others])
    some = f" FILTER (WHERE {counted})" if counted else ""
    return f"count(*){some}" if text == "1" else f"coalesce(sum({text}){some}, 0)::bigint"


def _part(
    part: Part,
    kind: SubjectKind,
    book: Book,
    days: Sequence[date] | None,
    params: dict[str, Any],
    *,
    counted: bool,
) -> str:
    source, subject, at = part.source, part.source.subjects[kind], moment(part)
    wanted = [f"({part.where})", *_within(part, kind, days, params)]
    if "whose" in params:
        wanted.append(f"{subject.name if kind in NAMED else subject.key} = %(whose)s")
    shown = "NULL::text AS excluded" if counted else _shown(part)
    if counted:
        wanted += _not_excluded(part)
    sql = f"""
        SELECT {source.item} AS item_kind, {source.key} AS item, {at} AS at, {day(part)} AS day,
               {subject.key}::bigint AS subject_id, {subject.name} AS subject_name,
               {subject.category or source.category} AS category, {part.num} AS num, {part.den} AS den,
               {part.seconds or "NULL::int"} AS seconds, {shown}
          FROM {rows(part, kind)} WHERE {" AND ".join(wanted)}
    """
    return numbered(sql, at, book)


def rows(part: Part, kind: SubjectKind) -> str:
    subject = part.source.subjects[kind]
    return f"{subject.rows or part.source.rows} {subject.join}"


def moment(part: Part) -> str:
    return part.at[0] if len(part.at) == 1 else f"coalesce({', '.join(part.at)})"


def day(part: Part) -> str:
    return f"({moment(part)} AT TIME ZONE {part.source.zone})::date"


def _within(part: Part, kind: SubjectKind, days: Sequence[date] | None, params: dict[str, Any]) -> list[str]:
    """Rows that have a moment and a subject, and lie on these days."""
    subject = part.source.subjects[kind]
    wanted = [f"{moment(part)} IS NOT NULL", _known(subject.name if kind in NAMED else subject.key, kind)]
    if days is None:
        return wanted
    return [*wanted, near(part.at, days, params), _on(part, days, params)]


def _on(part: Part, days: Sequence[date], params: dict[str, Any]) -> str:
    """On one of these days in the row's own zone; a moment that is well inside a run of them need not be reckoned."""
    spans = runs(days)
    listed = []
    if sum((last - first).days + 1 for first, last in spans) == len(set(days)):  # without days in between
        for number, (first, last) in enumerate(spans):
            since = datetime.combine(first, time.min, UTC) + WIDEST_ZONE
            until = datetime.combine(last + timedelta(days=1), time.min, UTC) - WIDEST_ZONE
            if since < until:
                params |= {f"sure_from_{number}": since, f"sure_to_{number}": until}
                sure = f"{moment(part)} >= %(sure_from_{number})s AND {moment(part)} < %(sure_to_{number})s"
                listed.append(f"({sure})")
    return f"({' OR '.join([*listed, f'{day(part)} = ANY(%(days)s::date[])'])})"


def numbered(sql: str, at: str, book: Book) -> str:
    return NUMBER.sub(lambda found: _in_force(found[1], at, book), sql)


def _known(subject: str, kind: SubjectKind) -> str:
    return f"{subject} <> ''" if kind in NAMED else f"{subject} IS NOT NULL"


def _not_excluded(part: Part) -> list[str]:
    return [f"({one.when}) IS NOT TRUE" for one in part.exclusions]


def _shown(part: Part) -> str:
    """What is told of a row and never summed: why it was left out, until when it was due and when it was done."""
    never = "NULL::timestamptz"
    return f"{_excluded(part)} AS excluded, {part.due or never} AS due, {part.done or never} AS done"


def _excluded(part: Part) -> str:
    cases = " ".join(f"WHEN {one.when} THEN '{one.code}'" for one in part.exclusions)
    return f"CASE {cases} END" if cases else "NULL::text"


def _in_force(code: str, at: str, book: Book) -> str:
    """A number of the rule book as it was in force at that moment; before its first version that one counts."""
    since = [(begin, float(one.value)) for begin, one in rule_book.since_when(code, among=book)]
    if not since:
        rule_book.parameter(code, datetime.max.replace(tzinfo=UTC), among=book)  # says what is missing
    first = since[0][1]
    later = [
        f"WHEN {at} >= '{begin.isoformat()}'::timestamptz THEN {value!r}" for begin, value in since[:0:-1]
    ]
    return f"(CASE {' '.join(later)} ELSE {first!r} END)" if later else f"({first!r})"


def near(at: Iterable[str], days: Sequence[date], params: dict[str, Any]) -> str:
    """A condition that an index can answer: moments of these days in any zone. The exact day is asked besides."""
    spans = runs(days)
    listed = []
    for number, (first, last) in enumerate(spans):
        low, high = f"from_{number}", f"to_{number}"
        params[low] = datetime.combine(first, time.min, UTC) - WIDEST_ZONE
        params[high] = datetime.combine(last + timedelta(days=1), time.min, UTC) + WIDEST_ZONE
        listed += [f"({column} >= %({low})s AND {column} < %({high})s)" for column in at]
    return f"({' OR '.join(listed)})" if listed else "false"


def runs(days: Iterable[date]) -> list[tuple[date, date]]:
    """Days as spans without gaps; one span from the first to the last where there would be too many."""
    found: list[tuple[date, date]] = []
    for day in sorted(set(days)):
        if found and day - found[-1][1] <= timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found if len(found) <= MOST_RUNS else [(found[0][0], found[-1][1])]
