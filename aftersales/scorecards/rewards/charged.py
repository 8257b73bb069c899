"""Figures of merchants that rules of the ledger have charged: no measure rests on them any more."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from django.db.models import Q

from aftersales.core.models import Event
from aftersales.ledger.incentivestates import Consequence
from aftersales.ledger.models import Proposal, Raised
from aftersales.ledger.states import Fallen, Party
from aftersales.scorecards.consequencedays import Span, first_day, last_of
from aftersales.scorecards.models import MonthOutcome, Snapshot
from aftersales.scorecards.rewards.asking import METRIC, PRAISE, SCORE
from aftersales.scorecards.states import SubjectKind, Verdict

RAISED = Raised._meta.label_lower
OF_SCORE = f"{SCORE}.{SubjectKind.MERCHANT}"
OF_METRIC = f"{METRIC}.{SubjectKind.MERCHANT}."


def charged(of: Collection[tuple[int, date]], figure: str, score: str) -> set[tuple[int, str, str]]:
    """What these merchants were charged for in these months, as facts of measures: merchant, ``figure`` or ``score``,
    key. One statement, where something was charged two, for scores three.

    A score takes the figures with it that were missed in it. What was turned back since stays charged: its fact was
    decided about, and leads to nothing again; unless only the consequence was the wrong one.
    """
    rows = Raised.objects.filter(
        party=Party.MERCHANT,
        party_id__in={merchant for merchant, _month in of},
        month__in={month for _merchant, month in of},
    ).exclude(wrongly() | Q(rule__consequence=Consequence.REWARD))
    months = {pk: (merchant, month) for pk, merchant, month in rows.values_list("pk", "party_id", "month")}
    if not months:
        return set()
    told = Proposal.objects.filter(source_kind=RAISED, source_id__in=list(months)).exclude(
        measure__in=sorted(PRAISE)
    )
    facts = dict(told.values_list("source_id", "fact_code"))
    scored = {months[pk] for pk, fact in facts.items() if fact == OF_SCORE}
    codes = [
        (*months[pk], fact.removeprefix(OF_METRIC))
        for pk, fact in facts.items()
        if fact.startswith(OF_METRIC)
    ]
    codes += [(*one, code) for one, found in missed(scored).items() for code in found]
    return {(merchant, figure, f"{code} {month:%Y-%m}") for merchant, month, code in codes} | {
        (merchant, score, f"{month:%Y-%m}") for merchant, month in scored
    }


def charged_figures(
    codes: Collection[str], since: date, *, besides: int = 0, merchants: Collection[int] | None = None
) -> list[Span]:
    """Figures of merchants that were charged for months from ``since`` on, also as missed in a score that was charged:
    the days that were counted, and when. ``besides``: not by this rule. ``merchants``: of these alone.

    At most four statements.
    """
    months = Raised.objects.filter(_of(merchants), month__gte=since)
    months = months.exclude(wrongly() | Q(rule__consequence=Consequence.REWARD) | Q(rule=besides))
    told = Proposal.objects.filter(
        source_kind=RAISED,
        source_id__in=months.values("pk"),
        fact_code__in=[OF_SCORE, *(f"{OF_METRIC}{code}" for code in codes)],
    )
    facts = dict(told.exclude(measure__in=sorted(PRAISE)).values_list("source_id", "fact_code"))
    if not facts:
        return []
    rows = Raised.objects.filter(pk__in=list(facts))
    listed = list(rows.order_by("pk").values_list("pk", "rule_id", "party_id", "month", "at"))
    of_scores = missed({(who, month) for pk, _rule, who, month, _at in listed if facts[pk] == OF_SCORE})
    of_figures = _counted(
        [(rule, who, month) for pk, rule, who, month, _at in listed if facts[pk] != OF_SCORE]
    )
    found = []
    for pk, rule, who, month, at in listed:
        if facts[pk] == OF_SCORE:
            own: Mapping[str, date] = of_scores.get((who, month), {})
        else:
            own = {facts[pk].removeprefix(OF_METRIC): of_figures.get((rule, who, month), month)}
        found += [Span(who, code, own[code], last_of(month), at) for code in sorted(own) if code in codes]
    return found


def _of(merchants: Collection[int] | None) -> Q:
    of = Q(party=Party.MERCHANT)
    return of if merchants is None else of & Q(party_id__in=merchants)


def _counted(of: Collection[tuple[int, int, date]]) -> dict[tuple[int, int, date], date]:
    """By rule, merchant and month the first day that was counted: the window may be longer than the month, or shorter
    than what the rule says. One statement.
    """
    if not of:
        return {}
    rows = MonthOutcome.objects.filter(
        party=Party.MERCHANT,
        party_id__in={who for _rule, who, _month in of},
        run__rule__in={rule for rule, _who, _month in of},
        run__month__in={month for _rule, _who, month in of},
    )
    told = rows.values_list("run__rule_id", "party_id", "run__month", "proofs")
    return {(rule, who, month): first_day(month, proofs[0]) for rule, who, month, proofs in told if proofs}


def charged_breaches(since: datetime, *, merchants: Collection[int] | None = None) -> set[str]:
    """Breaches that an incentive rule has charged already: one fact has one consequence."""
    return {clock for _who, clock, _at in charged_clocks(since, merchants=merchants)}


def charged_clocks(
    since: datetime, *, besides: int = 0, merchants: Collection[int] | None = None
) -> list[tuple[int, str, datetime]]:
    """The same with the merchant and when it was charged. ``besides``: not by this rule. Two statements."""
    months = Raised.objects.filter(_of(merchants), month__gte=since.date().replace(day=1))
    rows = list(months.exclude(wrongly() | Q(rule=besides)).values_list("party_id", "at", "events"))
    keys = {key for _who, _at, events in rows for key in events}
    told = Event.objects.filter(pk__in=keys, kind="clock.breached").values_list("pk", "payload")
    clocks = {pk: str(payload["clock"]) for pk, payload in told if payload.get("clock")}
    return [(who, clocks[key], at) for who, at, events in rows for key in events if key in clocks]


def wrongly() -> Q:
    """Of ``Raised``: what fell as the wrong consequence of a fact that holds, so that another one may follow."""
    fell = Proposal.objects.filter(source_kind=RAISED, fell_by=Fallen.CONSEQUENCE)
    return Q(pk__in=fell.values("source_id"))


def missed(of: Collection[tuple[int, date]]) -> dict[tuple[int, date], dict[str, date]]:
    """By merchant and month the figures that were surely missed in a kept score, with the first day that was counted
    of each. One statement.
    """
    if not of:
        return {}
    rows = Snapshot.objects.filter(
        subject_kind=SubjectKind.MERCHANT,
        subject_id__in={merchant for merchant, _month in of},
        month__in={month for _merchant, month in of},
    )
    found: dict[tuple[int, date], dict[str, date]] = {}
    for merchant, month, details in rows.values_list("subject_id", "month", "details"):
        if (merchant, month) in of:
            bad = [one for one in details.get("items", ()) if one["verdict"] == Verdict.MISSED]
            own = found.setdefault((merchant, month), {})
            for one in bad:
                own[one["metric"]] = min(first_day(month, one), own.get(one["metric"], date.max))
    return found
