"""What the scorecards say in a file: a person's score with its metrics, and what months brought anybody and why.

Who opens the file sees only what his own rights show of it: oneself, the lead of one's teams, who answers for all.
"""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext, pgettext

from accounts.models import User
from aftersales.core import wording
from aftersales.ledger import incentives
from aftersales.ledger.rules import amount_words
from aftersales.ledger.sections import Figure, Section
from aftersales.ledger.states import Measure, Party
from aftersales.merchants.models import Merchant
from aftersales.scorecards import pages
from aftersales.scorecards.models import MonthOutcome, Scored, Standing
from aftersales.scorecards.rewardstates import Said
from aftersales.scorecards.scores import explaining
from aftersales.scorecards.scores.rules import Judged
from aftersales.scorecards.states import SubjectKind, Verdict

MONTHS = 24


def score_of_person(person: User, reader: Any, now: datetime) -> Section | None:
    """Where he stands, by the same metrics, floors and bounds as everybody; nothing where nothing was counted."""
    rows = Standing.objects.visible_to(reader).filter(subject_kind=SubjectKind.PERSON, subject_id=person.pk)
    row: Scored | None = rows.select_related("rule__formula").judging_first().first()
    if row is None:
        return None
    found = explaining.explained(row)
    return Section(
        gettext("Service score"),
        [
            pgettext("score", "Metric"), pgettext("score", "Rate"), pgettext("score", "Interval"),
            pgettext("score", "Target"), pgettext("score", "Judgement"), pgettext("score", "Points"),
        ],
        [_metric(one) for one in found.score.items],
        gettext("Too few tickets for a score: nobody is judged by them."),
        _figures(row),
    )  # fmt: skip


def _figures(row: Scored) -> list[Figure]:
    found = [Figure(pgettext("score", "Score"), f"{row.score}")]
    if row.grade:
        found.append(Figure(pgettext("score", "Grade"), row.grade))
        found.append(Figure(pgettext("score", "Interval"), f"{row.low}–{row.high}"))
    else:
        found.append(Figure(pgettext("score", "Grade"), str(Verdict.TOO_FEW.label)))
    if row.below is not None and row.peers >= pages.ENOUGH_PEERS:
        found.append(Figure(gettext("Better than, of a hundred peers"), str(row.below)))
    return [*found, Figure(gettext("Last day that counted"), f"{row.day:%Y-%m-%d}")]


def _metric(one: Judged) -> list[str]:
    item, counted = one.item, one.counted
    sign = "≥" if item.higher_is_better else "≤"
    interval = "–" if one.low is None else f"{wording.percent(one.low)}–{wording.percent(one.high)}"
    return [
        str(pages.name_of(item.metric, item.within)),
        f"{wording.percent(one.rate)} ({counted.num:,} / {counted.den:,})" if one.rate is not None else "–",
        interval, f"{sign} {wording.percent(item.limit)}", str(one.verdict.label), f"{one.gained} / {one.weight}",
    ]  # fmt: skip


def months_of_person(person: User, reader: Any, now: datetime) -> Section | None:
    return _months(Party.PERSON, person.pk, reader)


def months_of_merchant(merchant: Merchant, reader: Any, now: datetime) -> Section | None:
    return _months(Party.MERCHANT, merchant.pk, reader)


def _months(party: str, key: int, reader: Any) -> Section | None:
    """What rules that hang on figures brought a party, and why nothing: of every rule, month by month."""
    rows = MonthOutcome.objects.visible_to(reader).filter(party=party, party_id=key)
    found = list(rows.select_related("run__rule_version__rule").order_by("-run__month", "run__rule")[:MONTHS])
    if not found:
        return None
    return Section(
        gettext("Months judged by figures"),
        [
            pgettext("ledger", "Month"), pgettext("ledger", "Rule"), pgettext("monthly run", "It counts"),
            pgettext("reward", "Outcome"), pgettext("reward", "Gets"),
        ],
        [_month(row) for row in found],
    )  # fmt: skip


def _month(row: MonthOutcome) -> list[str]:
    version = row.run.rule_version
    gets = "–"
    if row.said == Said.FOLLOWS:
        gets = (
            str(Measure(row.measure).label) if row.amount is None else amount_words(row.amount, version.unit)
        )
    return [
        f"{row.run.month:%Y-%m}", f"{version.rule.name} v{version.number}", incentives.raised_by(version),
        str(Said(row.said).label), gets,
    ]  # fmt: skip
