"""Who would get what for a month by a rule that hangs on a figure, and who nothing and why. Reads only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import TeamMember, User
from accounts.states import STAFF_ROLES
from aftersales.ledger import figureterms, incentives
from aftersales.ledger import selectors as ledger
from aftersales.ledger.incentiverules import Result
from aftersales.ledger.models import IncentiveVersion
from aftersales.merchants.models import Merchant
from aftersales.merchants.states import TERMINAL
from aftersales.scorecards.models import Formula, MonthOutcome, Snapshot
from aftersales.scorecards.rewards import asking, rules, taken
from aftersales.scorecards.rewards.rules import Asked, Judged
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.scores import selectors as scores
from aftersales.scorecards.scores.rules import Counted
from aftersales.scorecards.scores.selectors import terms_of
from aftersales.scorecards.states import SubjectKind
from aftersales.standards import selectors as rule_book

LONG_AGO = 3  # months that the sweep looks back
Sums = Mapping[str, Sequence[Counted]]


@dataclass(frozen=True)
class Within:
    """A metric of times, and how many seconds of a single one are good."""

    metric: Any
    within: int


@dataclass(frozen=True)
class Windows:
    """What ``scores.selectors.sums`` is asked for: the shortest window first."""

    windows: tuple[int, ...]
    codes: list[str]
    items: tuple[Within, ...]


def settled(version: IncentiveVersion, month: date) -> datetime:
    """From which moment the figures of a month are judged: the rule's own days after it, and never before its figures'
    own have passed.
    """
    found, end = asking.asked(version), ledger.month_end(month)
    days = [timedelta(days=found.terms.lag)]
    listed = [
        *([found.metric] if found.metric is not None else []),
        *(one for one, _limit, _least in found.gates),
    ]
    days += [rule_book.duration(one.settles_after, end) for one in listed if one.settles_after]
    return end + max(days)


def runs_at(version: IncentiveVersion, month: date) -> datetime:
    """When the system makes the proposals by itself, if nobody did before."""
    return settled(version, month) + timedelta(days=asking.asked(version).terms.wait)


def judged(version: IncentiveVersion, month: date, *, dry: bool = False) -> list[Judged]:
    """Everybody in the scope of the rule who has a figure, by the party's key; a handful of statements.

    ``dry``: as if it had been in force, also with scores that are not kept yet. What a measure rests on is not charged
    once more.
    """
    found = asking.asked(version)
    listed = _judged(version, found, month, dry=dry)
    follows = [one.party_id for one in listed if one.said == Said.FOLLOWS]
    held = taken.merchants(version, found, month, follows)
    return [rules.taken(one) if one.said == Said.FOLLOWS and one.party_id in held else one for one in listed]


def _judged(version: IncentiveVersion, found: Asked, month: date, *, dry: bool) -> list[Judged]:
    _sort, kind, _code = asking.of_trigger(version.trigger)
    days = asking.span(version, month, dry=dry)
    after = taken.after(version, found, *days)
    sums = _sums(found, kind, *days, month, after.values()) if found.metric or found.gates else {}
    if found.metric is None:
        return _by_score(version, found, kind, month, sums, dry=dry)
    parties = _parties(version, kind, sums, month)
    spent = taken.cases(version, found, *days)
    listed = [
        _one(found, party, subject, sums[subject], month, spent.get(subject, ()), after.get(subject))
        for party, subject in parties
    ]
    return _once(one for one in listed if one.proofs[0].den or one.proofs[0].num)


def _one(
    found: Asked, party: int, subject: int, mine: Sums, month: date, spent: Sequence[date], after: date | None
) -> Judged:
    """``spent``: the days of bad cases that led to something already; ``after``: the last day of those that did."""
    assert found.metric is not None
    window, own, *rests = mine[found.metric.code]
    gates = {one.code: mine[one.code][0] for one, _limit, _least in found.gates}
    whole = rules.judged(found, window, own, gates, party=party, subject=subject)
    if whole.said != Said.FOLLOWS or not (spent or after):
        return whole
    if after is not None:
        left = (figureterms.last_day(month) - after).days
        if left < 1:
            return rules.taken(whole)
        window = next(one for one in rests if one.days == left)
        spent = [day for day in spent if day > after]
    fresh = sum(day >= month.replace(day=1) for day in spent)
    return rules.besides(found, whole, window, own, spent=len(spent), fresh=fresh)


def _once(listed: Iterable[Judged]) -> list[Judged]:
    """Who is in two teams gets the better of the two."""
    best: dict[int, Judged] = {}
    for one in listed:
        before = best.setdefault(one.party_id, one)
        better = (one.said == Said.FOLLOWS, one.amount or 0) > (
            before.said == Said.FOLLOWS,
            before.amount or 0,
        )
        if better:
            best[one.party_id] = one
    return [best[key] for key in sorted(best)]


def _sums(
    found: Asked, kind: SubjectKind, since: date, until: date, month: date, after: Iterable[date] = ()
) -> dict[int, Sums]:
    """By subject and metric the figure of the window, that of the month, and those of the days after others; one
    statement.
    """
    whole, own = (until - since).days + 1, until.day
    codes = [one.code for one, _limit, _least in found.gates]
    items: tuple[Within, ...] = ()
    if found.metric is not None:
        codes.insert(0, found.metric.code)
        items = (Within(found.metric, found.terms.within),)
    if whole < 1:  # the version is younger than the month
        return {}
    rests = sorted({(until - day).days for day in after if day < until})
    windows = sorted({whole, own, *rests})
    asked = Windows(tuple(windows), list(dict.fromkeys(codes)), items)
    places = [windows.index(days) for days in (whole, own, *rests)]
    return {
        subject: {code: [mine[code][place] for place in places] for code in asked.codes}
        for subject, mine in scores.sums(asked, kind, until).items()
    }


def _parties(
    version: IncentiveVersion, kind: SubjectKind, sums: Iterable[int], month: date
) -> list[tuple[int, int]]:
    """Party and whose figure is looked at, by key."""
    subjects = set(sums)
    own = [(key, key) for key in sorted(subjects)]
    held = _members(subjects, month) if kind == SubjectKind.TEAM else own
    known = _known(version, {party for party, _subject in held}, month)
    return [(party, subject) for party, subject in held if party in known]


def _members(teams: set[int], month: date) -> list[tuple[int, int]]:
    """Who was in the team from the first to the last day of the month: it is theirs."""
    start, end = incentives.month_start(month), ledger.month_end(month)
    rows = TeamMember.objects.filter(team__in=teams, active_from__lte=start).order_by("person_id", "team_id")
    return [(row.person_id, row.team_id) for row in rows if row.active_to is None or row.active_to >= end]


def _known(version: IncentiveVersion, wanted: set[int], month: date) -> set[int]:
    """Shops that go on and people who are there, in the scope of the version."""
    if version.rule.party == "merchant":
        shops = Merchant.objects.filter(pk__in=wanted).exclude(state__in=sorted(TERMINAL))
        there = set(shops.values_list("pk", flat=True))
    else:
        people = User.objects.active().with_role(*STAFF_ROLES).filter(pk__in=wanted)
        there = set(people.values_list("pk", flat=True))
    return incentives.in_scope(version, there, incentives.month_start(month), ledger.month_end(month))


# ------------------------------------------------------------------------------------------------ by score
@dataclass(frozen=True)
class Stand:
    """A score of the month, kept or as it would be."""

    subject_id: int
    score: Decimal
    low: Decimal
    high: Decimal
    grade: str


def _by_score(
    version: IncentiveVersion, found: Asked, kind: SubjectKind, month: date, sums: Mapping[int, Sums], *, dry: bool
) -> list[Judged]:  # fmt: skip
    formula = asking.formula_of(found.terms, kind, month)
    if formula is None:
        return []
    rows, grades = stands(formula, month, dry=dry)
    known = _known(version, {one.subject_id for one in rows}, month)
    nothing = Counted(0, 0, 0)
    listed = [
        rules.scored(
            found, grades, one,
            {gate.code: sums.get(one.subject_id, {}).get(gate.code, [nothing])[0] for gate, _l, _n in found.gates},
            party=one.subject_id,
        )
        for one in rows if one.subject_id in known
    ]  # fmt: skip
    follows = [one.party_id for one in listed if one.said == Said.FOLLOWS]
    rests = taken.rests(version, found, month, follows)
    return [
        rules.rest_of_score(found, one, rests[one.party_id]) if one.party_id in rests else one
        for one in listed
    ]


def stands(formula: Formula, month: date, *, dry: bool = False) -> tuple[list[Stand], list[str]]:
    """Scores of a month and the grades there are, the best first; ``dry``: counted now where none are kept yet."""
    kept = Snapshot.objects.filter(formula=formula, month=month.replace(day=1)).order_by("subject_id")
    rows = [Stand(*one) for one in kept.values_list("subject_id", "score", "low", "high", "grade")]
    last = figureterms.last_day(month)
    rule = kept.select_related("rule__formula").first()
    version = rule.rule if rule is not None else scores.counting(formula, last)[0]
    if version is None:
        return [], []
    grades = [one.code for one in terms_of(version).grades]
    if rows or not dry:
        return rows, grades
    found = scores.scores(version, last)
    return [
        Stand(one.subject.pk, one.score.score, one.score.low, one.score.high, one.score.grade)
        for one in found
    ], grades


def has_scores(version: IncentiveVersion, month: date) -> bool:
    """Whether the scores that a rule asks for are kept; of a rule that asks for none it is true."""
    found = asking.asked(version)
    if found.metric is not None:
        return True
    formula = asking.formula_of(found.terms, asking.of_trigger(version.trigger)[1], month)
    return Snapshot.objects.filter(formula=formula, month=month.replace(day=1)).exists()


# ---------------------------------------------------------------------------------------------- for the ledger
def results(version: IncentiveVersion, month: date, dry: bool = False) -> list[Result]:
    """Whom something follows for, as the ledger takes it."""
    return [
        result(version, month, one) for one in judged(version, month, dry=dry) if one.said == Said.FOLLOWS
    ]


def result(version: IncentiveVersion, month: date, one: Judged) -> Result:
    start, end = incentives.month_start(month), ledger.month_end(month)
    told = calculation(version, month, one)
    return Result(one.party_id, one.times, one.counted, one.amount, start, end, (), one.measure, told)


def calculation(version: IncentiveVersion, month: date, one: Judged) -> dict[str, str]:
    """The terms of an amount or a measure, as the party is told them."""
    first = one.proofs[0]
    since, until = days_of(version, month, first)
    told = {"month": f"{month:%Y-%m}", "limit": _share(one.reached, first.code)}
    if first.code == "score":
        told |= {"score": f"{first.rate} ({first.low}–{first.high})", "grade": first.grade}
    else:
        told |= {
            "window": f"{since} – {until}", "figure": f"{first.num} / {first.den}", "rate": _share(first.rate, ""),
            "interval": f"{_share(first.low, '')} – {_share(first.high, '')}",
        }  # fmt: skip
    if first.spent:
        told["spent"] = str(first.spent)
    if one.amount is not None and one.counted is not None:
        told |= {"step": str(one.counted / one.times)} | ({"times": str(one.times)} if one.times != 1 else {})
        told |= {"counted": str(one.counted), "cap": str(version.cap)}
    return told


def days_of(
    version: IncentiveVersion, month: date, proof: rules.Proof, *, dry: bool = False
) -> tuple[date, date]:
    """The days that were counted: fewer than the window where something followed from the first ones already."""
    since, until = asking.span(version, month, dry=dry)
    return (until - timedelta(days=proof.days - 1) if proof.days else since), until


def _share(value: Any, code: str) -> str:
    """A share in per cent; what is no share stands as it is."""
    if code == "score" or value is None:
        return "–" if value is None else str(value)
    return f"{(Decimal(str(value)) * 100).quantize(Decimal('0.01')):f} %"


def kept(rows: Iterable[MonthOutcome]) -> list[Judged]:
    """Outcomes as they were kept, read again."""
    return [
        Judged(
            row.party_id, row.subject_id, Said(row.said), tuple(_proof(one) for one in row.proofs), row.amount,
            row.counted, row.measure, row.reached, row.times,
        )
        for row in rows
    ]  # fmt: skip


def columns(one: Judged) -> dict[str, Any]:
    """What is kept of it."""
    return {
        "party_id": one.party_id, "subject_id": one.subject_id, "said": one.said, "amount": one.amount,
        "counted": one.counted, "measure": one.measure, "reached": one.reached, "times": one.times,
        "proofs": [
            {name: str(value) if isinstance(value, Decimal) else value for name, value in vars(proof).items()}
            for proof in one.proofs
        ],
    }  # fmt: skip


def _proof(given: Mapping[str, Any]) -> rules.Proof:
    rates = {name: None if given[name] is None else Decimal(given[name]) for name in ("rate", "low", "high")}
    return rules.Proof(**{**given, **rates})
